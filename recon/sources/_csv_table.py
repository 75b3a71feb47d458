"""A file's lines as Cells, each with its place: text files and workbooks alike."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from itertools import chain
from pathlib import PurePosixPath
from typing import NamedTuple

from recon.core.answers import Answer
from recon.core.errors import SourceError
from recon.sources._csv_columns import COLUMNS, NEEDED, Cells, Columns
from recon.sources._csv_workbook import SheetRefused
from recon.sources._sheet import Odd, sheet_rows

_WORKBOOKS = {".xlsx", ".xlsm"}
_REFUSED = {".xls", ".xlsb", ".ods"}
Lines = Iterator[tuple[str, int, list[str]]]
"""Of each line with something in it: what it is counted in (a sheet's rows), its number, and its stripped cells."""


class Line(NamedTuple):
    """A row: its number among the file's rows, its place as people look for it, its cells."""

    number: int
    counted: str
    line: int
    cells: Cells

    @property
    def place(self) -> str:
        """As a message names it."""
        return f"{self.counted} {self.line}"


class Table(NamedTuple):
    """A file's headers, and its rows, which are read as they are taken."""

    names: list[str]
    lines: Iterator[Line]


def is_workbook(path: str) -> bool:
    """Whether a file is read as a workbook, by its name. Raises SourceError for a kind that is not read."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _REFUSED:
        raise SourceError(
            "file",
            f"{suffix} files are not read",
            where=path,
            next_step="Save it as .xlsx or .csv and pull again",
        )
    return suffix in _WORKBOOKS


def table(answer: Answer, columns: Columns) -> Table:
    """The file's table. Raises SourceError, also while its lines are taken, with the place of what is wrong."""
    found = lines(answer, columns)
    counted, line, names = next(found, ("row", 1, []))
    places = _places(answer, f"{counted} {line}", names, columns)
    return Table(names, _picked(answer, names, places, columns, found))


def lines(answer: Answer, columns: Columns) -> Lines:
    """The file's lines, the header first, as they are taken. Raises SourceError as ``table`` does."""
    return _sheet_lines(answer, columns) if is_workbook(answer.url) else _text_lines(answer, columns)


def bad_row(answer: Answer, place: str, what: str) -> SourceError:
    """What stops a file."""
    return SourceError(
        "bad_row",
        f"{place}: {what}",
        where=answer.url,
        next_step="Correct the line and pull again; nothing of this file was posted",
    )


def _sheet_lines(answer: Answer, columns: Columns) -> Lines:
    with answer.body() as body:
        try:
            yield from sheet_rows(body, columns.sheet)
        except SheetRefused as fault:
            raise SourceError(
                "bad_row",
                str(fault),
                where=answer.url,
                next_step="Save the workbook again as .xlsx and pull; nothing of this file was posted",
            ) from None


def _text_lines(answer: Answer, columns: Columns) -> Lines:
    encoding = "utf-8-sig" if codecs.lookup(columns.encoding).name == "utf-8" else columns.encoding
    end = 0
    with answer.body() as body, TextIOWrapper(body, encoding=encoding, newline="") as text:
        try:
            first = text.readline()
            delimiter = ";" if first.count(";") > first.count(",") else ","
            reader = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
            for row in reader:
                line, end = end + 1, reader.line_num
                if row or line == 1:
                    yield "line", line, [*map(str.strip, row)]
        except UnicodeError as error:
            line = _undecodable_line(answer, encoding)
            shown = columns.encoding.upper()
            raise bad_row(answer, f"line {line}", f"the file is not {shown}: {_reason(error)}") from None
        except csv.Error as error:
            raise bad_row(answer, f"line {end + 1}", f"the line cannot be read: {error}") from None


def _reason(error: UnicodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _undecodable_line(answer: Answer, encoding: str) -> int:
    """Text is decoded a piece of the file at a time, so the line at fault must be looked for."""

    def lines(errors: str) -> Iterator[str]:
        with answer.body() as body, TextIOWrapper(body, encoding, errors, newline="") as text:
            yield from text

    pairs = zip(lines("replace"), lines("ignore"), strict=False)
    return next((number for number, (with_marks, without) in enumerate(pairs, 1) if with_marks != without), 1)


def _places(answer: Answer, place: str, names: Sequence[str], columns: Columns) -> list[int]:
    """Where each of our columns stands in a row; one past the end for a column the file lacks."""
    stated = [column for column in COLUMNS if getattr(columns, column) is not None]
    needed = [column for column in NEEDED if column != "kind" or columns.sign == "positive"]
    wanted = [columns.header(column) for column in COLUMNS]
    for header in (*map(columns.header, (*needed, *stated)), *columns.skip):
        if header is not None and header not in names:
            raise bad_row(answer, place, f"the header has no column {header!r}")
    for header in (*wanted, *columns.skip):
        if header is not None and names.count(header) > 1:
            raise bad_row(answer, place, f"the header names column {header!r} twice")
    return [names.index(header) if header in names else len(names) for header in wanted]


def _picked(
    answer: Answer, names: Sequence[str], places: Sequence[int], columns: Columns, lines: Lines
) -> Iterator[Line]:
    """Our columns of every row that is not to be skipped; rows are counted with those that are."""
    width = len(names)
    skips = [(names.index(header), cells) for header, cells in columns.skip.items()]
    looked_at = sorted({*places, *(place for place, _ in skips)})
    workbook = is_workbook(answer.url)
    for number, (counted, line, row) in enumerate(lines):
        if len(row) != width:
            what = f"{len(row)} cells, but the header names {width} columns"
            raise bad_row(answer, f"{counted} {line}", what)
        if "\0" in "".join(row):
            column = next(name for name, cell in zip(names, row, strict=True) if "\0" in cell)
            raise bad_row(answer, f"{counted} {line}", f"column {column}: it holds a NUL character")
        row.append("")
        if workbook and (odd := [row[place] for place in looked_at if type(row[place]) is Odd]):
            raise bad_row(answer, f"{counted} {line}", odd[0])
        if skips and any(row[place] in cells for place, cells in skips):
            continue
        yield Line(number, counted, line, Cells._make([row[place] for place in places]))
