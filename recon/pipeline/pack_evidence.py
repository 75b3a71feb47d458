"""What an audit pack rests on: the chain of the evidence whole, the answers behind the period, the seals before."""

import shutil
from pathlib import Path
from typing import Any

from recon.core.books import Books
from recon.core.canonical import JsonRefused, write_json
from recon.core.errors import EvidenceError
from recon.core.records import GENESIS
from recon.core.seals import PERIODS, RECON, file_name
from recon.core.times import Period
from recon.evidence.archive import CHAIN, answers, body_path, sealed_bytes
from recon.ledger.resting import behind_entries, behind_look
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.reconcile import without
from recon.pipeline.seals import seals


def write_evidence(config: Config, ledger: Ledger, books: Books, folder: Path) -> dict[str, Any]:
    """Copies the chain, and the answers that the period's entries, looks, breaks and steps rest on.

    An answer that is about a person stays out, unless [reports] shows what is; the chain tells of it.
    """
    target = folder / "evidence"
    target.mkdir()
    wanted = _wanted(ledger, books)
    sources: dict[str, str] = {}
    lines, head = 0, GENESIS
    for line in answers(config.evidence):
        lines, head = line.seq, line.link
        if line.sha256 is not None and (
            line.sha256 in wanted or (line.source, line.stream) == (RECON, PERIODS)
        ):
            sources.setdefault(line.sha256, line.source)
    _copy_chain(config.evidence, target)
    names = {} if config.personal_data else {one.name: one.source.personal for one in config.sources}
    withheld = []
    for digest, source in sorted(sources.items()):
        if _is_personal(config.evidence, digest, names.get(source, frozenset())):
            withheld.append(digest)
        else:
            _copy(body_path(config.evidence, digest), body_path(target, digest))
    return {"evidence": {"lines": lines, "head": head}, "withheld": withheld}


def _wanted(ledger: Ledger, books: Books) -> set[str]:
    with ledger.transaction() as tx:
        found = behind_entries(tx, books.period.start, books.period.end)
        for source, at in {(one.source, one.at) for one in books.balances}:
            found |= behind_look(tx, source, at)
    found |= {record.answer for one in books.breaks for record in one.evidence}
    return found | {digest for one in books.adjustments for digest in one.attachments}


def _copy_chain(evidence: Path, target: Path) -> None:
    """Whole lines: a torn last one tells of nothing that was posted."""
    with (evidence / CHAIN).open("rb") as chain, (target / CHAIN).open("wb") as copy:
        copy.writelines(line for line in chain if line.endswith(b"\n"))


def _is_personal(evidence: Path, digest: str, names: frozenset[str]) -> bool:
    if not names:
        return False
    try:
        body = sealed_bytes(evidence, digest).decode()
        return without(body, names) != body
    except (JsonRefused, UnicodeDecodeError):
        return False


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    try:
        shutil.copyfile(path, target)
    except FileNotFoundError:
        raise EvidenceError(
            "the sealed answer is missing",
            where=str(path),
            next_step="Restore it from a backup; recon verify lists what else is missing",
        ) from None


def write_seals(ledger: Ledger, period: Period, folder: Path) -> None:
    """Writes the documents of the seals that were put on what lies before the period's end."""
    with ledger.transaction() as tx:
        standing = seals(tx)
    (folder / "seals").mkdir()
    for one in standing:
        if period.end is None or (one.period.end and one.period.end <= period.end):
            text = write_json(dict(one.document))
            (folder / "seals" / file_name(one.document)).write_text(text, encoding="utf-8")
