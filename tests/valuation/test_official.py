"""NBP and ECB rates: the day that applies, by calendars that the tests bring themselves."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.prices import Lacking, Valued
from recon.valuation import ecb_due, nbp_due
from tests.sources.banks import days, polish, rate, target
from tests.valuation._shelf import WARSAW, Laid, book, fraction, local

BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.datetimes(datetime(2020, 2, 1), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
FIRST, LAST = date(2020, 1, 1), date(2026, 12, 31)


def begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


NBP_DAYS = [day for day in days(FIRST, LAST) if day.weekday() < 5 and not polish(day)]
ECB_DAYS = [day for day in days(FIRST, LAST) if day.weekday() < 5 and not target(day)]
NBP: Laid = {"nbp": [("USD", "PLN", begin(day, WARSAW), rate("USD", day)) for day in NBP_DAYS]}
ECB: Laid = {"ecb": [("EUR", "USD", begin(day, BERLIN), rate("USD", day)) for day in ECB_DAYS]}
BY_NBP, BY_ECB = book(NBP), book(ECB)


def day_used(found: Valued | Lacking, zone: ZoneInfo) -> date:
    assert isinstance(found, Valued), found
    return found.legs[0].price.at.astimezone(zone).date()


@pytest.mark.parametrize(
    ("event", "used"),
    [
        ("2024-06-01", "2024-05-31"),  # Saturday
        ("2024-06-02", "2024-05-31"),  # Sunday
        ("2024-06-03", "2024-05-31"),  # Monday
        ("2024-06-04", "2024-06-03"),
        ("2024-05-31", "2024-05-29"),  # after Corpus Christi
        ("2024-01-02", "2023-12-29"),  # the new year
        ("2025-01-02", "2024-12-31"),
        ("2024-11-12", "2024-11-08"),  # 11 November was a Monday
        ("2025-11-12", "2025-11-10"),
        ("2025-04-22", "2025-04-18"),  # Good Friday is a business day, Easter Monday is none
        ("2025-01-07", "2025-01-03"),  # 6 January
        ("2024-12-27", "2024-12-24"),  # still a business day
        ("2025-12-27", "2025-12-23"),  # 24 December is a holiday from 2025 on
        ("2025-12-24", "2025-12-23"),
        ("2024-03-01", "2024-02-29"),  # a leap year
        ("2023-03-01", "2023-02-28"),
    ],
)
@pytest.mark.parametrize("clock", ["00:00:00", "12:30:00", "23:59:59.999999"])
def test_the_nbp_rate_is_that_of_the_last_business_day_before(event: str, used: str, clock: str) -> None:
    found = BY_NBP.rate("USD", "PLN", local(f"{event}T{clock}"))
    assert day_used(found, WARSAW) == date.fromisoformat(used)
    assert fraction(found) == Fraction(rate("USD", date.fromisoformat(used)))


@given(MOMENTS)
def test_no_nbp_rate_is_of_the_day_of_the_event_or_later_and_no_business_day_lies_between(
    at: datetime,
) -> None:
    for found in (BY_NBP.rate("USD", "PLN", at), BY_NBP.rate("USD", "PLN", at, rule="day before")):
        used, day = day_used(found, WARSAW), at.astimezone(WARSAW).date()
        assert used < day
        assert used in NBP_DAYS
        assert not any(one in NBP_DAYS for one in days(used + timedelta(days=1), day - timedelta(days=1)))


@given(MOMENTS)
def test_an_ecb_rate_is_the_last_known_and_never_a_later_one(at: datetime) -> None:
    day = at.astimezone(BERLIN).date()
    last = max(one for one in ECB_DAYS if one <= day)
    found = BY_ECB.rate("EUR", "USD", at)
    assert day_used(found, BERLIN) == last
    assert isinstance(found, Valued)
    assert found.legs[0].age_s >= 0 and found.legs[0].price.at <= at
    before = day_used(BY_ECB.rate("EUR", "USD", at, rule="day before"), BERLIN)
    assert before < at.astimezone(WARSAW).date()


def test_a_missing_table_of_a_business_day_is_a_lack_and_no_older_rate_stands_in() -> None:
    missing = date(2024, 5, 31)
    there = book({"nbp": [row for row in NBP["nbp"] if row[2] != begin(missing, WARSAW)]})
    for event in ("2024-06-01", "2024-06-03"):
        found = there.rate("USD", "PLN", local(f"{event}T12:00:00"))
        assert isinstance(found, Lacking)
        assert "the table of 2024-05-31 is not held (the last before it is of 2024-05-29)" in found.why
        assert "recon prices pull" in found.why
    assert isinstance(there.rate("USD", "PLN", local("2024-05-31T12:00:00")), Valued)


def test_an_ecb_rate_older_than_a_week_is_a_lack() -> None:
    there = book({"ecb": ECB["ecb"][:20]})
    last = ECB_DAYS[19]
    at = begin(last, BERLIN)
    assert isinstance(there.rate("EUR", "USD", at + timedelta(days=7)), Valued)
    found = there.rate("EUR", "USD", at + timedelta(days=7, hours=1))
    assert isinstance(found, Lacking) and "7 days older" in found.why


def test_a_daily_rate_is_remembered_without_a_difference() -> None:
    one, other = book(NBP), book(NBP)
    moments = [local("2024-06-03T00:00:00") + timedelta(minutes=7 * step) for step in range(500)]
    asked = [one.rate("USD", "PLN", at) for at in moments]
    assert asked == [other.rate("USD", "PLN", at) for at in reversed(moments)][::-1]


@given(
    st.sets(st.sampled_from(NBP_DAYS[100:300])),
    st.sampled_from(NBP_DAYS[100:300]),
    st.integers(0, 200),
)
def test_what_is_due_is_what_is_missing_and_every_span_has_a_rate(
    held: set[date], needed: date, more: int
) -> None:
    today = needed + timedelta(days=more)
    spans = nbp_due(held, needed, today)
    missing = {day for day in NBP_DAYS if needed - timedelta(days=14) <= day <= today} - held
    asked = {day for first, last in spans for day in days(first, last)}
    assert missing <= asked
    published = set(NBP_DAYS)
    assert all(published & {*days(first, last)} for first, last in spans)
    assert not missing or spans
    if not missing:
        assert not spans


def test_of_the_ecb_only_what_lies_before_and_behind_is_due() -> None:
    held = set(ECB_DAYS[100:120]) - {ECB_DAYS[110]}
    [before] = ecb_due(held, ECB_DAYS[105], ECB_DAYS[119])
    assert before == (ECB_DAYS[105] - timedelta(days=14), ECB_DAYS[99])
    [(first, last)] = ecb_due(held, ECB_DAYS[118], ECB_DAYS[130])
    assert (first, last) == (ECB_DAYS[119], ECB_DAYS[130])
