"""A stand-in for CryptoFuse: a token at the host's root, balances in their newest shape, and their history.

Books (all keys optional): ``balances`` (the whole answer) and ``history`` (newest first, as it is served).
``addresses`` in the sample data are the company's own deposit addresses; no answer carries them.

Where the documentation is silent this stand-in chooses: 20 rows a page unless asked, 100 at most, and
``limit`` in the answer is the size that was used.
"""

import base64
import binascii
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from recon.demo.venues import Books, Request, Response, Venue, as_json, bearer

CLIENT_ID = "recon"
CLIENT_SECRET = "demo-fuse-secret"  # noqa: S105 - guards nothing but the sample data
TOKEN_PATH = "/o/token/"  # noqa: S105 - a path
BALANCES_PATH = "/api/v1/user/balances/"
HISTORY_PATH = "/api/v1/user/balances/history/"
# Reads although they are POSTs; this venue does not serve them.
READ_POSTS = frozenset({"/api/v1/wallets/transfer-history/", "/api/v1/withdrawal/status/"})
PAGE_DEFAULT, PAGE_MAX = 20, 100


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
        """Answer the token request and the two reads; any other request that is not a read is a violation."""
        if (request.method, request.path) == ("POST", TOKEN_PATH):
            return self._token(request)
        if request.method != "GET" and request.path not in READ_POSTS:
            self.violations.append(request)
            return as_json({"status": "completed"})
        if not self._knows(request):
            return _error(
                401, "authentication_failed", "Authentication credentials were not provided or expired."
            )
        if (request.method, request.path) == ("GET", BALANCES_PATH):
            nothing: Books = {"account": {}, "sub_accounts": {}, "statistics": {}}
            return as_json(self.books.get("balances", nothing))
        if (request.method, request.path) == ("GET", HISTORY_PATH):
            return self._history(request.query)
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

    def _history(self, query: dict[str, str]) -> Response:
        limit, offset = query.get("limit", str(PAGE_DEFAULT)), query.get("offset", "0")
        if not (limit.isdecimal() and offset.isdecimal()) or int(limit) == 0:
            return _error(400, "invalid_request", "limit and offset are whole numbers.")
        filters = [name for name in ("currency", "type") if name in query]
        rows = [
            row for row in self.books.get("history", []) if all(row[name] == query[name] for name in filters)
        ]
        first, size = int(offset), min(int(limit), PAGE_MAX)
        page = rows[first : first + size]
        return as_json({"history": page, "total": len(rows), "limit": size, "offset": first})


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
