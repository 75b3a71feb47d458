"""Tax years and anniversaries."""

from datetime import date


def calendar_year(number: int) -> tuple[date, date]:
    """1 January to 1 January."""
    return date(number, 1, 1), date(number + 1, 1, 1)


def a_year_on(day: date, *, leap_day: tuple[int, int]) -> date:
    """The same day of the next year. ``leap_day``, a month and a day, stands for a 29 February that is not."""
    month, number = (day.month, day.day) if (day.month, day.day) != (2, 29) else leap_day
    return date(day.year + 1, month, number)
