"""A pointer leads to exactly the bytes it names: in JSON, in lines of a file, in rows of a workbook."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from recon.core.document import Exhibit
from recon.core.errors import EvidenceError
from recon.sources._rows import step
from reports._render._exhibits import links_of, parts_of
from reports._render._spans import read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """Every place below a value by its pointer."""
    found = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        here = f"{pointer}/{step(str(name))}"
        found += [(here, one), *places(one, here)]
    return found


@given(value=VALUES, indent=st.sampled_from([None, 1]), is_ascii=st.booleans())
def test_every_place_of_any_json_is_found_with_its_own_text(
    value: Any, indent: int | None, is_ascii: bool
) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    wanted = places(value)
    try:
        body.decode()
    except UnicodeDecodeError:  # a lone surrogate is no UTF-8, and such bytes are read as another encoding
        return
    found = read(body, [pointer for pointer, _ in wanted])
    assert found is not None
    for pointer, inner in wanted:
        start, end = found.spans[pointer]
        assert json.loads(found.text[start:end]) == inner, pointer


def test_of_a_name_that_stands_twice_the_last_counts_as_it_does_when_it_is_read() -> None:
    found = read(b'{"a": 1, "a": 2}', ["/a"])
    assert found is not None
    assert found.text[slice(*found.spans["/a"])] == "2"


def test_numbers_that_no_float_holds_are_shown_as_received() -> None:
    found = read(b'[{"n": 0.123456789012345678, "e": 1e999}, ' + b"9" * 5_000 + b"]", ["/0/n", "/0/e", "/1"])
    assert found is not None
    assert [found.text[slice(*found.spans[one])] for one in ("/0/n", "/0/e")] == [
        "0.123456789012345678",
        "1e999",
    ]


def test_what_is_about_a_person_is_withheld_at_any_depth_and_the_rest_shown_as_received() -> None:
    body = b'{"0": {"ip" : "203.0.113.77", "at": 1, "city": {"name": ["x"]}, "note": "an \\"ip\\": here"}}'
    found = read(body, ["/0/at", "/0/note"], {"ip", "city"})
    assert found is not None
    assert found.text == body.decode().replace('"203.0.113.77"', '"(withheld)"').replace(
        '{"name": ["x"]}', '"(withheld)"'
    )
    assert [found.text[slice(*found.spans[one])] for one in ("/0/at", "/0/note")] == [
        "1",
        '"an \\"ip\\": here"',
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("comma", [",", ";"])
def test_a_row_of_a_file_is_its_line_with_the_breaks_within_its_quotes(end: str, comma: str) -> None:
    lines = [f"a{comma}b", f"1{comma}x", "", f'2{comma}"one{end}two ""three"""', f"3{comma}żółć"]
    found = read(end.join(lines).encode(), ["/0", "/1", "/2", "/3"])
    assert found is not None
    stated = {pointer: found.text[slice(*span)].strip() for pointer, span in found.spans.items()}
    assert stated == {"/0": lines[1], "/1": lines[3], "/2": lines[4]}


def test_bytes_of_another_encoding_are_still_shown() -> None:
    found = read("a,b\n1,żó\n".encode("cp1250"), ["/0"])
    assert found is not None
    assert found.text[slice(*found.spans["/0"])].startswith("1,")


def test_a_row_of_a_workbook_is_told_with_its_sheet_and_number() -> None:
    book, body = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = "Depot"
    for row in (["id", "amount"], [], ["T1", "12.50"], ["T2", 3]):
        sheet.append(row)
    book.save(body)
    found = read(body.getvalue(), ["/0", "/1", "/2"])
    assert found is not None
    stated = {pointer: found.text[slice(*span)] for pointer, span in found.spans.items()}
    assert stated == {"/0": "Depot, row 3\tT1\t12.50\n", "/1": "Depot, row 4\tT2\t3\n"}


@pytest.mark.parametrize("body", [b"", b"\x00\x01\x02", b"PK\x03\x04broken", b"{", b"[1,2"])
def test_whatever_the_bytes_are_nothing_breaks(body: bytes) -> None:
    found = read(body, ["/0", "/a/b", "", "nonsense", "/99999999999999999999999"])
    assert found is None or all(0 <= start <= end <= len(found.text) for start, end in found.spans.values())


def exhibit(body: bytes) -> Exhibit:
    return Exhibit(sha256="ab" * 32, number=7, title="Answer", body=lambda: io.BytesIO(body))


def test_a_large_answer_is_shown_on_several_pages_and_each_row_is_on_the_one_its_link_names() -> None:
    rows = [{"number": number, "text": "x" * 900} for number in range(4_000)]
    pointers = {f"/data/{number}" for number in range(0, 4_000, 2)}
    shown = exhibit(json.dumps({"data": rows}).encode())
    parts, why = parts_of(shown, pointers)
    assert why == ""
    assert len(parts) > 2
    assert max(len(part.html) for part in parts) < 2 * 1024 * 1024
    links = links_of(shown, parts, pointers)
    pages = {f"answer.7{f'.{part.number}' if part.number > 1 else ''}.html": part.html for part in parts}
    for pointer in pointers:
        name, _, place = links[pointer].partition("#")
        row = re.search(rf'<mark id="{place}">(.*?)</mark>', pages[name])
        assert row and f"&quot;number&quot;: {pointer.rpartition('/')[2]}," in row[1]


def test_of_what_no_row_rests_on_the_middle_is_left_out_and_said_to_be() -> None:
    text = json.dumps({"noise": "y" * 500_000, "data": [1]})
    (part,), _ = parts_of(exhibit(text.encode()), ["/data/0"])
    assert len(part.html) < 100_000
    assert "characters that no row of this pack rests on are left out here" in part.html


def test_an_answer_that_is_lost_is_told_instead_of_shown(tmp_path: Path) -> None:
    def lost() -> io.BytesIO:
        raise EvidenceError("the sealed answer cannot be read", where=str(tmp_path))

    parts, why = parts_of(Exhibit(sha256="0" * 64, number=1, title="", body=lost), ["/0"])
    assert (parts, why) == ([], "The sealed bytes cannot be shown: the sealed answer cannot be read")
