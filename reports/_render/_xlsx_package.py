"""Puts the rows of tables into a workbook that XlsxWriter wrote without them, and the whole of it into a file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter.utility import xl_range

from reports._render._xlsx_rows import Rows

_DIMENSION = re.compile(r"<dimension [^>]*/>")
_NAME = re.compile(r' displayName="([^"]*)"')
_RANGE = re.compile(r' ref="[^"]*"')
_ROW = re.compile(r'<row r="(\d+)"')
_FORMAT = re.compile(r'<c r="[A-Z]+\d+" s="(\d+)"')
_LARGE = 1 << 30
_QUICK = 3
"""Of zlib's levels, the last that costs little: rows repeat themselves, and a higher one saves a tenth more."""


def package(book: bytes, rows: Mapping[int, Sequence[Rows]], file: IO[bytes]) -> None:
    """Copies the workbook's parts with the ``rows`` of the sheets of those numbers, counted from 1, in their places."""
    lengths = {one.placed.table.key: one for several in rows.values() for one in several if one.placed.native}
    sheets = {f"xl/worksheets/sheet{number}.xml": found for number, found in rows.items()}
    with ZipFile(BytesIO(book)) as whole, ZipFile(file, "w", ZIP_DEFLATED) as packed:
        for one in whole.infolist():
            data = whole.read(one)
            if one.filename.startswith("xl/tables/"):
                data = _table(data.decode(), lengths).encode()
            found = sheets.get(one.filename)
            if not found:
                packed.writestr(one, data)
                continue
            made = ZipInfo(one.filename, one.date_time)
            made.compress_type, made.external_attr = ZIP_DEFLATED, one.external_attr
            made._compresslevel = _QUICK  # type: ignore[attr-defined] # noqa: SLF001 # ZipFile.open takes no level
            cells = sum(one.part.size * len(one.placed.profile.fields) for one in found)
            with packed.open(made, "w", force_zip64=cells * 100 > _LARGE) as part:
                for piece in _sheet(data.decode(), found):
                    part.write(piece.encode())


def _table(xml: str, lengths: Mapping[str, Rows]) -> str:
    """A native table with its true length: of all of it, and of what its filter is for."""
    placed, part = (rows := lengths[found[1] if (found := _NAME.search(xml)) else ""]).placed, rows.part
    last, width = part.top + part.size, len(placed.profile.fields) - 1
    ranges = iter([xl_range(part.top, 0, last + placed.has_total, width), xl_range(part.top, 0, last, width)])
    return _RANGE.sub(lambda _: f' ref="{next(ranges)}"', xml)


def _sheet(xml: str, found: Iterable[Rows]) -> Iterator[str]:
    """The sheet with its rows. XlsxWriter reckons without them how far it reaches, which no reader needs to be told."""
    at, links = 0, list[str]()
    xml = _DIMENSION.sub("", xml, count=1)
    for rows in sorted(found, key=lambda one: one.part.top):
        first, last = rows.part.top + 2, rows.part.top + 1 + rows.part.size
        start = xml.index(f'<row r="{first}"', at)
        laid = xml[start : xml.index("</row>", start)]
        yield xml[at:start]
        yield from rows.xml(_FORMAT.findall(laid), links)
        beyond = (one.start() for one in _ROW.finditer(xml, start) if int(one[1]) > last)
        at = next(beyond, xml.index("</sheetData>", start))
    rest = xml[at:]
    if links and "</hyperlinks>" in rest:
        rest = rest.replace("</hyperlinks>", "".join(links) + "</hyperlinks>", 1)
    elif links:
        rest = rest.replace("<pageMargins", f"<hyperlinks>{''.join(links)}</hyperlinks><pageMargins", 1)
    yield rest
