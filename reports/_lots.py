"""Lots: what left and what it brought, what is left, and how both roll forward at cost and at fair value."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from recon.core.books import Books
from recon.core.document import Bars, Cell, Column, Table
from recon.core.holdings import Gain, OpenLot, Position
from recon.core.money import ZERO, exact
from reports._ledger import incomplete
from reports._rows import Rows, local_days
from reports._schedules import STATED, price_number
from reports._tables import local_title

_COST = "[Opening] + [Additions] - [Disposals]"
_FAIR = (
    "[Opening] + [Additions] - [Disposals] - [Left without known proceeds] + [Realised gain] "
    "+ [Change of unrealised gain]"
)
_HELD = "[By the ledger] + [Posted later] - [Units in lots] + [Short of lots] - [Held without a lot]"


def gains(books: Books) -> Table:
    """Each unit that left in the period, with the lot it came from and the prices that its amounts rest on."""
    day = local_days(books.zone)
    stated = {place for place, one in enumerate(books.prices) if one.source in STATED}

    def named(places: Iterable[int]) -> str:
        return " ".join(map(price_number, places))

    def row(one: Gain) -> tuple[Cell, ...]:
        return (
            one.asset, one.activity, day(one.at), one.at, one.entry, one.place, one.quantity, one.proceeds, one.cost,
            one.gain, "yes" if one.counts else "no", one.acquired_at and day(one.acquired_at), one.acquired_at, one.lot,
            one.rule, named(place for place in one.prices if place not in stated),
            named(place for place in one.prices if place in stated), one.lacks,
        )  # fmt: skip

    return Table(
        key="gains",
        title="Lots and gains",
        by="Asset",
        group="Asset",
        note=f"Disposals of the period by the company's own lots, amounts in {books.base_currency}, fees in them. An "
        "empty amount is one that nothing tells: it is never taken for zero, and is in no total.",
        columns=[
            Column(title="Asset", to="positions"),
            Column(title="What happened"),
            Column(title=local_title("Day", books), kind="day"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Entry", kind="code"),
            Column(title="Place"),
            Column(title="Units", kind="amount"),
            Column(title="Proceeds", kind="amount", total=True),
            Column(title="Cost", kind="amount", total=True),
            Column(title="Gain", kind="amount", total=True),
            Column(title="Counts", kind="flag", good=("yes",), fair=("no",)),
            Column(title=local_title("Acquired", books), kind="day"),
            Column(title="Acquired (UTC)", kind="moment"),
            Column(title="Lot", kind="code"),
            Column(title="Rule"),
            Column(title="Prices", kind="refs", to="prices"),
            Column(title="Stated prices", kind="refs", to="stated_prices"),
            Column(title="What lacks"),
        ],
        rows=Rows(books.gains, row),
        empty="Nothing was disposed of in the period.",
    )


def gains_by_month(books: Books) -> Table:
    """The gains that count, month by month of the entity's calendar."""
    day = local_days(books.zone)
    months: dict[str, list[Decimal]] = {}
    lacking = 0
    with exact():
        for one in books.gains:
            if one.counts and one.gain is not None:
                sums = months.setdefault(f"{day(one.at):%Y-%m}", [ZERO, ZERO])
                sums[one.gain < 0] += one.gain
            lacking += one.counts and one.gain is None
        rows = [(month, won, -lost, won + lost) for month, (won, lost) in sorted(months.items())]
    return Table(
        key="gains_by_month",
        title="Gains by month",
        note=f"Of the disposals that count, in {books.base_currency}.{incomplete(lacking, 'disposal')}",
        columns=[
            Column(title="Month"),
            Column(title="Gains", kind="amount", total=True),
            Column(title="Losses", kind="amount", total=True),
            Column(title="Gains less losses", kind="amount", formula="[Gains] - [Losses]", total=True),
        ],
        rows=rows,
        empty="Nothing was disposed of in the period.",
    )


