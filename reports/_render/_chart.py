"""A chart as points on paper: whole numbers only, so that the same balances always draw the same lines.

Balances hold from one movement to the next, so lines go in steps. A page draws them with its own style sheet: a chart
library's inline styles and slanted lines would be refused by the page's security policy, and would not be true.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from recon.core.document import Chart
from recon.core.money import text
from recon.core.times import micros, short_text

WIDTH, HEIGHT = 560, 190
RIGHT, TOP, BOTTOM = 554, 12, 164
_DIGIT = 7
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Drawn(NamedTuple):
    """What a template needs to draw lines. ``paths`` are (line's name, SVG path), ``marks`` (x, y, key, href)."""

    title: str
    told: str
    left: int
    levels: Sequence[tuple[int, str]]
    days: Sequence[tuple[int, str]]
    paths: Sequence[tuple[str, str]]
    marks: Sequence[tuple[int, int, str, str]]
    width: int = WIDTH
    height: int = HEIGHT
    right: int = RIGHT
    bottom: int = BOTTOM
    form: str = "lines"


class Scale(NamedTuple):
    """From moments and quantities to places on paper."""

    left: int
    first: int
    last: int
    low: Decimal
    high: Decimal

    def x(self, at: datetime) -> int:
        """From the left edge."""
        return self.left + (micros(at) - self.first) * (RIGHT - self.left) // max(self.last - self.first, 1)

    def y(self, value: Decimal) -> int:
        """From the top edge."""
        down = (self.high - value) / (self.high - self.low) * (BOTTOM - TOP)
        return TOP + int(down.to_integral_value(ROUND_HALF_EVEN))


def drawn_lines(chart: Chart, keys: Mapping[str, str]) -> Drawn:
    """The chart, placed. Every chart has a point. ``keys``: where its marks lead."""
    points = [point for line in chart.lines for point in line.points]
    moments = [at for at, _ in points]
    levels = _levels([value for _, value in points])
    labels = [f"{Decimal(text(level)):,f}".replace(",", "\u202f") for level in levels]
    left = _DIGIT * (max(map(len, labels)) + 1)
    scale = Scale(left, micros(min(moments)), micros(max(moments)), levels[0], levels[-1])
    ledger = chart.lines[0].points
    marks = [
        (scale.x(at), scale.y(value), key, keys.get(key, ""))
        for line in chart.lines
        for at, value, key in line.marks
    ]
    told = (
        f"{chart.lines[0].name}: {text(ledger[0][1])} {chart.unit} at {short_text(ledger[0][0])}, "
        f"{text(ledger[-1][1])} {chart.unit} at {short_text(ledger[-1][0])}."
    )
    return Drawn(
        title=chart.title,
        told=f"{told} Breaks marked: {', '.join(key for _, _, key, _ in marks)}." if marks else told,
        left=left,
        levels=[(scale.y(level), label) for level, label in zip(levels, labels, strict=True)],
        days=[(scale.x(at), label) for at, label in days(min(moments), max(moments))],
        paths=[(line.name, _path(line.points, scale)) for line in chart.lines if line.points],
        marks=marks,
    )


def _path(points: Sequence[tuple[datetime, Decimal]], scale: Scale) -> str:
    """Along at the old balance, then up or down to the new one."""
    (at, value), *rest = points
    return f"M{scale.x(at)} {scale.y(value)}" + "".join(
        f"H{scale.x(at)}V{scale.y(value)}" for at, value in rest
    )


def _levels(values: Sequence[Decimal]) -> list[Decimal]:
    """Three to five round quantities that hold all values between them."""
    low, high = min(values), max(values)
    rough = ((high - low) or abs(high) or Decimal(1)) / 3
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = max((high / step).to_integral_value(ROUND_CEILING), first + 1)
    return [step * (first + number) for number in range(int(last - first) + 1)]


def days(first: datetime, last: datetime) -> Iterator[tuple[datetime, str]]:
    """Some midnights (UTC) with their labels, the outermost left out for room."""
    span = last - first
    step = timedelta(days=max(1, -(-span.days // 6)))
    margin = span / 20
    at = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while at < last:
        if first + margin < at < last - margin:
            year = f" {at.year}" if span.days > 330 else ""
            yield at, f"{at.day} {_MONTHS[at.month - 1]}{year}"
        at += step
