"""A company's folder with stand-in venues behind it: small books that reconcile, and ways to break both."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recon.demo import cryptofuse, egera, ethgas
from recon.demo.venues import Request, Response, Venue, serve

VENUES = ("egera", "fuse", "gas")
BOOKS: dict[str, Any] = {
    "egera": {
        "balances": {
            "PLN": {"active": "3475.00", "inactive": "500.00"},
            "BTC": {"active": "0.60000000", "inactive": "0.00000000"},
        },
        "deposits": {
            "pln": [{"time": "1736000000", "amount": "10000.00", "type": "FT1", "state": "1"}],
            "btc": [
                {"time": "1738400000", "amount": "0.50000000", "type": "aa11", "state": "1"},
                {"time": "1743300000", "amount": "0.25000000", "type": "bb22", "state": "0"},
            ],
        },
        "withdrawals": {
            "pln": [{"time": "1739000000", "amount": "1000.00", "tx": "ZL1", "address": "PL61", "state": "1"}]
        },
        "trades": [
            {
                "currency1": "btc", "currency2": "pln", "amount": "0.10000000", "time_close": 1740000000,
                "price": "50000.00", "fee_taker": "50", "fee_maker": "30", "type": "bid", "action": "close",
            }
        ],
    },
    "fuse": {
        "balances": {"account": {"BTC": "1.75", "USDTERC20": "1000.000001", "ETH": "0"}, "sub_accounts": {}},
        "history": [
            {"timestamp": f"2025-{at}Z", "currency": currency, "type": kind, "amount": amount, "balance_after": after}
            for at, currency, kind, amount, after in (
                ("03-05T09:30:00", "BTC", "deposit", "0.5", "1.75"),
                ("02-10T10:00:00", "BTC", "withdrawal", "0.25", "1.25"),
                ("02-01T12:00:00", "USDTERC20", "deposit", "1000.000001", "1000.000001"),
                ("01-10T10:00:00", "BTC", "deposit", "1.5", "1.5"),
            )
        ],
    },
    "gas": {
        "accounts": [
            {
                "accountId": account,
                "tokens": [{"tokenId": 1, "code": "ETH", "quantity": quantity, "lockedQuantity": locked}],
            }
            for account, quantity, locked in ((128, "6", "0"), (129, "3.495", "1"))
        ],
        "txs": [
            {
                "trxId": number, "accountId": account, "tokenId": 1, "type": kind, "quantity": quantity,
                "balance": balance, "createDate": 1736500000000 + number * 86400000,
            }
            for number, account, kind, quantity, balance in (
                (1, 128, 8, "10", "10"), (2, 128, 7, "-4", "6"), (3, 129, 6, "4", "4"),
                (4, 129, 10, "-0.5", "3.5"), (5, 129, 15, "-0.005", "3.495"),
            )
        ],
    },
}  # fmt: skip
BALANCES = [
    ("egera", "main", "BTC", "0.6"),
    ("egera", "main", "PLN", "3975"),
    ("fuse", "main", "BTC", "1.75"),
    ("fuse", "main", "USDTERC20", "1000.000001"),
    ("gas", "128", "ETH", "6"),
    ("gas", "129", "ETH", "3.495"),
]
"""What the ledger holds after these books were pulled."""
SECRETS = {"egera": egera.KEY, "fuse": cryptofuse.CLIENT_SECRET, "gas": ethgas.ACCESS_TOKEN}


@dataclass
class Switched:
    """A venue that can be told to answer something else instead."""

    venue: Any
    instead: Callable[[Request], Response | None] = lambda request: None

    def answer(self, request: Request) -> Response:
        found = self.instead(request)
        return self.venue.answer(request) if found is None else found

    def mend(self) -> None:
        """Answers as it should again."""
        self.instead = lambda request: None

    @property
    def books(self) -> Any:
        """What the venue serves; changes show at the next request."""
        return self.venue.books


class House:
    """``folder`` holds recon.toml and the secrets; ``egera``, ``fuse`` and ``gas`` are served on loopback."""

    def __init__(self, folder: Path, stack: ExitStack, books: Mapping[str, Any]) -> None:
        self.folder = folder
        self.egera = Switched(egera.Egera(books.get("egera", {})))
        self.fuse = Switched(cryptofuse.CryptoFuse(books.get("fuse", {})))
        self.gas = Switched(ethgas.EthGas(books.get("gas", {})))
        self.urls = {name: stack.enter_context(serve(getattr(self, name))) for name in VENUES}
        for name, secret in SECRETS.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(secret)

    def settings(self, *sources: str, **changes: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration of these sources; ``changes`` are added to the table of a source."""
        urls = self.urls
        every: dict[str, dict[str, Any]] = {
            "egera": {
                "kind": "egera",
                "base_url": urls["egera"],
                "account_id": egera.ACCOUNT_ID,
                "key": "file:egera",
            },
            "fuse": {
                "kind": "cryptofuse",
                "base_url": f"{urls['fuse']}/api/v1",
                "token_url": f"{urls['fuse']}/o/token/",
                "client_id": cryptofuse.CLIENT_ID,
                "client_secret": "file:fuse",
            },
            "gas": {"kind": "ethgas", "base_url": f"{urls['gas']}/api", "access_token": "file:gas"},
            "broker": {"kind": "csv", "path": "broker/*.csv"},
        }
        return {
            "entity": {"name": "Example Sp. z o.o.", "timezone": "Europe/Warsaw", "base_currency": "PLN"},
            "ledger": {"url": "sqlite:///recon.db"},
            "evidence": {"path": "evidence"},
            "sources": {name: {**every[name], **changes.get(name, {})} for name in sources},
        }

    def write(self, settings: Mapping[str, Any]) -> Path:
        """Writes recon.toml."""
        path = self.folder / "recon.toml"
        path.write_text("\n".join(toml(settings)), encoding="utf-8")
        return path


@contextmanager
def house(folder: Path, *sources: str, books: Mapping[str, Any] = BOOKS) -> Iterator[House]:
    """A folder with these sources configured, their venues served from a copy of ``books``."""
    with ExitStack() as stack:
        made = House(folder, stack, deepcopy(dict(books)))
        made.write(made.settings(*sources))
        yield made


def toml(tables: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """The lines of a TOML file. Strings, numbers, truth values and lists are written as in JSON."""
    inner = {key: value for key, value in tables.items() if isinstance(value, dict)}
    lists = {
        key: value
        for key, value in tables.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    for key, value in tables.items():
        if key not in inner and key not in lists:
            yield f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in inner.items():
        yield f"[{place}{key}]"
        yield from toml(value, f"{place}{key}.")
    for key, rows in lists.items():
        for row in rows:
            yield f"[[{place}{key}]]"
            yield from toml(row)


def always(status: int, body: bytes, kind: str = "application/json") -> Callable[[Request], Response]:
    """A venue that answers everything alike."""
    return lambda request: Response(status, {"Content-Type": kind}, body)


def dead(request: Request) -> Response:
    """A venue that hangs up."""
    raise ConnectionAbortedError


def places(balances: Iterable[Mapping[str, str]]) -> list[tuple[str, ...]]:
    """Balances as tuples, in the order in which they were given."""
    return [(one["source"], one["account"], one["asset"], one["quantity"]) for one in balances]


def venue_of(switched: Switched) -> Venue:
    """The stand-in behind the switch, with the requests that reached it."""
    assert isinstance(switched.venue, Venue)
    return switched.venue
