"""A document with one of everything that a workbook can show: live figures, links, groups, charts, judgements."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from recon.core.document import (
    Bars,
    Cell,
    Chart,
    Column,
    Document,
    Fact,
    Heat,
    Line,
    Live,
    Mark,
    Section,
    Sum,
    Table,
)
from recon.core.money import ZERO, total

START = datetime(2025, 3, 1, tzinfo=UTC)
ASSETS = {
    "*": (3, 10), "BTC": (8, 2), "ETH": (18, 5), "PLN": (2, 100_000), "btc": (2, 10), "128": (2, 10), "0128": (2, 10),
    "=x": (2, 10), "~?": (2, 10), 'say "hi"': (2, 10), "2025-03": (2, 10), "TRUE": (2, 10), "\x01": (2, 10),
}  # fmt: skip
"""Of each asset the decimals and the largest amount. Conditions would take some of these names for something else."""
KINDS = ("trade", "deposit", "withdrawal", "fee")
PLACES = {"Asset": 6, "Kind": 5, "Source": 3, "Quantity": 7, "Value": 8}
Row = tuple[str, datetime, date, str, str, str, str, Decimal, Decimal, str]


def rows(count: int = 260) -> list[Row]:
    """Movements by asset, with amounts that are the same each time."""
    random = Random(1)

    def one(number: int) -> Row:
        asset = list(ASSETS)[number * len(ASSETS) // count]
        decimals, most = ASSETS[asset]
        quantity = Decimal(random.randint(-most * 10**decimals, most * 10**decimals)).scaleb(-decimals)
        value = Decimal(random.randint(-(10**7), 10**7)).scaleb(-2)
        at = START + timedelta(hours=2 * number)
        return (
            f"{at + timedelta(hours=1):%Y-%m-%d %H:%M:%S}+01:00", at, at.date(), ("egera", "fuse")[number % 2], "main",
            KINDS[number % 4], asset, quantity, value, f"e/{number // 2}",
        )  # fmt: skip

    return [one(number) for number in range(count)]


def live(moved: Sequence[Row], column: str, **where: str) -> Live:
    """The sum of the rows that have these texts."""
    meant = [row for row in moved if all(row[PLACES[title]] == words for title, words in where.items())]
    value = total(row[PLACES[column]] for row in meant)  # type: ignore[misc]
    return Live(value, (Sum("transactions", column, tuple(where.items())),))


def roll_forward(moved: Sequence[Row]) -> Table:
    """Each asset's movements by kind, reckoned from the transactions; the check compares with all of them at once."""
    lines: list[tuple[Cell, ...]] = []
    for asset in ASSETS:
        kinds = [live(moved, "Quantity", Asset=asset, Kind=kind) for kind in KINDS]
        closing = total(one.value for one in kinds if isinstance(one.value, Decimal))
        lines.append((asset, ZERO, *kinds, closing, live(moved, "Quantity", Asset=asset), ZERO))
    opening = "[Opening] + [Trades] + [Deposits] + [Withdrawals] + [Fees]"
    return Table(
        key="roll",
        by="Asset",
        note="Opening and what moved give the closing units.",
        columns=[
            Column(title="Asset", to="transactions"),
            *(
                Column(title=one, kind="amount")
                for one in ("Opening", "Trades", "Deposits", "Withdrawals", "Fees")
            ),
            Column(title="Closing", kind="amount", formula=opening),
            Column(title="By the ledger", kind="amount"),
            Column(
                title="Check",
                kind="amount",
                formula=f"{opening} - [By the ledger]",
                zero_is_good=True,
                total=True,
            ),
        ],
        rows=lines,
    )


def transactions(moved: Sequence[Row]) -> Table:
    """The movements themselves."""
    return Table(
        key="transactions",
        by="Asset",
        group="Asset",
        columns=[
            Column(title="At (Europe/Warsaw)"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Day", kind="day"),
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Kind"),
            Column(title="Asset", to="roll"),
            Column(title="Quantity", kind="amount"),
            Column(title="Value", kind="amount", total=True),
            Column(title="Entry", kind="code"),
        ],
        rows=moved,
    )


def cover(moved: Sequence[Row]) -> Section:
    """Facts of every kind, and keys of sections."""
    value = live(moved, "Value")
    both = Live(ZERO, (*value.sums, Sum("transactions", "Value", sign=-1)))
    columns = [Column(title="Check", kind="refs"), Column(title="Result", kind="flag", good=("ok",))]
    checks = [("roll ages", "ok"), ("unknown transactions", "bad"), ("nothing", "ok")]
    return Section(
        key="cover",
        title="Cover",
        facts=[
            Fact(label="Entity", value="=Bursztyn", name="entity"),
            Fact(label="Cut-off", value=START, name="cut_off"),
            Fact(label="Value of all", value=value, name="value"),
            Fact(label="Value twice", value=both, name="nothing"),
            Fact(label="ETH", value=live(moved, "Quantity", Asset="ETH"), name="eth"),
            Fact(label="Rows", value=len(moved), name="rows"),
            Fact(label="Day", value=date(2025, 3, 1), name="day"),
        ],
        tables=[Table(key="checks", title="Checks", columns=columns, rows=checks)],
    )


def ages() -> Section:
    """A judgement with bars."""
    columns = [
        Column(title="Age"),
        Column(title="Breaks", kind="count", total=True),
        Column(title="Value", kind="amount", total=True),
    ]
    found = [
        ("0-7 days", 3, Decimal("120.5")),
        ("8-30 days", 2, Decimal("-44.1")),
        ("31-90 days", 1, Decimal(7)),
    ]
    return Section(
        key="ages",
        title="Ages",
        judged=True,
        tables=[Table(key="ages", columns=columns, rows=found)],
        charts=[Bars(title="=Ageing", unit="PLN", table="ages", label="Age", value="Value")],
    )


def everything(count: int = 260) -> Document:
    """The document."""
    moved = rows(count)
    curve = [(START + timedelta(hours=17 * number), Decimal(number % 7)) for number in range(30)]
    lines = [
        Line(name="Ledger", points=curve, marks=[Mark(curve[9][0], curve[9][1], "=B-12")]),
        Line(name="Venue", points=curve[:20]),
    ]
    return Document(
        title="Workbook",
        subtitle="Bursztyn Aktywa, 2025-03",
        as_of=START,
        status=Fact(label="Clean", value="Nothing is open.", tone="good"),
        sections=[
            cover(moved),
            Section(key="roll", title="Roll-forward", tables=[roll_forward(moved)]),
            ages(),
            Section(
                key="transactions",
                title="Transactions",
                tables=[transactions(moved)],
                charts=[Chart(title="=fuse BTC", unit="BTC", lines=lines), Heat(title="Coverage", rows=[])],
            ),
        ],
    )
