"""What stands behind checks and breaks: each question as it was asked, each record as the venue sent it."""

from collections.abc import Iterator, Mapping
from typing import Any

from recon.core.answers import Answer
from recon.core.books import Books, RecordEvidence, RegisteredBreak
from recon.core.breaks import CheckResult
from recon.core.document import Cell, Column, Fact, Section, Table
from recon.core.money import parse
from recon.core.times import short_text
from reports._tables import local_text


def check_parts(books: Books) -> list[Section]:
    """One part a check: why it is asked, what to do when it fails, and the SQL that asked it."""
    return [_check_part(one) for one in books.checks]


def break_parts(books: Books, most: int) -> list[Section]:
    """One part a break, for the first ``most`` of them."""
    remedies = {one.check: one.fix for one in books.checks}
    return [_break_part(one, remedies.get(one.found.check, ""), books) for one in books.breaks[:most]]


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
            Column(title="SHA-256 of the sealed answer", kind="code"),
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
    asked = "&".join(f"{name}={value}" for name, value in answer.params.items())
    request = f"{answer.method} {answer.url}{'?' if asked else ''}{asked}"
    return [*place, request, answer.at, answer.status, answer.seq]
