"""Pulls every stream of every source: seal each answer, then enter each whole reading in one transaction.

Venues are read side by side, a thread each; the sources at one host one after another, since they share its limits.
What a thread has read waits in a queue for the one thread that writes the ledger.
"""

import glob
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from structlog.contextvars import bound_contextvars

from recon.core.answers import Answer
from recon.core.contracts import Known, World
from recon.evidence.archive import Archive, recent
from recon.ledger.reads import streams_read, streams_served
from recon.ledger.store import Ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config, Configured
from recon.pipeline.enter import StreamResult, end, enter
from recon.pipeline.openings import STREAM as OPENING
from recon.pipeline.openings import opening_ask
from recon.pipeline.rates import fetched, known, planned
from recon.pipeline.read import Job, StreamRead, read_source
from recon.pipeline.session import note_place, note_places

_LIMIT_MEMORY = timedelta(hours=1)
_PORTS = {"http": 80, "https": 443}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """The outcome of a pull."""

    run: int
    streams: Sequence[StreamResult]

    @property
    def status(self) -> str:
        """ok, partial, or failed when nothing at all could be read."""
        if not any(one.error for one in self.streams):
            return "ok"
        return "partial" if any(one.outcome in ("whole", "empty") for one in self.streams) else "failed"

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {"status": self.status, "run": self.run, "streams": [one.facts() for one in self.streams]}


class _Stopped(BaseException):
    """The pull is over; what a thread still wanted to ask is not asked."""


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
    """Reads the configured sources and then the publishers of prices that [prices] names, or ``only`` some.

    A stream that fails is recorded as such and the rest goes on; what was read whole is kept.
    """
    results: dict[tuple[str, str], StreamResult] = {}
    publishers = [one.name for one in fetched(config) if not only or one.name in only]
    asked = [one for one in config.sources if not only or one.name in only]
    if not only or asked:
        note_places(config, ledger, archive, run, later=publishers)
    _ask(config, ledger, archive, clock, run, asked, results, notify)
    if len(config.sources) > 1 and any(one.tally.new or one.tally.changed for one in results.values()):
        # Here for start-up time: what is pulled from one source alone waits for a reconciliation.
        from recon.pipeline.match import link  # noqa: PLC0415

        link(config, ledger, run, kept=config.legs)
    # Behind the venues, for their entries tell which days are needed.
    priced = [one for one in planned(config, ledger, clock.now()) if one.name in publishers]
    for one in priced:
        with ledger.transaction() as tx:
            known(tx, run, one)
        note_place(one, ledger, archive, run)
    _ask(config, ledger, archive, clock, run, priced, results, notify)
    order = [*(one.name for one in config.sources), *publishers]
    return Pulled(run=run, streams=sorted(results.values(), key=lambda one: order.index(one.source)))


def _ask(
    config: Config,
    ledger: Ledger,
    archive: Archive,
    clock: Clock,
    run: int,
    asked: Sequence[Configured],
    results: dict[tuple[str, str], StreamResult],
    notify: Callable[[str], None],
) -> None:
    """Asks some sources and enters what they answer; ``results`` gather what became of each stream."""
    stop = Event()
    spent: dict[str, list[datetime]] = {}
    with ExitStack() as stack:
        venues: dict[str, list[Job]] = {}
        for one in asked:
            moments = spent.setdefault(_host(one), [])
            job = _prepare(stack, config, ledger, archive, clock, one, stop, moments)
            venues.setdefault(_host(one) or one.name, []).append(job)
        for line in recent(config.evidence, clock.now() - _LIMIT_MEMORY):
            if (host := _place(line.url)) in spent:
                spent[host].append(line.at)
        for job, read in _side_by_side(list(venues.values()), stop, notify):
            if read is None:
                end(ledger, run, job)
                continue
            result = enter(ledger, run, job, read)
            if not read.unasked:
                _tell(result)
                place = (result.source, result.stream)
                results[place] = result.after(results[place]) if place in results else result


