"""Reads from the ledger everything that the report of a tax year says. No clock: the same ledger, the same books.

The rows of a year may be a million: they are kept in a file, and so are prices and receipts.
"""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import pairwise
from typing import Any

from recon import __version__
from recon.core.lots import Stock
from recon.core.tax import Row
from recon.core.tax_books import Calculation, Month, Receipt, TaxBooks, Use
from recon.core.times import EPOCH, MICROSECOND
from recon.ledger.reads import evidence_head, ledger_head
from recon.ledger.store import Ledger
from recon.pipeline.closed_years import in_force
from recon.pipeline.config import Config
from recon.pipeline.spool import Spool
from recon.pipeline.tax import Books, Taxed, Want, books, taxed
from recon.pipeline.tax_explain import explained
from recon.pipeline.tax_gathered import Gathered, gathered
from recon.pipeline.tax_told import (
    Told,
    the_rows_behind_it,
    what_it_brought,
    what_it_is_matched_with,
    what_left,
)
from recon.pipeline.taxed import breaks

MOST_TOLD = 1_000
"""Disposals that are told in full."""


@contextmanager
def tax_books(config: Config, ledger: Ledger, want: Want) -> Iterator[TaxBooks]:
    """The books of a tax year by one rulebook, for as long as the block takes."""
    with ExitStack() as stack:
        opened = stack.enter_context(books(config, ledger, want))
        rows = stack.enter_context(Spool(_row))
        prices = stack.enter_context(Spool(Use._make))
        receipts = stack.enter_context(Spool(Receipt._make))
        bought = stack.enter_context(Spool(Receipt._make))
        found = taxed(opened, want)
        begins, months = _spooled(found, rows)
        seen = gathered(opened, found, rows, prices, receipts, bought)
        yield _books(opened, found, ledger, rows, seen, begins, months)


def _books(
    opened: Books,
    found: Taxed,
    ledger: Ledger,
    rows: Spool[Row],
    seen: Gathered,
    begins: Sequence[int],
    months: Sequence[Month],
) -> TaxBooks:
    config, want, closing = opened.config, found.want, found.closing
    first, after = want.rules.year(want.year)
    counted = found.tally.by(lambda key: (key[0], key[2], key[3]))
    ruled = found.ruled()
    return TaxBooks(
        entity=config.entity.name,
        identity=_identity(ledger, found),
        as_of=None if seen.newest is None else EPOCH + MICROSECOND * seen.newest,
        rules=want.rules,
        year=found.year(),
        first=first,
        after=after,
        zone=found.view.days.zone.key,
        method="" if want.method is None else want.method.title,
        scopes=[(None, want.scope)] if want.scope else [*want.rules.scopes],
        currency=found.view.currency,
        closed=None if closing is None else (closing.seal.period.name, closing.seal.hash),
        changed=[] if closing is None else closing.settings,
        settings=in_force(config),
        rules_of_user=[
            (name, ", ".join(f"{key} = {value}" for key, value in told.items()), ruled.get(name, 0))
            for name, rule in config.rules.items()
            for told in (rule.model_dump(mode="json", exclude_none=True),)
        ],
        rows=rows,
        disposals=begins,
        calculations=_calculations(opened, found, ledger, rows, begins),
        priced=seen.priced,
        prices=seen.prices,
        receipts=seen.receipts,
        bought=seen.bought,
        fees=seen.fees,
        sums=dict(sorted(counted.items(), key=str)),
        months=months,
        lines=found.lines(),
        ties=found.ties,
        breaks=breaks(found),
        unmet=found.unmet,
        allocated=[one for one in found.allocated if found.view.day(one[1]) < after],
    )


def _identity(ledger: Ledger, found: Taxed) -> list[tuple[str, str]]:
    """What tells this state of the ledger from any other: of a closed year the seal, which states all of it."""
    tool = ("Tool", f"recon {__version__}")
    if found.closing is not None:
        return [tool, (f"Seal of {found.closing.seal.period.name}", found.closing.seal.hash)]
    with ledger.transaction() as tx:
        return [tool, ("Ledger head", ledger_head(tx)), ("Evidence head", evidence_head(tx))]


def _spooled(found: Taxed, rows: Spool[Row]) -> tuple[Sequence[int], list[Month]]:
    """Keeps the rows; the places at which a disposal begins, and the sums of months."""
    begins = array("L")
    months: dict[date, list[int]] = {}
    last: object = None
    for row in found.rows:
        if row.id != last:
            begins.append(len(rows))
            last = row.id
        rows.add(_members(row))
        if row.taxed and row.proceeds is not None and row.cost is not None:
            sums = months.setdefault(row.disposed.replace(day=1), [0, 0, 0])
            for place, more in enumerate((1, row.proceeds, row.cost)):
                sums[place] += more
    rows.whole()
    return begins, [Month(first, *sums) for first, sums in sorted(months.items())]


def _members(row: Row) -> Sequence[Any]:
    """A row as JSON has it."""
    acquired = None if row.acquired is None else row.acquired.toordinal()
    return row._replace(acquired=acquired, disposed=row.disposed.toordinal())  # type: ignore[arg-type]


def _row(members: list[Any]) -> Row:
    row = Row._make(members)
    return row._replace(
        acquired=None if members[5] is None else date.fromordinal(members[5]),
        disposed=date.fromordinal(members[7]),
        stock=None if row.stock is None else Stock._make(row.stock),
    )


def _calculations(
    opened: Books, found: Taxed, ledger: Ledger, rows: Spool[Row], begins: Sequence[int]
) -> list[Calculation]:
    """The first disposals, told in full."""
    ends = [*begins[1 : MOST_TOLD + 1], len(rows)][: min(MOST_TOLD, len(begins))]
    disposals = [rows.slice(first, after) for first, after in pairwise([0, *ends])]
    told = []
    for one, some in zip(explained(ledger, opened, found, disposals), disposals, strict=True):
        blocks = [("What left", what_left(one)), ("What it brought", what_it_brought(one))]
        if found.want.rules.lots:
            blocks.append(("What it is matched with", what_it_is_matched_with(one)))
        blocks.append(("The rows behind it", the_rows_behind_it(one)))
        told.append(Calculation(some[0].id, some, [(title, _text(lines)) for title, lines in blocks]))
    return told


def _text(lines: Iterator[Told]) -> str:
    return "\n".join(" " * one.deep + one.words for one in lines)
