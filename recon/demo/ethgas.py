"""A stand-in for ETHGas: login by wallet, accounts, their histories by cursor, and what else it states.

Books (all keys optional): ``accounts``, ``tokens``, ``user``, ``fees``, ``limits``, ``validators`` (public keys); and
in any order ``txs``, ``deposits``, ``withdraws`` and ``payouts``. ``addresses`` in the sample data are the company's
own deposit addresses; no answer carries them.

The documentation leaves open which way ``startId`` walks and whether it names the first row or the one before
it, so both are settings here. It also shows two shapes of a login's answer, and ``plain_token`` chooses.
"""

import base64
import json
import math
import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from recon.demo.venues import Books, Request, Response, Venue, as_json, bearer

ACCESS_TOKEN = "demo-gas-token"  # noqa: S105 - guards nothing but the sample data
REFRESH_TOKEN = "demo-gas-refresh"  # noqa: S105 - the same
REFRESH_COOKIE = "x_auth_refresh_token"
REFRESH_EXPIRES_IN = 604_800
ROOT = "/api/v1/"
# Documented as GETs, and yet they change state.
GETS_THAT_CHANGE = frozenset({"validator/onchain/payout", "slot/forceEmptyBlockSpace"})
PAGE_DEFAULT, PAGE_MAX = 20, 100
FEES = {"buyFeeRate": "0.01", "primarySellFeeRate": "0.09", "secondarySellFeeRate": "0.05"}


def refuses(addr: str, message: str, signature: str) -> bool:
    """Takes no signature of anybody."""
    return False