def _host(one: Configured) -> str:
    """The host that a source's limits hold for; empty for files."""
    return _place(getattr(one.settings, "base_url", ""))


def _place(url: str) -> str:
    """Host and port, however the URL writes them."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}" if parts.hostname else ""


def _tell(result: StreamResult) -> None:
    told: dict[str, object] = {"source": result.source, "stream": result.stream, "outcome": result.outcome}
    told |= {"requests": result.requests, "seen": result.tally.seen, "new": result.tally.new}
    if result.error:
        told["error"] = str(result.error)
    _LOG.info("stream read", extra=told)


def _prepare(
    stack: ExitStack,
    config: Config,
    ledger: Ledger,
    archive: Archive,
    clock: Clock,
    one: Configured,
    stop: Event,
    spent: list[datetime],
) -> Job:
    """Connects a source, its secrets resolved, before anything of any source is asked."""
    attempts: list[Answer] = []

    def unless_over() -> None:
        if stop.is_set():
            raise _Stopped

    def seal(**attempt: Any) -> Answer:
        unless_over()
        answer = archive.seal(source=one.name, **attempt)
        attempts.append(answer)
        spent.append(answer.at)
        told = {"stream": answer.stream, "method": answer.method, "path": urlsplit(answer.url).path}
        _LOG.debug("asked", extra=told | {"status": answer.status, "bytes": answer.size, "seq": answer.seq})
        return answer

    sleep = clock.sleeper(unless_over)
    world = World(
        seal=seal, now=clock.now, monotonic=clock.monotonic, sleep=sleep, folder=config.folder, spent=spent
    )
    with ledger.transaction() as tx:
        known, served = streams_read(tx, one.name), streams_served(tx, one.name)
    openings = [opening for opening in config.openings if opening.source == one.name]
    asks = {OPENING: opening_ask(openings, one.settings.start, world)}
    venue = stack.enter_context(one.source.connect(one.name, one.settings, world))
    return Job(
        name=one.name,
        source=one.source,
        settings=one.settings,
        ask=lambda stream, request: asks.get(stream, venue)(stream, request),
        known=Known(
            streams=known | ({OPENING} if openings else frozenset()),
            files=partial(files_of, config.folder),
        ),
        served=served,
        now=clock.now,
        attempts=attempts,
    )


def files_of(folder: Path, pattern: str) -> Sequence[str]:
    """The files that a pattern matches, as paths from ``folder``, in name order."""
    # Path.glob takes no absolute pattern, and a pattern may point outside the folder
    found = map(Path, glob.glob(str(folder / pattern), recursive=True))  # noqa: PTH207
    return sorted(Path(os.path.relpath(path, folder)).as_posix() for path in found if path.is_file())


def _side_by_side(
    venues: Sequence[Sequence[Job]], stop: Event, notify: Callable[[str], None]
) -> Iterator[tuple[Job, StreamRead | None]]:
    """Every reading as it comes, and None behind a source's last.

    What goes wrong in a thread goes on here, and stops the others.
    """
    ready: SimpleQueue[tuple[Job, StreamRead | None] | BaseException | None] = SimpleQueue()
    under_way: dict[int, str] = {}

    def told(venue: int, text: str) -> None:
        under_way[venue] = text
        notify(", ".join(under_way.copy().values()))

    def read(number: int, jobs: Sequence[Job]) -> None:
        try:
            for job in jobs:
                with bound_contextvars(source=job.name):
                    _LOG.info("source begins")
                    for one in read_source(job, partial(told, number)):
                        ready.put((job, one))
                    ready.put((job, None))
                    _LOG.info("source ends")
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again where it is seen
            ready.put(error)
        under_way.pop(number, None)
        ready.put(None)

    threads = [
        Thread(target=copy_context().run, args=(read, number, jobs), name=jobs[0].name, daemon=True)
        for number, jobs in enumerate(venues)
    ]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            came = ready.get()
            if came is None:
                left -= 1
            elif isinstance(came, BaseException):
                raise came
            else:
                yield came
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=1)
