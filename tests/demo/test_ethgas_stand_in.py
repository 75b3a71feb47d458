"""The ETHGas stand-in: its envelope, its cursor in all four readings, and what it reports as a violation."""

import json
from typing import Any

import pytest

from recon.demo.ethgas import ACCESS_TOKEN, EthGas
from recon.demo.venues import Books, Request, load, sample_path

BEARER = {"authorization": f"Bearer {ACCESS_TOKEN}"}


@pytest.fixture(scope="module")
def books() -> Books:
    return load(sample_path() / "ethgas.json")


def get(venue: EthGas, path: str, **query: str) -> Any:
    response = venue.answer(Request("GET", f"/api/v1/{path}", query, BEARER))
    answer = json.loads(response.body)
    assert (response.status, answer["success"]) == (200, True)
    return answer["data"]


def test_accounts_and_one_account_are_stated(books: Books) -> None:
    venue = EthGas(books)
    accounts = get(venue, "user/accounts")["accounts"]
    assert [account["type"] for account in accounts] == [1, 2]
    for account in accounts:
        assert get(venue, f"user/account/{account['accountId']}") == {"account": account}


def test_the_token_table_is_public(books: Books) -> None:
    answer = EthGas(books).answer(Request("GET", "/api/v1/p/tokens", {}, {}))
    (token,) = json.loads(answer.body)["data"]["tokens"]
    assert (token["code"], token["decimals"], token["nativeToken"]) == ("ETH", 18, False)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer old"}])
def test_without_the_token_everything_else_is_refused(books: Books, headers: dict[str, str]) -> None:
    answer = EthGas(books).answer(Request("GET", "/api/v1/user/accounts", {}, headers))
    assert answer.status == 401
    assert json.loads(answer.body) == {
        "success": False,
        "errorCode": 1,
        "errorMsgKey": "error.permissionDeny",
        "data": {},
    }


def test_pages_hold_a_hundred_rows_at_most_and_twenty_unless_asked(books: Books) -> None:
    venue = EthGas(books)
    assert len(get(venue, "user/account/txs")["txs"]) == 20
    newest = sorted((row["trxId"] for row in books["txs"]), reverse=True)[:100]
    assert [row["trxId"] for row in get(venue, "user/account/txs", limit="1000")["txs"]] == newest


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("descending", [False, True])
def test_the_cursor_walks_the_whole_ledger_in_every_reading(
    books: Books, *, inclusive: bool, descending: bool
) -> None:
    venue = EthGas(books, inclusive=inclusive, descending=descending)
    seen: list[int] = []
    page = get(venue, "user/account/129/txs", limit="100")["txs"]
    while page:
        ids = [row["trxId"] for row in page]
        assert ids == sorted(ids, reverse=descending)
        assert not seen or (ids[0] == seen[-1]) is inclusive
        fresh = [trx_id for trx_id in ids if trx_id not in seen]
        seen += fresh
        more = get(venue, "user/account/129/txs", limit="100", startId=str(seen[-1]))["txs"]
        page = more if fresh else []
    trading = [row["trxId"] for row in books["txs"] if row["accountId"] == 129]
    assert seen == sorted(trading, reverse=descending)


def test_rows_can_be_narrowed_to_types(books: Books) -> None:
    rows = get(EthGas(books), "user/account/txs", type="8,9", limit="100")["txs"]
    assert {row["type"] for row in rows} == {8, 9}
    assert len(rows) == sum(row["type"] in {8, 9} for row in books["txs"])


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"startId": "-5"}])
def test_a_bad_page_is_refused(query: dict[str, str]) -> None:
    answer = EthGas({}).answer(Request("GET", "/api/v1/user/account/txs", query, BEARER))
    assert (answer.status, json.loads(answer.body)["errorCode"]) == (400, 23)


def test_an_unknown_account_and_an_unknown_path_are_told_apart() -> None:
    venue = EthGas({})
    account = venue.answer(Request("GET", "/api/v1/user/account/7", {}, BEARER))
    assert json.loads(account.body)["errorMsgKey"] == "error.account.notExist"
    assert venue.answer(Request("GET", "/api/v1/user/other", {}, BEARER)).status == 404
    assert venue.answer(Request("POST", "/api/v1/user/login/refresh", {}, BEARER)).status == 404
    assert venue.violations == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "user/account/transfer/token"),
        ("POST", "user/funding/withdraw"),
        ("POST", "wholeblock/order"),
        ("POST", "user/logout"),
        ("GET", "validator/onchain/payout"),
        ("GET", "slot/forceEmptyBlockSpace"),
    ],
)
def test_what_changes_something_is_a_violation(method: str, path: str) -> None:
    venue = EthGas({})
    answer = venue.answer(Request(method, f"/api/v1/{path}", {}, {}))
    assert json.loads(answer.body)["success"] is True
    assert [(request.method, request.path) for request in venue.violations] == [(method, f"/api/v1/{path}")]
