"""Runs every check, gives each break its evidence and its life, and says whether the period is clean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from recon.checks import Configured as CheckedSource
from recon.checks import Disagreement, Problem, Reckoned, run
from recon.core.books import PriorItem, RecordEvidence, RegisteredBreak
from recon.core.breaks import Break, CheckResult
from recon.core.canonical import read_json, write_json
from recon.core.errors import LedgerError
from recon.core.times import EPOCH, Period, from_iso, short_text
from recon.ledger.acts import acts
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import (
    EntryEvidence,
    entry_evidence,
    latest_facts,
    record_evidence,
    runs,
)
from recon.ledger.reads import RecordEvidence as SealedRecord
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.coverage import second_readings
from recon.pipeline.late import posted
from recon.pipeline.match import settle
from recon.pipeline.prices import pricing, values
from recon.pipeline.rates import fetched
from recon.pipeline.register import OPEN, Life, lives, update
from recon.pipeline.session import Session
from recon.pipeline.verify import verify_since
from recon.pipeline.volumes import charges, volumes

_WITHHELD = "(withheld)"
Look = Callable[[DuckDBPyConnection, Sequence[CheckResult], Reckoned], None]
"""Looks at the copy that the checks ran on, with what they answered, while it is there."""


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The outcome of all checks over a period.

    ``values``: what a break's difference is worth in base currency at the period's end, by its id, where a trade tells.
    ``late``: how many movements posted in the period belong to one that was sealed before they came.
    """

    period: Period
    results: Sequence[CheckResult]
    breaks: Sequence[RegisteredBreak]
    values: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str = ""
    late: int = 0

    @property
    def clean(self) -> bool:
        """No error or warning is open."""
        return not any(one.status in OPEN and one.found.severity != "info" for one in self.breaks)

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
    config, now = session.config, session.clock.now()
    worth: dict[str, Decimal] = {}
    late: list[PriorItem] = []

    def look(copy: DuckDBPyConnection, results: Sequence[CheckResult], reckoned: Reckoned) -> None:
        worth.update(values(copy, config, period, results))
        with session.ledger.transaction() as tx:
            late.extend(posted(config, tx, copy, period))

    results = examine(config, session.ledger, period, look, session.run)
    with session.ledger.transaction() as tx:
        update(tx, session.run, now, period, results, lives(acts(tx, "break")))
        found = registered(tx, period, results, now)
    return replace(found, values=worth, currency=config.entity.base_currency, late=len(late))


def examine(
    config: Config, ledger: Ledger, period: Period, look: Look | None = None, run_id: int | None = None
) -> list[CheckResult]:
    """Runs the checks on a typed copy of the ledger. Writes nothing, but for new links where a run is given."""
    with ledger.transaction() as tx:
        known_at = max((one.started_at for one in runs(tx)), default=EPOCH)
        disagreements = [
            Disagreement(source, one.about, one.stream, one.books, one.second)
            for source, one in second_readings(tx, config)
            if one.binding and not one.agrees
        ]
        rates = {
            one.name: tuple(one.source.rates(latest_facts(tx, one.name)))
            for one in config.sources
            if one.source.rates
        }
    with typed_copy(ledger, tied=False, kept=config.legs) as copy:
        verified = verify_since(config, ledger, copy, note=run_id is not None)
        unmatched = settle(config, ledger, copy, run_id)
        reckoned = _reckoned(config, ledger, copy, period)
        results = _run(
            copy,
            period=period,
            sources=[
                CheckedSource(one.name, one.source.kind, one.settings.unsettled_days)
                for one in [*config.sources, *fetched(config)]
            ],
            problems=[Problem(text, source, place) for source, place, text in verified.problems],
            disagreements=disagreements,
            verified=verified.evidence.answers,
            known_at=known_at,
            rates=rates,
            reckoned=reckoned,
            unmatched=unmatched,
            engine=config.engine,
        )
        if look is not None:
            look(copy, results, reckoned)
    hidden = withheld(config)
    with ledger.transaction() as tx:
        return [
            replace(one, breaks=tuple(_with_records(tx, found, hidden) for found in one.breaks))
            for one in results
        ]


def withheld(config: Config) -> dict[str, frozenset[str]]:
    """The members of each source's answers that are about a person; none where the configuration asks for them."""
    return {} if config.personal_data else {one.name: one.source.personal for one in config.sources}


def _run(copy: DuckDBPyConnection, **given: Any) -> list[CheckResult]:
    """The checks. Each number fits its column; what cannot be reckoned is a sum that does not."""
    try:
        return run(copy, **given)
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise LedgerError(
            f"a sum of a place has more than 19 digits before the point, which no check can reckon with: {error}",
            where="[ledger]",
            next_step="Look at recon balances for the place, and for amounts in the wrong unit in what was pulled",
        ) from None


def _reckoned(config: Config, ledger: Ledger, copy: DuckDBPyConnection, period: Period) -> Reckoned:
    with ledger.transaction() as tx:
        charged = charges(tx, copy, config, period)
    return Reckoned(
        volumes=volumes(copy, config, period), charges=charged, pricing=pricing(copy, config, period)
    )


def registered(tx: Transaction, period: Period, results: Sequence[CheckResult], now: datetime) -> Reconciled:
    """The breaks with their life so far; one that no run has registered yet counts as opened now."""
    known = lives(acts(tx, "break"))
    return Reconciled(
        period=period,
        results=results,
        breaks=[_registered(found, known.get(found.id), now) for one in results for found in one.breaks],
    )


def _registered(found: Break, life: Life | None, now: datetime) -> RegisteredBreak:
    opened = life.opened if life else now
    return RegisteredBreak(
        found=found,
        status=life.state(found) if life else "open",
        opened=opened,
        age_days=max(0, (now - opened).days),
        owner=life.owner if life else "",
        reason=life.reason if life else "",
        evidence=tuple(
            RecordEvidence(
                one["source"], one["stream"], from_iso(one["at"]), one["data"], one["answer"], one["pointer"]
            )
            for one in found.diagnosis.records
        ),
    )


def _with_records(tx: Transaction, found: Break, hidden: Mapping[str, frozenset[str]]) -> Break:
    """The break with each record it rests on, and where its bytes are sealed.

    A record is shown as received, but for its members that are ``hidden``, by source.
    """
    cited = {one["entry"]: one for one in found.diagnosis.records if "entry" in one}
    waiting = {one["record"]: one for one in found.diagnosis.records if "record" in one}
    records = [
        {**cited.get(one.entry_id, {}), **_sealed(one, hidden), "entry": f"{one.source}/{one.seq}"}
        for one in entry_evidence(tx, {*found.entries, *cited})
    ]
    records += [{**waiting[one.record_id], **_sealed(one, hidden)} for one in record_evidence(tx, waiting)]
    text = found.diagnosis.text
    if found.check == "unclassified":
        text += " As received: " + "; ".join(str(one["data"]) for one in records)
    return replace(found, diagnosis=replace(found.diagnosis, text=text, records=tuple(records)))


def _sealed(one: EntryEvidence | SealedRecord, hidden: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    return {
        "source": one.source,
        "stream": one.stream,
        "kind": one.kind,
        "at": short_text(one.at),
        "data": without(one.data, hidden.get(one.source, frozenset())),
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
