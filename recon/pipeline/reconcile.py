"""Runs every check, gives each break its evidence and its life, and says whether the period is clean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from recon.checks import Configured as CheckedSource
from recon.checks import Disagreement, Problem, run
from recon.core.books import RecordEvidence, RegisteredBreak
from recon.core.breaks import Break, CheckResult
from recon.core.canonical import read_json, write_json
from recon.core.times import EPOCH, Period, from_iso, short_text
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import EntryEvidence, break_events, entry_evidence, record_evidence, runs
from recon.ledger.reads import RecordEvidence as SealedRecord
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.coverage import second_readings
from recon.pipeline.register import Life, lives, update
from recon.pipeline.session import Session
from recon.pipeline.verify import verify

_WITHHELD = "(withheld)"


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The outcome of all checks over a period."""

    period: Period
    results: Sequence[CheckResult]
    breaks: Sequence[RegisteredBreak]

    @property
    def clean(self) -> bool:
        """No error or warning is open."""
        return not any(one.found.severity != "info" for one in self.breaks)

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "period": self.period.name,
            "clean": self.clean,
            "checks": [
                {"check": one.check, "tested": one.tested, "breaks": len(one.breaks)} for one in self.results
            ],
            "breaks": [
                {
                    **one.found.facts(),
                    "status": one.status,
                    "opened": short_text(one.opened),
                    "age_days": one.age_days,
                }
                for one in self.breaks
            ],
        }


def reconcile(session: Session, period: Period) -> Reconciled:
    """Checks, and writes to the register what opened, changed or cleared."""
    now = session.clock.now()
    results = examine(session.config, session.ledger, period)
    with session.ledger.transaction() as tx:
        update(tx, session.run, now, period, results, lives(break_events(tx)))
        return registered(tx, period, results, now)


def examine(config: Config, ledger: Ledger, period: Period) -> list[CheckResult]:
    """Runs the checks on a typed copy of the ledger; writes nothing."""
    verified = verify(ledger, config.evidence)
    with ledger.transaction() as tx:
        known_at = max((one.started_at for one in runs(tx)), default=EPOCH)
        disagreements = [
            Disagreement(source, one.about, one.stream, one.books, one.second)
            for source, one in second_readings(tx, config)
            if one.binding and not one.agrees
        ]
    with typed_copy(ledger) as copy:
        results = run(
            copy,
            period=period,
            sources=[
                CheckedSource(one.name, one.source.kind, one.settings.unsettled_days)
                for one in config.sources
            ],
            problems=[Problem(text, source, place) for source, place, text in verified.problems],
            disagreements=disagreements,
            verified=verified.evidence.answers,
            known_at=known_at,
        )
    withheld = {} if config.personal_data else {one.name: one.source.personal for one in config.sources}
    with ledger.transaction() as tx:
        return [
            replace(one, breaks=tuple(_with_records(tx, found, withheld) for found in one.breaks))
            for one in results
        ]


def registered(tx: Transaction, period: Period, results: Sequence[CheckResult], now: datetime) -> Reconciled:
    """The breaks with their life so far; one that no run has registered yet counts as opened now."""
    known = lives(break_events(tx))
    return Reconciled(
        period=period,
        results=results,
        breaks=[_registered(found, known.get(found.id), now) for one in results for found in one.breaks],
    )


def _registered(found: Break, life: Life | None, now: datetime) -> RegisteredBreak:
    opened = life.opened if life else now
    return RegisteredBreak(
        found=found,
        status="open",
        opened=opened,
        age_days=max(0, (now - opened).days),
        evidence=tuple(
            RecordEvidence(
                one["source"], one["stream"], from_iso(one["at"]), one["data"], one["answer"], one["pointer"]
            )
            for one in found.diagnosis.records
        ),
    )


def _with_records(tx: Transaction, found: Break, withheld: Mapping[str, frozenset[str]]) -> Break:
    """The break with each record it rests on, and where its bytes are sealed.

    A record is shown as received, but for its members that are ``withheld``, by source.
    """
    cited = {one["entry"]: one for one in found.diagnosis.records if "entry" in one}
    waiting = {one["record"]: one for one in found.diagnosis.records if "record" in one}
    records = [
        {**cited.get(one.entry_id, {}), **_sealed(one, withheld), "entry": f"{one.source}/{one.seq}"}
        for one in entry_evidence(tx, {*found.entries, *cited})
    ]
    records += [{**waiting[one.record_id], **_sealed(one, withheld)} for one in record_evidence(tx, waiting)]
    text = found.diagnosis.text
    if found.check == "unclassified":
        text += " As received: " + "; ".join(str(one["data"]) for one in records)
    return replace(found, diagnosis=replace(found.diagnosis, text=text, records=tuple(records)))


def _sealed(one: EntryEvidence | SealedRecord, withheld: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    return {
        "source": one.source,
        "stream": one.stream,
        "kind": one.kind,
        "at": short_text(one.at),
        "data": without(one.data, withheld.get(one.source, frozenset())),
        "answer": one.answer,
        "pointer": one.pointer,
    }


def without(data: str, names: frozenset[str]) -> str:
    """A record's JSON with the values of these members, at any depth, replaced by a word that says so."""
    found = read_json(data.encode())
    shown = _without(found, names)
    return data if shown == found else write_json(shown)


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _WITHHELD if name in names else _without(one, names) for name, one in value.items()}
    return [_without(one, names) for one in value] if isinstance(value, list) else value
