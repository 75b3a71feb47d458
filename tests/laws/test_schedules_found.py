"""Schedules that once ended in another ledger than one pull of the final state: each is tried for good."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.laws._histories import STAGES
from tests.laws._schedules import Door, Failure, Fate, opened
from tests.laws.test_schedules import Schedule


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened() as found:
        yield found


@contextmanager
def schedule(door: Door, venue: str) -> Iterator[Schedule]:
    """A company whose ledger is compared with that of one pull, and rebuilt, when all steps are done."""
    here = type("Here", (Schedule,), {"door": door, "make": staticmethod(STAGES[venue])})()
    here.open(False, True, [])
    try:
        yield here
    except BaseException:
        here.sound = False
        raise
    finally:
        here.teardown()


def test_a_row_that_its_neighbour_explains_is_read_anew_when_the_neighbour_shows_up(door: Door) -> None:
    with schedule(door, "fuse") as company:
        [history, *_] = company.stage.histories
        bonus = {"currency": "BTC", "timestamp": "2025-01-01T00:00:01Z", "type": "bonus", "amount": "2"}
        deposit = bonus | {"timestamp": "2025-01-01T00:00:00Z", "type": "deposit", "amount": "1"}
        history.rows = [bonus | {"balance_after": "3"}]
        company.pull([])
        history.rows.append(deposit | {"balance_after": "1"})
        company.pull([])
        assert company.held.balances()["assets:fuse:main", "BTC"] == 3


def test_a_token_that_could_not_be_named_once_is_not_in_suspense_for_good(door: Door) -> None:
    with schedule(door, "gas") as company:
        [txs, *_] = company.stage.histories
        txs.rows = [txs.make(0) | {"trxId": 100, "tokenId": 2}]
        tokens = Failure(at=1, times=5, how="500")
        company.pull_that_meets_a_fault([], tokens, "")


def test_no_trade_is_rounded_by_decimals_that_were_not_told(door: Door) -> None:
    with schedule(door, "egera") as company:
        [_, _, trades] = company.stage.histories
        trades.rows = [trades.make(2)]
        wallets = Failure(at=0, times=5, how="500")
        company.pull_that_meets_a_fault([], wallets, "")


def test_of_twins_the_one_that_is_left_has_changed_not_the_one_that_went(door: Door) -> None:
    with schedule(door, "egera") as company:
        [deposits, *_] = company.stage.histories
        deposits.rows = [deposits.make(0) | {"state": state} for state in "01"]
        company.pull([])
        deposits.rows = [deposits.make(0) | {"state": "1"}]
        company.pull([])
        deposits.rows = [deposits.make(0) | {"state": "2"}]
        company.pull([])


@pytest.mark.parametrize("turn", [60, 70])
def test_what_was_sealed_but_never_posted_is_not_posted_by_a_rebuild(door: Door, turn: int) -> None:
    with schedule(door, "egera") as company:
        [deposits, *_] = company.stage.histories
        deposits.rows = [deposits.make(0) | {"state": "1"}]
        company.pull_that_is_killed([], Fate("", turn), False)
        deposits.rows.clear()


@pytest.mark.parametrize("turn", [60, 70, 80])
def test_nor_where_the_next_pull_asks_another_source(door: Door, turn: int) -> None:
    with schedule(door, "egera") as company:
        [deposits, *_] = company.stage.histories
        deposits.rows = [deposits.make(0) | {"state": "1"}]
        company.pull_that_is_killed([], Fate("", turn), True)
        company.pull_one_source([], True)
        assert company.company.rebuilt(company.company.sealed()).same
