"""The sheets that prove the others: controls whose result must be zero, and control totals."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from recon.core.books import Books
from recon.core.document import Cell, Column, Fact, Live, Sum, Table
from recon.core.money import ZERO, text
from reports._reckoned import Sums, reckoned

_GENERAL, _TRIAL, _CLOSING = "general_ledger", "trial_balance", "Closing by the ledger"
_Term = tuple[int, str, str, str]
"""A sign, a table, one of its columns, and the class of accounts that counts; empty for all."""
_OF_UNITS: tuple[tuple[str, str, tuple[_Term, ...]], ...] = (
    ("Trial balance: all accounts together", _TRIAL, ((1, _TRIAL, _CLOSING, ""),)),
    ("Trial balance: opening and postings give the closing", _TRIAL, ((1, _TRIAL, "Check", ""),)),
    ("General ledger: debits less credits", _GENERAL, ((1, _GENERAL, "Debit", ""), (-1, _GENERAL, "Credit", ""))),
    ("General ledger less trial balance: debits", _GENERAL, ((1, _GENERAL, "Debit", ""), (-1, _TRIAL, "Debit", ""))),
    (
        "General ledger less trial balance: credits", _GENERAL,
        ((1, _GENERAL, "Credit", ""), (-1, _TRIAL, "Credit", "")),
    ),
    ("Roll-forward of every place", "roll_forward", ((1, "roll_forward", "Check", ""),)),
    ("Roll-forward of the entity", "entity_roll_forward", ((1, "entity_roll_forward", "Check", ""),)),
    (
        "Roll-forward less trial balance", "roll_forward",
        (
            (1, "roll_forward", _CLOSING, ""), (-1, _TRIAL, _CLOSING, "assets"), (-1, _TRIAL, _CLOSING, "transit"),
        ),
    ),
    (
        "Fees less trial balance", "fees_income",
        ((1, "fees", "Units", ""), (-1, _TRIAL, "Debit", "fees"), (1, _TRIAL, "Credit", "fees")),
    ),
    (
        "Income less trial balance", "fees_income",
        ((1, "income", "Units", ""), (1, _TRIAL, "Debit", "income"), (-1, _TRIAL, "Credit", "income")),
    ),
    ("Balance proof: differences that no break explains", "balances", ((1, "balances", "Unexplained", ""),)),
)  # fmt: skip
"""What holds of each asset: its name, the section where it is looked into, and what sums to zero."""
_OF_LOTS: tuple[tuple[str, str, tuple[_Term, ...]], ...] = (
    ("Lots less ledger", "positions", ((1, "positions", "Check", ""),)),
    (
        "Open lots less positions: units", "positions",
        ((1, "open_lots", "Units", ""), (-1, "positions", "Units in lots", "")),
    ),
    ("Open lots less positions: cost", "positions", ((1, "open_lots", "Cost", ""), (-1, "positions", "Cost", ""))),
    ("Roll-forward at cost", "values", ((1, "cost_roll_forward", "Check", ""),)),
    ("Roll-forward at fair value", "values", ((1, "fair_value_roll_forward", "Check", ""),)),
    (
        "Disposals less roll-forward: cost", "gains",
        ((1, "gains", "Cost", ""), (-1, "cost_roll_forward", "Disposals", "")),
    ),
    (
        "Disposals less roll-forward: gain", "gains",
        ((1, "gains", "Gain", ""), (-1, "fair_value_roll_forward", "Realised gain", "")),
    ),
)  # fmt: skip
"""What holds of each asset that has lots."""


class _Control(NamedTuple):
    title: str
    about: str
    sums: Sums
    section: str


class Proofs(NamedTuple):
    """Both tables, and in words what came of them."""

    controls: Table
    totals: Table
    result: Fact


def proofs(books: Books, tables: Sequence[Table]) -> Proofs:
    """Controls and control totals over the tables of a document, each of which is walked once."""
    asked = [*_controls(books)]
    figures = {
        (table.key, column.title): (Sum(table.key, column.title),)
        for table in tables
        for column in table.columns
        if column.kind == "amount" and not column.formula
    }
    lives = reckoned([*(one.sums for one in asked), *figures.values()], tables)
    rows: list[tuple[Cell, ...]] = [(one.title, one.about, lives[one.sums], one.section) for one in asked]
    failed = sum(bool(lives[one.sums].value) for one in asked)
    totals = {place: lives[sums] for place, sums in figures.items()}
    rows += [_held(place, live) for place, live in totals.items()]
    return Proofs(
        _controls_table(rows),
        _totals_table(tables, totals),
        Fact(
            label="Controls",
            value=f"{len(rows):,} reckoned, {failed:,} not zero",
            tone="bad" if failed else "good",
            name="controls",
        ),
    )


def _controls(books: Books) -> Iterator[_Control]:
    units = sorted({one.asset for one in books.trial_balance} | {one.asset for one in books.balances})
    for every, assets in ((_OF_UNITS, units), (_OF_LOTS, [one.asset for one in books.positions])):
        for title, section, terms in every:
            for asset in assets:
                sums = tuple(
                    Sum(table, column, _where(asset, of_class), sign)
                    for sign, table, column, of_class in terms
                )
                yield _Control(title, asset, sums, section)
    yield _Control("Breaks: open errors and warnings", "all", (Sum("breaks", "Open"),), "breaks")


def _where(asset: str, of_class: str) -> tuple[tuple[str, str], ...]:
    return (("Asset", asset), ("Class", of_class)) if of_class else (("Asset", asset),)


def _held(place: tuple[str, str], live: Live) -> tuple[Cell, ...]:
    """The control that a total is what it was when the document was made."""
    against = Sum("control_totals", "Total", (("Figure", _figure(place)),), -1)
    return "Control total", _figure(place), Live(ZERO, (*live.sums, against)), "control_totals"


def _figure(place: tuple[str, str]) -> str:
    return ": ".join(place)


def _controls_table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(
        key="controls",
        title="Controls",
        note="Each figure is reckoned from the sheets and must be zero. One that is not is looked into on the sheet "
        "that is named beside it.",
        columns=[
            Column(title="Control"),
            Column(title="Of what"),
            Column(title="Must be zero", kind="amount", zero_is_good=True),
            Column(title="Sheet", kind="refs"),
        ],
        rows=rows,
    )


def _totals_table(tables: Sequence[Table], totals: Mapping[tuple[str, str], Live]) -> Table:
    """A row for each figure of each table: how many rows there are, and what they sum to."""
    return Table(
        key="control_totals",
        title="Control totals",
        by="Figure",
        note="What each table held when this was made: so many rows, and the exact sum of a column, whatever it is in. "
        "Beside it the same sum reckoned anew from the sheet. Sums over several assets have no meaning of their own.",
        columns=[
            Column(title="Figure", kind="code"),
            Column(title="Table"),
            Column(title="Column"),
            Column(title="Rows", kind="count"),
            Column(title="Total", kind="amount"),
            Column(title="Total as text", kind="code"),
            Column(title="Reckoned anew", kind="amount"),
        ],
        rows=[
            (_figure(place), *_counted(place, tables), live.value, text(Decimal(live.value)), live)
            for place, live in totals.items()
        ],
    )


def _counted(place: tuple[str, str], tables: Sequence[Table]) -> tuple[str, str, int]:
    """Where a figure stands: the table's title, the column's, and the rows."""
    table = next(one for one in tables if one.key == place[0])
    return table.title, place[1], len(table.rows)
