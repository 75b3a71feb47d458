"""Who does something about a break, an adjustment, a period or a price, and what."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

About = Literal["break", "adjustment", "period", "price"]


class Who(NamedTuple):
    """The account of the system that the program runs under, and the person who is said to act."""

    account: str
    person: str


PROGRAM = Who("", "")
"""What the checks find is nobody's act."""


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: neither case, spaces nor the width of letters make another of somebody."""
    bare = [" ".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in (one, other)]
    return bare[0] == bare[1]


class Deed(NamedTuple):
    """One step in the life of what ``about`` and ``name`` tell.

    ``facts`` go into the ledger as JSON. ``horizon``: no entry may be dated before it from here on; None leaves it.
    """

    about: About
    name: str
    act: str
    facts: Mapping[str, Any]
    horizon: datetime | None = None
