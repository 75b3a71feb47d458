"""What stands behind checks and breaks: each question as it was asked, each record as the venue sent it."""

from collections.abc import Iterator, Mapping
from typing import Any

from recon.core.answers import Answer
from recon.core.books import Books, ChainRow, RecordEvidence, RegisteredBreak
from recon.core.breaks import CheckResult
from recon.core.document import Cell, Column, Exhibit, Fact, Section, Table
from recon.core.money import exact, parse
from recon.core.times import short_text
from reports._tables import local_text


def check_parts(books: Books) -> list[Section]:
    """One part a check: why it is asked, what to do when it fails, and the SQL that asked it."""
    return [_check_part(one) for one in books.checks]


def break_parts(books: Books) -> list[Section]:
    """One part a break."""
    remedies = {one.check: one.fix for one in books.checks}
    return [_break_part(one, remedies.get(one.found.check, ""), books) for one in books.breaks]


def exhibits(books: Books) -> list[Exhibit]:
    """Every sealed answer that the books rest on, in the order of the chain."""
    return [
        Exhibit(
            sha256=digest,
            number=one.seq,
            title=f"Sealed answer {one.seq}: {one.source}, {one.stream}",
            body=one.body,
            withheld=books.withheld.get(one.source, frozenset()),
            facts=[
                Fact(label="SHA-256", value=digest),
                Fact(label="Bytes", value=one.size),
                Fact(label="Request", value=_request(one)),
                Fact(label="Asked", value=one.at),
                *([] if one.status is None else [Fact(label="HTTP status", value=str(one.status))]),
                Fact(label="Line of the chain", value=one.seq),
                Fact(label="Its link", value=one.link),
            ],
        )
        for digest, one in sorted(books.answers.items(), key=lambda pair: pair[1].seq)
    ]


def answers(books: Books) -> Table:
    """The sealed answers, one row each."""
    return Table(
        key="answers",
        title="Sealed answers",
        note="The answers that this report rests on, as received. Each is the file evidence/ab/abcd….gz, named by the "
        "SHA-256 of its bytes, and sealed by a line of evidence/chain.jsonl.",
        columns=[
            Column(title="Chain line", kind="count"),
            Column(title="Source"),
            Column(title="Stream", kind="code"),
            Column(title="SHA-256", kind="code", pointer="SHA-256"),
            Column(title="Bytes", kind="count", total=True),
            Column(title="Asked (UTC)", kind="moment"),
            Column(title="HTTP status", kind="count"),
            Column(title="Request"),
        ],
        rows=[
            (one.seq, one.source, one.stream, digest, one.size, one.at, one.status, _request(one))
            for digest, one in sorted(books.answers.items(), key=lambda pair: pair[1].seq)
        ],
        empty="No answer stands behind this report.",
    )


def _check_part(one: CheckResult) -> Section:
    found = len(one.breaks)
    return Section(
        key=one.check,
        title=f"{one.title} ({one.check})",
        lead=one.why,
        facts=[
            Fact(label="Rows examined", value=one.tested, tone="plain" if one.tested else "bad"),
            Fact(label="Breaks", value=found, tone="bad" if found else "good"),
            Fact(label="If it fails", value=one.fix),
        ],
        code=[("SQL as it was asked", one.sql)],
    )


def _break_part(one: RegisteredBreak, remedy: str, books: Books) -> Section:
    found = one.found
    place = " ".join(word for word in (found.source, found.account, found.asset) if word)
    return Section(
        key=found.id,
        title=f"{found.id}: {found.check}{', ' if place else ''}{place}",
        lead=found.diagnosis.text,
        facts=[*_break_facts(one, books.zone), *([Fact(label="What to do", value=remedy)] if remedy else [])],
        tables=list(_break_tables(one, books)),
        code=[(f"Record {number} as received", record.data) for number, record in enumerate(one.evidence, 1)],
    )


