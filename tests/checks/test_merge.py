"""One cause is shown once, under the first check that applies, with what else it explains."""

from decimal import Decimal

import pytest

from recon.checks._merge import fold
from recon.checks._values import Cause
from recon.core.breaks import Break, Diagnosis
from tests.checks._ledger import FEBRUARY, JANUARY, Ledger, day, kinds


def _break(check: str, anchor: str) -> Break:
    return Break(
        check=check, severity="error", anchor=anchor, diagnosis=Diagnosis(kind="unexplained", text=anchor)
    )


RUNNING, SUSPENSE, CLOSING = (
    _break(check, "a") for check in ("running_balance", "unclassified", "closing_balance")
)
SHOWN = {one.id: one for one in (RUNNING, SUSPENSE, CLOSING)}


def _members(one: Break) -> list[str]:
    return [member["check"] for member in one.diagnosis.members]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_nothing_is_folded_without_a_cause() -> None:
    assert fold(SHOWN, []) == [RUNNING, SUSPENSE, CLOSING]


def test_a_member_leaves_the_list_and_stands_in_its_host_with_its_facts() -> None:
    host, other = fold(SHOWN, [Cause(RUNNING.id, CLOSING.id)])
    assert (host.id, other) == (RUNNING.id, SUSPENSE)
    (member,) = host.diagnosis.members
    assert member["id"] == CLOSING.id
    assert member["text"] == "a"
    assert member["check"] == "closing_balance"


def test_a_members_member_goes_to_the_outermost_host() -> None:
    for causes in (
        [Cause(RUNNING.id, SUSPENSE.id), Cause(SUSPENSE.id, CLOSING.id)],
        [Cause(SUSPENSE.id, CLOSING.id), Cause(RUNNING.id, SUSPENSE.id)],
    ):
        (host,) = fold(SHOWN, causes)
        assert _members(host) == ["unclassified", "closing_balance"]


def test_the_first_cause_counts_and_a_circle_loses_nothing() -> None:
    twice = fold(SHOWN, [Cause(RUNNING.id, CLOSING.id), Cause(SUSPENSE.id, CLOSING.id)])
    assert [_members(one) for one in twice] == [["closing_balance"], []]
    circle = fold(
        SHOWN, [Cause(RUNNING.id, CLOSING.id), Cause(CLOSING.id, RUNNING.id), Cause(SUSPENSE.id, SUSPENSE.id)]
    )
    assert [one.id for one in circle] == [RUNNING.id, SUSPENSE.id]


def test_a_host_that_is_not_shown_hides_nothing() -> None:
    assert len(fold(SHOWN, [Cause("B-elsewhere", CLOSING.id)])) == 3


def test_a_missing_row_shows_once_with_the_closing_balance_as_its_member(ledger: Ledger) -> None:
    ledger.row("10", "10")
    ledger.row("5", "18")
    ledger.look({("main", "BTC"): "18"})
    (found,) = ledger.breaks()
    assert (found.check, _members(found)) == ("running_balance", ["closing_balance"])
    answers = ledger.results()
    assert (answers["closing_balance"].breaks, answers["closing_balance"].tested) == ((), 1)


def test_the_sum_of_several_gaps_belongs_to_the_last_of_the_period(ledger: Ledger) -> None:
    ledger.row("1", "2", at=day(1))
    ledger.row("1", "5", at=day(2))
    ledger.row("1", "5.5", at=day(40))
    ledger.look({("main", "BTC"): "5.5"}, at=day(60))
    assert [_members(one) for one in ledger.breaks()] == [[], [], ["closing_balance"]]
    assert [_members(one) for one in ledger.breaks(JANUARY)] == [[], ["closing_balance"]]
    assert [_members(one) for one in ledger.breaks(FEBRUARY)] == [["closing_balance"]]


def test_where_the_gaps_lie_outside_the_period_the_closing_balance_stays_and_points_to_them(
    ledger: Ledger,
) -> None:
    ledger.row("1", "2", at=day(1))
    ledger.row("1", "3", at=day(40))
    ledger.look({("main", "BTC"): "3"}, at=day(60))
    (january,) = ledger.breaks(JANUARY)
    (february,) = ledger.breaks(FEBRUARY)
    assert (february.check, february.diagnosis.kind) == ("closing_balance", "missing_record")
    assert f"This is what the running balance breaks by: {january.id} (2025-01-02" in february.diagnosis.text


def test_a_difference_that_gaps_behind_the_period_make_is_no_break_of_it_and_shown_with_theirs(
    ledger: Ledger,
) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "2", at=day(31))
    ledger.row("1", "4", at=day(40))
    ledger.row("1", "7", at=day(41))
    ledger.look({("main", "BTC"): "7"}, at=day(60))
    assert ledger.breaks(JANUARY) == []
    first, second = ledger.breaks(FEBRUARY)
    assert [_members(one) for one in (first, second)] == [[], ["closing_balance"]]
    assert [one.id for one in ledger.breaks()] == [first.id, second.id]
    assert ledger.results(JANUARY)["closing_balance"].later == (
        (("fuse", "main", "BTC"), (first.id, second.id)),
    )
    assert ledger.results(FEBRUARY)["closing_balance"].later == ()


