"""Reads a workbook of breaks that comes back. Whoever sent it may have done anything to it, and sizes are bounded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter
from zipfile import BadZipFile, ZipFile, ZipInfo

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from recon.core.errors import ConfigError
from recon.pipeline.breaks_sheet import FACTS, FIELDS, ID, KEPT, MARK, SHEET, TOKEN, VERSION, Entry, plain

FILE_BYTES, UNPACKED_BYTES, PARTS, COLUMNS = 32 << 20, 192 << 20, 500, 200
_TITLES = (*(one.title for one in FACTS), *FIELDS.values(), VERSION, TOKEN)
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_HEADER_WITHIN = 20


class Cell(NamedTuple):
    """A cell as it was saved: where it stands, what it holds, and whether that is a formula or an error."""

    place: str
    value: Any
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row, its cells by their column's title."""

    number: int
    cells: Mapping[str, Cell]

    def word(self, title: str) -> str:
        """The text of a cell; numbers as Python writes them."""
        value = self.cells[title].value
        return "" if value is None else plain(str(value))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came back: the id of the file, what its hidden sheet kept of each row, and the rows there are now."""

    file: str
    kept: Mapping[str, Entry]
    rows: Sequence[Row]


def read(path: Path) -> Sent:
    """The workbook. Raises ConfigError where it is none that ``recon breaks export`` wrote."""
    _look_at(path)
    try:
        with catch_warnings():
            simplefilter("ignore")  # of what it leaves out, such as drop-downs, nothing is asked
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                missing = [name for name in (SHEET, KEPT) if name not in book.sheetnames]
                if missing:
                    raise _foreign(path, f"it has no sheet {missing[0]!r}")
                file, kept = _kept(path, _lines(book[KEPT], len(Entry._fields)))
                return Sent(file=file, kept=kept, rows=list(_rows(path, _lines(book[SHEET], COLUMNS))))
            finally:
                book.close()
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises what it likes over a file it does not know
        raise _foreign(path, f"it is no whole .xlsx workbook ({type(error).__name__})") from None


def _look_at(path: Path) -> None:
    """Refuses what is no workbook, or would be too much once unpacked. zipfile gives no more than a part states."""
    try:
        with path.open("rb") as file:
            begin = file.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise ConfigError(
            f"the file cannot be read: {error.strerror}", where=str(path), next_step="Give one that is there"
        ) from None
    if begin == _OLD_OR_LOCKED:
        raise _foreign(path, "it has a password, or is an old .xls under another name")
    if size > FILE_BYTES:
        raise _foreign(path, f"it is larger than {FILE_BYTES >> 20} MiB")
    try:
        with ZipFile(path) as packed:
            parts = packed.infolist()
    except (BadZipFile, OSError, ValueError, RuntimeError):  # RuntimeError: of a later version of the format
        raise _foreign(path, "it is no .xlsx workbook") from None
    _look_at_parts(path, parts)


def _look_at_parts(path: Path, parts: Sequence[ZipInfo]) -> None:
    if any(part.flag_bits & 1 for part in parts):
        raise _foreign(path, "it is encrypted")
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise _foreign(
            path, f"it unpacks to more than {UNPACKED_BYTES >> 20} MiB, or to more than {PARTS} parts"
        )


def _lines(sheet: Any, columns: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a sheet with something in the first so many columns, as the library has them."""
    sheet.reset_dimensions()  # what a file says about its own size need not be so
    for number, row in enumerate(sheet.iter_rows(max_col=columns), 1):
        if any(one.value is not None for one in row):
            yield number, row


def _cell(place: str, cell: Any) -> Cell:
    kind = cell.data_type if cell.value is not None else "n"
    fault = {"f": "a formula", "e": "an error", "b": "TRUE or FALSE"}.get(kind, "")
    return Cell(place, cell.value, fault)


def _kept(path: Path, lines: Iterator[tuple[int, Sequence[Any]]]) -> tuple[str, dict[str, Entry]]:
    _, head = next(lines, (0, ()))
    if [one.value for one in head[:1]] != [MARK] or not isinstance(head[1].value, str):
        raise _foreign(path, f"its sheet {KEPT!r} is not what this version writes")
    kept = {}
    for _, cells in lines:
        name, version, token, digests = [one.value for one in cells]
        if name is None:
            break  # only drop-downs from here on
        known = all(isinstance(one, str) for one in (name, version, token, digests))
        if not known or not version.isdecimal() or len(version) > 15 or name in kept:
            raise _foreign(path, f"its sheet {KEPT!r} was changed")
        kept[name] = Entry(name, int(version), token, digests.split(" "))
    return head[1].value, kept


def _rows(path: Path, lines: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[Row]:
    places: dict[str, int] = {}
    for number, cells in lines:
        if not places:
            words = [plain(one.value) if isinstance(one.value, str) else "" for one in cells]
            if ID in words and "Status" in words:
                wrong = next((one for one in _TITLES if words.count(one) != 1), None)
                if wrong:
                    raise _foreign(path, f"its sheet {SHEET!r} must have one column {wrong!r}")
                places = {one: words.index(one) for one in _TITLES}
            elif number > _HEADER_WITHIN:
                break
            continue
        here = {
            title: _cell(f"{get_column_letter(place + 1)}{number}", cells[place])
            for title, place in places.items()
        }
        if any(one.value is not None for one in here.values()):
            yield Row(number=number, cells=here)
    if not places:
        raise _foreign(path, f"its sheet {SHEET!r} has no row of titles")


def _foreign(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"this is no workbook of breaks to read: {why}",
        where=str(path),
        next_step="Give an .xlsx file that recon breaks export wrote, saved as .xlsx",
    )