def gains_over_time(books: Books) -> Bars:
    """The same as a picture."""
    return Bars(
        title="Gains by month",
        unit=books.base_currency,
        table="gains_by_month",
        label="Month",
        value="Gains less losses",
    )


def positions(books: Books) -> Table:
    """What is held at the end by the lots, beside the ledger."""
    rows: list[tuple[Cell, ...]] = []
    with exact():
        for one in books.positions:
            worth, cost = one.closing_value, one.closing.cost
            check = one.ledger + one.late - one.closing.units + one.short - one.outside
            rows.append((
                one.asset, one.closing.units, one.closing.uncosted, cost, one.closing_price, worth,
                None if worth is None else worth - cost, one.uncosted_value, one.ledger, one.late, one.short,
                one.outside, check, one.lacks,
            ))  # fmt: skip
    lacking = sum(one.closing_value is None for one in books.positions)
    return Table(
        key="positions",
        title="Open positions",
        by="Asset",
        note=f"Amounts in {books.base_currency}. Fair value and gain are those of units whose cost is known. Units in "
        "lots - Short of lots + Held without a lot (borrowed, or come from nowhere known; below zero lent, or on "
        "the way) = By the ledger + Posted later (happened before the end, posted after it); the check is the "
        f"difference.{incomplete(lacking, 'asset')}",
        columns=[
            Column(title="Asset", to="gains"),
            Column(title="Units in lots", kind="amount"),
            Column(title="Of which without a cost", kind="amount"),
            Column(title="Cost", kind="amount", total=True),
            Column(title="Price", kind="amount"),
            Column(title="Fair value", kind="amount", total=True),
            Column(title="Unrealised gain", kind="amount", formula="[Fair value] - [Cost]", total=True),
            Column(title="Fair value of units without a cost", kind="amount", total=True),
            Column(title="By the ledger", kind="amount"),
            Column(title="Posted later", kind="amount"),
            Column(title="Short of lots", kind="amount"),
            Column(title="Held without a lot", kind="amount"),
            Column(title="Check", kind="amount", formula=_HELD, total=True, zero_is_good=True),
            Column(title="What lacks"),
        ],
        rows=rows,
        empty="Nothing but currencies was ever held.",
    )


def open_lots(books: Books) -> Table:
    """The lots that are left at the end."""
    day = local_days(books.zone)

    def row(one: OpenLot) -> tuple[Cell, ...]:
        at: datetime | None = one.acquired_at
        return one.asset, at and day(at), at, one.lot, one.activity, one.quantity, one.cost

    return Table(
        key="open_lots",
        title="Open lots",
        by="Asset",
        group="Asset",
        note=f"What is left of each lot at the period's end, cost in {books.base_currency}. An empty cost is one that "
        "nothing tells.",
        columns=[
            Column(title="Asset", to="positions"),
            Column(title=local_title("Acquired", books), kind="day"),
            Column(title="Acquired (UTC)", kind="moment"),
            Column(title="Lot", kind="code"),
            Column(title="How it came"),
            Column(title="Units", kind="amount"),
            Column(title="Cost", kind="amount", total=True),
        ],
        rows=Rows(books.open_lots, row),
        empty="No lot is left.",
    )


