"""What stands around a table's rows: headers, the native table or filter, totals, colours and the sums of groups."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from recon.core.document import Live, Sum
from recon.core.money import round_to, text
from reports._render._fields import Field, amount_format, summed
from reports._render._xlsx_layout import Groups, Part, Piece, Placed, escaped
from reports._render._xlsx_live import Likes, sums
from reports._render._xlsx_pens import (
    BAD,
    CELL,
    FAIR,
    GOOD,
    HEAD,
    LINK,
    MUTED,
    Pen,
    put_link,
    put_text,
    quoted,
    word,
)
from reports._render._xlsx_rows import Leads, Rows, row_formula

HEADER_HEIGHT = 30


def put_table(
    pen: Pen,
    piece: Piece,
    lives: Mapping[Live, int],
    formulas: Mapping[Live, str],
    leads: Leads,
    name: Callable[[str, str], None],
) -> Rows | None:
    """A part of a table but its rows, which are to be put in; none where the table is empty."""
    placed, part = piece.table, piece.table.parts[piece.number]
    fields = placed.profile.fields
    heads = [_head(pen, field) for field in fields]
    pen.sheet.set_row(part.top, HEADER_HEIGHT)
    if not (placed.native and part.size):
        for column, field in enumerate(fields):
            put_text(pen, part.top, column, field.title, heads[column])
    if not part.size:
        put_text(pen, part.top + 1, 0, placed.table.empty, pen.look(italic=True, font_color=MUTED))
        return None
    first, last = part.top + 1, part.top + part.size
    ends = placed.has_total and piece.number == len(placed.parts) - 1
    if placed.native:
        _native(pen, placed, part, heads)
    else:
        pen.sheet.autofilter(part.top, 0, last, len(fields) - 1)
    for column, field in enumerate(fields):
        if ends:
            _total(pen, placed, field, last + 1, column, name)
        _colours(pen, field, first, last, column)
    rows = Rows(placed, part, lives, formulas, leads)
    for column, look in enumerate(rows.looks()):
        pen.sheet.write_blank(first, column, None, pen.look(**CELL, **look))
    return rows


def put_groups(pen: Pen, groups: Groups, row: int, likes: Likes) -> None:
    """Beneath a table the sums of its groups, to be folded away; each leads to its first row."""
    placed = groups.table
    table, sums_ = placed.table, placed.profile.sums
    columns = placed.columns()
    wanted = {one.title for one in summed(table)}
    places = [(place, one) for place, one in enumerate(placed.profile.fields) if one.title in wanted]
    look = pen.look(bold=True, bottom=1, bottom_color=HEAD, font_color=HEAD, indent=1)
    put_text(pen, row, 0, f"By {table.group}", look)
    for place, field in places:
        if place:
            put_text(
                pen,
                row,
                place,
                field.title,
                pen.look(bold=True, bottom=1, font_color=HEAD, align="right", indent=1),
            )
    for at, (group, start) in enumerate(placed.profile.groups.items(), row + 1):
        pen.sheet.set_row(at, None, None, {"level": 1})
        put_link(pen, at, 0, group or "(none)", placed.cell(start), pen.look(**CELL, **LINK))
        for place, field in places:
            reach = sums_[field.title, (table.group,)].get((group,))
            if not place or reach is None:
                continue
            terms = sums(Sum(table.key, field.title, ((table.group, group),)), likes, columns)
            shown = field.look | (
                {"num_format": amount_format(max(reach.places, 0))} if field.kind == "amount" else {}
            )
            value = round_to(reach.total, reach.places, "half_up")
            formula = f"=ROUND({'+'.join(terms)},{reach.places})"
            pen.sheet.write_formula(at, place, formula, pen.look(**CELL, **shown), value)
    pen.sheet.outline_settings(symbols_below=False)


def _native(pen: Pen, placed: Placed, part: Part, heads: list[Any]) -> None:
    """A native table of one row, as the library notes down each of its cells; it is given its length with its rows."""
    fields = placed.profile.fields
    added = pen.sheet.add_table(
        part.top,
        0,
        part.top + 1 + placed.has_total,
        len(fields) - 1,
        {
            "name": placed.table.key,
            "style": "Table Style Light 1",
            "total_row": placed.has_total,
            "columns": [
                {
                    "header": field.title,
                    "header_format": heads[number],
                    "formula": row_formula(placed, field),
                    "format": pen.look(**CELL, **field.look),
                    "total_function": _total_formula(placed, field),
                    "total_string": "Total" if placed.has_total and number == 0 else "",
                }
                for number, field in enumerate(fields)
            ],
        },
    )
    assert added == 0, f"{placed.table.key} is no table that a workbook takes"


def _head(pen: Pen, field: Field) -> Any:
    look = {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": HEAD,
        "text_wrap": True,
        "valign": "vcenter",
        "indent": 1,
    }
    return pen.look(**look, align=field.look["align"])


def _total_formula(placed: Placed, field: Field) -> str:
    """A sum over the rows that a filter leaves in sight, on all sheets of the table."""
    if field.total is None or field.kind == "exact":
        return ""
    if placed.native:
        summed_ = f"SUBTOTAL(109,{placed.table.key}[{escaped(field.title)}])"
    else:
        summed_ = "+".join(f"SUBTOTAL(109,{part[field.title]})" for part in placed.columns().parts)
    return f"ROUND({summed_},{field.places})" if isinstance(field.total, Decimal) else summed_


def _total(
    pen: Pen, placed: Placed, field: Field, row: int, column: int, name: Callable[[str, str], None]
) -> None:
    look = pen.look(bold=True, top=1, top_color=HEAD, indent=1, **field.look)
    if field.kind == "exact" and field.total is not None:
        put_text(pen, row, column, text(Decimal(field.total)), look)
    elif field.total is not None:
        value = field.total
        if isinstance(value, Decimal):
            value = round_to(value, field.places, "half_up")
        pen.sheet.write_formula(row, column, "=" + _total_formula(placed, field), look, value)
        place = f"{quoted(placed.parts[-1].page.name)}!${xl_col_to_name(column)}${row + 1}"
        name(f"total_{placed.table.key}_{word(field.title)}", place)
    elif column == 0:
        put_text(pen, row, column, "Total", look)
    else:
        pen.sheet.write_blank(row, column, None, look)


def _colours(pen: Pen, field: Field, first: int, last: int, column: int) -> None:
    """Colours that follow the cells: the words of a flag, and whether what must be zero is."""
    rules: list[dict[str, Any]] = []
    if field.kind == "flag" or (field.kind == "exact" and field.zero_is_good):
        for words, tone in ((field.good, GOOD), (field.fair, FAIR)):
            rules += [{"criteria": "==", "value": f'"{one}"', "format": pen.tint(**tone)} for one in words]
        rules.append({"criteria": "!=", "value": '""', "format": pen.tint(**BAD)})
    elif field.zero_is_good:
        rules = [
            {"criteria": "==", "value": 0, "format": pen.tint(**GOOD)},
            {"criteria": "!=", "value": 0, "format": pen.tint(**BAD)},
        ]
    if rules:
        rules.insert(0, {"type": "blanks", "format": None})
    for rule in rules:
        pen.sheet.conditional_format(
            first, column, last, column, {"type": "cell", "stop_if_true": True} | rule
        )
