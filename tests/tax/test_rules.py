"""What holds for every rulebook."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.activity import ARRIVING, LEAVING
from recon.core.errors import ConfigError
from recon.core.lots import UNIT
from recon.core.registry import catalogue
from recon.core.tax import Rulebook, half_up
from recon.tax.rules import de, pl, uk, us
from recon.tax.rules._days import a_year_on
from recon.tax.rules._figures import Figure, exact, figure, rounded, shown
from tests.tax._years import row, table, units, values, year

RULEBOOKS = catalogue("recon.tax.rules", "RULES", Rulebook)
BY_NAME = pytest.mark.parametrize("name", sorted(RULEBOOKS))
TABLES: Mapping[str, Mapping[int, Figure[Any]]] = {
    "us.BOXES": us.BOXES, "us.INCOME_LINE": us.INCOME_LINE,
    "uk.BOXES": uk.BOXES, "uk.EXEMPT": uk.EXEMPT, "uk.RATES": uk.RATES,
    "de.LINES": de.LINES, "de.FREE_GAINS": de.FREE_GAINS, "de.FREE_INCOME": de.FREE_INCOME,
    "pl.FORMS": pl.FORMS, "pl.RATE": pl.RATE,
}  # fmt: skip
AMOUNTS = st.integers(-(10**36), 10**36)
NOT_COVERED = {
    "ca_acb_btc_2017": "there is no Canadian rulebook; its average is the method's to prove",
    "ca_superficial_full": "superficial losses are Canadian law",
    "ca_superficial_telus": "superficial losses are Canadian law",
}
COVERED = {
    "de_fifo_coinink_2018", "de_freigrenze_500_2019", "de_freigrenze_1600_2019", "de_freigrenze_600_2023",
    "de_freigrenze_1000_2024", "de_one_year_boundary", "pl_gain_2024", "pl_crypto_swap_neutral",
    "us_wallet_transfer_split", "us_wallet_3btc_kraken", "us_long_short_boundary",
}  # fmt: skip


def test_these_jurisdictions_have_a_rulebook() -> None:
    assert sorted(RULEBOOKS) == ["de", "generic", "pl", "uk", "us"]


def test_every_worked_case_is_proved_or_says_why_not() -> None:
    assert {case["case"] for case in table("cases")} == COVERED | set(NOT_COVERED)


@BY_NAME
def test_a_rulebook_is_named_as_its_file(name: str) -> None:
    assert RULEBOOKS[name].name == name


@BY_NAME
def test_a_rulebook_knows_what_everything_that_happens_means(name: str) -> None:
    assert set(RULEBOOKS[name].leaves) == set(LEAVING)
    assert set(RULEBOOKS[name].arrives) == set(ARRIVING)


@BY_NAME
def test_what_nobody_explained_has_no_known_cost_and_is_shown_as_a_disposal(name: str) -> None:
    rules = RULEBOOKS[name]
    assert {rules.arrives[of] for of in ("deposit from outside", "adjustment", "unknown")} == {"unknown"}
    assert {rules.leaves[of] for of in ("withdrawal to outside", "adjustment", "unknown")} == {"gain"}


@BY_NAME
def test_a_rulebook_has_a_method_exactly_where_it_has_lots(name: str) -> None:
    assert bool(RULEBOOKS[name].methods) == RULEBOOKS[name].lots
    assert RULEBOOKS[name].scopes[0][0] is None


@BY_NAME
@given(first=st.integers(1990, 2100), span=st.integers(1, 60))
def test_tax_years_follow_one_another_without_gap_or_overlap(name: str, first: int, span: int) -> None:
    tax_year = RULEBOOKS[name].year
    for number in range(first, first + span):
        start, end = tax_year(number)
        assert start.year == number and start < end == tax_year(number + 1)[0]


@BY_NAME
@given(acquired=st.dates(date(1990, 1, 1), date(2100, 1, 1)), held=st.integers(0, 800))
def test_who_holds_longer_never_gets_the_shorter_term(name: str, acquired: date, held: int) -> None:
    term = RULEBOOKS[name].term
    now, next_day = (term(acquired, acquired + timedelta(days=days)) for days in (held, held + 1))
    assert (now, next_day) != ("long", "short")
    assert (now is None) == (next_day is None)


@BY_NAME
@given(acquired=st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_term_turns_between_the_anniversary_and_the_second_day_after_it(
    name: str, acquired: date
) -> None:
    term = RULEBOOKS[name].term
    anniversary = a_year_on(acquired, leap_day=(2, 28))
    if term(acquired, acquired) is not None:
        assert term(acquired, anniversary) == "short"
        assert term(acquired, anniversary + timedelta(days=2)) == "long"


@BY_NAME
def test_a_row_without_figures_is_told_and_in_no_sum(name: str) -> None:
    rules = RULEBOOKS[name]
    known = row(proceeds=units("100"), cost=units("40"), term="short")
    lines, more = (
        values(rules.lines(year(rules, 2025, rows)))
        for rows in ([known], [known, known._replace(proceeds=None)])
    )
    told = "Rows in no figure above, for lack of a price or a cost"
    assert told not in lines and more[told] == "1"
    counted = {"Disposals", "Number of disposals", "13.1", told}
    assert {key: more[key] for key in lines if key not in counted} == {
        key: value for key, value in lines.items() if key not in counted
    }


@BY_NAME
def test_every_line_of_an_empty_year_is_written(name: str) -> None:
    assert all(line.title and line.value for line in RULEBOOKS[name].lines(year(RULEBOOKS[name], 2025)))


@BY_NAME
def test_a_line_of_a_later_year_names_the_form_that_its_box_is_of(name: str) -> None:
    rules = RULEBOOKS[name]
    later = [line for line in rules.lines(year(rules, 2031)) if line.box]
    known = [line for line in rules.lines(year(rules, 2025)) if line.box]
    assert [(line.form, line.box) for line in later] == [(line.form, line.box) for line in known]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_figure_of_law_has_its_source_beside_it(name: str) -> None:
    for entry in TABLES[name].values():
        assert any(word in entry.source for word in ("http", "not looked up", "SA108 Notes")), entry


def test_a_year_takes_the_latest_figure_before_it_and_a_year_before_all_is_refused() -> None:
    known = {2009: Figure(600, "a"), 2024: Figure(1000, "b")}
    assert [figure(known, number, "it") for number in (2009, 2023, 2024, 2030)] == [600, 600, 1000, 1000]
    with pytest.raises(ConfigError, match="tax year 2008: it is not known before 2009"):
        figure(known, 2008, "it")


def test_what_the_law_was_before_it_was_looked_up_is_refused() -> None:
    for rules, number in (
        (RULEBOOKS["de"], 2008),
        (RULEBOOKS["pl"], 2018),
        (RULEBOOKS["uk"], 2014),
        (RULEBOOKS["us"], 2012),
    ):
        with pytest.raises(ConfigError):
            rules.lines(year(rules, number))


@pytest.mark.parametrize(
    ("amount", "places", "how", "text"),
    [
        ("0.005", 2, "half up", "0.01"),
        ("-0.005", 2, "half up", "-0.01"),
        ("-0.004", 2, "half up", "0.00"),
        ("1234.5", 2, "half up", "1234.50"),
        ("937.50", 0, "up", "938"),
        ("462.50", 0, "down", "462"),
        ("-462.50", 0, "down", "-462"),
        ("-462.01", 0, "up", "-463"),
        ("2303.75", 0, "half up", "2304"),
        ("0", 0, "up", "0"),
    ],
)
def test_an_amount_is_written_as_forms_want_it(amount: str, places: int, how: str, text: str) -> None:
    assert shown(units(amount), places, how) == text  # type: ignore[arg-type]


def test_an_exact_amount_has_every_digit_and_no_more() -> None:
    assert [exact(number) for number in (0, 1, UNIT // 2, -3 * UNIT)] == [
        "0",
        "0.000000000000000001",
        "0.5",
        "-3",
    ]


@given(amount=AMOUNTS, grain=st.sampled_from([1, 10**16, 10**18]))
def test_roundings_are_next_to_the_amount_and_go_where_they_say(amount: int, grain: int) -> None:
    down, half, up = (abs(rounded(amount, grain, how)) for how in ("down", "half up", "up"))
    assert down <= abs(amount) <= up <= down + grain
    assert half == (up if 2 * abs(amount) >= down + up else down)
    assert half_up(-amount, grain) == -half_up(amount, grain)
