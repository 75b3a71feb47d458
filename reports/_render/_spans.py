"""Where in a sealed text a pointer leads: RFC 6901 for JSON, the number of a row for a text or a workbook of rows.

Rows are counted from 0 behind the header, as the source that reads such files counts them.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Iterable
from itertools import pairwise
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from reports._render._texts import TEXTS

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_BLANK = " \t\n\r"
_ZIP = b"PK\x03\x04"


class Read(NamedTuple):
    """A sealed answer as text, and for each pointer that was found in it the stretch it leads to."""

    text: str
    spans: dict[str, tuple[int, int]]


def read(body: bytes, pointers: Iterable[str], withheld: Collection[str] = ()) -> Read | None:
    """The text of a body with the places of these pointers; None where it is no text.

    The values of members of its JSON that are ``withheld`` are replaced by a word that says so.
    """
    if body.startswith(_ZIP):
        return _workbook(body, pointers)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in body[:4096]:
            return None
        text = body.decode("cp1252", "backslashreplace")
    try:
        text = _without(text, withheld)
        return Read(text, _json_spans(text, pointers))
    except (ValueError, RecursionError, IndexError):
        return Read(text, _line_spans(text, pointers))


def _without(text: str, names: Collection[str]) -> str:
    """Raises ValueError for what is no JSON."""
    pieces, at = [], 0
    if names:
        _DECODER.decode(text.removeprefix("\ufeff"))
        for found in re.finditer(rf'"(?:{"|".join(map(re.escape, sorted(names)))})"\s*:\s*', text):
            if found.end() > at:
                pieces.append(text[at : found.end()])
                _, at = _DECODER.raw_decode(text, found.end())
                pieces.append(json.dumps(TEXTS["withheld"]))
    return "".join(pieces) + text[at:]


def _json_spans(text: str, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Raises ValueError or IndexError for what is no JSON."""
    start = _past_blank(text, 1 if text.startswith("\ufeff") else 0)
    _, end = _DECODER.raw_decode(text, start)
    if _past_blank(text, end) != len(text):
        raise ValueError("there is more behind the value")
    tree: dict[Any, Any] = {}
    for pointer in pointers:
        branch = tree
        for step in pointer.split("/")[1:]:
            branch = branch.setdefault(_step(step), {})
        branch[None] = pointer
    found: dict[str, tuple[int, int]] = {}
    _walk(text, start, tree, found)
    return found


def _step(stated: str) -> str:
    """A step of a pointer as the member's name: in the string form of RFC 6901 section 5, then its two escapes."""
    if "\\" in stated:
        try:
            stated = _DECODER.decode(f'"{stated}"')
        except ValueError:
            return stated
    return stated.replace("~1", "/").replace("~0", "~")


def _walk(text: str, at: int, tree: dict[Any, Any], found: dict[str, tuple[int, int]]) -> int:
    """Notes the stretches of the pointers in a tree of steps, from the value at a place on; where the value ends."""
    opening = text[at]
    if not tree.keys() - {None} or opening not in "[{":
        _, end = _DECODER.raw_decode(text, at)
    else:
        end = _walk_members(text, at, opening == "{", tree, found)
    if None in tree:
        found[tree[None]] = (at, end)
    return int(end)


def _walk_members(
    text: str, at: int, has_names: bool, tree: dict[Any, Any], found: dict[str, tuple[int, int]]
) -> int:
    place = _past_blank(text, at + 1)
    number = 0
    while text[place] not in "]}":
        name = str(number)
        if has_names:
            name, place = scanstring(text, place + 1, True)  # noqa: FBT003
            place = _past_blank(text, _past_blank(text, place) + 1)
        branch = tree.get(name)
        if branch is None:
            _, place = _DECODER.raw_decode(text, place)
        else:
            place = _walk(text, place, branch, found)
        place = _past_blank(text, place)
        if text[place] == ",":
            place = _past_blank(text, place + 1)
        number += 1
    return place + 1


def _past_blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _line_spans(text: str, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Each row of a text of rows, the line breaks within its quotes too."""
    lines = io.StringIO(text, newline="").readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    first = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if first.count(";") > first.count(",") else ",")
    rows: list[tuple[int, int]] = []
    at = 0
    try:
        for row in reader:
            if row:
                rows.append((starts[at], starts[reader.line_num]))
            at = reader.line_num
    except csv.Error:
        pass  # what could not be read as a row has no place, and is shown unmarked
    return _numbered(rows, pointers)


def _workbook(body: bytes, pointers: Iterable[str]) -> Read | None:
    """The first sheet shown of a workbook, row by row, its cells apart by a tab."""
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
        lines: list[str] = []
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if any(cell is not None and str(cell).strip() for cell in row):
                cells = "\t".join("" if cell is None else str(cell) for cell in row)
                lines.append(f"{TEXTS['sheet_row'].format(sheet=sheet.title, row=number)}\t{cells}\n")
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, StopIteration):
        return None
    ends = [0]
    for text in lines:
        ends.append(ends[-1] + len(text))
    whole = "".join(lines)
    return Read(whole, _numbered(list(pairwise(ends)), pointers))


def _numbered(rows: list[tuple[int, int]], pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for pointer in pointers:
        if pointer[1:].isdecimal() and 0 <= int(pointer[1:]) + 1 < len(rows):
            found[pointer] = rows[int(pointer[1:]) + 1]
    return found
