"""Share matching against the examples of HMRC and of HS284, figure by figure."""

from datetime import date
from fractions import Fraction

import pytest

from recon.core.lots import Match, Movement
from tests.tax._cases import METHODS, Row, by, matched, movement, near, rows, units

RULES = {"same_day": "same day", "bed_and_breakfast": "30 days", "section_104": "section 104"}
HMRC = by("case", rows("uk_hmrc/events.csv"))
HS284 = by("case", rows("uk_hs284/events.csv"))
LEFT_OUT = {
    "split_then_sell": "a stock split turns one unit into several, and no movement does",
    "split_then_bnb": "the same",
}
UK = METHODS["uk"]


@pytest.mark.parametrize("case", HMRC)
def test_hmrcs_examples(case: str) -> None:
    expected = by("asset", by("case", rows("uk_hmrc/expected.csv"))[case])
    pools = {row["asset"]: row for row in rows("uk_hmrc/final_pools.csv") if row["case"] == case}
    published = by("case", rows("uk_hmrc/hmrc_published.csv")).get(case, [])
    for asset, events in by("asset", HMRC[case]).items():
        found, outcome = matched(UK, [_hmrc(row) for row in events])
        _same(found, expected.get(asset, []), "5e-9")
        held = outcome.held[0] if outcome.held else None
        assert (held.quantity if held else 0) == units(pools[asset]["final_pool_qty"])
        assert (held.cost if held else 0) == units(pools[asset]["final_pool_cost"])
        for row in published:
            _published(found, row)


@pytest.mark.parametrize("case", [case for case in HS284 if case not in LEFT_OUT])
def test_the_examples_of_capital_gains_calculator(case: str) -> None:
    """Each match where the source lists them, and the gain of the tax year in every case."""
    events = [row for row in HS284[case] if row["kind"] in {"buy", "sell"}]
    found, outcome = matched(UK, [_hs284(row) for row in events])
    expected = [row for row in rows("uk_hs284/expected.csv") if row["case"] == case and _sells(row)]
    if expected:
        _same(found, [_as_hmrc(row) for row in expected], "51e-6")
    summary = next(row for row in rows("uk_hs284/summary.csv") if row["case"] == case)
    days = _tax_year(int(summary["tax_year_start"]))
    gain = sum((one.proceeds or 0) - (one.cost or 0) for one in found if one.movement.day in days)
    assert near(gain, summary["expected_net_gain_gbp"], "1e-2")
    bought = sum(units(row["quantity"]) for row in events if row["kind"] == "buy")
    assert bought == sum(one.quantity for one in found) + sum(held.quantity for held in outcome.held)


def test_only_stock_splits_are_left_out() -> None:
    with_split = {case for case, events in HS284.items() if "stock_split" in {row["kind"] for row in events}}
    assert with_split == set(LEFT_OUT)


def _hmrc(row: Row) -> Movement:
    sign = -1 if row["kind"] == "sell" else 1
    return movement(row["event_id"], row["timestamp"], sign * units(row["quantity"]), units(row["value_gbp"]))


def _hs284(row: Row) -> Movement:
    """The amount of a purchase is negative, and has its fee in it."""
    sign = -1 if row["kind"] == "sell" else 1
    name = f"{int(row['event_id']):02}"
    return movement(name, row["date"], sign * units(row["quantity"]), -sign * units(row["amount"]))


def _sells(row: Row) -> bool:
    return row["entry"].startswith("sell")


def _as_hmrc(row: Row) -> Row:
    """The fee of a sale is part of the allowable cost there, and out of the proceeds here."""
    cost = Fraction(row["allowable_cost"]) - Fraction(row["fees"])
    same_day = row["rule"] == "SAME_DAY"
    return {
        "disposed_at": row["date"],
        "acquired_at": row["date"] if same_day else row["bnb_date"],
        "rule": row["rule"].lower(),
        "quantity": row["quantity"],
        "proceeds": row["amount"],
        "cost_basis": str(cost),
        "gain": row["gain"],
    }


def _same(found: list[Match], expected: list[Row], within: str) -> None:
    assert [RULES[row["rule"]] for row in expected] == [one.rule for one in found]
    for match, row in zip(found, expected, strict=True):
        assert match.quantity == units(row["quantity"])
        assert match.movement.day == _day(row["disposed_at"])
        assert (match.lot.day if match.lot else None) == (
            _day(row["acquired_at"]) if row["acquired_at"] else None
        )
        assert near(match.proceeds, row["proceeds"], within)
        assert near(match.cost, row["cost_basis"], within)
        assert match.proceeds is not None and match.cost is not None
        assert near(match.proceeds - match.cost, row["gain"], within)


def _published(found: list[Match], row: Row) -> None:
    """The manual rounds to the pound, and gives a disposal as a whole."""
    matches = [
        one for one in found if date.fromordinal(one.movement.day).isoformat()[5:] == row["disposal"][5:]
    ]
    proceeds, cost = (sum(getattr(one, name) for one in matches) for name in ("proceeds", "cost"))
    assert near(proceeds, row["consideration"], "1")
    assert near(cost, row["allowable_cost"], "1")
    assert near(proceeds - cost, row["gain"], "1")


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _tax_year(year: int) -> range:
    return range(date(year, 4, 6).toordinal(), date(year + 1, 4, 6).toordinal())
