"""Histories that change as venues' histories do: small alphabets, so that true twins and shared seconds are common."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recon.core.canonical import read_json, write_json
from recon.demo import cryptofuse, egera, ethgas
from recon.demo.venues import Books, Request, Venue

Row = dict[str, Any]
GROWING = ("append", "twin", "late", "return", "edit")
SHRINKING = ("remove", "edit")
ANY = ("append", "twin", "twin", "late", "remove", "remove", "return", "edit", "edit", "turn")
KINDS = ("deposit", "withdrawal", "bonus", "to_sub")
"""What moves a row of the first two says its type; of the others, the balance before them, or nothing."""
WALLET, TOKEN, SECRET = "w_1", "0xaa", "demo-secret"


class Change(NamedTuple):
    """Something that happens to one history. Its numbers are taken modulo what there is, so any change fits any."""

    what: str
    which: int
    place: int
    shape: int


@dataclass
class History:
    """The rows of one stream, in the venue's order. ``path`` stands in every request for them.

    ``key`` names the members that tell rows apart (none: all of them). ``edits`` are members that may change, each
    with its values. ``number`` gives the members that number a row; without it there may be true twins.
    ``mends``: a row met twice in one reading counts as it was met last, so it may change while pages are read.
    """

    stream: str
    path: str
    make: Callable[[int], Row]
    key: Sequence[str] = ()
    edits: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    number: Callable[[int], Row] | None = None
    newest_first: bool = True
    turns: bool = False
    mends: bool = True
    rows: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    _taken: set[int] = field(default_factory=set)

    def change(self, change: Change) -> None:
        """Rows come at the new end, as a twin of another, or late; they go, come back, and change."""
        what, _, place, shape = change
        place = place % len(self.rows) if self.rows else 0
        newest = 0 if self.newest_first else len(self.rows)
        if what == "remove" and self.rows:
            self.gone.append(self.rows.pop(place))
        elif what == "return" and self.gone:
            self.rows.insert(place, self.gone.pop())
        elif what == "edit" and self.rows and self.edits:
            name = sorted(self.edits)[shape % len(self.edits)]
            self.rows[place] = self.rows[place] | {name: _next(self.edits[name], self.rows[place][name])}
        elif what == "turn" and self.turns:
            self.rows.reverse()
        elif what == "twin" and self.rows:
            self.rows.insert(place, self._numbered(dict(self.rows[place])))
        elif what == "late":
            self.rows.insert(place, self._numbered(self.make(shape), late=True))
        elif what in ("append", "twin"):
            self.rows.insert(newest, self._numbered(self.make(shape)))

    def _numbered(self, row: Row, *, late: bool = False) -> Row:
        """Numbers of rows that are gone are not given again."""
        if self.number is None:
            return row
        number = min(self._taken, default=100) if late else max(self._taken, default=90) + 10
        while number in self._taken:
            number += 1
        self._taken.add(number)
        return row | self.number(number)

    def stated(self) -> Counter[str]:
        """The rows as records hold them."""
        return Counter(written(row) for row in self.rows)


def _next(values: Sequence[Any], now: Any) -> Any:
    return values[(values.index(now) + 1) % len(values)]


def written(row: Row) -> str:
    """A row as a record's data."""
    return write_json(read_json(json.dumps(row).encode()))


def _pick(shape: int, **choices: Sequence[Any]) -> Row:
    """One of each, told by the digits of a number."""
    found = {}
    for name, values in choices.items():
        shape, digit = divmod(shape, len(values))
        found[name] = values[digit]
    return found


@dataclass
class Stage:
    """A venue with its histories. ``fill`` puts the rows into its books.

    ``also`` are streams whose rows follow from the histories, ``keys`` what tells these rows apart.
    """

    name: str
    venue: Venue
    histories: Sequence[History]
    fill: Callable[[], None]
    settings: Mapping[str, Any]
    also: Callable[[], dict[str, Counter[str]]] = dict
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def asked(self, request: Request) -> int | None:
        """Which history a request is for."""
        text = f"{request.path}?{request.query.get('action', '')}"
        return next((number for number, one in enumerate(self.histories) if one.path in text), None)

    def stated(self) -> dict[str, Counter[str]]:
        """Each stream's rows."""
        return {one.stream: one.stated() for one in self.histories} | self.also()


def egera_stage() -> Stage:
    """Three whole lists."""
    done = ("0", "1", "2")
    deposits = History(
        "deposits/BTC", "?deposits",
        lambda shape: {"type": "h", "time": "1736000000"} | _pick(shape, amount="12", state=done),
        ("time", "amount", "type"), {"state": done}, newest_first=False, turns=True,
    )  # fmt: skip
    withdrawals = History(
        "withdrawals/PLN", "?withdrawals",
        lambda shape: {"address": "A", "time": "1739000000"} | _pick(shape, state=done, amount="12", tx=("", "t")),
        ("time", "amount", "address"), {"state": done, "tx": ("", "t")}, newest_first=False, turns=True,
    )  # fmt: skip
    terms = {
        "currency1": "btc",
        "currency2": "pln",
        "time_close": 1740000000,
        "price": "50000.01",
        "fee_taker": "50",
        "fee_maker": "30",
    }
    trades = History(
        "trades", "?history",
        lambda shape: terms
        | _pick(shape, type=("bid", "ask"), amount=("0.1", "0.33333333"), action=("open", "close")),
        newest_first=False, turns=True,
    )  # fmt: skip
    books: Books = {
        "balances": {"BTC": {"active": "1.00000000", "inactive": "0.00000000"}},
        "wallets": {"btc": {"decimal_point": "8"}, "pln": {"decimal_point": "2"}},
    }

    def fill() -> None:
        books["deposits"], books["withdrawals"] = {"btc": deposits.rows}, {"pln": withdrawals.rows}
        books["trades"] = trades.rows

    settings = {
        "kind": "egera",
        "account_id": egera.ACCOUNT_ID,
        "key": "file:secret",
        "currencies": ["BTC", "PLN"],
    }
    return Stage("egera", egera.Egera(books, key=SECRET), [deposits, withdrawals, trades], fill, settings)


