"""Proves an exported audit pack, by the very program that travels in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recon.core.errors import ConfigError
from recon.pipeline.proof import Part
from reports._pack import verify
from reports._pack.digests import MANIFEST


@dataclass(frozen=True, kw_only=True)
class PackProved:
    """What was proved of a pack, and every problem: its place and text."""

    period: str
    manifest: str
    answers: int
    bytes: int
    evidence_head: str
    entries: int
    head: str
    parts: Sequence[Part]
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
            "proved": [one.facts() for one in self.parts],
            "pack": {"period": self.period, "manifest": self.manifest},
        }


def is_pack(folder: Path) -> bool:
    """Whether a folder is an audit pack, sound or not."""
    return (folder / MANIFEST).is_file() and (folder / "ledger").is_dir()


def prove_pack(
    folder: Path,
    seals: Sequence[Path],
    monotonic: Callable[[], float],
    notify: Callable[[str], None] = lambda text: None,
) -> PackProved:
    """Proves a pack; ``seals`` are files that were kept elsewhere. Raises ConfigError for one that is not there."""
    for path in seals:
        if not path.is_file():
            raise ConfigError("there is no such file", where=str(path), next_step="Give the file of a seal")
    began: list[float] = []

    def begins(part: str) -> None:
        notify(part)
        began.append(monotonic())

    found = verify.prove(folder, seals, begins)
    ended = [*began[1:], monotonic()]
    return PackProved(
        period=str(found.about.get("period", "")),
        manifest=found.manifest,
        answers=len(found.bodies),
        bytes=found.bytes,
        evidence_head=found.evidence_head,
        entries=found.entries,
        head=found.ledger_head or verify.GENESIS,
        parts=[
            Part(what, count, until - since, left_out)
            for (what, count, left_out), since, until in zip(found.parts, began, ended, strict=True)
        ],
        problems=found.problems,
    )
