"""Entries that people make: drafted by one, approved by another, sealed in the evidence and posted in a source's chain.

No entry follows from a difference: each posting is stated by whoever drafts it. Drafts are acts, which stand in the
ledger alone; what was approved is sealed whole, so that a rebuild posts it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.acts import Deed, Who, same_person
from recon.core.adjustments import (
    ADJUSTMENTS,
    Attachment,
    Draft,
    draft_of,
    negated,
    rows,
)
from recon.core.answers import Answer
from recon.core.canonical import read_json
from recon.core.contracts import Pass, Stream
from recon.core.errors import ConfigError
from recon.core.failpoints import failpoint
from recon.core.money import text
from recon.core.records import Posting, assets
from recon.core.signed import Document, Signed
from recon.core.times import local_day, short_text
from recon.ledger.acts import acts, horizon, record
from recon.ledger.reads import heads, places_known
from recon.ledger.rows import ActRow, AnswerRow, ReadingRow
from recon.ledger.transaction import Transaction
from recon.pipeline.attach import attach
from recon.pipeline.config import Config
from recon.pipeline.enter import answer_row
from recon.pipeline.post import Ids, Reading, post_rows
from recon.pipeline.read import never
from recon.pipeline.session import Session, note_places

STREAM = Stream(name=ADJUSTMENTS, read=never, rows=rows)
"""As post_rows takes it; it is no stream that is asked for."""


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """An adjustment so far. ``reversed_by`` names the one that took it back, or that waits to."""

    draft: Draft
    prepared: Signed
    approved: Signed | None = None
    entry: str | None = None
    reversed_by: str | None = None
    state: str = "drafted"

    @property
    def id(self) -> str:
        """Its name."""
        return self.draft.id

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        draft = self.draft
        return {
            "id": self.id,
            "state": self.state,
            "source": draft.source,
            "at": short_text(draft.at),
            "postings": [
                {"account": one.account, "asset": one.asset, "quantity": text(one.quantity)}
                for one in draft.postings
            ],
            "reason": draft.reason,
            "text": draft.text,
            "break": draft.break_id,
            "attachments": [
                {"url": one.url, "sha256": one.sha256, "bytes": one.size} for one in draft.attachments
            ],
            "reverses": draft.reverses,
            "reversed_by": self.reversed_by,
            "prepared": self.prepared.facts(),
            "approved": None if self.approved is None else self.approved.facts(),
            "entry": self.entry,
        }


class Wanted(NamedTuple):
    """What somebody asks to draft. ``attachments`` are files on this machine."""

    source: str
    at: datetime
    postings: tuple[Posting, ...]
    reason: str
    text: str
    break_id: str | None = None
    attachments: Sequence[Path] = ()


def adjustments(events: Iterable[ActRow]) -> dict[str, Adjustment]:
    """Every adjustment by its name, folded from the acts about them in order."""
    found: dict[str, Adjustment] = {}
    for event in events:
        facts = read_json(event.facts.encode())
        signed = Signed(event.person, event.account, event.at)
        if event.act == "drafted":
            one = Adjustment(draft=draft_of(facts), prepared=signed)
        else:
            one = _with(found[event.name], approved=signed, entry=facts["entry"], state="approved")
        found[event.name] = one
        if first := one.draft.reverses:
            taken = {"state": "reversed"} if one.approved else {}
            found[first] = _with(found[first], reversed_by=one.id, **taken)
    return found


def listed(tx: Transaction) -> list[Adjustment]:
    """Every adjustment, the first drafted first."""
    return list(adjustments(acts(tx, "adjustment")).values())


def draft(session: Session, wanted: Wanted) -> Adjustment:
    """Writes a draft down. It posts nothing. Raises ConfigError where it may not be drafted like this."""
    with session.ledger.transaction() as tx:
        known = adjustments(acts(tx, "adjustment"))
        _may_be_dated(session, tx, wanted.source, wanted.at)
        _places_there(tx, wanted)
        if wanted.break_id is not None and all(one.name != wanted.break_id for one in acts(tx, "break")):
            raise ConfigError(
                f"there is no break {wanted.break_id}", where="--break", next_step="See recon reconcile"
            )
    sealed = attach(session, wanted.source, wanted.attachments)
    made = Draft(
        number=len(known) + 1,
        source=wanted.source,
        at=wanted.at,
        postings=wanted.postings,
        reason=wanted.reason,
        text=wanted.text,
        break_id=wanted.break_id,
        attachments=tuple(Attachment(one.url, str(one.sha256), one.size) for one in sealed),
        reverses=None,
    )
    return _drafted(session, made, sealed)


def reverse(session: Session, name: str, at: datetime, reason: str, words: str) -> Adjustment:
    """Drafts what takes an approved adjustment back. Raises ConfigError where that is drafted or done already."""
    with session.ledger.transaction() as tx:
        known = adjustments(acts(tx, "adjustment"))
        first = _named(known, name)
        if first.approved is None:
            raise ConfigError(
                "it was never posted, so there is nothing to take back",
                where=name,
                next_step="Leave it unapproved",
            )
        _may_be_dated(session, tx, first.draft.source, at)
        sealed = horizon(tx)
    later = known[first.reversed_by] if first.reversed_by else None
    if later is not None and (later.approved or sealed is None or later.draft.at >= sealed):
        done = "is reversed" if later.approved else "has a reversal that waits to be approved"
        raise ConfigError(f"it {done}: {later.id}", where=name, next_step="See recon adjust list")
    back = first.draft._replace(
        number=len(known) + 1,
        at=at,
        postings=negated(first.draft.postings),
        reason=reason,
        text=words,
        attachments=(),
        reverses=name,
    )
    return _drafted(session, back, ())


def approve(session: Session, name: str) -> Adjustment:
    """Seals a draft with those who answer for it, then posts it.

    Killed between the two, it is not posted; approved again, it is sealed anew, and what was sealed first counts no
    more. Raises ConfigError where it is posted already, or where whoever approves has prepared it.
    """
    who = session.who
    with session.ledger.transaction() as tx:
        known = adjustments(acts(tx, "adjustment"))
        found = _named(known, name)
        _may_be_approved(found, known, who)
        _may_be_dated(session, tx, found.draft.source, found.draft.at)
    approved = Signed(who.person, who.account, session.clock.now())
    document = Document(found.draft, found.prepared, approved)
    note_places(session.config, session.ledger, session.archive, session.run)
    line = session.archive.seal(
        source=found.draft.source,
        stream=ADJUSTMENTS,
        method="FILE",
        url=f"{ADJUSTMENTS}/{name}",
        params={},
        status=None,
        body=BytesIO(document.text().encode()),
    )
    failpoint("adjust.sealed")
    with session.ledger.transaction() as tx:
        entry = post(tx, session.run, line)
        record(
            tx, session.run, approved.at, who, [Deed("adjustment", name, "approved", _posted(line, entry))]
        )
        failpoint("adjust.posted")
    with session.ledger.transaction() as tx:
        return _named(adjustments(acts(tx, "adjustment")), name)


def post(tx: Transaction, run: int, line: Answer) -> str:
    """Posts the adjustment that a line of the evidence holds; its entry's name."""
    tx.append(AnswerRow, [answer_row(line)])
    number = tx.next_id(ReadingRow)
    reading = Reading(number, line.source, STREAM, Pass(answers=(line,)), None)
    tally = post_rows(tx, reading, Ids(), last_of_family=False)
    tx.append(
        ReadingRow,
        [
            ReadingRow(
                number, run, line.source, ADJUSTMENTS, ADJUSTMENTS, "ok", line.at, line.at, line.seq, line.seq, 1,
                tally.seen, tally.new, tally.changed, tally.vanished, None, tally.first, tally.last, None, None, None,
            )
        ],
    )  # fmt: skip
    return f"{line.source}/{next(head.seq for head in heads(tx) if head.source == line.source)}"


