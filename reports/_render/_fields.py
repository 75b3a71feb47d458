"""A table as a sheet shows it: one field a column, and beside amounts what a cell's 15 digits leave out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from recon.core.document import Cell, Column, Table
from recon.core.money import round_to, text, total
from reports._render._digits import fits_cell, rounding_places, shown_decimals
from reports._render._plain import visible

PLACES = "Places"
PLACES_NOTE = (
    f"Formulas round at the decimals that {PLACES} gives for the row: those of its figures, or as many as a cell's 15 "
    "digits leave free of binary noise."
)
EXACT_NOTE = "A cell holds 15 digits; a column marked (exact) has the figures whole, as text."
_REFERENCE = re.compile(r"\[([^\]]+)\]")
_WIDEST_CODE = 26


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a sheet. ``look`` are properties of a cell format; ``formula`` is ready for a workbook."""

    title: str
    cells: Sequence[Cell]
    look: dict[str, Any]
    width: int
    formula: str = ""
    total: int | Decimal | None = None
    good: tuple[str, ...] = ()
    fair: tuple[str, ...] = ()
    is_flag: bool = False
    zero_is_good: bool = False


def fields(table: Table, widest: int) -> list[Field]:
    """The columns of ``table`` with, where needed, exact texts beside amounts and the places formulas round at.

    Text wraps at ``widest`` characters.
    """
    places = _places(table)
    found: list[Field] = []
    for number, column in enumerate(table.columns):
        cells = [row[number] for row in table.rows]
        if column.kind == "amount":
            found += _amounts(column, [one for one in cells if not isinstance(one, str)], places, table.key)
        else:
            found.append(_plain(column, cells, widest))
    if any(column.formula for column in table.columns):
        found.append(_plain(Column(title=PLACES, kind="count"), places, widest))
    return found


def notes(table: Table, shown: Sequence[Field]) -> list[str]:
    """What a reader of the sheet must know."""
    titles = {one.title for one in shown}
    told = [table.note] if table.note else []
    if PLACES in titles:
        told.append(PLACES_NOTE)
    if any(_exact_title(column) in titles for column in table.columns):
        told.append(EXACT_NOTE)
    return told


def _places(table: Table) -> list[int]:
    """For each row, where its formulas round."""
    named = {title for column in table.columns for title in _REFERENCE.findall(column.formula)}
    inputs = [number for number, column in enumerate(table.columns) if column.title in named]
    return [
        rounding_places(cell for number in inputs if isinstance(cell := row[number], Decimal))
        for row in table.rows
    ]


def _amounts(column: Column, cells: Sequence[Any], places: Sequence[int], key: str) -> list[Field]:
    """The numbers, and beside them the exact text where one of them is more than a cell holds or a formula gives."""
    numbers: list[Decimal | None] = list(cells)
    if column.formula:
        rounded = zip(cells, places, strict=True)
        numbers = [one if one is None else round_to(one, at, "half_up") for one, at in rounded]
    stated = [one for one in numbers if one is not None]
    sum_ = total(stated) if column.total else None
    behind = shown_decimals(stated)
    whole = max((len(f"{abs(one):,.0f}") for one in [*stated, sum_ or Decimal(0)]), default=1)
    value = Field(
        title=column.title,
        cells=numbers,
        look={"num_format": amount_format(behind), "align": "right"},
        width=_width(column.title, [whole + behind]),
        formula=_formula(column.formula, key),
        total=sum_,
        zero_is_good=column.zero_is_good,
    )
    if numbers == list(cells) and all(map(fits_cell, stated)):
        return [value]
    texts = [None if one is None else text(one) for one in cells]
    exact = Field(
        title=_exact_title(column),
        cells=texts,
        look={"num_format": "@", "align": "right"},
        width=_width(_exact_title(column), [len(one) for one in texts if one]),
        is_flag=column.zero_is_good,
        good=("0",) if column.zero_is_good else (),
    )
    return [value, exact]


def _plain(column: Column, cells: Sequence[Cell], widest: int) -> Field:
    """A column of anything but amounts."""
    looks: dict[str, dict[str, Any]] = {
        "text": {"num_format": "@", "align": "left"},
        "refs": {"num_format": "@", "align": "left"},
        "code": {"num_format": "@", "align": "left", "font_name": "Consolas", "font_size": 9},
        "count": {"num_format": "#,##0;[Red]-#,##0", "align": "right"},
        "moment": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
        "flag": {"num_format": "@", "align": "left"},
        "day": {"num_format": "yyyy-mm-dd", "align": "left"},
    }
    look = looks[column.kind]
    if any(isinstance(one, datetime) and one.microsecond for one in cells):
        look |= {"num_format": "yyyy-mm-dd hh:mm:ss.000"}
    lengths = [22 if column.kind == "moment" else len(visible(str(one))) for one in cells if one is not None]
    longest = max(lengths, default=0)
    if column.kind == "text" and longest > widest:
        look |= {"text_wrap": True}
    counts = [one for one in cells if isinstance(one, int)]
    return Field(
        title=column.title,
        cells=cells,
        look=look,
        width=_width(column.title, [min(longest, _WIDEST_CODE if column.kind == "code" else widest)]),
        total=sum(counts) if column.total else None,
        good=column.good,
        fair=column.fair,
        is_flag=column.kind == "flag",
    )


def amount_format(behind: int) -> str:
    """Points stand beneath one another: a ? takes the room of a zero that says nothing."""
    form = "#,##0" if behind == 0 else "#,##0." + "0" * min(behind, 2) + "?" * max(behind - 2, 0)
    return f"{form};[Red]-{form}"


def _formula(written: str, key: str) -> str:
    if not written:
        return ""
    terms = _REFERENCE.sub(rf"{key}[[#This Row],[\1]]", written)
    return f"=ROUND({terms},{key}[[#This Row],[{PLACES}]])"


def _exact_title(column: Column) -> str:
    return f"{column.title} (exact)"


def _width(title: str, lengths: Sequence[int]) -> int:
    """Wide enough for the cells and for a title on two lines beside its filter button."""
    words = title.split()
    header = max(*map(len, words), (len(title) + 1) // 2) + 3
    return max([header, *(length + 3 for length in lengths)])