def fuse_stage() -> Stage:
    """Pages by offset, newest first: the balance history, a wallet's transfers, and withdrawals beside the books."""
    seconds = ("2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z")
    history = History(
        "history",
        "/balances/history/",
        lambda shape: (
            {"currency": "BTC"}
            | _pick(shape, type=KINDS, amount="12", timestamp=seconds, balance_after="123")
        ),
        ("currency", "timestamp", "type", "amount", "balance_after"),
    )
    statuses = ("pending", "completed", "failed")
    transfers = History(
        f"transfers/{WALLET}", "/transfer-history/",
        lambda shape: {"currency": "BTC", "created_at": seconds[0]}
        | _pick(shape, status=statuses, transfer_type=("to_sub", "to_master"), amount="12"),
        ("id",), {"status": statuses}, lambda number: {"id": str(number)},
    )  # fmt: skip
    withdrawals = History(
        "withdrawals", "/withdrawal/",
        lambda shape: {"currency": "BTC", "created_at": seconds[0], "transaction_hash": "0x"}
        | _pick(shape, status=statuses, amount="12"),
        ("withdrawal_id",), {"status": statuses}, lambda number: {"withdrawal_id": str(number)},
    )  # fmt: skip
    books: Books = {"wallets": [{"id": "1", "wallet_id": WALLET, "balances": []}]}

    def fill() -> None:
        books["history"], books["transfers"] = history.rows, {WALLET: transfers.rows}
        books["withdrawals"] = withdrawals.rows

    settings = {"kind": "cryptofuse", "api_key": "file:secret", "page_size": 2}
    venue = cryptofuse.CryptoFuse(books, api_key=SECRET)
    return Stage("fuse", venue, [history, transfers, withdrawals], fill, settings)


def gas_stage(*, inclusive: bool, descending: bool) -> Stage:
    """Pages by cursor: transactions of two accounts, whose numbers may meet; deposits and withdrawals beside them."""

    def txs(account: int) -> History:
        def make(shape: int) -> Row:
            day = _pick(shape, createDate=(1736500000000, 1736586400000))
            terms = _pick(
                shape // 2, quantity=("1", "-2"), type=(8, 15, 7, 99), tokenId=(1, 1, 2), balance="123"
            )
            return {"accountId": account} | day | terms

        return History(
            f"txs/{account}", f"/{account}/txs", make, ("accountId", "trxId"), {"balance": ("1", "2", "3")},
            lambda number: {"trxId": number}, mends=False,
        )  # fmt: skip

    statuses = (1, 10, 101)
    withdraws = History(
        "funding/withdraws", "/funding/withdraws",
        lambda shape: {"accountId": 128, "tokenId": 1, "createDate": 1736500000000, "txHash": None}
        | _pick(shape, status=statuses, quantity="12"),
        ("requestId",), {"status": statuses, "txHash": (None, "0x01")}, lambda number: {"requestId": number},
    )  # fmt: skip
    deposits = History(
        "funding/deposits", "/funding/deposits",
        lambda shape: {"createDate": 1736500000000, "status": statuses[shape % 3], "deposits": [{"a": TOKEN, "q": 5}]},
        ("eventId",), {"status": statuses}, lambda number: {"eventId": number, "blockIdx": number // 2},
    )  # fmt: skip
    current, trading = txs(128), txs(129)
    books: Books = {
        "accounts": [
            {
                "accountId": one,
                "tokens": [{"tokenId": 1, "code": "ETH", "quantity": "1", "lockedQuantity": "0"}],
            }
            for one in (128, 129)
        ],
        "tokens": [
            {"tokenId": 1, "code": "ETH", "decimals": 1, "tokenAddress": TOKEN},
            {"tokenId": 2, "code": "USDC", "decimals": 6, "tokenAddress": "0xbb"},
        ],
    }

    def fill() -> None:
        books["txs"] = [*current.rows, *trading.rows]
        books["withdraws"], books["deposits"] = withdraws.rows, deposits.rows

    settings = {"kind": "ethgas", "access_token": "file:secret", "page_size": 3}
    venue = ethgas.EthGas(books, access_token=SECRET, inclusive=inclusive, descending=descending)
    return Stage(
        "gas", venue, [current, trading, withdraws, deposits], fill, settings,
        also=lambda: {"txs": current.stated() + trading.stated()}, keys={"txs": ("accountId", "trxId")},
    )  # fmt: skip


STAGES: dict[str, Callable[[bool, bool], Stage]] = {
    "egera": lambda first, second: egera_stage(),
    "fuse": lambda first, second: fuse_stage(),
    "gas": lambda inclusive, descending: gas_stage(inclusive=inclusive, descending=descending),
}
