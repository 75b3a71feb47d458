"""The United Kingdom: tax years, whole pounds, boxes by year, the annual exempt amount."""

from datetime import date

import pytest

from recon.tax.rules.uk import RULES
from tests.tax._years import row, units, values, year

PRINTED = [
    ("300000", "42000", ("300000", "42000", "258000", "0")),  # CRYPTO22251
    ("1400", "937.5", ("1400", "938", "462", "0")),  # CRYPTO22252
    ("642", "562.5", ("642", "563", "79", "0")),  # CRYPTO22254
    ("100.99", "238637.35", ("100", "238638", "0", "238537")),
]


@pytest.mark.parametrize(("proceeds", "cost", "figures"), PRINTED)
def test_figures_are_in_whole_pounds_as_the_manual_prints_them(
    proceeds: str, cost: str, figures: tuple[str, ...]
) -> None:
    sold = row(proceeds=units(proceeds), cost=units(cost), disposed=date(2024, 6, 1))
    shown = values(RULES.lines(year(RULES, 2024, [sold])))
    assert tuple(shown[box] for box in ("13.2", "13.3", "13.4", "13.5")) == figures


def test_a_sum_is_rounded_once() -> None:
    """HS284, example 3: gains of 329.33 and 300.33."""
    sold = [row(proceeds=units("329.33")), row(proceeds=units("300.33")), row(cost=units("0.40"))]
    shown = values(RULES.lines(year(RULES, 2024, sold)))
    assert (shown["13.1"], shown["13.4"], shown["13.5"]) == ("3", "629", "1")
    assert shown["Gains less losses"] == "628"


@pytest.mark.parametrize(
    ("number", "form", "boxes"),
    [
        (2019, "SA108 2019-20", ["", "", "", "", ""]),
        (2020, "SA108 2020-21", ["14", "15", "16", "17", "19"]),
        (2023, "SA108 2023-24", ["14", "15", "16", "17", "19"]),
        (2024, "SA108 2024-25", ["13.1", "13.2", "13.3", "13.4", "13.5"]),
        (2025, "SA108 2025-26", ["13.1", "13.2", "13.3", "13.4", "13.5"]),
    ],
)
def test_tokens_have_boxes_of_their_own_from_2024_on(number: int, form: str, boxes: list[str]) -> None:
    lines = RULES.lines(year(RULES, number))
    assert [line.box for line in lines if line.form == form] == boxes


@pytest.mark.parametrize(
    ("number", "above"),
    [(2019, "8000"), (2022, "7700"), (2023, "14000"), (2024, "17000"), (2025, "17000")],
)
def test_gains_above_the_annual_exempt_amount(number: int, above: str) -> None:
    sold = [row(proceeds=units("25000")), row(cost=units("5000"))]
    assert values(RULES.lines(year(RULES, number, sold)))["Above it, of these alone"] == above
    loss = values(RULES.lines(year(RULES, number, sold[1:])))
    assert (loss["Gains less losses"], loss["Above it, of these alone"]) == ("-5000", "0")


def test_the_fifth_of_april_ends_a_tax_year_and_a_day_is_one_disposal() -> None:
    assert RULES.year(2024) == (date(2024, 4, 6), date(2025, 4, 6))
    assert RULES.daily and RULES.methods == ("uk",) and not RULES.free_scope


def test_giving_tokens_away_is_a_disposal_and_a_fork_divides_a_cost_that_only_the_user_knows() -> None:
    assert RULES.leaves["gift given"] == "gain" and RULES.arrives["gift received"] == "market"
    assert RULES.arrives["income: hardfork"] == "unknown" and RULES.arrives["income: staking"] == "income"


def test_income_is_rounded_down_and_wages_are_not_in_it() -> None:
    income = {"income: staking": units("99.99"), "income: wages": units("5")}
    assert values(RULES.lines(year(RULES, 2024, income=income)))["17"] == "99"
