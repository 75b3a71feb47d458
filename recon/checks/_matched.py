"""What the search for transfers and for movements held twice has left for people, as tables that the checks read."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._tables import insert

_TABLES = """
create or replace temp table strays(
    entry bigint, later bigint, asset string, expected decimal(36, 18), actual decimal(36, 18), until timestamp,
    anchor string, text string
);
create or replace temp table alike(entry bigint, asset string, later bigint, later_asset string);
"""


class Stray(NamedTuple):
    """A row without its other half. ``later`` is an entry that it may belong to, ``until`` when it is given up.

    ``text`` goes on from the row's place and moment.
    """

    entry: int
    later: int | None
    asset: str
    expected: Decimal | None
    actual: Decimal | None
    until: datetime | None
    anchor: str
    text: str


class Alike(NamedTuple):
    """Two entries of different sources that look like one movement, each with an asset of it."""

    entry: int
    asset: str
    later: int
    later_asset: str


class Unmatched(NamedTuple):
    """All of it."""

    strays: Sequence[Stray] = ()
    alike: Sequence[Alike] = ()


NONE_LEFT = Unmatched()


def fill_unmatched(connection: DuckDBPyConnection, unmatched: Unmatched) -> None:
    """Makes the tables."""
    connection.execute(_TABLES)
    insert(connection, "strays", unmatched.strays)
    insert(connection, "alike", unmatched.alike)
