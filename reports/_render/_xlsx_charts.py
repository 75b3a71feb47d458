"""Charts that Excel draws from cells: bars from a table's columns, lines over time from a sheet of points."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell

from recon.core.document import Bars, Chart, Line, Live
from recon.core.times import naive
from reports._render._digits import shown_decimals
from reports._render._fields import amount_format
from reports._render._xlsx_layout import CHART_ROWS, Placed
from reports._render._xlsx_pens import CELL, HEAD, Pen, put_text

WIDTH, HEIGHT = 900, 20 * CHART_ROWS - 15
_COLOURS = ("#1F6FB2", "#C2571A", "#5B7F2B", "#7A4FA3", "#8A6D00", "#0F7F86")
_FONT = {"name": "Calibri", "size": 9, "color": "#5C6670"}
_MOST_CACHED = 1_000


class Points:
    """The sheet of points: for each line its moments and balances side by side, a column of names beside its marks."""

    def __init__(self, pen: Pen, top: int) -> None:
        self.pen, self.top, self.column = pen, top, 0
        pen.sheet.set_row(top, 44)

    def put(self, title: str, line: Line) -> dict[str, Any]:
        """A line as a chart's series. A balance holds until the next moment, so each has two points."""
        steps: list[tuple[datetime, Decimal]] = []
        for at, value in line.points:
            if steps:
                steps.append((at, steps[-1][1]))
            steps.append((at, value))
        return self._columns(f"{title}, {line.name}", line.name, steps)

    def put_marks(self, title: str, line: Line) -> dict[str, Any]:
        """The points of a line that are to be noticed, each with its name."""
        column, top = self.column, self.top + 1
        found = self._columns(
            f"{title}, {line.name}: marked", "Marked", [(one.at, one.value) for one in line.marks]
        )
        name = self.pen.sheet.name
        labels = []
        for row, mark in enumerate(line.marks, top):
            put_text(self.pen, row, column + 2, mark.key, self.pen.look(**CELL))
            labels.append({"value": f"='{name}'!{_cell(row, column + 2)}"})
        self._head(column + 2, "Mark")
        self.column += 1
        return found | {
            "line": {"none": True},
            "marker": {
                "type": "diamond",
                "size": 8,
                "fill": {"color": "#A3211B"},
                "border": {"color": "#A3211B"},
            },
            "data_labels": {"value": True, "custom": labels, "position": "above", "font": _FONT},
        }

    def _columns(self, title: str, name: str, points: Sequence[tuple[datetime, Decimal]]) -> dict[str, Any]:
        sheet, column, top = self.pen.sheet, self.column, self.top
        self._head(column, f"{title} (UTC)")
        self._head(column + 1, name)
        shown = self.pen.look(**CELL, num_format=amount_format(shown_decimals(value for _, value in points)))
        moment = self.pen.look(**CELL, num_format="yyyy-mm-dd hh:mm:ss", align="left")
        for row, (at, value) in enumerate(points, top + 1):
            sheet.write_datetime(row, column, naive(at), moment)
            sheet.write_number(row, column + 1, value, shown)
        sheet.set_column(column, column + 1, 22)
        self.column += 2
        last = top + len(points)
        return {
            "name": [sheet.name, top, column + 1],
            "categories": [sheet.name, top + 1, column, last, column],
            "values": [sheet.name, top + 1, column + 1, last, column + 1],
        }

    def _head(self, column: int, words: str) -> None:
        look = {
            "bold": True,
            "font_color": "#FFFFFF",
            "bg_color": HEAD,
            "text_wrap": True,
            "valign": "vcenter",
        }
        put_text(self.pen, self.top, column, words, self.pen.look(**look, indent=1))


def put_lines(book: Workbook, pen: Pen, row: int, chart: Chart, points: Points) -> None:
    """Balances over time, in steps."""
    drawn = book.add_chart({"type": "scatter", "subtype": "straight"})
    for number, line in enumerate(chart.lines):
        if line.points:
            style = {"width": 1.75, "color": _COLOURS[number % len(_COLOURS)]}
            drawn.add_series(points.put(chart.title, line) | {"line": style})
        if line.marks:
            drawn.add_series(points.put_marks(chart.title, line))
    moments = [naive(at) for line in chart.lines for at, _ in line.points]
    spread = {"min": min(moments), "max": max(moments)} if len(set(moments)) > 1 else {}
    days = {"num_format": "d mmm yyyy", "date_axis": True, "num_font": _FONT} | spread
    drawn.set_x_axis(days | {"name": "Day (UTC)", "name_font": _FONT, "label_position": "low"})
    _finish(pen, row, drawn, chart.title, chart.unit)


def put_bars(book: Workbook, pen: Pen, row: int, bars: Bars, placed: Placed) -> None:
    """A bar for each row that the table has on its first sheet."""
    part = placed.parts[0]
    fields = {one.title: place for place, one in reversed([*enumerate(placed.profile.fields)])}
    titles = [one.title for one in placed.table.columns]
    cells = [*islice(placed.table.rows, _MOST_CACHED)]
    labels, values = ([one[titles.index(title)] for one in cells] for title in (bars.label, bars.value))
    first, last = part.top + 1, part.top + part.size
    drawn = book.add_chart({"type": "bar" if len(labels) > 12 else "column"})
    label, value = fields[bars.label], fields[bars.value]
    drawn.add_series(
        {
            "name": [part.page.name, part.top, value],
            "categories": [part.page.name, first, label, last, label],
            "values": [part.page.name, first, value, last, value],
            "categories_data": [str(one or "") for one in labels],
            "values_data": [one.value if isinstance(one, Live) else one for one in values],
            "fill": {"color": _COLOURS[0]},
            "gap": 60,
            "invert_if_negative": True,
            "invert_if_negative_color": "#A3211B",
        }
    )
    drawn.set_x_axis(
        {"name": _plain(bars.label), "name_font": _FONT, "num_font": _FONT, "label_position": "low"}
    )
    _finish(pen, row, drawn, bars.title, bars.unit)
    drawn.set_legend({"none": True})


def _finish(pen: Pen, row: int, drawn: Any, title: str, unit: str) -> None:
    drawn.set_title(
        {"name": _plain(title), "name_font": {"name": "Calibri", "size": 12, "color": HEAD}, "overlay": False}
    )
    grid = {"visible": True, "line": {"color": "#D8DDE3", "width": 0.5}}
    drawn.set_y_axis({"name": _plain(unit), "name_font": _FONT, "num_font": _FONT, "major_gridlines": grid})
    drawn.set_legend({"position": "bottom", "font": _FONT})
    drawn.set_size({"width": WIDTH, "height": HEIGHT})
    pen.sheet.insert_chart(row, 0, drawn, {"object_position": 3, "description": _plain(f"{title} ({unit})")})


def _plain(words: str) -> str:
    """Words that the library takes for words: a leading = would be a formula."""
    return f" {words}" if words.startswith("=") else words


def _cell(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True))
