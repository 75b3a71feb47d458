"""Running balances as charts: one part an account, one chart for each of its assets that moved."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from recon.core.books import Books, Curve
from recon.core.breaks import Break
from recon.core.document import Chart, Line, Mark, Section
from recon.core.money import ZERO

Point = tuple[datetime, Decimal]


def accounts(books: Books) -> list[Section]:
    """The charts of every account; assets whose balance never changed are named instead of drawn."""
    opening = {(one.source, one.account, one.asset): one.opening for one in books.roll_forward}
    breaks: dict[tuple[str | None, ...], list[Break]] = {}
    for one in books.breaks:
        breaks.setdefault((one.found.source, one.found.account, one.found.asset), []).append(one.found)
    parts: list[Section] = []
    for (source, account), curves in groupby(books.curves, key=lambda one: (one.source, one.account)):
        charts, flat = [], []
        for curve in curves:
            ledger = _whole_period(curve, opening.get((source, account, curve.asset), ZERO), books)
            marks = _marks(breaks.get((source, account, curve.asset), ()), ledger, books)
            if marks or len({value for _, value in (*ledger, *curve.statement)}) > 1:
                charts.append(_chart(curve, ledger, marks))
            else:
                flat.append(curve.asset)
        lead = f"Unchanged throughout: {', '.join(flat)}." if flat else ""
        key = f"curve-{len(parts) + 1}"
        parts.append(
            Section(key=key, of=(source, account), title=f"{source}, {account}", lead=lead, charts=charts)
        )
    return parts


def _chart(curve: Curve, ledger: Sequence[Point], marks: Sequence[Mark]) -> Chart:
    lines = [Line(name="Ledger", points=ledger, marks=marks)]
    if curve.statement:
        lines.append(Line(name="Venue's statement", points=curve.statement))
    return Chart(title=curve.asset, unit=curve.asset, lines=lines)


def _whole_period(curve: Curve, opening: Decimal, books: Books) -> list[Point]:
    """The ledger's balance from the period's first moment to its last, where it has such."""
    points = list(curve.ledger)
    if books.period.start is not None:
        points.insert(0, (books.period.start, opening))
    if books.period.end is not None and points:
        known = max(min(books.period.end, books.as_of or books.period.end), points[-1][0])
        points.append((known, points[-1][1]))
    return points


def _marks(breaks: Sequence[Break], ledger: Sequence[Point], books: Books) -> list[Mark]:
    """The breaks of a place, each on the balance that was drawn for its day."""
    marks = []
    for found in breaks:
        if ledger and found.at is not None and books.period.holds(found.at):
            tonight = found.at.astimezone(UTC).replace(hour=23, minute=59, second=59, microsecond=999_999)
            drawn_at, value = ledger[max(bisect_right(ledger, tonight, key=lambda point: point[0]) - 1, 0)]
            marks.append(Mark(min(max(drawn_at, found.at), ledger[-1][0]), value, found.id))
    return marks
