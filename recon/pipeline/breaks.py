"""The register of breaks: what is in it, how old and how dear it is, and what people do about it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.acts import Deed
from recon.core.answers import Answer
from recon.core.errors import ConfigError
from recon.core.money import ZERO, text, total
from recon.core.reasons import PROVEN, REASONS
from recon.core.seals import RECON
from recon.core.times import short_text
from recon.ledger.acts import acts, record
from recon.ledger.copy import load as typed_copy
from recon.ledger.rows import ActRow, AnswerRow
from recon.ledger.store import Ledger
from recon.pipeline.attach import attach
from recon.pipeline.config import Config
from recon.pipeline.enter import answer_row
from recon.pipeline.prices import worth
from recon.pipeline.register import OPEN, Life, facts_of, lives
from recon.pipeline.session import Session

BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (None, "over 90"))
"""Ages in days, each with the last that belongs to it."""


class Asked(NamedTuple):
    """Which breaks are asked for: by source, check, owner and status, so old in days, worth so much at least."""

    sources: Sequence[str] = ()
    checks: Sequence[str] = ()
    owners: Sequence[str] = ()
    statuses: Sequence[str] = ("open", "assigned", "resolved")
    age: int = 0
    value: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A break of the register. ``value`` is what its difference is worth in base currency, where a trade tells."""

    life: Life
    facts: Mapping[str, Any]
    age_days: int
    overdue: bool
    value: Decimal | None

    @property
    def cause(self) -> str:
        """The reason that people gave, else the kind that the checks named."""
        return self.life.reason or str(self.facts["diagnosis"]["kind"])

    @property
    def bucket(self) -> str:
        """The part of the ageing table that it belongs to."""
        return next(name for last, name in BUCKETS if last is None or self.age_days <= last)

    def told(self) -> dict[str, Any]:
        """As JSON answers state it: the break of ``reconcile`` and its life."""
        life = self.life
        return {
            **self.facts,
            "status": life.status,
            "opened": short_text(life.opened),
            "age_days": self.age_days,
            "owner": life.owner or None,
            "reason": life.reason or None,
            "due": life.due.isoformat() if life.due else None,
            "overdue": self.overdue,
            "value": None if self.value is None else text(self.value),
            "version": life.version,
        }


@dataclass(frozen=True, kw_only=True)
class Register:
    """The breaks that were asked for, dearest first, then oldest."""

    breaks: Sequence[Listed]
    currency: str

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "currency": self.currency,
            "breaks": [one.told() for one in self.breaks],
            "ageing": self.ageing(),
            "causes": self.causes(),
        }

    def ageing(self) -> list[dict[str, Any]]:
        """What is not cleared, by age."""
        here = [one for one in self.breaks if one.life.status != "cleared"]
        return [{"days": name, **_summed([one for one in here if one.bucket == name])} for _, name in BUCKETS]

    def causes(self) -> list[dict[str, Any]]:
        """What is not cleared, by cause, the most frequent first."""
        here = [one for one in self.breaks if one.life.status != "cleared"]
        counted = Counter(one.cause for one in here)
        names = sorted(counted, key=lambda name: (-counted[name], name))
        return [{"cause": name, **_summed([one for one in here if one.cause == name])} for name in names]


def _summed(ones: Sequence[Listed]) -> dict[str, Any]:
    return {"breaks": len(ones), "value": text(total(one.value or ZERO for one in ones))}


def register(config: Config, ledger: Ledger, now: datetime, asked: Asked) -> Register:
    """The breaks of the register that were asked for."""
    with ledger.transaction() as tx:
        known = lives(acts(tx, "break"))
    chosen = [life for life in known.values() if life.status in asked.statuses]
    amounts = {life.id: _amount(facts_of(life.facts)) for life in chosen}
    priced = {name: amount for name, amount in amounts.items() if amount is not None}
    values: Mapping[str, Decimal] = {}
    if priced:
        with typed_copy(ledger, tables={"legs"}, kept=config.legs) as copy:
            values = worth(copy, config, now, priced)
    found = [_listed(life, now, values.get(life.id)) for life in chosen]
    return Register(
        breaks=sorted((one for one in found if _wanted(one, asked)), key=_dearest),
        currency=config.entity.base_currency,
    )


