"""Moments and periods: units decided by magnitude, months bounded in the entity's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.errors import ConfigError
from recon.core.times import EPOCH, from_epoch, from_iso, micros, moment_text, period, short_text

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2025, 3, 1, 0, 30, tzinfo=UTC)
moments = st.integers(1_240_000_000 * 10**6, 4_100_000_000 * 10**6).map(
    lambda us: EPOCH + timedelta(microseconds=us)
)


@given(moments)
def test_a_moment_is_read_back_from_its_text(at: datetime) -> None:
    assert from_iso(moment_text(at)) == from_iso(short_text(at)) == at
    assert len(moment_text(at)) == 27
    assert EPOCH + timedelta(microseconds=micros(at)) == at


@given(moments)
def test_a_count_is_read_in_its_unit_by_magnitude(at: datetime) -> None:
    whole = at.replace(microsecond=0)
    seconds = micros(whole) // 1_000_000
    assert from_epoch(str(seconds)) == from_epoch(f"{seconds}000") == from_epoch(f"{seconds}000000") == whole


@pytest.mark.parametrize(
    "text", ["0", "12", "999999999", "99999999999999999", "-5", "1e9", "", "\u0661" * 10]
)
def test_a_count_that_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a count|year 2100|before 2009"):
        from_epoch(text)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        from_iso("2025-01-01T00:00:00")


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2025-01", "2024-12-31T23:00:00Z", "2025-01-31T23:00:00Z"),
        ("2025-03", "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"),
        ("2025-Q1", "2024-12-31T23:00:00Z", "2025-03-31T22:00:00Z"),
        ("2025-Q4", "2025-09-30T22:00:00Z", "2025-12-31T23:00:00Z"),
        ("2025", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z"),
        ("2024-12", "2024-11-30T23:00:00Z", "2024-12-31T23:00:00Z"),
    ],
)
def test_periods_are_bounded_in_the_entitys_zone(name: str, start: str, end: str) -> None:
    made = period(name, WARSAW, NOW)
    assert made.start is not None and made.end is not None
    assert (short_text(made.start), short_text(made.end)) == (start, end)
    assert made.holds(made.start)
    assert not made.holds(made.end)


def test_last_month_is_the_month_before_today_in_the_entitys_zone() -> None:
    assert period("last-month", WARSAW, NOW).name == "2025-02"
    assert period("last-month", WARSAW, datetime(2025, 2, 28, 23, 30, tzinfo=UTC)).name == "2025-02"
    assert period("last-month", ZoneInfo("UTC"), datetime(2025, 2, 28, 23, 30, tzinfo=UTC)).name == "2025-01"


@pytest.mark.parametrize(
    "name", ["", "2025-13", "2025-Q5", "2025-1", "25", "2025-01-01", "1999", "Q1", "2025-01\n"]
)
def test_another_name_is_no_period(name: str) -> None:
    with pytest.raises(ConfigError, match="period"):
        period(name, WARSAW, NOW)
