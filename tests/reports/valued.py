"""The general ledger, the lots and the prices of the hand-written month: made from its roll-forward, to tie with it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from recon.core.books import Posting, RollForward, Trial
from recon.core.holdings import Gain, OpenLot, Position, PriceUsed, Stock

NONE = Decimal(0)
UNPRICED = "no price of USDT in PLN within 3 days for 2025-03-31 21:59:59.999999 UTC: nothing prices it"
UNTOLD = "nobody said what this withdrawal to outside was; a rule in [rules] can"
_Moves = list[tuple[str, Decimal]]


def postings(rows: Sequence[RollForward], start: datetime, answer: str) -> list[Posting]:
    """Each flow of a roll-forward as an entry with two postings."""
    moves: dict[tuple[str, str], list[tuple[datetime, RollForward, str, Decimal]]] = defaultdict(list)
    for number, one in enumerate(rows):
        place = f"assets:{one.source}:{one.account}"
        flows = [
            (one.deposits, f"external:{one.source}"),
            (-one.sells, "trading"),
            (-one.withdrawals, f"external:{one.source}"),
        ]
        for step, (quantity, contra) in enumerate(flows):
            if quantity:
                at, entry = start + timedelta(hours=number + 30 * step), f"{one.source}/{10 * number + step}"
                moves[place, one.asset].append((at, one, entry, quantity))
                moves[contra, one.asset].append((at, one, entry, -quantity))
    found = []
    for (account, asset), posted in sorted(moves.items()):
        balance = sum(
            (
                one.opening
                for one in rows
                if f"assets:{one.source}:{one.account}" == account and one.asset == asset
            ),
            NONE,
        )
        for at, one, entry, quantity in sorted(posted, key=lambda move: (move[0], move[2])):
            balance += quantity
            stated = balance if one.source == "fuse" and account.startswith("assets") else None
            found.append(
                Posting(
                    account,
                    asset,
                    at,
                    one.source,
                    entry,
                    "trade",
                    quantity,
                    balance,
                    stated,
                    answer,
                    f"/data/{entry}",
                )
            )
    return found


def trial_balance(rows: Sequence[RollForward], posted: Sequence[Posting]) -> list[Trial]:
    """The same by account, with the other side of the openings."""
    openings: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in rows:
        openings[f"assets:{one.source}:{one.account}", one.asset] += one.opening
        openings["opening", one.asset] -= one.opening
    moved: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for place, some in groupby(posted, key=lambda one: (one.account, one.asset)):
        moved[place] = [one.quantity for one in some]
    found = []
    for account, asset in sorted({*openings, *moved}):
        opening, quantities = openings[account, asset], moved[account, asset]
        debit = sum((one for one in quantities if one > 0), NONE)
        credit = -sum((one for one in quantities if one < 0), NONE)
        closing = opening + debit - credit
        price = Decimal(1) if asset == "PLN" else Decimal("310000.5") if asset == "BTC" else None
        value = NONE if not closing else None if price is None else closing * price
        lacks = UNPRICED.replace("USDT", asset) if value is None else ""
        found.append(Trial(account, asset, opening, debit, credit, closing, price, value, lacks))
    return found


def _stock(words: str) -> Stock:
    return Stock(*map(Decimal, words.split()))


POSITIONS = [
    Position(
        asset="BTC", opening=_stock("1.75218776 500000 0"), added=_stock("0.41182554 150000.5 0"),
        disposed=_stock("0.43842562 120000.25 0"), closing=_stock("1.72558768 530000.25 0"),
        proceeds=Decimal(140_000), realised=Decimal("19999.75"), unpriced=NONE, uncosted_proceeds=NONE,
        opening_price=Decimal(300_000), closing_price=Decimal("310000.5"), opening_value=Decimal("525656.328"),
        closing_value=Decimal("534933.04359384"), uncosted_value=NONE, short=NONE, ledger=Decimal("1.72558768"),
        late=NONE, outside=NONE, unknown=0, lacks="",
    ),
    Position(
        asset="USDT", opening=_stock("25000 100000 0"), added=_stock("12044.21 48000 0.21"),
        disposed=_stock("9800.5 39000 0"), closing=_stock("27243.71 109000 0.21"),
        proceeds=NONE, realised=NONE, unpriced=Decimal(39_000), uncosted_proceeds=NONE,
        opening_price=None, closing_price=None, opening_value=None, closing_value=None, uncosted_value=None,
        short=NONE, ledger=Decimal("27243.71"), late=NONE, outside=NONE, unknown=1, lacks=f"{UNPRICED}; {UNTOLD}",
    ),
]  # fmt: skip


def gains(at: datetime) -> list[Gain]:
    """Two disposals: one that is known whole, one of which nothing tells what it brought."""
    bought = at - timedelta(days=90)
    return [
        Gain(
            "BTC", "sale", at, "egera/814", "egera:main", Decimal("0.43842562"), Decimal(140_000),
            Decimal("120000.25"), Decimal("19999.75"), bought, "egera/12", "fifo", True, "", (0, 1),
        ),
        Gain(
            "USDT", "withdrawal to outside", at, "egera/815", "egera:main", Decimal("9800.5"), None, Decimal(39_000),
            None, bought, "egera/13", "fifo", True, f"proceeds: {UNTOLD}",
        ),
    ]  # fmt: skip


def open_lots(at: datetime) -> list[OpenLot]:
    """What is left of the lots."""
    return [
        OpenLot("BTC", at, "egera/12", "purchase", Decimal("1.72558768"), Decimal("530000.25")),
        OpenLot("USDT", at, "egera/13", "purchase", Decimal("27243.5"), Decimal(109_000)),
        OpenLot("USDT", at, "egera/14", "deposit from outside", Decimal("0.21"), None),
    ]


def prices(at: datetime, answer: str) -> list[PriceUsed]:
    """One that a venue quotes, one that people stated."""
    return [
        PriceUsed("BTC", "PLN", Decimal("310000.5"), at, "trades", "own trades", 3, 871, "egera/12", "", ""),
        PriceUsed(
            "ETH", "PLN", Decimal(7200), at, "manual", "stated prices", 1, 0, "answer 61 /value", answer, "Jan Kowalski"
        ),
    ]  # fmt: skip


POLICIES = {"Base currency": "PLN", "Cost of what leaves": "First in, first out", "Order of prices": "trades"}
