"""What every sheet is drawn with: formats, text that stays text, and names that a workbook takes."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from xlsxwriter import Workbook

from reports._render._plain import visible

SHEET_ROWS = 1_048_576
MOST_ROWS = SHEET_ROWS - 100
"""A sheet's rows, with room for a title, notes, a header and a total."""
LONGEST = 32_767
_CUT = " [cut: a cell holds no more]"
A4 = 9
_REFUSED_IN_NAMES = re.compile(r"[\[\]:*?/\\'\n]")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_INK, MUTED, _RULE, HEAD = "#1B1F24", "#5C6670", "#D8DDE3", "#1F3A5F"
LINK = {"font_color": "#0B57A4", "underline": 1}
GOOD = {"font_color": "#17663D", "bg_color": "#E6F4EA"}
FAIR = {"font_color": "#7A5200", "bg_color": "#FFF4D6"}
BAD = {"font_color": "#A3211B", "bg_color": "#FDE7E6"}
TONES: dict[str, dict[str, Any]] = {"good": GOOD, "fair": FAIR, "bad": BAD, "plain": {}}
BASE = {"font_name": "Calibri", "font_size": 10, "font_color": _INK, "valign": "top"}
CELL = {"bottom": 1, "bottom_color": _RULE, "indent": 1}
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Pen(NamedTuple):
    """A sheet, a way to get its cell formats, and a format for what is laid over cells that meet a condition."""

    sheet: Any
    look: Callable[..., Any]
    tint: Callable[..., Any]


def pens(book: Workbook) -> Callable[[str], Pen]:
    """Adds a sheet of that name to the workbook and gives the pen for it."""
    look = cache(lambda **properties: book.add_format(BASE | properties))
    tint = cache(lambda **properties: book.add_format(properties))
    return lambda name: Pen(book.add_worksheet(name), look, tint)


def namer(book: Workbook) -> Callable[[str, str], None]:
    """Gives names to places of the workbook; a name that is taken already gets a number."""
    taken: Counter[str] = Counter()

    def define(name: str, place: str) -> None:
        taken[name.casefold()] += 1
        number = taken[name.casefold()]
        book.define_name(name if number == 1 else f"{name}_{number}", f"={place}")

    return define


def put_text(pen: Pen, row: int, column: int, words: str, look: Any) -> None:
    """Text as text. What looks like the library's own mark-up would be written as it stands, so it goes in pieces."""
    plain = cell_text(words)
    if plain.startswith("<r>") and plain.endswith("</r>"):
        pen.sheet.write_rich_string(row, column, "<", "r>", plain[3:], look)
    else:
        pen.sheet.write_string(row, column, plain, look)


def put_link(pen: Pen, row: int, column: int, words: str, to: str, look: Any) -> None:
    """Text that leads to a place in the workbook."""
    pen.sheet.write_url(row, column, f"internal:{to}", look, "link")
    put_text(pen, row, column, words, look)


def cell_text(words: str) -> str:
    """``words`` as a cell holds them: all visible, no longer than it takes in UTF-16 units; a cut says so."""
    shown = visible(words)
    if 2 * len(shown) <= LONGEST:
        return shown
    units = shown.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return shown
    return units[: 2 * (LONGEST - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def short(words: str, most: int) -> str:
    """One line of at most so many characters."""
    plain = visible(words).replace("\n", " ")
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def sheet_name(title: str, taken: Iterable[str]) -> str:
    """At most 31 characters, none of those that Excel refuses, and not the name of another sheet."""
    clean = _REFUSED_IN_NAMES.sub("-", visible(title))[:31].strip() or "Sheet"
    used = {name.casefold() for name in taken} | {"history"}
    name, number = clean, 2
    while name.casefold() in used:
        ending = f" ({number})"
        name, number = clean[: 31 - len(ending)] + ending, number + 1
    return name


def quoted(name: str) -> str:
    """A sheet's name as formulas and links write it."""
    return "'" + name.replace("'", "''") + "'"


def word(title: str) -> str:
    """A title as a part of a defined name: ``Closing by the ledger`` is ``closing_by_the_ledger``."""
    return _NO_WORD.sub("_", title.casefold()).strip("_") or "column"
