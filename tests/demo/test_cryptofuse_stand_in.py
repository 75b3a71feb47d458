"""The CryptoFuse stand-in: tokens, pages, and what it reports as a violation."""

import base64
import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from recon.demo.cryptofuse import CLIENT_ID, CLIENT_SECRET, CryptoFuse
from recon.demo.venues import Request, Response, load, sample_path

BASIC = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
GRANT = b"grant_type=client_credentials&scope=read+write"


@pytest.fixture
def venue() -> CryptoFuse:
    return CryptoFuse(load(sample_path() / "cryptofuse.json"), expires_in=60, clock=lambda: 1000.0)


def token(venue: CryptoFuse) -> str:
    answer = venue.answer(Request("POST", "/o/token/", {}, {"authorization": BASIC}, GRANT))
    return str(json.loads(answer.body)["access_token"])


def get(venue: CryptoFuse, path: str, query: dict[str, str] | None = None) -> Response:
    headers = {"authorization": f"Bearer {token(venue)}"}
    return venue.answer(Request("GET", f"/api/v1/user/{path}", query or {}, headers))


def history(venue: CryptoFuse, **query: str) -> Any:
    return json.loads(get(venue, "balances/history/", query).body)


def test_a_token_is_given_for_basic_credentials_or_for_a_form(venue: CryptoFuse) -> None:
    form = GRANT + f"&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}".encode()
    for headers, body in (({"authorization": BASIC}, GRANT), ({}, form)):
        answer = venue.answer(Request("POST", "/o/token/", {}, headers, body))
        granted = json.loads(answer.body)
        assert (answer.status, granted["token_type"], granted["expires_in"]) == (200, "Bearer", 60)
        assert granted["scope"] == "read write"
    assert venue.violations == []


@pytest.mark.parametrize("header", ["Basic bm9ib2R5OmtleQ==", "Basic ???", "Bearer x", ""])
def test_no_token_is_given_for_wrong_credentials(venue: CryptoFuse, header: str) -> None:
    answer = venue.answer(Request("POST", "/o/token/", {}, {"authorization": header}, GRANT))
    assert (answer.status, json.loads(answer.body)) == (401, {"error": "invalid_client"})


def test_no_token_is_given_for_another_kind_of_grant(venue: CryptoFuse) -> None:
    body = b"grant_type=password"
    assert venue.answer(Request("POST", "/o/token/", {}, {"authorization": BASIC}, body)).status == 400


@pytest.mark.parametrize("header", ["", "Bearer guess", "Bearer ", BASIC])
def test_without_a_known_token_everything_is_refused(venue: CryptoFuse, header: str) -> None:
    answer = venue.answer(Request("GET", "/api/v1/user/balances/", {}, {"authorization": header}))
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["code"] == "authentication_failed"


def test_a_token_ends_when_its_time_is_over() -> None:
    now = [0.0]
    venue = CryptoFuse({}, expires_in=60, clock=lambda: now[0])
    request = Request("GET", "/api/v1/user/balances/", {}, {"authorization": f"Bearer {token(venue)}"})
    now[0] = 59.9
    assert venue.answer(request).status == 200
    now[0] = 60.0
    assert venue.answer(request).status == 401


def test_an_api_key_serves_only_where_one_is_configured() -> None:
    request = Request("GET", "/api/v1/user/balances/", {}, {"x-api-key": "long-lived"})
    assert CryptoFuse({}, api_key="long-lived").answer(request).status == 200
    assert CryptoFuse({}, api_key="another").answer(request).status == 401
    assert CryptoFuse({}).answer(request).status == 401


def test_balances_come_in_the_newest_shape(venue: CryptoFuse) -> None:
    answer = json.loads(get(venue, "balances/").body)
    assert list(answer) == ["account", "sub_accounts", "statistics"]
    assert set(answer["account"]) == {"USDTERC20", "USDCERC20", "ETH", "BTC"}


def test_pages_hold_a_hundred_rows_at_most_and_twenty_unless_asked(venue: CryptoFuse) -> None:
    assert len(history(venue)["history"]) == 20
    page = history(venue, limit="5000")
    assert (len(page["history"]), page["limit"], page["offset"]) == (100, 100, 0)
    assert page["total"] == len(venue.books["history"])


