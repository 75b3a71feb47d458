"""Poland: revenue less costs less carried costs, to the grosz; base and tax in whole zlotys."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.lots import UNIT
from recon.core.tax import half_up
from recon.tax.rules.pl import GROSZ, RULES, Account, account
from tests.tax._years import table, units, values, year, yearly

RATES = {"2024-02-01": Decimal("4.35"), "2024-06-01": Decimal("4.45"), "PLN": Decimal(1)}
AMOUNTS = st.lists(st.tuples(st.integers(0, 10**24), st.integers(0, 10**24)), min_size=1, max_size=8)


@pytest.mark.parametrize("case", ["pl_gain_2024", "pl_crypto_swap_neutral"])
def test_published_years(case: str) -> None:
    """What is bought for money is cost, what is sold for money revenue, and a swap neither."""
    assert RULES.swap == "neutral" and not RULES.lots and RULES.rates == "day before"
    paid = {"buy": Decimal(0), "sell": Decimal(0), "swap": Decimal(0)}
    for event in table("events"):
        if event["case"] == case and event["value_fiat"]:
            rate = RATES["PLN" if event["fiat_ccy"] == "PLN" else event["timestamp"][:10]]
            paid[event["kind"]] += Decimal(event["value_fiat"]) * rate
    told = year(RULES, 2024, spent={2024: units(str(paid["buy"]))}, received={2024: units(str(paid["sell"]))})
    shown, sums = values(RULES.lines(told)), yearly(case)
    boxes = {
        "revenue_pln": "34",
        "cost_pln": "35",
        "income_pln": "37",
        "tax_19pct": "41",
        "tax_rounded": "43",
    }
    assert {key: Decimal(shown[boxes[key]]) for key in sums} == {
        key: Decimal(value) for key, value in sums.items()
    }


@pytest.mark.parametrize(
    ("number", "version", "first"),
    [(2019, "PIT-38 of 2019", 34), (2021, "PIT-38(15)", 34), (2023, "PIT-38(16)", 34), (2024, "PIT-38(17)", 34),
     (2025, "PIT-38(18)", 36), (2026, "PIT-38(18)", 36)],
)  # fmt: skip
def test_boxes_by_year(number: int, version: str, first: int) -> None:
    lines = RULES.lines(year(RULES, number))
    assert {line.form for line in lines} == {version}
    assert [line.box for line in lines] == [str(first + at) for at in range(10)]


@pytest.mark.parametrize(
    ("income", "base", "tax", "due"),
    [("0.49", "0", "0.00", "0"), ("0.50", "1", "0.19", "0"), ("12125", "12125", "2303.75", "2304"),
     ("50.00", "50", "9.50", "10"), ("49.994", "50", "9.50", "10"), ("47.49", "47", "8.93", "9")],
)  # fmt: skip
def test_base_and_tax_are_whole_zlotys_from_fifty_groszy_up(
    income: str, base: str, tax: str, due: str
) -> None:
    shown = values(RULES.lines(year(RULES, 2025, received={2025: units(income)})))
    assert (shown["41"], shown["43"], shown["45"]) == (base, tax, due)


def test_costs_are_carried_until_they_are_used() -> None:
    spent = {2023: units("50000"), 2024: units("1000.005")}
    received = {2024: units("20000"), 2025: units("1000"), 2026: units("60000")}
    found = [
        account(year(RULES, number, spent=spent, received=received)) for number in (2023, 2024, 2025, 2026)
    ]
    assert [_shown(one) for one in found] == [
        ("0", "50000", "0", "0", "50000"),
        ("20000", "1000.01", "50000", "0", "31000.01"),
        ("1000", "0", "31000.01", "0", "30000.01"),
        ("60000", "0", "30000.01", "29999.99", "0"),
    ]


@given(amounts=AMOUNTS)
def test_over_the_years_the_income_is_what_was_received_less_what_was_spent_and_is_left(
    amounts: Sequence[tuple[int, int]],
) -> None:
    spent, received = _years(amounts)
    found = [account(year(RULES, number, spent=spent, received=received)) for number in sorted(spent)]
    for one, following in pairwise(found):
        assert following.carried == one.left
    for one in found:
        assert one.carried >= 0 and one.left >= 0 and not (one.income and one.left)
        assert one.revenue - one.costs - one.carried == one.income - one.left
        assert not any(figure % GROSZ for figure in one)
    result = sum(half_up(received[number], GROSZ) - half_up(spent[number], GROSZ) for number in spent)
    assert sum(one.income for one in found) == result + found[-1].left
    if found[-1].income:
        assert sum(one.income for one in found) == result


@given(amounts=AMOUNTS, later=AMOUNTS)
def test_what_comes_later_changes_no_earlier_year(
    amounts: Sequence[tuple[int, int]], later: Sequence[tuple[int, int]]
) -> None:
    spent, received = _years(amounts)
    last = max(spent)
    more_spent, more_received = _years([*amounts, *later])
    assert account(year(RULES, last, spent=spent, received=received)) == account(
        year(RULES, last, spent=more_spent, received=more_received)
    )


def test_fees_in_kind_gifts_and_rewards_are_neither_revenue_nor_cost() -> None:
    assert {RULES.leaves[of] for of in ("fee", "transfer fee", "gift given", "swap out")} == {"no gain"}
    assert {RULES.arrives[of] for of in ("income: staking", "income: hardfork", "gift received")} == {"cost"}
    assert RULES.leaves["payment"] == RULES.leaves["sale"] == "gain"


def _years(amounts: Sequence[tuple[int, int]]) -> tuple[Mapping[int, int], Mapping[int, int]]:
    pairs = {2019 + at: pair for at, pair in enumerate(amounts)}
    return {at: pair[0] for at, pair in pairs.items()}, {at: pair[1] for at, pair in pairs.items()}


def _shown(one: Account) -> tuple[str, ...]:
    return tuple(f"{Decimal(figure) / UNIT:f}" for figure in one)
