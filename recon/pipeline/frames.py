"""What the ledger holds as pandas frames for notebooks, each with the columns, types and meanings of SCHEMA.

An amount is an Arrow decimal of 256 bits. It holds 19 digits before the point and 18 behind, and whatever pandas makes
of it has room for 76: sums, groups, differences and products lose no digit, and a float never enters by itself. Of what
else pandas could hold them in, objects are summed to 28 digits and the rest is lost unseen, and decimals of 128 bits
go round to a wrong sum once it passes 38. What Arrow cannot reckon exactly it refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from recon.core.errors import LedgerError
from recon.core.lots import Held as HeldLot
from recon.core.money import FRACTION_DIGITS, exact
from recon.core.tax import Row
from recon.core.times import (
    EARLIEST,
    EPOCH,
    MICROSECOND,
    Period,
    aware,
    day_start,
    from_iso,
    local_day,
    naive,
)
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger
from recon.pipeline.balances import balances
from recon.pipeline.breaks import Asked, Listed, register
from recon.pipeline.config import Config
from recon.pipeline.price_book import Held
from recon.pipeline.tax import Want, books, taxed, zone_of
from recon.pipeline.trade_prices import pooled
from recon.valuation import rules

AMOUNT = pa.decimal256(37, 18)
TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "amount": AMOUNT,
    "moment": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "count": pa.int64(),
    "flag": pa.bool_(),
}
DTYPES: Mapping[str, str] = {
    "text": "str",
    "amount": "decimal256(37, 18)[pyarrow]",
    "moment": "datetime64[us, UTC]",
    "day": "date32[day][pyarrow]",
    "count": "int64",
    "flag": "bool",
}
"""What pandas calls the type of a column, by its kind."""


class Field(NamedTuple):
    """A column of a frame. ``kind`` is a word of DTYPES; ``missing`` says when a cell is empty, if it ever is."""

    name: str
    kind: str
    meaning: str
    missing: str = ""


SCHEMA: Mapping[str, Sequence[Field]] = {
    "entries": (
        Field("entry", "text", "the entry's name: its source and its number there"),
        Field("at", "moment", "when it counts in the books"),
        Field(
            "happened", "moment", "when it happened; earlier than `at` where it came late for a sealed period"
        ),
        Field("source", "text", "the source it came from"),
        Field("kind", "text", "what the venue calls the row"),
        Field("account", "text", "the account posted to, such as `assets:egera:main`"),
        Field(
            "account_class",
            "text",
            "the first word of the account: `assets`, `external`, `trading`, `fees`, ...",
        ),
        Field("place", "text", "the account at the venue", "where the posting stands on no place"),
        Field("asset", "text", "the venue's code, in upper case"),
        Field(
            "quantity", "amount", "units; what arrives is above 0. Those of an entry sum to 0 for each asset"
        ),
        Field(
            "balance_after",
            "amount",
            "the balance that the venue states after the row",
            "where it states none",
        ),
        Field("txid", "text", "the hash or reference of the movement", "where there is none"),
        Field(
            "in_force", "flag", "false for an entry that was taken back, and for the one that takes it back"
        ),
        Field("counted", "flag", "false where another source tells the same movement and counts"),
        Field("by_hand", "flag", "true for an adjustment made by people"),
        Field("answer", "text", "the SHA-256 of the sealed answer that holds the row"),
        Field("pointer", "text", "where in the answer the row is (RFC 6901)"),
    ),
    "balances": (
        Field("source", "text", "the source"),
        Field("account", "text", "the account at the venue"),
        Field("asset", "text", "the venue's code, in upper case"),
        Field("pool", "text", "the asset that it counts as, by `[assets]`"),
        Field("quantity", "amount", "units held; never 0"),
    ),
    "breaks": (
        Field("id", "text", "the break's name, the same from run to run"),
        Field("check", "text", "the check that found it"),
        Field("severity", "text", "`error`, `warning` or `info`"),
        Field("status", "text", "`open`, `assigned`, `resolved` or `cleared`"),
        Field("source", "text", "the source", "where it is about none"),
        Field("account", "text", "the account at the venue", "where it is about none"),
        Field("asset", "text", "the asset", "where it is about none"),
        Field("at", "moment", "when it came up", "where no moment tells"),
        Field("expected", "amount", "what follows from our ledger", "where no amount applies"),
        Field("actual", "amount", "what the venue says", "where no amount applies"),
        Field("difference", "amount", "actual less expected", "where no amount applies"),
        Field("value", "amount", "the difference in base currency by the last trade", "where no trade tells"),
        Field("cause", "text", "the reason that people gave, else the kind that arithmetic proves"),
        Field("text", "text", "what happened, in words"),
        Field("opened", "moment", "when it was first found"),
        Field("age_days", "count", "days since then"),
        Field("owner", "text", "who looks into it", "where nobody does"),
        Field("due", "day", "the day by which the data should clear it", "where people named none"),
        Field("overdue", "flag", "true where that day has passed"),
    ),
    "lots": (
        Field("state", "text", "`disposed` in the year, or `held` at its end (or now, while it lasts)"),
        Field("asset", "text", "the pool of `[assets]`, else the asset"),
        Field(
            "account", "text", "the place of the disposal; of units held the books they stand in", "if of all"
        ),
        Field("lot", "text", "the movement that brought the units", "where the rules know pools or nothing"),
        Field("disposal", "text", "the movement that took them", "of units held"),
        Field("acquired_at", "moment", "when they were acquired", "where `lot` is"),
        Field("disposed_at", "moment", "when they left", "of units held"),
        Field("quantity", "amount", "units"),
        Field("cost", "amount", "what they cost, with fees", "where nothing tells it"),
        Field("proceeds", "amount", "what they brought, less fees", "of units held; where nothing tells it"),
        Field("gain", "amount", "proceeds less cost", "where either is"),
        Field("currency", "text", "the currency of these amounts"),
        Field("term", "text", "`short` or `long`", "where the rules have none"),
        Field("activity", "text", "what the movement was", "of units held"),
        Field("rule", "text", "the step of the method that matched them", "of units held"),
        Field("taxed", "flag", "true where the gain counts"),
        Field("lacks", "text", "why an amount is not known, and the cure", "where nothing lacks"),
    ),
    "prices": (
        Field("source", "text", "who says so: a word of `[prices] sources`, or `manual`"),
        Field("asset", "text", "what is priced: a pool of `[assets]`, else an asset"),
        Field("quote", "text", "in which currency"),
        Field("at", "moment", "the moment it is of"),
        Field("price", "amount", "of one unit; of a trade rounded half even to 18 decimals"),
        Field("where", "text", "the entry of the trade, or the answer and the place in it"),
    ),
}
"""The columns of each frame, in order."""

_ENTRIES = """
select l.source || '/' || l.number as entry, l.at as "at", l.stated_at as happened, l.source, l.kind,
    l.ledger_account as account, l.class as account_class, nullif(l.account, '') as place, l.asset,
    l.quantity, l.balance_after, nullif(l.txid, '') as txid, l.live as in_force, l.counted, l.by_hand,
    o.answer, o.pointer
