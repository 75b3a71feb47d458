"""Laws of the roll-forward: every unit in one column, rows that add up, periods that meet, and a trial balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon.core.books import RollForward
from recon.core.money import exact, total
from recon.core.times import Period
from recon.pipeline.rolled import rolled
from tests.checks._ledger import START, Ledger

SOME = settings(max_examples=settings().max_examples // 4)
CLASSES = (
    "external", "trading", "income", "fees", "transit", "adjustments", "opening", "suspense", "loans", "brand-new",
)  # fmt: skip
STEP = timedelta(days=10)
PERIODS = [
    Period(
        name=f"part {number}",
        start=(START + number * STEP).replace(tzinfo=UTC),
        end=(START + (number + 1) * STEP).replace(tzinfo=UTC),
    )
    for number in range(3)
]
EVER = Period(name="all", start=None, end=None)
AMOUNTS = st.integers(-(10**9), 10**9).map(lambda number: Decimal(number).scaleb(-9))


class Event(NamedTuple):
    """An entry: when it happened and is posted, what each place moves, and the accounts that share the other side.

    ``taken``: days after which it is reversed, and how many days behind that is posted; None where it stands.
    ``doubled``: days after which another source was found to hold it too, so that it counts no longer.
    """

    day: int
    late: int
    places: dict[str, Decimal]
    against: dict[str, Decimal]
    taken: int | None
    doubled: int | None = None


@st.composite
def events(draw: st.DrawFn) -> Event:
    places = draw(st.dictionaries(st.sampled_from(("one", "two")), AMOUNTS, min_size=1))
    names = draw(st.lists(st.sampled_from(CLASSES), unique=True, max_size=3))
    against = {name: draw(AMOUNTS) for name in names[1:]}
    with exact():
        rest = -total([*places.values(), *against.values()])
    if names:
        against[names[0]] = rest
    else:
        places["rest"] = rest
    late = draw(st.sampled_from((0, 0, 0, 5, 15)))
    taken, doubled = draw(st.sampled_from(((None, None), (None, None), (0, None), (12, None), (None, 12))))
    return Event(draw(st.integers(0, 25)), late, places, against, taken, doubled)


def post(ledger: Ledger, number: int, event: Event, sign: int, at: datetime, stated: datetime) -> None:
    for place, quantity in event.places.items():
        leg(ledger, number, f"assets:s:{place}", "assets", place, sign * quantity, at, stated)
    for name, quantity in event.against.items():
        account = "transit" if name == "transit" else f"{name}:s"
        leg(ledger, number, account, name, None, sign * quantity, at, stated)


def leg(
    ledger: Ledger, entry: int, account: str, kind: str, place: str | None, quantity: Decimal, at: datetime,
    stated: datetime,
) -> None:  # fmt: skip
    ledger.leg(entry, "s", place, account, kind, "BTC", quantity, None, at, entry, "row", True)
    ledger.connection.execute("update legs set stated_at = ? where entry = ?", [stated, entry])


def fill(ledger: Ledger, drawn: list[Event]) -> None:
    """Posts the events; a reversal is dated as what it takes back, or later where that is sealed by then."""
    ledger.clear()
    number = 0
    for event in drawn:
        number += 1
        stated = START + timedelta(days=event.day)
        at = stated + timedelta(days=event.late)
        post(ledger, number, event, 1, at, stated)
        if event.doubled is not None:
            until = at + timedelta(days=event.doubled)
            ledger.connection.execute(
                "update legs set counted = false, counted_until = ? where entry = ?", [until, number]
            )
        if event.taken is not None:
            number += 1
            post(ledger, number, event, -1, at + timedelta(days=event.taken), stated)
            ledger.connection.execute(
                "insert into reversals values (?, ?, 's', 'settled', ?)", [number, number - 1, at]
            )


def reckoned(row: RollForward) -> Decimal:
    """The closing that the columns give."""
    with exact():
        return (
            row.opening + row.deposits + row.buys + row.income + row.transfers_in - row.sells - row.withdrawals
            - row.fees - row.transfers_out + row.adjustments + row.prior_items + row.openings + row.other
        )  # fmt: skip


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@SOME
@given(drawn=st.lists(events(), max_size=6))
@example(drawn=[Event(3, 0, {"one": Decimal(5)}, {"external": Decimal(-5)}, 12)])
@example(drawn=[Event(3, 15, {"one": Decimal(5), "two": Decimal(1)}, {"fees": Decimal(-6)}, 0)])
def test_rows_add_up_periods_meet_and_places_are_what_stands_against_them(
    ledger: Ledger, drawn: list[Event]
) -> None:
    fill(ledger, drawn)
    before: dict[tuple[str, str], Decimal] = {}
    for period in [EVER, *PERIODS]:
        rows, against = rolled(ledger.connection, period)
        assert [reckoned(row) for row in rows] == [row.closing for row in rows]
        with exact():
            assert total(row.closing for row in rows) == -against.get("BTC", Decimal(0))
        if period is not EVER:
            assert {row[:2]: row.opening for row in rows if row.opening} == before
            before = {row[:2]: row.closing for row in rows if row.closing}


def test_what_another_source_is_found_to_hold_too_comes_off_behind_the_seal_and_once(ledger: Ledger) -> None:
    fill(ledger, [Event(3, 0, {"one": Decimal(5)}, {"external": Decimal(-5)}, None, 12)])
    first, second = (rolled(ledger.connection, period)[0][0] for period in PERIODS[:2])
    assert (first.deposits, first.prior_items, first.closing) == (5, 0, 5)
    assert (second.opening, second.withdrawals, second.prior_items, second.closing) == (5, 0, -5, 0)
    assert rolled(ledger.connection, PERIODS[2])[0] == []


@pytest.mark.parametrize(
    ("kind", "quantity", "column", "told"),
    [
        ("external", 5, "deposits", 5), ("external", -5, "withdrawals", 5), ("trading", 5, "buys", 5),
        ("trading", -5, "sells", 5), ("income", -5, "income", -5), ("fees", -5, "fees", 5), ("fees", 5, "fees", -5),
        ("transit", 5, "transfers_in", 5), ("transit", -5, "transfers_out", 5), ("adjustments", -5, "adjustments", -5),
        ("opening", 5, "openings", 5), ("loans", -5, "other", -5), ("suspense", 5, "other", 5),
    ],
)  # fmt: skip
def test_a_movement_stands_in_the_column_of_what_it_stands_against(
    ledger: Ledger, kind: str, quantity: int, column: str, told: int
) -> None:
    fill(ledger, [Event(3, 0, {"one": Decimal(quantity)}, {kind: Decimal(-quantity)}, None)])
    rows, _ = rolled(ledger.connection, PERIODS[0])
    row = next(one for one in rows if one.account == "one")
    moved = {
        name: value for name, value in row._asdict().items() if name not in ("source", "account", "asset")
    }
    assert {name: value for name, value in moved.items() if value} == {column: told, "closing": quantity}


def test_a_trade_and_its_fee_stand_apart_and_what_came_late_apart_from_both(ledger: Ledger) -> None:
    paid = {"trading": Decimal(100), "fees": Decimal(2)}
    fill(
        ledger,
        [Event(3, 0, {"one": Decimal(-102)}, paid, None), Event(3, 15, {"one": Decimal(-102)}, paid, None)],
    )
    first, second = (rolled(ledger.connection, period)[0][0] for period in PERIODS[:2])
    assert (first.sells, first.fees, first.prior_items) == (100, 2, 0)
    assert (second.opening, second.sells, second.fees, second.prior_items) == (-102, 0, 0, -102)


def test_what_is_taken_back_where_it_was_dated_never_was_and_after_a_seal_is_a_prior_item(
    ledger: Ledger,
) -> None:
    deposit = Event(3, 0, {"one": Decimal(5)}, {"external": Decimal(-5)}, 0)
    fill(ledger, [deposit])
    assert rolled(ledger.connection, PERIODS[0])[0] == []
    fill(ledger, [deposit._replace(taken=12)])
    first, second = (rolled(ledger.connection, period)[0][0] for period in PERIODS[:2])
    assert (first.deposits, first.closing) == (5, 5)
    assert (second.opening, second.withdrawals, second.prior_items, second.closing) == (5, 0, -5, 0)
