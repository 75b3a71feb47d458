"""Made-up books of four venues: what truly happened, what each states after its rows, and what it holds.

``gas`` and ``fuse`` state a balance after every row, ``broker`` after most, ``egera`` after none. All but the broker
are looked at every few days. A row may share its second with others; a page has ten rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from recon.core.money import ZERO, exact, round_to
from tests.checks._ledger import START

PAGE = 10
DAYS = 40
END = datetime(2025, 2, 1)  # noqa: DTZ001 # of January; the tables hold UTC without a zone
DECIMALS = {"PLN": 2, "EUR": 2, "USDC": 6, "USDTERC20": 6, "BTC": 8, "WETH": 18}
SIZES = {"PLN": (4, 7), "EUR": (4, 7), "USDC": (8, 11), "USDTERC20": (8, 11), "BTC": (6, 8), "WETH": (16, 19)}
"""How many digits an amount has, counted in units of its last decimal."""
KINDS = {"egera": "egera", "fuse": "cryptofuse", "gas": "ethgas", "broker": "csv"}
MAKER = Decimal("0.0030")
"""Egera's fee, of the rounded quote, and ETHGas's, of what was paid."""
LEAVING = Decimal("0.0005")
"""ETHGas's flat fee on a withdrawal of WETH."""
NETWORK = Decimal("0.0001")
"""What sending BTC may cost."""

_SOON, _LATE = timedelta(minutes=1), timedelta(days=2)

Place = tuple[str, str, str]
"""Source, account and asset."""


class Leg(NamedTuple):
    """One account's part of a row. ``account`` is None but for class ``assets``."""

    account: str | None
    of: str
    asset: str
    quantity: Decimal
    after: Decimal | None = None


class Row(NamedTuple):
    """One row as a venue lists it. ``turn`` is its place in the venue's own order, ``pull`` the pull that brought it.

    From the pull ``until`` on the venue lists it no more, or otherwise.
    """

    source: str
    stream: str
    at: datetime
    ordinal: int
    kind: str
    legs: tuple[Leg, ...]
    record: int
    turn: int
    pull: int = 0
    until: int | None = None
    txid: str = ""
    address: str = ""

    @property
    def held(self) -> tuple[Leg, ...]:
        """The parts that move a balance."""
        return tuple(leg for leg in self.legs if leg.of == "assets")

    def moved(self, place: Place) -> Decimal:
        """What it moves in a chain."""
        return sum(
            (leg.quantity for leg in self.held if (self.source, leg.account, leg.asset) == place), ZERO
        )

    def places(self) -> list[Place]:
        """The chains it moves."""
        return [(self.source, leg.account or "", leg.asset) for leg in self.held]


@dataclass
class Books:
    """``pulls`` are the moments of the pulls; the last comes after every row.

    ``used`` holds which place moved an amount from or to outside: another one would look like its other half.
    """

    rows: list[Row] = field(default_factory=list)
    pulls: list[datetime] = field(default_factory=list)
    used: dict[tuple[str, Decimal], tuple[str, str]] = field(default_factory=dict)

    def looked_at(self) -> list[str]:
        """The sources that say what they hold."""
        return [
            source
            for source in KINDS
            if source != "broker" and any(one.source == source for one in self.rows)
        ]

    def held(self, source: str, pull: int) -> dict[Place, Decimal]:
        """What a venue holds at a pull."""
        found: dict[Place, Decimal] = {}
        for row in self.rows:
            if row.source == source and row.pull <= pull and (row.until is None or pull < row.until):
                for leg in row.held:
                    place = (source, leg.account or "", leg.asset)
                    found[place] = found.get(place, ZERO) + leg.quantity
        return found