def _posted(line: Answer, entry: str) -> Mapping[str, str]:
    return {"entry": entry, "answer": str(line.sha256), "seq": str(line.seq)}


def _with(one: Adjustment, **changes: Any) -> Adjustment:
    return Adjustment(**{**vars(one), **changes})


def _named(known: Mapping[str, Adjustment], name: str) -> Adjustment:
    if name not in known:
        raise ConfigError(
            f"there is no adjustment {name!r}", where="ADJUSTMENT", next_step="See recon adjust list"
        )
    return known[name]


def _drafted(session: Session, made: Draft, sealed: Sequence[Answer]) -> Adjustment:
    now, who = session.clock.now(), session.who
    with session.ledger.transaction() as tx:
        tx.append(AnswerRow, map(answer_row, sealed))
        record(tx, session.run, now, who, [Deed("adjustment", made.id, "drafted", made.facts())])
    return Adjustment(draft=made, prepared=Signed(who.person, who.account, now))


def _may_be_approved(found: Adjustment, known: Mapping[str, Adjustment], who: Who) -> None:
    if found.approved is not None:
        raise ConfigError(
            f"it was approved by {found.approved.person} and stands as {found.entry}",
            where=found.id,
            next_step="To take it back: recon adjust reverse",
        )
    if same_person(found.prepared.person, who.person):
        raise ConfigError(
            f"{who.person} prepared it, and another person must approve it",
            where=found.id,
            next_step="Whoever else approves it says so: recon --as NAME adjust approve",
        )
    first = known.get(found.draft.reverses or "")
    if first is not None and first.state == "reversed":
        raise ConfigError(
            f"{first.id}, which it takes back, is reversed by {first.reversed_by}", where=found.id
        )


