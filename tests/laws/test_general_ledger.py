"""Laws of the general ledger: it sums to the trial balance, that to zero, and both to the roll-forward."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recon.core.books import Posting, Trial
from recon.core.money import exact, total
from recon.core.times import Period, naive
from recon.pipeline.general_ledger import held, postings, told, trial_balance
from recon.pipeline.rolled import rolled
from tests.checks._ledger import Ledger
from tests.laws.test_roll_forward import PERIODS, SOME, Event, events, fill

EVER = Period(name="ever", start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC))
MONTH = [
    Event(3, 0, {"one": Decimal(5)}, {"external": Decimal(-5)}, 12),
    Event(3, 0, {"one": Decimal(7)}, {"trading": Decimal(-7)}, None, 12),
]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def read(ledger: Ledger, period: Period, folder: Path) -> tuple[list[Posting], list[Trial]]:
    assert period.start and period.end
    span = {"start": naive(period.start), "end": naive(period.end)}
    ledger.connection.execute(
        "create or replace table origins as select distinct entry, 'digest' as answer, '' as pointer from legs"
    )
    told(ledger.connection)
    return [*postings(ledger.connection, span, folder)], trial_balance(ledger.connection, span)


@SOME
@given(drawn=st.lists(events(), max_size=6))
@example(drawn=MONTH)
def test_postings_are_the_trial_balance_and_places_in_it_are_the_roll_forward(
    ledger: Ledger, folder: Path, drawn: list[Event]
) -> None:
    fill(ledger, drawn)
    before: dict[str, Decimal] = {}
    with exact():
        for period in [EVER, *PERIODS]:
            lines, trial = read(ledger, period, folder)
            debited: dict[str, Decimal] = defaultdict(Decimal)
            credited: dict[str, Decimal] = defaultdict(Decimal)
            balance = {one.account: one.opening for one in trial}
            for line in lines:
                balance[line.account] += line.quantity
                assert line.balance == balance[line.account], "the balance runs"
                assert period.holds(line.at)
                (debited if line.quantity > 0 else credited)[line.account] += abs(line.quantity)
            for one in trial:
                assert (one.debit, one.credit) == (debited.pop(one.account, 0), credited.pop(one.account, 0))
                assert one.closing == one.opening + one.debit - one.credit == balance[one.account]
            assert not debited and not credited
            assert not total(one.closing for one in trial) and not total(line.quantity for line in lines)
            places = {row.account: row.closing for row in rolled(ledger.connection, period)[0] if row.closing}
            assert places == {
                one.account.rpartition(":")[2]: one.closing
                for one in trial
                if one.account.startswith(("assets:", "transit")) and one.closing
            }
            if period is not EVER:
                assert {one.account: one.opening for one in trial if one.opening} == before
                before = {one.account: one.closing for one in trial if one.closing}


def test_postings_stand_by_account_and_moment(ledger: Ledger, folder: Path) -> None:
    fill(ledger, [*MONTH, Event(1, 0, {"two": Decimal(1)}, {"income": Decimal(-1)}, None)])
    lines, _ = read(ledger, EVER, folder)
    assert [(line.account, line.at) for line in lines] == sorted((line.account, line.at) for line in lines)
    assert len(lines) == 10


def test_what_happened_before_the_end_is_told_apart_from_what_was_posted_before_it(ledger: Ledger) -> None:
    late = Event(3, 15, {"one": Decimal(5)}, {"external": Decimal(-5)}, None)
    fill(ledger, [late, Event(4, 0, {"two": Decimal(2)}, {"transit": Decimal(-2)}, None)])
    [end] = [naive(period.end) for period in PERIODS[:1] if period.end]
    told(ledger.connection)
    assert held(ledger.connection, end) == {"BTC": (7, -2)}
    assert held(ledger.connection, end - timedelta(days=8)) == {}