def _break_facts(one: RegisteredBreak, zone: str) -> list[Fact]:
    found = one.found
    facts = [
        Fact(label="Severity", value=found.severity, tone="plain" if found.severity == "info" else "bad"),
        Fact(
            label="Status",
            value=f"{one.status}, first seen {short_text(one.opened)}, {one.age_days} days old",
        ),
        Fact(label="Cause", value=found.diagnosis.kind),
    ]
    if found.at is not None:
        facts.append(Fact(label="At", value=f"{local_text(found.at, zone)} ({zone}), {short_text(found.at)}"))
    amounts = {"Expected": found.expected, "Actual": found.actual, "Difference": found.difference}
    facts += [Fact(label=label, value=value) for label, value in amounts.items() if value is not None]
    return facts


def _break_tables(one: RegisteredBreak, books: Books) -> Iterator[Table]:
    if one.evidence:
        yield _records(one.evidence, books)
    if one.chain:
        yield _chain(one)
    members = one.found.diagnosis.members
    if members:
        yield Table(
            key="members",
            title="What it explains too",
            columns=[
                Column(title="Check", kind="refs"),
                Column(title="Source"),
                Column(title="Account"),
                Column(title="Asset"),
                Column(title="Difference", kind="amount"),
                Column(title="What happened"),
            ],
            rows=[_member(one) for one in members],
        )


def _member(stated: Mapping[str, Any]) -> list[Cell]:
    """A break that another one explains, as the diagnosis states it: numbers as decimal strings."""
    difference = stated.get("difference")
    place = [stated.get(name) for name in ("check", "source", "account", "asset")]
    return [*place, None if difference is None else parse(difference), stated.get("text")]


def _records(evidence: tuple[RecordEvidence, ...], books: Books) -> Table:
    return Table(
        key="records",
        title="The records it rests on",
        columns=[
            Column(title="Record", kind="count"),
            Column(title="Stream", kind="code"),
            Column(title="Row's time (UTC)", kind="moment"),
            Column(title="Pointer", kind="code"),
            Column(title="SHA-256 of the sealed answer", kind="code", pointer="Pointer"),
            Column(title="Request", kind="code"),
            Column(title="Asked (UTC)", kind="moment"),
            Column(title="HTTP status", kind="count"),
            Column(title="Chain line", kind="count"),
        ],
        rows=[
            _record(number, record, books.answers.get(record.answer))
            for number, record in enumerate(evidence, 1)
        ],
    )


def _record(number: int, record: RecordEvidence, answer: Answer | None) -> list[Cell]:
    place: list[Cell] = [number, f"{record.source}/{record.stream}", record.at, record.pointer, record.answer]
    if answer is None:
        return [*place, "this answer is not in the evidence", None, None, None]
    return [*place, _request(answer), answer.at, answer.status, answer.seq]


def _request(answer: Answer) -> str:
    asked = "&".join(f"{name}={value}" for name, value in answer.params.items())
    return f"{answer.method} {answer.url}{'?' if asked else ''}{asked}"


def _chain(one: RegisteredBreak) -> Table:
    """The rows before and after those that a break rests on, each with what the row before it leads to."""
    rows: list[list[Cell]] = []
    before: ChainRow | None = None
    with exact():
        for row in one.chain:
            is_next = before is not None and before[1:4] == row[1:4] and before.balance_after is not None
            reckoned = before.balance_after + row.quantity if before and is_next else None  # type: ignore[operator]
            gap = None if reckoned is None or row.balance_after is None else row.balance_after - reckoned
            rows.append(
                [
                    row.entry, "rests on it" if row.cited else "", row.account, row.asset, row.at, row.kind,
                    row.quantity, reckoned,
                    row.balance_after, gap, "" if row.in_force else "taken back",
                ]
            )  # fmt: skip
            before = row
    return Table(
        key="chain",
        title="The chain before and after",
        note="The rows of the running balance in the venue's own order. By the row before: what that row states, and "
        "this quantity. The gap is what the venue states beyond it.",
        columns=[
            Column(title="Entry", kind="code", to="transactions"),
            Column(title="The break"),
            Column(title="Account"),
            Column(title="Asset"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Kind"),
            Column(title="Quantity", kind="amount"),
            Column(title="By the row before", kind="amount"),
            Column(title="By the venue", kind="amount"),
            Column(title="Gap", kind="amount", zero_is_good=True),
            Column(title="In force"),
        ],
        rows=rows,
    )
