"""What the sources share in reading rows: answers as JSON, fields as text, and rows that cannot be understood."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from recon.core.answers import Answer
from recon.core.canonical import JsonRefused, quoted, read_json, write_json
from recon.core.contracts import Pass, Request
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import ZERO, JsonNumber, parse, text
from recon.core.records import Posting, Row, asset_code
from recon.core.times import from_epoch, from_iso, micros

_TIMES = ("time_close", "time", "timestamp", "createDate", "created_at")
"""What venues call the time of a row."""


class RowFault(ValueError):
    """A row that cannot be posted as it stands; the text says why."""


def once(request: Request) -> Generator[Request, Answer, Pass]:
    """Reads a stream that one answer brings whole."""
    answer = yield request
    return Pass(answers=(answer,))


def never() -> Generator[Request, Answer, Pass]:
    """The ``read`` of a stream that is not asked for: it is never driven."""
    raise AssertionError("a stream that is not asked for was read")
    yield


def read_answer(answer: Answer) -> Any:
    """The sealed body as JSON. Raises SourceError where it is none."""
    with answer.body() as body:
        try:
            return read_json(body.read())
        except JsonRefused as error:
            refuse(answer, f"the answer is not JSON: {error}")


def refuse(answer: Answer, what: str) -> NoReturn:
    """Stops the stream: the answer has not the documented shape."""
    raise SourceError(
        "payload",
        what,
        where=f"{answer.source}/{answer.stream} {answer.method} {answer.url}",
        next_step=f"The answer is kept in the evidence as {answer.sha256}",
    )


def member(answer: Answer, value: Any, name: str, kind: type[Any]) -> Any:
    """``value[name]``, refused loudly when it is not there or not a ``kind`` (list or dict)."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        refuse(answer, f"the answer has no {name!r} of type {kind.__name__}")
    return found


def objects(answer: Answer, rows: Sequence[Any], pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with its JSON pointer; a row that is no object is wrapped so that it is kept and shown."""
    for number, row in enumerate(rows):
        yield f"{pointer}/{number}", row if isinstance(row, dict) else {"": row}


def step(name: str) -> str:
    """A member's name as a step of a JSON pointer, in the form of RFC 6901 section 5: no control character in it."""
    return quoted(name.replace("~", "~0").replace("/", "~1"))[1:-1]


def field(row: Mapping[str, Any], name: str) -> str:
    """A field as identity sees it: a number in its one written form, so that 50, "50" and "50.0" are the same.

    False is a zero to some venues.
    """
    value = row.get(name)
    if isinstance(value, str):
        try:
            return text(parse(value))
        except NumberRefused:
            return str(value)
    if value is False:
        return "0"
    return "" if value is None else write_json(value)


def shown(value: str) -> str:
    """A text as a fact keeps it: as stated, with control characters escaped as in JSON."""
    return value if value.isprintable() else quoted(value)[1:-1]


def stated(value: Any) -> str:
    """A value as a fact keeps it: a number in its one written form, else the text; what is neither, as JSON."""
    try:
        return text(parse(value))
    except NumberRefused:
        return shown(str(value)) if isinstance(value, str) else write_json(value)


def mark(value: Any) -> str:
    """A hash or an address as a record keeps it: the text as stated; empty where there is none."""
    return shown(str(value)) if isinstance(value, str) else ""


def moment(value: Any) -> datetime:
    """A venue's time: ISO 8601 with a zone, or a count since 1970 as text or number.

    Raises RowFault, whose text is our own: it goes into the ledger, which must not change with Python's wording.
    """
    try:
        if isinstance(value, JsonNumber) or (isinstance(value, str) and value.isdecimal()):
            return from_epoch(str(value))
        if isinstance(value, str):
            return from_iso(value)
    except (ValueError, OverflowError):
        raise RowFault(f"its time {value[:40]!a} cannot be read") from None
    raise RowFault("it has no time")


def odd_row(
    answer: Answer,
    pointer: str,
    row: Mapping[str, Any],
    identity: tuple[str, ...],
    account: str,
    stated: Any,
    why: str,
) -> Row:
    """A row that cannot be understood: kept whole, moving nothing, marked in suspense for the unclassified check."""
    try:
        at = moment(next((row[name] for name in _TIMES if name in row), None))
    except RowFault:
        at = answer.at
    asset, _ = asset_code(stated)
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind=f"odd: {why}"[:200],
        status="settled",
        account=account,
        asset=asset,
        quantity=ZERO,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=(Posting(f"suspense:{answer.source}", asset, ZERO),),
    )


def word(value: Any) -> str:
    """A venue's word for a kind of row, fit to be shown: lower case, printable, short."""
    stated = value if isinstance(value, str) else write_json(value)
    return "".join(one if one.isprintable() else "?" for one in stated.lower())[:40] or "(none)"
