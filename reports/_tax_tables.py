"""The tables of a tax report that every rulebook has: disposals, sums, income, fees, prices and the tie-out."""

from collections import Counter
from collections.abc import Sequence

from recon.core.document import Cell, Column, Table
from recon.core.lots import Held
from recon.core.tax import Row, Sums, Term, Tie
from recon.core.tax_books import Calculation, Receipt, TaxBooks, Use
from reports._rows import Rows
from reports._tax_cells import (
    amounts,
    at,
    day,
    gain,
    gain_column,
    number,
    stated,
)


def disposals(books: TaxBooks) -> Table:
    """The calculation of each disposal, match by match."""
    lots = books.rules.lots
    return Table(
        key="disposals",
        title="Disposals",
        by="Disposal",
        note=f"One row a match. Amounts in {books.currency} with every digit. Fees are those in the cost of these "
        "units and out of their proceeds. A price says which sources it went by, and how old each was.",
        columns=[
            Column(title="Disposal", kind="refs", to="prices"),
            Column(title="Asset"),
            Column(title="Place"),
            Column(title="Activity"),
            Column(title="Disposed", kind="day"),
            Column(title="Disposed (UTC)", kind="moment"),
            *amounts("Units", "Proceeds", total=False),
            *(
                [
                    *amounts("Cost", total=False),
                    Column(title="Gain", kind="amount", formula="[Proceeds] - [Cost]"),
                ]
                if lots
                else []
            ),
            *amounts("Fees", total=False),
            *(
                [
                    Column(title="Term"),
                    Column(title="Rule"),
                    Column(title="Acquired", kind="day"),
                    Column(title="Lot", kind="code", to="prices"),
                ]
                if lots
                else []
            ),
            Column(title="Counts", kind="flag", good=("yes",), fair=("no",)),
            Column(title="Priced by"),
            *([Column(title="Cost priced by")] if lots else []),
            Column(title="Not known"),
        ],
        rows=Rows(books.rows, lambda row: _disposal(books, row)),
        empty="Nothing was disposed of in the year.",
    )


def _disposal(books: TaxBooks, row: Row) -> Sequence[Cell]:
    lots = books.rules.lots
    proceeds, cost = books.priced(row)
    lacks = row.lacks if lots or row.proceeds is None else ""
    return (
        row.id, row.asset, row.place, row.activity, row.disposed, at(row.disposed_at),
        number(row.quantity), number(row.proceeds), *((number(row.cost), gain(row)) if lots else ()), number(row.fees),
        *((row.term, row.rule, row.acquired, row.lot) if lots else ()),
        "yes" if row.taxed else "no", proceeds, *((cost,) if lots else ()), lacks,
    )  # fmt: skip


def of_calculation(books: TaxBooks, one: Calculation) -> Table:
    """What comes of a disposal."""
    lots = books.rules.lots
    return Table(
        key="result",
        title=f"What comes of it, in {books.currency}",
        columns=[
            Column(title="Rule"),
            *([Column(title="Lot", kind="code"), Column(title="Acquired", kind="day")] if lots else []),
            *amounts("Units", "Proceeds", *(("Cost", "Gain") if lots else ())),
            *([Column(title="Term")] if lots else []),
        ],
        rows=[
            (
                row.rule or row.activity, *((row.lot, row.acquired) if lots else ()),
                number(row.quantity), number(row.proceeds), *((number(row.cost), gain(row), row.term) if lots else ()),
            )
            for row in one.rows
        ],
    )  # fmt: skip


def by_asset(books: TaxBooks) -> Table:
    """What counts, asset by asset."""
    sums: dict[str, list[Sums]] = {}
    for (asset, _, counts), some in books.sums.items():
        if counts:
            sums.setdefault(asset, []).append(some)
    lots = books.rules.lots
    return Table(
        key="by_asset",
        title="By asset",
        columns=_sum_columns(Column(title="Asset"), lots=lots),
        rows=[(asset, *_sum_cells(some, lots=lots)) for asset, some in sorted(sums.items())],
        empty="Nothing was disposed of in the year.",
    )


