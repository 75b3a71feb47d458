"""volumes: what a venue counts as traded, over whichever time fits, and the fee tier beside each trade's own rate."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from recon.checks import Charge, Reckoned, Volume
from recon.core.breaks import Break, CheckResult
from recon.core.times import Period
from recon.pipeline.config import Config, Configured, Entity
from recon.pipeline.volumes import told, volumes, windows
from recon.sources._egera_rows import charged
from recon.sources.egera import SOURCE
from tests.checks._ledger import EVER, Ledger
from tests.sources.egera_answers import settings

CHECK = "volumes"
STATED = datetime(2025, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _config(**changes: Any) -> Config:
    return Config(
        path=Path("recon.toml"),
        entity=Entity(name="e", timezone="Europe/Warsaw", base_currency="PLN"),
        ledger_url="",
        evidence=Path(),
        reports=Path(),
        personal_data=False,
        sources=[Configured(name="egera", source=SOURCE, settings=settings(**changes))],
        openings=(),
        pools={},
    )


def _trade(
    ledger: Ledger, base: str, amount: str, at: datetime, *, quote: str = "PLN", paid: str = "-100"
) -> None:
    """A purchase of ``amount``, or a sale where it is negative."""
    entry = ledger.entry = ledger.entry + 1
    moved, cost = Decimal(amount), Decimal(paid)
    rest = (at.replace(tzinfo=None), entry, "buy" if moved > 0 else "sell", True)
    for asset, quantity in ((base, moved), (quote, cost)):
        ledger.leg(
            *(entry, "egera", "main", "assets:egera:main", "assets", asset, quantity, None, *rest),
            *(entry, "egera", None, "trading", "trading", asset, quantity.copy_negate(), None, *rest),
        )  # fmt: skip


def _state(ledger: Ledger, at: datetime = STATED, **stated: str) -> None:
    number = ledger.reading = ledger.reading + 1
    for asset, value in stated.items():
        ledger.connection.execute(
            'insert into facts (fact, reading, run, source, stream, subject, name, value, "at")'
            " values (?, ?, ?, 'egera', 'volumes', ?, 'volume', ?, ?)",
            [number, number, number, asset, value, at.replace(tzinfo=None)],
        )


def _asked(ledger: Ledger, period: Period = EVER, **changes: Any) -> CheckResult:
    ledger.reckoned = Reckoned(volumes=volumes(ledger.connection, _config(**changes), period))
    return ledger.results(EVER, [CHECK])[CHECK]


def test_where_nothing_is_stated_nothing_is_examined(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "1", STATED)
    answer = _asked(ledger)
    assert (answer.breaks, answer.tested) == ((), 0)


@pytest.mark.parametrize(
    ("stated", "window"),
    [
        ("11111.1", "ever"),
        ("111.1", "in 365 days"),
        ("1.1", "in 30 days"),
        ("0.1", "in the calendar month (UTC)"),
        ("11.1", "in the year (UTC)"),
    ],
)
def test_the_time_that_fits_is_found(ledger: Ledger, stated: str, window: str) -> None:
    """Sales count as purchases do, what comes later does not."""
    for days, amount in ((500, "11000"), (200, "100"), (60, "-10"), (25, "-1"), (3, "0.1"), (-1, "7")):
        _trade(ledger, "BTC", amount, STATED - timedelta(days=days))
    _state(ledger, BTC=stated)
    answer = _asked(ledger)
    assert (answer.breaks, answer.tested) == ((), 1)
    (line,) = told(ledger.reckoned.volumes, ())
    assert f"{stated} BTC were traded, as of 2025-05-20T12:00:00Z; that fits its trades" in line
    assert f"it counts the amounts bought and sold {window}." in line


def test_where_no_time_fits_every_one_is_told_and_none_is_expected(ledger: Ledger) -> None:
    for days, amount in ((500, "11000"), (3, "0.1")):
        _trade(ledger, "BTC", amount, STATED - timedelta(days=days))
    _state(ledger, BTC="5")
    answer = _asked(ledger)
    (found,) = answer.breaks
    assert answer.tested == 1
    assert (found.severity, found.source, found.account, found.asset) == ("warning", "egera", None, "BTC")
    assert (found.expected, found.actual, found.difference) == (None, 5, None)
    assert "says that 5 were traded, and its trades give that over no time: ever 11000.1; in 30 days 0.1" in (
        found.diagnosis.text
    )


def test_one_currency_that_does_not_fit_where_the_others_do_is_told_with_what_is_missing(
    ledger: Ledger,
) -> None:
    for asset in ("BTC", "ETH", "LTC"):
        _trade(ledger, asset, "2", STATED - timedelta(days=500))
    _state(ledger, BTC="2", ETH="2", LTC="2.5")
    answer = _asked(ledger)
    (found,) = answer.breaks
    assert (found.asset, found.expected, found.actual) == ("LTC", 2, Decimal("2.5"))
    assert "it counts the amounts bought and sold ever" in found.diagnosis.text
    assert answer.tested == 3
    first = found.id
    _trade(ledger, "LTC", "0.25", STATED)
    (found,) = _asked(ledger).breaks
    assert (found.id, found.difference) == (first, Decimal("0.25"))


def test_what_fitted_before_says_which_time_is_meant(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "2", STATED - timedelta(days=500))
    _state(ledger, STATED - timedelta(days=40), BTC="2")
    _state(ledger, BTC="3")
    (found,) = _asked(ledger).breaks
    assert (found.expected, found.actual) == (2, 3)


def test_a_currency_may_count_where_it_is_paid_with(ledger: Ledger) -> None:
    _trade(ledger, "USDT", "50", STATED - timedelta(days=500))
    _trade(ledger, "BTC", "2", STATED - timedelta(days=500), quote="USDT", paid="-70")
    _state(ledger, BTC="2", USDT="120")
    assert _asked(ledger).breaks == ()


@pytest.mark.parametrize("stated", ["0", "false", "much"])
def test_a_volume_that_says_nothing_is_not_held_against_the_trades(ledger: Ledger, stated: str) -> None:
    _trade(ledger, "BTC", "2", STATED)
    _state(ledger, BTC=stated)
    answer = _asked(ledger)
    assert (answer.breaks, answer.tested) == ((), 0)


def test_a_currency_without_trades_is_not_judged(ledger: Ledger) -> None:
    _trade(ledger, "ETH", "2", STATED)
    _state(ledger, BTC="2")
    assert _asked(ledger).tested == 0


def test_where_trades_before_a_start_are_left_out_a_longer_time_is_not_judged(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "2", STATED - timedelta(days=3))
    _state(ledger, BTC="900")
    assert _asked(ledger, start=date(2025, 5, 10)).tested == 0
    _state(ledger, STATED + timedelta(hours=1), BTC="2")
    start = date(2025, 4, 1)
    assert (_asked(ledger, start=start).tested, _asked(ledger, start=start).breaks) == (1, ())


def test_the_first_statement_after_the_period_counts(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "2", STATED - timedelta(days=500))
    for days, stated in ((1, "2"), (2, "9")):
        _state(ledger, STATED + timedelta(days=days), BTC=stated)
    over = Period(name="p", start=None, end=STATED)
    assert [one.stated for one in volumes(ledger.connection, _config(), over)] == [2]
    assert [one.stated for one in volumes(ledger.connection, _config(), EVER)] == [9]


def test_trades_that_were_taken_back_do_not_count(ledger: Ledger) -> None:
    _trade(ledger, "BTC", "2", STATED - timedelta(days=500))
    _trade(ledger, "BTC", "3", STATED - timedelta(days=500))
    ledger.connection.execute("update legs set live = false where entry = 2")
    _state(ledger, BTC="2")
    assert _asked(ledger).breaks == ()


def test_months_and_years_begin_where_the_venue_or_the_entity_is() -> None:
    found = {
        one.name: one.starts_at
        for one in windows(datetime(2025, 1, 1, 0, 30, tzinfo=UTC), ZoneInfo("Asia/Tokyo"))
    }
    assert found["in the year (UTC)"] == datetime(2025, 1, 1, tzinfo=UTC)
    assert found["in the year (Asia/Tokyo)"] == datetime(2024, 12, 31, 15, tzinfo=UTC)


def _charges(ledger: Ledger, *charges: Charge) -> tuple[list[Break], int]:
    ledger.reckoned = Reckoned(charges=charges)
    answer = ledger.results(EVER, [CHECK])[CHECK]
    return list(answer.breaks), answer.tested


def test_trades_of_another_tier_are_one_break_and_all_are_counted(ledger: Ledger) -> None:
    first, last = STATED - timedelta(days=2), STATED - timedelta(days=1)
    right = Charge("egera", "maker", Decimal(30), Decimal(30), 7, first, last, 1, 9)
    wrong = Charge("egera", "taker", Decimal(50), Decimal("62.5"), 2, first, last, 3, 5)
    assert _charges(ledger, right) == ([], 7)
    (found,), tested = _charges(ledger, right, wrong)
    assert (tested, found.entries, found.severity) == (9, (3, 5), "warning")
    assert found.diagnosis.text == (
        "egera, 2025-05-18 12:00:00 UTC: 2 trades, from this one to 2025-05-19 12:00:00 UTC, were charged 62.5 (taker, "
        "in the unit of the venue) where the fee tier in force says 50.0."
    )
    (again,), _ = _charges(ledger, wrong._replace(trades=1, last_at=first, last_entry=3))
    assert (again.id, again.entries) == (found.id, (3,))


def test_a_tier_that_says_nothing_does_not_pass(ledger: Ledger) -> None:
    one = Charge("egera", "maker", None, Decimal(30), 1, STATED, STATED, 1, 1)  # type: ignore[arg-type] # the table may
    assert len(_charges(ledger, one)[0]) == 1


def test_volumes_of_nothing_and_without_a_number_do_not_pass(ledger: Ledger) -> None:
    ledger.reckoned = Reckoned(volumes=[Volume("egera", "BTC", STATED, None, None, "")])  # type: ignore[arg-type]
    assert len(ledger.results(EVER, [CHECK])[CHECK].breaks) == 1


@pytest.mark.parametrize(
    ("row", "rate"),
    [
        ('{"action":"open","fee_maker":"30","fee_taker":"50"}', ("maker", 30)),
        ('{"action":"close","fee_maker":"30","fee_taker":"50.5"}', ("taker", Decimal("50.5"))),
        ('{"action":"open","fee_maker":false}', ("maker", 0)),
        ('{"action":"open","fee_maker":"many"}', None),
        ('{"action":"open"}', None),
    ],
)
def test_the_rate_charged_is_that_of_our_side(row: str, rate: tuple[str, Decimal] | None) -> None:
    assert charged(row) == rate
