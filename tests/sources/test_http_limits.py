"""A venue's budget of requests is spent freely, outlives a run, and is never overspent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recon.core.contracts import Allowed, Request
from recon.core.errors import SourceError
from recon.sources._http import Budget
from recon.sources._limits import Spending
from recon.sources._reply import retry_after
from tests.sources.bench import ROWS, START, Bench
from tests.sources.hostile import hostile, say

THREE_A_MINUTE = Budget(requests=3, window=timedelta(minutes=1))


def ago(*seconds: int) -> Sequence[datetime]:
    return [START - timedelta(seconds=one) for one in seconds]


def test_a_budget_may_be_spent_in_a_burst_and_then_the_oldest_must_leave_the_window(bench: Bench) -> None:
    with hostile() as venue:
        ask = bench.ask(venue, budgets=[THREE_A_MINUTE], deadline_s=200)
        for _ in range(7):
            ask("rows", ROWS)
    assert bench.wall.slept == [60, 60]


def test_a_budget_outlives_a_run(bench: Bench) -> None:
    bench.spent = ago(500, 50, 20, 10)
    with hostile() as venue:
        ask = bench.ask(venue, budgets=[THREE_A_MINUTE])
        ask("rows", ROWS)
        ask("rows", ROWS)
    assert bench.wall.slept == [10, 30]


def test_what_is_added_before_the_first_question_counts_too(bench: Bench) -> None:
    earlier: list[datetime] = []
    bench.spent = earlier
    with hostile() as venue:
        ask = bench.ask(venue, budgets=[THREE_A_MINUTE])
        earlier += ago(50, 20, 10)
        ask("rows", ROWS)
    assert bench.wall.slept == [10]


def test_each_limit_counts_its_own_requests(bench: Bench) -> None:
    one, two = (Allowed(method="GET", path=path, why="a test") for path in ("/one", "/two"))
    budgets = [
        Budget(requests=1, window=timedelta(minutes=1), path="/one"),
        Budget(requests=2, window=timedelta(minutes=1), path="/t.o"),
    ]
    with hostile() as venue:
        ask = bench.ask(f"{venue.url}/v1", allowed=(one, two), budgets=budgets)
        for path in ("/one", "/two", "/two"):
            ask("rows", Request(method="GET", path=path))
        assert bench.wall.slept == []
        ask("rows", Request(method="GET", path="/one"))
    assert bench.wall.slept == [60]


def test_whoever_looks_is_told_what_is_left_of_the_tightest_limit(bench: Bench) -> None:
    bench.spent = ago(70, 50)
    wide = Budget(requests=100, window=timedelta(minutes=1))
    with hostile() as venue:
        ask: Any = bench.ask(venue, budgets=[THREE_A_MINUTE, wide])
        assert ask.budget_left == 2
        ask("rows", ROWS)
        assert ask.budget_left == 1
        bench.wall.sleep(10)
        assert ask.budget_left == 2
        unlimited: Any = bench.ask(venue)
        assert unlimited.budget_left is None


def test_every_try_is_paid_for(bench: Bench) -> None:
    with hostile(say(503), say(503), say()) as venue:
        ask = bench.ask(venue, budgets=[THREE_A_MINUTE])
        ask("rows", ROWS)
        ask("rows", ROWS)
    assert bench.wall.slept == [0.5, 1, 58.5]


def test_a_wait_beyond_the_deadline_is_told_with_the_moment_the_budget_is_back(bench: Bench) -> None:
    bench.spent = ago(10, 5, 0)
    with hostile() as venue:
        with pytest.raises(SourceError) as refused:
            bench.rows(venue, budgets=[THREE_A_MINUTE], deadline_s=50)
        assert venue.connections == 0
    assert refused.value.kind == "rate_limit"
    assert "limit of 3 requests in 60 s is reached" in refused.value.what
    assert refused.value.next_step == "Pull again after 2025-03-01T12:00:51Z"
    assert bench.attempts() == []
    assert bench.wall.slept == []


def test_requests_that_a_wrong_clock_dated_years_ahead_count_as_made_now(bench: Bench) -> None:
    bench.spent = [datetime(2031, 1, 1, tzinfo=UTC)] * 3
    with hostile() as venue:
        ask = bench.ask(venue, budgets=[THREE_A_MINUTE])
        for _ in range(3):
            ask("rows", ROWS)
    assert bench.wall.slept == [60]


def test_a_clock_set_back_by_a_year_delays_nothing_by_a_year(bench: Bench) -> None:
    with hostile() as venue:
        ask = bench.ask(venue, budgets=[Budget(requests=1, window=timedelta(minutes=1))], deadline_s=10**9)
        ask("rows", ROWS)
        bench.wall.at -= timedelta(days=365)
        ask("rows", ROWS)
    assert bench.wall.slept == [60]


@given(
    st.integers(1, 5),
    st.lists(st.integers(0, 100), max_size=20),
    st.lists(st.integers(0, 40), max_size=40),
)
def test_no_window_ever_holds_more_than_the_budget(
    requests: int, before: list[int], pauses: list[int]
) -> None:
    budget = Budget(requests=requests, window=timedelta(seconds=60))
    spent = sorted(ago(*before))
    now, made = START, list(spent)
    spending = Spending(budget, spent)
    for pause in pauses:
        now += timedelta(seconds=pause)
        wait = spending.wait(now)
        assert timedelta(0) <= wait <= budget.window
        now += wait
        spending.spend(now)
        made.append(now)
        assert sum(now - budget.window < one for one in made if one >= START) <= requests
        if wait:
            soonest = now - timedelta(seconds=1) - budget.window
            assert sum(soonest < one for one in made[:-1]) >= requests, "it waited for nothing"


@given(
    st.text(max_size=40)
    | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ \S*", fullmatch=True)
)
@example("Sat, 01 Mar 2025 11:00:00 GMT")
def test_any_retry_after_is_a_pause_or_none(stated: str) -> None:
    assert retry_after(stated, START) >= timedelta(0)