def by_term(books: TaxBooks) -> Table:
    """What counts, by asset and term."""
    return Table(
        key="by_term",
        title="By asset and term",
        columns=_sum_columns(Column(title="Asset"), Column(title="Term"), lots=True),
        rows=[
            (asset, term or "none", *_sum_cells([some], lots=True))
            for (asset, term, counts), some in sorted(books.sums.items(), key=_by_name)
            if counts
        ],
    )


def _by_name(one: tuple[tuple[str, Term | None, bool], Sums]) -> tuple[str, str]:
    return one[0][0], one[0][1] or ""


def without_gain(books: TaxBooks) -> Table:
    """What left and counts as nothing."""
    return Table(
        key="without_gain",
        title="Left without gain or loss",
        columns=[Column(title="Asset"), Column(title="Rows", kind="count"), *amounts("Units", "Cost")],
        rows=[
            (asset, some.rows, number(some.quantity), number(some.cost))
            for (asset, _, counts), some in sorted(books.sums.items(), key=_by_name)
            if not counts
        ],
        empty="All that left counts.",
    )


def _sum_columns(*first: Column, lots: bool) -> list[Column]:
    return [
        *first,
        Column(title="Disposals", kind="count", total=True),
        Column(title="Rows", kind="count", total=True),
        *amounts("Units", total=False),
        *amounts("Proceeds"),
        *([*amounts("Cost"), gain_column(), *amounts("Gains", "Losses")] if lots else []),
        Column(title="Rows not known", kind="count", total=True),
    ]


def _sum_cells(some: Sequence[Sums], *, lots: bool) -> Sequence[Cell]:
    def whole(name: str) -> int:
        return sum(getattr(one, name) for one in some)

    names = ("proceeds", "cost", "gain", "gains", "losses") if lots else ("proceeds",)
    figures = [number(whole(name)) for name in names]
    return whole("disposals"), whole("rows"), number(whole("quantity")), *figures, whole("unknown")


def by_month(books: TaxBooks) -> Table:
    """What counts and is known, month by month."""
    return Table(
        key="by_month",
        title="By month",
        columns=[
            Column(title="Month"),
            Column(title="Rows", kind="count", total=True),
            *amounts("Proceeds", "Cost"),
            gain_column(),
        ],
        rows=[
            (
                f"{one.first:%Y-%m}",
                one.rows,
                number(one.proceeds),
                number(one.cost),
                number(one.proceeds - one.cost),
            )
            for one in books.months
        ],
        empty="Nothing was disposed of in the year.",
    )


def income(books: TaxBooks) -> Table:
    """Income by kind."""
    counted = Counter(dict.fromkeys(books.year.income, 0))
    counted.update(one.activity for one in books.receipts if one.counts and one.amount is not None)
    return Table(
        key="income",
        title="Income by kind",
        columns=[
            Column(title="Kind"),
            Column(title="Receipts", kind="count", total=True),
            *amounts("Amount"),
        ],
        rows=[(kind, counted[kind], number(amount)) for kind, amount in sorted(books.year.income.items())],
        empty="No income counts in the year.",
    )


def receipts(books: TaxBooks) -> Table:
    """Each receipt with its value and its price."""
    return Table(
        key="receipts",
        title="Receipts",
        columns=[
            Column(title="Receipt", kind="code", to="prices"),
            Column(title="Received", kind="day"),
            Column(title="Received (UTC)", kind="moment"),
            Column(title="Place"),
            Column(title="Asset"),
            Column(title="Kind"),
            *amounts("Units", "Value", total=False),
            Column(title="Income", kind="flag", good=("yes",), fair=("no",)),
            Column(title="Priced by"),
            Column(title="Not known"),
        ],
        rows=Rows(books.receipts, _receipt),
        empty="Nothing was received as income in the year.",
    )


