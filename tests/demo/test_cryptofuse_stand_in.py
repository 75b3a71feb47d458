"""The CryptoFuse stand-in: tokens, pages, and what it reports as a violation."""

import base64
import json
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
    read = Request("POST", "/api/v1/wallets/transfer-history/", {}, headers, b"{}")
    assert venue.answer(read).status == 404
    assert venue.violations == []


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
