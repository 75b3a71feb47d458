"""The Egera stand-in: what it answers, whom it refuses, and what it reports as a violation."""

import json
from typing import Any

import pytest

from recon.demo.egera import ACCOUNT_ID, KEY, Egera
from recon.demo.venues import Request, load, sample_path

TRADE = {
    "currency1": "eth",
    "currency2": "pln",
    "amount": "0.50000000",
    "time_close": 1735807272,
    "price": "13245.67",
    "fee_taker": "50",
    "fee_maker": "30",
    "type": "bid",
    "action": "open",
}


def ask(venue: Egera, action: str, **more: str) -> Any:
    query = {"method": "account", "action": action, "id": ACCOUNT_ID, "key": KEY, **more}
    response = venue.answer(Request("GET", "/", query, {}))
    assert response.status == 200
    return json.loads(response.body)


@pytest.fixture
def venue() -> Egera:
    return Egera(load(sample_path() / "egera.json"))


@pytest.mark.parametrize("wrong", [{"id": "1"}, {"key": "guess"}, {"key": ""}])
def test_a_wrong_key_is_refused_with_http_200(venue: Egera, wrong: dict[str, str]) -> None:
    answer = ask(venue, "info", **wrong)
    assert answer["success"] is False
    assert isinstance(answer["code"], int)
    assert answer["message"]
    assert venue.violations == []


def test_info_states_balances_in_upper_case_with_addresses_beside_them(venue: Egera) -> None:
    answer = ask(venue, "info")
    assert list(answer) == ["success", "account", "balances", "deposit", "has_address", "debit_fee"]
    assert all(currency.isupper() for currency in answer["balances"])
    assert answer["deposit"]["PLN"] is False
    assert answer["deposit"]["BTC"]["deposit"].startswith("bc1q")
    assert {set(balance) == {"active", "inactive"} for balance in answer["balances"].values()} == {True}


def test_the_history_holds_every_trade_at_once(venue: Egera) -> None:
    answer = ask(venue, "history", limit="1", offset="5")
    assert answer["history"] == venue.books["trades"]
    assert set(answer["history"][0]) == set(TRADE)


@pytest.mark.parametrize("kind", ["deposits", "withdrawals"])
def test_movements_are_asked_by_a_currency_in_lower_case(venue: Egera, kind: str) -> None:
    for currency in ask(venue, "info")["balances"]:
        assert ask(venue, kind, currency=currency.lower())["history"] == venue.books[kind][currency.lower()]
        assert ask(venue, kind, currency=currency)["success"] is False
    assert ask(venue, kind)["success"] is False
    assert ask(venue, kind, currency="xrp")["history"] == []


def test_the_wallets_name_every_currency_and_its_decimals(venue: Egera) -> None:
    wallets = ask(venue, "getwalletsstatus")
    assert wallets.pop("success") is True
    assert set(wallets) == {currency.lower() for currency in ask(venue, "info")["balances"]}
    digits = {currency: wallet["decimal_point"] for currency, wallet in wallets.items()}
    assert digits["pln"] == digits["eur"] == "2"
    assert digits["btc"] == digits["usdt"] == "8"
    assert set(ask(venue, "getwalletsstatus", currency="btc")) == {"success", "btc"}


def test_wallets_and_volumes_follow_from_the_rows_where_the_books_do_not_state_them() -> None:
    venue = Egera({"trades": [TRADE, TRADE], "withdrawals": {"eur": []}})
    wallets = ask(venue, "getwalletsstatus")
    assert {name: wallets[name]["decimal_point"] for name in ("eth", "eur", "pln")} == {
        "eth": "8",
        "eur": "2",
        "pln": "2",
    }
    assert ask(venue, "volumes")["volumes"] == [{"amount": "1.00000000", "currency": "eth"}]


def public(venue: Egera, name: str) -> Any:
    return json.loads(venue.answer(Request("GET", f"/stats/{name}.json", {}, {})).body)


def test_the_small_reads_answer_and_the_ticker_needs_no_key(venue: Egera) -> None:
    for action in ("affiliate", "limits", "activeoffers", "volumes"):
        assert ask(venue, action)["success"] is True
    assert set(public(venue, "ticker")) == {"btc_pln", "eth_pln", "usdt_pln", "eth_btc", "btc_eur"}
    assert venue.answer(Request("GET", "/stats/else.json", {}, {})).status == 404
    assert venue.violations == []


def test_each_market_of_the_ticker_has_its_public_trades_newest_first(venue: Egera) -> None:
    for market in public(venue, "ticker"):
        found = public(venue, f"history_{market.replace('_', '')}")
        assert f"{found['data']['market1']}_{found['data']['market2']}" == market
        rows = found["history"]
        assert {tuple(row) for row in rows} == {("time", "nr", "amount", "price", "type")}
        assert [int(row["nr"]) for row in rows] == sorted((int(row["nr"]) for row in rows), reverse=True)
        assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)
    assert venue.answer(Request("GET", "/stats/history_btcusd.json", {}, {})).status == 404
    assert venue.violations == []


def test_a_public_file_asked_for_with_the_key_is_a_violation(venue: Egera) -> None:
    venue.answer(Request("GET", "/stats/ticker.json", {"id": ACCOUNT_ID, "key": KEY}, {}))
    assert [request.path for request in venue.violations] == ["/stats/ticker.json"]


def test_the_action_that_trades_and_logins_share_brings_logins_only_where_there_are_no_trades() -> None:
    login = {"timestamp": "1556024864185000", "ip": "192.0.2.1"}
    assert ask(Egera({"logins": [login]}), "history") == {"success": True, "0": login}
    assert ask(Egera({"logins": [login], "trades": [TRADE]}), "history")["history"] == [TRADE]


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("account", "withdrawal"),
        ("account", "withdrawalconfirm"),
        ("account", "freeze"),
        ("account", "convert"),
        ("account", "newaddress"),
        ("account", "getsockettoken"),
        ("transactions", "sell"),
        ("transactions", "cancel"),
        ("transactions", "canceloffers"),
        ("transactions", "buy"),
        ("transactions", "cancelall"),
        ("transaction", "canceloffers"),
        ("transactions", "history"),
    ],
)
def test_what_changes_something_is_a_violation_and_seems_to_succeed(method: str, action: str) -> None:
    venue = Egera({})
    assert ask(venue, action, method=method)["success"] is True
    assert [request.query["action"] for request in venue.violations] == [action]
