"""The ETHGas stand-in: its envelope, its cursor in all four readings, and what it reports as a violation."""

import json
from typing import Any

import pytest

from recon.demo.ethgas import ACCESS_TOKEN, REFRESH_COOKIE, REFRESH_TOKEN, EthGas
from recon.demo.venues import Books, Request, Response, load, sample_path

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


@pytest.mark.parametrize(
    ("path", "member", "count"),
    [
        ("user/info", "user", 8),
        ("p/user/fees", "buyFeeRate", 4),
        ("p/funding/withdraw/dailyWithdrawLimits", "dailyWithdrawLimits", 1),
        ("user/funding/deposits", "deposits", 4),
        ("user/funding/withdraws", "requests", 3),
        ("user/validators", "validators", 1),
        ("validator/fees", "fees", 3),
    ],
)
def test_everything_else_is_stated_too(books: Books, path: str, member: str, count: int) -> None:
    assert len(get(EthGas(books), path)[member]) == count
    assert member in get(EthGas({}), path)


@pytest.mark.parametrize("descending", [False, True])
def test_deposits_are_paged_by_block_and_payouts_by_slot_of_one_validator(
    books: Books, descending: bool
) -> None:
    venue = EthGas(books, inclusive=True, descending=descending)
    for path, member, key, cursor in (
        ("user/funding/deposits", "deposits", "blockIdx", "startBlockId"),
        ("user/funding/withdraws", "requests", "requestId", "startId"),
        ("validator/fees", "fees", "slot", "startSlot"),
    ):
        numbers = [row[key] for row in get(venue, path)[member]]
        assert numbers == sorted(numbers, reverse=descending)
        rest = get(venue, path, **{cursor: str(numbers[1]), "limit": "2"})[member]
        assert [row[key] for row in rest] == numbers[1:3]
    assert get(venue, "validator/fees", publicKey="0x00") == {"fees": []}


def post(venue: EthGas, tail: str, *, body: bytes = b"", cookie: str = "", **query: str) -> Response:
    headers = {"cookie": cookie} if cookie else {}
    return venue.answer(Request("POST", f"/api/v1/user/login{tail}", query, headers, body))


def data(response: Response) -> Any:
    assert response.status == 200
    return json.loads(response.body)["data"]


def works(venue: EthGas, token: str) -> bool:
    headers = {"authorization": f"Bearer {token}"}
    return venue.answer(Request("GET", "/api/v1/user/accounts", {}, headers)).status == 200


def signed(venue: EthGas, signature: str = "0xgood", addr: str = "0xaa") -> Response:
    asked = data(post(venue, "", addr=addr))
    form = f"addr={addr}&nonceHash={asked['nonceHash']}&signature={signature}"
    return post(venue, "/verify", body=form.encode())


def takes(addr: str, message: str, signature: str) -> bool:
    typed = json.loads(message)
    return (addr, signature, typed["primaryType"], len(typed["message"]["hash"])) == (
        "0xaa",
        "0xgood",
        "data",
        8,
    )


def test_a_login_is_granted_for_an_accepted_signature_alone() -> None:
    assert signed(EthGas({})).status == 401
    venue = EthGas({}, accepts=takes)
    assert signed(venue, "0xbad").status == 401
    assert signed(venue, addr="0xbb").status == 401
    assert post(venue, "").status == 400
    granted = signed(venue)
    assert works(venue, data(granted)["accessToken"]["token"])
    assert granted.headers["Set-Cookie"].startswith(f"{REFRESH_COOKIE}=")
    assert venue.violations == []


def test_a_challenge_is_good_for_one_try() -> None:
    venue = EthGas({}, accepts=takes)
    nonce = data(post(venue, "", body=b'{"addr": "0xaa"}'))["nonceHash"]
    proof = {"addr": "0xaa", "nonceHash": nonce, "signature": "0xgood"}
    assert post(venue, "/verify", body=json.dumps(proof).encode()).status == 200
    assert post(venue, "/verify", body=json.dumps(proof).encode()).status == 401


def test_a_refresh_token_in_body_or_cookie_is_spent_by_its_use() -> None:
    venue = EthGas({})
    first = post(venue, "/refresh", body=json.dumps({"refreshToken": REFRESH_TOKEN}).encode())
    assert works(venue, data(first)["accessToken"]["token"])
    assert post(venue, "/refresh", body=f"refreshToken={REFRESH_TOKEN}".encode()).status == 401
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    # the official sample sends the old access token as refreshToken, and the cookie decides
    old = data(first)["accessToken"]["token"]
    assert post(venue, "/refresh", body=f"refreshToken={old}".encode(), cookie=cookie).status == 200
    assert post(venue, "/refresh", cookie=cookie).status == 401
    assert post(venue, "/refresh").status == 401


def test_tokens_end_when_the_clock_says_so() -> None:
    now = 1_743_500_000.0
    venue = EthGas({}, accepts=takes, expires_in=60, clock=lambda: now)
    granted = data(signed(venue))["accessToken"]
    assert granted["payload"]["exp"] - granted["payload"]["iat"] == 60
    assert works(venue, granted["token"])
    now += 60
    assert not works(venue, granted["token"])
    (refresh,) = venue.refresh_tokens.keys() - {REFRESH_TOKEN}
    now += 604_800
    assert post(venue, "/refresh", cookie=f"{REFRESH_COOKIE}={refresh}").status == 401
    assert works(venue, ACCESS_TOKEN)


def test_a_token_may_come_as_plain_text() -> None:
    venue = EthGas({}, accepts=takes, plain_token=True)
    granted = signed(venue)
    assert works(venue, data(granted)["accessToken"])
    assert data(granted)["expiresIn"] == 3600
    assert "Set-Cookie" not in granted.headers
    assert post(venue, "/refresh", refreshToken=data(granted)["refreshToken"]).status == 200


def test_a_new_access_token_ends_every_other_one() -> None:
    venue = EthGas({})
    venue.access_token = "other"
    assert (works(venue, ACCESS_TOKEN), works(venue, "other"), venue.access_token) == (False, True, "other")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"addr": 5}', b'{"addr": null, "nonceHash": []}'])
def test_a_login_of_another_shape_is_refused(body: bytes) -> None:
    for tail in ("", "/verify", "/refresh"):
        assert post(EthGas({}, accepts=takes), tail, body=body, cookie="a;b=,").status in {400, 401}
