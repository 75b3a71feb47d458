"""Proves the evidence chain, the sealed answers and the ledger's running hashes, and that they belong together.

This is what is quick, and done often; recon.pipeline.proof does the rest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from recon import __version__
from recon.evidence.verify import Before, Proof
from recon.evidence.verify import verify as verify_evidence
from recon.ledger.acts import verify as verify_acts
from recon.ledger.chain import hashes
from recon.ledger.chain import verify as verify_ledger
from recon.ledger.copy import fingerprint
from recon.ledger.reads import answer_links, entries, ledger_head
from recon.ledger.store import Ledger
from recon.pipeline import marks, sealed
from recon.pipeline.config import Config
from recon.pipeline.marks import Mark

_NEWEST = "select l.source, max(l.number) from legs as l group by l.source"

Problem = tuple[str | None, str, str]
"""Source (None where it is all of them), place, text."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was proved, and every problem."""

    evidence: Proof
    entries: int
    head: str
    problems: list[Problem]

    @property
    def ok(self) -> bool:
        """No problem was found."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "ok": self.ok,
            "evidence": {
                "answers": self.evidence.answers,
                "bytes": self.evidence.bytes,
                "head": self.evidence.head,
            },
            "ledger": {"entries": self.entries, "head": self.head},
            "problems": [
                {"source": source, "place": place, "text": text} for source, place, text in self.problems
            ],
        }


def verify(ledger: Ledger, evidence: Path, since: Mark | None = None) -> Verified:
    """Walks everything once: chain, answers, running hashes, acts, seals, and the ledger's answers against the chain.

    With ``since`` the answers and entries that were proved then are not hashed again: see recon.evidence.verify and
    verify_since for what is looked at instead.
    """
    proof = verify_evidence(evidence, since and since.evidence)
    problems: list[Problem] = [(None, place, text) for place, text in proof.problems]
    with ledger.transaction() as tx:
        for seq, source, link in answer_links(tx):
            if proof.links.get(seq) != link:
                problems.append(
                    (source, f"answer {seq}", "the ledger's answer is not the one the evidence chain holds")
                )
        problems += [(None, "ledger", text) for text in verify_ledger(tx, since and since.heads)]
        problems += [(None, "acts", text) for text in verify_acts(tx)]
        problems += [(None, "seals", text) for text in sealed.prove(tx, proof.links)]
        return Verified(evidence=proof, entries=entries(tx), head=ledger_head(tx), problems=problems)


def verify_since(config: Config, ledger: Ledger, copy: DuckDBPyConnection, *, note: bool) -> Verified:
    """Verifies what is new since the last time, and of the rest what is quick to see; else everything.

    That is the links of the evidence chain, sizes and times of the sealed files, the heads of the ledger's chains, and
    whether the legs of ``copy``, which follow no links yet, are those of then. Legs that are kept beside a ledger on a
    server are as they were when they were read of it. What was found is noted for the next time if ``note``.
    """
    found = _holding(config, ledger, copy)
    verified = verify(ledger, config.evidence, found)
    if verified.problems and found is not None:
        verified = verify(ledger, config.evidence)
    if not note:
        return verified
    if verified.problems:
        marks.forget(config.verified)
        return verified
    entry, legs = fingerprint(copy)
    proof = verified.evidence
    with ledger.transaction() as tx:
        heads = hashes(tx, dict(copy.execute(_NEWEST).fetchall()))
    before = Before(len(proof.links), proof.head, proof.files)
    mark = Mark(evidence=before, heads=heads, entry=entry, legs=legs, program=__version__)
    if mark != found:
        marks.write(config.verified, mark)
    return verified


def _holding(config: Config, ledger: Ledger, copy: DuckDBPyConnection) -> Mark | None:
    """The mark of the last verification, where the ledger is still the one it speaks of."""
    mark = marks.read(config.verified)
    if (
        mark is None
        or mark.program != __version__
        or fingerprint(copy, mark.entry) != (mark.entry, mark.legs)
    ):
        return None
    with ledger.transaction() as tx:
        same = hashes(tx, {source: seq for source, (seq, _) in mark.heads.items()}) == mark.heads
    return mark if same else None
