"""Workbooks that mean harm or are broken: refused with a message, in little memory, never with another error."""

import io
import re
import tracemalloc
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.errors import SourceError
from recon.sources import _sheet
from recon.sources._csv_workbook import SheetRefused
from recon.sources._sheet import sheet_rows
from tests.sources import workbooks as xl
from tests.sources.test_sheet import book, refused, rows

GOOD = xl.parts(("Data", xl.sheet(xl.header(), xl.line(), xl.line())), strings="<si><t>x</t></si>")
LAUGHS = '<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("part", GOOD)
@pytest.mark.parametrize(
    "doctype", [LAUGHS, EXTERNAL, '<!DOCTYPE z SYSTEM "http://127.0.0.1/x.dtd">', "<!DOCTYPE z>"]
)
def test_a_document_type_is_refused_in_every_part(part: str, doctype: str) -> None:
    body = xl.package(GOOD | {part: f"{doctype}{GOOD[part]!s}"})
    assert refused(body) == "the workbook holds a document type, which no spreadsheet program writes"


@pytest.mark.parametrize("part", GOOD)
def test_a_part_that_is_missing_cut_or_no_xml_is_told_by_name(part: str) -> None:
    content = str(GOOD[part])
    for broken in (content[:-5], "", "no xml", "&undefined;", content + "<more/>"):
        assert refused(xl.package(GOOD | {part: broken})).startswith(f"the part {part!r} is not whole XML: ")
    lacking = {name: content for name, content in GOOD.items() if name != part}
    assert refused(xl.package(lacking)) == f"the file is no Excel workbook: it lacks the part {part!r}"


@pytest.mark.parametrize(
    "body",
    [b"", b"timestamp,kind\n", b"<html>", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), xl.package(GOOD)[:-30],
     xl.package(GOOD)[200:]],
    ids=["empty", "csv", "html", "head", "bare", "cut", "headless"],
)  # fmt: skip
def test_what_is_no_whole_workbook_is_refused(body: bytes) -> None:
    assert re.match(
        r"the file is no whole \.xlsx workbook: |the file is no Excel workbook: it lacks", refused(body)
    )


def test_a_workbook_with_a_password_is_told_as_such() -> None:
    told = "the workbook has a password, or is an old .xls under another name"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == told


def test_a_part_that_is_encrypted_or_oddly_packed_is_refused() -> None:
    assert "is encrypted or packed in an unknown way" in refused(xl.package(GOOD, zipfile.ZIP_BZIP2))
    locked = bytearray(xl.package(GOOD))
    for found in re.finditer(rb"PK\x01\x02", bytes(locked)):
        locked[found.start() + 8] |= 1
    assert "is encrypted or packed in an unknown way" in refused(bytes(locked))


def test_two_parts_of_one_name_are_refused() -> None:
    body = io.BytesIO(xl.package(GOOD))
    with zipfile.ZipFile(body, "a") as file:
        file.writestr("XL/worksheets/sheet1.xml", xl.sheet(xl.header()))
    assert refused(body.getvalue()) == "the workbook holds two parts of one name"


def bomb(part: str, mebibytes: int) -> bytes:
    body = io.BytesIO(xl.package({name: content for name, content in GOOD.items() if name != part}))
    with (
        zipfile.ZipFile(body, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open(part, "w") as out,
    ):
        for _ in range(mebibytes):
            out.write(bytes(1 << 20))
    return body.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    body = bomb("xl/sharedStrings.xml", 129)
    assert len(body) < 2 << 20
    tracemalloc.start()
    try:
        assert refused(body) == "the part 'xl/sharedStrings.xml' unpacks to more than 128 MiB"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_a_part_that_is_larger_than_it_says_is_not_unpacked_further() -> None:
    body = bytearray(bomb("xl/sharedStrings.xml", 129))
    stated, small = (129 << 20).to_bytes(4, "little"), (1 << 20).to_bytes(4, "little")
    told = refused(bytes(body).replace(stated, small))
    assert told.startswith(("the part 'xl/sharedStrings.xml' is not whole XML", "the file is no whole .xlsx"))


def test_a_workbook_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sheet, "FILE_BYTES", 1000)
    assert refused(xl.package(GOOD)).startswith("the workbook is larger than ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('<row r="1"/>', "row '1' stands after row 1"),
        ('<row r="0"/>', "row '0' stands after row 1"),
        ('<row r="1048577"/>', "row '1048577' stands after row 1"),
        ('<row r="x"/>', "row 'x' stands after row 1"),
        ('<row r="²"/>', "row '²' stands after row 1"),
        ('<row r="2"><c r="ZZZ2"><v>1</v></c></row>', "cell ZZZ2 is out of its order"),
        ('<row r="2"><c r="B2"/><c r="A2"/></row>', "cell A2 is out of its order"),
        ('<row r="2"><c r="A2"/><c r="A2"/></row>', "cell A2 is out of its order"),
        ('<row r="2"><c r="a2"/></row>', "'a2' names no cell"),
        ('<row r="2"><c r="AAAAAAA2"/></row>', "'AAAAAAA2' names no cell"),
        (f"<row>{xl.text('x' * 32_768)}</row>", "cell A2 holds more than 32767 characters"),
        ('<row><c t="s"><v>-1</v></c></row>', "cell A2 names a text that the workbook lacks"),
        ('<row><c t="s"><v>\u0661</v></c></row>', "cell A2 names a text that the workbook lacks"),
    ],
)
def test_a_row_or_cell_out_of_its_place_stops_the_file(line: str, told: str) -> None:
    assert refused(book(line)) == told


def test_a_cell_with_a_nul_character_stops_the_file() -> None:
    what = refused(book(xl.line(note=xl.text("a_x0000_b"))))
    assert what == "sheet 'Data' row 2: column note: it holds a NUL character"


def test_what_stands_outside_the_rows_is_no_cell() -> None:
    content = xl.sheet(xl.header(), xl.line()).replace("<sheetData>", "<row><c><v>1</v></c></row><sheetData>")
    content = content.replace("</worksheet>", "<extLst><row><c><v>9</v></c></row></extLst></worksheet>")
    assert len(rows(xl.package(xl.parts(("Data", content))))) == 1


@given(data=st.data())
@settings(max_examples=300)
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(data: Any) -> None:
    body = bytearray(xl.package(GOOD, data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(SourceError):
        rows(bytes(body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body))


@given(st.text(alphabet='<>/rowcvtis "=&;A1-.e', max_size=60))
@settings(max_examples=300)
def test_a_sheet_of_any_markup_is_read_or_refused_and_nothing_else(markup: str) -> None:
    body = xl.package(xl.parts(("Data", xl.sheet(xl.header(), markup))))
    with suppress(SheetRefused):
        list(sheet_rows(io.BytesIO(body), None))


def test_a_long_sheet_takes_no_more_memory_than_its_file() -> None:
    body = book(*(xl.line(quantity=xl.number(f"{number}.25")) for number in range(1, 20_001)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in sheet_rows(io.BytesIO(body), None)) == 20_001
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(body) + 1_000_000