def test_pages_join_to_the_whole_history_newest_first(venue: CryptoFuse) -> None:
    total = history(venue)["total"]
    rows = [
        row
        for offset in range(0, total + 100, 100)
        for row in history(venue, limit="100", offset=str(offset))["history"]
    ]
    assert rows == venue.books["history"]
    assert rows[0]["timestamp"] > rows[-1]["timestamp"]


def test_the_history_can_be_narrowed_to_a_currency_and_a_type(venue: CryptoFuse) -> None:
    page = history(venue, currency="BTC", type="deposit", limit="100")
    assert {(row["currency"], row["type"]) for row in page["history"]} == {("BTC", "deposit")}
    assert page["total"] == len(page["history"]) < history(venue)["total"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "-1"}, {"limit": "all"}, {"offset": "-1"}])
def test_a_bad_page_is_refused(venue: CryptoFuse, query: dict[str, str]) -> None:
    assert get(venue, "balances/history/", query).status == 400


def test_what_it_does_not_serve_is_not_found_and_no_violation(venue: CryptoFuse) -> None:
    assert get(venue, "balances").status == 404
    headers = {"authorization": f"Bearer {token(venue)}"}
    read = Request("POST", "/api/v1/withdrawal/status/", {}, headers, b"{}")
    assert venue.answer(read).status == 404
    assert venue.violations == []


def served(venue: CryptoFuse, path: str, **query: str) -> Any:
    headers = {"authorization": f"Bearer {token(venue)}", "host": "127.0.0.1:1"}
    answer = venue.answer(Request("GET", f"/api/v1{path}", query, headers))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def posted(venue: CryptoFuse, body: Any) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {token(venue)}"}
    path = "/api/v1/wallets/transfer-history/"
    answer = venue.answer(Request("POST", path, {}, headers, json.dumps(body).encode()))
    return answer.status, json.loads(answer.body)


def test_payments_come_in_numbered_pages_with_the_addresses_of_the_next(venue: CryptoFuse) -> None:
    first = served(venue, "/payments/")
    assert (len(first["results"]), first["previous"]) == (30, None)
    assert first["next"] == "http://127.0.0.1:1/api/v1/payments/?page=2&page_size=30"
    last = served(venue, "/payments/", page="2", page_size="5000")
    assert (last["next"], len(last["results"])) == (None, first["count"] - 100)


def test_transactions_are_the_payments_and_the_withdrawals_newest_first(venue: CryptoFuse) -> None:
    pages = [
        served(venue, "/transactions/transactions/", page=str(page), page_size="100") for page in (1, 2, 3)
    ]
    rows = [row for page in pages for row in page["results"]]
    books = venue.books
    assert pages[0]["count"] == len(rows) == len(books["payments"]) + len(books["withdrawals"])
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)
    assert {row["type"] for row in rows} == {"payment", "withdrawal"}


def test_withdrawals_come_by_offset_and_narrow_to_a_status(venue: CryptoFuse) -> None:
    page = served(venue, "/withdrawal/", limit="3", offset="1")
    assert page == {"withdrawals": venue.books["withdrawals"][1:4], "total": len(venue.books["withdrawals"])}
    assert served(venue, "/withdrawal/", status="cancelled")["total"] == 1


