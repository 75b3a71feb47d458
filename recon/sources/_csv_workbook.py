"""The parts of an Excel workbook (.xlsx) around its sheets: which there are, the shared texts, what shows a date.

The parser is expat itself: no tree is built, so that a long sheet takes no memory, and a document type, which is
where XML bombs live, is refused where it begins. Source of the format: ECMA-376 part 1, sections 12 and 18; part 2 for
the package.
"""

import posixpath
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

PART_BYTES = 512 << 20
STRINGS_BYTES = 128 << 20
_CHUNK = 1 << 16
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|;.*', re.DOTALL)
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ZIP_FAULTS = (BadZipFile, EOFError, OverflowError, RuntimeError, ValueError, struct.error, zlib.error)
"""What zipfile raises for one broken byte or another."""
DAY_ZERO, DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a serial has no zone


class SheetRefused(ValueError):
    """The workbook cannot be read; the text says where and why."""


class Sheet(NamedTuple):
    """A worksheet and the part that holds it."""

    name: str
    part: str
    hidden: bool


class Book(NamedTuple):
    """What the cells of every sheet lean on; ``dates`` are the styles that show a number as a date."""

    parts: Mapping[str, ZipInfo]
    sheets: Sequence[Sheet]
    strings: Sequence[str]
    dates: frozenset[int]
    day_zero: datetime


def open_book(packed: bytes) -> ZipFile:
    """The workbook's package. Raises SheetRefused."""
    try:
        return ZipFile(BytesIO(packed))
    except _ZIP_FAULTS as error:
        raise _not_whole(error) from None


def book_of(file: ZipFile) -> Book:
    """Everything but the sheets themselves."""
    parts = {one.filename.replace("\\", "/").lower(): one for one in file.infolist()}
    if len(parts) != len(file.infolist()):
        raise SheetRefused("the workbook holds two parts of one name")
    main = next(
        (part for kind, part in _related(file, parts, "").values() if kind == "officeDocument"),
        "xl/workbook.xml",
    )
    related = _related(file, parts, main)
    sheets: list[Sheet] = []
    day_zero = DAY_ZERO

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal day_zero
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            day_zero = DAY_ZERO_1904
        if name == "sheet":
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, part = related.get(key, ("", ""))
            if kind == "worksheet":
                hidden = attributes.get("state", "visible") != "visible"
                sheets.append(Sheet(attributes.get("name", ""), part, hidden))

    _read(fed(file, parts, main, start))
    others = dict(related.values())
    return Book(
        parts=parts,
        sheets=sheets,
        strings=_strings(file, parts, others["sharedStrings"]) if "sharedStrings" in others else (),
        dates=_date_styles(file, parts, others["styles"]) if "styles" in others else frozenset(),
        day_zero=day_zero,
    )


def chosen_sheet(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """The sheet of this name, or the first one shown. Raises SheetRefused."""
    for one in sheets:
        if one.name == name or (name is None and not one.hidden):
            return one
    wanted = "no visible sheet" if name is None else f"no sheet {name!r}"
    raise SheetRefused(
        f"the workbook has {wanted}; its sheets are {', '.join(repr(one.name) for one in sheets)}"
    )


def _related(file: ZipFile, parts: Mapping[str, ZipInfo], part: str) -> dict[str, tuple[str, str]]:
    """The parts that a part (the package itself: "") names: kind and name by relationship id."""
    found: dict[str, tuple[str, str]] = {}
    folder, name = posixpath.split(part)

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = (kind, target.lstrip("/"))

    _read(fed(file, parts, posixpath.join(folder, "_rels", f"{name}.rels"), start))
    return found


def _strings(file: ZipFile, parts: Mapping[str, ZipInfo], part: str) -> list[str]:
    """The shared strings. Phonetic readings (rPh) stand beside a text and are no part of it."""
    found: list[str] = []
    pieces: list[str] = []
    inside = phonetic = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside, phonetic
        inside = name == "t" and not phonetic
        phonetic = phonetic or name == "rPh"

    def end(name: str) -> None:
        nonlocal inside, phonetic
        inside = False
        if name == "rPh":
            phonetic = False
        elif name == "si":
            found.append(unescaped("".join(pieces)))
            pieces.clear()

    def data(piece: str) -> None:
        if inside:
            pieces.append(piece)

    _read(fed(file, parts, part, start, end, data, limit=STRINGS_BYTES))
    return found


def _date_styles(file: ZipFile, parts: Mapping[str, ZipInfo], part: str) -> frozenset[int]:
    """The cell styles that show a number as a date or time."""
    own: dict[str, str] = {}
    formats: list[str] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            formats.append(attributes.get("numFmtId", "0"))

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and name != "cellXfs"

    _read(fed(file, parts, part, start, end))
    return frozenset(place for place, one in enumerate(formats) if _is_date(one, own.get(one)))


def _is_date(number: str, code: str | None) -> bool:
    if code is None:
        return number.isdecimal() and int(number) in _DATE_FORMATS
    return re.search("[dmyhs]", _NO_DATE.sub("", code[:255]), re.IGNORECASE) is not None


def _read(pieces: Iterator[None]) -> None:
    for _ in pieces:
        pass


def fed(
    file: ZipFile,
    parts: Mapping[str, ZipInfo],
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
    limit: int = PART_BYTES,
) -> Iterator[None]:
    """Reads a part, calling the handlers with names without their prefix; yields after every piece of it."""
    info = parts.get(part.lower())
    if info is None:
        raise SheetRefused(f"the file is no Excel workbook: it lacks the part {part!r}")
    if info.flag_bits & 1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise SheetRefused(f"the part {part!r} is encrypted or packed in an unknown way")
    # zipfile gives no more bytes than the size stated here, so it is enough to hold that to the limit
    if info.file_size > limit:
        raise SheetRefused(f"the part {part!r} unpacks to more than {limit >> 20} MiB")
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if data:
        parser.CharacterDataHandler = data
    try:
        for chunk in _chunks(file, info):
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - it takes no keyword
        yield
    except expat.ExpatError as error:
        raise SheetRefused(f"the part {part!r} is not whole XML: {error}") from None


def _chunks(file: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    try:
        with file.open(info) as content:
            while chunk := content.read(_CHUNK):
                yield chunk
    except _ZIP_FAULTS as error:
        raise _not_whole(error) from None


def _not_whole(error: Exception) -> SheetRefused:
    return SheetRefused(f"the file is no whole .xlsx workbook: {error}")


def _refuse_doctype(*_: Any) -> None:
    raise SheetRefused("the workbook holds a document type, which no spreadsheet program writes")


def unescaped(stored: str) -> str:
    """A text as it was typed: characters that XML cannot hold are stored as _xHHHH_."""
    if "_x" in stored:
        stored = _ESCAPED.sub(
            lambda found: found[0] if "D800" <= found[1].upper() <= "DFFF" else chr(int(found[1], 16)), stored
        )
    return stored.strip()
