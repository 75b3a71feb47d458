"""The whole proof, part by part: what was proved, how much of it, and how long that took."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recon.core.errors import ConfigError
from recon.evidence.archive import answers as sealed_answers
from recon.evidence.verify import Before, Proof
from recon.evidence.verify import verify as verify_evidence
from recon.ledger import told
from recon.ledger.acts import acts
from recon.ledger.acts import verify as verify_acts
from recon.ledger.chain import Heads
from recon.ledger.chain import verify as verify_ledger
from recon.ledger.reads import entries, ledger_head
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline import ended, marks, sealed
from recon.pipeline.config import Config
from recon.pipeline.enter import answer_row
from recon.pipeline.repost import again
from recon.pipeline.sealed import Covered

Problem = tuple[str | None, str, str]
"""Source (None where it is all of them), place, text."""


@dataclass(frozen=True)
class Part:
    """One part of the proof. ``left_out`` says why it was not done, or not of all."""

    what: str
    count: int
    seconds: float
    left_out: str = ""

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "what": self.what,
            "count": self.count,
            "seconds": f"{self.seconds:.3f}",
            "left_out": self.left_out,
        }


@dataclass(frozen=True, kw_only=True)
class Proved:
    """What was proved, and every problem."""

    evidence: Proof
    entries: int
    head: str
    parts: Sequence[Part]
    problems: Sequence[Problem]

    @property
    def ok(self) -> bool:
        """No problem was found."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        evidence = self.evidence
        return {
            "ok": self.ok,
            "evidence": {"answers": evidence.answers, "bytes": evidence.bytes, "head": evidence.head},
            "ledger": {"entries": self.entries, "head": self.head},
            "problems": [
                {"source": source, "place": place, "text": text} for source, place, text in self.problems
            ],
            "proved": [one.facts() for one in self.parts],
        }


@dataclass
class _Course:
    """The proof under way."""

    monotonic: Callable[[], float]
    notify: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def part(self, what: str) -> Iterator["_Tally"]:
        """Times a part, which says in its tally what it found."""
        self.notify(what)
        tally, began = _Tally(), self.monotonic()
        yield tally
        self.parts.append(Part(what, tally.count, self.monotonic() - began, tally.left_out))
        self.problems += tally.problems


@dataclass
class _Tally:
    count: int = 0
    left_out: str = ""
    problems: list[Problem] = field(default_factory=list)

    def meet(self, found: Iterable[tuple[str, str]]) -> None:
        """Problems that are no one source's."""
        self.problems += [(None, place, text) for place, text in found]


def prove(
    config: Config,
    ledger: Ledger,
    monotonic: Callable[[], float],
    notify: Callable[[str], None] = lambda text: None,
    *,
    since: str = "",
    files: Sequence[Path] = (),
) -> Proved:
    """Proves everything, or what came ``since`` a seal; seals also by ``files`` that were kept elsewhere.

    With ``since`` the answers and entries that lie before that seal are not hashed again, and nothing is posted again.
    Raises ConfigError where there is no such seal. Where something is wrong, nothing that was verified before counts.
    """
    course = _Course(monotonic, notify)
    with ledger.transaction() as tx:
        every = sealed.walk(tx).found
        before = sealed.covered(sealed.find(every, since)) if since else None
        evidence = _evidence(course, config.evidence, before)
        _answers(course, tx, config.evidence, evidence)
        _chains(course, tx, before and before.entries)
        with course.part("seals") as tally:
            tally.count = len(every)
            tally.meet(("seals", text) for text in sealed.prove(tx, evidence.links))
            if not evidence.problems:
                tally.meet(("seals", text) for text in sealed.entered(tx, config.evidence))
        if files:
            with course.part("seals kept elsewhere") as tally:
                tally.count = len(files)
                tally.meet(sealed.kept(every, files))
        _runs(course, tx, config.evidence, evidence)
        _posted_again(course, config, tx, before, whole=not evidence.problems)
        count, head = entries(tx), ledger_head(tx)
    if course.problems:
        marks.forget(config.verified)
    return Proved(evidence=evidence, entries=count, head=head, parts=course.parts, problems=course.problems)


def _evidence(course: _Course, folder: Path, before: Covered | None) -> Proof:
    with course.part("evidence") as tally:
        found = verify_evidence(folder, before and Before(*before.evidence, files=""))
        tally.count = found.answers
        tally.meet(found.problems)
        if before:
            tally.left_out = f"answers up to line {before.evidence[0]} were not hashed again"
    return found


def _answers(course: _Course, tx: Transaction, folder: Path, evidence: Proof) -> None:
    """The ledger's answers against the lines of the chain, member by member. A pull that died may have left more."""
    with course.part("answers of the ledger") as tally:
        if evidence.problems:
            tally.left_out = "the evidence is not whole: only the links were compared"
            lines = {}
        else:
            lines = {line.seq: answer_row(line) for line in sealed_answers(folder)}
        for answer in told.answers(tx):
            tally.count += 1
            if evidence.links.get(answer.seq) != answer.link:
                text = "the ledger's answer is not the one the evidence chain holds"
                tally.problems.append((answer.source, f"answer {answer.seq}", text))
            elif lines and lines[answer.seq] != answer:
                odd = [
                    name
                    for name, one, other in zip(answer._fields, answer, lines[answer.seq], strict=True)
                    if one != other
                ]
                text = f"the ledger's answer differs from the evidence chain's in {', '.join(odd)}"
                tally.problems.append((answer.source, f"answer {answer.seq}", text))
        for source, stream, first in told.unanswered(tx):
            text = f"the ledger lacks answers of the reading of {stream} that begins here, or has too many"
            tally.problems.append((source, f"answer {first}", text))


def _chains(course: _Course, tx: Transaction, since: Heads | None) -> None:
    with course.part("running hash of entries") as tally:
        tally.count = entries(tx) - sum(seq for seq, _ in (since or {}).values())
        tally.problems += [(None, "ledger", text) for text in verify_ledger(tx, since)]
        if since is not None:
            tally.left_out = "entries that lie before the seal were not hashed again"
    with course.part("acts") as tally:
        tally.count = len(acts(tx))
        tally.problems += [(None, "acts", text) for text in verify_acts(tx)]


def _runs(course: _Course, tx: Transaction, folder: Path, evidence: Proof) -> None:
    with course.part("runs and what they noted") as tally:
        if evidence.problems:
            tally.left_out = "the evidence is not whole"
            return
        notes = ended.notes_of(tx, folder)
        tally.count = len(notes)
        tally.meet(ended.problems(tx, notes))


def _posted_again(
    course: _Course, config: Config, tx: Transaction, before: Covered | None, *, whole: bool
) -> None:
    what = "every answer read and posted again"
    if before or not whole:
        why = "with --since nothing is posted again" if before else "the evidence is not whole"
        course.parts.append(Part(what, 0, 0, why))
        return
    began = course.monotonic()
    try:
        with again(config, tx, course.notify) as made:
            course.parts.append(Part(what, made.posted, course.monotonic() - began))
            for name, compare in (
                ("records against answers", made.records),
                ("entries against records", made.entries),
                ("balances, facts and certificates against answers", made.looks),
            ):
                with course.part(name) as tally:
                    found = compare()
                    tally.count = found.rows
                    tally.problems += found.problems
    except ConfigError as error:
        course.parts.append(Part(what, 0, course.monotonic() - began, str(error)))