def _amount(facts: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    if facts["asset"] is None or facts["difference"] is None:
        return None
    return facts["asset"], Decimal(facts["difference"])  # it may have more digits than any one amount


def _listed(life: Life, now: datetime, value: Decimal | None) -> Listed:
    return Listed(
        life=life,
        facts=facts_of(life.facts),
        age_days=max(0, (now - life.opened).days),
        overdue=life.due is not None and life.status in OPEN and now.date() > life.due,
        value=value,
    )


def _wanted(one: Listed, asked: Asked) -> bool:
    return (
        (not asked.sources or one.facts["source"] in asked.sources)
        and (not asked.checks or one.facts["check"] in asked.checks)
        and (not asked.owners or one.life.owner in asked.owners)
        and one.age_days >= asked.age
        and (asked.value is None or (one.value is not None and one.value >= asked.value))
    )


def _dearest(one: Listed) -> tuple[bool, Decimal, int, str]:
    value = ZERO if one.value is None else one.value.copy_negate()
    return one.value is None, value, -one.age_days, one.life.id


def shown(config: Config, ledger: Ledger, now: datetime, name: str) -> Listed:
    """One break, whatever its state."""
    found = register(config, ledger, now, Asked(statuses=("open", "assigned", "resolved", "cleared"))).breaks
    one = next((one for one in found if one.life.id == name), None)
    if one is None:
        raise _unknown(name)
    return one


def history(life: Life) -> list[dict[str, Any]]:
    """Every act of a break, oldest first, without the facts that the checks repeat."""
    return [_act(act) for act in life.acts]


def _act(act: ActRow) -> dict[str, Any]:
    stated = facts_of(act.facts)
    if "break" in stated:
        stated = {"period": stated["period"], "difference": stated["break"]["difference"]}
    by = {"account": act.account, "person": act.person} if act.account else {}
    return {"at": short_text(act.at), "act": act.act, **by, **stated}


def assign(session: Session, names: Iterable[str], owner: str) -> None:
    """Gives breaks to someone; to nobody where the owner is empty."""
    _do(session, names, "assigned", {"owner": owner}, {"open", "assigned"})


def note(session: Session, names: Iterable[str], said: str) -> None:
    """Writes a note to breaks, whatever their state."""
    _do(session, names, "noted", {"text": said}, {"open", "assigned", "resolved", "cleared"})


def resolve(
    session: Session,
    names: Iterable[str],
    reason: str,
    said: str,
    *,
    due: date | None = None,
    evidence: Sequence[Path] = (),
) -> None:
    """Says why breaks are as they are. Nothing is posted: what differs goes on to differ, where everybody sees it.

    With a day by which the data should clear it, a break is explained and stays open; without, it is resolved.
    ``evidence`` are files, sealed as they are. A reason that rests on somebody else's word needs one.
    """
    if reason not in REASONS:
        raise ConfigError(
            f"there is no reason {reason!r}", where="--reason", next_step=f"Reasons are: {', '.join(REASONS)}"
        )
    if reason in PROVEN and not evidence:
        raise ConfigError(
            f"{reason} rests on what somebody else says, and nothing of that is given",
            where="--evidence",
            next_step="Give the statement or the answer of support as a file",
        )
    chosen = _chosen(session, names, {"open", "assigned", "resolved"})
    sealed = attach(session, RECON, evidence)
    files = [{"name": Path(one.url).name, "sha256": str(one.sha256)} for one in sealed]
    stated = {"reason": reason, "text": said, "evidence": files}
    if due is not None:
        _record(session, chosen, "explained", stated | {"due": due.isoformat()}, sealed)
    else:
        _record(session, chosen, "resolved", stated, sealed)


def reopen(session: Session, names: Iterable[str], said: str) -> None:
    """Opens breaks again that people resolved."""
    _do(session, names, "reopened", {"text": said}, {"resolved"})


def _do(
    session: Session, names: Iterable[str], act: str, stated: Mapping[str, Any], statuses: set[str]
) -> None:
    _record(session, _chosen(session, names, statuses), act, stated)


def _record(
    session: Session, names: Sequence[str], act: str, stated: Mapping[str, Any], sealed: Iterable[Answer] = ()
) -> None:
    with session.ledger.transaction() as tx:
        tx.append(AnswerRow, map(answer_row, sealed))
        deeds = [Deed("break", name, act, stated) for name in names]
        record(tx, session.run, session.clock.now(), session.who, deeds)


def _chosen(session: Session, names: Iterable[str], statuses: set[str]) -> list[str]:
    """The breaks that are named, each once. Raises ConfigError where one is unknown, or not in a fitting state."""
    with session.ledger.transaction() as tx:
        known = lives(acts(tx, "break"))
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise _unknown(name)
        if known[name].status not in statuses:
            raise ConfigError(
                f"it is {known[name].status}",
                where=name,
                next_step=f"This is for breaks that are {' or '.join(sorted(statuses))}; nothing was written",
            )
    return chosen


def _unknown(name: str) -> ConfigError:
    return ConfigError(
        "no break has this id", where=name, next_step="Breaks are listed by: recon breaks list --status all"
    )