class EthGas(Venue):
    """The venue.

    ``access_tokens`` and ``refresh_tokens`` map each live token to the second of the clock (since 1970) when it ends.
    ``accepts`` is given the address, the typed data's JSON text and the signature. ``access_token`` may be set while
    the venue runs, which ends every other one.
    """

    def __init__(
        self,
        books: Books,
        *,
        access_token: str = ACCESS_TOKEN,
        refresh_token: str = REFRESH_TOKEN,
        inclusive: bool = False,
        descending: bool = True,
        accepts: Callable[[str, str, str], bool] = refuses,
        expires_in: int = 3600,
        plain_token: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.books = books
        self.inclusive = inclusive
        self.descending = descending
        self.accepts = accepts
        self.expires_in = expires_in
        self.plain_token = plain_token
        self.clock = clock
        self.access_token = access_token
        self.refresh_tokens: dict[str, float] = {refresh_token: math.inf}
        self.challenges: dict[str, tuple[str, str]] = {}
        self.issued = 0

    @property
    def access_token(self) -> str:
        """The newest access token."""
        return next(reversed(self.access_tokens))

    @access_token.setter
    def access_token(self, token: str) -> None:
        self.access_tokens: dict[str, float] = {token: math.inf}

    def reply(self, request: Request) -> Response:
        """Answer logins and the token table to anybody, and the account's reads to the bearer of a live token."""
        path = request.path.removeprefix(ROOT)
        if request.method == "POST" and path in {"user/login", "user/login/verify", "user/login/refresh"}:
            return self._login(path, request)
        if request.method != "GET" or path in GETS_THAT_CHANGE:
            self.violations.append(request)
            return _success({})
        if path.startswith("p/"):
            return self._public(path)
        if self.clock() >= self.access_tokens.get(bearer(request) or "", -math.inf):
            return _error(401, 1, "error.permissionDeny")
        return self._private(path, request.query)

    def _public(self, path: str) -> Response:
        match path:
            case "p/tokens":
                return _success({"tokens": self.books.get("tokens", [])})
            case "p/user/fees":
                return _success(self.books.get("fees", FEES))
            case "p/funding/withdraw/dailyWithdrawLimits":
                return _success({"dailyWithdrawLimits": self.books.get("limits", [])})
        return _error(404, 24, "error.system.methodUnsupported")

    def _private(self, path: str, query: dict[str, str]) -> Response:
        match path.split("/"):
            case ["user", "accounts"]:
                return _success({"accounts": self.books.get("accounts", [])})
            case ["user", "info"]:
                return _success({"user": self.books.get("user", {"status": 1})})
            case ["user", "account", "txs"]:
                return self._paged("txs", self._rows("txs"), query, "trxId", "startId")
            case ["user", "account", number]:
                return self._account(number)
            case ["user", "account", number, "txs"]:
                rows = [row for row in self._rows("txs") if str(row["accountId"]) == number]
                return self._paged("txs", rows, query, "trxId", "startId")
            case ["user", "funding", "deposits"]:
                return self._paged("deposits", self._rows("deposits"), query, "blockIdx", "startBlockId")
            case ["user", "funding", "withdraws"]:
                return self._paged("requests", self._rows("withdraws"), query, "requestId", "startId")
            case ["user", "validators"]:
                return _success({"validators": self.books.get("validators", [])})
            case ["validator", "fees"]:
                rows = [
                    row for row in self._rows("payouts") if query.get("publicKey") in {None, row["publicKey"]}
                ]
                return self._paged("fees", rows, query, "slot", "startSlot")
        return _error(404, 24, "error.system.methodUnsupported")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.books.get(name, [])
        return rows

    def _login(self, path: str, request: Request) -> Response:
        """A challenge; tokens for its signature; or new tokens for the refresh token, which is spent by that."""
        stated = _stated(request)
        if path == "user/login":
            if not stated.get("addr"):
                return _error(400, 23, "error.system.validation")
            self.issued += 1
            nonce = f"{0x52D70000 + self.issued:08x}"
            message = _typed_data(nonce)
            self.challenges[nonce] = (stated["addr"], message)
            return _success({"status": "verify", "eip712Message": message, "nonceHash": nonce})
        if path == "user/login/verify":
            addr, message = self.challenges.pop(stated.get("nonceHash", ""), ("", ""))
            if (
                addr
                and addr == stated.get("addr")
                and self.accepts(addr, message, stated.get("signature", ""))
            ):
                accounts = self.books.get("accounts", [])
                user = {"userId": 78, "address": addr, "status": 1, "userType": 1, "userClass": 1}
                return self._grant({"user": {**user, "accounts": accounts}})
            return _error(401, 1, "error.permissionDeny")
        for token in (stated.get("refreshToken", ""), _cookie(request)):
            if self.clock() < self.refresh_tokens.pop(token, -math.inf):
                return self._grant({})
        return _error(401, 1, "error.permissionDeny")

    def _grant(self, data: Books) -> Response:
        """A new access token, shaped like a JWT, and a new refresh token: as a cookie, else beside a plain token."""
        self.issued += 1
        now = int(self.clock())
        header = {"alg": "ES256", "typ": "JWT"}
        payload = {
            "sub": "78",
            "role": "ROLE_USER",
            "iat": now,
            "exp": now + self.expires_in,
            "jti": self.issued,
        }
        access = ".".join([_base64(header), _base64(payload), "unsigned"])
        refresh = ".".join([_base64(header), _base64({"refresh": self.issued}), "unsigned"])
        self.access_tokens[access] = now + self.expires_in
        self.refresh_tokens[refresh] = now + REFRESH_EXPIRES_IN
        if self.plain_token:
            plain = {"accessToken": access, "refreshToken": refresh, "expiresIn": self.expires_in}
            return _success({**data, **plain})
        answer = _success({**data, "accessToken": {"token": access, "header": header, "payload": payload}})
        cookie = f"{REFRESH_COOKIE}={refresh}; Max-Age={REFRESH_EXPIRES_IN}; Path=/; Secure; HttpOnly"
        return answer._replace(headers={**answer.headers, "Set-Cookie": cookie})

    def _account(self, number: str) -> Response:
        for account in self.books.get("accounts", []):
            if str(account["accountId"]) == number:
                return _success({"account": account})
        return _error(400, 2, "error.account.notExist")

    def _paged(
        self, name: str, rows: list[dict[str, Any]], query: dict[str, str], key: str, cursor: str
    ) -> Response:
        """A page of ``rows`` by their ``key``, from what ``cursor`` states on."""
        limit, start = query.get("limit", str(PAGE_DEFAULT)), query.get(cursor)
        if not limit.isdecimal() or int(limit) == 0 or not (start is None or start.isdecimal()):
            return _error(400, 23, "error.system.validation")
        if "type" in query:
            rows = [row for row in rows if str(row["type"]) in query["type"].split(",")]
        if start is not None:
            rows = [row for row in rows if self._follows(int(row[key]), int(start))]
        rows = sorted(rows, key=lambda row: int(row[key]), reverse=self.descending)
        return _success({name: rows[: min(int(limit), PAGE_MAX)]})

    def _follows(self, key: int, start: int) -> bool:
        if key == start:
            return self.inclusive
        return (key < start) == self.descending


def _stated(request: Request) -> dict[str, str]:
    """The parameters of a login: query, form or JSON, as the documentation's samples differ in this."""
    body = request.body.decode("utf-8", "replace")
    try:
        found = json.loads(body)
    except ValueError:
        found = dict(parse_qsl(body))
    members = found.items() if isinstance(found, dict) else ()
    return {**request.query, **{name: value for name, value in members if isinstance(value, str)}}


def _cookie(request: Request) -> str:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(REFRESH_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _typed_data(nonce: str) -> str:
    """What a wallet is asked to sign (EIP-712), as JSON text."""
    fields = {
        "EIP712Domain": {"name": "string", "version": "string", "chainId": "uint256"}
        | {"verifyingContract": "address"},
        "data": {"hash": "string", "message": "string", "domain": "string"},
    }
    types = {
        name: [{"name": one, "type": kind} for one, kind in members.items()]
        for name, members in fields.items()
    }
    domain = {"name": "ETHGas Login", "version": "1", "chainId": 1, "verifyingContract": f"0x{0:040x}"}
    message = {"hash": nonce, "message": "Please sign this message to verify account ownership"}
    return json.dumps(
        {
            "types": types,
            "primaryType": "data",
            "domain": domain,
            "message": {**message, "domain": "ethgas.com"},
        }
    )


def _base64(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _success(data: Books) -> Response:
    return as_json({"success": True, "data": data})


def _error(status: int, code: int, key: str) -> Response:
    return as_json({"success": False, "errorCode": code, "errorMsgKey": key, "data": {}}, status)
