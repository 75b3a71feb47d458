"""The seals of periods, held against the ledger, the evidence, and files that were kept elsewhere."""

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.acts import Deed, Who
from recon.core.errors import ConfigError
from recon.core.records import GENESIS
from recon.core.seals import (
    CLOSED,
    MALFORMED,
    PERIODS,
    RECON,
    Seal,
    after,
    document_of,
    follows,
    seal_of,
    told,
)
from recon.evidence.archive import answers
from recon.ledger.acts import acts
from recon.ledger.chain import Heads, hashes
from recon.ledger.reads import answer_links, runs
from recon.ledger.rows import ActRow
from recon.ledger.transaction import Transaction
from recon.pipeline.ended import REBUILD
from recon.pipeline.seals import read

_SHORTEST = 8


class Covered(NamedTuple):
    """What a seal was put on: the newest entries, the newest line of the evidence (number, link), the newest act."""

    entries: Heads
    evidence: tuple[int, str]
    act: str


class Seals(NamedTuple):
    """Every seal that was ever put, oldest first, and the steps that are no steps of a period: texts.

    ``remade`` are the hashes of those that a rebuild entered.
    """

    found: Sequence[Seal]
    remade: Container[str]
    problems: Sequence[str]


def covered(seal: Seal) -> Covered:
    """What the document of a seal says that it covers. Raises what MALFORMED lists."""
    stated = seal.document
    return Covered(
        entries={str(one["source"]): (int(one["seq"]), str(one["hash"])) for one in stated["newest"]},
        evidence=(int(stated["evidence"]["seq"]), str(stated["evidence"]["link"])),
        act=str(stated["acts"]),
    )


def walk(tx: Transaction) -> Seals:
    """Every step in the life of a period: whether its document is the one that was sealed, and can be the next."""
    standing: list[Seal] = []
    found: list[Seal] = []
    remade: set[str] = set()
    problems = []
    rebuilds = {run.id for run in runs(tx) if run.command == REBUILD}
    for act in acts(tx, "period"):
        try:
            document = document_of(act.facts)
            sound = follows(document, standing) and _act_of(act) == told(document)
            standing = after(standing, document)
            if sound and document["act"] == CLOSED:
                covered(standing[-1])
                found.append(standing[-1])
                remade |= {standing[-1].hash} if act.run_id in rebuilds else set()
        except MALFORMED:
            problems.append(f"{_named(act)}: what it tells is no step that can follow those before it")
            continue
        if not sound:
            problems.append(
                f"{_named(act)}: its document is not the one that was sealed after those before it"
            )
    return Seals(found, remade, problems)


def _act_of(act: ActRow) -> tuple[Any, Who, Deed]:
    deed = Deed("period", act.name, act.act, document_of(act.facts), act.horizon)
    return act.at, Who(act.account, act.person), deed


def _named(act: ActRow) -> str:
    return f"act {act.id} ({act.name}: {act.act})"


def prove(tx: Transaction, links: Mapping[int, str]) -> Iterator[str]:
    """What is wrong with seals, and with what they were put on. ``links``: those of the evidence chain, by number.

    A ledger that was rebuilt does not have the acts about breaks and drafts that were there when a seal was put.
    """
    found, remade, problems = walk(tx)
    yield from problems
    known = {one.hash for one in acts(tx)} | {GENESIS}
    for seal in found:
        on = covered(seal)
        name = f"the seal of {seal.period.name}"
        number, link = on.evidence
        if links.get(number, GENESIS) != link:
            yield f"{name}: line {number} of the evidence chain is not the one that it was put on"
        if on.act not in known and seal.hash not in remade:
            yield f"{name}: the act that was the newest then is not in the ledger"
        now = hashes(tx, {source: seq for source, (seq, _) in on.entries.items()})
        for source, sealed in on.entries.items():
            if now.get(source) != sealed:
                yield f"{name}: {source} entry {sealed[0]} is not the one that it was put on"


def entered(tx: Transaction, evidence: Path) -> Iterator[str]:
    """Steps of the ledger that are not those which the evidence, proved before, tells of.

    What a run sealed which died before it could enter it is in the evidence alone.
    """
    known = {seq for seq, source, _ in answer_links(tx) if source == RECON}
    lines = [line for line in answers(evidence) if line.seq in known and line.stream == PERIODS]
    for act, line in zip_longest(acts(tx, "period"), lines):
        if act is None:
            yield f"line {line.seq} of the evidence chain tells of a step that the ledger does not have"
        elif line is None:
            yield f"{_named(act)}: the evidence does not tell of it"
        else:
            try:
                same = document_of(act.facts) == read(line)
            except MALFORMED:
                same = False
            if not same:
                yield f"{_named(act)}: it is not what line {line.seq} of the evidence chain tells"


def find(seals: Sequence[Seal], asked: str) -> Seal:
    """The seal that a hash, or its first characters, names. Raises ConfigError where it names none, or several."""
    fitting = [one for one in seals if one.hash.startswith(asked.lower())]
    if len(asked) < _SHORTEST or len({one.hash for one in fitting}) != 1:
        raise ConfigError(
            f"{asked!r} is not the seal of a period, or its first {_SHORTEST} characters or more",
            where="--since",
            next_step="Give the seal as recon close printed it; it is in the file's name too",
        )
    return fitting[-1]


def kept(seals: Sequence[Seal], files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Holds files that were kept elsewhere against the seals: place and text. Raises ConfigError for one not there."""
    for path in files:
        try:
            document = document_of(path.read_bytes())
            seal, period = document["seal"], document["period"]
            made = seal_of(document)
        except OSError as error:
            raise ConfigError(
                f"the file cannot be read: {error.strerror}",
                where=str(path),
                next_step="Give one that is there",
            ) from None
        except MALFORMED:
            yield str(path), "it is not the document of a seal"
            continue
        if seal != made:
            text = f"its seal is {seal}, which is not the hash of what it states: the file was altered"
            yield str(path), text
        elif not any(one.document == document for one in seals):
            yield str(path), f"the ledger has no such seal: {seal} of {period}"
