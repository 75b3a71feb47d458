"""Enters a reading into the ledger in one transaction: its answers, its rows, and the certificate of what was asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Request
from recon.core.errors import NumberRefused, SourceError
from recon.core.failpoints import failpoint
from recon.ledger.reads import heads
from recon.ledger.rows import END, AnswerRow, CellRow, CoverageRow, ReadingRow
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.post import Reading, Tally, post_facts, post_holdings, post_rows
from recon.pipeline.read import Job, StreamRead


@dataclass(frozen=True, kw_only=True)
class StreamResult:
    """One stream's outcome; counts are of records. ``outcome`` is a word of the certificate.

    Of rows ``beside`` the books only ``seen`` is told: they are second opinions on what is counted elsewhere.
    """

    source: str
    stream: str
    requests: int
    tally: Tally
    outcome: str
    beside: bool
    error: SourceError | None = None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        error = None if self.error is None else {"kind": self.error.kind, "message": str(self.error)}
        return {
            "source": self.source,
            "stream": self.stream,
            "status": "failed" if self.error else "ok",
            "outcome": self.outcome,
            "requests": self.requests,
            "seen": self.tally.seen,
            "new": 0 if self.beside else self.tally.new,
            "changed": 0 if self.beside else self.tally.changed,
            "vanished": 0 if self.beside else self.tally.vanished,
            "error": error,
        }

    def after(self, before: "StreamResult") -> "StreamResult":
        """A stream read twice in one pull is told once: the last outcome, with all that the readings brought."""
        tally = Tally(
            seen=self.tally.seen,
            new=before.tally.new + self.tally.new,
            changed=before.tally.changed + self.tally.changed,
            vanished=before.tally.vanished + self.tally.vanished,
        )
        return StreamResult(
            source=self.source,
            stream=self.stream,
            requests=before.requests + self.requests,
            tally=tally,
            outcome=self.outcome,
            beside=self.beside,
            error=self.error,
        )


def enter(ledger: Ledger, run: int, job: Job, read: StreamRead) -> StreamResult:
    """Posts a whole reading. One that failed, or that cannot be posted, is entered as failed, with nothing of it."""
    error, tally, outcome = read.error, Tally(), ""
    if error is None:
        try:
            with ledger.transaction() as tx:
                tally, outcome = _enter(tx, run, job, read, None)
                failpoint("post.before-commit")
        except SourceError as fault:
            error = fault
        except NumberRefused as fault:
            error = SourceError("payload", str(fault), where=f"{job.name}/{read.stream.name}")
    if error is not None or read.unasked:
        read.family.broken = True
    if error is not None:
        with ledger.transaction() as tx:
            tally, outcome = _enter(tx, run, job, read, error)
            failpoint("post.before-commit-failed")
    failpoint("post.committed")
    return StreamResult(
        source=job.name,
        stream=read.stream.name,
        requests=len(read.requests),
        tally=tally,
        outcome=outcome,
        beside=read.stream.beside,
        error=error,
    )


def end(ledger: Ledger, run: int, job: Job) -> None:
    """Marks that a source was read to its end: its certificate of this run names all that there was to ask.

    What was sealed last and belongs to no reading goes to the ledger with it.
    """
    with ledger.transaction() as tx:
        tx.append(AnswerRow, map(answer_row, job.attempts))
        certificate, now = tx.next_id(CoverageRow), job.now()
        whole = (certificate, run, None, job.name, END, "", "", "whole", "", None, now, 0, 0, 0, "")
        tx.append(CoverageRow, [CoverageRow(*whole)])
    job.attempts.clear()


def _enter(
    tx: Transaction, run: int, job: Job, read: StreamRead, error: SourceError | None
) -> tuple[Tally, str]:
    tx.append(AnswerRow, map(answer_row, read.answers))
    failpoint("post.answers-written")
    tally, reading = Tally(), None
    if not read.unasked:
        reading = tx.next_id(ReadingRow)
        if error is None and read.passed:
            # The reading's counts are known only after its rows, which point at it: foreign keys are checked at commit.
            tally = _post(tx, job, read, reading)
        tx.append(ReadingRow, [_reading_row(tx, run, job, read, reading, tally, error)])
        failpoint("post.reading-written")
    outcome = _outcome(read, tally, error)
    _certify(tx, run, job, read, reading, tally, outcome, error)
    return tally, outcome


def _post(tx: Transaction, job: Job, read: StreamRead, reading_id: int) -> Tally:
    assert read.passed
    stream = read.stream
    reading = Reading(reading_id, job.name, stream, read.passed, job.settings.start)
    if stream.rows:
        return post_rows(tx, reading, read.family.touched, read.last and not read.family.broken)
    if stream.holdings:
        return post_holdings(tx, reading)
    if stream.facts:
        return post_facts(tx, reading)
    return Tally(seen=stream.seen(read.passed.answers))


def _outcome(read: StreamRead, tally: Tally, error: SourceError | None) -> str:
    if error or read.stopped:
        return "incomplete"
    if read.unasked:
        return "not_queried"
    if read.refusal:
        return "not_served"
    if read.passed and tally.seen < (read.passed.stated or 0):
        return "incomplete"
    return "whole" if tally.seen else "empty"


def _certify(
    tx: Transaction,
    run: int,
    job: Job,
    read: StreamRead,
    reading: int | None,
    tally: Tally,
    outcome: str,
    error: SourceError | None,
) -> None:
    """The stream's line of the certificate, and a cell for each account and asset it listed rows of."""
    certificate = tx.next_id(CoverageRow)
    reason = str(error) if error else read.refusal or read.unasked or _short(read, tally)
    answered = [one for one in read.requests if one.status == 200 or one.method == "FILE"]
    pages = len(read.passed.answers) if read.passed else len(answered)
    tx.append(
        CoverageRow,
        [
            CoverageRow(
                certificate, run, reading, job.name, read.stream.name, read.stream.account, read.stream.asset, outcome,
                reason, job.settings.start, read.started, pages,
                sum(one.status == 429 for one in read.requests), max(0, len(read.requests) - read.asked),
                _question(read.latest) if error else "",
            )
        ],
    )  # fmt: skip
    tx.append(CellRow, _cells(certificate, tally))


