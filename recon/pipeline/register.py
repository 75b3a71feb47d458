"""The life of breaks: acts are only ever added, and a break's state follows from them.

What the checks find opens a break, changes it, clears it and opens it again; people assign it, write notes, explain it
and resolve it. A break that is resolved stays resolved while its difference is what it was then, and is carried forward
where everybody sees it; when the difference moves, it is open again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from recon.core.acts import PROGRAM, Deed
from recon.core.breaks import Break, CheckResult, register_text
from recon.core.canonical import write_json
from recon.core.times import Period, from_iso
from recon.ledger.acts import record
from recon.ledger.rows import ActRow
from recon.ledger.transaction import Transaction

OPEN = frozenset({"open", "assigned"})
"""The states that keep a period from being clean."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """A break so far. ``facts`` are those it was last seen with, ``periods`` those it was seen under.

    ``status`` is open, assigned, resolved or cleared. ``reason`` is the code it was explained or resolved with, and
    ``due`` the day it should be gone by. ``version`` is the number of its latest act.
    """

    id: str
    status: str
    opened: datetime
    facts: str
    periods: frozenset[str]
    owner: str = ""
    reason: str = ""
    due: date | None = None
    version: int = 0
    acts: tuple[ActRow, ...] = ()

    def state(self, found: Break) -> str:
        """The status of what is found now: a difference that has moved since it was resolved is open again."""
        if self.status == "cleared" or (self.status == "resolved" and self.moved(found)):
            return "open"
        return self.status

    def moved(self, found: Break) -> bool:
        """Whether the difference is another one than when the break was last seen."""
        return bool(facts_of(self.facts)["difference"] != found.facts()["difference"])


def facts_of(text: str) -> dict[str, Any]:
    """The facts of an act or a break, as the register holds them."""
    found: dict[str, Any] = json.loads(text)
    return found


def lives(acts: Iterable[ActRow]) -> dict[str, Life]:
    """The state of every break, folded from the acts about it in order."""
    found: dict[str, Life] = {}
    for act in acts:
        before = found.get(act.name)
        stated = facts_of(act.facts)
        life = _seen(before, act, stated) if "break" in stated else _turned(found[act.name], act.act, stated)
        found[act.name] = replace(life, version=act.id, acts=(*(before.acts if before else ()), act))
    return found


def _seen(before: Life | None, act: ActRow, stated: Mapping[str, Any]) -> Life:
    """What the checks say. A break that comes back begins a new life; one that only moved keeps its age."""
    if before is None or (act.act == "reopened" and before.status == "cleared"):
        periods = before.periods if before else frozenset()
        life = Life(id=act.name, status="open", opened=act.at, facts="", periods=periods)
    else:
        status = {"reopened": "open", "cleared": "cleared"}.get(act.act, before.status)
        life = replace(before, status=status)
        if status == "open" and life.owner:
            life = replace(life, status="assigned")
    facts = life.facts if act.act == "cleared" and life.facts else write_json(stated["break"])
    return replace(life, facts=facts, periods=life.periods | {stated["period"]})


def _turned(before: Life, act: str, stated: Mapping[str, Any]) -> Life:
    """What people do."""
    waiting = "assigned" if before.owner else "open"
    if act == "assigned":
        return replace(before, owner=stated["owner"], status="assigned" if stated["owner"] else "open")
    if act == "explained":
        due = date.fromisoformat(stated["due"])
        return replace(before, reason=stated["reason"], due=due)
    if act == "resolved":
        return replace(before, reason=stated["reason"], due=None, status="resolved")
    if act == "reopened":
        return replace(before, status=waiting)
    return before


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
        facts = facts_of(life.facts)
        if (
            life.status != "cleared"
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
    if life.status not in OPEN and life.state(one) == "open":
        return "reopened"
    if life.facts != register_text(one) or period.name not in life.periods:
        return "changed"
    return None


def _in_scope(life: Life, facts: Mapping[str, Any], period: Period) -> bool:
    """Whether this period's checks would have found the break again if it were still there."""
    at = facts["at"]
    placed = facts["check"] != "closing_balance" and at is not None and period.holds(from_iso(at))
    return period.name == "all" or period.name in life.periods or placed
