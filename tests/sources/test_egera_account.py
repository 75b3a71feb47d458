"""Egera: which currencies are asked for, at how many decimals a trade is rounded, and what a balance is."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recon.core.errors import ReconError, SourceError
from recon.demo.egera import Egera
from recon.demo.venues import load_all
from recon.sources.egera import SOURCE
from tests.sources.drive import JUNK, drive, of_egera
from tests.sources.egera_answers import BALANCES, TRADE, literal, settings


def told(known: tuple[str, ...] = (), *, changes: Any = None, **answers: Any) -> dict[str, str]:
    """Each currency of deposits, and why it is not asked for."""
    reads = drive(SOURCE, settings(**(changes or {})), literal(**answers), known=known)
    one, other = (
        {
            read.stream.asset: read.stream.unasked
            for name, read in reads.items()
            if name == f"{kind}/{read.stream.asset}" and read.stream.account == "main"
        }
        for kind in ("deposits", "withdrawals")
    )
    assert one == other
    return one


def asked(known: tuple[str, ...] = (), *, changes: Any = None, **answers: Any) -> set[str]:
    return {code for code, unasked in told(known, changes=changes, **answers).items() if not unasked}


def test_movements_are_asked_of_every_currency_that_wallets_balances_or_an_earlier_pull_named() -> None:
    assert asked(getwalletsstatus={"ltc": {}, "a b": {}}) == {"BTC", "LTC", "PLN"}
    assert asked(getwalletsstatus=None) == {"BTC", "PLN"}
    assert asked(("deposits/DOGE", "trades"), getwalletsstatus=None, info=None) == {"DOGE"}
    assert asked(("deposits/DOGE",), changes={"currencies": ["eur", "EUR"]}) == {"EUR"}


def test_a_currency_that_the_settings_leave_out_is_told_as_not_asked_for() -> None:
    assert told(("deposits/DOGE",), changes={"currencies": ["eur", "BTC"]}) == {
        "BTC": "",
        "EUR": "",
        "DOGE": "not in currencies",
        "PLN": "not in currencies",
    }


def test_a_currency_that_no_question_can_name_is_told_as_not_asked_for() -> None:
    found = told(getwalletsstatus={"a b": {}}, info=None)
    assert list(found.values()) == ["its code is none that can be asked for"]


def test_a_currency_is_asked_for_in_lower_case() -> None:
    reads = drive(SOURCE, settings(), literal())
    assert reads["deposits/BTC"].asked[0].params == {
        "method": "account",
        "action": "deposits",
        "currency": "btc",
    }


def test_an_impossible_currency_in_the_settings_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected currencies of 1 to 32"):
        settings(currencies=["b t c"])


@pytest.mark.parametrize(
    ("stated", "printed", "paid"),
    [
        ("3", "0.00", "50.006"),
        (3, "0.00", "50.006"),
        ("3.0", "0.00", "50.006"),
        (None, "0.0000", "50.0056"),
        ("x", "0.0000", "50.0056"),
        ("²", "0.0000", "50.0056"),
        ("99", "0.0000", "50.0056"),
        (None, "0", "50.00555556"),
        (None, 0, "50.00555556"),
        (None, 0.5, "50.00555556"),
        (None, False, "50.00555556"),
        (None, "0." + "0" * 30, "50.00555556"),
    ],
    ids=repr,
)
def test_decimals_are_those_of_the_wallet_else_as_the_balance_is_printed_else_eight(
    stated: Any, printed: Any, paid: str
) -> None:
    reply = literal(
        history={"history": [TRADE | {"price": "100.011111111111", "fee_maker": "0"}]},
        getwalletsstatus={"pln": {"decimal_point": stated}},
        info={"balances": {"PLN": {"active": printed, "inactive": "0.00"}}},
    )
    (row,) = drive(SOURCE, settings(), reply)["trades"].rows()
    assert [one.quantity for one in row.postings if one.account == "trading"] == [
        -Decimal("0.5"),
        Decimal(paid),
    ]


@pytest.mark.parametrize(
    "missing", [{"getwalletsstatus": None, "info": None}, {"info": None}, {"getwalletsstatus": None}]
)
def test_no_trade_is_asked_for_where_its_decimals_are_not_all_told(missing: dict[str, None]) -> None:
    reads = drive(SOURCE, settings(), literal(**missing), known=["deposits/BTC"])
    assert "tell what to round at" in reads["trades"].stream.blocked
    assert reads["deposits/BTC"].passed


BESIDE = {"deposit": {"BTC": False, "PLN": {"deposit": "a"}}, "has_address": True, "debit_fee": "0.03"}


@pytest.mark.parametrize(
    "info", [{"balances": BALANCES, **BESIDE}, {"balances": {**BALANCES, **BESIDE}}], ids=str
)
def test_addresses_among_or_beside_the_balances_are_no_balance(info: Any) -> None:
    reads = drive(SOURCE, settings(), literal(info=info, getwalletsstatus=None))
    assert {one.asset for one in reads["balances"].holdings()} == {"BTC", "PLN"}
    assert {name for name in reads if name.startswith("deposits/")} == {"deposits/BTC", "deposits/PLN"}
    account = reads["account"]
    assert account.passed
    assert account.stream.seen(account.passed.answers) == 2


def test_a_balance_is_what_is_free_and_what_is_locked_even_below_zero() -> None:
    balances = {
        "BTC": {"active": "1.50", "inactive": "-0.25"},
        "PLN": {"active": 0, "inactive": False},
        "ETH": {"active": "123456789012345678.123456789012345678", "inactive": "0.000000000000000001"},
        "A/B~": {"active": "1", "inactive": "1"},
    }
    found = drive(SOURCE, settings(), literal(info={"balances": balances}))["balances"].holdings()
    assert [(one.total, one.locked) for one in found] == [
        (Decimal("1.25"), Decimal("-0.25")),
        (0, 0),
        (Decimal("123456789012345678.123456789012345679"), Decimal("1e-18")),
        (2, 1),
    ]
    assert [one.pointer for one in found] == [
        "/balances/BTC",
        "/balances/PLN",
        "/balances/ETH",
        "/balances/A~1B~0",
    ]
    assert found[3].asset.startswith("ODD-")


@pytest.mark.parametrize(
    "odd", ["1.5", False, None, [], {"inactive": "1"}, {"active": "1 ", "inactive": "0"}], ids=repr
)
def test_a_balance_that_cannot_be_read_stops_the_balances_and_nothing_else(odd: Any) -> None:
    reads = drive(SOURCE, settings(), literal(info={"balances": {"BTC": odd}}, history={"history": [TRADE]}))
    with pytest.raises(ReconError):
        reads["balances"].holdings()
    assert len(reads["trades"].rows()) == 1


def test_what_may_not_be_served_is_asked_after_the_balances_and_nothing_else_is() -> None:
    reads = list(drive(SOURCE, settings(login_history=True), of_egera(Egera(load_all()["egera"]))).values())
    names = [read.stream.name for read in reads]
    after = names.index("balances") + 1
    assert not any(read.stream.optional for read in reads[:after])
    assert all(read.stream.optional for read in reads[after:])
    assert names[after : after + 6] == ["offers", "volumes", "affiliate", "limits", "logins", "ticker"]


def facts(info: Any = None, wallets: Any = None) -> list[tuple[str, str, str, str]]:
    answers = {"info": {"balances": BALANCES} | (info or {}), "getwalletsstatus": wallets or {}}
    reads = drive(SOURCE, settings(), literal(**answers))
    return [
        (one.subject, one.name, one.value, one.pointer)
        for stream in ("wallets", "account")
        for one in reads[stream].facts()
    ]


def test_the_fee_tier_is_kept_and_nothing_about_the_person() -> None:
    account = {
        "nick": "canary",
        "email": "canary@example.com",
        "phone": "+48canary",
        "last_ip": "canary",
        "data": {"name": "canary", "surname": "canary"},
        "fee": {"maker": "30", "taker": False, "canary": "1"},
    }
    assert facts({"account": account, "debit_fee": 0.03}) == [
        ("fee", "maker", "30", "/account/fee/maker"),
        ("fee", "taker", "0", "/account/fee/taker"),
        ("account", "debit_fee", "0.03", "/debit_fee"),
    ]


DEPOSIT_PLACES = {
    "BTC": {"deposit": "bc1"},
    "eth": "0x\u0000",
    "PLN": False,
    "EUR": {"deposit": False},
    "LTC": "",
    "XRP": None,
    "A/B": {"deposit": "1234567890123456789012"},
}


@pytest.mark.parametrize("nested", [False, True])
def test_own_addresses_are_kept_wherever_and_however_they_are_stated(nested: bool) -> None:
    beside = {"deposit": DEPOSIT_PLACES}
    root, info = ("/balances", {"balances": BALANCES | beside}) if nested else ("", beside)
    found = facts(info)
    assert [(subject, value, pointer) for subject, _, value, pointer in found][:2] == [
        ("BTC", "bc1", f"{root}/deposit/BTC/deposit"),
        ("ETH", "0x\\u0000", f"{root}/deposit/eth"),
    ]
    assert found[2][2:] == ("1234567890123456789012", f"{root}/deposit/A~1B/deposit")
    assert {name for _, name, _, _ in found} == {"deposit_address"}
    assert len(found) == 3


def test_a_wallet_states_fee_smallest_amount_confirmations_and_decimals() -> None:
    wallet = {
        "current_optimal_fee": "0.00020",
        "current_minimum_amount": 0,
        "confirmations": "2",
        "decimal_point": "8",
        "is_online": True,
    }
    wallets = {"btc": wallet, "ltc": {"current_minimal_amount": False}, "odd": 5}
    assert facts(wallets=wallets) == [
        ("BTC", "current_optimal_fee", "0.0002", "/btc/current_optimal_fee"),
        ("BTC", "current_minimum_amount", "0", "/btc/current_minimum_amount"),
        ("BTC", "confirmations", "2", "/btc/confirmations"),
        ("BTC", "decimal_point", "8", "/btc/decimal_point"),
        ("LTC", "current_minimal_amount", "0", "/ltc/current_minimal_amount"),
    ]


@pytest.mark.parametrize("empty", [{}, []], ids=repr)
def test_an_empty_table_may_be_written_as_a_list(empty: Any) -> None:
    info = {"balances": empty, "deposit": empty, "account": empty}
    reads = drive(SOURCE, settings(), literal(info=info))
    assert reads["account"].facts() == reads["balances"].holdings() == []


@pytest.mark.parametrize(
    "info",
    [
        {"account": [1]},
        {"account": {"fee": "30"}},
        {"deposit": "bc1"},
        {"deposit": {"BTC": 5}},
        {"deposit": {"BTC": ["bc1"]}},
        {"deposit": {"BTC": {"deposit": {"deposit": "bc1"}}}},
        {"balances": None},
        {"balances": [5]},
    ],
    ids=repr,
)
def test_an_account_of_another_shape_is_refused(info: Any) -> None:
    with pytest.raises(SourceError) as refused:
        facts(info)
    assert refused.value.kind == "payload"


@given(info=JUNK, wallets=st.dictionaries(st.text(), JUNK), account=JUNK, deposit=JUNK)
def test_answers_of_any_shape_stop_no_other_stream(
    info: Any, wallets: Any, account: Any, deposit: Any
) -> None:
    stated = {"balances": info, "account": account, "deposit": deposit}
    reads = drive(SOURCE, settings(currencies=["btc"]), literal(info=stated, getwalletsstatus=wallets))
    assert {"deposits/BTC", "balances", "limits", "ticker"} <= reads.keys()
    for read in reads.values():
        if read.passed:
            stream, answers = read.stream, read.passed.answers
            with suppress(ReconError):
                list((stream.holdings or stream.rows or stream.facts or (lambda _: ()))(answers))
                assert stream.seen(answers) >= 0
