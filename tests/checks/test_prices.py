"""prices: what must be valued has a price that is near enough, and no price stands alone against its neighbours."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.checks import Reckoned
from recon.core.breaks import CheckResult
from recon.core.times import Period
from recon.pipeline.config import Config, Entity
from recon.pipeline.price_settings import Prices
from recon.pipeline.prices import latest_prices, pricing, values
from recon.pipeline.trade_prices import trade_prices
from tests.checks._ledger import EVER, JANUARY, START, Ledger, day

CHECK = "prices"
ASKED = Prices(sources=("trades",))
LONG = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def ledger() -> Ledger:
    found = Ledger()
    found.known_at = datetime(2025, 6, 1, tzinfo=UTC)
    return found


def _config(prices: Prices = ASKED, base: str = "PLN", **pools: str) -> Config:
    return Config(
        path=Path("recon.toml"),
        entity=Entity(name="e", timezone="Europe/Warsaw", base_currency=base),
        ledger_url="",
        evidence=Path(),
        reports=Path(),
        personal_data=False,
        sources=[],
        openings=(),
        pools=pools,
        prices=prices,
    )


def _trade(ledger: Ledger, base: str, amount: str, quote: str, paid: str, at: datetime) -> int:
    entry = ledger.entry = ledger.entry + 1
    rest = (at, entry, "buy", True)
    for asset, quantity in ((base, Decimal(amount)), (quote, Decimal(paid).copy_negate())):
        ledger.leg(
            *(entry, "egera", "main", "assets:egera:main", "assets", asset, quantity, None, *rest),
            *(entry, "egera", None, "trading", "trading", asset, quantity.copy_negate(), None, *rest),
        )  # fmt: skip
    return entry


def _asked(ledger: Ledger, period: Period = EVER, config: Config | None = None) -> CheckResult:
    found = pricing(ledger.connection, config or _config(), period)
    ledger.reckoned = Reckoned(pricing=found)
    return ledger.results(period, [CHECK])[CHECK]


def _texts(answer: CheckResult) -> list[str]:
    return [one.diagnosis.text for one in answer.breaks]


def test_without_a_source_nobody_asks_and_nothing_is_examined(ledger: Ledger) -> None:
    ledger.row("5")
    answer = _asked(ledger, config=_config(Prices()))
    assert (answer.breaks, answer.tested) == ((), 0)


def test_empty_books_need_no_price(ledger: Ledger) -> None:
    answer = _asked(ledger)
    assert (answer.breaks, answer.tested) == ((), 0)


def test_the_base_currency_needs_none(ledger: Ledger) -> None:
    ledger.row("5", asset="PLN")
    assert _asked(ledger).tested == 0


def test_each_thing_that_needs_a_price_is_counted_and_lacks_it_where_none_is_near(ledger: Ledger) -> None:
    """A deposit, interest, a fee, and what is held at the end."""
    ledger.row("1", at=day(2), contra="income")
    ledger.row("5", at=day(1))
    ledger.row("-2", at=day(3), contra="fees")
    answer = _asked(ledger, JANUARY)
    (found,) = answer.breaks
    assert (found.severity, found.source, found.account, found.asset) == ("warning", None, None, "BTC")
    assert (found.at, found.expected, found.entries) == (datetime(2025, 1, 2, tzinfo=UTC), None, (2,))
    assert answer.tested == 4
    assert found.diagnosis.text == (
        "BTC, 2025-01-02 00:00:00 UTC: no trade gives a price within 3 days of what needs one from here to 2025-02-01 "
        "00:00:00 UTC (moved to or from outside: 1, income: 1, fees: 1, held at the end: 1); there is none before and "
        "none after."
    )


def test_a_price_serves_what_lies_so_many_days_before_and_after_it(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "1", "PLN", "100", day(10))
    for at in (day(7), day(13)):
        ledger.row("1", at=at)
    ledger.row("-3", at=day(11), kind="withdrawal")
    assert _asked(ledger).breaks == ()
    ledger.row("1", at=day(6.999))
    ledger.row("1", at=day(13.001))
    ledger.row("-2", at=day(11))
    assert [one.at for one in _asked(ledger).breaks] == [
        day(6.999).replace(tzinfo=UTC),
        day(13.001).replace(tzinfo=UTC),
    ]
    wider = _config(Prices(sources=("trades",), max_age_days=4))
    assert _asked(ledger, config=wider).breaks == ()


def test_what_lacks_a_price_between_the_same_two_prices_is_one_break_that_keeps_its_number(
    ledger: Ledger,
) -> None:
    for at in (day(0), day(20)):
        _trade(ledger, "BTC", "1", "PLN", "100", at)
    ledger.row("1", at=day(8))
    ledger.row("-3", at=day(9))
    (found,) = _asked(ledger).breaks
    assert "the last price before is of 2025-01-01 00:00:00 UTC and the next of 2025-01-21 00:00:00 UTC" in (
        found.diagnosis.text
    )
    ledger.row("1", at=day(7))
    ledger.row("-1", at=day(7))
    (again,) = _asked(ledger, JANUARY).breaks
    assert again.id == found.id


def test_what_is_held_at_the_end_of_an_open_period_is_valued_at_the_latest_pull(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    _trade(ledger, "BTC", "1", "PLN", "100", day(2))
    ledger.known_at = datetime(2025, 1, 4, tzinfo=UTC)
    assert _asked(ledger).breaks == ()
    ledger.known_at = datetime(2025, 1, 8, tzinfo=UTC)
    assert "held at the end: 1" in _texts(_asked(ledger))[0]


def test_codes_of_one_pool_are_one_asset(ledger: Ledger) -> None:
    ledger.row("5", asset="USDTERC20", at=day(1))
    ledger.row("-5", asset="USDTERC20", at=day(2))
    _trade(ledger, "USDT", "1", "PLN", "4", day(2))
    assert [one.asset for one in _asked(ledger).breaks] == ["USDT", "USDTERC20"]
    pooled = _asked(ledger, config=_config(USDTERC20="USDT"))
    assert [one.asset for one in pooled.breaks] == ["USDT"]  # what is held of it at the end


def test_only_what_is_in_force_and_counts_needs_a_price(ledger: Ledger) -> None:
    ledger.row("5", live=False)
    ledger.row("5")
    ledger.connection.execute("update legs set counted = false where entry = 2")
    ledger.row("7", contra="transit")
    ledger.row("-7", contra="transit")
    assert _asked(ledger).tested == 0


def test_a_price_far_from_both_neighbours_is_a_break_and_a_jump_that_lasts_is_none(ledger: Ledger) -> None:
    prices = ("100", "101", "990", "102", "103", "30", "31")
    entries = [_trade(ledger, "BTC", "1", "PLN", paid, day(one)) for one, paid in enumerate(prices)]
    ledger.row("-7", at=day(6))
    (found,) = _asked(ledger).breaks
    assert (found.source, found.asset, found.entries) == ("egera", "BTC", (entries[2],))
    assert "this trade gives a price of 990 PLN, more than 50 % away from those before and after it" in (
        found.diagnosis.text
    )
    assert _asked(ledger, config=_config(Prices(sources=("trades",), band_percent=99))).breaks != ()


@pytest.mark.parametrize(
    ("second", "days", "breaks"),
    [("150", 1, 0), ("150.01", 1, 1), ("49.99", 1, 1), ("50", 1, 0), ("990", 4, 0)],
)
def test_the_band_is_held_by_near_neighbours_alone(
    ledger: Ledger, second: str, days: int, breaks: int
) -> None:
    """Of two that have only one another it is the later that is told."""
    _trade(ledger, "BTC", "1", "PLN", "100", day(0))
    later = _trade(ledger, "BTC", "1", "PLN", second, day(days))
    ledger.row("-2", at=day(days))
    assert [one.entries for one in _asked(ledger).breaks] == [(later,)] * breaks


def test_a_price_is_the_fiat_leg_by_the_asset_leg_at_18_decimals_half_even(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "3", "PLN", "100", day(1))
    _trade(ledger, "ETH", "2", "PLN", "100.000000000000000001", day(1))
    _trade(ledger, "LTC", "2", "PLN", "100.000000000000000003", day(1))
    found = {one.asset: one.price for one in trade_prices(ledger.connection, _config(), *LONG)}
    assert found == {
        "BTC": Decimal("33.333333333333333333"),
        "ETH": Decimal("50.000000000000000000"),
        "LTC": Decimal("50.000000000000000002"),
    }


def test_a_fiat_price_is_turned_into_base_currency_where_that_has_a_price_near_enough(ledger: Ledger) -> None:
    _trade(ledger, "EUR", "10", "PLN", "43", day(1))
    _trade(ledger, "BTC", "2", "EUR", "100", day(3))
    _trade(ledger, "ETH", "2", "EUR", "100", day(9))
    _trade(ledger, "LTC", "2", "USDT", "100", day(3))
    found = trade_prices(ledger.connection, _config(), *LONG, near=timedelta(days=3))
    assert [(one.asset, one.price) for one in found] == [("BTC", 215), ("EUR", Decimal("4.3"))]
    assert latest_prices(ledger.connection, _config(), LONG[1]) == {
        "PLN": 1, "EUR": Decimal("4.3"), "BTC": 215, "ETH": 215,
    }  # fmt: skip


def test_of_trades_at_one_moment_the_largest_gives_the_price_and_dust_gives_none(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "0.5", "PLN", "50.00", day(1))
    _trade(ledger, "BTC", "0.1", "PLN", "10.01", day(1))
    _trade(ledger, "BTC", "0.00000002", "PLN", "0.01", day(2))
    found = trade_prices(ledger.connection, _config(), *LONG)
    assert [(one.price, one.entry) for one in found] == [(100, 1)]


def test_numbers_too_long_for_the_books_give_no_price(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "0.000000000000000001", "PLN", "999999999999999999", day(1))
    assert trade_prices(ledger.connection, _config(), *LONG) == []


def test_a_break_is_worth_its_difference_at_the_last_price_before_the_periods_end(ledger: Ledger) -> None:
    for at, paid in ((3, "100"), (20, "300"), (40, "900")):
        _trade(ledger, "BTC", "1", "PLN", paid, day(at))
    for asset, quantity in (("USDTX", "-5"), ("BTC", "-5.5"), ("PLN", "-7")):
        ledger.row(quantity, asset=asset, at=day(5))
    results = list(ledger.results(JANUARY, ["negative_balance"]).values())
    found = values(ledger.connection, _config(), JANUARY, results)
    assert {(one.source, one.asset): found.get(one.id) for one in results[0].breaks} == {
        ("fuse", "BTC"): Decimal("5.5") * 300, ("fuse", "PLN"): 7, ("egera", "PLN"): 400, ("fuse", "USDTX"): None,
    }  # fmt: skip


EXAMPLES = settings(max_examples=max(10, settings().max_examples // 10))
PRICES = st.decimals("0.01", "1e9", places=2)


@EXAMPLES
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 40), PRICES), min_size=1, max_size=12, unique_by=lambda one: one[0]
    )
)
def test_a_need_lacks_a_price_exactly_where_no_trade_is_near(steps: list[tuple[int, Decimal]]) -> None:
    ledger = Ledger()
    ledger.connection.execute("pragma disable_optimizer")
    for at, paid in steps:
        _trade(ledger, "BTC", "1", "PLN", str(paid + 1), day(at))
    for at in range(-5, 46, 2):
        ledger.row("1", at=START + timedelta(days=at))
    config = _config(Prices(sources=("trades",), band_percent=99))
    lacking = sum(all(abs(at - there) > 3 for there, _ in steps) for at in range(-5, 46, 2))
    answer = _asked(ledger, Period(name="p", start=None, end=day(60).replace(tzinfo=UTC)), config)
    told = [int(text.split("outside: ")[1].split(",")[0]) for text in _texts(answer) if "outside" in text]
    assert sum(told) == lacking


def test_a_quantity_that_is_not_there_needs_no_price(ledger: Ledger) -> None:
    ledger.row("1")
    ledger.connection.execute("update legs set quantity = null")
    assert _asked(ledger).tested == 0


def _settings(**changes: Any) -> Prices:
    return Prices.model_validate(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ["oracle"]},
        {"sources": ["nbp", "nbp"]},
        {"max_age_days": -1},
        {"band_percent": 0},
        {"band_percent": "50"},
        {"odd": 1},
    ],
)
def test_settings_that_are_none_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        _settings(**changes)
