"""The process that keeps jobs: one run at a time, missed times made up for once, nothing a job does ends it."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from recon.pipeline.clock import Clock
from recon.pipeline.jobs import Processes, Scheduled, keep


class Enough(BaseException):
    """Ends the waiting as a signal does."""


def kept(
    *jobs: Scheduled,
    run: Callable[[str], None],
    until: Callable[[], bool],
    stop: Callable[[], None] = lambda: None,
    late: timedelta = timedelta(),
) -> None:
    """Keeps the jobs until ``until`` says so; at their first time it is ``late`` already."""
    end = time.monotonic() + 20

    def sleep(seconds: float) -> None:
        time.sleep(0.02)
        assert time.monotonic() < end
        if until():
            raise Enough

    clock = Clock(now=lambda: datetime.now(UTC) - late, monotonic=time.monotonic, sleep=sleep)
    with pytest.raises(Enough):
        keep(jobs, clock, run, stop)


def every(seconds: float, name: str = "a", *, overdue: bool = False) -> Scheduled:
    return Scheduled(name, IntervalTrigger(seconds=seconds, timezone=UTC), overdue)


def test_a_job_that_takes_longer_than_its_interval_is_never_piled_up() -> None:
    busy, runs = Lock(), []

    def slow(name: str) -> None:
        assert busy.acquire(blocking=False)
        time.sleep(0.25)
        runs.append(name)
        busy.release()

    started = time.monotonic()
    kept(every(0.02), every(0.02, "b"), run=slow, until=lambda: len(runs) >= 4)
    assert set(runs) == {"a", "b"}
    assert time.monotonic() - started > 0.9


def test_times_that_went_by_while_nobody_looked_are_made_up_for_once() -> None:
    runs: list[str] = []
    seen = time.monotonic()
    kept(
        every(60, overdue=True),
        every(60, "not overdue"),
        run=runs.append,
        until=lambda: time.monotonic() > seen + 1,
        late=timedelta(hours=5),
    )
    assert runs == ["a"]


def test_a_job_that_fails_is_run_again_at_its_next_time() -> None:
    runs: list[str] = []

    def fail(name: str) -> None:
        runs.append(name)
        raise RuntimeError(name)

    kept(every(0.05), run=fail, until=lambda: len(runs) >= 3)


@pytest.mark.parametrize(("ending", "killed"), [("sys.exit(1)", []), ("os.kill(os.getpid(), 9)", ["a"])])
def test_a_process_that_ends_badly_ends_nothing_else_and_one_that_was_killed_is_told(
    ending: str, killed: list[str]
) -> None:
    told: list[str] = []
    processes = Processes((sys.executable, "-c", f"import os, sys; {ending}"), told.append)
    ends: list[str] = []

    def run(name: str) -> None:
        processes.run(name)
        ends.append(name)

    kept(every(60, overdue=True), run=run, until=lambda: bool(ends))
    assert told == killed


def test_ending_the_scheduler_ends_what_runs_and_starts_nothing_more() -> None:
    told: list[str] = []
    processes = Processes((sys.executable, "-c", "import time; time.sleep(60)"), told.append)
    began, ended = Event(), []

    def run(name: str) -> None:
        began.set()
        processes.run(name)
        ended.append(name)

    started = time.monotonic()
    kept(every(0.1, overdue=True), run=run, until=lambda: began.wait(10), stop=processes.stop)
    assert time.monotonic() - started < 10 and ended == ["a"] and not told
    processes.run("a")
