"""Proves the evidence chain, the sealed answers and the ledger's running hashes, and that the two belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recon.evidence.verify import Proof
from recon.evidence.verify import verify as verify_evidence
from recon.ledger.chain import verify as verify_ledger
from recon.ledger.reads import answer_links, counts, ledger_head
from recon.ledger.store import Ledger

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


def verify(ledger: Ledger, evidence: Path) -> Verified:
    """Walks everything once: chain, answers, running hashes, and the ledger's answers against the chain's lines."""
    proof = verify_evidence(evidence)
    problems: list[Problem] = [(None, place, text) for place, text in proof.problems]
    with ledger.transaction() as tx:
        for seq, source, link in answer_links(tx):
            if proof.links.get(seq) != link:
                problems.append(
                    (source, f"answer {seq}", "the ledger's answer is not the one the evidence chain holds")
                )
        problems += [(None, "ledger", text) for text in verify_ledger(tx)]
        return Verified(
            evidence=proof, entries=counts(tx)["entries"], head=ledger_head(tx), problems=problems
        )
