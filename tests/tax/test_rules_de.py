"""Germany: the one-year term, and the Freigrenze that takes all or nothing."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.lots import UNIT
from recon.tax.rules.de import RULES, taxable
from tests.tax._years import day, expected, row, table, units, values, year, yearly

TERMS = {"taxable": "short", "tax_free": "long"}
FREIGRENZEN = [case["case"] for case in table("cases") if case["case"].startswith("de_freigrenze")]


@pytest.mark.parametrize("case", expected("de_one_year_boundary"), ids=lambda case: case["disposed_at"])
def test_the_anniversary_is_still_taxable(case: dict[str, str]) -> None:
    assert RULES.term(day(case["acquired_at"]), day(case["disposed_at"])) == TERMS[case["term"]]


def test_a_published_year_of_free_and_taxable_gains() -> None:
    cases = expected("de_fifo_coinink_2018")
    rows = [
        row(
            disposed=day(case["disposed_at"]),
            acquired=day(case["acquired_at"]),
            proceeds=units(case["proceeds"]),
            cost=units(case["cost_basis"]),
            term=RULES.term(day(case["acquired_at"]), day(case["disposed_at"])),
        )
        for case in cases
    ]
    assert [(found.term, found.gain) for found in rows] == [
        (TERMS[case["term"]], units(case["gain"])) for case in cases
    ]
    shown, sums = values(RULES.lines(year(RULES, 2018, rows))), yearly("de_fifo_coinink_2018")
    assert Decimal(shown["Gewinn / Verlust"]) == Decimal(sums["taxable_gain_before_threshold"])
    assert Decimal(shown["Taxable gains, of these alone"]) == Decimal(
        sums["taxable_gain_after_600_Freigrenze"]
    )
    assert shown["Gains less losses after more than a year, free"] == "1300.00"


@pytest.mark.parametrize("case", FREIGRENZEN)
def test_gains_are_free_only_when_less_than_the_freigrenze(case: str) -> None:
    sums = yearly(case)
    gain = row(proceeds=units(sums["net_private_sale_gain"]), term="short")
    shown = values(RULES.lines(year(RULES, int(case[-4:]), [gain])))
    assert Decimal(shown["Taxable gains, of these alone"]) == Decimal(sums["taxable"])


@given(limit=st.sampled_from([600 * UNIT, 1000 * UNIT, 256 * UNIT]), amount=st.integers(-(10**24), 10**24))
def test_the_freigrenze_is_a_cliff(limit: int, amount: int) -> None:
    assert taxable(amount, limit) in (0, amount)
    assert (taxable(amount, limit) == 0) == (amount < limit)
    assert taxable(limit - 1, limit) == 0 and taxable(limit, limit) == limit


def test_losses_lower_the_gain_before_the_freigrenze_is_asked() -> None:
    rows = [row(proceeds=units("1500"), term="short"), row(cost=units("500.01"), term="short")]
    shown = values(RULES.lines(year(RULES, 2024, rows)))
    assert shown["Gewinn / Verlust"] == "999.99" and shown["Taxable gains, of these alone"] == "0.00"
    lost = values(RULES.lines(year(RULES, 2024, rows[1:])))
    assert (
        lost["Losses, for gains of this kind alone"] == "500.01"
        and lost["Taxable gains, of these alone"] == "0.00"
    )


def test_units_of_a_pool_count_as_held_for_less_than_a_year() -> None:
    shown = values(RULES.lines(year(RULES, 2024, [row(proceeds=units("2000"))])))
    assert shown["Taxable gains, of these alone"] == "2000.00"


@pytest.mark.parametrize(("income", "counts"), [("255.999", "0.00"), ("256", "256.00"), ("300", "300.00")])
def test_other_income_has_a_freigrenze_of_256(income: str, counts: str) -> None:
    told = {"income: staking": units(income), "income: wages": units("9000")}
    assert values(RULES.lines(year(RULES, 2025, income=told)))["Taxable income, of this alone"] == counts


@pytest.mark.parametrize(
    ("number", "boxes"),
    [
        (2022, []),
        (2023, ["44", "45", "47", "11"]),
        (2024, ["44", "45", "47", "11"]),
        (2025, ["48", "49", "51", "15"]),
    ],
)
def test_lines_of_anlage_so_by_year(number: int, boxes: list[str]) -> None:
    lines = RULES.lines(year(RULES, number))
    assert [line.box for line in lines if line.form == f"Anlage SO {number}" and line.box] == boxes


def test_accounts_are_books_of_their_own_from_the_beginning() -> None:
    assert RULES.scopes == ((None, "account"),) and RULES.methods[0] == "fifo"
    assert RULES.year(2024) == (date(2024, 1, 1), date(2025, 1, 1))
