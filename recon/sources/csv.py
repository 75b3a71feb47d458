"""CSV files in the contract's columns: each file a stream, all files of a source one multiset of rows.

Exports overlap: a row that two files hold is one row, a row that one file holds twice is two. A bad row stops its
file with the line's number. Sums of money enter as text and only as text.
"""

import csv
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from io import TextIOWrapper
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import parse
from recon.core.records import Posting, Row, asset_code, assets, merged, moved
from recon.core.times import from_epoch, from_iso, micros
from recon.sources._settings import SourceSettings

COLUMNS = (
    "timestamp", "kind", "account", "asset", "quantity", "quote_asset", "quote_quantity", "fee_asset",
    "fee_quantity", "balance_after", "txid", "id", "note",
)  # fmt: skip
_NEEDED = ("timestamp", "kind", "asset", "quantity")
_ARRIVING = {"buy", "deposit", "transfer_in", "income", "adjustment"}
_CONTRA = {
    "deposit": "external:{}",
    "withdrawal": "external:{}",
    "transfer_in": "transit",
    "transfer_out": "transit",
    "income": "income:other",
    "fee": "fees:{}",
    "gift": "external:{}",
    "adjustment": "adjustments",
}
KINDS = ("buy", "sell", *_CONTRA)


def _column(text: str) -> str:
    if text not in COLUMNS:
        raise ValueError(f"expected one of {', '.join(COLUMNS)}")
    return text


class Settings(SourceSettings):
    """``path`` may be a pattern. ``columns`` names the file's header for a column of ours.

    ``account`` stands where a row names none.
    """

    path: str
    columns: Mapping[Annotated[str, AfterValidator(_column)], str] = {}
    account: str | None = None


class Cells(NamedTuple):
    """One row's cells in the order of COLUMNS; empty where the file has no such column."""

    timestamp: str
    kind: str
    account: str
    asset: str
    quantity: str
    quote_asset: str
    quote_quantity: str
    fee_asset: str
    fee_quantity: str
    balance_after: str
    txid: str
    id: str
    note: str


class BadRow(ValueError):
    """A row that breaks the format; the text names the column and what was expected."""