class Venue:
    """Writes one venue's rows, in its own order, and knows what it holds."""

    def __init__(self, books: Books, random: Random, source: str, size: int) -> None:
        self.books = books
        self.random = random
        self.source = source
        self.step = DAYS * 86_400 // (size + 1)
        self.at = START + timedelta(seconds=random.randrange(3_600))
        self.number = random.randrange(10**6)
        self.balances: dict[tuple[str, str], Decimal] = {}

    def on(self) -> None:
        """The time goes on, or stays in the same second."""
        if self.random.randrange(4):
            self.at += timedelta(seconds=self.random.randrange(1, 8 * self.step // 3))

    def amount(self, asset: str) -> Decimal:
        """As people and programs write them: to the last decimal, or a round one; seldom dust, seldom a fortune."""
        digits = self.random.randint(*SIZES[asset])
        choice = self.random.randrange(40)
        if choice == 0:
            units = self.random.randrange(1, 10)
        elif choice == 1:
            units = self.random.randrange(10 ** (digits + 7), 10 ** (digits + 8))
        elif choice < 8:
            units = self.random.randrange(1, 100) * 10 ** (digits - 2)
        else:
            units = self.random.randrange(10 ** (digits - 1), 10**digits)
        return Decimal(units).scaleb(-DECIMALS[asset])

    def spare(self, account: str, asset: str) -> Decimal | None:
        """An amount that the place can pay; None where it holds too little."""
        held = self.balances.get((account, asset), ZERO)
        wanted = self.amount(asset)
        return wanted if wanted < held else None

    def write(
        self,
        kind: str,
        moves: list[tuple[str, str, Decimal, str]],
        *,
        stated: bool,
        stream: str = "",
        txid: str = "",
    ) -> Row:
        """A row of moves (account, asset, quantity, class of the other side), which may state what they leave."""
        legs: list[Leg] = []
        net: dict[tuple[str, str], Decimal] = {}
        for account, asset, quantity, contra in moves:
            net[account, asset] = net.get((account, asset), ZERO) + quantity
            legs.append(Leg(None, contra, asset, quantity.copy_negate()))
        for place, quantity in net.items():
            after = self.balances[place] = self.balances.get(place, ZERO) + quantity
            first = place == (moves[0][0], moves[0][1])
            legs.append(Leg(*place[:1], "assets", place[1], quantity, after if stated and first else None))
        self.number += self.random.randint(1, 9)
        moment = (self.at - START) // timedelta(microseconds=1)
        row = Row(
            self.source, stream or moves[0][0], self.at, self.number if self.source == "gas" else moment, kind,
            tuple(legs), record=len(self.books.rows) + 1, turn=2 * len(self.books.rows), txid=txid,
        )  # fmt: skip
        self.books.rows.append(row)
        return row

    def funding(self, account: str, asset: str, *, stated: bool = True, stream: str = "") -> Row:
        """A withdrawal where the place can pay one, else a deposit."""
        kind, amount = "withdrawal", self.spare(account, asset) if self.random.randrange(2) else None
        if amount is None:
            kind, amount = "deposit", self.amount(asset)
        while self.books.used.setdefault((asset, amount), (self.source, account)) != (self.source, account):
            amount += Decimal(1).scaleb(-DECIMALS[asset])
        if kind == "withdrawal" and amount > self.balances[account, asset]:
            kind = "deposit"
        move = (account, asset, amount if kind == "deposit" else amount.copy_negate(), "external")
        return self.write(kind, [move], stated=stated, stream=stream and f"{kind}s/{asset}")


def egera(venue: Venue) -> None:
    """Trades of BTC for PLN with their fee in the quote, deposits and withdrawals; no balance after any row."""
    base, quote = "BTC", "PLN"
    amount, price = venue.amount(base), Decimal(venue.random.randrange(150_000, 450_000))
    paid = round_to(amount * price, 2, "half_up")
    fee = round_to(paid * MAKER, 2, "half_up")
    side = venue.random.choice(["buy", "sell", "fund"])
    if side == "buy" and paid + fee < venue.balances.get(("main", quote), ZERO):
        signed = (amount, paid.copy_negate())
    elif side == "sell" and amount < venue.balances.get(("main", base), ZERO):
        signed = (amount.copy_negate(), paid)
    else:
        venue.funding("main", venue.random.choice([base, quote]), stated=False, stream="funding")
        return
    moves = [("main", base, signed[0], "trading"), ("main", quote, signed[1], "trading")]
    fees = [("main", quote, fee.copy_negate(), "fees")] if fee else []
    venue.write(side, moves + fees, stated=False, stream="trades")


def fuse(venue: Venue) -> None:
    """The main account's history; what moves to a wallet of ``sub`` leaves through transit."""
    asset = venue.random.choice(["BTC", "USDTERC20"])
    sent = venue.spare("main", asset) if venue.random.randrange(4) == 0 else None
    if sent is None:
        if not _arrived(venue):
            venue.funding("main", asset)
        return
    venue.write("to_sub", [("main", asset, sent.copy_negate(), "transit")], stated=True)
    venue.write("transfer_in", [("sub", asset, sent, "transit")], stated=False)


def _arrived(venue: Venue) -> bool:
    """Takes in what left Egera in the last two days, whole or less the fee of the chain, under the same hash."""
    for number, row in enumerate(venue.books.rows):
        age = venue.at - row.at
        if (row.source, row.stream, row.txid) == ("egera", "withdrawals/BTC", "") and _SOON < age < _LATE:
            sent, txid = row.held[0].quantity.copy_negate(), f"0x{row.record:064x}"
            arriving = sent - NETWORK if venue.random.randrange(2) and sent > NETWORK else sent
            venue.write("deposit", [("main", "BTC", arriving, "external")], stated=True, txid=txid)
            venue.books.rows[number] = row._replace(txid=txid)
            return True
    return False


def gas(venue: Venue) -> None:
    """Each leg of a trade and each fee is a row of its own. ``quantity`` is signed; two accounts."""
    account, other = venue.random.sample(["128", "129"], 2)
    bought, price = venue.amount("WETH"), Decimal(venue.random.randrange(2_000, 4_000))
    paid = round_to(bought * price, 6, "half_up")
    fee = round_to(paid * MAKER, 6, "half_up")
    choice = venue.random.randrange(5)
    sent = venue.spare(account, "WETH") if choice in (0, 1) else None
    if choice == 2 and paid + fee < venue.balances.get((account, "USDC"), ZERO):
        venue.write("sell", [(account, "USDC", paid.copy_negate(), "trading")], stated=True)
        venue.write("buy", [(account, "WETH", bought, "trading")], stated=True)
        venue.write("transaction_fee", [(account, "USDC", fee.copy_negate(), "fees")], stated=True)
    elif choice == 0 and sent is not None:
        venue.write("transfer_out", [(account, "WETH", sent.copy_negate(), "transit")], stated=True)
        venue.write("transfer_in", [(other, "WETH", sent, "transit")], stated=True)
    elif (
        choice == 1
        and sent is not None
        and ("WETH", sent) not in venue.books.used
        and sent + LEAVING < venue.balances[account, "WETH"]
    ):
        venue.books.used[("WETH", sent)] = ("gas", account)
        venue.write("withdrawal", [(account, "WETH", sent.copy_negate(), "external")], stated=True)
        venue.write("withdrawal_fee", [(account, "WETH", LEAVING.copy_negate(), "fees")], stated=True)
    else:
        asset = venue.random.choice(["WETH", "USDC"])
        amount = venue.amount(asset)
        while venue.books.used.setdefault((asset, amount), ("gas", account)) != ("gas", account):
            amount += Decimal(1).scaleb(-DECIMALS[asset])
        venue.write("deposit", [(account, asset, amount, "external")], stated=True)


def broker(venue: Venue) -> None:
    """A file with a balance after most rows; a trade states that of what it buys or sells, not of what it costs."""
    stated = venue.random.randrange(4) > 0
    amount, price = venue.amount("BTC"), Decimal(venue.random.randrange(40_000, 100_000))
    paid = round_to(amount * price, 2, "half_up")
    if venue.random.randrange(3) == 0 and paid < venue.balances.get(("main", "EUR"), ZERO):
        moves = [("main", "BTC", amount, "trading"), ("main", "EUR", paid.copy_negate(), "trading")]
        venue.write("buy", moves, stated=stated, stream="rows")
        return
    row = venue.funding("main", venue.random.choice(["BTC", "EUR"]), stated=stated)
    venue.books.rows[-1] = row._replace(stream="rows")


WRITERS: dict[str, Callable[[Venue], None]] = {"egera": egera, "fuse": fuse, "gas": gas, "broker": broker}


def made(random: Random, size: int) -> Books:
    """Books of one to three venues, ``size`` steps each."""
    books = Books()
    with exact():
        for source in sorted(random.sample(sorted(WRITERS), random.randint(1, 3))):
            venue = Venue(books, random, source, size)
            for _ in range(size):
                venue.on()
                WRITERS[source](venue)
    books.pulls = list(_pulls(random, max(row.at for row in books.rows)))
    books.rows = [
        row._replace(pull=next(number for number, at in enumerate(books.pulls) if at > row.at))
        for row in books.rows
    ]
    return books


def _pulls(random: Random, last: datetime) -> Iterator[datetime]:
    """Every two to six days, at any time, and once more when all is over."""
    at = START
    while (at := at + timedelta(seconds=random.randrange(2 * 86_400, 6 * 86_400))) < last:
        yield at
    yield max(at, START + timedelta(days=DAYS)) + timedelta(days=5)
