"""The jobs of recon.toml: when each is due, what became of its last run, and keeping them in one process.

Every run of a job is a process of its own, as it is under cron: whatever ends it, be it a fault of a library or the
system being out of memory, the scheduler stays, and it does not grow over the years.
"""

import logging
import subprocess
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from recon.core.errors import LedgerBusy, LedgerError
from recon.core.times import MICROSECOND
from recon.ledger.reads import Run, runs
from recon.ledger.store import open_ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config
from recon.pipeline.cron import Cron, parse
from recon.pipeline.session import INTERRUPTED, reading

LOOK_S = 30
"""How often the wall clock is looked at anew: waiting alone misses that a machine slept or its clock was set."""
OUTCOMES = {
    0: "it is done",
    3: "an error or a warning is open",
    4: "some source was not pulled whole",
    LedgerBusy.exit_code: "another run holds the ledger; it is tried again at the next time",
}
_LOG = logging.getLogger(__name__)


class Trigger(BaseTrigger):  # type: ignore[misc] # it ships no types
    """The moments of a cron expression in a zone, in UTC.

    What falls into the hour that spring leaves out comes an hour later by the clock. What falls into the hour that
    autumn repeats comes once, unless the expression names every hour. (The library's own trigger loses the one, doubles
    the other, and counts weekdays from Monday.)
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        self._cron = parse(expression)
        self._zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first moment after ``previous``, or without one the first from ``now`` on."""
        return self.after(previous or now - MICROSECOND)

    def after(self, moment: datetime) -> datetime:
        """The first moment later than ``moment``."""
        day = moment.astimezone(self._zone).date()
        while True:
            of_day = _moments(self._cron, self._zone, day)
            if (place := bisect_right(of_day, moment)) < len(of_day):
                return of_day[place]
            day += timedelta(days=1)


@lru_cache(maxsize=64)
def _moments(cron: Cron, zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """A local day's moments, in order."""
    if not (cron.has("month", day.month) and cron.has("day", day.day)):
        return ()
    if not cron.has("weekday", day.isoweekday() % 7):
        return ()
    hours = [hour for hour in range(24) if cron.has("hour", hour)]
    minutes = [minute for minute in range(60) if cron.has("minute", minute)]
    folds = (0, 1) if cron.hour == "*" else (0,)
    found = {
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)
        for hour in hours
        for minute in minutes
        for fold in folds
    }
    return tuple(sorted(found))


class Scheduled(NamedTuple):
    """A job, when it is due, and whether it must make up for a time at which nobody ran it."""

    name: str
    trigger: BaseTrigger
    overdue: bool


class State(NamedTuple):
    """A job, its newest run in the ledger, and when it is due next."""

    name: str
    last: Run | None
    next: datetime


def command_of(name: str) -> str:
    """What the ledger's run table calls a run of this job."""
    return f"job {name}"


def states(config: Config, now: datetime) -> list[State]:
    """Every job with its last run and next time. Writes nothing; without a ledger nothing has run yet."""
    try:
        with reading(config) as ledger, ledger.transaction() as tx:
            known = runs(tx)
    except LedgerError as error:
        if error.what != "there is no ledger yet":
            raise
        known = []
    return [
        State(name, _last(name, known), Trigger(job.cron, config.zone).after(now))
        for name, job in config.jobs.items()
    ]


def scheduled(config: Config, now: datetime) -> list[Scheduled]:
    """Every job as the scheduler takes it. Makes the ledger, or brings it up to date, as any run would."""
    with open_ledger(config.ledger_url, create=True) as ledger, ledger.transaction() as tx:
        known = runs(tx)
    found = []
    for name, job in config.jobs.items():
        trigger = Trigger(job.cron, config.zone)
        found.append(Scheduled(name, trigger, is_overdue(_last(name, known), trigger, now)))
    return found


def is_overdue(last: Run | None, trigger: Trigger, now: datetime) -> bool:
    """Whether a time went by since the last run, or that run was broken off. One that never ran waits.

    A run by hand, or by another scheduler, counts like any other.
    """
    if last is None:
        return False
    return last.status in {None, INTERRUPTED} or trigger.after(last.started_at) <= now


def keep(
    jobs: Sequence[Scheduled], clock: Clock, run: Callable[[str], None], stop: Callable[[], None]
) -> NoReturn:
    """Runs each job at its times, one after another, until an exception (a signal) ends the waiting.

    A job that is still running when it is due again is not started twice, and times that went by while the machine
    slept are made up for once. ``stop`` ends what is running then.
    """
    scheduler: Any = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},  # for the ledger takes one run at a time
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    for name, trigger, overdue in jobs:
        at_once = {"next_run_time": clock.now()} if overdue else {}
        scheduler.add_job(run, trigger, args=[name], id=name, name=name, **at_once)
    scheduler.start()
    try:
        while True:
            clock.sleep(LOOK_S)
            scheduler.wakeup()
    finally:
        scheduler.pause()
        stop()
        scheduler.shutdown()


class Processes:
    """Runs jobs as processes and ends them. ``command`` is all of a command line but the job's name."""

    def __init__(self, command: Sequence[str], killed: Callable[[str], None]) -> None:
        self._command = command
        self._killed = killed
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = Lock()

    def run(self, name: str) -> None:
        """Waits for the job and logs how it ended; ``killed`` is told of one that could not tell of itself."""
        with self._lock:
            if self._stopped:
                return
            # Ctrl-C on the terminal is for the scheduler, which hands it on in its own time.
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._running.add(process)
        _LOG.info("job begins", extra={"job": name})
        code = process.wait()
        with self._lock:
            self._running.discard(process)
            stopped = self._stopped
        level = logging.INFO if code == 0 or stopped else logging.WARNING
        outcome = "it was stopped" if stopped else OUTCOMES.get(code, "it failed")
        _LOG.log(level, "job ends", extra={"job": name, "exit_code": code, "outcome": outcome})
        if code < 0 and not stopped:
            self._killed(name)

    def stop(self) -> None:
        """Starts nothing more, and asks what is running to end."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()


def _last(name: str, known: Sequence[Run]) -> Run | None:
    return next((one for one in reversed(known) if one.command == command_of(name)), None)
