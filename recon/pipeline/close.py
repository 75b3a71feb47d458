"""Closes a period under a seal, has a second person sign it, and opens the newest again.

What is open is refused, or accepted one by one with a reason. All that stands in the way is told at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from recon import __version__
from recon.core.acts import same_person
from recon.core.answers import Answer
from recon.core.books import Books, RegisteredBreak
from recon.core.canonical import sha256, write_json
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.seals import (
    CLOSED,
    REOPENED,
    REPORTS,
    SIGNED,
    Seal,
    document_of,
    horizon_of,
    sealed,
    step,
)
from recon.core.times import Period, moment_text, naive, said_text, short_text
from recon.ledger.acts import acts
from recon.ledger.acts import head as acts_head
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import earliest_posted, heads, latest_readings, ledger_head
from recon.ledger.rows import ActRow
from recon.ledger.transaction import Transaction
from recon.pipeline.books import books
from recon.pipeline.closed_years import settings_of
from recon.pipeline.config import Config
from recon.pipeline.coverage import Certified, certify
from recon.pipeline.openings import STREAM as OPENING
from recon.pipeline.reconcile import Reconciled, examine, reconcile, registered
from recon.pipeline.report import render, report_names, zip_of
from recon.pipeline.seals import keep, seal, seals
from recon.pipeline.session import Session
from reports._pack.digests import MANIFEST

_UNSETTLED = ("open", "assigned")
_SERIOUS = ("error", "warning")
_BALANCES = """
select l.ledger_account, l.asset, sum(l.quantity) as quantity
from legs as l
where l.at < $end
group by l.ledger_account, l.asset
having sum(l.quantity) <> 0
order by l.ledger_account, l.asset
"""


class Obstacle(NamedTuple):
    """One thing that stands in the way of a close.

    ``kind`` is order, time, coverage or break, or accept for a break that is accepted and not open; ``name`` that of
    the break or stream.
    """

    kind: str
    name: str
    text: str

    @property
    def is_open(self) -> bool:
        """Whether it is something left open, not a request out of turn."""
        return self.kind in ("coverage", "break")


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What came of a close: the seal's document and file, or all that stands in its way."""

    period: Period
    obstacles: Sequence[Obstacle] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        told = self.document
        return {
            "period": self.period.name,
            "closed": bool(told),
            "obstacles": [one._asdict() for one in self.obstacles],
            "seal": told.get("seal"),
            "previous": told.get("previous"),
            "supersedes": told.get("supersedes"),
            "moved": told.get("moved", []),
            "accepted": told.get("accepted", []),
            "reports": told.get("reports", {}),
            "file": None if self.path is None else str(self.path),
        }


def close(
    session: Session,
    period: Period,
    accepted: Mapping[str, str],
    notify: Callable[[str], None] = lambda text: None,
) -> Closed:
    """Reconciles the period, and seals it where nothing stands in the way. ``accepted``: reasons by break.

    A request out of turn is told all that stands in its way too, and leaves the register as it was.
    """
    if period.start is None or period.end is None:
        raise ConfigError(
            f"{period.name!r} has no end, so that it can't be closed",
            where="PERIOD",
            next_step="Give a month, a quarter or a year, like 2025-01",
        )
    config, ledger = session.config, session.ledger
    with ledger.transaction() as tx:
        before, steps = seals(tx), acts(tx, "period")
        placed = list(_out_of_turn(tx, config, period, before))
    if any(one.period.name == period.name for one in before):
        return Closed(period=period, obstacles=placed)
    notify("checking")
    found = _looked(session, period) if placed else reconcile(session, period)
    with ledger.transaction() as tx:
        certified = certify(tx, config, period)
    obstacles = [*placed, *_grey(config, certified), *_open(found, accepted)]
    if obstacles:
        return Closed(period=period, obstacles=obstacles)
    notify("writing the reports")
    with books(config, ledger, period, found.results) as content:
        lines = _reports(session, content)
    with ledger.transaction() as tx:
        document = _document(tx, session, period, before)
        steps_of_breaks = acts(tx, "break")
    balances = _balances(session, period)
    document |= {
        "balances": balances,
        "breaks": [_state(one, steps_of_breaks) for one in found.breaks],
        "accepted": [{"break": name, "reason": accepted[name]} for name in sorted(accepted)],
        "roll_forward": [_texts(one._asdict()) for one in content.roll_forward],
        "coverage": sha256(write_json(certified.facts()).encode()),
        "reports": {line.url: line.sha256 for line in lines},
        **_moved(period, steps, balances),
    }
    document = sealed(document)
    path = keep(ledger, session.archive, config.folder, session.run, document, lines)
    return Closed(period=period, document=document, path=path)


