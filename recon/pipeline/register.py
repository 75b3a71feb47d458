"""The life of breaks: events are only ever added, and a break's state follows from them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.core.acts import PROGRAM, Deed
from recon.core.breaks import Break, CheckResult, register_text
from recon.core.canonical import write_json
from recon.core.times import Period, from_iso
from recon.ledger.acts import record
from recon.ledger.rows import ActRow
from recon.ledger.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Life:
    """A break so far. ``facts`` are those it was last seen with, ``periods`` those it was seen under."""

    id: str
    status: str
    opened: datetime
    facts: str
    periods: frozenset[str]


def lives(events: Iterable[ActRow]) -> dict[str, Life]:
    """The state of every break, folded from its events in order."""
    found: dict[str, Life] = {}
    for event in events:
        before = found.get(event.name)
        stated = json.loads(event.facts)
        seen = event.act != "cleared"
        facts = write_json(stated["break"]) if seen or before is None else before.facts
        found[event.name] = Life(
            id=event.name,
            status="open" if seen else "cleared",
            opened=event.at if before is None or event.act == "reopened" else before.opened,
            facts=facts,
            periods=(before.periods if before else frozenset()) | {stated["period"]},
        )
    return found


def update(
    tx: Transaction,
    run: int,
    now: datetime,
    period: Period,
    results: Sequence[CheckResult],
    known: Mapping[str, Life],
) -> None:
    """Opens what is new, notes what changed, clears what this period's checks no longer find."""
    found = {one.id: one for result in results for one in result.breaks}
    checked = {result.check for result in results}
    events: list[tuple[str, str, dict[str, Any]]] = []
    for one in found.values():
        event = _event(one, period, known.get(one.id))
        if event:
            events.append((one.id, event, one.facts()))
    for life in known.values():
        facts = json.loads(life.facts)
        if (
            life.status == "open"
            and life.id not in found
            and facts["check"] in checked
            and _in_scope(life, facts, period)
        ):
            events.append((life.id, "cleared", facts))
    deeds = [
        Deed("break", name, act, {"break": facts, "period": period.name})
        for name, act, facts in sorted(events, key=lambda one: one[:2])
    ]
    record(tx, run, now, PROGRAM, deeds)


def _event(one: Break, period: Period, life: Life | None) -> str | None:
    if life is None:
        return "opened"
    if life.status == "cleared":
        return "reopened"
    if life.facts != register_text(one) or period.name not in life.periods:
        return "changed"
    return None


def _in_scope(life: Life, facts: Mapping[str, Any], period: Period) -> bool:
    """Whether this period's checks would have found the break again if it were still there."""
    at = facts["at"]
    placed = facts["check"] != "closing_balance" and at is not None and period.holds(from_iso(at))
    return period.name == "all" or period.name in life.periods or placed
