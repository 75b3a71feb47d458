"""restated: what a venue changed or dropped after it was posted is told, with both versions; nothing else is."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, Ledger, day

CHECK = "restated"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _of(ledger: Ledger, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, [CHECK])[CHECK].breaks)


def _take_back(
    ledger: Ledger, entry: int, status: str = "vanished", *, read_at: datetime | None = None
) -> int:
    """The venue changed or dropped the row of an entry: it is reversed; the reversal's number."""
    ledger.connection.execute("update legs set live = false where entry = ?", [entry])
    back = ledger.entry = ledger.entry + 1
    ledger.connection.execute(
        """insert into legs select * replace (
            ? as entry, ? as number, ? as turn, 'reversal: ' || kind as kind, -quantity as quantity,
            null as balance_after
        ) from legs where entry = ?""",
        [back, back, back, entry],
    )
    values = [back, entry, "history", status, read_at or day(50)]
    ledger.connection.execute("insert into reversals values (?, ?, ?, ?, ?)", values)
    return back


def _restate(ledger: Ledger, first: int, quantity: str, *, of: int | None = None, **row: Any) -> int:
    """The venue shows the row of an entry otherwise; the new entry's number. ``of``: the record's first entry."""
    _take_back(ledger, first, "settled")
    entry = ledger.row(quantity, **row)
    ledger.connection.execute("update legs set record = ? where entry = ?", [of or first, entry])
    return entry


def test_nothing_is_restated_where_nothing_was_posted(ledger: Ledger) -> None:
    assert (_of(ledger), ledger.results(EVER, [CHECK])[CHECK].tested) == ([], 0)


def test_rows_that_stay_are_counted_once_each(ledger: Ledger) -> None:
    ledger.row("1")
    first = ledger.row("2")
    _restate(ledger, first, "2", at=day(1 / 12))
    answer = ledger.results(EVER, [CHECK])[CHECK]
    assert (list(answer.breaks), answer.tested) == ([], 2)


def test_a_row_that_was_dropped_is_told_with_the_reading_that_lacks_it(ledger: Ledger) -> None:
    ledger.row("1")
    gone = ledger.row("0.5", at=day(3))
    back = _take_back(ledger, gone)
    (found,) = _of(ledger)
    assert (found.severity, found.diagnosis.kind, found.entries) == ("error", "vanished", (gone, back))
    assert (found.source, found.account, found.asset) == ("fuse", "main", "BTC")
    assert (found.expected, found.actual, found.difference) == (Decimal("0.5"), 0, Decimal("-0.5"))
    assert found.diagnosis.text == (
        "fuse, account main, BTC, 2025-01-04 00:00:00 UTC: the venue had given this row (deposit of 0.5 BTC), and "
        "shows it no more, as read on 2025-02-20 00:00:00 UTC. Expected 0.5, found 0.0."
    )


def test_a_changed_quantity_is_told_from_what_to_what(ledger: Ledger) -> None:
    first = ledger.row("0.5", at=day(3))
    last = _restate(ledger, first, "0.75", at=day(3))
    (found,) = _of(ledger)
    assert (found.diagnosis.kind, found.entries) == ("restated", (first, last))
    assert (found.expected, found.actual) == (Decimal("0.5"), Decimal("0.75"))
    assert "it moved 0.50 BTC, and moves 0.75 BTC. Expected 0.50, found 0.75." in found.diagnosis.text


@pytest.mark.parametrize(
    ("changes", "said", "place"),
    [
        ({"quantity": "-2"}, "it moved 2 BTC, and moves -2 BTC", ("main", "BTC")),
        ({"asset": "ETH"}, "it moved 2 BTC and 0 ETH, and moves 0 BTC and 2 ETH", ("main", None)),
        (
            {"account": "sub"},
            "it moved 2 BTC in main and 0 BTC in sub, and moves 0 BTC in main and 2 BTC in sub",
            (None, "BTC"),
        ),
        ({"at": day(4)}, "it was dated 2025-01-04 00:00:00 UTC, and is dated 2025-01-05 00:00:00 UTC", ("main", "BTC")),
        ({"kind": "interest", "contra": "income"}, "its kind was deposit, and is interest", ("main", "BTC")),
        ({"contra": "suspense"}, "it stands against another account than before", ("main", "BTC")),
    ],
)  # fmt: skip
def test_every_change_of_what_is_posted_is_a_break(
    ledger: Ledger, changes: dict[str, Any], said: str, place: tuple[str | None, str | None]
) -> None:
    first = ledger.row("2", at=day(3))
    _restate(ledger, first, **{"quantity": "2", "at": day(3), **changes})
    (found,) = _of(ledger)
    assert found.diagnosis.kind == "restated"
    assert said in found.diagnosis.text
    assert (found.account, found.asset) == place