def _short(read: StreamRead, tally: Tally) -> str:
    stated = read.passed.stated if read.passed else None
    return (
        ""
        if stated is None or tally.seen >= stated
        else f"the venue counts {stated} rows and listed {tally.seen}"
    )


def _cells(certificate: int, tally: Tally) -> Iterator[CellRow]:
    for (account, asset), cell in sorted(tally.cells.items()):
        yield CellRow(certificate, account, asset, cell.rows, cell.first, cell.last)


def _question(request: Request | None) -> str:
    """Where an incomplete reading stopped: the question as the evidence tells it, without a secret."""
    return "" if request is None else f"{request.method} {request.path} {write_json(dict(request.params))}"


def answer_row(one: Answer) -> AnswerRow:
    """A line of the evidence chain as the ledger keeps it."""
    return AnswerRow(
        one.seq, one.at, one.source, one.stream, one.method, one.url, write_json(dict(one.params)), one.status,
        one.sha256, one.size, one.link,
    )  # fmt: skip


def _reading_row(
    tx: Transaction,
    run: int,
    job: Job,
    read: StreamRead,
    reading: int,
    tally: Tally,
    error: SourceError | None,
) -> ReadingRow:
    """``entry_cut``: of a reading of balances, the newest entry of the source that the ledger knew then."""
    seqs = [one.seq for one in read.requests]
    stream = read.stream
    cut = None
    if stream.holdings and error is None and read.passed:
        cut = next((head.entry_id for head in heads(tx) if head.source == job.name), 0)
    kind, message = ("not_served", read.refusal) if read.refusal else (None, None)
    if error:
        kind, message = error.kind, str(error)
    return ReadingRow(
        reading, run, job.name, stream.name, stream.family or stream.name, "failed" if error else "ok",
        read.started, job.now(), min(seqs, default=None), max(seqs, default=None), len(seqs), tally.seen, tally.new,
        tally.changed, tally.vanished, read.passed.stated if read.passed else None, tally.first, tally.last, cut,
        kind, message,
    )  # fmt: skip
