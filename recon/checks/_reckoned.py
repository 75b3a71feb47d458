"""What is reckoned before the checks are asked, since their SQL may not multiply: volumes, fee rates and prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._tables import insert

_TABLES = """
create or replace temp table volumes(
    source string, asset string, "at" timestamp, stated decimal(36, 18), booked decimal(36, 18), about string
);
create or replace temp table charges(
    source string, rate string, tier decimal(36, 18), charged decimal(36, 18), trades bigint,
    first_at timestamp, last_at timestamp, first_entry bigint, last_entry bigint
);
create or replace temp table pricing(base string, days bigint, percent bigint, who string);
create or replace temp table pools(asset string, pool string);
create or replace temp table prices(
    asset string, "at" timestamp, price decimal(36, 18), entry bigint, source string,
    near_from timestamp, near_until timestamp,
    low_before decimal(36, 18), high_before decimal(36, 18), low_after decimal(36, 18), high_after decimal(36, 18)
);
"""


class Volume(NamedTuple):
    """What a venue says was traded of an asset, and what its trades add up to over the same time.

    ``booked`` is None where no time fits. ``about`` says which does, or what each would give.
    """

    source: str
    asset: str
    at: datetime
    stated: Decimal
    booked: Decimal | None
    about: str


class Charge(NamedTuple):
    """Trades that were charged one rate while one was in force, both in the venue's unit. ``rate`` is its name."""

    source: str
    rate: str
    tier: Decimal
    charged: Decimal
    trades: int
    first_at: datetime
    last_at: datetime
    first_entry: int
    last_entry: int


class Price(NamedTuple):
    """What one unit of an asset cost in base currency at a moment, by the trade of ``entry``; None: by another source.

    It serves what lies from ``near_from`` to ``near_until``. The bounds are what the prices before and after it allow;
    None where there is no such price near enough.
    """

    asset: str
    at: datetime
    price: Decimal
    entry: int | None
    source: str
    near_from: datetime
    near_until: datetime
    low_before: Decimal | None = None
    high_before: Decimal | None = None
    low_after: Decimal | None = None
    high_after: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Pricing:
    """How prices are asked for. ``pools`` say which assets count as one, ``who`` has none, in a sentence."""

    base: str
    days: int
    percent: int
    pools: Mapping[str, str]
    prices: Sequence[Price]
    who: str = "no trade"


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """All of it. Without ``pricing`` nobody asked for prices."""

    volumes: Sequence[Volume] = field(default_factory=tuple)
    charges: Sequence[Charge] = field(default_factory=tuple)
    pricing: Pricing | None = None


NOTHING = Reckoned()


def fill(connection: DuckDBPyConnection, reckoned: Reckoned) -> None:
    """Makes the tables."""
    connection.execute(_TABLES)
    insert(connection, "volumes", reckoned.volumes)
    insert(connection, "charges", reckoned.charges)
    if reckoned.pricing is not None:
        asked = reckoned.pricing
        insert(connection, "pricing", [(asked.base, asked.days, asked.percent, asked.who)])
        insert(connection, "pools", sorted(asked.pools.items()))
        insert(connection, "prices", asked.prices)
