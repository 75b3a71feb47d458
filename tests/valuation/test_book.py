"""The book: which source, which way, exactly how much, and why there is nothing."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.prices import Lacking, Valued
from recon.valuation import rules
from tests.valuation._shelf import Laid, book, fraction, local, utc

NOON = utc("2024-06-03T12:00:00")
HOUR = timedelta(hours=1)
NBP_DAY, ECB_DAY = local("2024-05-31T00:00:00"), local("2024-06-03T00:00:00")
USD = ("USD", "PLN", NBP_DAY, "3.9389")


def why(found: Valued | Lacking) -> str:
    assert isinstance(found, Lacking), found
    return found.why


def names(found: Valued | Lacking) -> list[tuple[str, str, str, bool]]:
    assert isinstance(found, Valued), found
    return [(leg.price.source, leg.price.asset, leg.price.quote, leg.inverse) for leg in found.legs]


def test_every_source_has_a_rule_under_its_word() -> None:
    assert set(rules()) == {"trades", "venues", "nbp", "ecb", "files", "parity", "manual"}
    assert all(rule.name == word for word, rule in rules().items())


def test_the_currency_itself_is_one_by_no_leg() -> None:
    assert book({}, "trades").rate("PLN", "PLN", NOON) == Valued(1, 1)
    assert book({}, "trades", pools={"USDTERC20": "USDT"}).rate("USDTERC20", "USDT", NOON) == Valued(1, 1)


def test_a_cross_is_exact_leg_by_leg() -> None:
    laid: Laid = {"venues": [("USDT", "USD", NOON - HOUR, "0.9997")], "nbp": [USD]}
    found = book(laid).rate("USDT", "PLN", NOON)
    assert names(found) == [("venues", "USDT", "USD", False), ("nbp", "USD", "PLN", False)]
    assert fraction(found) == Fraction("0.9997") * Fraction("3.9389")
    assert isinstance(found, Valued)
    assert [leg.age_s for leg in found.legs] == [3600, (NOON - NBP_DAY).total_seconds()]


def test_a_rate_of_the_ecb_is_turned_round_without_rounding() -> None:
    laid: Laid = {"ecb": [("EUR", "GBP", ECB_DAY, "0.85133"), ("EUR", "PLN", ECB_DAY, "4.2873")]}
    found = book(laid).rate("GBP", "PLN", NOON)
    assert names(found) == [("ecb", "EUR", "GBP", True), ("ecb", "EUR", "PLN", False)]
    assert fraction(found) == Fraction("4.2873") / Fraction("0.85133")
    assert fraction(found) * fraction(book(laid).rate("PLN", "GBP", NOON)) == 1


decimals = st.decimals("0.000000000000000001", "999999", places=18).map(lambda value: format(value, "f"))


@given(decimals, decimals, decimals)
def test_three_legs_are_the_product_of_three_fractions(one: str, two: str, three: str) -> None:
    laid: Laid = {
        "venues": [("ETH", "BTC", NOON, one), ("BTC", "GBP", NOON, two)],
        "ecb": [("EUR", "GBP", ECB_DAY, three), ("EUR", "PLN", ECB_DAY, "4.25")],
    }
    assert isinstance(book(laid).rate("ETH", "PLN", NOON), Lacking), "that would be four legs"
    assert fraction(book(laid).rate("ETH", "EUR", NOON)) == Fraction(one) * Fraction(two) / Fraction(three)


def test_sources_are_tried_in_order_and_an_asset_may_have_its_own() -> None:
    laid: Laid = {
        "trades": [("BTC", "PLN", NOON - HOUR, "1")],
        "files": [("BTC", "PLN", NOON - HOUR, "2"), ("ETH", "PLN", NOON - HOUR, "4")],
        "venues": [("BTC", "PLN", NOON - HOUR, "3"), ("ETH", "PLN", NOON - HOUR, "5")],
    }
    assert fraction(book(laid, "trades", "files", "venues").rate("BTC", "PLN", NOON)) == 1
    assert fraction(book(laid, "venues", "files", "trades").rate("BTC", "PLN", NOON)) == 3
    own = book(laid, "trades", "files", assets={"ETH": ("venues",)})
    assert fraction(own.rate("BTC", "PLN", NOON)) == 1
    assert fraction(own.rate("ETH", "PLN", NOON)) == 5
    assert isinstance(book(laid, "trades", assets={"ETH": ()}).rate("ETH", "PLN", NOON), Lacking)


def test_a_source_that_lacks_gives_way_to_the_next() -> None:
    laid: Laid = {
        "trades": [("BTC", "PLN", NOON - timedelta(days=4), "1")],
        "files": [("BTC", "PLN", NOON - HOUR, "2")],
    }
    assert fraction(book(laid, "trades", "files").rate("BTC", "PLN", NOON)) == 2
    assert fraction(book(laid, "trades", "files", age=4).rate("BTC", "PLN", NOON)) == 1


def test_a_price_that_is_stated_by_hand_goes_before_all() -> None:
    laid: Laid = {"trades": [("BTC", "PLN", NOON, "1")], "manual": [("BTC", "PLN", NOON - HOUR, "9")]}
    assert fraction(book(laid, "trades").rate("BTC", "PLN", NOON)) == 9
    assert isinstance(book(laid, "trades").rate("BTC", "PLN", NOON - 2 * HOUR), Lacking)


def test_a_parity_holds_only_where_it_is_declared() -> None:
    laid: Laid = {"nbp": [USD]}
    found = book(laid, parity={"USDT": "USD"}).rate("USDT", "PLN", NOON)
    assert names(found) == [("parity", "USDT", "USD", False), ("nbp", "USD", "PLN", False)]
    assert fraction(found) == Fraction("3.9389")
    assert isinstance(found, Valued) and found.legs[0].price.at == NOON and found.legs[0].age_s == 0
    assert "nothing prices it" in why(book(laid).rate("USDT", "PLN", NOON))
    assert isinstance(book(laid, parity={"USDT": "USD"}).rate("USDC", "PLN", NOON), Lacking)


def test_no_way_leads_from_a_currency_through_an_asset() -> None:
    laid: Laid = {"trades": [("BTC", "EUR", NOON, "60000"), ("BTC", "PLN", NOON, "250000")]}
    assert isinstance(book(laid).rate("EUR", "PLN", NOON), Lacking)


def test_the_day_before_takes_rates_between_currencies_from_official_sources_only() -> None:
    laid: Laid = {
        "trades": [("USD", "PLN", NOON - HOUR, "4.5"), ("BTC", "USD", NOON - HOUR, "70000")],
        "nbp": [USD],
        "ecb": [("EUR", "USD", ECB_DAY, "1.1"), ("EUR", "USD", NBP_DAY, "1.2")],
    }
    made = book(laid, "trades", "nbp", "ecb")
    assert fraction(made.rate("USD", "PLN", NOON)) == Fraction("4.5")
    assert fraction(made.rate("USD", "PLN", NOON, rule="day before")) == Fraction("3.9389")
    assert fraction(made.rate("BTC", "PLN", NOON, rule="day before")) == 70000 * Fraction("3.9389")
    assert fraction(made.rate("EUR", "USD", NOON)) == Fraction("1.1")
    assert fraction(made.rate("EUR", "USD", NOON, rule="day before")) == Fraction("1.2")


def test_a_lack_tells_what_was_looked_for_the_nearest_and_its_age_and_the_cure() -> None:
    laid: Laid = {
        "files": [("BTC", "PLN", NOON - timedelta(days=5), "1")],
        "trades": [("BTC", "PLN", NOON + HOUR, "2")],
    }
    said = why(book(laid, "trades", "files").rate("BTC", "PLN", NOON))
    assert said.startswith("no price of BTC in PLN within 3 days for 2024-06-03 12:00:00 UTC: ")
    assert "own trades, BTC in PLN: its first is later, of 2024-06-03 13:00:00 UTC" in said
    assert "files, BTC in PLN: the last before is of 2024-05-29 12:00:00 UTC, 5 days older" in said
    assert "recon prices import" in said and "recon prices set" in said
    assert "no source at all" in why(book({}).rate("BTC", "PLN", NOON))


def test_assets_of_a_pool_have_one_price() -> None:
    made = book({"files": [("USDT", "PLN", NOON, "4")]}, pools={"USDTERC20": "USDT"})
    assert made.rate("USDTERC20", "PLN", NOON) == made.rate("USDT", "PLN", NOON)


moments = st.datetimes(
    utc("2024-05-01T00:00:00").replace(tzinfo=None), utc("2024-07-01T00:00:00").replace(tzinfo=None)
)
rows = st.lists(
    st.tuples(
        st.sampled_from(["BTC", "USDT"]),
        st.sampled_from(["PLN", "USD", "EUR"]),
        moments.map(lambda at: at.replace(tzinfo=UTC)),
        st.just("2"),
    ),
    max_size=12,
)


@given(rows, rows, rows, moments.map(lambda at: at.replace(tzinfo=UTC)), st.integers(0, 5))
def test_no_price_is_later_than_its_event_nor_older_than_allowed(
    trades: list[tuple[str, str, datetime, str]],
    venues: list[tuple[str, str, datetime, str]],
    files: list[tuple[str, str, datetime, str]],
    at: datetime,
    age: int,
) -> None:
    laid: Laid = {"trades": trades, "venues": venues, "files": files, "manual": [("USD", "PLN", NOON, "4")]}
    made = book({word: unique(told) for word, told in laid.items()}, "trades", "venues", "files", age=age)
    for asset in ("BTC", "USDT"):
        found = made.rate(asset, "PLN", at)
        if isinstance(found, Valued):
            for leg in found.legs:
                assert leg.price.at <= at
                assert timedelta(0) <= at - leg.price.at <= timedelta(days=age)
                assert leg.age_s == (at - leg.price.at) // timedelta(seconds=1)


def unique(told: object) -> list[tuple[str, str, datetime, str]]:
    assert isinstance(told, list)
    return list({row[:3]: row for row in told}.values())


@pytest.mark.parametrize("order", [("venues", "nbp"), ("nbp", "venues")])
def test_the_choice_does_not_depend_on_how_prices_are_laid_out(order: tuple[str, str]) -> None:
    told = [
        (one, quote, NOON, "2") for one in ("BTC", "ETH") for quote in ("USD", "EUR", "BTC") if one != quote
    ]
    banks = [USD, ("EUR", "PLN", NBP_DAY, "4.3")]
    found = {
        str(book({"venues": told[::step], "nbp": banks[::step]}, *order).rate("ETH", "PLN", NOON))
        for step in (1, -1)
    }
    assert len(found) == 1
