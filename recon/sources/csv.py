"""CSV files and Excel workbooks: each file a stream, all files of a source one multiset of rows.

Their columns are the contract's own, or mapped to them by the settings. Exports overlap: a row that two files hold is
one row, a row that one file holds twice is two. A bad row stops its file with the line's number. Sums of money enter
as text and only as text.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

from recon.core.answers import Answer
from recon.core.contracts import Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import text
from recon.core.records import Row, Told
from recon.core.times import EPOCH, short_text
from recon.sources._csv_columns import COLUMNS, Columns, stated
from recon.sources._csv_rows import BadRow, Rules, fee_of, row, rules_of, told_by
from recon.sources._csv_table import Line, Table, bad_row, is_workbook, table
from recon.sources._settings import SourceSettings

_GONE = 404
_UNLISTED = {"listed": "no"}
_NO_FILES = {"opening", "files"}
"""Streams of a source of files that are no file: its stated openings, and a listing that found nothing."""


class Settings(SourceSettings):
    """``path`` may be a pattern. ``columns`` says how the files' columns are ours, where they are not already.

    ``account`` stands where a row names none.
    """

    path: str
    columns: Columns = Columns()
    account: str | None = None


class ShownRow(NamedTuple):
    """A row as it would be read; quantities signed as they would be posted, empty where there is none."""

    line: str
    timestamp: str
    kind: str
    account: str
    asset: str
    quantity: str
    fee: str
    balance_after: str


class Shown(NamedTuple):
    """The first rows of a file, and what stopped their reading: empty when nothing did."""

    file: str
    rows: Sequence[ShownRow]
    fault: str


@contextmanager
def connect(name: str, settings: Settings, world: World) -> Iterator[Ask]:
    """Reads files below the configuration's folder; each is sealed before a row of it is read.

    That a file is not there, not listed any more or cannot be read is sealed too, without a body: the evidence tells
    every file that was listed.
    """

    def ask(stream: str, request: Request) -> Answer:
        path = world.folder / request.path
        seal = partial(world.seal, stream=stream, method="FILE", url=request.path, params=request.params)
        if request.params == _UNLISTED:
            return seal(status=_GONE, body=None)
        try:
            with path.open("rb") as body:
                return seal(status=None, body=body)
        except (FileNotFoundError, NotADirectoryError):
            return seal(status=_GONE, body=None)
        except OSError as error:
            seal(status=None, body=None)
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
    for path in paths:
        if (shown := path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")) != path:
            raise SourceError(
                "file", f"the file's name is no text: {shown}", where=shown, next_step="Rename the file"
            )
    for old in sorted(known.streams - {*paths, "opening"}):
        yield Stream(name=old, read=_read_nothing if old in _NO_FILES else partial(_read_unlisted, old))
    for path in paths:
        yield Stream(
            name=path,
            read=partial(_read, path),
            rows=partial(_rows, settings=settings),
            family="rows",
        )


def assumptions(settings: Settings) -> Mapping[str, str]:
    """How files that are not in the contract's columns are read."""
    return stated(settings.columns)


def told(settings: Settings) -> Callable[[str], Told]:
    """What reads a row's worth and note."""
    return told_by(rules_of(settings.columns, settings.account, [*COLUMNS]))


def preview(
    settings: Settings,
    files: Callable[[str], Sequence[str]],
    opened: Callable[[str], BinaryIO],
    limit: int = 5,
) -> list[Shown]:
    """The first rows of each file as they would be read, in the file's own order; seals and posts nothing.

    ``files`` gives the paths that a pattern matches, ``opened`` the bytes of one; it may raise OSError.
    """
    return [_shown(path, settings, opened, limit) for path in files(settings.path)]


def _shown(path: str, settings: Settings, opened: Callable[[str], BinaryIO], limit: int) -> Shown:
    unsealed = Answer(
        seq=0, at=EPOCH, source="", stream=path, method="FILE", url=path, params={}, status=None, sha256=None,
        size=0, link="", body=partial(opened, path),
    )  # fmt: skip
    rows: list[ShownRow] = []
    fault = ""
    try:
        found, rules = _table(unsealed, settings)
        for line in islice(found.lines, limit):
            rows.append(_shown_row(unsealed, line, rules))  # noqa: PERF401 - those before a fault are shown
    except SourceError as error:
        fault = error.what
    except OSError as error:
        fault = f"the file cannot be read: {error.strerror}"
    return Shown(path, rows, fault)


def _shown_row(answer: Answer, line: Line, rules: Rules) -> ShownRow:
    one = _row(answer, line, rules)
    fee = fee_of(rules.whole(line.cells), rules)
    after = one.postings[0].balance_after if one.postings else None
    return ShownRow(
        line=line.place,
        timestamp=short_text(one.at),
        kind=one.kind,
        account=one.account,
        asset=one.asset,
        quantity=text(one.quantity),
        fee=f"{text(fee[0])} {fee[1]}" if fee else "",
        balance_after="" if after is None else text(after),
    )


def _read_nothing() -> Generator[Request, Answer, Pass]:
    """What an earlier pull read and this one need not ask for, so that its last failure is not held against it."""
    yield from ()
    return Pass(answers=())


def _read_unlisted(path: str) -> Generator[Request, Answer, Pass]:
    """A file of an earlier pull that the pattern matches no more: the evidence then says so, and nothing is read."""
    yield Request(method="FILE", path=path, params=_UNLISTED)
    return Pass(answers=())


def _read(path: str) -> Generator[Request, Answer, Pass]:
    """Reads the file to its end before it counts as read, so that a bad row stops it whole."""
    answer = yield Request(method="FILE", path=path)
    is_workbook(path)
    if answer.status == _GONE:
        raise SourceError("file", "the file was listed, but is gone", where=path, next_step="Pull again")
    return Pass(answers=(answer,))


def _rows(answers: Sequence[Answer], *, settings: Settings) -> Iterator[Row]:
    """Rows oldest first: a file written newest first is read backwards. Raises SourceError at the first bad row."""
    answer = answers[0]
    rows = _read_rows(answer, settings)
    if _newest_first(answer, settings):
        rows = reversed(list(rows))
    return rows


def _table(answer: Answer, settings: Settings) -> tuple[Table, Rules]:
    found = table(answer, settings.columns)
    return found, rules_of(settings.columns, settings.account, found.names)


def _read_rows(answer: Answer, settings: Settings) -> Iterator[Row]:
    found, rules = _table(answer, settings)
    for line in found.lines:
        yield _row(answer, line, rules)


def _row(answer: Answer, line: Line, rules: Rules) -> Row:
    try:
        return row(answer, f"/{line.number}", line.cells, rules)
    except (BadRow, NumberRefused) as fault:
        raise bad_row(answer, line.place, str(fault)) from None


def _newest_first(answer: Answer, settings: Settings) -> bool:
    """Whether the first two different times of the file descend. What cannot be read is left to the reading itself."""
    first: datetime | None = None
    with suppress(BadRow, SourceError):
        found, rules = _table(answer, settings)
        for line in found.lines:
            at = rules.moment(rules.whole(line.cells).timestamp)
            if first is not None and at != first:
                return at < first
            first = at
    return False


SOURCE = Source(
    kind="csv",
    title="CSV file or Excel workbook",
    settings=Settings,
    connect=connect,
    streams=streams,
    assumptions=assumptions,
    told=told,
    preview=preview,
    address=lambda settings: settings.path,
)
