"""Lots in an audit pack: what was disposed of in the period at which cost, and which lots are left at its end.

By the rulebook of companies, generic, with its first method and scope, for no law of a state is chosen for a report.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from recon.core.books import Books
from recon.core.document import Cell, Column
from recon.core.lots import Held
from recon.core.money import FRACTION_DIGITS, exact
from recon.core.tax import Row
from recon.core.times import EPOCH, MICROSECOND, local_day
from recon.ledger.reads import earliest_posted
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.pack_data import Tables
from recon.pipeline.tax import Want, tax, wanted, zone_of

RULES = "generic"
_AMOUNTS = {"quantity", "proceeds", "cost", "gain", "acquired", "disposed", "moved", "held", "short"}
_ROWS = (
    "id", "asset", "place", "activity", "acquired_at", "disposed_at", "quantity", "proceeds", "cost", "gain", "term",
    "counts", "lot", "lacks",
)  # fmt: skip
_HELD = ("asset", "book", "lot", "acquired_at", "quantity", "cost")
_POOLS = ("asset", "acquired", "disposed", "moved", "held", "short")


def write_lots(config: Config, ledger: Ledger, books: Books, tables: Tables) -> dict[str, Any]:
    """Writes the period's disposals, the lots that are left at its end, and the sums by asset; what they go by."""
    want = wanted(EPOCH.year, RULES, None, None)._replace(until=books.period.end)
    first, last = _years(config, ledger, books, want)
    with tables.table("ledger/lots", _columns(_ROWS)) as add:
        for year in range(first, last + 1):
            with tax(config, ledger, want._replace(year=year)) as found:
                add(_row(row) for row in found.rows if books.period.holds(_moment(row.disposed_at)))
    with tables.table("ledger/lots_held", _columns(_HELD)) as add:
        add(_held(pool, one) for pool, one in found.held)
    with tables.table("ledger/lot_pools", _columns(_POOLS)) as add:
        add((one.pool, *map(_units, one[1:6])) for one in found.ties)
    return {name: found.head()[name] for name in ("rules", "method", "scope", "currency")}


def _years(config: Config, ledger: Ledger, books: Books, want: Want) -> tuple[int, int]:
    """The tax years that the period lies in: calendar years, by this rulebook."""
    zone = zone_of(config, want.rules)
    with ledger.transaction() as tx:
        since = books.period.start or earliest_posted(tx, "") or EPOCH
    until = books.period.end or books.as_of or since
    return local_day(since, zone).year, local_day(max(since, until - MICROSECOND), zone).year


def _columns(titles: Sequence[str]) -> list[Column]:
    return [Column(title=title, kind="amount" if title in _AMOUNTS else "code") for title in titles]


def _moment(at: int) -> datetime:
    return EPOCH + MICROSECOND * at


def _units(number: int | None) -> Decimal | None:
    with exact():
        return None if number is None else Decimal(number).scaleb(-FRACTION_DIGITS)


def _row(row: Row) -> Sequence[Cell]:
    acquired = None if row.acquired_at is None else _moment(row.acquired_at)
    amounts = map(_units, (row.quantity, row.proceeds, row.cost, row.gain))
    counts = "yes" if row.taxed else "no"
    place = (row.id, row.asset, row.place, row.activity, acquired, _moment(row.disposed_at))
    return (*place, *amounts, row.term, counts, row.lot, row.lacks)


def _held(pool: str, one: Held) -> Sequence[Cell]:
    lot = (None, None) if one.lot is None else (one.lot.id, _moment(one.lot.at))
    return (pool, one.book, *lot, _units(one.quantity), _units(one.cost))
