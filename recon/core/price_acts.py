"""Prices that people state: what may be drafted, and the document that is sealed once another approves it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from recon.core.canonical import identity, write_json
from recon.core.money import parse, text
from recon.core.signed import Document, read_document
from recon.core.times import from_iso, moment_text, short_text

PRICES = "prices"
"""The source under which prices of people are sealed. No table of recon.toml may have the name."""
FILES, MANUAL = "files", "manual"
"""Its streams: files that were imported, and prices that were stated and approved."""
ENTERED = frozenset({FILES, MANUAL})


class PriceDraft(NamedTuple):
    """One unit of ``asset`` is to be worth ``value`` of ``quote`` from ``at`` on. ``number`` tells it from its like."""

    number: int
    asset: str
    quote: str
    at: datetime
    value: Decimal
    reason: str

    @property
    def id(self) -> str:
        """``P-`` and the digest of all that it says."""
        return "P-" + identity([write_json(self.facts())])[:12]

    def facts(self) -> dict[str, Any]:
        """As the ledger and the evidence keep it."""
        return {
            "number": str(self.number),
            "asset": self.asset,
            "quote": self.quote,
            "at": moment_text(self.at),
            "value": text(self.value),
            "reason": self.reason,
        }


def draft_of(facts: Mapping[str, Any]) -> PriceDraft:
    """The draft that its facts tell."""
    number, value, at = int(facts["number"]), parse(facts["value"]), from_iso(facts["at"])
    return PriceDraft(number, facts["asset"], facts["quote"], at, value, facts["reason"])


def document_of(data: str) -> Document[PriceDraft]:
    """The document that its JSON tells."""
    return read_document(data, draft_of)


def told(draft: PriceDraft) -> dict[str, Any]:
    """As the JSON answers state what was drafted."""
    return {
        "id": draft.id,
        "asset": draft.asset,
        "quote": draft.quote,
        "at": short_text(draft.at),
        "value": text(draft.value),
        "reason": draft.reason,
    }
