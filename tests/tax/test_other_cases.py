"""Worked examples from other countries: an average, lots in order, wallets by themselves."""

from collections.abc import Iterator

import pytest

from recon.core.lots import Match, Movement, Plan
from tests.tax._cases import EACH_PLACE, METHODS, Row, by, matched, movement, near, rows, units

EVENTS = by("case", rows("other/events.csv"))
EXPECTED = by("case", rows("other/expected.csv"))
YEARLY = {(row["case"], row["key"]): row["value"] for row in rows("other/yearly.csv")}


@pytest.mark.parametrize(
    ("case", "method", "plan", "within"),
    [
        ("ca_acb_btc_2017", "average", Plan(), "1e-8"),
        ("de_fifo_coinink_2018", "fifo", Plan(), "0"),
        ("us_wallet_transfer_split", "fifo", EACH_PLACE, "0"),
    ],
)
def test_every_figure_of_the_example(case: str, method: str, plan: Plan, within: str) -> None:
    found = _found(case, method, plan)
    for match, row in zip(found, EXPECTED[case], strict=True):
        assert match.quantity == units(row["quantity"])
        assert match.movement.at == movement("", row["disposed_at"], 1, 0).at
        acquired = movement("", row["acquired_at"], 1, 0).at if row["acquired_at"] else None
        assert (match.lot.at if match.lot else None) == acquired
        assert match.proceeds is not None and match.cost is not None
        assert near(match.proceeds, row["proceeds"], within)
        assert near(match.cost, row["cost_basis"], within)
        assert near(match.proceeds - match.cost, row["gain"], within)


def test_lots_that_moved_make_up_the_basis_of_each_wallet() -> None:
    case = "us_wallet_transfer_split"
    basis = {"A": 0, "B": 0}
    for match in _found(case, "fifo", EACH_PLACE):
        basis[match.movement.place] += match.cost or 0
    assert basis == {place: units(YEARLY[case, f"basis_{place}"]) for place in basis}


@pytest.mark.parametrize(("plan", "key"), [(Plan(), "universal"), (EACH_PLACE, "per_wallet")])
def test_a_wallet_by_itself_gives_its_own_lot(plan: Plan, key: str) -> None:
    case = "us_wallet_3btc_kraken"
    (match,) = _found(case, "fifo", plan)
    assert match.cost == units(YEARLY[case, f"basis_{key}_fifo"])
    assert match.proceeds is None


def _found(case: str, method: str, plan: Plan) -> list[Match]:
    events = [row for row in EVENTS[case] if row["asset"] == "BTC"]
    return matched(METHODS[method], [one for row in events for one in _movements(row)], plan)[0]


def _movements(row: Row) -> Iterator[Movement]:
    name, at, quantity = row["event_id"], row["timestamp"], units(row["quantity"])
    amount = units(row["value_fiat"]) if row["value_fiat"] else None
    if row["kind"] == "transfer":
        yield movement(f"{name} leaves", at, -quantity, None, place=row["venue_from"], transfer=name)
        yield movement(f"{name} arrives", at, quantity, None, place=row["venue_to"], transfer=name)
    else:
        buys = row["kind"] == "buy"
        place = row["venue_to"] if buys else row["venue_from"]
        yield movement(name, at, quantity if buys else -quantity, amount, place=place)
