"""Every account, asset and place (an account's asset): what it held, and what moved between opening and closing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from recon.core.books import Books, RollForward, Transaction
from recon.core.document import Cell, Chart, Column, Fact, Section, Table
from recon.core.money import exact
from reports import _curves, _rolled, _tables

Place = tuple[str, str, str]


def accounts(books: Books) -> list[Section]:
    """One part an account: the roll-forward of its assets, and their balances over time."""
    drawn = {part.of: part for part in _curves.accounts(books)}
    rolled = _rolled.roll_forward(books)
    parts = []
    for number, of in enumerate(dict.fromkeys((one.source, one.account) for one in books.roll_forward), 1):
        found = drawn.get(of)
        parts.append(
            Section(
                key=f"account-{number}",
                of=of,
                title=f"{of[0]}, {of[1]}",
                lead=found.lead if found else "",
                tables=[_picked(rolled, of), *_balances(books, of)],
                charts=found.charts if found else (),
            )
        )
    return parts


def assets(books: Books) -> list[Section]:
    """One part an asset: every account that held it."""
    rolled = _rolled.roll_forward(books)
    names = dict.fromkeys(sorted(one.asset for one in books.roll_forward))
    charts = by_place(books)
    return [
        Section(
            key=f"asset-{number}",
            of=(name,),
            title=name,
            tables=[_picked(rolled, (None, None, name)), *_balances(books, (None, None, name))],
            charts=[
                replace(chart, title=f"{source}, {account}")
                for (source, account, asset), chart in charts.items()
                if asset == name
            ],
        )
        for number, name in enumerate(names, 1)
    ]


def places(books: Books) -> Section:
    """From each closing balance to the movements that make it, with the balance after each."""
    moved: dict[Place, list[Transaction]] = {}
    for row in books.transactions:
        moved.setdefault((row.source, row.account, row.asset), []).append(row)
    charts = by_place(books)
    stated = {one[:3]: one for one in books.balances}
    parts = [
        Section(
            key=f"place-{number}",
            of=(one.source, one.account, one.asset),
            title=f"{one.source}, {one.account}, {one.asset}",
            facts=[
                Fact(label="Opening", value=one.opening),
                Fact(label="Closing", value=one.closing),
                *_said(stated.get((one.source, one.account, one.asset))),
            ],
            tables=[_movements(one, moved.get((one.source, one.account, one.asset), ()), books)],
            charts=[charts[one[:3]]] if one[:3] in charts else (),
        )
        for number, one in enumerate(books.roll_forward, 1)
    ]
    return Section(
        key="places",
        title="Movements by account and asset",
        lead="A closing balance leads to the movements that make it; each leads to its entry and to the row of the "
        "sealed answer.",
        tables=[_index(books, moved)],
        parts=parts,
    )


def by_place(books: Books) -> Mapping[Place, Chart]:
    """The balance over time of every place that has one to draw."""
    return {
        (*part.of, chart.title): chart  # type: ignore[misc]
        for part in _curves.accounts(books)
        for chart in part.charts
        if isinstance(chart, Chart)
    }


def _said(proof: object) -> Iterator[Fact]:
    """What the venue said of the place."""
    venue, at, difference = (getattr(proof, name, None) for name in ("venue", "at", "difference"))
    if venue is not None:
        yield Fact(label="By the venue", value=venue)
        yield Fact(label="Stated", value=at)
        yield Fact(label="Difference", value=difference, tone="bad" if difference else "good")


def _index(books: Books, moved: Mapping[Place, Sequence[Transaction]]) -> Table:
    return Table(
        key="places",
        title="Accounts and assets",
        columns=[
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Asset"),
            Column(title="Movements", kind="count", total=True),
            Column(title="Opening", kind="amount"),
            Column(title="Closing", kind="amount"),
        ],
        rows=[
            (one.source, one.account, one.asset, len(moved.get(one[:3], ())), one.opening, one.closing)
            for one in books.roll_forward
        ],
        empty="Nothing was held or moved.",
    )


def _movements(place: RollForward, rows: Iterable[Transaction], books: Books) -> Table:
    return Table(
        key="movements",
        title="Movements",
        note="The balance is the opening and every movement up to the row, in the order of their moments.",
        columns=[
            Column(title="Entry", kind="code", to="transactions"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Kind"),
            Column(title="Answer", kind="code", pointer="Pointer"),
            Column(title="Quantity", kind="amount"),
            Column(title="Balance", kind="amount"),
            Column(title="Balance by the venue", kind="amount"),
            Column(title="Against"),
            Column(title="Pointer", kind="code"),
            Column(title=_tables.local_title("At", books)),
        ],
        rows=list(_walked(place.opening, rows, books)),
        empty="Nothing moved in the period.",
    )


def _walked(balance: Decimal, rows: Iterable[Transaction], books: Books) -> Iterator[tuple[Cell, ...]]:
    for one in rows:
        with exact():
            balance += one.quantity
        yield (
            one.entry, one.at, one.kind, one.answer, one.quantity, balance, one.balance_after, one.contra, one.pointer,
            _tables.local_text(one.at, books.zone),
        )  # fmt: skip


def _balances(books: Books, of: Sequence[str | None]) -> Iterator[Table]:
    table = _picked(_tables.balances(books), of)
    if table.rows:
        yield table


def _picked(table: Table, of: Sequence[str | None]) -> Table:
    """The rows of a table that are of a source, account and asset; None is any."""
    rows = [
        row
        for row in table.rows
        if all(word is None or word == cell for word, cell in zip(of, row, strict=False))
    ]
    return replace(table, rows=rows)