def test_a_difference_that_gaps_behind_the_period_do_not_make_wholly_stays_its_break(ledger: Ledger) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "2", at=day(31))
    ledger.row("1", "4", at=day(40))
    ledger.look({("main", "BTC"): "5"}, at=day(60))
    (found,) = ledger.breaks(JANUARY)
    assert (found.check, found.difference) == ("closing_balance", 2)


def test_a_difference_that_a_gap_of_the_period_and_one_behind_it_make_stays_its_break(ledger: Ledger) -> None:
    ledger.row("1", "2", at=day(1))
    ledger.row("1", "3", at=day(31))
    ledger.row("1", "5", at=day(40))
    ledger.look({("main", "BTC"): "5"}, at=day(60))
    (january,) = ledger.breaks(JANUARY)
    assert (january.check, _members(january)) == ("running_balance", ["closing_balance"])
    assert [_members(one) for one in ledger.breaks()] == [[], ["closing_balance"]]


@pytest.mark.parametrize("before", [["1", "1"], []])
def test_a_gap_whose_last_sound_balance_lies_in_the_period_is_one_break_of_both_periods(
    ledger: Ledger, before: list[str]
) -> None:
    if before:
        ledger.row(*before, at=day(1))
    ledger.row("1", "4", at=day(40))
    ledger.row("1", "9", at=day(41))
    ledger.look({("main", "BTC"): "9"}, at=day(60))
    (january,) = ledger.breaks(JANUARY)
    assert (january.check, _members(january)) == ("running_balance", ["closing_balance"])
    february = ledger.breaks(FEBRUARY)
    assert february[0].id == january.id
    assert [_members(one) for one in february] == [[], ["closing_balance"]]


def test_a_gap_that_was_posted_behind_a_sealed_period_and_happened_in_it_is_one_break_of_both(
    ledger: Ledger,
) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "10", at=day(40), ordinal=20)
    ledger.late(ledger.row("1", "9", at=day(31), ordinal=10), day(20))
    ledger.look({("main", "BTC"): "10"}, at=day(60))
    for period in (JANUARY, FEBRUARY):
        (found,) = ledger.breaks(period)
        assert (found.check, found.difference, _members(found)) == ("running_balance", 7, ["closing_balance"])


def test_a_gap_after_the_look_explains_nothing_of_it(ledger: Ledger) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.look({("main", "BTC"): "3"}, at=day(32))
    ledger.row("1", "4", at=day(33))
    (found,) = ledger.breaks(JANUARY)
    assert kinds([found]) == [("closing_balance", "missing_record")]
    assert "running balance" not in found.diagnosis.text