def sign(session: Session, period: Period) -> dict[str, Any]:
    """A second person signs the seal in force; the document of it. Raises ConfigError."""
    with session.ledger.transaction() as tx:
        one = found(seals(tx), period)
    who = session.who
    if same_person(one.by.person, who.person):
        raise ConfigError(
            f"{who.person} closed {period.name}, and a second person signs it",
            where="recon sign",
            next_step="Have another sign, whose name --as gives",
        )
    if any(same_person(other.person, who.person) for other in one.signed):
        raise ConfigError(f"{who.person} signed this seal of {period.name} already", where="recon sign")
    document = step(SIGNED, period.name, who, session.clock.now(), seal=one.hash)
    keep(session.ledger, session.archive, session.config.folder, session.run, document)
    return document


def reopen(session: Session, period: Period, reason: str) -> dict[str, Any]:
    """Opens the newest sealed period again; its seal stays where it is kept. Raises ConfigError."""
    with session.ledger.transaction() as tx:
        every = seals(tx)
    one = found(every, period)
    if one is not every[-1]:
        raise ConfigError(
            f"{every[-1].period.name} is sealed on top of {period.name}",
            where="recon reopen",
            next_step="Only the newest sealed period can be opened again: begin with that one",
        )
    until = moment_text(horizon_of(every[:-1]))
    document = step(
        REOPENED, period.name, session.who, session.clock.now(), seal=one.hash, reason=reason, horizon=until
    )
    keep(session.ledger, session.archive, session.config.folder, session.run, document)
    return document


def found(every: Sequence[Seal], period: Period) -> Seal:
    """The seal of a period. Raises ConfigError where it is not sealed."""
    for one in every:
        if one.period.name == period.name:
            return one
    names = ", ".join(one.period.name for one in every)
    raise ConfigError(
        f"{period.name} is not sealed", where="PERIOD", next_step=f"Sealed: {names or 'no period yet'}"
    )


def _out_of_turn(tx: Transaction, config: Config, period: Period, before: Sequence[Seal]) -> list[Obstacle]:
    """What is wrong with closing this period now, whatever is in it."""
    assert period.start and period.end
    told = []
    if before:
        newest = before[-1].period
        assert newest.end
        if any(one.period.name == period.name for one in before):
            return [Obstacle("order", period.name, f"{period.name} is sealed already")]
        if period.start < newest.end:
            told.append(f"{period.name} reaches into what is sealed up to {said_text(newest.end)}")
        elif period.start > newest.end:
            told.append(
                f"the sealed part ends with {newest.name} at {said_text(newest.end)}: the period that begins there "
                "comes first"
            )
    else:
        earliest = earliest_posted(tx, OPENING)
        if earliest is not None and earliest < period.start:
            month = earliest.astimezone(config.zone)
            told.append(
                f"the ledger has entries since {said_text(earliest)}: {month:%Y-%m}, or a longer period that begins "
                "with it, comes first"
            )
    obstacles = [Obstacle("order", period.name, text) for text in told]
    pulled = max((one.started_at for one in latest_readings(tx)), default=None)
    if pulled is None or pulled < period.end:
        since = "nothing was pulled yet" if pulled is None else f"the latest pull was at {said_text(pulled)}"
        obstacles.append(
            Obstacle("time", period.name, f"{period.name} ends at {said_text(period.end)}, and {since}")
        )
    return obstacles


def _grey(config: Config, certified: Certified) -> list[Obstacle]:
    """Streams that were not read whole since the period ended, each once, and sources that never were."""
    told = {
        f"{one.source}/{one.stream}": f"{one.reason or one.status}" for one in certified.cells if one.grey
    }
    asked = {one.source for one in certified.cells}
    told |= {one.name: "it was never read" for one in config.sources if one.name not in asked}
    return [Obstacle("coverage", name, f"{name}: {told[name]}") for name in sorted(told)]


