"""The worksheets of a tax report: how each country's forms come about, row by row."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from recon.core.document import Cell, Column, Fact, Section, Table
from recon.core.tax import Listed, Row
from recon.core.tax_books import Receipt, TaxBooks
from reports._rows import Rows
from reports._tax_cells import (
    Picks,
    amounts,
    at,
    counted,
    day,
    gain,
    gain_column,
    number,
    stated,
)


def worksheets(books: TaxBooks, of: Picks) -> Iterator[Section]:
    """Those of the rulebook."""
    if books.rules.listing is not None:
        for box in sorted(of.pages):
            yield _listed(books, box, of.pages[box])
    elif books.rules.daily:
        yield _sa108(books, of)
    elif not books.rules.lots:
        yield _pit38(books, of)
    elif any(line.form.startswith("Anlage SO") for line in books.lines):
        yield _anlage_so(books, of)


def _listed(books: TaxBooks, box: str, places: Sequence[int]) -> Section:
    """A page of the form that lists disposals, in whole cents."""
    listing = books.rules.listing
    assert listing is not None

    def cells(row: Row) -> Sequence[Cell]:
        line: Listed = listing(row)
        amounts = (stated(line.proceeds), stated(line.cost))
        return (
            line.description, line.acquired, line.sold, *amounts, line.code, stated(line.adjustment),
            stated(line.gain), row.id, row.asset,
        )  # fmt: skip

    term = next((row.term for row in books.rows.pick(places[:1])), None)
    return Section(
        key=f"form_8949_{box.lower()}",
        title=f"Form 8949 {box}",
        lead=f"Box {box}, {term or 'short'} term: {counted(len(places), 'row')}, each rounded to the cent, as "
        "summed on Schedule D. Rows that lack an amount are not here; they stand with what is missing.",
        tables=[
            Table(
                key=f"form_8949_{box.lower()}",
                title=f"Form 8949 {box}",
                columns=[
                    Column(title="Description (a)"),
                    Column(title="Acquired (b)", kind="code"),
                    Column(title="Sold (c)", kind="code"),
                    *amounts("Proceeds (d)", "Cost (e)"),
                    Column(title="Code (f)", kind="code"),
                    *amounts("Adjustment (g)", total=False),
                    gain_column("Gain or loss (h)", "Proceeds (d)", "Cost (e)"),
                    Column(title="Disposal", kind="refs", to="disposals"),
                    Column(title="Asset"),
                ],
                rows=Rows(books.rows.pick(places), cells),
            )
        ],
    )


def _sa108(books: TaxBooks, of: Picks) -> Section:
    """Each match with the pool before and after."""

    def cells(row: Row) -> Sequence[Cell]:
        before = after = None
        if row.stock is not None:
            before, after = row.stock, row.stock.less(row.quantity, row.cost)
        pools = [
            figure
            for stock in (before, after)
            for figure in ((number(stock.quantity), number(stock.cost)) if stock else (None, None))
        ]
        return (
            row.asset, row.disposed, row.id, row.rule, row.acquired, number(row.quantity), number(row.proceeds),
            number(row.cost), gain(row), *pools,
        )  # fmt: skip

    return Section(
        key="sa108_worksheet",
        title="SA108 worksheet",
        lead="Each disposal of a day with what it is matched with: the same day, the 30 days after, then the section "
        f"104 pool, before and after. Amounts in {books.currency}; only the form's figures are rounded.",
        tables=[
            Table(
                key="sa108_matches",
                title="SA108 worksheet",
                group="Asset",
                columns=[
                    Column(title="Asset"),
                    Column(title="Disposed", kind="day"),
                    Column(title="Disposal", kind="refs", to="disposals"),
                    Column(title="Matched with"),
                    Column(title="Acquired", kind="day"),
                    *amounts("Units", total=False),
                    *amounts("Proceeds", "Allowable cost"),
                    gain_column("Gain or loss", "Proceeds", "Allowable cost"),
                    *amounts("Pool before", "Its cost before", "Pool after", "Its cost after", total=False),
                ],
                rows=Rows(books.rows.pick(of.counted), cells),
                empty="Nothing was disposed of in the year.",
            )
        ],
    )


def _anlage_so(books: TaxBooks, of: Picks) -> Section:
    """Wallet by wallet, with how long units were held."""
    keys = {}
    wanted = set(of.counted)
    for place, row in enumerate(books.rows):
        if place in wanted:
            keys[place] = row.place, row.asset, place
    free_from = lru_cache(maxsize=10_000)(books.rules.long_from)

    def cells(row: Row) -> Sequence[Cell]:
        held = None if row.acquired is None else (row.disposed - row.acquired).days
        return (
            row.place, row.asset, row.id, row.rule, row.acquired, row.disposed, held,
            None if row.acquired is None else free_from(row.acquired), "free" if row.term == "long" else "counts",
            number(row.quantity), number(row.proceeds), number(row.cost), gain(row),
        )  # fmt: skip

    return Section(
        key="anlage_so_worksheet",
        title="Anlage SO worksheet",
        lead="Wallet by wallet: what was disposed of, when it had been acquired, and from which day on it would have "
        f"been free. Amounts in {books.currency}; only the form's figures are rounded.",
        tables=[
            Table(
                key="anlage_so",
                title="Anlage SO worksheet",
                group="Wallet",
                columns=[
                    Column(title="Wallet"),
                    Column(title="Asset"),
                    Column(title="Disposal", kind="refs", to="disposals"),
                    Column(title="Matched by"),
                    Column(title="Acquired", kind="day"),
                    Column(title="Disposed", kind="day"),
                    Column(title="Days held", kind="count"),
                    Column(title="Free from", kind="day"),
                    Column(title="Gain", kind="flag", good=("free",), fair=("counts",)),
                    *amounts("Units", total=False),
                    *amounts("Veräußerungspreis", "Anschaffungskosten"),
                    gain_column("Gewinn / Verlust", "Veräußerungspreis", "Anschaffungskosten"),
                ],
                rows=Rows(books.rows.pick(sorted(keys, key=keys.__getitem__)), cells),
                empty="Nothing was disposed of in the year.",
            )
        ],
    )


def _pit38(books: TaxBooks, of: Picks) -> Section:
    """What came in and what was spent in the year, and the years before that costs were carried from."""
    sales = [(row.proceeds or 0, row.fees or 0) for row in books.rows.pick(of.counted)]
    of_sales = sum(fee for _, fee in sales)
    revenue = sum(proceeds for proceeds, _ in sales) + of_sales
    bought = sum(one.amount for one in books.bought if one.amount is not None)
    exact = [
        Fact(label="Revenue before rounding", value=number(revenue)),
        Fact(label="Spent on purchases before rounding, with fees", value=number(bought)),
        Fact(label="Fees of sales before rounding", value=number(of_sales)),
        Fact(label="Costs of the year before rounding", value=number(bought + of_sales)),
    ]
    return Section(
        key="pit38_worksheet",
        title="PIT-38 worksheet",
        lead="Part E: what tokens brought in money, and what was spent on them, each at the National Bank's mean rate "
        "of the last business day before. A year is rounded to the grosz as a whole, base and tax to the zloty.",
        facts=exact,
        tables=[_years(books), _revenue(books, of), _spent(books)],
    )


def _years(books: TaxBooks) -> Table:
    """Part E year after year."""
    years: dict[str, dict[str, str]] = {}
    for line in books.rules.workings(books.year):
        years.setdefault(line.form, {})[line.title] = line.value
    titles = list(dict.fromkeys(title for told in years.values() for title in told))
    return Table(
        key="pit38_years",
        title="Part E, year after year",
        note="What is left of the costs goes on to the next year.",
        columns=[Column(title="Year"), *amounts(*titles, total=False)],
        rows=[(year, *(stated(told[title]) for title in titles)) for year, told in years.items()],
    )


def _revenue(books: TaxBooks, of: Picks) -> Table:
    """What came in: proceeds with the fees that are costs."""

    def cells(row: Row) -> Sequence[Cell]:
        received = None if row.proceeds is None or row.fees is None else row.proceeds + row.fees
        return (
            row.id, row.disposed, row.place, row.asset, row.activity, number(row.quantity), number(received),
            number(row.fees), books.priced(row)[0],
        )  # fmt: skip

    return Table(
        key="pit38_revenue",
        title="Revenue, and the fees of sales",
        columns=[
            Column(title="Disposal", kind="refs", to="disposals"),
            Column(title="Disposed", kind="day"),
            Column(title="Place"),
            Column(title="Asset"),
            Column(title="Activity"),
            *amounts("Units", total=False),
            *amounts("Revenue", "Fee, a cost"),
            Column(title="Rate"),
        ],
        rows=Rows(books.rows.pick(of.counted), cells),
        empty="Nothing brought money in the year.",
    )


def _spent(books: TaxBooks) -> Table:
    """What was spent."""

    def cells(one: Receipt) -> Sequence[Cell]:
        return (
            one.id, day(one.day), at(one.at), one.place, one.asset, one.activity, number(one.quantity),
            number(one.amount), one.price, one.lacks,
        )  # fmt: skip

    return Table(
        key="pit38_costs",
        title="Costs: what was spent on purchases, with fees",
        columns=[
            Column(title="Purchase", kind="code", to="prices"),
            Column(title="Bought", kind="day"),
            Column(title="Bought (UTC)", kind="moment"),
            Column(title="Place"),
            Column(title="Asset"),
            Column(title="Activity"),
            *amounts("Units", total=False),
            *amounts("Spent"),
            Column(title="Rate"),
            Column(title="Not known"),
        ],
        rows=Rows(books.bought, cells),
        empty="Nothing was bought in the year.",
    )
