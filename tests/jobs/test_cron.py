"""When a job is due: cron expressions as crontabs read them, in the entity's zone, through both clock changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.ledger.reads import Run
from recon.pipeline.cron import parse
from recon.pipeline.jobs import Trigger, is_overdue

WARSAW = ZoneInfo("Europe/Warsaw")
SPRING, AUTUMN = datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)
"""On these days the clock goes from 2 to 3, and from 3 to 2."""


def due(expression: str, start: datetime, days: int, zone: ZoneInfo = WARSAW) -> list[datetime]:
    trigger, found = Trigger(expression, zone), []
    at = start - timedelta(microseconds=1)
    while (at := trigger.after(at)) < start + timedelta(days=days):
        found.append(at)
    return found


def clock(moments: list[datetime]) -> list[str]:
    return [f"{at.astimezone(WARSAW):%d %H:%M}" for at in moments]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("30 6 2 * *", "30 6 2 * *"),
        (" */20  1-5/2 * jan,MAR * ", "0,20,40 1,3,5 * 1,3 *"),
        ("0 8 * * mon-fri", "0 8 * * 1,2,3,4,5"),
        ("0 8 * * 5-7", "0 8 * * 0,5,6"),
        ("0 8 1-31 * 1", "0 8 * * 1"),
        ("0 0 29 2 *", "0 0 29 2 *"),
    ],
)
def test_an_expression_is_read_as_crontabs_read_it(text: str, fields: str) -> None:
    assert str(parse(text)) == fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "five fields"),
        ("0 8 * *", "five fields"),
        ("0 8 * * * *", "five fields"),
        ("@daily", "five fields"),
        ("60 * * * *", "minute: expected 0 to 59"),
        ("0 24 * * *", "hour: expected 0 to 23"),
        ("0 0 0 * *", "day of the month: expected 1 to 31"),
        ("0 0 * 13 *", "month: expected 1 to 12"),
        ("0 0 * * 8", "weekday: expected 0 to 7"),
        ("0 0 * foo *", "month: expected 1 to 12"),
        ("0 0 L * *", "day of the month: expected *"),
        ("5/10 * * * *", "minute: expected *"),
        ("*/0 * * * *", "goes upwards"),
        ("30-10 * * * *", "goes upwards"),
        ("0 0 30 2 *", "a day that one of the months has"),
        ("0 0 1 * mon", "as day of the month or as weekday"),
        ("\u0663 * * * *", "minute: expected *"),
    ],
)
def test_what_programs_would_read_differently_or_never_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected.replace("*", r"\*")):
        parse(text)


def test_sunday_is_0_and_7_and_monday_is_1() -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    assert (
        due("0 12 * * 0", start, 7) == due("0 12 * * 7", start, 7) == [datetime(2025, 6, 1, 10, tzinfo=UTC)]
    )
    assert due("0 12 * * 1", start, 7) == [datetime(2025, 6, 2, 10, tzinfo=UTC)]


def test_a_daily_job_runs_once_a_day_through_both_changes_of_the_clock() -> None:
    assert clock(due("30 2 * * *", SPRING - timedelta(days=1), 3)) == ["29 02:30", "30 03:30", "31 02:30"]
    assert clock(due("30 2 * * *", AUTUMN - timedelta(days=1), 3)) == ["25 02:30", "26 02:30", "27 02:30"]


def test_an_hourly_job_runs_every_hour_through_both_changes_of_the_clock() -> None:
    for day in (SPRING, AUTUMN):
        found = due("0 * * * *", day - timedelta(hours=4), 1)
        assert {after - before for before, after in pairwise(found)} == {timedelta(hours=1)}


@given(
    st.sampled_from(
        [
            (WARSAW, SPRING),
            (WARSAW, AUTUMN),
            (WARSAW, datetime(2025, 7, 1, tzinfo=UTC)),
            (ZoneInfo("Australia/Lord_Howe"), datetime(2025, 4, 5, tzinfo=UTC)),  # goes back by half an hour
            (ZoneInfo("America/Sao_Paulo"), datetime(2018, 11, 4, tzinfo=UTC)),  # has no midnight
            (ZoneInfo("America/Sao_Paulo"), datetime(2018, 2, 17, tzinfo=UTC)),  # goes back at midnight
        ]
    ),
    st.sampled_from(["*", "0", "30", "*/20", "5-50/15"]),
    st.sampled_from(["*", "0", "2", "1-3", "2,3", "23", "*/2"]),
    st.sampled_from(["*", "0", "sun", "sat", "1-5"]),
)
def test_a_job_is_due_at_each_local_time_of_its_expression_and_never_else(
    place: tuple[ZoneInfo, datetime], minute: str, hour: str, weekday: str
) -> None:
    zone, day = place
    fields = parse(f"{minute} {hour} * * {weekday}")

    def fits(field: str, value: int) -> bool:
        return field == "*" or str(value) in field.split(",")

    wall = [day.replace(tzinfo=None) + timedelta(minutes=count) for count in range(-1440, 3600)]
    expected = {
        at.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        for at in wall
        if fits(fields.minute, at.minute) and fits(fields.hour, at.hour)
        and fits(fields.weekday, at.isoweekday() % 7)
        for fold in ((0, 1) if fields.hour == "*" else (0,))
    }  # fmt: skip
    start = day - timedelta(hours=6)
    found = due(f"{minute} {hour} * * {weekday}", start, 1, zone)
    assert found == sorted(at for at in expected if start <= at < start + timedelta(days=1))


def test_the_next_leap_day_is_found_over_a_century_without_one() -> None:
    assert Trigger("0 0 29 2 *", WARSAW).after(datetime(2096, 3, 1, tzinfo=UTC)).year == 2104


def a_run(started: datetime, status: str | None) -> Run:
    return Run(1, started, "job nightly", "0", "{}", started, status)


@pytest.mark.parametrize(
    ("last", "overdue"),
    [
        (None, False),
        (a_run(datetime(2025, 6, 9, 4, 0, 1, tzinfo=UTC), "finished"), False),
        (a_run(datetime(2025, 6, 9, 4, 0, 1, tzinfo=UTC), "failed: LedgerError"), False),
        (a_run(datetime(2025, 6, 9, 4, 0, 1, tzinfo=UTC), "interrupted"), True),
        (a_run(datetime(2025, 6, 9, 4, 0, 1, tzinfo=UTC), None), True),
        (a_run(datetime(2025, 6, 9, 3, 59, 59, tzinfo=UTC), "finished"), True),
        (a_run(datetime(2025, 1, 1, tzinfo=UTC), "finished: open breaks"), True),
    ],
)
def test_a_job_is_overdue_when_a_time_went_by_or_its_run_was_broken_off(
    last: Run | None, overdue: bool
) -> None:
    now = datetime(2025, 6, 9, 12, tzinfo=UTC)
    assert is_overdue(last, Trigger("0 6 * * *", WARSAW), now) is overdue
