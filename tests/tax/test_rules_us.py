"""The United States: terms, lines of Form 8949, and Schedule D as their sum."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.tax import Listed, Row
from recon.tax.rules.us import BOXES, RULES, SCHEDULE_D, line_8949
from tests.tax._years import day, expected, row, table, units, values, year, yearly

CENTS = st.integers(0, 10**24)
ROWS = st.lists(
    st.builds(
        row,
        proceeds=CENTS,
        cost=CENTS,
        term=st.sampled_from(["short", "long"]),
        disposed=st.dates(date(2025, 1, 1), date(2025, 12, 31)),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    "case",
    expected("us_long_short_boundary"),
    ids=lambda case: f"{case['acquired_at']} {case['disposed_at']}",
)
def test_long_begins_on_the_day_after_the_anniversary(case: dict[str, str]) -> None:
    assert RULES.term(day(case["acquired_at"]), day(case["disposed_at"])) == case["term"]


def test_there_are_fourteen_such_cases() -> None:
    assert len(expected("us_long_short_boundary")) == 14


def test_a_day_before_a_leap_day_becomes_long_on_the_first_of_march() -> None:
    assert RULES.term(date(2024, 2, 28), date(2025, 2, 28)) == "short"
    assert RULES.term(date(2024, 2, 28), date(2025, 3, 1)) == "long"


def test_terms_and_sums_of_a_transfer_that_split_lots() -> None:
    """Each lot keeps the day it was acquired, whenever it came to the wallet."""
    rows = [_row(case) for case in expected("us_wallet_transfer_split")]
    for found, case in zip(rows, expected("us_wallet_transfer_split"), strict=True):
        assert found.term == case["term"] and found.gain == units(case["gain"])
    shown, sums = values(RULES.lines(year(RULES, 2026, rows))), yearly("us_wallet_transfer_split")
    assert Decimal(shown["3(h)"]) == Decimal(shown["7"]) == Decimal(sums["short_term"])
    assert Decimal(shown["10(h)"]) == Decimal(shown["15"]) == Decimal(sums["long_term"])
    assert Decimal(shown["16"]) == Decimal(sums["gain_total"])
    assert Decimal(shown["3(e)"]) + Decimal(shown["10(e)"]) == sum(
        Decimal(sums[wallet]) for wallet in ("basis_A", "basis_B")
    )


def test_the_scope_turns_from_universal_to_accounts_with_2025() -> None:
    """Of three lots in two wallets the earliest is sold: of all until 2024, of the wallet from 2025 on."""
    lots = [
        event
        for event in table("events")
        if event["case"] == "us_wallet_3btc_kraken" and event["kind"] == "buy"
    ]
    sums = yearly("us_wallet_3btc_kraken")
    basis = {"universal": sums["basis_universal_fifo"], "account": sums["basis_per_wallet_fifo"]}
    for on, scope in ((date(2024, 12, 31), "universal"), (date(2025, 1, 1), "account")):
        assert [name for since, name in RULES.scopes if since is None or since <= on][-1] == scope
        first = next(lot for lot in lots if scope == "universal" or lot["venue_to"] == "Kraken")
        assert first["value_fiat"] == basis[scope]


@pytest.mark.parametrize("case", table("us_8949_boxes"), ids=lambda case: case["box"])
def test_boxes_of_form_8949(case: dict[str, str]) -> None:
    number = 2025 if case["note"] == "TY2025+" else 2024
    reported = (
        "nothing" if case["condition"].startswith("no ")
        else "basis" if case["condition"].endswith("basis reported") else "proceeds"
    )  # fmt: skip
    line = line_8949(row(term=case["term"], disposed=date(number, 5, 1)), reported)  # type: ignore[arg-type]
    assert line.box == case["box"]


def test_every_box_goes_to_a_line_of_schedule_d() -> None:
    assert all(set(boxes.value) == set(SCHEDULE_D) for boxes in BOXES.values())


def test_a_line_of_form_8949() -> None:
    sold = row(
        asset="ETH",
        quantity=units("1.5"),
        acquired=date(2024, 3, 9),
        disposed=date(2025, 3, 10),
        proceeds=units("3000.005"),
        cost=units("1000.004999"),
        term="long",
    )
    assert line_8949(sold) == Listed(
        "L", "1.5 ETH", "03/09/2024", "03/10/2025", "3000.01", "1000.00", "", "", "2000.01"
    )


def test_a_pool_was_acquired_at_various_times_and_what_is_unknown_is_empty() -> None:
    assert line_8949(row(cost=units("1"))).acquired == "VARIOUS"
    short = line_8949(row(proceeds=units("5"), cost=None))
    assert (short.acquired, short.proceeds, short.cost, short.gain) == ("", "5.00", "", "")
    assert line_8949(row(proceeds=None, cost=units("5"))).gain == ""


@given(sold=ROWS)
def test_lines_of_form_8949_sum_to_schedule_d_and_their_columns_agree(sold: Sequence[Row]) -> None:
    listed = [line_8949(one) for one in sold]
    for line in listed:
        assert Decimal(line.gain) == Decimal(line.proceeds) - Decimal(line.cost)
    shown = values(RULES.lines(year(RULES, 2025, sold)))
    for box, on in (("I", "3"), ("L", "10")):
        lines = [line for line in listed if line.box == box]
        assert Decimal(shown[f"{on}(d)"]) == sum(Decimal(line.proceeds) for line in lines)
        assert Decimal(shown[f"{on}(e)"]) == sum(Decimal(line.cost) for line in lines)
        assert Decimal(shown[f"{on}(h)"]) == sum(Decimal(line.gain) for line in lines)
    assert Decimal(shown["16"]) == Decimal(shown["7"]) + Decimal(shown["15"])


def test_what_has_no_day_of_acquisition_counts_as_short() -> None:
    sold = row(proceeds=units("5"), cost=units("2"))
    assert line_8949(sold).box == "I"
    assert values(RULES.lines(year(RULES, 2025, [sold])))["7"] == "3.00"


def test_income_goes_to_schedule_1_and_wages_do_not() -> None:
    income = {"income: staking": units("740.125"), "income: wages": units("5000")}
    lines = RULES.lines(year(RULES, 2025, income=income))
    assert [line.value for line in lines if line.box == "8v"] == ["740.13"]
    assert RULES.leaves["gift given"] == "no gain" and RULES.arrives["gift received"] == "unknown"


def _row(case: dict[str, str]) -> Row:
    acquired, disposed = day(case["acquired_at"]), day(case["disposed_at"])
    return row(
        acquired=acquired,
        disposed=disposed,
        quantity=units(case["quantity"]),
        proceeds=units(case["proceeds"]),
        cost=units(case["cost_basis"]),
        term=RULES.term(acquired, disposed),
    )
