"""Bars and heat maps: as long as what they stand for, told in words too, and never outside their paper."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from recon.core.document import Bars, Column, Heat, Span, Table
from reports import audit
from reports._ages import CHART, ages
from reports._render._bars import WIDE, WIDTH, drawn_bars, drawn_heat
from tests.reports.books import BOOKS

BARS = Bars(title="Gains", unit="PLN", table="gains", label="Month", value="Gain")
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def table(*amounts: str) -> Table:
    return Table(
        key="gains",
        columns=[Column(title="Month"), Column(title="Gain", kind="amount")],
        rows=[(f"2025-{number:02}", Decimal(one)) for number, one in enumerate(amounts, 1)],
    )


@pytest.mark.parametrize(
    "amounts",
    [("10", "20"), ("-5", "5"), ("-1", "-3"), ("0", "0"), (), ("0.000000000000000001", "999999999999999999")],
)
def test_bars_stay_on_their_paper_with_room_for_their_numbers(amounts: tuple[str, ...]) -> None:
    drawn = drawn_bars(BARS, [table(*amounts)])
    for (_, _, x, width, css, beside, number), amount in zip(drawn.bars, amounts, strict=True):
        assert number == amount
        assert drawn.left <= x
        assert x + width <= WIDTH
        room = beside - 6 * len(number) >= drawn.left if css == "down" else beside + 6 * len(number) <= WIDTH
        assert room, (amount, beside)


def test_a_bar_is_as_long_as_its_number_and_losses_go_the_other_way() -> None:
    ten, twenty, loss = drawn_bars(BARS, [table("10", "20", "-10")]).bars
    assert abs(twenty[3] - 2 * ten[3]) <= 1
    assert abs(loss[3] - ten[3]) <= 1
    assert loss[2] + loss[3] == ten[2]


def test_a_picture_is_told_in_words_too() -> None:
    assert drawn_bars(BARS, [table("10", "-2.5")]).told == "2025-01: 10; 2025-02: -2.5."
    bad = Span(FIRST, FIRST + timedelta(days=2), "incomplete", "bad")
    assert drawn_heat(Heat(title="Asked", rows=[("gas deposits", [bad])])).told == "gas deposits: incomplete."


def test_a_span_stands_where_its_days_are() -> None:
    days = [FIRST + timedelta(days=number) for number in range(11)]
    spans = [Span(days[0], days[5], "whole", "good"), Span(days[5], days[10], "incomplete", "bad")]
    drawn = drawn_heat(Heat(title="Asked", rows=[("gas deposits", spans)]))
    (_, _, ((x, width, _, _), (after, rest, _, _))) = drawn.rows[0]
    assert x == drawn.left
    assert abs(x + width - after) <= 1
    assert abs(after + rest - (WIDE - 6)) <= 1
    assert drawn.legend == [("good", "whole"), ("bad", "incomplete")]


def test_open_breaks_are_counted_by_their_age() -> None:
    first = BOOKS.breaks[0]
    some = [first._replace(age_days=age) for age in (0, 7, 8, 30, 31, 90, 91, 400)]
    done = first._replace(age_days=3, status="resolved")
    table_ = ages(replace(BOOKS, breaks=[*some, done]))
    assert [count for _, count in table_.rows] == [2, 2, 2, 2]
    assert drawn_bars(CHART, [table_]).told.startswith("0 to 7 days: 2; ")


def test_coverage_is_drawn_with_what_is_worst_of_a_stream() -> None:
    chapter = next(one for one in audit.build(BOOKS).sections if one.key == "coverage")
    (chart,) = chapter.charts
    assert isinstance(chart, Heat)
    assert {name: spans[-1].word for name, spans in chart.rows}["gas deposits"] == "incomplete"