@pytest.mark.parametrize("query", [{"page": "0"}, {"page_size": "0"}, {"page": "x"}, {"page": "-1"}])
def test_a_bad_page_number_is_refused(venue: CryptoFuse, query: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {token(venue)}"}
    assert venue.answer(Request("GET", "/api/v1/payments/", query, headers)).status == 400
    assert venue.answer(Request("GET", "/api/v1/payments/", {"page": "99"}, headers)).status == 404


def test_a_wallets_transfers_are_read_by_post_with_whole_numbers(venue: CryptoFuse) -> None:
    (wallet,) = served(venue, "/wallets/")["accounts"]
    status, page = posted(venue, {"wallet_id": wallet["wallet_id"], "limit": 2, "offset": 1})
    assert (status, page["pagination"]) == (200, {"total": 3, "limit": 2, "offset": 1})
    assert page["transfers"] == venue.books["transfers"][wallet["wallet_id"]][1:3]
    assert page["account"]["wallet_id"] == wallet["wallet_id"]
    assert venue.violations == []


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ([], 400), (7, 400), ({"wallet_id": "w_other"}, 404),
     ({"wallet_id": "w_7ee943be1cf0", "limit": "2"}, 400),
     ({"wallet_id": "w_7ee943be1cf0", "limit": 0}, 400), ({"wallet_id": "w_7ee943be1cf0", "offset": True}, 400)],
)  # fmt: skip
def test_a_bad_question_for_transfers_is_refused(venue: CryptoFuse, body: Any, status: int) -> None:
    assert posted(venue, body)[0] == status


def test_a_rate_is_a_json_number_with_the_digits_of_the_books(venue: CryptoFuse) -> None:
    headers = {"authorization": f"Bearer {token(venue)}"}
    query = {"currency_from": "ETH", "currency_to": "USD"}
    answer = venue.answer(Request("GET", "/api/v1/rates/", query, headers))
    assert f'"rate":{venue.books["rates"]["ETH"]}'.encode() in answer.body
    other = venue.answer(
        Request("GET", "/api/v1/rates/", {"currency_from": "DOGE", "currency_to": "USD"}, headers)
    )
    assert (other.status, json.loads(other.body)["error"]["code"]) == (400, "invalid_currency")


def test_without_books_every_list_is_empty() -> None:
    venue = CryptoFuse({})
    assert served(venue, "/payments/")["count"] == served(venue, "/transactions/transactions/")["count"] == 0
    assert served(venue, "/withdrawal/")["total"] == served(venue, "/wallets/")["total"] == 0
    assert served(venue, "/currencies/") == {"currencies": []}
    assert set(served(venue, "/user/me/")) == {"transaction_fee", "is_fee_paid_by_user"}
    assert set(served(venue, "/user/fees/")) == {"transaction_fees", "withdrawal_fees"}


def test_the_sample_payments_and_withdrawals_are_what_the_history_says(venue: CryptoFuse) -> None:
    """But for the four deposits that opened the account, and what never came or left."""
    books = venue.books
    moved = Counter(
        (row["type"], row["timestamp"], row["currency"], row["amount"]) for row in books["history"]
    )
    told = Counter(
        ("deposit", one["timestamp"], row["pay_currency"], one["amount"])
        for row in books["payments"]
        for one in row["payment_history"]
    )
    told += Counter(
        ("withdrawal", row["created_at"], row["currency"], row["amount"])
        for row in books["withdrawals"]
        if row["status"] == "completed"
    )
    assert told <= moved
    assert {kind for kind, *_ in moved - told} == {"deposit"}
    assert (moved - told).total() == 4


def test_the_sample_wallets_transfers_leave_what_sub_accounts_says(venue: CryptoFuse) -> None:
    ways = {"to_sub": 1, "to_master": -1}
    held: dict[str, Decimal] = defaultdict(Decimal)
    for rows in venue.books["transfers"].values():
        for row in rows:
            if row["status"] == "completed":
                held[row["currency"]] += ways[row["transfer_type"]] * Decimal(row["amount"])
    stated = venue.books["balances"]["sub_accounts"]
    assert {code: amount for code, amount in held.items() if amount} == stated


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/withdrawal/"),
        ("POST", "/api/v1/payments/"),
        ("POST", "/api/v1/wallets/"),
        ("POST", "/api/v1/wallets/transfer"),
        ("PATCH", "/api/v1/user/webhooks/"),
        ("DELETE", "/api/v1/api-keys/1"),
    ],
)
def test_what_changes_something_is_a_violation_even_without_a_token(method: str, path: str) -> None:
    venue = CryptoFuse({})
    assert venue.answer(Request(method, path, {}, {}, b"{}")).status == 200
    assert [(request.method, request.path) for request in venue.violations] == [(method, path)]