def test_a_trade_that_was_dropped_is_one_break_with_all_that_it_moved(ledger: Ledger) -> None:
    ledger.entry = 1
    rest = (day(3), 1, "buy", True)
    ledger.leg(
        *(1, "fuse", "main", "assets:fuse:main", "assets", "BTC", Decimal("0.5"), None, *rest),
        *(1, "fuse", None, "trading", "trading", "BTC", Decimal("-0.5"), None, *rest),
        *(1, "fuse", "main", "assets:fuse:main", "assets", "PLN", Decimal("-100.5"), None, *rest),
        *(1, "fuse", None, "trading", "trading", "PLN", Decimal(100), None, *rest),
        *(1, "fuse", None, "fees:fuse", "fees", "PLN", Decimal("0.5"), None, *rest),
    )
    _take_back(ledger, 1)
    (found,) = _of(ledger)
    assert "(buy of 0.5 BTC and -100.5 PLN), and shows it no more" in found.diagnosis.text
    assert (found.account, found.asset, found.difference) == ("main", None, None)


def test_a_row_that_was_dropped_and_came_back_as_it_was_is_none(ledger: Ledger) -> None:
    first = ledger.row("2", at=day(3))
    _take_back(ledger, first)
    again = ledger.row("2", at=day(3))
    ledger.connection.execute("update legs set record = ? where entry = ?", [first, again])
    assert _of(ledger) == []
    third = _restate(ledger, again, "3", of=first, at=day(3))
    (found,) = _of(ledger)
    assert (found.entries, found.expected, found.actual) == ((first, third), 2, 3)


def test_a_settled_row_that_pends_again_is_told(ledger: Ledger) -> None:
    first = ledger.row("2", at=day(3))
    _take_back(ledger, first, "pending")
    (found,) = _of(ledger)
    assert found.diagnosis.kind == "restated"
    assert "and calls it pending again" in found.diagnosis.text


def test_a_row_that_is_changed_again_keeps_its_break(ledger: Ledger) -> None:
    first = ledger.row("2", at=day(3))
    second = _restate(ledger, first, "3", at=day(3))
    (before,) = _of(ledger)
    _restate(ledger, second, "5", of=first, at=day(3))
    (after,) = _of(ledger)
    assert (before.id, before.difference, after.difference) == (after.id, 1, 3)


def test_twins_are_each_their_own_break(ledger: Ledger) -> None:
    for entry in [ledger.row("2", at=day(3)) for _ in range(3)][:2]:
        _take_back(ledger, entry)
    assert len({one.id for one in _of(ledger)}) == 2


def test_that_a_transfer_moves_through_transit_is_no_change_of_the_venue(ledger: Ledger) -> None:
    first = ledger.row("-10", at=day(3), kind="withdrawal")
    last = _restate(ledger, first, "-10", at=day(3), kind="withdrawal")
    ledger.connection.execute(
        "insert into legs select * replace ('fees' as class, 1 as quantity) from legs where entry = ? and class = "
        "'external'",
        [last],
    )
    ledger.connection.execute(
        "update legs set class = 'transit', quantity = 9 where entry = ? and class = 'external'", [last]
    )
    assert _of(ledger) == []


def test_a_restatement_shows_in_every_period_from_the_row_to_the_reading_that_found_it(
    ledger: Ledger,
) -> None:
    """Who closes February in March hears of a row of January that was changed in between."""
    gone, late = ledger.row("2", at=day(3)), ledger.row("2", at=day(70))
    _take_back(ledger, gone, read_at=day(50))
    _take_back(ledger, late, read_at=day(75))
    march = Period(name="2025-03", start=FEBRUARY.end, end=datetime(2025, 4, 1, tzinfo=UTC))
    shown = [[one.entries[0] for one in _of(ledger, period)] for period in (JANUARY, FEBRUARY, march, EVER)]
    assert shown == [[gone], [gone], [late], [gone, late]]
    assert ledger.results(JANUARY, [CHECK])[CHECK].tested == 1


def test_values_that_are_not_there_do_not_hide_a_change(ledger: Ledger) -> None:
    first = ledger.row("2", at=day(3))
    _restate(ledger, first, "2", at=day(3))
    ledger.connection.execute('update legs set "at" = null, kind = null where live')
    (found,) = _of(ledger)
    assert "is dated nowhen UTC; its kind was deposit, and is unstated" in found.diagnosis.text


def test_sources_do_not_mix(ledger: Ledger) -> None:
    ledger.row("2", source="gas", at=day(3))
    gone = ledger.row("2", at=day(3))
    _take_back(ledger, gone)
    (found,) = _of(ledger)
    assert found.source == "fuse"
