"""Fills a user's own workbook: places that have a name of ours, and native tables called as ours are.

A fact named NAME goes where ``fact_NAME`` is, a total where ``total_TABLE_COLUMN`` is, each with its exact text where
the same name with ``_exact`` behind it is. A table TABLE is filled where its headers are our titles, and gets as many
rows as ours has; its other columns keep their formulas for every row. A figure of more than 15 digits goes into its
cell as the number that a cell can hold, for text is no summand.

The rest is left as it is, as far as openpyxl writes what it read. Where it would drop something, nothing is written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter
from zipfile import BadZipFile, ZipFile, ZipInfo

from openpyxl import load_workbook
from openpyxl.formula.translate import Translator
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import get_column_letter

from recon.core.document import Cell, Document, Live
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.times import EPOCH, moment_text, naive
from reports._render._digits import fits_cell
from reports._render._fields import Field, meant, walk
from reports._render._whole import whole
from reports._render._xlsx_layout import Placed
from reports._render._xlsx_pens import SHEET_ROWS, cell_text, word
from reports._render._xlsx_plan import planned

_DAY, _MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_UNSAID = {
    "calcchain",
    "printersetting",
    "sharedstring",
    "app",
    "core",
    "vmldrawing",
    "thumbnail",
}
"""Kinds of parts that are written anew under other names, or that say nothing to people."""
_REDRAWN = {"chart", "style", "color"}
_LABELS = {"item", "itemprop", "labelinfo"}
_LOSS = re.compile("removed|lost|ignored|dropped|Unable")
_CONTROL = re.compile(rb'ObjectType="(?!Note")')
_SHAPES = re.compile(rb"<xdr:(?:sp|cxnSp|grpSp)[ >]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


@dataclass
class Filled:
    """What was filled, by name, and what its user must know."""

    names: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def fill_template(document: Document, template: Path, path: Path) -> Filled:
    """Writes the template with the document's figures to ``path``, whole or not at all.

    Raises ConfigError where the template is no workbook, has no name of ours, or would lose something; OSError.
    """
    given = _read(template)
    book, dropped = _opened(given, template)
    plan = planned(document, SHEET_ROWS, SHEET_ROWS)
    known = _named(document, plan.tables)
    filled = Filled()
    for name, cell in _places(book, known):
        _put(cell, known[name.casefold()])
        filled.names.append(name)
    for sheet in book.worksheets:
        for table in [*sheet.tables.values()]:
            placed = next(
                (one for key, one in plan.tables.items() if key.casefold() == table.displayName.casefold()),
                None,
            )
            if placed is not None:
                _fill(sheet, table, placed, template, filled)
                filled.tables.append(table.displayName)
    if not filled.names and not filled.tables:
        names = ", ".join([*known][:12])
        raise ConfigError(
            "it has no name and no table of this report",
            where=str(template),
            next_step=f"Name cells {names} ... or native tables {', '.join([*plan.tables][:12])}",
        )
    book.calculation.fullCalcOnLoad = True
    book.template = False
    made = BytesIO()
    book.save(made)
    _refuse_losses(template, given, made.getvalue(), dropped)
    filled.notes += _told(given)
    with whole(path) as file:
        _packed(made, file, document)
    return filled


def _read(template: Path) -> bytes:
    try:
        return template.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the template cannot be read: {error.strerror}",
            where=str(template),
            next_step="Give the path of an .xlsx file with --template",
        ) from None


def _opened(given: bytes, template: Path) -> tuple[Any, list[str]]:
    """The workbook, and what the library says that it cannot keep."""
    with catch_warnings(record=True) as told:
        simplefilter("always")
        try:
            with ZipFile(BytesIO(given)) as parts:
                has_macros = any("vbaproject" in name.casefold() for name in parts.namelist())
            book = load_workbook(BytesIO(given), rich_text=True)
        except Exception as error:  # noqa: BLE001 - the library raises what it likes over a file it does not know
            why = "" if isinstance(error, BadZipFile) else f" ({type(error).__name__})"
            raise ConfigError(
                f"it is no whole .xlsx workbook{why}",
                where=str(template),
                next_step="Save it as an Excel workbook (.xlsx) and give that with --template",
            ) from None
    lost = [str(one.message) for one in told if _LOSS.search(str(one.message))]
    return book, ["macros"] * has_macros + lost


def _named(document: Document, tables: Mapping[str, Placed]) -> dict[str, Cell]:
    """Every name that a template may ask for."""
    known: dict[str, Cell] = {}
    for section in document.sections:
        for fact in section.facts:
            if fact.name:
                known[f"fact_{fact.name}"] = fact.value.value if isinstance(fact.value, Live) else fact.value
    for key, placed in tables.items():
        for one in reversed(placed.profile.fields):  # the whole total stands behind the one that cells hold
            if one.total is not None:
                title = placed.table.columns[one.shows].title
                known[f"total_{key}_{word(title)}"] = known.get(f"total_{key}_{word(title)}", one.total)
    exact = {
        f"{name}_exact": text(Decimal(value))
        for name, value in known.items()
        if isinstance(value, Decimal | int)
    }
    return {name.casefold(): value for name, value in (known | exact).items()}


def _places(book: Any, known: Mapping[str, Cell]) -> Iterator[tuple[str, Any]]:
    """The cells that have one of the names: of an area its first."""
    scopes = [book.defined_names, *(sheet.defined_names for sheet in book.worksheets)]
    for name, defined in (pair for scope in scopes for pair in scope.items()):
        if name.casefold() not in known:
            continue
        for sheet, area in defined.destinations:
            left, top, _, _ = range_boundaries(area.replace("$", ""))
            yield name, book[sheet].cell(top or 1, left or 1)


def _fill(sheet: Any, table: Any, placed: Placed, template: Path, filled: Filled) -> None:
    """Makes the template's table as long as ours and fills the columns that have our titles."""
    left, top, right, bottom = range_boundaries(table.ref)
    beneath = int(table.totalsRowCount or 0)
    first, before = top + 1, bottom - top - beneath
    count = max(len(placed.table.rows), 1)
    where = f"{template}, table {table.displayName}"
    _refuse_what_is_in_the_way(sheet, where, (left, top, right, bottom), count - before)
    columns = {left + number: one for number, one in enumerate(table.tableColumns)}
    ours = {one.title: one for one in placed.profile.fields if one.kind != "places"}
    shown = {place: ours[one.name] for place, one in columns.items() if one.name in ours}
    if not shown:
        raise ConfigError(
            "none of its headers is a title of ours", where=where, next_step=f"Use {', '.join(ours)}"
        )
    _move_totals(sheet, (left, right), bottom if beneath else 0, first + count)
    for place in columns:
        _stretch(sheet, place, (first, before, count), beneath, is_ours=place in shown)
    table.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{top + count + beneath}"
    if table.autoFilter is not None:
        table.autoFilter.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{top + count}"
    for row, values in enumerate(_rows(placed, [*shown.values()]), first):
        for place, value in zip(shown, values, strict=True):
            _put(sheet.cell(row, place), value)
    titles = {one.title for one in shown.values()}
    filled.notes += [
        f"{table.displayName}: {title} has figures of more than the 15 digits that a cell holds; a column {title} "
        "(exact) beside it would have them whole"
        for title in ours
        if title in titles and f"{title} (exact)" in ours and f"{title} (exact)" not in titles
    ]