def _may_be_dated(session: Session, tx: Transaction, source: str, at: datetime) -> None:
    """Neither into a sealed period, nor before the source begins, nor into the future."""
    config = session.config
    if (sealed := horizon(tx)) is not None and at < sealed:
        raise ConfigError(
            f"{short_text(at)} lies in a sealed period",
            where="--at",
            next_step=f"What is open begins on {local_day(sealed, config.zone)} ({short_text(sealed)}): draft it then",
        )
    if (start := _start(config, source)) is not None and at < start:
        raise ConfigError(
            f"{short_text(at)} lies before the start of {source}, {short_text(start)}",
            where="--at",
            next_step="Date it later, or state what was there before as an [[opening]]",
        )
    if at > session.clock.now():
        raise ConfigError(
            f"{short_text(at)} has not come yet", where="--at", next_step="Date it today or before"
        )


def _start(config: Config, source: str) -> datetime | None:
    """Where a source begins. Raises ConfigError where it is configured no more."""
    for one in config.sources:
        if one.name == source:
            start: datetime | None = one.settings.start
            return start
    raise ConfigError(
        f"there is no source {source!r}",
        where="--source",
        next_step=f"The configured sources are: {', '.join(one.name for one in config.sources) or 'none yet'}",
    )


def _places_there(tx: Transaction, wanted: Wanted) -> None:
    """A place is one that the ledger knows: a slip of the pen must not open another."""
    wanted_places = {
        one.account for one in wanted.postings if one.account.startswith(assets(wanted.source, ""))
    }
    there = (
        {assets(wanted.source, place) for place in places_known(tx, wanted.source)}
        if wanted_places
        else set()
    )
    if unknown := sorted(wanted_places - there):
        raise ConfigError(
            f"{', '.join(unknown)} is no place that the ledger knows",
            where="--post",
            next_step=f"The places of {wanted.source} are: {', '.join(sorted(there)) or 'none yet, so pull first'}",
        )
