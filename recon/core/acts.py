"""Who does something about a break, an adjustment or a period, what, and for which reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

About = Literal["break", "adjustment", "period"]


class Who(NamedTuple):
    """The account of the system that the program runs under, and the person who is said to act."""

    account: str
    person: str


PROGRAM = Who("", "")
"""What the checks find is nobody's act."""


class Deed(NamedTuple):
    """One step in the life of what ``about`` and ``name`` tell.

    ``facts`` go into the ledger as JSON. ``horizon``: no entry may be dated before it from here on; None leaves it.
    """

    about: About
    name: str
    act: str
    facts: Mapping[str, Any]
    horizon: datetime | None = None


REASONS = {
    "network_fee": "a fee of a network that the venue lists no row for",
    "card_fee": "a fee for a card that the venue lists no row for",
    "conversion": "a conversion that the venue lists no row for",
    "affiliate": "a pay-out or commission that the venue lists no row for",
    "venue_error": "a fault of the venue that it has admitted",
    "own_error": "a fault of our own in a file or a setting",
    "timing": "it lies between two dates and goes by itself",
    "rounding": "amounts that are stated to fewer decimals than they have",
    "immaterial": "too small to be looked into",
    "other": "what the text says",
}
"""Why a break is as it is, or an adjustment is made: a code, and what it means."""

PROVEN = frozenset({"network_fee", "card_fee", "conversion", "affiliate", "venue_error"})
"""Reasons that rest on what somebody else says, which has to be there: a statement, an answer of support."""
