"""Proves an exported audit pack, by the very program that travels in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recon.core.errors import ConfigError
from reports._pack import verify
from reports._pack.digests import MANIFEST


@dataclass(frozen=True, kw_only=True)
class PackProved:
    """What was proved of a pack, part by part (what, how many, what was left out), and every problem (place, text)."""

    period: str
    manifest: str
    answers: int
    bytes: int
    evidence_head: str
    entries: int
    head: str
    parts: Sequence[tuple[str, int, str]]
    problems: Sequence[tuple[str, str]]

    @property
    def ok(self) -> bool:
        """No problem was found."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "ok": self.ok,
            "evidence": {"answers": self.answers, "bytes": self.bytes, "head": self.evidence_head},
            "ledger": {"entries": self.entries, "head": self.head},
            "problems": [{"source": None, "place": place, "text": text} for place, text in self.problems],
            "pack": {
                "period": self.period,
                "manifest": self.manifest,
                "proved": [
                    {"what": what, "count": count, "left_out": left} for what, count, left in self.parts
                ],
            },
        }


def is_pack(folder: Path) -> bool:
    """Whether a folder is an audit pack, sound or not."""
    return (folder / MANIFEST).is_file() and (folder / "ledger").is_dir()


def prove_pack(folder: Path, seals: Sequence[Path]) -> PackProved:
    """Proves a pack; ``seals`` are files that were kept elsewhere. Raises ConfigError for one that is not there."""
    for path in seals:
        if not path.is_file():
            raise ConfigError("there is no such file", where=str(path), next_step="Give the file of a seal")
    found = verify.prove(folder, seals)
    return PackProved(
        period=str(found.about.get("period", "")),
        manifest=found.manifest,
        answers=len(found.bodies),
        bytes=found.bytes,
        evidence_head=found.evidence_head,
        entries=found.entries,
        head=found.ledger_head or verify.GENESIS,
        parts=found.parts,
        problems=found.problems,
    )
