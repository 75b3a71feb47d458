"""A stand-in for ETHGas: accounts, their ledger by cursor, and the token table, all in one envelope.

Books (all keys optional): ``accounts``, ``txs`` (any order), ``tokens``. ``addresses`` in the sample data are
the company's own deposit addresses; no answer carries them.

The documentation leaves open which way ``startId`` walks and whether it names the first row or the one before
it, so both are settings here.
"""

from typing import Any

from recon.demo.venues import Books, Request, Response, Venue, as_json, bearer

ACCESS_TOKEN = "demo-gas-token"  # noqa: S105 - guards nothing but the sample data
ROOT = "/api/v1/"
# Documented as GETs, and yet they change state.
GETS_THAT_CHANGE = frozenset({"validator/onchain/payout", "slot/forceEmptyBlockSpace"})
LOGINS = frozenset({"user/login", "user/login/verify", "user/login/refresh"})
PAGE_DEFAULT, PAGE_MAX = 20, 100


class EthGas(Venue):
    """The venue. ``access_token`` may be changed while it runs, which expires the one before."""

    def __init__(
        self,
        books: Books,
        *,
        access_token: str = ACCESS_TOKEN,
        inclusive: bool = False,
        descending: bool = True,
    ) -> None:
        super().__init__()
        self.books = books
        self.access_token = access_token
        self.inclusive = inclusive
        self.descending = descending

    def reply(self, request: Request) -> Response:
        """Answer the token table to anybody and the account's reads to the bearer of the token."""
        path = request.path.removeprefix(ROOT)
        if request.method != "GET" and path in LOGINS:
            return _error(404, 24, "error.system.methodUnsupported")
        if request.method != "GET" or path in GETS_THAT_CHANGE:
            self.violations.append(request)
            return _success({})
        if path == "p/tokens":
            return _success({"tokens": self.books.get("tokens", [])})
        if bearer(request) != self.access_token:
            return _error(401, 1, "error.permissionDeny")
        match path.split("/"):
            case ["user", "accounts"]:
                return _success({"accounts": self.books.get("accounts", [])})
            case ["user", "account", "txs"]:
                return self._txs(self.books.get("txs", []), request.query)
            case ["user", "account", number]:
                return self._account(number)
            case ["user", "account", number, "txs"]:
                rows = [row for row in self.books.get("txs", []) if str(row["accountId"]) == number]
                return self._txs(rows, request.query)
        return _error(404, 24, "error.system.methodUnsupported")

    def _account(self, number: str) -> Response:
        for account in self.books.get("accounts", []):
            if str(account["accountId"]) == number:
                return _success({"account": account})
        return _error(400, 2, "error.account.notExist")

    def _txs(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Response:
        limit, start = query.get("limit", str(PAGE_DEFAULT)), query.get("startId")
        if not limit.isdecimal() or int(limit) == 0 or not (start is None or start.isdecimal()):
            return _error(400, 23, "error.system.validation")
        if "type" in query:
            rows = [row for row in rows if str(row["type"]) in query["type"].split(",")]
        if start is not None:
            rows = [row for row in rows if self._follows(row["trxId"], int(start))]
        rows = sorted(rows, key=lambda row: int(row["trxId"]), reverse=self.descending)
        return _success({"txs": rows[: min(int(limit), PAGE_MAX)]})

    def _follows(self, trx_id: int, start: int) -> bool:
        if trx_id == start:
            return self.inclusive
        return (trx_id < start) == self.descending


def _success(data: Books) -> Response:
    return as_json({"success": True, "data": data})


def _error(status: int, code: int, key: str) -> Response:
    return as_json({"success": False, "errorCode": code, "errorMsgKey": key, "data": {}}, status)
