"""Egera: which currencies are asked for, at how many decimals a trade is rounded, and what a balance is."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recon.core.errors import ReconError
from recon.sources.egera import SOURCE
from tests.sources.drive import JUNK, drive
from tests.sources.egera_answers import BALANCES, TRADE, literal, settings


def asked(known: tuple[str, ...] = (), *, changes: Any = None, **answers: Any) -> set[str]:
    reads = drive(SOURCE, settings(**(changes or {})), literal(**answers), known=known)
    found = {name.partition("/")[2] for name in reads if name.startswith("deposits/")}
    assert found == {name.partition("/")[2] for name in reads if name.startswith("withdrawals/")}
    return found


def test_movements_are_asked_of_every_currency_that_wallets_balances_or_an_earlier_pull_named() -> None:
    assert asked(getwalletsstatus={"ltc": {}, "a b": {}}) == {"BTC", "LTC", "PLN"}
    assert asked(getwalletsstatus=None) == {"BTC", "PLN"}
    assert asked(("deposits/DOGE", "trades"), getwalletsstatus=None, info=None) == {"DOGE"}
    assert asked(("deposits/DOGE",), changes={"currencies": ["eur", "EUR"]}) == {"EUR"}


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


def test_no_trade_is_read_where_no_decimals_could_be() -> None:
    reads = drive(SOURCE, settings(), literal(getwalletsstatus=None, info=None), known=["deposits/BTC"])
    assert "trades" not in reads
    assert reads["deposits/BTC"].passed
    reads = drive(
        SOURCE, settings(), literal(getwalletsstatus=None, info={"balances": 5}), known=["deposits/BTC"]
    )
    assert "trades" not in reads
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


@given(info=JUNK, wallets=st.dictionaries(st.text(), JUNK), volumes=JUNK)
def test_answers_of_any_shape_stop_no_other_stream(info: Any, wallets: Any, volumes: Any) -> None:
    reads = drive(
        SOURCE,
        settings(currencies=["btc"]),
        literal(info={"balances": info}, getwalletsstatus=wallets, volumes={"volumes": volumes}),
    )
    assert list(reads)[-1] == "balances"
    for read in reads.values():
        with suppress(ReconError):
            assert read.passed
            list((read.stream.holdings or read.stream.rows or (lambda _: ()))(read.passed.answers))
            assert read.stream.seen(read.passed.answers) >= 0
