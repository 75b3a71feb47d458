"""The fees that venues state become rates in one unit, and what is none is left out."""

from decimal import Decimal

from recon.core.records import Rate
from recon.sources import _rates


def test_egera_counts_its_fees_in_ten_thousandths_and_its_withdrawals_in_the_currency() -> None:
    facts = {
        ("account", "fee", "maker"): "10",
        ("account", "fee", "taker"): "25.5",
        ("account", "account", "debit_fee"): "0.03",
        ("wallets", "BTC", "current_optimal_fee"): "0.0002",
        ("wallets", "BTC", "current_minimum_amount"): "0.01",
    }
    assert list(_rates.egera(facts)) == [
        Rate("", "maker fee", Decimal("0.001"), None),
        Rate("", "taker fee", Decimal("0.00255"), None),
        Rate("BTC", "withdrawal fee", None, Decimal("0.0002")),
    ]


def test_cryptofuse_states_percentages_and_fees_of_a_network_in_some_currency() -> None:
    facts = {
        ("fees", "transaction_fees", "percentage"): "0.5",
        ("fees", "withdrawal_fees", "percentage"): "1",
        ("fees", "withdrawal_fees minimum_fees", "USDTERC20"): "2.5",
        ("fees", "withdrawal_fees network_fees ETH", "estimate"): "0.001",
        ("fees", "withdrawal_fees network_fees ETH", "currency"): "ETH",
        ("fees", "withdrawal_fees network_fees USDTERC20", "estimate"): "3",
        ("fees", "withdrawal_fees network_fees USDTERC20", "currency"): "USD",
        ("fees", "current_volume", "monthly"): "1000",
        ("me", "account", "transaction_fee"): "0.25",
    }
    assert set(_rates.cryptofuse(facts)) == {
        Rate("", "transaction fee", Decimal("0.005"), None),
        Rate("", "withdrawal fee", Decimal("0.01"), None),
        Rate("USDTERC20", "smallest withdrawal fee", None, Decimal("2.5")),
        Rate("ETH", "network fee", None, Decimal("0.001")),
        Rate("", "transaction fee", Decimal("0.0025"), None),
    }


def test_ethgas_states_fractions_and_the_fee_of_a_withdrawal_by_token() -> None:
    facts = {
        ("fees", "trading fees", "buyFeeRate"): "0.01",
        ("tokens", "token 1", "code"): "ETH",
        ("tokens", "token 1", "withdrawFee"): "0.0005",
        ("limits", "token 1 chain 5", "withdrawFee"): "0.0007",
        ("limits", "token 9 chain 5", "withdrawFee"): "1",
    }
    assert set(_rates.ethgas(facts)) == {
        Rate("", "buyFeeRate", Decimal("0.01"), None),
        Rate("ETH", "withdrawal fee", None, Decimal("0.0005")),
        Rate("ETH", "withdrawal fee", None, Decimal("0.0007")),
    }


def test_what_is_no_number_above_zero_or_takes_everything_is_no_fee() -> None:
    stated = ["0", "-1", "false", "", "10000", "0.000000000000000001"]
    found = [list(_rates.egera({("account", "fee", "maker"): value})) for value in stated]
    assert [len(one) for one in found] == [0, 0, 0, 0, 0, 1]
    assert found[-1][0].rate == Decimal("1e-22")
