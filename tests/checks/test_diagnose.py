"""A cause is named when one explanation fits exactly, and only then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from recon.checks._ask import Found
from recon.checks._diagnose import candidates, fits, tell_difference, tell_gap
from recon.checks._sentences import moment, padded
from recon.checks._values import Candidate, Difference, Failing, Gap, Leg, Pending, Told, Unread
from recon.core.breaks import Break, Diagnosis

NINES = "9" * 18
AT = datetime(2025, 1, 14, 14, 20, 1, tzinfo=UTC)


def _leg(
    place: int, quantity: str, after: str | None = None, *, kind: str = "deposit", suspended: bool = False
) -> Leg:
    balance = None if after is None else Decimal(after)
    return Leg(place, place * 10, AT + timedelta(hours=place), kind, Decimal(quantity), balance, suspended)


def _found(expected: str, actual: str) -> Found:
    return Found(
        "fuse",
        "main",
        "BTC",
        AT,
        Decimal(expected),
        Decimal(actual),
        "n",
        "unexplained",
        "x",
        until=AT,
        until_entry=99,
    )


def _gap(
    expected: str,
    *rows: Leg,
    before: Leg | None = None,
    after: Leg | None = None,
    is_last: bool = False,
    holds_after: bool = True,
) -> Gap:
    actual = str(rows[-1].balance_after)
    return Gap(_found(expected, actual), before, rows, after, is_last, holds_after)


def _told(
    gap: Gap, unread: Sequence[Unread] = (), *, paired: bool = False, failing: Sequence[Failing] = ()
) -> Told:
    return tell_gap(gap, unread, paired=paired, failing=failing)


def _difference(
    rest: str, *near: Candidate, gaps: tuple[Break, ...] = (), pending: tuple[Pending, ...] = ()
) -> Difference:
    found = _found("0", str(sum((gap.difference or Decimal(0) for gap in gaps), Decimal(rest))))
    return Difference(found, gaps, Decimal(rest), None, near, pending, Decimal(0))


def _tell(
    one: Difference, unread: Sequence[Unread] = (), *, paired: bool = False, alike: Sequence[Found] = ()
) -> Told:
    return tell_difference(one, unread, paired=paired, alike=alike, failing=())


UNREAD = Unread("fuse", "BTC", 77, AT, "odd: its amount is a word")
BEFORE = _leg(1, "10", "10")


@pytest.mark.parametrize(
    ("amount", "quantity", "twin", "suspended", "kinds"),
    [
        ("-5", "5", True, False, ["duplicate_record"]),
        ("-5", "5", False, False, []),
        ("5", "5", True, False, []),
        ("-10", "5", False, False, ["sign_flipped"]),
        ("-10", "5", True, False, ["sign_flipped"]),
        ("10", "-5", False, False, ["sign_flipped"]),
        ("-5", "5", False, True, ["unknown_type"]),
        ("-5", "5", True, True, ["unknown_type"]),
        ("-10", "5", False, True, ["sign_flipped"]),
        ("-5.000000000000000001", "5", True, True, []),
        (f"-1{NINES}.{NINES[1:]}8", f"{NINES}.{NINES}", False, False, ["sign_flipped"]),
    ],
)  # fmt: skip
def test_a_row_explains_what_its_absence_or_sign_makes_exactly(
    amount: str, quantity: str, twin: bool, suspended: bool, kinds: list[str]
) -> None:
    found = fits(Decimal(amount), [Candidate(_leg(1, quantity, suspended=suspended), twin)])
    assert [fit.kind for fit in found] == kinds


def test_equal_rows_side_by_side_are_one_explanation_and_apart_they_are_two() -> None:
    beside = [Candidate(_leg(place, "5"), True) for place in (2, 3, 4)]
    apart = [Candidate(_leg(place, "5"), True) for place in (2, 3, 7, 8)]
    assert [fit.leg.place for fit in fits(Decimal(-5), beside)] == [4]
    assert [fit.leg.place for fit in fits(Decimal(-5), apart)] == [3, 8]


def test_twins_are_neighbours_of_one_quantity_and_kind() -> None:
    gap = _gap(
        "1", _leg(2, "10"), _leg(3, "4"), _leg(4, "4", "0", kind="fee"), before=BEFORE, after=_leg(5, "4")
    )
    assert [one.twin for one in candidates(gap)] == [True, False, False]
    last = _gap("1", _leg(2, "4", "0"), before=BEFORE, after=_leg(3, "4"))
    assert [one.twin for one in candidates(last)] == [True]
    alone = _gap("1", _leg(1, "4", "0"))
    assert [one.twin for one in candidates(alone)] == [False]


def test_a_duplicate_and_a_flipped_sign_are_named_at_their_row() -> None:
    duplicate = _told(_gap("20", _leg(2, "10", "10"), before=BEFORE))
    assert (duplicate.diagnosis.kind, duplicate.entries) == ("duplicate_record", (20, 10))
    flipped = _told(_gap("7", _leg(2, "-3", "13"), before=BEFORE))
    assert (flipped.diagnosis.kind, flipped.entries) == ("sign_flipped", (20, 10))
    assert "has the wrong sign and moved 3." in flipped.diagnosis.text


def test_the_row_at_fault_may_stand_before_the_one_that_states_the_balance() -> None:
    told = _told(_gap("8", _leg(2, "-3"), _leg(3, "1", "14"), before=BEFORE))
    assert (told.diagnosis.kind, told.entries) == ("sign_flipped", (30, 10, 20))
    assert "Rows between them that state no balance: 1." in told.diagnosis.text


def test_two_explanations_that_fit_are_both_told_and_none_is_named() -> None:
    told = _told(_gap("5", _leg(2, "-3"), _leg(3, "-3", "11", kind="fee"), before=BEFORE))
    assert told.diagnosis.kind == "unexplained"
    assert told.diagnosis.text.count("It is explained exactly if") == 2
    assert told.entries == (30, 10, 20)


@pytest.mark.parametrize(("is_last", "holds_after", "kind"), [
    (False, True, "missing_record"), (True, True, "missing_record"), (False, False, "unexplained"),
])  # fmt: skip
def test_a_record_is_missing_where_the_chain_is_whole_from_there_on(
    is_last: bool, holds_after: bool, kind: str
) -> None:
    gap = _gap("15", _leg(2, "5", "16"), before=BEFORE, is_last=is_last, holds_after=holds_after)
    assert _told(gap).diagnosis.kind == kind


def test_a_specific_cause_is_named_also_where_the_next_balance_breaks() -> None:
    gap = _gap("7", _leg(2, "-3", "13"), before=BEFORE, holds_after=False)
    assert _told(gap).diagnosis.kind == "sign_flipped"


def test_a_suspended_row_that_moved_nothing_is_the_cause() -> None:
    told = _told(_gap("15", _leg(2, "5", "10", suspended=True), before=BEFORE))
    assert (told.diagnosis.kind, told.suspended) == ("unknown_type", (20,))


def test_one_row_that_could_not_be_understood_is_the_missing_one_and_several_prove_nothing() -> None:
    gap = _gap("15", _leg(2, "5", "16"), before=BEFORE)
    alone = _told(gap, [UNREAD], paired=True)
    assert (alone.diagnosis.kind, alone.suspended) == ("missing_record", (77,))
    assert "odd: its amount is a word" in alone.diagnosis.text
    unsure = _told(gap, [UNREAD, UNREAD])
    assert (unsure.diagnosis.kind, unsure.suspended) == ("unexplained", ())


def test_a_stream_that_was_not_read_whole_proves_nothing() -> None:
    told = _told(_gap("15", _leg(2, "5", "16"), before=BEFORE), failing=[Failing("fuse", "rows.csv", None)])
    assert told.diagnosis.kind == "unexplained"


def test_a_closing_difference_has_the_kind_of_the_running_balances_it_sums() -> None:
    def gap(kind: str, difference: str) -> Break:
        return Break(
            check="running_balance", severity="error", anchor=difference, diagnosis=Diagnosis(kind=kind, text="x"),
            at=AT, difference=Decimal(difference),
        )  # fmt: skip

    one, same, other = gap("missing_record", "2"), gap("missing_record", "3"), gap("sign_flipped", "4")
    assert _tell(_difference("0", gaps=(one, same))).diagnosis.kind == "missing_record"
    assert _tell(_difference("0", gaps=(one, other))).diagnosis.kind == "unexplained"
    rest = _tell(_difference("0.5", gaps=(one, other)))
    assert rest.diagnosis.kind == "missing_record"
    assert "6.0 of it is what the running balance breaks by" in rest.diagnosis.text
    assert "0.5 remains." in rest.diagnosis.text


def test_a_pending_row_that_fits_is_told_and_takes_the_name_from_another_fit() -> None:
    pending = Pending(8, AT, "withdrawal", Decimal(-6))
    flipped = Candidate(_leg(2, "3"), twin=False)
    assert _tell(_difference("-6", flipped)).diagnosis.kind == "sign_flipped"
    told = _tell(_difference("-6", flipped, pending=(pending,)))
    assert told.diagnosis.kind == "unexplained"
    assert told.diagnosis.records[-1] == {"record": 8, "quantity": "-6"}


def test_a_closing_difference_that_a_suspended_row_explains_belongs_to_it() -> None:
    told = _tell(_difference("-3", Candidate(_leg(2, "3", suspended=True), twin=False)))
    assert (told.diagnosis.kind, told.suspended) == ("unknown_type", (20,))
    unread = _tell(_difference("-3"), [UNREAD], paired=True)
    assert (unread.diagnosis.kind, unread.suspended) == ("missing_record", (77,))
    unsure = _tell(_difference("-3"), [UNREAD], paired=False)
    assert (unsure.diagnosis.kind, unsure.suspended) == ("unexplained", ())


def test_other_assets_that_differ_take_the_proof_away_but_not_an_exact_fit() -> None:
    other = [_found("0", "9")]
    assert _tell(_difference("-3"), alike=other).diagnosis.kind == "unexplained"
    assert (
        _tell(_difference("-6", Candidate(_leg(2, "3"), twin=False)), alike=other).diagnosis.kind
        == "sign_flipped"
    )


def test_numbers_that_stand_together_have_as_many_decimals() -> None:
    write = padded(Decimal("1.5"), Decimal("-0.0300"), None, Decimal(7))
    assert [write(number) for number in (Decimal("1.5"), Decimal(7), Decimal("-0.03"))] == [
        "1.50",
        "7.00",
        "-0.03",
    ]
    assert padded(Decimal(7), Decimal(80))(Decimal(80)) == "80"


def test_moments_are_written_in_utc_with_the_fraction_they_have() -> None:
    assert moment(AT) == "2025-01-14 14:20:01 UTC"
    assert moment(AT + timedelta(microseconds=20)) == "2025-01-14 14:20:01.000020 UTC"
