"""One sheet of an Excel workbook (.xlsx) as rows of text, read as a stream and without a float.

The libraries for workbooks hand numbers over as floats. Here a number is the digits that the file stores, rounded
half even to the 15 that Excel keeps: a stored 0.30000000000000004 is the 0.3 that was typed.
Source of the format: ECMA-376 part 1, sections 18.3, 18.8.30 (formats) and 18.17.4 (dates).
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import BinaryIO
from zipfile import ZipFile

from recon.core.money import text
from recon.sources._csv_workbook import (
    DAY_ZERO,
    Book,
    Sheet,
    SheetRefused,
    book_of,
    chosen_sheet,
    fed,
    open_book,
    unescaped,
)

FILE_BYTES = 128 << 20
_ROWS, _COLUMNS, _CHARACTERS = 1_048_576, 16_384, 32_767
"""What Excel itself keeps to."""
_KEPT = Context(prec=15, rounding=ROUND_HALF_EVEN)
_DAYS = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,2})?\Z")
_REFERENCE = re.compile(r"([A-Z]{1,3})[1-9][0-9]{0,6}\Z")


class Plain(str):
    """A number or date of a cell, written in the contract's own form (a date without its zone)."""

    __slots__ = ()


class Odd(str):
    """Why a cell cannot be read: it matters only where its column does."""

    __slots__ = ()


def sheet_rows(body: BinaryIO, sheet: str | None) -> Iterator[tuple[str, int, list[str]]]:
    """Every row with something in it, after its place and number; cells are stripped text.

    The first is the header, and every row is at least as long. Without ``sheet``, the first one shown is read. Raises
    SheetRefused.
    """
    packed = body.read(FILE_BYTES + 1)
    if len(packed) > FILE_BYTES:
        raise SheetRefused(f"the workbook is larger than {FILE_BYTES >> 20} MiB")
    if packed.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("the workbook has a password, or is an old .xls under another name")
    with open_book(packed) as file:
        book = book_of(file)
        chosen = chosen_sheet(book.sheets, sheet)
        width = 0
        for number, cells in _rows(file, book, chosen):
            last = max(cells)
            width = width or last + 1
            line = [cells.get(place, "") for place in range(max(width, last + 1))]
            yield f"sheet {chosen.name!r} row", number, line


class _Cells:
    """What expat calls while it reads a sheet; whole rows wait in ``rows``."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.rows: list[tuple[int, dict[int, str]]] = []
        self.columns: dict[str, int] = {}
        self.number = 0
        self.column = -1
        self.inside = self.phonetic = self.formula = False
        self.kind = "n"
        self.style = ""
        self.value: str | None = None
        self.pieces: list[str] | None = None
        self.cells: dict[int, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheetData":
            self.inside = True
        elif not self.inside:
            return
        elif name == "c":
            self.column = self._column(attributes.get("r"))
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.value, self.formula = None, False
        elif name == "v" or (name == "t" and not self.phonetic):
            self.pieces = []
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.phonetic = True
        elif name == "row":
            number = attributes.get("r", str(self.number + 1))
            if not number.isdecimal() or not self.number < int(number) <= _ROWS:
                raise SheetRefused(f"row {number[:20]!r} stands after row {self.number}")
            self.number, self.column, self.cells = int(number), -1, {}

    def data(self, piece: str) -> None:
        if self.pieces is not None:
            self.pieces.append(piece)

    def end(self, name: str) -> None:
        if self.pieces is not None and name in ("v", "t"):
            self.value = (self.value or "") + "".join(self.pieces)
            self.pieces = None
            if len(self.value) > _CHARACTERS:
                raise SheetRefused(f"cell {self._place()} holds more than {_CHARACTERS} characters")
        elif not self.inside:
            return
        elif name == "c":
            if cell := self._cell():
                self.cells[self.column] = cell
        elif name == "rPh":
            self.phonetic = False
        elif name == "row":
            if self.cells:
                self.rows.append((self.number, self.cells))
        elif name == "sheetData":
            self.inside = False

    def _column(self, reference: str | None) -> int:
        if reference is None:
            return self.column + 1
        found = _REFERENCE.match(reference)
        if not found:
            raise SheetRefused(f"{reference[:20]!r} names no cell")
        letters = found[1]
        if letters not in self.columns:
            place = 0
            for letter in letters:
                place = place * 26 + ord(letter) - 64
            self.columns[letters] = place - 1
        if not self.column < self.columns[letters] < _COLUMNS:
            raise SheetRefused(f"cell {reference} is out of its order")
        return self.columns[letters]

    def _place(self) -> str:
        letters, rest = "", self.column + 1
        while rest:
            rest, last = divmod(rest - 1, 26)
            letters = chr(65 + last) + letters
        return f"{letters}{self.number}"

    def _cell(self) -> str:
        value = self.value
        if value is None:
            if not self.formula:
                return ""
            return Odd(
                f"cell {self._place()} holds a formula without its result; open the file in Excel and save it"
            )
        if self.kind == "s":
            if not value.isdecimal() or int(value) >= len(self.book.strings):
                raise SheetRefused(f"cell {self._place()} names a text that the workbook lacks")
            return self.book.strings[int(value)]
        if self.kind in ("str", "inlineStr"):
            return unescaped(value)
        if self.kind == "d":
            return Plain(value.strip())
        if self.kind == "n":
            return self._number(value) if value else ""
        if self.kind == "b":
            return Odd(
                f"cell {self._place()} holds {'FALSE' if value == '0' else 'TRUE'}, not a text or number"
            )
        return Odd(f"cell {self._place()} holds the error {value[:20]}")

    def _number(self, lexeme: str) -> str:
        if not _NUMBER.match(lexeme):
            return Odd(f"cell {self._place()} holds {lexeme[:40]!r}, which is not a number")
        number = Decimal(lexeme)
        if self.style.isdecimal() and int(self.style) in self.book.dates:
            return _date(number, self.book.day_zero) or Plain(text(number))
        digits = "".join(map(str, number.as_tuple().digits)).strip("0") if len(lexeme) > 15 else ""
        if len(digits) > 17 or (len(digits) > 15 and lexeme.lstrip("-").isdecimal()):
            return Odd(
                f"cell {self._place()} holds the number {lexeme[:40]}, but Excel keeps 15 digits; expected a text cell"
            )
        return Plain(text(_KEPT.plus(number)))


def _date(serial: Decimal, day_zero: datetime) -> Plain | None:
    """The local time of a serial, to the millisecond; None for a time of no day.

    Before its day 61 the 1900 system counts a leap day that never was.
    """
    if not (61 if day_zero == DAY_ZERO else 0) <= serial < 2_958_466:
        return None
    thousandths = _DAYS.to_integral_value(_DAYS.multiply(serial, Decimal(86_400_000)))
    return Plain((day_zero + timedelta(milliseconds=int(thousandths))).isoformat())


def _rows(file: ZipFile, book: Book, sheet: Sheet) -> Iterator[tuple[int, dict[int, str]]]:
    cells = _Cells(book)
    for _ in fed(file, book.parts, sheet.part, cells.start, cells.end, cells.data):
        yield from cells.rows
        cells.rows.clear()