def cost_roll_forward(books: Books) -> Table:
    """Opening to closing at cost, asset by asset."""
    rows: list[tuple[Cell, ...]] = []
    with exact():
        for one in books.positions:
            closing = one.opening.cost + one.added.cost - one.disposed.cost
            rows.append((
                one.asset, one.opening.cost, one.added.cost, one.disposed.cost, closing, one.closing.cost,
                closing - one.closing.cost, one.opening.uncosted, one.added.uncosted, one.disposed.uncosted,
                one.closing.uncosted,
            ))  # fmt: skip
    return Table(
        key="cost_roll_forward",
        title="Roll-forward at cost",
        by="Asset",
        note=f"In {books.base_currency}: Opening + Additions - Disposals = Closing, with the lots of both ends walked "
        "apart. Units whose cost nothing tells stand beside, as units: they are in no amount.",
        columns=[
            Column(title="Asset", to="gains"),
            Column(title="Opening", kind="amount", total=True),
            Column(title="Additions", kind="amount", total=True),
            Column(title="Disposals", kind="amount", total=True),
            Column(title="Closing", kind="amount", formula=_COST, total=True),
            Column(title="Closing by the lots", kind="amount", total=True),
            Column(
                title="Check",
                kind="amount",
                formula=f"{_COST} - [Closing by the lots]",
                total=True,
                zero_is_good=True,
            ),
            Column(title="Units without a cost, opening", kind="amount"),
            Column(title="Units without a cost, added", kind="amount"),
            Column(title="Units without a cost, disposed", kind="amount"),
            Column(title="Units without a cost, closing", kind="amount"),
        ],
        rows=rows,
        empty="Nothing but currencies was ever held.",
    )


def fair_value_roll_forward(books: Books) -> Table:
    """Opening to closing at fair value, gains and losses netted within an asset and never across."""
    with exact():
        rows = [_fair(one) for one in books.positions]
    lacking = sum(one.closing_value is None or one.opening_value is None for one in books.positions)
    return Table(
        key="fair_value_roll_forward",
        title="Roll-forward at fair value",
        by="Asset",
        note=f"In {books.base_currency}, of units whose cost is known. Disposals are at their proceeds; what left for "
        "proceeds that nobody knows leaves at cost. An asset's gain, realised and not, stands wholly among the gains "
        f"or wholly among the losses.{incomplete(lacking, 'asset')}",
        columns=[
            Column(title="Asset", to="gains"),
            Column(title="Opening", kind="amount", total=True),
            Column(title="Additions", kind="amount", total=True),
            Column(title="Disposals", kind="amount", total=True),
            Column(title="Left without known proceeds", kind="amount", total=True),
            Column(title="Realised gain", kind="amount", total=True),
            Column(title="Change of unrealised gain", kind="amount", total=True),
            Column(title="Closing", kind="amount", formula=_FAIR, total=True),
            Column(title="Closing by the price", kind="amount", total=True),
            Column(
                title="Check",
                kind="amount",
                formula=f"{_FAIR} - [Closing by the price]",
                total=True,
                zero_is_good=True,
            ),
            Column(title="Gains", kind="amount", total=True),
            Column(title="Losses", kind="amount", total=True),
            Column(title="Proceeds of units without a cost", kind="amount", total=True),
            Column(title="Disposals that lack an amount", kind="count", total=True),
            Column(title="What lacks"),
        ],
        rows=rows,
        empty="Nothing but currencies was ever held.",
    )


def gains_by_asset(books: Books) -> Bars:
    """The realised gains of the table above as a picture."""
    return Bars(
        title="Realised gains by asset",
        unit=books.base_currency,
        table="fair_value_roll_forward",
        label="Asset",
        value="Realised gain",
    )


def _fair(one: Position) -> Sequence[Cell]:
    """A row; where a price lacks, what follows from it is left empty."""
    known = (one.asset, one.opening_value, one.added.cost, one.proceeds, one.unpriced, one.realised)
    beside = (one.uncosted_proceeds, one.unknown, one.lacks)
    if one.opening_value is None or one.closing_value is None:
        return *known, None, None, one.closing_value, None, None, None, *beside
    change = (one.closing_value - one.closing.cost) - (one.opening_value - one.opening.cost)
    closing: Decimal = (
        one.opening_value + one.added.cost - one.proceeds - one.unpriced + one.realised + change
    )
    gain = one.realised + change
    return (
        *known, change, closing, one.closing_value, closing - one.closing_value, max(gain, ZERO), max(-gain, ZERO),
        *beside,
    )  # fmt: skip
