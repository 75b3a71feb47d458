"""What CryptoFuse states beside rows and balances: currencies, rates, fees, the account's fee tier."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.sources.cryptofuse import MOST_RATES, SOURCE, Settings
from tests.sources.drive import JUNK, Read, as_bytes, drive, fails

SETTINGS = Settings.model_validate(
    {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
)
HELD = {"account": {"ETH": "1.5", "BTC": "0", "A B": "1"}, "sub_accounts": {"usdterc20": "2"}}
STREAMS = {"currencies": "/currencies/", "fees": "/user/fees/", "me": "/user/me/", "rates/ETH": "/rates/"}


def reads(answers: dict[str, Any]) -> dict[str, Read]:
    given = {"/user/balances/": HELD} | answers

    def reply(request: Request) -> bytes:
        found = given.get(request.path, fails)
        if isinstance(found, bytes):
            return found
        return fails(request) if found is fails else as_bytes(found)

    return drive(SOURCE, SETTINGS, reply)


def facts(stream: str, value: Any) -> dict[tuple[str, str], str]:
    found = reads({STREAMS[stream]: value})[stream].facts()
    return {(one.subject, one.name): one.value for one in found}


def test_a_currency_is_told_with_its_blockchain_and_token_and_nothing_else() -> None:
    listed = [
        {"currency": "USDTTRC20", "name": "Tether", "token": "usdt", "blockchain": "trx", "min_amount": "1"},
        "eth",
    ]
    assert facts("currencies", {"currencies": listed}) == {
        ("USDTTRC20", "currency"): "USDTTRC20",
        ("USDTTRC20", "token"): "usdt",
        ("USDTTRC20", "blockchain"): "trx",
        ("ETH", "currency"): "eth",
    }
    stream = reads({"/currencies/": {"currencies": listed}})["currencies"]
    assert stream.asked == [Request(method="GET", path="/currencies/", params={"full": "true"})]
    assert stream.passed
    assert stream.stream.seen(stream.passed.answers) == 2


def test_fees_are_told_by_their_own_names() -> None:
    value = {
        "transaction_fees": {"percentage": "1.0", "is_paid_by_user": True, "minimum_fees": {"ETH": 0.00010}},
        "withdrawal_fees": {
            "network_fees": {"ETH": {"estimate": "0.0015", "currency": "ETH", "updated_at": None}}
        },
        "volume_discounts": [{"monthly_volume_usd": "10000.00"}],
        "fee_examples": {"payment_100_usd": {"amount": "100.00"}},
    }
    assert facts("fees", value) == {
        ("transaction_fees", "percentage"): "1",
        ("transaction_fees", "is_paid_by_user"): "true",
        ("transaction_fees minimum_fees", "ETH"): "0.0001",
        ("withdrawal_fees network_fees ETH", "estimate"): "0.0015",
        ("withdrawal_fees network_fees ETH", "currency"): "ETH",
        ("volume_discounts 0", "monthly_volume_usd"): "10000",
    }


def test_of_the_account_only_its_fee_tier_is_taken() -> None:
    value = {
        "name": "Acme", "contact_email": "a@acme.example", "transaction_fee": "1.0", "is_fee_paid_by_user": True,
        "webhook_secret_masked": "wh_secret_ab...", "webhook_secret": "wh_secret", "api_usage": {"requests_today": 342},
        "ip_whitelist": ["10.0.0.1"],
    }  # fmt: skip
    assert facts("me", value) == {
        ("account", "transaction_fee"): "1",
        ("account", "is_fee_paid_by_user"): "true",
    }


def test_a_rate_is_asked_for_each_currency_held_that_the_venue_lists() -> None:
    listed = {"currencies": ["ETH", "usdterc20", "BTC", "DOGE"]}
    found = reads({"/currencies/": listed, "/rates/": {"rate": 1}})
    assert [name for name in found if name.startswith("rates/")] == ["rates/ETH", "rates/USDTERC20"]
    (asked,) = found["rates/ETH"].asked
    assert asked.params == {"currency_from": "ETH", "currency_to": "USD"}
    unlisted = reads({"/rates/": {"rate": 1}})
    assert [name for name in unlisted if name.startswith("rates/")] == ["rates/ETH", "rates/USDTERC20"]
    assert not any(name.startswith("rates/") for name in reads({"/user/balances/": fails}))
    many = {"account": {f"C{number}": "1" for number in range(99)}, "sub_accounts": {}}
    found = reads({"/user/balances/": many})
    assert sum(name.startswith("rates/") for name in found) == MOST_RATES


def test_a_rate_is_exact_in_the_newest_shape() -> None:
    body = (
        b'{"currency_from": "eth", "currency_to": "USD", "amount": 1.0, "estimated_amount": 2322.21,'
        b'"rate": 2345.670000000000000001, "fee_percentage": 1.0, "timestamp": "2024-12-27T10:00:00Z"}'
    )
    assert facts("rates/ETH", body) == {
        ("ETH/USD", "rate"): "2345.670000000000000001",
        ("ETH/USD", "amount"): "1",
        ("ETH/USD", "estimated_amount"): "2322.21",
        ("ETH/USD", "fee_percentage"): "1",
        ("ETH/USD", "timestamp"): "2024-12-27T10:00:00Z",
    }


def test_of_the_older_table_a_rate_takes_its_own_currency() -> None:
    table = {"base_currency": "USD", "rates": {"USDTERC20": "0.9999", "eth": "2345.670"}}
    assert facts("rates/ETH", table) == {("ETH/USD", "rate"): "2345.67"}
    assert facts("rates/ETH", table | {"rates": {}}) == {}


@pytest.mark.parametrize(
    ("stream", "value"),
    [
        ("currencies", {}), ("currencies", []), ("currencies", {"currencies": {}}), ("fees", {}), ("fees", []),
        ("fees", {"transaction_fees": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}), ("me", {}), ("me", None),
        ("me", {"name": "Acme"}), ("rates/ETH", {}), ("rates/ETH", []), ("rates/ETH", {"rate": None}),
        ("rates/ETH", {"rate": "about 3"}), ("rates/ETH", {"rates": []}),
        ("rates/ETH", {"base_currency": "EUR", "rates": {}}), ("rates/ETH", {"rate": 1, "currency_from": "BTC"}),
        ("rates/ETH", {"rate": 1, "currency_to": "EUR"}),
    ],
    ids=repr,
)  # fmt: skip
def test_another_shape_is_refused_loudly(stream: str, value: Any) -> None:
    with pytest.raises(SourceError) as error:
        facts(stream, value)
    assert error.value.kind == "payload"


WORDS = st.sampled_from(
    ["currencies", "rates", "rate", "base_currency", "transaction_fees", "transaction_fee"]
)
TREE = (
    JUNK
    | st.dictionaries(st.text(), JUNK, max_size=2)
    | st.lists(JUNK | st.dictionaries(st.text(), JUNK), max_size=2)
)


@given(stream=st.sampled_from(sorted(STREAMS)), value=st.dictionaries(WORDS, TREE, max_size=4))
def test_no_shape_makes_a_traceback(stream: str, value: Any) -> None:
    with suppress(SourceError):  # the one error there may be
        facts(stream, value)
