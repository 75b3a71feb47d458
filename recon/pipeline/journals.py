"""Writes a ledger's journal for other programs, in one of the formats of reports._journals.

What the ledger counts is told as it was posted: reversals too, and what came late under the day that it was posted at.
A movement that two sources hold is told once; where it was sealed twice, it is taken off where the seal ends.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from recon import __version__
from recon.core.errors import ConfigError
from recon.core.journal import Format, Held, Journal, JournalEntry, Line
from recon.core.lots import UNIT, upto
from recon.core.money import exact, fit
from recon.core.prices import Lacking
from recon.core.registry import catalogue
from recon.core.times import EPOCH, Period, aware, local_day, naive
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger
from recon.pipeline.adjusted import posted_adjustments
from recon.pipeline.config import Config
from recon.pipeline.folder import write_manifest, writing_into
from recon.pipeline.price_book import price_book

_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_CHUNK = 10_000
_TABLES = frozenset({"legs", "links", "reversals", "origins", "facts"})

_LINES = """
create table lines as
with told as (
    select l.entry, l.source, l.number, l.kind, l.at, l.stated_at, l.ledger_account, l.asset, l.quantity,
        false as off
    from legs as l
    where l.counted or l.counted_until is not null
    union all
    select l.entry, l.source, l.number, l.kind, l.counted_until, l.stated_at, l.ledger_account, l.asset, -l.quantity,
        true
    from legs as l
    where l.counted_until is not null
)
select t.entry, t.source, t.number, t.kind, t.at, t.stated_at, t.ledger_account as account, t.asset, t.off,
    sum(t.quantity) as quantity
from told as t
where t.at < $end
group by all
"""

_ENTRIES = """
select l.at, l.source, l.number, l.off, l.kind, l.stated_at, o.stream, o.answer, o.pointer,
    taken.source || '/' || taken.number, l.account, l.asset, l.quantity
from lines as l
join origins as o on o.entry = l.entry
left join reversals as r on r.entry = l.entry
left join (
    select distinct g.entry, g.source, g.number from legs as g where g.entry in (select t.reversed from reversals as t)
) as taken on taken.entry = r.reversed
where l.at >= $start
order by l.at, l.source, l.number, l.off, l.account, l.asset
"""

_HELD = """
with walked as (
    select l.account, l.asset, l.at, l.quantity, sum(l.quantity) over (
        partition by l.account, l.asset order by l.at, l.source, l.number, l.off
    ) as balance
    from lines as l
)
select w.account, w.asset,
    coalesce(sum(case when w.at < $start then w.quantity end), 0) as opening,
    sum(w.quantity) as closing,
    min(case when w.at >= $start then w.at end) as first,
    cast(max(abs(w.balance)) as hugeint) as peak,
    max(length(rtrim(split_part(cast(w.quantity as varchar), '.', 2), '0'))) as decimals
from walked as w
group by w.account, w.asset
order by w.account, w.asset
"""


def export(
    config: Config,
    ledger: Ledger,
    period: Period,
    name: str,
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Writes the journal of a period in the format ``name`` into ``out``; the files written, the manifest last."""
    known = _formats()
    if name not in known:
        raise ConfigError(
            f"there is no format {name!r}", where="--format", next_step=f"Ask for {', '.join(sorted(known))}"
        )
    notify("reading the ledger")
    with writing_into(out), typed_copy(ledger, tables=_TABLES, kept=config.legs) as copy:
        journal = _journal(config, ledger, copy, period, valued=known[name].valued)
        notify(name)
        written = [*known[name].write(journal, out)]
        written.append(write_manifest(out, written))
    return written


def _formats() -> Mapping[str, Format]:
    return {
        name.replace("_", "-"): one for name, one in catalogue("reports._journals", "FORMAT", Format).items()
    }


def _journal(
    config: Config, ledger: Ledger, copy: DuckDBPyConnection, period: Period, *, valued: bool
) -> Journal:
    start = naive(period.start or EPOCH)
    copy.execute(_LINES, {"end": naive(period.end or _LATEST)})
    with ledger.transaction() as tx:
        adjusted = posted_adjustments(tx, [one.name for one in config.sources], period.end)
    said = {one.entry: one.text for one in adjusted}
    held = list(_held(config, copy, start, period))
    value = _worth(config, copy) if valued else _unvalued

    def entries() -> Iterator[JournalEntry]:
        # A cursor of its own: prices are asked for meanwhile.
        rows = _streamed(copy.cursor().execute(_ENTRIES, {"start": start}))
        for (at, source, number, off, kind, stated, stream, answer, pointer, taken), lines in groupby(
            rows, key=lambda row: row[:10]
        ):
            name, moment = f"{source}/{number}", aware(at)
            about = f"{kind}: {said[name]}" if name in said else kind
            yield JournalEntry(
                id=f"{name}/off" if off else name,
                source=source,
                stream=stream,
                at=moment,
                happened_at=aware(stated),
                description=f"{about}, counted where another source holds it" if off else about,
                reverses=name if off else taken or "",
                evidence=answer,
                pointer=pointer,
                lines=tuple(
                    Line(account, asset, quantity, value(asset, moment, quantity))
                    for *_, account, asset, quantity in lines
                ),
            )

    return Journal(
        entity=config.entity.name,
        zone=config.zone,
        base_currency=config.entity.base_currency,
        period=period,
        version=__version__,
        until=_until(config, copy, period),
        held=held,
        entries=entries,
    )


def _held(config: Config, copy: DuckDBPyConnection, start: datetime, period: Period) -> Iterator[Held]:
    rows = copy.execute(_HELD, {"start": start}).fetchall()
    for account, asset, opening, closing, first, peak, decimals in rows:
        if opening or first:
            since = period.start if opening else aware(first)
            assert since
            yield Held(account, asset, opening, closing, local_day(since, config.zone), peak, decimals)


def _until(config: Config, copy: DuckDBPyConnection, period: Period) -> date | None:
    if period.end is not None:
        return local_day(period.end, config.zone)
    newest = copy.execute("select max(l.at) from lines as l").fetchall()[0][0]
    return None if newest is None else local_day(aware(newest), config.zone) + timedelta(days=1)


def _streamed(rows: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while chunk := rows.fetchmany(_CHUNK):
        yield from chunk


Worth = Callable[[str, datetime, Decimal], Decimal | None]


def _unvalued(asset: str, at: datetime, quantity: Decimal) -> None:
    return None


def _worth(config: Config, copy: DuckDBPyConnection) -> Worth:
    """What units were worth in base currency, by the price of the moment; rounded half even at 18 decimals."""
    book, base = price_book(copy, config), config.entity.base_currency

    def worth(asset: str, at: datetime, quantity: Decimal) -> Decimal | None:
        rate = book.rate(asset, base, at)
        if isinstance(rate, Lacking):
            return None
        with exact():
            units = upto(rate.numerator, int(abs(quantity) * UNIT), rate.denominator)
            return fit((Decimal(units) / UNIT).copy_sign(quantity))

    return worth
