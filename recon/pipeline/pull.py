"""Pulls every stream of every source: seal each answer, then post each whole reading in one transaction."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Ask, Known, Pass, Request, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.failpoints import failpoint
from recon.evidence.archive import Archive, recent
from recon.ledger.reads import heads, streams_read
from recon.ledger.rows import AnswerRow, ReadingRow
from recon.ledger.store import Ledger, Transaction
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config, Configured
from recon.pipeline.openings import STREAM as OPENING
from recon.pipeline.openings import opening_ask, opening_stream
from recon.pipeline.post import Reading, Tally, post_holdings, post_rows

ROUNDS = 3
"""How often a source is read again when something moved between its histories and its balances."""
_GIVE_UP = {"connect", "tls", "unauthorized", "timeout", "rate_limit"}
"""Errors after which the other streams of the source would only meet the same."""
_LIMIT_MEMORY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class StreamResult:
    """One stream's outcome; counts are of records."""

    source: str
    stream: str
    requests: int
    tally: Tally
    error: SourceError | None = None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        error = None if self.error is None else {"kind": self.error.kind, "message": str(self.error)}
        return {
            "source": self.source,
            "stream": self.stream,
            "status": "failed" if self.error else "ok",
            "requests": self.requests,
            "seen": self.tally.seen,
            "new": self.tally.new,
            "changed": self.tally.changed,
            "vanished": self.tally.vanished,
            "error": error,
        }


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """The outcome of a pull."""

    streams: Sequence[StreamResult]

    @property
    def status(self) -> str:
        """ok, partial, or failed when nothing at all could be read."""
        failed = [one for one in self.streams if one.error]
        if not failed:
            return "ok"
        return "failed" if len(failed) == len(self.streams) else "partial"

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {"status": self.status, "streams": [one.facts() for one in self.streams]}


@dataclass
class _Read:
    """A stream as it was read, before it is posted."""

    stream: Stream
    started: datetime
    passed: Pass | None = None
    first: Request | None = None
    error: SourceError | None = None
    requests: Sequence[Answer] = ()


@dataclass
class _Job:
    """One source under way. ``attempts`` are sealed answers that no reading has taken to the ledger yet."""

    one: Configured
    ask: Ask
    known: Known
    attempts: list[Answer] = field(default_factory=list)


def pull(
    config: Config,
    ledger: Ledger,
    archive: Archive,
    clock: Clock,
    run: int,
    *,
    only: Sequence[str] = (),
    notify: Callable[[str], None] = lambda text: None,
) -> Pulled:
    """Reads the configured sources (or ``only`` some) one after another.

    A stream that fails is recorded as such and the rest goes on; what was read whole is kept.
    """
    results: list[StreamResult] = []
    with ExitStack() as stack:
        jobs = [
            _prepare(stack, config, ledger, archive, clock, one)
            for one in config.sources
            if not only or one.name in only
        ]
        for job in jobs:
            merged: dict[str, StreamResult] = {}
            for result in _pull_source(config, ledger, clock, run, job, notify):
                merged[result.stream] = _together(merged.get(result.stream), result)
            results += merged.values()
    return Pulled(streams=results)


def _prepare(
    stack: ExitStack, config: Config, ledger: Ledger, archive: Archive, clock: Clock, one: Configured
) -> _Job:
    """Connects a source, its secrets resolved, before anything of any source is asked."""
    attempts: list[Answer] = []

    def seal(**attempt: Any) -> Answer:
        answer = archive.seal(source=one.name, **attempt)
        attempts.append(answer)
        return answer

    spent = [
        line.at for line in recent(config.evidence, clock.now() - _LIMIT_MEMORY) if line.source == one.name
    ]
    world = World(
        seal=seal,
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        folder=config.folder,
        spent=spent,
    )
    with ledger.transaction() as tx:
        known = streams_read(tx, one.name)
    openings = [opening for opening in config.openings if opening.source == one.name]
    asks = {OPENING: opening_ask(openings, one.settings.start, world)}
    venue = stack.enter_context(one.source.connect(one.name, one.settings, world))
    return _Job(
        one=one,
        ask=lambda stream, request: asks.get(stream, venue)(stream, request),
        known=Known(
            streams=known | ({OPENING} if openings else frozenset()),
            files=partial(_files, config),
        ),
        attempts=attempts,
    )


