"""Writes the rows of a table as CSV that any program can take up again without losing a digit.

UTF-8, commas, line feeds. Numbers are exact decimal texts, moments ISO 8601 in UTC, an empty cell is nothing. A text
that begins with one of = + - @ ' or a control would be a formula to a spreadsheet: it has one ' in front, which whoever
reads the text takes off again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from recon.core.document import Cell, Column, Live, Table
from recon.core.money import text
from recon.core.times import short_text

Add = Callable[[Iterable[Sequence[Cell]]], None]
"""Takes the next rows."""
_ODD = re.compile('[,"\r\n]')
_ACTIVE = frozenset("=+-@'\t\r\n")


def render(table: Table, path: Path) -> None:
    """Writes a table, a row in memory at a time."""
    with writing(table.columns, path) as add:
        add(table.rows)


@contextmanager
def writing(columns: Sequence[Column], path: Path) -> Iterator[Add]:
    """A new file with the titles of these columns, to be given its rows in the block."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(_line(column.title for column in columns))
        yield lambda rows: file.writelines(map(_line, rows))


def _line(cells: Iterable[Cell]) -> str:
    """A line, in which a lone carriage return is quoted too: Python's own writer leaves it bare, and it ends a row."""
    return (",".join(map(_quoted, map(plain, cells))) or '""') + "\n"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if _ODD.search(word) else word


def plain(cell: Cell) -> str:
    """A cell as the file has it."""
    if isinstance(cell, Live):
        cell = cell.value
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in _ACTIVE and cell else cell
    if isinstance(cell, Decimal):
        return text(cell)
    if isinstance(cell, datetime):
        return short_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
