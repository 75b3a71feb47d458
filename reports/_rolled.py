"""The tables that roll every place forward, and the entity as a whole, from opening to closing in units."""

from collections.abc import Sequence
from decimal import Decimal

from recon.core.books import Books
from recon.core.document import Cell, Column, Table
from recon.core.money import ZERO, exact

MOVED = (
    ("Deposits", "+"), ("Buys", "+"), ("Income", "+"), ("Transfers in", "+"), ("Sells", "-"), ("Withdrawals", "-"),
    ("Fees", "-"), ("Transfers out", "-"), ("Adjustments", "+"), ("Prior-period items", "+"),
    ("Stated openings", "+"), ("Other", "+"),
)  # fmt: skip
"""The columns of a roll-forward between opening and closing, in the order of RollForward."""


def roll_forward(books: Books) -> Table:
    """Opening to closing in units, the closing reckoned here and beside it the ledger's own."""
    rows: list[tuple[Cell, ...]] = []
    with exact():
        for one in books.roll_forward:
            closing = _rolled(one[3:-1])
            rows.append((*one[:-1], closing, one.closing, closing - one.closing))
    return Table(
        key="roll_forward",
        title="Roll-forward in units",
        note="Opening + Deposits + Buys + Income + Transfers in - Sells - Withdrawals - Fees - Transfers out + "
        "Adjustments + Prior-period items + Stated openings + Other = Closing. The ledger's own closing is summed "
        "apart; the check is the difference. Other stands against suspense and loans.",
        columns=[
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Asset"),
            *_rolled_columns("Closing by the ledger"),
        ],
        rows=rows,
        empty="Nothing was held or moved.",
    )


def entity_roll_forward(books: Books) -> Table:
    """The same for the entity, asset by asset, against the other side of the trial balance."""
    sums: dict[str, list[Decimal]] = {}
    rows: list[tuple[Cell, ...]] = []
    with exact():
        for one in books.roll_forward:
            before = sums.get(one.asset, [ZERO] * len(one[3:-1]))
            sums[one.asset] = [old + new for old, new in zip(before, one[3:-1], strict=True)]
        for asset in sorted(sums):
            closing, against = _rolled(sums[asset]), -books.against.get(asset, ZERO)
            rows.append((asset, *sums[asset], closing, against, closing - against))
    return Table(
        key="entity_roll_forward",
        title="Roll-forward of the entity in units",
        note="All places together, and what is under way between them. What stands against them are the other "
        "accounts of the trial balance, with the sign turned: the two are equal where it sums to zero.",
        columns=[Column(title="Asset"), *_rolled_columns("Against it in the trial balance")],
        rows=rows,
        empty="Nothing was held or moved.",
    )


def _rolled(amounts: Sequence[Decimal]) -> Decimal:
    """The closing of a row's columns from its opening on, in their order."""
    opening, *moved = amounts
    signs = [sign for _, sign in MOVED]
    return sum((-one if sign == "-" else one for one, sign in zip(moved, signs, strict=True)), opening)


def _rolled_columns(beside: str) -> list[Column]:
    reckoned = " ".join(["[Opening]", *(f"{sign} [{title}]" for title, sign in MOVED)])
    return [
        Column(title="Opening", kind="amount"),
        *(Column(title=title, kind="amount") for title, _ in MOVED),
        Column(title="Closing", kind="amount", formula=reckoned),
        Column(title=beside, kind="amount"),
        Column(
            title="Check", kind="amount", formula=f"{reckoned} - [{beside}]", total=True, zero_is_good=True
        ),
    ]