def _files(config: Config, pattern: str) -> Sequence[str]:
    # Path.glob takes no absolute pattern, and a pattern may point outside the folder
    found = map(Path, glob.glob(str(config.folder / pattern), recursive=True))  # noqa: PTH207
    return sorted(Path(os.path.relpath(path, config.folder)).as_posix() for path in found if path.is_file())


def _pull_source(
    config: Config, ledger: Ledger, clock: Clock, run: int, job: _Job, notify: Callable[[str], None]
) -> Iterator[StreamResult]:
    """Reads a source's streams; again from the start when, at its balances, a history has moved on meanwhile."""
    for attempt in range(1, ROUNDS + 1):
        histories: list[_Read] = []
        moved = False
        touched: dict[str, set[int]] = {}
        broken: set[str] = set()
        reads = _with_next(_reads(job, clock, notify))
        for read, following in reads:
            family = read.stream.family or read.stream.name
            if read.stream.holdings and not read.error and _moved_on(job, histories):
                moved = True
                if attempt < ROUNDS:
                    break
                read.error = SourceError(
                    "moving",
                    f"the account moved during each of {ROUNDS} readings, so its balances prove nothing",
                    where=f"{job.one.name}/{read.stream.name}",
                    next_step="Pull again at a quieter time",
                )
            if read.error:
                broken.add(family)
            last = following is None or (following.stream.family or following.stream.name) != family
            yield _post(
                ledger,
                clock,
                run,
                job,
                read,
                touched.setdefault(family, set()),
                last and family not in broken,
            )
            if read.stream.rows and read.first and not read.error:
                histories.append(read)
        if not moved:
            return


def _reads(job: _Job, clock: Clock, notify: Callable[[str], None]) -> Iterator[_Read]:
    """Each stream of the source as it is read, in order; stops at an error that the others would meet too."""
    streams = _streams(job)
    sent: Pass | None = None
    started = False
    while True:
        try:
            stream = streams.send(sent) if started else next(streams)
        except StopIteration:
            return
        except SourceError as error:
            yield _Read(stream=Stream(name="files", read=_unread), started=clock.now(), error=error)
            return
        started = True
        notify(f"{job.one.name}/{stream.name}")
        read = _drive(job, stream, clock)
        yield read
        if read.error and read.error.kind in _GIVE_UP:
            return
        sent = read.passed


def _streams(job: _Job) -> Streams:
    """The openings stated in the configuration, then the venue's own streams."""
    if OPENING in job.known.streams:
        yield opening_stream()
    yield from job.one.source.streams(job.one.name, job.one.settings, job.known)


def _unread() -> Any:
    raise AssertionError("a stream that stands for a failed listing is never read")


def _drive(job: _Job, stream: Stream, clock: Clock) -> _Read:
    """Asks what the stream asks for, until it has its pass."""
    read = _Read(stream=stream, started=clock.now())
    before = len(job.attempts)
    reading = stream.read()
    try:
        request = read.first = next(reading)
        while True:
            request = reading.send(job.ask(stream.name, request))
    except StopIteration as done:
        read.passed = done.value
    except SourceError as error:
        read.error = error
    read.requests = job.attempts[before:]
    return read


def _moved_on(job: _Job, histories: Sequence[_Read]) -> bool:
    """A last look at each history's head: the same first question must bring the same first answer."""
    for read in histories:
        assert read.first is not None and read.passed is not None
        if read.first.method == "FILE":
            continue
        try:
            again = job.ask(read.stream.name, read.first)
        except SourceError:
            return True
        if again.sha256 != read.passed.answers[0].sha256:
            return True
    return False


