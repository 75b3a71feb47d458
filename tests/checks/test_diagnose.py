"""What every diagnosis is written with: numbers that stand alike, moments in UTC, a check's own text."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from recon.checks._ask import Found
from recon.checks._diagnose import tell_row
from recon.checks._sentences import padded
from recon.core.times import said_text

AT = datetime(2025, 1, 14, 14, 20, 1, tzinfo=UTC)


def test_numbers_that_stand_together_have_as_many_decimals() -> None:
    write = padded(Decimal("1.5"), Decimal("-0.0300"), None, Decimal(7))
    assert [write(number) for number in (Decimal("1.5"), Decimal(7), Decimal("-0.03"))] == [
        "1.50",
        "7.00",
        "-0.03",
    ]
    assert padded(Decimal(7), Decimal(80))(Decimal(80)) == "80"


def test_moments_are_written_in_utc_with_the_fraction_they_have() -> None:
    assert said_text(AT) == "2025-01-14 14:20:01 UTC"
    assert said_text(AT + timedelta(microseconds=20)) == "2025-01-14 14:20:01.000020 UTC"


def test_a_row_is_told_with_its_place_moment_and_figures() -> None:
    found = Found(
        "fuse", "main", "BTC", AT, Decimal("1.5"), Decimal(2), "n", "unexplained", "it is odd", entry=7,
        quantity=Decimal("0.25"),
    )  # fmt: skip
    told = tell_row(found)
    assert told.text == (
        "fuse, account main, BTC, 2025-01-14 14:20:01 UTC: it is odd. Quantity: 0.25. Expected 1.50, found 2.00."
    )
    assert told.records == ({"entry": 7, "quantity": "0.25"},)
