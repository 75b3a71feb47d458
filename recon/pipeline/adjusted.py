"""What people entered and others approved, as reports tell it: from what was sealed, as a rebuilt ledger has it too."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from recon.core.adjustments import ADJUSTMENTS, Draft, document_of
from recon.core.books import Adjusted
from recon.core.signed import Document
from recon.ledger.reads import entry_evidence, rows_posted
from recon.ledger.transaction import Transaction


def posted_adjustments(tx: Transaction, sources: Sequence[str], until: datetime | None) -> list[Adjusted]:
    """A line for each posting of every adjustment dated before ``until``, the earliest first."""
    found = [
        (at, entry, document_of(data))
        for source in sources
        for entry, at, data in rows_posted(tx, source, ADJUSTMENTS, None, until)
    ]
    numbers = {one.entry_id: one.seq for one in entry_evidence(tx, [entry for _, entry, _ in found])}
    later = {one.draft.reverses: one.draft.id for _, _, one in found if one.draft.reverses}
    return [
        line
        for at, entry, one in sorted(found, key=lambda row: row[:2])
        for line in _lines(at, f"{one.draft.source}/{numbers[entry]}", one, later.get(one.draft.id, ""))
    ]


def _lines(at: datetime, entry: str, one: Document[Draft], reversed_by: str) -> Iterator[Adjusted]:
    draft = one.draft
    for posting in draft.postings:
        yield Adjusted(
            id=draft.id,
            at=at,
            source=draft.source,
            account=posting.account,
            asset=posting.asset,
            quantity=posting.quantity,
            reason=draft.reason,
            text=draft.text,
            answers=draft.break_id or "",
            reverses=draft.reverses or "",
            reversed_by=reversed_by,
            prepared_by=one.prepared.person,
            prepared_at=one.prepared.at,
            approved_by=one.approved.person,
            approved_at=one.approved.at,
            entry=entry,
            attachments=tuple(file.sha256 for file in draft.attachments),
        )
