"""Reads one source: asks for its streams in order and says of each what became of it. Posts nothing.

The same reading runs against a venue and against the evidence: all it touches of the world is the ``ask`` of its Job.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from recon.core.answers import Answer
from recon.core.contracts import Ask, Known, Pass, Request, Source, Stream, Streams
from recon.core.errors import SourceError
from recon.pipeline.openings import STREAM as OPENING
from recon.pipeline.openings import opening_stream
from recon.pipeline.post import Ids

ROUNDS = 3
"""How often a source is read again when something moved between its histories and its balances."""
_GIVE_UP = {"connect", "tls", "unauthorized", "timeout", "rate_limit"}
"""Errors after which the other streams of the source would only meet the same."""
_REFUSING = {400, 401, 403, 404, 405, 410, 422, 501}
"""HTTP statuses by which a venue refuses what it does not serve, or not to this credential."""


@dataclass
class Job:
    """One source under way. ``served`` are the streams it once answered.

    ``attempts`` are sealed answers that no reading has taken to the ledger yet; whoever asks adds to them.
    """

    name: str
    source: Source
    settings: Any
    ask: Ask
    known: Known
    served: frozenset[str]
    now: Callable[[], datetime]
    attempts: list[Answer]


@dataclass
class Family:
    """The records that the streams of one family still hold; ``broken`` when one of them was not read or posted."""

    touched: Ids = field(default_factory=Ids)
    broken: bool = False


@dataclass
class StreamRead:
    """A stream as it was read, before it is posted.

    It is whole (``passed``), failed (``error``), not served (``refusal`` says how the venue put it), or was not asked
    (``unasked`` says why; ``stopped``: because the source gave up before). ``listing``: it stands for the streams that
    could not be listed. ``answers`` are all that were sealed since the read before, its own ``requests`` among them.
    ``last``: no further stream of its family follows.
    """

    stream: Stream
    started: datetime
    passed: Pass | None = None
    error: SourceError | None = None
    refusal: str = ""
    unasked: str = ""
    stopped: bool = False
    first: Request | None = None
    latest: Request | None = None
    asked: int = 0
    requests: Sequence[Answer] = ()
    answers: Sequence[Answer] = ()
    family: Family = field(default_factory=Family)
    last: bool = True
    listing: bool = False


def read_source(job: Job, notify: Callable[[str], None]) -> Iterator[StreamRead]:
    """Reads a source's streams; again from the start when, at its balances, a history has moved on meanwhile."""
    for attempt in range(1, ROUNDS + 1):
        histories: list[StreamRead] = []
        families: dict[str, Family] = {}
        moved = False
        for read, following in _with_next(_reads(job, notify)):
            if read.stream.holdings and read.passed:
                try:
                    moved = _moved_on(job, histories)
                except SourceError as error:
                    read.passed, read.error = None, error
                if moved and attempt < ROUNDS:
                    break
                if moved:
                    read.passed, read.error = None, _moving(job, read)
            name = _family(read.stream)
            read.family = families.setdefault(name, read.family)
            read.last = following is None or not (following.listing or _family(following.stream) == name)
            read.answers = job.attempts.copy()
            job.attempts.clear()
            yield read
            if read.stream.rows and not read.stream.beside and read.passed and read.first:
                histories.append(read)
        if not moved:
            return


def _family(stream: Stream) -> str:
    return stream.family or stream.name


def _moving(job: Job, read: StreamRead) -> SourceError:
    return SourceError(
        "moving",
        f"the account moved during each of {ROUNDS} readings, so its balances prove nothing",
        where=f"{job.name}/{read.stream.name}",
        next_step="Pull again at a quieter time",
    )


def _reads(job: Job, notify: Callable[[str], None]) -> Iterator[StreamRead]:
    """Each stream in turn. Once the source has given up, the others are named but not asked.

    What a venue may not serve is asked only while all is well: it would meet the same trouble, or add to it.
    """
    streams = _streams(job)
    sent: Pass | None = None
    started, why_stopped, core_failed = False, "", ""
    while True:
        try:
            stream = streams.send(sent) if started else next(streams)
        except StopIteration:
            return
        except SourceError as error:
            yield StreamRead(
                stream=Stream(name="files", read=never), started=job.now(), error=error, listing=True
            )
            return
        started = True
        why = stream.unasked or stream.blocked or why_stopped or (core_failed if stream.optional else "")
        if why:
            read = StreamRead(stream=stream, started=job.now(), unasked=why, stopped=not stream.unasked)
        else:
            notify(f"{job.name}/{stream.name}")
            read = _drive(job, stream)
            if _not_served(job, read):
                read.refusal, read.error = str(read.error), None
        yield read
        if read.passed:
            job.served |= {stream.name}
        if read.error and read.error.kind in _GIVE_UP:
            why_stopped = f"not asked, since the source stopped at {stream.name}"
        elif read.error and not stream.optional:
            core_failed = f"not asked, since {stream.name} could not be read"
        sent = read.passed


def _streams(job: Job) -> Streams:
    """The openings stated in the configuration, then the venue's own streams."""
    if OPENING in job.known.streams:
        yield opening_stream()
    yield from job.source.streams(job.name, job.settings, job.known)


def never() -> NoReturn:
    """Stands for the reading of a stream that is not read."""
    raise AssertionError("a stream that only stands for something is never read")


def _drive(job: Job, stream: Stream) -> StreamRead:
    """Asks what the stream asks for, until it has its pass."""
    read = StreamRead(stream=stream, started=job.now())
    before = len(job.attempts)
    reading = stream.read()
    try:
        read.first = read.latest = next(reading)
        while True:
            read.asked += 1
            read.latest = reading.send(job.ask(stream.name, read.latest))
    except StopIteration as done:
        read.passed = done.value
    except SourceError as error:
        read.error = error
    read.requests = [one for one in job.attempts[before:] if one.stream == stream.name]
    return read


def _not_served(job: Job, read: StreamRead) -> bool:
    """Whether the venue itself says no to what it may not serve: by a status, or by an error in a whole answer.

    Where it once answered a stream, or books of the same kind, a refusal is a failure.
    """
    if not read.error or not read.stream.optional or read.stream.name in job.served:
        return False
    kind = read.stream.name.partition("/")[0]
    if read.stream.rows and not read.stream.beside and kind in {one.partition("/")[0] for one in job.served}:
        return False
    status = read.requests[-1].status if read.requests else None
    return read.error.kind == "venue_error" or status in _REFUSING


def _moved_on(job: Job, histories: Sequence[StreamRead]) -> bool:
    """A last look at each history's head: the same first question must bring the same first answer.

    Raises SourceError where a head cannot be looked at: the balances prove nothing then.
    """
    for read in histories:
        assert read.first and read.passed
        if read.first.method != "FILE":
            again = job.ask(read.stream.name, read.first)
            if again.sha256 != read.passed.answers[0].sha256:
                return True
    return False


def _with_next(reads: Iterator[StreamRead]) -> Iterator[tuple[StreamRead, StreamRead | None]]:
    """Each reading of a family with the one after it, which tells whether it is the family's last.

    Others are not made to wait for what comes after them: it may be slow, or fail.
    """
    current = next(reads, None)
    while current is not None:
        following = next(reads, None) if current.stream.family else None
        yield current, following
        current = following or next(reads, None)
