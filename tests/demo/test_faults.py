"""The demo's three faults: one row goes, the same one each time, and the balances stay."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from recon.demo.faults import FAULTS
from recon.demo.venues import Books, load_all

LISTS = {
    "cryptofuse-row-dropped": ("cryptofuse", ["history"]),
    "ethgas-fee-missing": ("ethgas", ["txs"]),
    "egera-deposit-forgotten": ("egera", ["deposits", "btc"]),
}


def rows_of(books: dict[str, Books], fault: str) -> list[dict[str, object]]:
    venue, keys = LISTS[fault]
    place: Any = books[venue]
    for key in keys:
        place = place[key]
    return list(place)


def gone(fault: str) -> dict[str, object]:
    """The victim's row."""
    before = load_all()
    after = rows_of(FAULTS[fault](before), fault)
    (victim,) = [row for row in rows_of(before, fault) if row not in after]
    return victim


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_removes_exactly_one_row_and_nothing_else(fault: str) -> None:
    before = load_all()
    untouched = deepcopy(before)
    after = FAULTS[fault](before)
    assert before == untouched
    rows, left = rows_of(before, fault), rows_of(after, fault)
    assert len(left) == len(rows) - 1
    assert any(rows[:place] + rows[place + 1 :] == left for place in range(len(rows)))
    venue, keys = LISTS[fault]
    inner = after[venue] if len(keys) == 1 else after[venue][keys[0]]
    inner[keys[-1]] = rows
    assert after == before


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_strikes_the_same_row_each_time(fault: str) -> None:
    assert gone(fault) == gone(fault)


def test_the_dropped_cryptofuse_row_is_a_unique_deposit_of_march_inside_the_chain() -> None:
    victim = gone("cryptofuse-row-dropped")
    history = load_all()["cryptofuse"]["history"]
    assert victim["type"] == "deposit"
    assert str(victim["timestamp"]).startswith("2025-03")
    same = [row for row in history if row["currency"] == victim["currency"]]
    assert 0 < same.index(victim) < len(same) - 1
    assert [row["amount"] for row in same].count(victim["amount"]) == 1


def test_the_missing_ethgas_fee_is_of_march_and_inside_the_chain() -> None:
    victim = gone("ethgas-fee-missing")
    rows = load_all()["ethgas"]["txs"]
    assert victim["type"] == 15
    assert 1740787200000 <= int(str(victim["createDate"])) < 1743465600000
    assert any(row["trxId"] > victim["trxId"] and row["accountId"] == victim["accountId"] for row in rows)


def test_the_forgotten_egera_deposit_is_of_march_and_came_from_outside() -> None:
    victim = gone("egera-deposit-forgotten")
    books = load_all()
    assert 1740787200 <= int(str(victim["time"])) < 1743465600
    paid_out = {row["amount"] for row in books["cryptofuse"]["history"] if row["type"] == "withdrawal"}
    assert Decimal(str(victim["amount"])) not in {Decimal(amount) for amount in paid_out}


def test_no_balance_goes_below_zero_for_want_of_the_forgotten_deposit() -> None:
    egera = FAULTS["egera-deposit-forgotten"](load_all())["egera"]
    changes = [(int(row["time"]), Decimal(row["amount"])) for row in egera["deposits"]["btc"]]
    changes += [(int(row["time"]), -Decimal(row["amount"])) for row in egera["withdrawals"]["btc"]]
    sides = {"bid": 1, "ask": -1}
    for row in egera["trades"]:
        value = Decimal(row["amount"]) * Decimal(row["price"]) * Decimal("1.005")
        if row["currency1"] == "btc":
            changes.append((row["time_close"], sides[row["type"]] * Decimal(row["amount"])))
        elif row["currency2"] == "btc" and row["type"] == "bid":
            changes.append((row["time_close"], -value))
    balance = Decimal(0)
    for _, change in sorted(changes):
        balance += change
        assert balance > 0
