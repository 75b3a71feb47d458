"""A check's answers: what was tested, and each break with its diagnosis."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from recon.core.canonical import identity, write_json
from recon.core.money import text
from recon.core.times import short_text

Severity = Literal["error", "warning", "info"]

CHECK_ORDER = (
    "running_balance", "duplicates", "restated", "unclassified", "coverage", "closing_balance", "transfers",
    "negative_balance", "unsettled", "volumes", "double_entry", "evidence", "prices",
)  # fmt: skip
"""One cause is shown once, under the first of these that applies. A check that is not named here comes after them."""


def rank(check: str) -> tuple[int, str]:
    """Where a check stands in the order in which causes are shown."""
    return (CHECK_ORDER.index(check) if check in CHECK_ORDER else len(CHECK_ORDER), check)


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The cause of a break, named only when arithmetic proves it; ``text`` can be sent to the venue's support."""

    kind: str
    text: str
    records: tuple[dict[str, Any], ...] = ()
    members: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Break:
    """One answer that is not as it should be. ``anchor`` tells it from others of its check and place, for ever.

    ``expected`` follows from our ledger, ``actual`` is what the venue says. What does not apply is None.
    """

    check: str
    severity: Severity
    anchor: str
    diagnosis: Diagnosis
    source: str | None = None
    account: str | None = None
    asset: str | None = None
    at: datetime | None = None
    expected: Decimal | None = None
    actual: Decimal | None = None
    difference: Decimal | None = None
    entries: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """Stable from run to run: the digest of check, place and anchor."""
        place = [self.check, self.source or "", self.account or "", self.asset or "", self.anchor]
        return "B-" + identity(place)[:12]

    def facts(self) -> dict[str, Any]:
        """The break as JSON answers and the register hold it, without its life (status, opened, age)."""
        return {
            "id": self.id,
            "check": self.check,
            "severity": self.severity,
            "source": self.source,
            "account": self.account,
            "asset": self.asset,
            "at": None if self.at is None else short_text(self.at),
            "expected": _number(self.expected),
            "actual": _number(self.actual),
            "difference": _number(self.difference),
            "diagnosis": {
                "kind": self.diagnosis.kind,
                "text": self.diagnosis.text,
                "records": list(self.diagnosis.records),
                "members": list(self.diagnosis.members),
            },
        }


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One check's run: the question as asked, how many rows it examined, and what it found.

    ``later`` names, by source, account and asset, the breaks of later periods that wholly make a difference: it is
    then none of this period.
    """

    check: str
    title: str
    sql: str
    why: str
    fix: str
    tested: int
    breaks: tuple[Break, ...] = field(default=())
    later: tuple[tuple[tuple[str | None, str | None, str | None], tuple[str, ...]], ...] = ()


def register_text(found: Break) -> str:
    """The facts of a break as one canonical line, to see whether it changed."""
    return write_json(found.facts())


def _number(number: Decimal | None) -> str | None:
    return None if number is None else text(number)
