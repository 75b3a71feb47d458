"""Bars and heat maps as places on paper, in whole numbers, so that the same figures always draw the same picture."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import islice
from typing import NamedTuple

from recon.core.document import Bars, Heat, Table
from recon.core.money import text
from recon.core.times import micros
from reports._render._cells import plain
from reports._render._chart import days

WIDTH, WIDE = 560, 1120
_DIGIT = 7
_LONGEST = 30
_BAR, _STRIPE = 22, 16
_TOP = 6
_MOST = 60
"""A picture shows so many rows; the table beside it has them all."""


class DrawnBars(NamedTuple):
    """What a template needs to draw bars: (y, label, x, width, css, where its number stands, number)."""

    title: str
    told: str
    height: int
    zero: int
    left: int
    bars: Sequence[tuple[int, str, int, int, str, int, str]]
    width: int = WIDTH
    form: str = "bars"


class DrawnHeat(NamedTuple):
    """What a template needs to draw a heat map: rows of (y, label, spans of (x, width, tone, told))."""

    title: str
    told: str
    height: int
    left: int
    rows: Sequence[tuple[int, str, Sequence[tuple[int, int, str, str]]]]
    days: Sequence[tuple[int, str]]
    legend: Sequence[tuple[str, str]]
    bottom: int
    width: int = WIDE
    form: str = "heat"


def _rough(number: Decimal) -> str:
    """A number as a picture tells it, in two decimals; the table beside it has all of them."""
    return text(number.quantize(Decimal("0.01"), ROUND_HALF_EVEN)) if abs(number) >= 1 else text(number)


def drawn_bars(chart: Bars, tables: Sequence[Table]) -> DrawnBars:
    """A bar for each row of the table that the chart names."""
    table = next(one for one in tables if one.key == chart.table)
    titles = [column.title for column in table.columns]
    label, value = titles.index(chart.label), titles.index(chart.value)
    rows = [(str(row[label]), Decimal(plain(row[value]) or 0)) for row in islice(table.rows, _MOST)]
    left = _DIGIT * (max((len(_short(name)) for name, _ in rows), default=0) + 1)
    longest = max((len(_rough(number)) for _, number in rows), default=1)
    room = WIDTH - left - _DIGIT * (longest + 1)
    low = min([Decimal(0), *(number for _, number in rows)])
    high = max([Decimal(0), *(number for _, number in rows)])
    span = high - low or Decimal(1)
    if low < 0:
        room -= _DIGIT * (longest + 1)
    start = left + (_DIGIT * (longest + 1) if low < 0 else 0)

    def x(number: Decimal) -> int:
        return start + int(((number - low) / span * room).to_integral_value(ROUND_HALF_EVEN))

    zero = x(Decimal(0))
    bars = []
    for at, (name, number) in enumerate(rows):
        edge = x(number)
        css = "down" if number < 0 else "up"
        beside = edge - 5 if number < 0 else edge + 5
        bars.append(
            (_TOP + at * _BAR, _short(name), min(zero, edge), abs(edge - zero), css, beside, _rough(number))
        )
    told = "; ".join(f"{name}: {text(number)}" for name, number in rows)
    return DrawnBars(
        title=f"{chart.title}, {chart.unit}" if chart.unit else chart.title,
        told=f"{told}.",
        height=_TOP * 2 + _BAR * len(rows),
        zero=zero,
        left=left,
        bars=bars,
    )


def drawn_heat(chart: Heat) -> DrawnHeat:
    """A stripe for each name, its spans coloured by their tone."""
    rows = chart.rows[:_MOST]
    spans = [one for _, some in rows for one in some]
    first, last = min(one.since for one in spans), max(one.until for one in spans)
    left = _DIGIT * (max(len(_short(name)) for name, _ in rows) + 1)
    wide = WIDE - left - 6

    def x(at: datetime) -> int:
        return left + (micros(at) - micros(first)) * wide // max(micros(last) - micros(first), 1)

    stripes = [
        (
            _TOP + number * _STRIPE,
            _short(name),
            [(x(one.since), max(x(one.until) - x(one.since), 2), one.tone, one.word) for one in some],
        )
        for number, (name, some) in enumerate(rows)
    ]
    words: dict[str, list[str]] = {}
    for one in spans:
        if one.word not in words.setdefault(one.tone, []):
            words[one.tone].append(one.word)
    legend = [(tone, ", ".join(some)) for tone, some in words.items()]
    poor = [f"{name}: {one.word}" for name, some in rows for one in some if one.tone in ("bad", "fair")]
    bottom = _TOP + _STRIPE * len(rows)
    more = f" (the first {_MOST} of {len(chart.rows)})" if len(chart.rows) > _MOST else ""
    return DrawnHeat(
        title=chart.title + more,
        told=f"{'; '.join(poor)}." if poor else f"{', '.join(word for _, word in legend)}.",
        height=bottom + 24,
        left=left,
        rows=stripes,
        days=[(x(at), label) for at, label in days(first, last)],
        legend=legend,
        bottom=bottom,
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