from legs as l
join origins as o on o.entry = l.entry
where ($start is null or l.at >= $start) and ($end is null or l.at < $end)
order by l.at, l.source, l.entry, l.ledger_account, l.asset
"""


def entries_frame(config: Config, ledger: Ledger, period: Period) -> pd.DataFrame:
    """Every posting of a period, with the place of its row in the evidence."""
    asked = {
        "start": None if period.start is None else naive(period.start),
        "end": None if period.end is None else naive(period.end),
    }
    with typed_copy(ledger, tables={"legs", "links", "origins"}, kept=config.legs) as copy:
        return _framed("entries", copy.sql(_ENTRIES, params=asked).to_arrow_table())


def balances_frame(config: Config, ledger: Ledger, at: datetime | None) -> pd.DataFrame:
    """What each place holds at a moment, with everything up to and at it, or now."""
    held = balances(config, ledger, at)
    return _frame(
        "balances",
        [(one.source, one.account, one.asset, pooled(config, one.asset), one.quantity) for one in held],
    )


def breaks_frame(config: Config, ledger: Ledger, now: datetime, period: Period | None) -> pd.DataFrame:
    """Every break of the register, also the cleared ones, as it was last seen; those of a period, or all."""
    found = register(config, ledger, now, Asked(statuses=("open", "assigned", "resolved", "cleared"))).breaks
    return _frame("breaks", [_break(one) for one in found if period is None or _of_period(one, period)])


def _of_period(one: Listed, period: Period) -> bool:
    """A reconciliation of the period found it, or it came up inside."""
    at = _came_up(one)
    return period.name in one.life.periods or (at is not None and period.holds(at))


def _came_up(one: Listed) -> datetime | None:
    at = one.facts["at"]
    return None if at is None else from_iso(at)


def _break(one: Listed) -> tuple[Any, ...]:
    life, facts = one.life, one.facts
    numbers = (facts["expected"], facts["actual"], facts["difference"])
    return (
        life.id, facts["check"], facts["severity"], life.status, facts["source"], facts["account"], facts["asset"],
        _came_up(one), *(None if stated is None else Decimal(stated) for stated in numbers), one.value, one.cause,
        facts["diagnosis"]["text"], life.opened, one.age_days, life.owner or None, life.due, one.overdue,
    )  # fmt: skip


def lots_frame(config: Config, ledger: Ledger, year: int | None, want: Want) -> pd.DataFrame:
    """What a tax year disposed of, lot by lot, and what was held at its end by all that had happened then.

    Without a year it is the one that the newest movement falls in, whatever ``want`` says.
    """
    if year is None:
        want = want._replace(year=_newest_year(config, ledger, want))
    end = day_start(want.rules.year(want.year)[1], zone_of(config, want.rules))
    with books(config, ledger, want) as opened:
        found = taxed(opened, want)
        rows = [_disposed(row, found.view.currency) for row in found.rows]
        stood = taxed(opened, want._replace(listed=False, until=end))
        for _ in stood.rows:
            pass
        rows += [_held(pool, one, stood.view.currency) for pool, one in stood.held]
    return _frame("lots", rows)


def _newest_year(config: Config, ledger: Ledger, want: Want) -> int:
    with typed_copy(ledger, tables={"legs"}, kept=config.legs) as copy:
        (newest,) = copy.execute("select max(l.stated_at) from legs as l").fetchone() or (None,)
    day = local_day(EARLIEST if newest is None else aware(newest), zone_of(config, want.rules))
    return day.year if day >= want.rules.year(day.year)[0] else day.year - 1


def _disposed(row: Row, currency: str) -> tuple[Any, ...]:
    return (
        "disposed", row.asset, row.place or None, row.lot, row.id, _moment(row.acquired_at), _moment(row.disposed_at),
        _units(row.quantity), _units(row.cost), _units(row.proceeds), _units(row.gain), currency, row.term,
        row.activity, row.rule, row.taxed, row.lacks or None,
    )  # fmt: skip


def _held(pool: str, one: HeldLot, currency: str) -> tuple[Any, ...]:
    lot = one.lot
    return (
        "held", pool, one.book or None, lot and lot.id, None, _moment(lot and lot.at), None,
        _units(one.quantity), _units(one.cost), None, None, currency, None, None, None, False, None,
    )  # fmt: skip


def prices_frame(config: Config, ledger: Ledger) -> pd.DataFrame:
    """Every price held, whether [prices] names its source or not."""
    with typed_copy(ledger, tables={"legs", "facts"}, kept=config.legs) as copy:
        return _frame("prices", list(_prices(Held(copy, config))))


def _prices(held: Held) -> Iterator[tuple[Any, ...]]:
    for source in rules():
        for asset, quote in sorted(held.pairs(source)):
            series = held.series(source, asset, quote)
            for place in range(0 if source == "parity" else len(series.ats)):
                one = series.price(place)
                yield source, one.asset, one.quote, one.at, one.value, one.where


def _units(amount: int | None) -> Decimal | None:
    """A whole number of 10^-18 as a decimal."""
    with exact():
        return None if amount is None else Decimal(amount).scaleb(-FRACTION_DIGITS)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + MICROSECOND * micros


def _frame(name: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA[name])
    with _fitting(name):
        arrays = [
            pa.array(column, TYPES[field.kind]) for field, column in zip(SCHEMA[name], columns, strict=True)
        ]
    return _framed(name, pa.table(arrays, names=[field.name for field in SCHEMA[name]]))


def _framed(name: str, table: pa.Table) -> pd.DataFrame:
    """A table with the types of SCHEMA. What it can't hold is refused."""
    wanted = pa.schema([(field.name, TYPES[field.kind]) for field in SCHEMA[name]])
    as_arrow = {kind: pd.ArrowDtype(kind) for kind in (TYPES["amount"], TYPES["day"])}
    with _fitting(name):
        return table.cast(wanted).to_pandas(types_mapper=as_arrow.get)


@contextmanager
def _fitting(name: str) -> Iterator[None]:
    try:
        yield
    except pa.ArrowInvalid as error:
        raise LedgerError(
            f"a number has more than 19 digits before the point or 18 behind it: {error}",
            where=name,
            next_step="Look at recon balances for the place, and for amounts in the wrong unit in what was pulled",
        ) from None
