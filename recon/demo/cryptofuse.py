"""A stand-in for CryptoFuse: a token at the host's root, and every read that a bookkeeper needs, in its newest shape.

Books (all keys optional): ``balances`` (the whole answer), ``history``, ``payments`` and ``withdrawals`` (newest
first, as they are served; ``transactions`` are made of the two), ``currencies``, ``fees``, ``me`` (whole answers but
for the first, which is a list), ``rates`` (dollars for one unit, by currency, as text), ``wallets`` (a list) and
``transfers`` (newest first, by wallet_id). ``addresses`` in the sample data are the company's own deposit addresses;
no answer carries them.

Where the documentation is silent this stand-in chooses: 20 rows a page unless asked, 100 at most, and
``limit`` in the answer is the size that was used.
"""

import base64
import binascii
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from recon.demo.venues import Books, Request, Response, Venue, as_json, bearer

CLIENT_ID = "recon"
CLIENT_SECRET = "demo-fuse-secret"  # noqa: S105 - guards nothing but the sample data
TOKEN_PATH = "/o/token/"  # noqa: S105 - a path
ROOT = "/api/v1"
TRANSFERS_PATH = f"{ROOT}/wallets/transfer-history/"
# Reads although they are POSTs; the second is not served.
READ_POSTS = frozenset({TRANSFERS_PATH, f"{ROOT}/withdrawal/status/"})
PAGE_DEFAULT, PAGE_MAX = 20, 100
PAYMENTS_PAGE = 30