def _open(found: Reconciled, accepted: Mapping[str, str]) -> list[Obstacle]:
    """Breaks that are open and not accepted, and what is accepted and not open."""
    left = {
        one.found.id: one
        for one in found.breaks
        if one.found.severity in _SERIOUS and one.status in _UNSETTLED
    }
    obstacles = [
        Obstacle("break", name, f"{one.found.severity}, {one.found.check}: {one.found.diagnosis.text}")
        for name, one in left.items()
        if name not in accepted
    ]
    return obstacles + [
        Obstacle("accept", name, f"{name} is no open error or warning of {found.period.name}")
        for name in accepted
        if name not in left
    ]


def _looked(session: Session, period: Period) -> Reconciled:
    """What reconciling would find, with nothing written."""
    results = examine(session.config, session.ledger, period)
    with session.ledger.transaction() as tx:
        return registered(tx, period, results, session.clock.now())


def _reports(session: Session, content: Books) -> list[Answer]:
    """Every report of the period, its bytes sealed; a pack as one file, and its manifest by itself."""
    with TemporaryDirectory(prefix="recon-reports-") as folder:
        files: list[tuple[str, Path]] = []
        for path in render(session.config, session.ledger, content, report_names(), Path(folder)):
            if path.is_dir():
                packed = zip_of(path)
                files += [(packed.name, packed), (f"{path.name}/{MANIFEST}", path / MANIFEST)]
            else:
                files.append((path.name, path))
        lines = []
        for name, path in files:
            with path.open("rb") as body:
                lines.append(seal(session.archive, REPORTS, name, body))
        return lines


def _document(tx: Transaction, session: Session, period: Period, before: Sequence[Seal]) -> dict[str, Any]:
    """Whose seal it is, over which entries, evidence and settings."""
    assert period.start and period.end
    config, archive = session.config, session.archive
    return step(
        CLOSED,
        period.name,
        session.who,
        session.clock.now(),
        starts_at=moment_text(period.start),
        ends_at=moment_text(period.end),
        previous=before[-1].hash if before else "",
        tool=__version__,
        head=ledger_head(tx),
        newest=[{"source": one.source, "seq": one.seq, "hash": one.hash} for one in heads(tx)],
        acts=acts_head(tx),
        evidence={"seq": archive.next_seq - 1, "link": archive.head},
        settings=settings_of(config),
        assumptions=config.assumptions(),
        prices=[],
    )


def _balances(session: Session, period: Period) -> list[dict[str, str]]:
    """The trial balance at the period's end, as it was posted: it sums to zero asset by asset."""
    assert period.end
    with typed_copy(session.ledger, tables=("legs",), kept=session.config.legs) as copy:
        rows = copy.execute(_BALANCES, {"end": naive(period.end)}).fetchall()
    return [{"account": account, "asset": asset, "quantity": text(number)} for account, asset, number in rows]


def _state(one: RegisteredBreak, steps: Sequence[ActRow]) -> dict[str, Any]:
    """A break as it stands, with what people did about it."""
    found = one.found
    return {
        "id": found.id,
        "check": found.check,
        "severity": found.severity,
        "status": one.status,
        "difference": None if found.difference is None else text(found.difference),
        "acts": [
            {"act": act.act, "account": act.account, "person": act.person, "at": short_text(act.at), "facts": act.facts}
            for act in steps
            if act.name == found.id and act.person
        ],
    }  # fmt: skip


def _moved(period: Period, steps: Sequence[ActRow], balances: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Where the period was sealed before: under which hash, and which balances have moved since."""
    olds = [one for one in steps if one.act == CLOSED and one.name == period.name]
    if not olds:
        return {}
    old = document_of(olds[-1].facts)
    then = {(one["account"], one["asset"]): one["quantity"] for one in old["balances"]}
    now = {(one["account"], one["asset"]): one["quantity"] for one in balances}
    return {
        "supersedes": old["seal"],
        "moved": [
            {"account": place[0], "asset": place[1], "old": then.get(place, "0"), "new": now.get(place, "0")}
            for place in sorted(then.keys() | now.keys())
            if then.get(place) != now.get(place)
        ],
    }


def _texts(value: Any) -> Any:
    """Values as JSON holds them: quantities and moments as text."""
    if isinstance(value, Mapping):
        return {name: _texts(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_texts(one) for one in value]
    return text(value) if isinstance(value, Decimal) else value