def _refuse_what_is_in_the_way(sheet: Any, where: str, edges: tuple[int, int, int, int], more: int) -> None:
    """Nothing of the user's is overwritten by a table that grows."""
    left, top, right, bottom = edges
    if bottom + more > SHEET_ROWS:
        raise ConfigError(
            "a sheet has no room for all its rows", where=where, next_step="Ask for a shorter period"
        )
    for row in range(bottom + 1, bottom + more + 1):
        for column in range(left, right + 1):
            if sheet.cell(row, column).value is not None:
                place = f"{sheet.title}!{get_column_letter(column)}{row}"
                raise ConfigError(
                    f"{place} stands where it must grow to",
                    where=where,
                    next_step=f"Move it, or give the table {more} more rows",
                )
    for merged in sheet.merged_cells.ranges:
        in_rows = merged.min_row <= bottom + max(more, 0) and merged.max_row >= top
        if in_rows and merged.min_col <= right and merged.max_col >= left:
            raise ConfigError(
                f"the merged cells {merged.coord} are in its way", where=where, next_step="Take them apart"
            )


def _move_totals(sheet: Any, edges: tuple[int, int], at: int, to: int) -> None:
    """Puts a table's row of totals where the table ends now."""
    if not at or at == to:
        return
    for column in range(edges[0], edges[1] + 1):
        source, target = sheet.cell(at, column), sheet.cell(to, column)
        target.value, target._style = source.value, copy(source._style)  # noqa: SLF001 # the library's way
        source.value = None


