"""The ledger again, from the evidence alone: every pull is read once more, answered by what was sealed then."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from recon import __version__
from recon.core.adjustments import ADJUSTMENTS, BY_HAND
from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Known
from recon.core.errors import ConfigError, EvidenceError, LedgerError, NoLedger
from recon.core.price_acts import PRICES
from recon.core.seals import RECON
from recon.evidence.archive import answers, pulls
from recon.evidence.verify import verify as verify_evidence
from recon.ledger.reads import counts, ledger_head, runs, sources, streams_read, streams_served
from recon.ledger.rows import AnswerRow, RunEndRow, RunRow, SourceRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.adjust import post
from recon.pipeline.config import Config, Configured, absolute
from recon.pipeline.differences import Difference, differences
from recon.pipeline.ended import REBUILD
from recon.pipeline.enter import answer_row, end, enter
from recon.pipeline.match import link
from recon.pipeline.openings import STREAM as OPENING
from recon.pipeline.price_entry import post as post_prices
from recon.pipeline.read import Job, StreamRead, read_source
from recon.pipeline.replay import NOT_THERE, Tape
from recon.pipeline.seals import enter as enter_seals


class Pull(NamedTuple):
    """One pull of one source, as the evidence tells it.

    ``entered``: no reading that asked for an answer behind this one reached the ledger, for the run died before.
    """

    run: int
    at: datetime
    one: Configured
    lines: Sequence[Answer]
    entered: int


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """The rebuilt ledger's size and head."""

    entries: int
    head: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A rebuilt ledger beside the one in use, whose ``head`` is None where there is none.

    ``differences`` is None unless they were asked for.
    """

    into: str
    rebuilt: Rebuilt
    head: str | None
    differences: Sequence[Difference] | None

    @property
    def same(self) -> bool | None:
        """Whether both have one head; None where there is nothing to compare with."""
        return None if self.head is None else self.head == self.rebuilt.head

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        told = [one.facts() for one in self.differences or ()]
        return {
            "into": self.into,
            "entries": self.rebuilt.entries,
            "head": self.rebuilt.head,
            "ledger_head": self.head,
            "same": self.same,
            "differences": None if self.differences is None else told,
        }


def rebuild_into(config: Config, url: str, notify: Callable[[str], None], *, explain: bool) -> Comparison:
    """Rebuilds into ``url``, and compares with the ledger in use."""
    place = absolute(url, config.folder)
    if place == config.ledger_url:
        raise ConfigError("that is the ledger in use", where="--into", next_step="Give an empty place")
    with open_ledger(place, create=True) as into, into.lock():
        rebuilt = rebuild(config, into, notify)
        head, found = None, None
        with (
            suppress(NoLedger),
            open_ledger(config.ledger_url, create=False) as used,
            used.transaction() as then,
        ):
            head = ledger_head(then)
            if explain:
                with into.transaction() as now:
                    found = differences(then, now)
    return Comparison(into=into.where, rebuilt=rebuilt, head=head, differences=found)


def rebuild(config: Config, into: Ledger, notify: Callable[[str], None]) -> Rebuilt:
    """Posts the whole evidence into an empty ledger. Raises EvidenceError where the evidence is not whole."""
    proof = verify_evidence(config.evidence)
    if proof.problems:
        place, text = proof.problems[0]
        raise EvidenceError(
            text, where=place, next_step="See recon verify; restore the evidence from a backup"
        )
    with into.transaction() as tx:
        if runs(tx):
            raise LedgerError(
                "there is a ledger already", where=into.where, next_step="Give an empty place with --into"
            )
    return repost(config, into, notify)


def repost(
    config: Config, into: Ledger, notify: Callable[[str], None], entered: Mapping[str, int] | None = None
) -> Rebuilt:
    """As ``rebuild``, of evidence that was proved. ``entered``: of a newest pull, nothing behind this answer."""
    steps = deque(line for line in answers(config.evidence) if line.source == RECON)
    for _, found in groupby(_pulls(config, entered or {}), key=lambda pull: pull.run):
        together = list(found)
        _close(into, steps, min(pull.lines[0].seq for pull in together))
        run, posted = 0, False
        for pull in together:
            notify(f"{pull.one.name}, pull of {pull.at:%Y-%m-%d}")
            run = run or _begin(into, pull)
            posted = _replay(into, run, pull) or posted
        if posted:
            link(config, into, run)
    _close(into, steps, None)
    with into.transaction() as tx:
        return Rebuilt(entries=counts(tx)["entries"], head=ledger_head(tx))


def _close(into: Ledger, steps: deque[Answer], until: int | None) -> None:
    """What was done to periods before a line of the chain, so that late rows are dated as they were then."""
    while steps and (until is None or steps[0].seq < until):
        line = steps.popleft()
        with into.transaction() as tx:
            enter_seals(tx, _run(tx, line.at, {"line": line.seq}), [line])


def _run(tx: Transaction, at: datetime, settings: dict[str, Any]) -> int:
    run = tx.next_id(RunRow)
    tx.append(RunRow, [RunRow(run, at, REBUILD, __version__, write_json(settings))])
    tx.append(RunEndRow, [RunEndRow(run, at, "finished")])
    return run


def _pulls(config: Config, entered: Mapping[str, int]) -> Iterator[Pull]:
    """Every pull in the order it began; evidence older than the first note of a source is one pull."""
    lines: dict[str, list[Answer]] = defaultdict(list)
    for line in answers(config.evidence):
        if line.source != RECON:
            lines[line.source].append(line)
    configured = {one.name: one for one in [*config.sources, *config.publishers]}
    if strangers := sorted(set(lines) - set(configured)):
        raise ConfigError(
            f"the evidence holds answers of {', '.join(strangers)}, which is not configured",
            where=str(config.path),
            next_step="Put the source's table back; its secrets need not be set for this",
        )
    notes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    turn, seen = 0, (None, frozenset[str]())
    for note in pulls(config.evidence):
        # Runs are counted by the ledger that was in use, so that their numbers may begin anew.
        if note["run"] != seen[0] or note["source"] in seen[1]:
            turn, seen = turn + 1, (note["run"], frozenset())
        seen = (note["run"], seen[1] | {note["source"]})
        notes[note["source"]].append({**note, "run": turn})
    found = [
        pull
        for name, every in lines.items()
        for pull in _pulls_of(configured[name], every, notes.get(name, []), entered.get(name, every[-1].seq))
    ]
    yield from sorted(found, key=lambda pull: (pull.run, pull.one.name))


def _pulls_of(
    one: Configured, lines: Sequence[Answer], notes: Sequence[dict[str, Any]], newest: int
) -> Iterator[Pull]:
    starts = [0, *(note["after"] for note in notes)]
    ends = [*starts[1:], lines[-1].seq]
    settings = [one.settings, *(one.settings.reshaped(note["settings"]) for note in notes)]
    numbers = [0, *(note["run"] for note in notes)]
    entered = [*(note["entered"] for note in notes), newest]
    for start, last, under, run, known in zip(starts, ends, settings, numbers, entered, strict=True):
        part = [line for line in lines if start < line.seq <= last]
        if part:
            yield Pull(run, part[0].at, replace(one, settings=under), part, known)


def _begin(into: Ledger, pull: Pull) -> int:
    """A run in the rebuilt ledger for a run of then."""
    with into.transaction() as tx:
        return _run(tx, pull.at, {"run": pull.run})


def _replay(into: Ledger, run: int, pull: Pull) -> bool:
    """Reads a pull again; whether it posted anything.

    Evidence from before pulls were noted (run 0) may hold several: until nothing is left. What people entered is
    posted as it was sealed: no venue was asked for it, and nothing pairs with it before the next pull.
    """
    with into.transaction() as tx:
        if pull.one.name not in sources(tx):
            tx.append(SourceRow, [SourceRow(pull.one.name, pull.one.source.kind, run)])
    asked = [line for line in pull.lines if line.stream not in BY_HAND and line.source != PRICES]
    tape = Tape(asked, pull.one.source.judge)
    entered = set(_approved(into, run, pull))
    posted, more = False, bool(asked)
    while more:
        before = len(tape.taken)
        job = _job(into, pull, tape)
        for read in read_source(job, lambda text: None):
            if read.requests and read.requests[0].seq > pull.entered:
                break
            tally = enter(into, run, job, _as_then(read)).tally
            posted = posted or bool(tally.new or tally.changed)
            entered |= {line.seq for line in read.answers}
        else:
            end(into, run, job)
        more = not pull.run and tape.left and len(tape.taken) > before
    with into.transaction() as tx:
        tx.append(AnswerRow, [answer_row(line) for line in pull.lines if line.seq not in entered])
    return posted


def _approved(into: Ledger, run: int, pull: Pull) -> Iterator[int]:
    """Posts the adjustments and the prices that were posted then; the lines that hold them."""
    for line in pull.lines:
        by_hand = line.stream == ADJUSTMENTS or line.source == PRICES
        if by_hand and line.seq <= pull.entered:
            with into.transaction() as tx:
                if line.source == PRICES:
                    post_prices(tx, run, line)
                else:
                    post(tx, run, line)
            yield line.seq


def _job(into: Ledger, pull: Pull, tape: Tape) -> Job:
    with into.transaction() as tx:
        known, served = streams_read(tx, pull.one.name), streams_served(tx, pull.one.name)
    opened = {OPENING} if any(line.stream == OPENING for line in pull.lines) else set()
    return Job(
        name=pull.one.name,
        source=pull.one.source,
        settings=pull.one.settings,
        ask=tape.ask,
        known=Known(streams=known - {OPENING} | opened, files=tape.files),
        served=served,
        now=lambda: tape.at,
        attempts=tape.attempts,
    )


def _as_then(read: StreamRead) -> StreamRead:
    """What the evidence holds no answer to was not asked then; that is no failure of today's."""
    if read.error and read.error.kind == NOT_THERE and not read.requests:
        read.error, read.unasked, read.stopped = None, "the evidence holds no answer to it", True
    return read
