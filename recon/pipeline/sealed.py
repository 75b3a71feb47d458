"""The seals of periods, held against the ledger, the evidence, and files that were kept elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.canonical import sha256, write_json
from recon.core.errors import ConfigError
from recon.core.records import GENESIS
from recon.ledger.acts import acts
from recon.ledger.chain import Heads, hashes
from recon.ledger.rows import ActRow
from recon.ledger.transaction import Transaction

CLOSED, REOPENED = "closed", "reopened"
_SHORTEST = 8


class Sealed(NamedTuple):
    """What the seal of a period states: its hash and the one before, the entries and the evidence that it covers."""

    period: str
    act: int
    hash: str
    previous: str
    entries: Heads
    evidence: tuple[int, str]
    acts: str
    document: Mapping[str, Any]


def stated(act: ActRow) -> Sealed:
    """The seal that an act tells of. Raises ValueError, KeyError or TypeError where it tells of none."""
    facts = json.loads(act.facts, parse_float=str, parse_int=int)
    return Sealed(
        period=act.name,
        act=act.id,
        hash=str(facts["seal"]),
        previous=str(facts["previous"]),
        entries={str(one["source"]): (int(one["seq"]), str(one["hash"])) for one in facts["newest"]},
        evidence=(int(facts["evidence"]["seq"]), str(facts["evidence"]["link"])),
        acts=str(facts["acts"]),
        document=facts,
    )


class Seals(NamedTuple):
    """Every seal that was ever put, oldest first, and what is wrong with them: place and text."""

    found: Sequence[Sealed]
    problems: Sequence[tuple[str, str]]


def prove(tx: Transaction, links: Mapping[int, str]) -> Seals:
    """Walks the seals. ``links`` are those of the evidence chain, by number."""
    found: list[Sealed] = []
    problems: list[tuple[str, str]] = []
    standing: list[str] = []
    known = {one.hash for one in acts(tx)} | {GENESIS}
    for act in acts(tx, "period"):
        place = f"act {act.id} ({act.name}: {act.act})"
        if act.act == REOPENED and standing:
            standing.pop()
        if act.act != CLOSED:
            continue
        try:
            seal = stated(act)
        except (ValueError, KeyError, TypeError):
            problems.append((place, "what it tells is not the document of a seal"))
            continue
        problems += [(place, text) for text in _faults(tx, seal, standing[-1] if standing else "", links)]
        if seal.acts not in known:
            problems.append((place, "the act that was the newest then is not in the ledger"))
        standing.append(seal.hash)
        found.append(seal)
    return Seals(found, problems)


def _faults(tx: Transaction, seal: Sealed, before: str, links: Mapping[int, str]) -> Iterator[str]:
    if seal.hash != _hash_of(seal.document):
        yield f"its seal is {seal.hash}, which is not the hash of what it states"
    if seal.previous != before:
        yield f"it follows the seal {seal.previous or '(none)'}, but the one before it is {before or '(none)'}"
    number, link = seal.evidence
    if links.get(number, GENESIS) != link:
        yield f"line {number} of the evidence chain is not the one that it was put on"
    now = hashes(tx, {source: seq for source, (seq, _) in seal.entries.items()})
    for source, sealed in seal.entries.items():
        if now.get(source) != sealed:
            yield f"{source} entry {sealed[0]} is not the one that it was put on"


def _hash_of(document: Mapping[str, Any]) -> str:
    return sha256(write_json({name: value for name, value in document.items() if name != "seal"}).encode())


def find(seals: Sequence[Sealed], asked: str) -> Sealed:
    """The seal that a hash, or its first characters, names. Raises ConfigError where it names none, or several."""
    fitting = [one for one in seals if one.hash.startswith(asked.lower())]
    if len(asked) < _SHORTEST or len({one.hash for one in fitting}) != 1:
        raise ConfigError(
            f"{asked!r} is not the seal of a period, or its first {_SHORTEST} characters or more",
            where="--since",
            next_step="Give the seal as recon close printed it; it is in the file's name too",
        )
    return fitting[-1]


def kept(seals: Sequence[Sealed], files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Holds files that were kept elsewhere against the seals: place and text. Raises ConfigError for one not there."""
    for path in files:
        try:
            document = json.loads(path.read_bytes(), parse_float=str, parse_int=int)
            seal = document["seal"]
        except OSError as error:
            raise ConfigError(
                f"the file cannot be read: {error.strerror}",
                where=str(path),
                next_step="Give one that is there",
            ) from None
        except (ValueError, KeyError, TypeError):
            yield str(path), "it is not the document of a seal"
            continue
        if seal != _hash_of(document):
            yield (
                str(path),
                f"its seal is {seal}, which is not the hash of what it states: the file was altered",
            )
        elif not any(one.document == document for one in seals):
            yield str(path), f"the ledger has no such seal: {seal} of {document.get('period')}"
