"""A stand-in for Egera: one root path, everything in the query string, business errors with HTTP 200.

Books (all keys optional): ``account``, ``balances`` by upper-case currency, ``deposit`` (addresses),
``has_address``, ``debit_fee``, ``trades`` (ascending), ``deposits`` and ``withdrawals`` by lower-case
currency (ascending), ``offers``, ``wallets`` by lower-case currency, ``volumes``, ``affiliate``, ``limits``,
``ticker``, ``markets`` (public trades by market, newest first), ``logins`` (newest first). What ``wallets`` and
``volumes`` leave out follows from the other keys.

Where the venue's documentation is silent this stand-in chooses: the code of a refused key, volumes as the sum
of the base amounts ever traded, and a refusal of a currency that is missing or not in lower case. Trades and login
history are documented under one action: it brings the trades, or the logins where the books have some but no trades.
"""

import re
from decimal import Decimal
from typing import Any

from recon.demo.venues import Books, Request, Response, Venue, as_json

ACCOUNT_ID = "918872936"
KEY = "demo-egera-key"
FIAT = frozenset({"pln", "eur", "usd", "gbp"})
REFUSED = 5001
NOW_S = 1743458400
_HISTORY = re.compile(r"/stats/history_([a-z0-9]+)\.json")


class Egera(Venue):
    """The venue. Whatever is not a read that it serves counts as a violation, and is answered as done.

    So does the key where none is needed, in the request for a public file.
    """

    def __init__(self, books: Books, *, account_id: str = ACCOUNT_ID, key: str = KEY) -> None:
        super().__init__()
        self.books = books
        self.account_id = account_id
        self.key = key

    def reply(self, request: Request) -> Response:
        """Answer the public files without a key, the account's reads with one, and nothing else."""
        if request.path != "/":
            if request.query:
                self.violations.append(request)
            found = self._public(request) if request.method == "GET" else None
            if found is None:
                return Response(404, {"Content-Type": "text/html"}, b"<html>404 Not Found</html>")
            return as_json(found)
        query = request.query
        payload = self._payload(query)
        if payload is None or (request.method, query.get("method")) != ("GET", "account"):
            self.violations.append(request)
            return as_json({"success": True, "code": "5053", "message": "Done"})
        if (query.get("id"), query.get("key")) != (self.account_id, self.key):
            return _refusal("Wrong id or key")
        if query["action"] in {"deposits", "withdrawals"} and not query.get("currency", "").islower():
            return _refusal("Wrong currency")
        return as_json({"success": True, **payload})

    def _public(self, request: Request) -> Books | None:
        """The ticker, or the trades of a market that is in it."""
        ticker = self.books.get("ticker", {})
        if request.path == "/stats/ticker.json":
            return dict(ticker)
        found = _HISTORY.fullmatch(request.path)
        for market in ticker:
            base, _, quote = market.partition("_")
            if found and found[1] == base + quote:
                rows = self.books.get("markets", {}).get(market, [])
                return {"data": {"market1": base, "market2": quote, "timestamp": NOW_S}, "history": rows}
        return None

    def _payload(self, query: dict[str, str]) -> Books | None:
        """What a read answers beside ``success``, or None where the action is no read."""
        books, action = self.books, query.get("action")
        match action:
            case "info":
                return {
                    "account": books.get("account", {}),
                    "balances": books.get("balances", {}),
                    "deposit": books.get("deposit", {}),
                    "has_address": books.get("has_address", False),
                    "debit_fee": books.get("debit_fee", "0.03"),
                }
            case "history":
                if "logins" in books and "trades" not in books:
                    return {str(number): row for number, row in enumerate(books["logins"])}
                return {"history": books.get("trades", [])}
            case "deposits" | "withdrawals":
                return {"history": books.get(action, {}).get(query.get("currency"), [])}
            case "volumes":
                return {"volumes": books.get("volumes", _volumes(books))}
            case "getwalletsstatus":
                return _wallets(books, query.get("currency"))
            case "affiliate":
                return {"affiliate": books.get("affiliate", _NO_AFFILIATE)}
            case "limits":
                return dict(books.get("limits", {"limitMonthly": 0, "limitYearly": 0}))
            case "activeoffers":
                return {"offers": books.get("offers", [])}
        return None


_NO_AFFILIATE: Books = {"earned": 0, "verified": "0", "registered": "0", "earnTabele": {}, "list": []}


def _refusal(message: str) -> Response:
    return as_json(
        {"success": False, "timestamp": "0.44158900 1743458400", "code": REFUSED, "message": message}
    )


def _wallets(books: Books, currency: str | None) -> Books:
    stated = books.get("wallets", {})
    named = {name.lower() for name in books.get("balances", {})}
    named.update(stated, books.get("deposits", {}), books.get("withdrawals", {}))
    for trade in books.get("trades", []):
        named.update((trade["currency1"], trade["currency2"]))
    return {name: stated.get(name, _wallet(name)) for name in sorted(named) if currency in {None, name}}


def _wallet(currency: str) -> dict[str, Any]:
    return {
        "last_block_time": "1743458400",
        "node_status": "1",
        "is_online": True,
        "connections": "8",
        "current_optimal_fee": "0",
        "current_minimum_amount": "0",
        "decimal_point": "2" if currency in FIAT else "8",
        "id": currency,
        "confirmations": "2",
    }


def _volumes(books: Books) -> list[dict[str, str]]:
    sums: dict[str, Decimal] = {}
    for trade in books.get("trades", []):
        base = trade["currency1"]
        sums[base] = sums.get(base, Decimal(0)) + Decimal(trade["amount"])
    return [{"amount": format(sums[base], "f"), "currency": base} for base in sorted(sums)]