class CryptoFuse(Venue):
    """The venue. ``tokens`` maps each token to the time of the clock when it ends; clear it to expire all."""

    def __init__(
        self,
        books: Books,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        api_key: str | None = None,
        expires_in: int = 36000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.books = books
        self.client = (client_id, client_secret)
        self.api_key = api_key
        self.expires_in = expires_in
        self.clock = clock
        self.issued = 0
        self.tokens: dict[str, float] = {}

    def reply(self, request: Request) -> Response:
        """Answer the token request and the reads; any other request that is not a read is a violation."""
        if (request.method, request.path) == ("POST", TOKEN_PATH):
            return self._token(request)
        if request.method != "GET" and request.path not in READ_POSTS:
            self.violations.append(request)
            return as_json({"status": "completed"})
        if not self._knows(request):
            return _error(
                401, "authentication_failed", "Authentication credentials were not provided or expired."
            )
        if (request.method, request.path) == ("POST", TRANSFERS_PATH):
            return self._transfers(request.body)
        if request.method == "GET":
            return self._read(request)
        return _error(404, "not_found", "No such resource.")

    def _read(self, request: Request) -> Response:
        books, query = self.books, request.query
        wallets = books.get("wallets", [])
        whole = {
            "/user/balances/": books.get("balances", {"account": {}, "sub_accounts": {}, "statistics": {}}),
            "/user/fees/": books.get("fees", {"transaction_fees": {}, "withdrawal_fees": {}}),
            "/user/me/": books.get("me", {"transaction_fee": "0.0", "is_fee_paid_by_user": True}),
            "/currencies/": {"currencies": books.get("currencies", [])},
            "/wallets/": {"accounts": wallets, "total": len(wallets)},
        }
        path = request.path.removeprefix(ROOT)
        if path in whole:
            return as_json(whole[path])
        if path == "/user/balances/history/":
            return _slice("history", books.get("history", []), query, ("currency", "type"), echo=True)
        if path == "/withdrawal/":
            return _slice("withdrawals", books.get("withdrawals", []), query, ("status",))
        if path == "/payments/":
            return _page(request, books.get("payments", []), PAYMENTS_PAGE)
        if path == "/transactions/transactions/":
            return _page(request, self._transactions(), PAGE_DEFAULT)
        if path == "/rates/":
            return self._rate(query)
        return _error(404, "not_found", "No such resource.")

    def _token(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        stated = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if stated != self.client:
            return as_json({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return as_json({"error": "unsupported_grant_type"}, 400)
        self.issued += 1
        token = f"demo-fuse-token-{self.issued}"
        self.tokens[token] = self.clock() + self.expires_in
        granted = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        return as_json({**granted, "scope": form.get("scope", "read write")})

    def _knows(self, request: Request) -> bool:
        if self.api_key is not None and request.headers.get("x-api-key") == self.api_key:
            return True
        end = self.tokens.get(bearer(request) or "")
        return end is not None and self.clock() < end

    def _transfers(self, body: bytes) -> Response:
        """One wallet's transfers. It goes by its ``wallet_id`` alone, and numbers must be JSON numbers."""
        try:
            asked = json.loads(body)
            name, limit, offset = asked["wallet_id"], asked.get("limit", PAGE_DEFAULT), asked.get("offset", 0)
        except (ValueError, TypeError, KeyError, AttributeError):
            return _error(400, "invalid_request", "The body is a JSON object with a wallet_id.")
        if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
            return _error(400, "invalid_request", "limit and offset are whole numbers.")
        wallet = next((one for one in self.books.get("wallets", []) if one["wallet_id"] == name), None)
        if wallet is None:
            return _error(404, "not_found", "No such wallet.")
        rows, size = self.books.get("transfers", {}).get(name, []), min(limit, PAGE_MAX)
        account = {key: wallet[key] for key in ("id", "name", "external_id", "wallet_id") if key in wallet}
        pagination = {"total": len(rows), "limit": size, "offset": offset}
        return as_json(
            {"account": account, "transfers": rows[offset : offset + size], "pagination": pagination}
        )

    def _transactions(self) -> list[dict[str, Any]]:
        """Payments and withdrawals in one list, newest first."""
        rows = [
            _transaction("payment", "transaction_id", row, row["pay_amount"], row["pay_currency"])
            for row in self.books.get("payments", [])
        ]
        rows += [
            _transaction("withdrawal", "withdrawal_id", row, row["amount"], row["currency"])
            for row in self.books.get("withdrawals", [])
        ]
        return sorted(rows, key=lambda row: row["created_at"], reverse=True)

    def _rate(self, query: dict[str, str]) -> Response:
        code = query.get("currency_from", "USD")
        rate = self.books.get("rates", {}).get(code)
        if rate is None or query.get("currency_to") != "USD":
            return _error(400, "invalid_currency", "Currency not supported.")
        # written out, for a float would not keep the digits
        text = f'{{"currency_from":"{code}","currency_to":"USD","amount":1,"estimated_amount":{rate},"rate":{rate}}}'
        return Response(200, {"Content-Type": "application/json"}, text.encode())


def _transaction(kind: str, name: str, row: dict[str, Any], amount: str, currency: str) -> dict[str, Any]:
    return {
        "id": row[name],
        "type": kind,
        name: row[name],
        "amount": amount,
        "currency": currency,
        "status": row["status"],
        "created_at": row["created_at"],
        "reference": row.get("order_id", row.get("custom_id")),
        "transaction_hash": row["transaction_hash"],
        "fee_amount": row.get("fee", "0.00"),
        "net_amount": amount,
    }


def _slice(
    name: str, rows: list[Any], query: dict[str, str], filters: tuple[str, ...], *, echo: bool = False
) -> Response:
    """A part of a list by limit and offset."""
    limit, offset = query.get("limit", str(PAGE_DEFAULT)), query.get("offset", "0")
    if not (limit.isdecimal() and offset.isdecimal()) or int(limit) == 0:
        return _error(400, "invalid_request", "limit and offset are whole numbers.")
    chosen = [row for row in rows if all(row[one] == query[one] for one in filters if one in query)]
    first, size = int(offset), min(int(limit), PAGE_MAX)
    shown = {"limit": size, "offset": first} if echo else {}
    return as_json({name: chosen[first : first + size], "total": len(chosen), **shown})


def _page(request: Request, rows: list[Any], usual: int) -> Response:
    """A page of a list by its number, with the addresses of its neighbours."""
    number, size = request.query.get("page", "1"), request.query.get("page_size", str(usual))
    if not (number.isdecimal() and size.isdecimal()) or "0" in (number, size):
        return _error(400, "invalid_request", "page and page_size are whole numbers.")
    page, rows_a_page = int(number), min(int(size), PAGE_MAX)
    first = (page - 1) * rows_a_page
    if first and first >= len(rows):
        return _error(404, "not_found", "Invalid page.")

    def address(of: int) -> str:
        query = urlencode({"page": of, "page_size": rows_a_page})
        return f"http://{request.headers.get('host', 'cryptofuse.invalid')}{request.path}?{query}"

    return as_json(
        {
            "count": len(rows),
            "next": address(page + 1) if first + rows_a_page < len(rows) else None,
            "previous": address(page - 1) if page > 1 else None,
            "results": rows[first : first + rows_a_page],
        }
    )


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, code = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret


def _error(status: int, code: str, message: str) -> Response:
    return as_json({"error": {"code": code, "message": message, "details": {}}}, status)