def _post(
    ledger: Ledger, clock: Clock, run: int, job: _Job, read: _Read, touched: set[int], last: bool
) -> StreamResult:
    """One transaction: the answers, the reading, its rows. A reading that cannot be posted is recorded as failed."""
    answers, error = list(job.attempts), read.error
    tally = Tally()
    if error is None:
        try:
            with ledger.transaction() as tx:
                tally = _post_reading(tx, clock, run, job, read, answers, touched, last)
                failpoint("post.before-commit")
        except SourceError as fault:
            error = fault
        except NumberRefused as fault:
            error = SourceError("payload", str(fault), where=f"{job.one.name}/{read.stream.name}")
    if error is not None:
        with ledger.transaction() as tx:
            tx.append(AnswerRow, map(_answer_row, answers))
            tx.append(
                ReadingRow, [_reading_row(tx, clock, run, job, read, tx.next_id(ReadingRow), Tally(), error)]
            )
            failpoint("post.before-commit-failed")
    job.attempts.clear()
    failpoint("post.committed")
    return StreamResult(
        source=job.one.name, stream=read.stream.name, requests=len(read.requests), tally=tally, error=error
    )


def _post_reading(
    tx: Transaction,
    clock: Clock,
    run: int,
    job: _Job,
    read: _Read,
    answers: Sequence[Answer],
    touched: set[int],
    last: bool,
) -> Tally:
    assert read.passed is not None
    stream, start = read.stream, job.one.settings.start
    tx.append(AnswerRow, map(_answer_row, answers))
    reading = Reading(tx.next_id(ReadingRow), job.one.name, stream, read.passed, start)
    failpoint("post.answers-written")
    # The reading's counts are known only after its rows, which point at it: foreign keys are checked at commit.
    if stream.rows:
        tally = post_rows(tx, reading, touched, last)
    elif stream.holdings:
        tally = post_holdings(tx, reading)
    else:
        tally = Tally(seen=stream.seen(read.passed.answers))
    tx.append(ReadingRow, [_reading_row(tx, clock, run, job, read, reading.id, tally, None)])
    failpoint("post.reading-written")
    return tally


def _answer_row(one: Answer) -> AnswerRow:
    return AnswerRow(
        one.seq, one.at, one.source, one.stream, one.method, one.url, write_json(dict(one.params)), one.status,
        one.sha256, one.size, one.link,
    )  # fmt: skip


def _reading_row(
    tx: Transaction,
    clock: Clock,
    run: int,
    job: _Job,
    read: _Read,
    reading: int,
    tally: Tally,
    error: SourceError | None,
) -> ReadingRow:
    """``entry_cut``: of a reading of balances, the newest entry of the source that the ledger knew then."""
    seqs = [one.seq for one in read.requests]
    stream = read.stream
    cut = None
    if stream.holdings and error is None:
        cut = next((head.entry_id for head in heads(tx) if head.source == job.one.name), 0)
    return ReadingRow(
        reading, run, job.one.name, stream.name, stream.family or stream.name, "failed" if error else "ok",
        read.started, clock.now(), min(seqs, default=None), max(seqs, default=None), len(seqs), tally.seen, tally.new,
        tally.changed, tally.vanished, read.passed.stated if read.passed else None, tally.first, tally.last, cut,
        error.kind if error else None, str(error) if error else None,
    )  # fmt: skip


def _together(before: StreamResult | None, after: StreamResult) -> StreamResult:
    """A stream read twice in one pull is told once: the last outcome, with all that the readings brought."""
    if before is None:
        return after
    tally = Tally(
        seen=after.tally.seen,
        new=before.tally.new + after.tally.new,
        changed=before.tally.changed + after.tally.changed,
        vanished=before.tally.vanished + after.tally.vanished,
    )
    return StreamResult(
        source=after.source,
        stream=after.stream,
        requests=before.requests + after.requests,
        tally=tally,
        error=after.error,
    )


def _with_next(reads: Iterator[_Read]) -> Iterator[tuple[_Read, _Read | None]]:
    """Each reading with the one after it, which tells whether it is the last of its family."""
    current = next(reads, None)
    while current is not None:
        following = next(reads, None)
        yield current, following
        current = following