def _stretch(sheet: Any, place: int, rows: tuple[int, int, int], beneath: int, *, is_ours: bool) -> None:
    """Gives new rows of a column the looks of its first, and a column of theirs its formula in each; empties the rest.

    ``rows``: the first one, and how many there were and will be.
    """
    first, before, count = rows
    model = sheet.cell(first, place)
    has_formula = not is_ours and model.data_type == "f" and isinstance(model.value, str)
    for row in range(first + before, first + count):
        sheet.cell(row, place)._style = copy(model._style)  # noqa: SLF001 # the library's way
    for row in range(first + 1, first + count):
        if has_formula:
            cell = sheet.cell(row, place)
            cell.value = Translator(model.value, model.coordinate).translate_formula(cell.coordinate)
    for row in range(first + count + beneath, first + before):
        sheet.cell(row, place).value = None


def _rows(placed: Placed, fields: Sequence[Field]) -> Iterator[Sequence[Cell]]:
    """The table's rows as these fields show them; where there are none, one that is empty."""
    if not placed.table.rows:
        yield [None] * len(fields)
    for part in walk(placed.table, {}):
        columns: list[Sequence[Cell]] = []
        for one in fields:
            cells = meant(part.columns[one.shows])
            if one.kind == "exact":
                cells = [text(Decimal(each)) if isinstance(each, Decimal | int) else each for each in cells]
            columns.append(cells)
        yield from zip(*columns, strict=True)


def _put(cell: Any, value: Cell) -> None:
    """A value of ours in a cell of theirs, which keeps its looks; text stays text."""
    if isinstance(value, str):
        cell.value = cell_text(value) or None
        if cell.value is not None:
            cell.data_type = "s"
    elif isinstance(value, datetime):
        _dated(cell, naive(value) if value.tzinfo else value, _MOMENT)
    elif isinstance(value, date):
        _dated(cell, value, _DAY)
    elif isinstance(value, Decimal) and not fits_cell(value):
        cell.value = Decimal(f"{value:.15g}")
    else:
        cell.value = value


def _dated(cell: Any, value: date, form: str) -> None:
    given = cell.number_format
    cell.value = value  # which gives the cell a format of its own
    cell.number_format = given if is_date_format(given) else form


def _refuse_losses(template: Path, given: bytes, made: bytes, dropped: Sequence[str]) -> None:
    """Stops where the template has what would not be in the file."""
    lost = [*dict.fromkeys(dropped)]
    with ZipFile(BytesIO(given)) as before, ZipFile(BytesIO(made)) as after:
        kinds, kept = _kinds(before), _kinds(after)
        for kind, names in kinds.items():
            if len(kept.get(kind, ())) < len(names) and kind not in _UNSAID | _REDRAWN - {"chart"} | _LABELS:
                lost.append(", ".join(names))
        for kind, pattern, what in (("drawing", _SHAPES, "shapes"), ("vmldrawing", _CONTROL, "controls")):
            lost += [
                f"the {what} of {name}" for name in kinds.get(kind, ()) if pattern.search(before.read(name))
            ]
    if lost:
        raise ConfigError(
            f"these would be lost from it: {'; '.join(lost)}",
            where=str(template),
            next_step="Take them out of a copy of the template, fill that, and link to it from the workbook that has "
            "them",
        )


def _told(given: bytes) -> list[str]:
    with ZipFile(BytesIO(given)) as parts:
        kinds = _kinds(parts)
    notes = ["formulas have no results until a program reckons them, which it does when it opens the file"]
    if charts := kinds.get("chart"):
        notes.append(f"its charts are drawn anew and may look different: {', '.join(charts)}")
    if pivots := kinds.get("pivottable"):
        notes.append(f"pivot tables hold what they held until they are refreshed: {', '.join(pivots)}")
    if labels := [name for kind in _LABELS for name in kinds.get(kind, ())]:
        notes.append(f"labels of other programs are left out: {', '.join(sorted(labels))}")
    return notes


def _kinds(parts: ZipFile) -> dict[str, list[str]]:
    """The parts by their kind: xl/charts/chart2.xml is a chart."""
    found: dict[str, list[str]] = {}
    for name in parts.namelist():
        stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold()
        kind = re.sub(r"\d+$", "", stem).rstrip("s")
        if not name.endswith((".rels", "/")):
            found.setdefault(kind, []).append(name)
    return found


def _packed(made: BytesIO, file: Any, document: Document) -> None:
    """The same bytes for the same figures: no clock in them but the document's."""
    stamp = moment_text(document.as_of or EPOCH)[:19].encode() + b"Z"
    with ZipFile(made) as parts, ZipFile(file, "w") as packed:
        for one in parts.infolist():
            data = parts.read(one)
            if one.filename == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>" + stamp, data)
            same = ZipInfo(one.filename, (1980, 1, 1, 0, 0, 0))
            same.compress_type, same.external_attr = one.compress_type, one.external_attr
            packed.writestr(same, data)