def test_what_the_gaps_leave_unexplained_is_a_break_of_its_own(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("5", "18", at=day(2))
    ledger.look({("main", "BTC"): "17"}, at=day(3))
    gap, closing = ledger.breaks()
    assert kinds([gap, closing]) == [
        ("running_balance", "missing_record"),
        ("closing_balance", "missing_record"),
    ]
    assert closing.difference == 2
    assert f"3 of it is what the running balance breaks by: {gap.id}" in closing.diagnosis.text
    assert "since the last balance stated, on 2025-01-03 00:00:00 UTC, the venue moved exactly 1 less" in (
        closing.diagnosis.text
    )


def test_a_row_of_unknown_type_that_moved_nothing_is_shown_where_the_balance_breaks(ledger: Ledger) -> None:
    ledger.row("10", "10")
    ledger.row("5", "10", contra="suspense", kind="memo")
    ledger.row("1", "11")
    ledger.look({("main", "BTC"): "11"})
    (found,) = ledger.breaks()
    assert kinds([found]) == [("running_balance", "unknown_type")]
    assert _members(found) == ["unclassified", "closing_balance"]


def test_a_row_of_unknown_type_that_explains_the_closing_balance_is_the_one_shown(ledger: Ledger) -> None:
    ledger.row("10")
    ledger.row("5.12345", contra="suspense", kind="memo")
    ledger.look({("main", "BTC"): "10"})
    (found,) = ledger.breaks()
    assert (found.check, _members(found)) == ("unclassified", ["closing_balance"])


def test_a_row_of_unknown_type_that_explains_nothing_stands_beside_the_closing_balance(
    ledger: Ledger,
) -> None:
    ledger.row("10")
    ledger.row("5", contra="suspense", kind="memo")
    ledger.look({("main", "BTC"): "11"})
    assert [one.check for one in ledger.breaks()] == ["unclassified", "closing_balance"]


def test_a_row_that_could_not_be_understood_is_shown_where_the_balance_breaks(ledger: Ledger) -> None:
    ledger.row("10", "10")
    ledger.unread()
    ledger.row("1", "13")
    ledger.look({("main", "BTC"): "13"})
    (found,) = ledger.breaks()
    assert kinds([found]) == [("running_balance", "missing_record")]
    assert _members(found) == ["unclassified", "closing_balance"]


def test_a_row_that_could_not_be_understood_is_not_tied_to_one_of_two_gaps(ledger: Ledger) -> None:
    ledger.read()
    ledger.row("10", "10")
    ledger.row("10", "10", account="sub")
    ledger.unread()
    ledger.row("1", "13")
    ledger.row("1", "14", account="sub")
    assert kinds(ledger.breaks()) == [
        ("running_balance", "unexplained"), ("running_balance", "unexplained"), ("unclassified", "unknown_type"),
    ]  # fmt: skip


def test_a_row_of_another_asset_that_could_not_be_understood_is_no_cause(ledger: Ledger) -> None:
    ledger.read()
    ledger.row("10", "10")
    ledger.unread("ETH")
    ledger.row("1", "13")
    assert [one.check for one in ledger.breaks()] == ["running_balance", "unclassified"]


def test_a_last_row_that_could_not_be_understood_holds_the_closing_difference(ledger: Ledger) -> None:
    ledger.row("10", "10")
    ledger.unread()
    ledger.look({("main", "BTC"): "12"})
    (found,) = ledger.breaks()
    assert (found.check, _members(found)) == ("unclassified", ["closing_balance"])


def test_a_row_that_could_not_be_understood_is_the_cause_of_one_thing_only(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.unread(at=day(2))
    ledger.row("1", "13", at=day(2))
    ledger.look({("main", "BTC"): "15"}, at=day(3))
    gap, closing = ledger.breaks()
    assert (_members(gap), _members(closing)) == (["unclassified"], [])


@pytest.mark.parametrize("when", [0, 3])
def test_a_row_that_could_not_be_understood_outside_of_the_gap_is_no_cause_of_it(
    ledger: Ledger, when: int
) -> None:
    ledger.read()
    ledger.unread(at=day(when))
    ledger.row("10", "10", at=day(1))
    ledger.row("1", "13", at=day(2))
    assert kinds(ledger.breaks()) == [("running_balance", "missing_record"), ("unclassified", "unknown_type")]


def test_a_row_that_could_not_be_understood_before_a_balance_that_holds_is_no_cause(ledger: Ledger) -> None:
    ledger.unread(at=day(1))
    ledger.row("10", "10", at=day(2))
    ledger.look({("main", "BTC"): "12"}, at=day(3))
    assert kinds(ledger.breaks()) == [("unclassified", "unknown_type"), ("closing_balance", "missing_record")]


def test_a_row_that_could_not_be_understood_before_a_look_that_agrees_is_no_cause(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.unread(at=day(1))
    ledger.look({("main", "BTC"): "10"}, at=day(2))
    ledger.look({("main", "BTC"): "12"}, at=day(3))
    assert kinds(ledger.breaks()) == [("unclassified", "unknown_type"), ("closing_balance", "missing_record")]


def test_an_asset_that_its_running_balance_explains_leaves_the_others_their_proof(ledger: Ledger) -> None:
    ledger.row("10", "12", at=day(1))
    ledger.row("10", asset="ETH", at=day(1))
    ledger.look({("main", "BTC"): "12", ("main", "ETH"): "11"}, at=day(2))
    assert kinds(ledger.breaks()) == [
        ("running_balance", "missing_record"),
        ("closing_balance", "missing_record"),
    ]


def test_a_row_the_venue_counts_but_does_not_list_is_the_gap(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("1", "13", at=day(2))
    ledger.read("history", at=day(3), seen=2, stated=3)
    ledger.look({("main", "BTC"): "13"}, at=day(4))
    (found,) = ledger.breaks()
    assert (found.check, _members(found)) == ("running_balance", ["coverage", "closing_balance"])


def test_another_count_than_that_of_the_gaps_is_another_cause(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("1", "13", at=day(2))
    ledger.read("history", at=day(3), seen=2, stated=4)
    assert [one.check for one in ledger.breaks()] == ["running_balance", "coverage"]
    assert [one.check for one in ledger.breaks(FEBRUARY)] == ["coverage"]


def test_a_count_that_gaps_and_closing_differences_could_both_be_proves_nothing(ledger: Ledger) -> None:
    ledger.row("10", "11", at=day(1))
    ledger.row("1", "14", at=day(2))
    ledger.row("10", asset="ETH", at=day(2))
    ledger.read("history", at=day(3), seen=3, stated=4)
    ledger.look({("main", "BTC"): "14", ("main", "ETH"): "13"}, at=day(4))
    assert [one.check for one in ledger.breaks()] == [
        "running_balance", "running_balance", "coverage", "closing_balance",
    ]  # fmt: skip


def test_a_last_row_the_venue_counts_but_does_not_list_is_the_closing_difference(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.read("history", at=day(3), seen=1, stated=2)
    ledger.look({("main", "BTC"): "13"}, at=day(4))
    (found,) = ledger.breaks()
    assert (found.check, _members(found)) == ("coverage", ["closing_balance"])
    assert found.diagnosis.members[0]["difference"] == "3"
    assert found.difference == Decimal(1)


def test_two_streams_that_are_miscounted_prove_nothing(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("1", "13", at=day(2))
    for stream in ("history", "trades"):
        ledger.read(stream, at=day(3), seen=2, stated=3)
    assert [one.check for one in ledger.breaks()] == ["running_balance", "coverage", "coverage"]