def _receipt(one: Receipt) -> Sequence[Cell]:
    return (
        one.id, day(one.day), at(one.at), one.place, one.asset, one.activity, number(one.quantity), number(one.amount),
        "yes" if one.counts else "no", one.price, one.lacks,
    )  # fmt: skip


def fees(books: TaxBooks) -> Table:
    """What was paid in fees."""
    return Table(
        key="fees",
        title="Fees",
        note="Fees of purchases are in their cost, those of sales out of their proceeds. Fees in kind are units that "
        "left.",
        columns=[
            Column(title="Place"),
            Column(title="Asset"),
            Column(title="How"),
            Column(title="Movements", kind="count", total=True),
            *amounts("Units in kind", total=False),
            *amounts("Amount"),
            Column(title="Not known", kind="count"),
        ],
        rows=[
            (
                one.place,
                one.asset,
                one.what,
                one.movements,
                number(one.units),
                number(one.amount),
                one.unknown,
            )
            for one in books.fees
        ],
        empty="No fee was paid in the year.",
    )


def prices(books: TaxBooks) -> Table:
    """Each price that was used, with the way to it."""
    return Table(
        key="prices",
        title="Prices used",
        by="Movement",
        note=f"Rate is what one unit was worth in {books.currency}; age how much older the oldest price on the way is.",
        columns=[
            Column(title="Movement", kind="code"),
            Column(title="Of", kind="code"),
            Column(title="Asset"),
            *amounts("Units", "Rate", "Amount", total=False),
            Column(title="Age in seconds", kind="count"),
            Column(title="How"),
        ],
        rows=Rows(books.prices, _price),
        empty="No price was needed.",
    )


def _price(one: Use) -> Sequence[Cell]:
    of = "fee" if one.fee else "worth"
    return one.id, of, one.asset, number(one.units), stated(one.rate), number(one.amount), one.age_s, one.way


def ties(books: TaxBooks) -> Table:
    """The units of the rulebook's books beside the ledger's own."""
    return Table(
        key="ties",
        title="Tie-out of units",
        note="Of all time: acquired less disposed and what moved between own places is what the ledger holds.",
        columns=[
            Column(title="Asset"),
            *amounts("Acquired", "Disposed", "Moved", "Ledger", total=False),
            Column(
                title="Check",
                kind="amount",
                formula="[Acquired] - [Disposed] + [Moved] - [Ledger]",
                zero_is_good=True,
            ),
            *amounts("Lots hold", "Went short", total=False),
            Column(title="Holds", kind="flag", good=("yes",)),
        ],
        rows=[_tie(one) for one in books.ties],
        empty="This law knows no lots." if not books.rules.lots else "Nothing was ever held.",
    )


def _tie(one: Tie) -> Sequence[Cell]:
    check = one.acquired - one.disposed + one.moved - one.ledger
    figures = (one.acquired, one.disposed, one.moved, one.ledger, check, one.held, one.short)
    return one.pool, *map(number, figures), "yes" if one.holds else "no"


def allocated(books: TaxBooks) -> Table:
    """How lots were laid out when the scope changed."""
    laid = [(pool, moment, held) for pool, moment, some in books.allocated for held in some]
    return Table(
        key="allocated",
        title="Lots laid out anew",
        note="What each book got at the moment the scope changed.",
        columns=[
            Column(title="Asset"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Book"),
            Column(title="Lot", kind="code"),
            Column(title="Acquired (UTC)", kind="moment"),
            *amounts("Units", "Cost", total=False),
        ],
        rows=Rows(laid, _laid),
        empty="The scope never changed.",
    )


def _laid(one: tuple[str, int, Held]) -> Sequence[Cell]:
    pool, moment, held = one
    lot = held.lot
    return (
        pool, at(moment), held.book or "all places", None if lot is None else lot.id,
        None if lot is None else at(lot.at), number(held.quantity), number(held.cost),
    )  # fmt: skip
