"""Small books of ETHGas, venues that walk their cursors in other ways, and literal answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.core.records import Row
from recon.demo.ethgas import EthGas
from recon.demo.venues import Books, Response, as_json
from recon.sources._ethgas_login import Settings
from recon.sources.ethgas import SOURCE
from tests.sources.drive import Read, Reply, as_bytes, drive, of_ethgas

TOKEN = {
    "accountId": 128,
    "tokenId": 1,
    "quantity": "5",
    "lockedQuantity": "0",
    "code": "ETH",
    "availableQuantity": "5",
}
ACCOUNT = {"accountId": 128, "userId": 78, "type": 1, "name": "Current", "tokens": [TOKEN]}
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
WRAPPED = {
    "tokenId": 1,
    "code": "ETH",
    "name": "Wrapped ETH",
    "tokenAddress": WETH,
    "decimals": 18,
    "nativeToken": False,
    "withdrawFee": "0.0005",
    "price": "1852.41",
}
KEY = "0x" + "ab" * 48
WAYS = [(inclusive, descending) for inclusive in (False, True) for descending in (True, False)]
FIRST = ["accounts", "tokens"]
AFTER = ["funding/deposits", "funding/withdraws", "validators", "user", "fees", "limits"]
MEMBERS = {
    "accounts": "accounts",
    "tokens": "tokens",
    "info": "user",
    "dailyWithdrawLimits": "dailyWithdrawLimits",
    "txs": "txs",
    "deposits": "deposits",
    "withdraws": "requests",
    "validators": "validators",
}
"""The member of data that carries what is asked for, by the end of the path."""
PLAIN = {
    "/v1/user/accounts": [ACCOUNT],
    "/v1/p/tokens": [WRAPPED],
    "/v1/user/info": {"userClass": 1},
    "/v1/p/user/fees": {"buyFeeRate": "0.01"},
    "/v1/user/account/128": ACCOUNT,
}


class Upwards(EthGas):
    """Lists the newest rows, newest first; yet ``startId`` names the lowest key of the page that is wanted."""

    cap = 100

    def _paged(
        self, name: str, rows: list[dict[str, Any]], query: dict[str, str], key: str, cursor: str
    ) -> Response:
        size, start = min(int(query["limit"]), self.cap), int(query.get(cursor, -1))
        rows = sorted(rows, key=lambda row: int(row[key]))
        reached = [
            row for row in rows if int(row[key]) > start or (self.inclusive and int(row[key]) == start)
        ]
        page = reached[:size] if cursor in query else rows[-size:]
        return as_json({"success": True, "data": {name: page[::-1]}})


class Capped(EthGas):
    """Gives fewer rows a page than asked."""

    cap = 100

    def _paged(
        self, name: str, rows: list[dict[str, Any]], query: dict[str, str], key: str, cursor: str
    ) -> Response:
        limit = str(min(int(query["limit"]), self.cap))
        return super()._paged(name, rows, {**query, "limit": limit}, key, cursor)


def settings(**changes: Any) -> Settings:
    stated = {"kind": "ethgas", "base_url": "https://a.example/api", "access_token": "env:TOKEN"}
    return Settings.model_validate(stated | changes)


def tx(trx_id: Any, quantity: str = "1", balance: str = "1", **changes: Any) -> dict[str, Any]:
    row = {
        "trxId": trx_id,
        "accountId": 128,
        "tokenId": 1,
        "type": 8,
        "quantity": quantity,
        "balance": balance,
    }
    return row | {"createDate": 1735823112000} | changes


def deposit(event: Any, block: Any = 21537016, **changes: Any) -> dict[str, Any]:
    row = {
        "eventId": event,
        "chainId": 1,
        "blockIdx": block,
        "transactionHash": "0x1a",
        "logIdx": 2,
        "status": 10,
        "deposits": [{"a": WETH.lower(), "q": 500000000000000000, "s": 10}],
        "actions": [],
        "createDate": 1735823112000,
    }
    return row | changes


def of_ids(*ids: Any) -> Books:
    return {"accounts": [ACCOUNT], "txs": [tx(one) for one in ids]}


def says(answers: Mapping[str, Any], *, silent: Sequence[str] = ()) -> Reply:
    """A venue with these answers by path, whose every list has one page; it has nothing to say at other paths.

    It does not serve what is ``silent``.
    """

    def reply(request: Request) -> bytes:
        if request.path in silent:
            raise SourceError("venue_error", "not served", where=request.path)
        found = {**PLAIN, **answers}.get(request.path, [])
        if {"startId", "startBlockId", "startSlot"} & request.params.keys():
            found = []
        if request.path == "/v1/p/user/fees":
            return as_bytes({"success": True, "data": found})
        name = (
            "fees"
            if request.path == "/v1/validator/fees"
            else MEMBERS.get(request.path.split("/")[-1], "account")
        )
        return as_bytes({"success": True, "data": {name: found}})

    return reply


def literal(*txs: Any, accounts: Any = (ACCOUNT,)) -> Reply:
    """A venue whose accounts and one page of transactions are given."""
    return says({"/v1/user/accounts": accounts, "/v1/user/account/128/txs": txs})


def read(venue: EthGas, stream: str = "txs/128", **changes: Any) -> Read:
    return drive(SOURCE, settings(**changes), of_ethgas(venue))[stream]


def rows(*txs: Any, **answers: Any) -> list[Row]:
    return drive(SOURCE, settings(), literal(*txs, **answers))["txs/128"].rows()


def ids(found: list[Row]) -> list[int]:
    return [int(row.identity[-1]) for row in found]
