"""CryptoFuse's balances in the four shapes that are documented for one address, and the venue's own totals."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.core.records import Holding
from recon.sources.cryptofuse import SOURCE, Settings
from tests.sources.drive import JUNK, Read, as_bytes, drive, fails

SETTINGS = Settings.model_validate(
    {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
)
CURRENCIES = [
    {"currency": "USDTERC20", "blockchain": "eth", "token": "usdt"},
    {"currency": "USDTBSC", "blockchain": "bsc", "token": "usdt"},
    {"currency": "WETH", "blockchain": "eth", "token": "weth"},
]
OLDER = {
    "currency": "USDTERC20", "total_balance": "5000.000000", "available_balance": "4500.000000",
    "pending_balance": "500.000000", "total_deposited": "10000.000000", "total_withdrawn": 4950, "usd_value": "4999.50",
    "wallets": [{"wallet_id": "w-1", "wallet_name": "Default Wallet", "balance": "3000.000000", "pending": "300.0"}],
}  # fmt: skip


def reads(body: bytes | Any) -> dict[str, Read]:
    stated = body if isinstance(body, bytes) else as_bytes(body)
    answers = {"/user/balances/": stated, "/currencies/": as_bytes({"currencies": CURRENCIES})}
    return drive(SOURCE, SETTINGS, lambda one: answers[one.path] if one.path in answers else fails(one))


def held(body: bytes | Any) -> list[Holding]:
    return reads(body)["balances"].holdings()


def quantities(body: bytes | Any) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(one.account, one.asset, one.total, one.locked) for one in held(body)]


def totals(body: bytes | Any) -> dict[tuple[str, str], str]:
    return {(one.subject, one.name): one.value for one in reads(body)["totals"].facts()}


def test_sub_accounts_are_held_beside_the_main_account() -> None:
    body = {
        "account": {"USDTERC20": "5000.000000", "eth": "1.5", "A/B": "1"},
        "sub_accounts": {"USDTERC20": "1000.5", "BTC": 0.25},
        "statistics": {"total_deposits": 1, "total_withdrawals": 2},
    }
    assert [one for one in quantities(body) if one[1][:3] != "ODD"] == [
        ("main", "USDTERC20", 5000, 0),
        ("main", "ETH", Decimal("1.5"), 0),
        ("sub", "USDTERC20", Decimal("1000.5"), 0),
        ("sub", "BTC", Decimal("0.25"), 0),
    ]
    assert [one.pointer for one in held(body)][2:4] == ["/account/A~1B", "/sub_accounts/USDTERC20"]


def test_the_guides_nested_amounts_keep_all_18_decimals_and_show_what_is_pending_as_locked() -> None:
    body = {
        "account": {
            "usdtbsc": {"amount": "1000.000000000000000001", "pending_amount": "25.000000000000000000"}
        },
        "sub_accounts": {"usdtbsc": {"amount": 7}},
    }
    assert quantities(body) == [
        ("main", "USDTBSC", Decimal("1000.000000000000000001"), 25),
        ("sub", "USDTBSC", 7, 0),
    ]


def test_the_older_list_is_held_in_main_with_the_pending_part_inside_the_total() -> None:
    body = {"balances": [OLDER]}
    assert quantities(body) == [("main", "USDTERC20", 5000, 500)]
    assert held(body)[0].pointer == "/balances/0"


def test_the_admin_summary_is_read_by_the_venues_own_table_of_codes() -> None:
    body = (
        b'{"total_balances": [{"blockchain": "ETH", "token": "USDT", "hot_wallet_balance": 1000.0,'
        b'"total_balance": 8000.000000000000000001}, {"blockchain": "BSC", "token": "USDT", "total_balance": 4.5e3},'
        b'{"blockchain": "BTC", "token": "BTC", "total_balance": 1}]}'
    )
    assert quantities(body) == [
        ("main", "USDTERC20", Decimal("8000.000000000000000001"), 0),
        ("main", "USDTBSC", 4500, 0),
        ("main", "BTC", 1, 0),
    ]
    assert totals(body) == {("USDTERC20", "hot_wallet_balance"): "1000"}


def test_a_blockchain_and_token_without_a_known_code_are_refused_by_their_place() -> None:
    with pytest.raises(SourceError, match="/total_balances/0: no currency is known"):
        held({"total_balances": [{"blockchain": "TRX", "token": "USDT", "total_balance": 1}]})


@pytest.mark.parametrize("number", ["0.1", 0.1], ids=repr)
def test_numbers_and_texts_are_exact_alike(number: Any) -> None:
    assert quantities({"account": {"ETH": number}, "sub_accounts": {}}) == [
        ("main", "ETH", Decimal("0.1"), 0)
    ]


def test_a_currency_that_is_stated_twice_is_refused() -> None:
    with pytest.raises(SourceError, match="ETH is stated twice"):
        held({"account": {"ETH": "1", "eth": "2"}, "sub_accounts": {}})


def test_the_venues_own_counts_and_sums_are_facts() -> None:
    body = {
        "account": {"ETH": "1.50"},
        "sub_accounts": {"ETH": "0.250"},
        "statistics": {"total_deposits": 1234, "total_withdrawals": 456},
    }
    assert totals(body) == {
        ("ETH", "sub_accounts"): "0.25",
        ("statistics", "total_deposits"): "1234",
        ("statistics", "total_withdrawals"): "456",
    }
    assert totals({"balances": [OLDER]}) == {
        ("USDTERC20", "total_deposited"): "10000",
        ("USDTERC20", "total_withdrawn"): "4950",
        ("wallet w-1 USDTERC20", "wallet_name"): "Default Wallet",
        ("wallet w-1 USDTERC20", "balance"): "3000",
        ("wallet w-1 USDTERC20", "pending"): "300",
    }


@pytest.mark.parametrize("without", [{}, {"sub_accounts": None}, {"sub_accounts": []}])
def test_who_has_no_sub_account_may_be_told_so_in_any_way(without: dict[str, Any]) -> None:
    found = reads({"account": {"ETH": "1"}} | without)
    assert [(one.account, one.total) for one in found["balances"].holdings()] == [("main", 1)]


def test_the_totals_are_asked_apart_and_before_the_balances() -> None:
    found = reads({"account": {}, "sub_accounts": {}})
    assert list(found).index("totals") + 1 == list(found).index("balances")
    assert found["totals"].asked == found["balances"].asked == [Request(method="GET", path="/user/balances/")]


@pytest.mark.parametrize(
    "value",
    [
        {}, [], None, 7, {"account": []}, {"account": {"ETH": None}, "sub_accounts": {}},
        {"account": {"ETH": True}, "sub_accounts": {}}, {"account": {"ETH": "1,5"}, "sub_accounts": {}},
        {"account": {"ETH": {"pending_amount": "1"}}, "sub_accounts": {}}, {"balances": {}}, {"balances": [7]},
        {"balances": [{"currency": "ETH"}]}, {"total_balances": None}, {"total_balances": [{}]},
        {"account": {"ETH": "1234567890123456789"}, "sub_accounts": {}},
    ],
    ids=repr,
)  # fmt: skip
def test_another_shape_is_refused_loudly(value: Any) -> None:
    with pytest.raises(SourceError) as error:
        held(value)
    assert error.value.kind == "payload"


@given(
    value=st.dictionaries(
        st.sampled_from(["account", "sub_accounts", "balances", "total_balances", "statistics"]),
        JUNK | st.dictionaries(st.text(), JUNK, max_size=2) | st.lists(JUNK, max_size=2),
    )
)
def test_no_shape_makes_a_traceback(value: Any) -> None:
    found = reads(value)
    for read, tell in ((found["balances"], Read.holdings), (found["totals"], Read.facts)):
        with suppress(SourceError):  # the one error there may be
            tell(read)
