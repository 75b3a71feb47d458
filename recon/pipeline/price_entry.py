"""Prices that people bring: files imported, prices stated by one and approved by another. All of it is sealed.

Drafts are acts, which stand in the ledger alone; what was approved is sealed whole, so that a rebuild posts it again.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from recon.core.acts import Deed, same_person
from recon.core.answers import Answer
from recon.core.canonical import read_json, sha256
from recon.core.contracts import Pass, Stream
from recon.core.errors import ConfigError, SourceError
from recon.core.failpoints import failpoint
from recon.core.price_acts import FILES, MANUAL, PRICES, PriceDraft, draft_of, told
from recon.core.records import Fact
from recon.core.signed import Document, Signed
from recon.core.times import EPOCH
from recon.ledger.acts import acts, record
from recon.ledger.facts import entered_bodies
from recon.ledger.rows import AnswerRow, ReadingRow
from recon.ledger.transaction import Transaction
from recon.pipeline.enter import answer_row
from recon.pipeline.post import Reading, post_facts
from recon.pipeline.rates import known
from recon.pipeline.session import Session, note_place, note_places
from recon.sources.prices import FILE_STREAM, MANUAL_STREAM

_STREAMS = {FILES: FILE_STREAM, MANUAL: MANUAL_STREAM}


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of a file: the prices that it brought, none where it was held already."""

    file: str
    prices: int
    answer: int | None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {"file": self.file, "prices": self.prices, "answer": self.answer}


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A price that somebody stated, so far."""

    draft: PriceDraft
    prepared: Signed
    approved: Signed | None = None
    answer: int | None = None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            **told(self.draft),
            "state": "drafted" if self.approved is None else "approved",
            "prepared": self.prepared.facts(),
            "approved": None if self.approved is None else self.approved.facts(),
            "answer": self.answer,
        }


def import_file(session: Session, path: Path) -> Imported:
    """Seals a file and takes its prices, all of them or none; nothing of one whose very bytes were taken before.

    Raises ConfigError for a file that cannot be read or has a bad row: then nothing is written.
    """
    url = Path(os.path.relpath(path, session.config.folder)).as_posix()
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    zone = session.config.entity.timezone
    unsealed = Answer(
        seq=0, at=EPOCH, source=PRICES, stream=FILES, method="FILE", url=url, params={"zone": zone}, status=None,
        sha256=None, size=len(body), link="", body=lambda: BytesIO(body),
    )  # fmt: skip
    try:
        prices = sum(1 for _ in _facts(FILE_STREAM, unsealed))
    except SourceError as fault:
        step = "Correct the line and import the file again; nothing of it was taken"
        raise ConfigError(fault.what, where=str(path), next_step=step) from None
    with session.ledger.transaction() as tx:
        if sha256(body) in entered_bodies(tx, PRICES, FILES):
            return Imported(file=url, prices=0, answer=None)
    line = _seal(session, FILES, url, {"zone": zone}, body)
    failpoint("prices.sealed")
    with session.ledger.transaction() as tx:
        post(tx, session.run, line)
    return Imported(file=url, prices=prices, answer=line.seq)


def state(session: Session, wanted: PriceDraft) -> Stated:
    """Writes down a price that somebody states. It does not count before another person approves it."""
    now, who = session.clock.now(), session.who
    with session.ledger.transaction() as tx:
        draft = wanted._replace(number=len(_known(tx)) + 1)
        record(tx, session.run, now, who, [Deed("price", draft.id, "drafted", draft.facts())])
    return Stated(draft=draft, prepared=Signed(who.person, who.account, now))


def approve(session: Session, name: str) -> Stated:
    """Seals a stated price with those who answer for it; from then on it goes before every other source.

    Raises ConfigError where there is none such, where it counts already, or where whoever approves has stated it.
    """
    who = session.who
    with session.ledger.transaction() as tx:
        found = _known(tx).get(name)
    if found is None:
        raise ConfigError(f"there is no price {name!r}", where="PRICE", next_step="See recon prices list")
    if found.approved is not None:
        raise ConfigError(
            f"it was approved by {found.approved.person}",
            where=name,
            next_step="State another with recon prices set",
        )
    if same_person(found.prepared.person, who.person):
        raise ConfigError(
            f"{who.person} stated it, and another person must approve it",
            where=name,
            next_step="Whoever else approves it says so: recon --as NAME prices approve",
        )
    approved = Signed(who.person, who.account, session.clock.now())
    document = Document(found.draft, found.prepared, approved).text().encode()
    line = _seal(session, MANUAL, f"{PRICES}/{name}", {}, document)
    failpoint("prices.sealed")
    with session.ledger.transaction() as tx:
        post(tx, session.run, line)
        facts = {"answer": str(line.sha256), "seq": str(line.seq)}
        record(tx, session.run, approved.at, who, [Deed("price", name, "approved", facts)])
    return replace(found, approved=approved, answer=line.seq)


def stated(tx: Transaction) -> list[Stated]:
    """Every price that somebody stated, the first one first."""
    return list(_known(tx).values())


def post(tx: Transaction, run: int, line: Answer) -> None:
    """Posts the prices that a line of the evidence holds."""
    stream = _STREAMS[line.stream]
    tx.append(AnswerRow, [answer_row(line)])
    number = tx.next_id(ReadingRow)
    tally = post_facts(tx, Reading(number, line.source, stream, Pass(answers=(line,)), None))
    tx.append(
        ReadingRow,
        [
            ReadingRow(
                number, run, line.source, stream.name, stream.name, "ok", line.at, line.at, line.seq, line.seq, 1,
                tally.seen, tally.new, tally.changed, tally.vanished, None, None, None, None, None, None,
            )
        ],
    )  # fmt: skip


def _facts(stream: Stream, answer: Answer) -> Iterator[Fact]:
    assert stream.facts is not None
    return stream.facts((answer,))


def _seal(session: Session, stream: str, url: str, params: dict[str, str | int], body: bytes) -> Answer:
    config, ledger, archive, run = session.config, session.ledger, session.archive, session.run
    [one] = [one for one in config.publishers if one.name == PRICES]
    with ledger.transaction() as tx:
        known(tx, run, one)
    note_places(config, ledger, archive, run, later=(PRICES,))
    note_place(one, ledger, archive, run)
    return archive.seal(
        source=PRICES, stream=stream, method="FILE", url=url, params=params, status=None, body=BytesIO(body)
    )


def _known(tx: Transaction) -> dict[str, Stated]:
    found: dict[str, Stated] = {}
    for event in acts(tx, "price"):
        facts = read_json(event.facts.encode())
        signed = Signed(event.person, event.account, event.at)
        if event.act == "drafted":
            found[event.name] = Stated(draft=draft_of(facts), prepared=signed)
        else:
            found[event.name] = replace(found[event.name], approved=signed, answer=int(facts["seq"]))
    return found
