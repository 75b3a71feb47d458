"""What somebody filled in about a break, against what the register says: the acts that it makes, or why none.

Pure: cells in, acts out. What a row asks for is done exactly, or refused whole; nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from recon.core.acts import Deed
from recon.core.reasons import PROVEN
from recon.pipeline.register import Life, facts_of


class Cells(NamedTuple):
    """What people may fill in about a break. ``due`` is None where no day is given, other things are empty."""

    status: str
    reason: str
    owner: str
    due: date | None
    comment: str
    resolution: str


class Refusal(NamedTuple):
    """Why a row is not taken, and the field of Cells that shows it."""

    field: str
    why: str


class Edit(NamedTuple):
    """The cells as they stand once the acts are written, and the acts: each a word and its facts."""

    after: Cells
    acts: Sequence[tuple[str, Mapping[str, Any]]]


class Change(NamedTuple):
    """One cell's worth of what is written."""

    name: str
    cell: str
    start: str
    to: str


class Refused(NamedTuple):
    """A row that is not taken. ``cell`` shows why; ``name`` is the break it says it is about."""

    cell: str
    name: str
    why: str


@dataclass(kw_only=True)
class Judged:
    """What is to be written, what changes by it, what is refused, and how many rows change nothing."""

    deeds: list[Deed] = field(default_factory=list)
    applied: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unchanged: int = 0

    def facts(self, *, dry_run: bool) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "applied": [
                {"break": one.name, "cell": one.cell, "from": one.start, "to": one.to} for one in self.applied
            ],
            "refused": [
                {"cell": one.cell, "break": one.name or None, "why": one.why} for one in self.refused
            ],
            "unchanged": self.unchanged,
            "dry_run": dry_run,
        }


def explanation(life: Life) -> Mapping[str, Any]:
    """What a break was last explained or resolved with: reason, text and evidence; empty where it never was."""
    told = [facts_of(act.facts) for act in life.acts if act.act in ("explained", "resolved")]
    return told[-1] if told and life.reason else {}


def cells_of(life: Life) -> Cells:
    """The cells as the register has them. A comment is always new: it becomes a note."""
    text = explanation(life).get("text", "")
    return Cells(life.status, life.reason, life.owner, life.due, "", text)


def edit(before: Cells, wanted: Cells, evidence: Sequence[Mapping[str, str]]) -> Edit | Refusal:
    """The acts that lead from one to the other; ``evidence`` is what the break's explanation rests on already.

    Whether a break is open or assigned follows from its owner: a status cell left alone goes with it. A day by which
    a break should be gone ends when it is resolved, unless somebody states one, which is refused.
    """
    touched = {name for name in Cells._fields if getattr(before, name) != getattr(wanted, name)}
    explained = touched & {"reason", "due", "resolution"}
    resolving = wanted.status == "resolved" and bool(explained or "status" in touched)
    why = (
        _about_status(before, wanted, touched)
        or (_about_resolving(wanted, touched) if resolving else None)
        or (_about_explaining(wanted) if explained and not resolving else None)
    )
    if (
        why is None
        and explained | ({"status"} if resolving else set())
        and wanted.reason in PROVEN
        and not evidence
    ):
        why = Refusal(
            "reason",
            f"{wanted.reason} rests on what somebody else says, which must be sealed: "
            f"recon breaks resolve BREAK --reason {wanted.reason} --text TEXT --evidence FILE",
        )
    if why is not None:
        return why
    if wanted.status in ("resolved", "cleared"):
        after = wanted._replace(comment="", due=None if resolving else wanted.due)
    else:
        after = wanted._replace(comment="", status="assigned" if wanted.owner else "open")
    acts: list[tuple[str, Mapping[str, Any]]] = []
    reopening = before.status == "resolved" and wanted.status in ("open", "assigned")
    if reopening:
        acts.append(("reopened", {"text": wanted.comment}))
    if "owner" in touched:
        acts.append(("assigned", {"owner": wanted.owner}))
    if wanted.comment and not reopening:
        acts.append(("noted", {"text": wanted.comment}))
    stated = {"reason": wanted.reason, "text": wanted.resolution, "evidence": list(evidence)}
    if resolving:
        acts.append(("resolved", stated))
    elif explained and wanted.due:
        acts.append(("explained", stated | {"due": wanted.due.isoformat()}))
    return Edit(after, acts)


def _about_status(before: Cells, wanted: Cells, touched: set[str]) -> Refusal | None:
    if before.status == "cleared":
        other = next((name for name in Cells._fields if name in touched and name != "comment"), None)
        return (
            Refusal(other, "the data cleared this break: it takes a comment and nothing else")
            if other
            else None
        )
    if wanted.status == "cleared":
        return Refusal("status", "only the data clear a break")
    if "status" in touched and wanted.status == "assigned" and not wanted.owner:
        return Refusal("owner", "a break that is assigned needs an owner")
    if "status" in touched and wanted.status == "open" and wanted.owner:
        return Refusal(
            "status",
            "a break that somebody owns is assigned: say so, or clear the owner if nobody is to own it",
        )
    if before.status == "resolved":
        if wanted.status == "resolved" and "owner" in touched:
            return Refusal(
                "owner", "a resolved break is given to nobody: set its status to assigned to open it again"
            )
        if wanted.status != "resolved" and not wanted.comment:
            return Refusal("comment", "a resolved break is opened again: the comment must say why")
    return None


def _about_resolving(wanted: Cells, touched: set[str]) -> Refusal | None:
    if not wanted.reason:
        return Refusal("reason", "a resolved break needs a reason")
    if not wanted.resolution:
        return Refusal("resolution", "a resolved break needs a text that explains it")
    if wanted.due is not None and "due" in touched:
        return Refusal("due", "a resolved break is not due any more: clear the date, or leave the break open")
    return None


def _about_explaining(wanted: Cells) -> Refusal | None:
    needed = "an open break is explained by a reason, a due date and a resolution text; else set its status to resolved"
    missing = next((name for name in ("reason", "due", "resolution") if not getattr(wanted, name)), None)
    return Refusal(missing, needed) if missing else None