@contextmanager
def connect(name: str, settings: Settings, world: World) -> Iterator[Ask]:
    """Reads files below the configuration's folder; each is sealed before a row of it is read."""

    def ask(stream: str, request: Request) -> Answer:
        path = world.folder / request.path
        try:
            with path.open("rb") as body:
                return world.seal(
                    stream=stream, method="FILE", url=request.path, params={}, status=None, body=body
                )
        except OSError as error:
            raise SourceError("file", f"the file cannot be read: {error.strerror}", where=str(path)) from None

    yield ask


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """One stream a file, in name order. Raises SourceError where the pattern matches nothing."""
    paths = known.files(settings.path)
    if not paths:
        raise SourceError(
            "file",
            f"no file matches {settings.path}",
            where=f"sources.{name}.path",
            next_step="Put the exports there, or correct the path; it is relative to recon.toml",
        )
    for gone in sorted(known.streams - {*paths, "opening"}):
        yield Stream(name=gone, read=_read_nothing)
    for path in paths:
        if (name := path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")) != path:
            raise SourceError(
                "file", f"the file's name is no text: {name}", where=name, next_step="Rename the file"
            )
        yield Stream(
            name=path,
            read=partial(_read, path),
            rows=partial(_rows, settings=settings),
            family="rows",
        )


def _read_nothing() -> Generator[Request, Answer, Pass]:
    """A file or listing of an earlier pull that is there no more, so that its last failure is not held against it."""
    yield from ()
    return Pass(answers=())


def _read(path: str) -> Generator[Request, Answer, Pass]:
    """Reads the file to its end before it counts as read, so that a bad row stops it whole."""
    answer = yield Request(method="FILE", path=path)
    return Pass(answers=(answer,))


def _rows(answers: Sequence[Answer], *, settings: Settings) -> Iterator[Row]:
    """Rows oldest first: a file written newest first is read backwards. Raises SourceError at the first bad row."""
    answer = answers[0]
    rows = _read_rows(answer, settings)
    if _newest_first(answer, settings):
        rows = reversed(list(rows))
    return rows


def _read_rows(answer: Answer, settings: Settings) -> Iterator[Row]:
    for number, (line, cells) in enumerate(_cells(answer, settings)):
        try:
            yield _row(answer, f"/{number}", cells, settings.account or "main")
        except (BadRow, NumberRefused) as fault:
            raise _bad_line(answer, line, str(fault)) from None


def _cells(answer: Answer, settings: Settings) -> Iterator[tuple[int, Cells]]:
    """Each data row with the number of the line it begins on."""
    end = 1
    with answer.body() as body, TextIOWrapper(body, encoding="utf-8-sig", newline="") as text:
        try:
            header = text.readline()
            delimiter = ";" if header.count(";") > header.count(",") else ","
            names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
            places = _places(answer, names, settings)
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            for row in reader:
                line, end = end + 1, reader.line_num + 1
                if not row:
                    continue
                if len(row) != len(names):
                    raise _bad_line(
                        answer, line, f"{len(row)} cells, but the header names {len(names)} columns"
                    )
                if "\0" in "".join(row):
                    column = next(name for name, cell in zip(names, row, strict=True) if "\0" in cell)
                    raise _bad_line(answer, line, f"column {column}: it holds a NUL character")
                row.append("")
                yield line, Cells._make([row[place].strip() for place in places])
        except UnicodeDecodeError as error:
            raise _bad_line(
                answer, _undecodable_line(answer), f"the file is not UTF-8: {error.reason}"
            ) from None
        except csv.Error as error:
            raise _bad_line(answer, end + 1, f"the line cannot be read: {error}") from None


def _undecodable_line(answer: Answer) -> int:
    """Text is decoded a piece of the file at a time, so the line at fault must be looked for."""
    with answer.body() as body:
        lines = enumerate(body, 1)
        return next(number for number, line in lines if line.decode(errors="ignore").encode() != line)


def _places(answer: Answer, names: Sequence[str], settings: Settings) -> list[int]:
    """Where each of our columns stands in a row; one past the end for a column the file lacks."""
    for column in (*_NEEDED, *settings.columns):
        if settings.columns.get(column, column) not in names:
            raise _bad_line(answer, 1, f"the header has no column {settings.columns.get(column, column)!r}")
    wanted = [settings.columns.get(column, column) for column in COLUMNS]
    for name in wanted:
        if names.count(name) > 1:
            raise _bad_line(answer, 1, f"the header names column {name!r} twice")
    return [names.index(name) if name in names else len(names) for name in wanted]


def _newest_first(answer: Answer, settings: Settings) -> bool:
    """Whether the first two different times of the file descend. What cannot be read is left to the reading itself."""
    first: datetime | None = None
    with suppress(BadRow, SourceError):
        for _, cells in _cells(answer, settings):
            at = _moment(cells.timestamp)
            if first is not None and at != first:
                return at < first
            first = at
    return False


def _row(answer: Answer, pointer: str, cells: Cells, account: str) -> Row:
    at = _moment(cells.timestamp)
    if cells.kind not in KINDS:
        raise BadRow(f"column kind: {cells.kind[:40]!r} is none of {', '.join(KINDS)}")
    asset = _asset(cells.asset, "asset")
    quantity = _positive(cells.quantity, "quantity")
    after = _number(cells.balance_after, "balance_after") if cells.balance_after else None
    account = cells.account or account
    if len(account) > 64 or not account.isprintable():
        raise BadRow("column account: expected at most 64 printable characters")
    if cells.kind not in _ARRIVING:
        quantity = quantity.copy_negate()
    return Row(
        identity=("id", cells.id) if cells.id else ("row", *cells),
        at=at,
        ordinal=micros(at),
        kind=cells.kind,
        status="settled",
        account=account,
        asset=asset,
        quantity=quantity,
        data=write_json({name: cell for name, cell in zip(COLUMNS, cells, strict=True) if cell}),
        seq=answer.seq,
        pointer=pointer,
        postings=_postings(answer.source, cells, account, asset, quantity, after),
    )


def _postings(
    source: str, cells: Cells, account: str, asset: str, quantity: Decimal, after: Decimal | None
) -> tuple[Posting, ...]:
    """The row's asset, a trade's quote on the other side, and the fee; the statement balance is that of the asset."""
    place = assets(source, account)
    contra = _CONTRA.get(cells.kind, "trading").format(source)
    legs = moved(place, contra, asset, quantity, after)
    trade = cells.kind in ("buy", "sell")
    if trade or cells.quote_quantity:
        quote = _asset(cells.quote_asset, "quote_asset")
        paid = _positive(cells.quote_quantity, "quote_quantity")
        if trade:
            legs += moved(place, contra, quote, paid.copy_negate() if cells.kind == "buy" else paid)
    if cells.fee_quantity and (fee := _number(cells.fee_quantity, "fee_quantity")):
        if fee < 0:
            raise BadRow(f"column fee_quantity: expected 0 or more, got {cells.fee_quantity}")
        fee_asset = _asset(cells.fee_asset, "fee_asset")
        legs += moved(place, f"fees:{source}", fee_asset, fee.copy_negate())
    return legs if len(legs) == 2 else merged(legs)  # two legs of one quantity have nothing to merge


def _moment(text: str) -> datetime:
    try:
        return from_epoch(text) if text.isdecimal() else from_iso(text)
    except (ValueError, OverflowError):
        raise BadRow(
            f"column timestamp: expected ISO 8601 with a zone, or epoch s or ms, got {text[:40]!r}"
        ) from None


def _asset(text: str, column: str) -> str:
    code, usable = asset_code(text)
    if not usable:
        raise BadRow(f"column {column}: {text[:40]!r} is not 1 to 32 of A-Z a-z 0-9 . _ : -")
    return code


def _number(text: str, column: str) -> Decimal:
    try:
        return parse(text)
    except NumberRefused as refused:
        raise BadRow(f"column {column}: {refused}") from None


def _positive(text: str, column: str) -> Decimal:
    number = _number(text, column)
    if number <= 0:
        raise BadRow(f"column {column}: expected a positive quantity, got {text}")
    return number


def _bad_line(answer: Answer, line: int, what: str) -> SourceError:
    return SourceError(
        "bad_row",
        f"line {line}: {what}",
        where=answer.url,
        next_step="Correct the line and pull again; nothing of this file was posted",
    )


SOURCE = Source(kind="csv", title="CSV file", settings=Settings, connect=connect, streams=streams)
