"""A running balance that breaks gets a name when one explanation fits exactly, and only then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from recon.checks._ask import Found
from recon.checks._figures import swaps
from recon.checks._gaps import faults, reasons, tell, windows
from recon.checks._values import Failing, Fault, Gap, Leg, Told, Unread
from recon.core.records import Rate

NINES = "9" * 18
AT = datetime(2025, 1, 14, 14, 20, 1, tzinfo=UTC)
UNREAD = Unread("fuse", "BTC", 77, AT, "odd: its amount is a word")


def _leg(
    place: int, quantity: str, after: str | None = None, *, kind: str = "deposit", suspended: bool = False
) -> Leg:
    balance = None if after is None else Decimal(after)
    return Leg(place, place * 10, AT + timedelta(hours=place), kind, Decimal(quantity), balance, suspended)


BEFORE = _leg(1, "10", "10")


def _gap(
    expected: str,
    *rows: Leg,
    before: Leg | None = BEFORE,
    after: Leg | None = None,
    following: int = 100,
    is_last: bool = False,
    holds_after: bool = True,
    decimals: int = 2,
    rates: Sequence[Rate] = (),
    asset: str = "BTC",
) -> Gap:
    found = Found(
        "fuse", "main", asset, AT, Decimal(expected), rows[-1].balance_after, "n", "unexplained", "x"
    )
    return Gap(
        found, before, rows, after, following, is_last, holds_after, decimals, tuple(rates)
    )  # fmt: skip


def _of(amount: str, row: Leg, **rest: object) -> Gap:
    """A gap of that amount at one row."""
    after = row._replace(balance_after=Decimal(0))
    return _gap(str(Decimal(amount).copy_negate()), after, **rest)  # type: ignore[arg-type]


def _told(
    gap: Gap, unread: Sequence[Unread] = (), *, paired: bool = False, failing: Sequence[Failing] = ()
) -> Told:
    return tell(Fault((gap,)), unread, paired=paired, failing=failing)


def _kinds(gap: Gap) -> list[str]:
    return [one.kind for one in reasons(gap)]


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
        ("-111.078", "112.20", False, False, ["decimal_shift"]),
        ("-111.079", "112.20", False, False, []),
        ("-110.9493", "112.07", False, False, ["decimal_shift"]),
        ("1008.63", "112.07", False, False, ["decimal_shift"]),
        ("-1008.63", "-112.07", False, False, ["decimal_shift"]),
        ("1008.64", "112.07", False, False, []),
        ("-9", "112.07", False, False, []),
        ("9", "112.07", False, False, ["transposed_digits"]),
        ("-9", "-112.07", False, False, ["transposed_digits"]),
        ("-1.8", "112.07", False, False, ["transposed_digits"]),
        ("0.63", "112.07", False, False, ["transposed_digits"]),
        ("-4.5", "5", False, False, ["decimal_shift", "transposed_digits"]),
        ("0.000000000000000009", "5.000000000000000012", False, False, ["transposed_digits"]),
    ],
)  # fmt: skip
def test_a_row_explains_what_its_absence_sign_scale_or_digits_make_exactly(
    amount: str, quantity: str, twin: bool, suspended: bool, kinds: list[str]
) -> None:
    row = _leg(2, quantity, suspended=suspended)
    after = _leg(3, quantity) if twin else None
    assert _kinds(_of(amount, row, after=after, before=None)) == kinds


@pytest.mark.parametrize(
    ("number", "decimals", "expected"),
    [
        ("12.3", 1, ["21.3", "13.2"]),
        ("12.3", 2, ["21.3", "13.2", "12.03"]),
        ("-10.5", 1, ["-15.0"]),
        ("0.15", 2, ["1.05", "0.51"]),
        ("7", 0, []),
        ("77", 0, []),
        ("5", 18, ["0.5"]),
        (f"{NINES}.{NINES[:-1]}8", 18, [f"{NINES}.{NINES[:-2]}89"]),
    ],
)
def test_neighbouring_digits_are_swapped_also_across_the_point(
    number: str, decimals: int, expected: list[str]
) -> None:
    assert swaps(Decimal(number), decimals) == {Decimal(one) for one in expected}


def test_equal_rows_side_by_side_are_one_explanation_and_apart_they_are_two() -> None:
    beside = _gap("5", _leg(2, "5"), _leg(3, "5"), _leg(4, "5", "0"), before=None)
    assert [reason.legs[0].place for reason in reasons(beside)] == [4]
    rows = [_leg(2, "5"), _leg(3, "5"), _leg(4, "1"), _leg(5, "5"), _leg(6, "5", "0")]
    assert [reason.legs[0].place for reason in reasons(_gap("5", *rows, before=None))] == [3, 6]


def test_twins_are_neighbours_of_one_quantity_and_kind() -> None:
    other_kind = _leg(3, "4", "0", kind="fee")
    assert _kinds(_gap("4", other_kind, before=_leg(2, "4", "9"))) == []
    assert _kinds(_gap("4", _leg(3, "4", "0"), before=_leg(2, "4", "9"))) == ["duplicate_record"]
    assert _kinds(_gap("4", _leg(3, "4", "0"), after=_leg(4, "4", "9"))) == ["duplicate_record"]
    assert _kinds(_gap("4", _leg(3, "4", "0"))) == []


RATES = (
    Rate("", "maker fee", Decimal("0.001"), None),
    Rate("", "taker fee", Decimal("0.0025"), None),
    Rate("BTC", "withdrawal fee", None, Decimal("0.0005")),
)


@pytest.mark.parametrize(
    ("amount", "quantity", "decimals", "fits"),
    [
        ("-0.25", "100.00", 2, 1),
        ("-0.1", "100.00", 2, 1),
        ("0.25", "100.00", 2, 0),
        ("-0.26", "100.00", 2, 0),
        ("-0.31", "-123.45", 2, 1),
        ("-0.30", "-123.45", 2, 1),
        ("-0.308625", "-123.45", 6, 1),
        ("-0.0005", "-3", 8, 1),
        ("-0.000000000000000025", "0.00000000000001", 18, 1),
    ],
)
def test_a_fee_of_a_row_or_of_the_one_before_it_may_not_be_posted(
    amount: str, quantity: str, decimals: int, fits: int
) -> None:
    own = _of(amount, _leg(2, quantity), before=None, decimals=decimals, rates=RATES)
    assert _kinds(own) == ["fee_not_posted"] * fits
    before = _leg(1, quantity, "7")
    trade = _of(amount, _leg(2, "77777.7"), before=before, decimals=decimals, rates=RATES)
    assert _kinds(trade) == ["fee_not_posted"] * fits


def test_a_fee_is_told_with_its_name_and_row() -> None:
    told = _told(_of("-0.25", _leg(2, "100.00"), rates=RATES))
    assert told.diagnosis.kind == "fee_not_posted"
    assert (
        "a fee of -0.25 has no row: at taker fee, on the row of 2025-01-14 16:20:01 UTC."
        in told.diagnosis.text
    )


@pytest.mark.parametrize(
    ("amount", "quantities", "decimals", "fits"),
    [
        ("0.01", ["-12.34"], 2, True),
        ("-0.01", ["-12.34"], 2, True),
        ("0.02", ["-12.34"], 2, False),
        ("0.02", ["-12.34", "5.55"], 2, False),
        ("0.01", ["0.99"], 2, False),
        ("0.01", ["-12.3"], 2, False),
        ("0.01", ["-12.34"], 3, False),
        ("1", ["12"], 0, False),
        ("0.1", ["1.2"], 1, False),
        ("0.000000000000000001", ["0.000000000000000123"], 18, True),
        ("0.000000000000000002", ["0.000000000000000123"], 18, False),
    ],
)
def test_rounding_is_one_unit_of_the_last_decimal_of_a_row_that_is_stated_to_it_and_far_larger(
    amount: str, quantities: list[str], decimals: int, fits: bool
) -> None:
    rows = [_leg(place, quantity) for place, quantity in enumerate(quantities, 2)]
    rows[-1] = rows[-1]._replace(balance_after=Decimal(0))
    gap = _gap(str(Decimal(amount).copy_negate()), *rows, decimals=decimals)
    assert _kinds(gap) == ["rounding"] * fits


def test_a_duplicate_and_a_flipped_sign_are_named_at_their_row() -> None:
    duplicate = _told(_gap("20", _leg(2, "10", "10")))
    assert (duplicate.diagnosis.kind, duplicate.entries) == ("duplicate_record", (20, 10))
    flipped = _told(_gap("7", _leg(2, "-3", "13")))
    assert (flipped.diagnosis.kind, flipped.entries) == ("sign_flipped", (20, 10))
    assert "has the wrong sign and moved 3.00." in flipped.diagnosis.text


def test_the_row_at_fault_may_stand_before_the_one_that_states_the_balance() -> None:
    told = _told(_gap("8", _leg(2, "-3"), _leg(3, "1", "14")))
    assert (told.diagnosis.kind, told.entries) == ("sign_flipped", (30, 10, 20))
    assert "Rows between them that state no balance: 1." in told.diagnosis.text


def test_two_explanations_that_fit_are_both_told_and_none_is_named() -> None:
    told = _told(_gap("5", _leg(2, "-3"), _leg(3, "-3", "11", kind="fee")))
    assert told.diagnosis.kind == "unexplained"
    assert told.diagnosis.text.count("It is explained exactly if") == 2
    assert told.entries == (30, 10, 20)


@pytest.mark.parametrize(("is_last", "holds_after", "kind"), [
    (False, True, "missing_record"), (True, True, "missing_record"), (False, False, "unexplained"),
])  # fmt: skip
def test_a_record_is_missing_where_the_chain_is_whole_from_there_on(
    is_last: bool, holds_after: bool, kind: str
) -> None:
    gap = _gap("15", _leg(2, "5", "16"), is_last=is_last, holds_after=holds_after)
    assert _told(gap).diagnosis.kind == kind


def test_a_specific_cause_is_named_also_where_the_next_balance_breaks() -> None:
    gap = _gap("7", _leg(2, "-3", "13"), holds_after=False)
    assert _told(gap).diagnosis.kind == "sign_flipped"


def test_a_suspended_row_that_moved_nothing_is_the_cause() -> None:
    told = _told(_gap("15", _leg(2, "5", "10", suspended=True)))
    assert (told.diagnosis.kind, told.suspended) == ("unknown_type", (20,))


def test_one_row_that_could_not_be_understood_is_the_missing_one_and_several_prove_nothing() -> None:
    gap = _gap("15", _leg(2, "5", "16"))
    alone = _told(gap, [UNREAD], paired=True)
    assert (alone.diagnosis.kind, alone.suspended) == ("missing_record", (77,))
    assert "odd: its amount is a word" in alone.diagnosis.text
    unsure = _told(gap, [UNREAD, UNREAD])
    assert (unsure.diagnosis.kind, unsure.suspended) == ("unexplained", ())


def test_a_stream_that_was_not_read_whole_proves_nothing() -> None:
    told = _told(_gap("15", _leg(2, "5", "16")), failing=[Failing("fuse", "rows.csv", None)])
    assert told.diagnosis.kind == "unexplained"


@pytest.mark.parametrize(
    ("last", "span"),
    [
        (timedelta(minutes=5, seconds=43), "Between 14:20:01 and 14:25:44 UTC on 2025-01-14 your"),
        (timedelta(), "At 14:20:01 UTC on 2025-01-14 your"),
        (timedelta(days=1), "Between 2025-01-14 14:20:01 UTC and 2025-01-15 14:20:01 UTC your"),
        (
            timedelta(microseconds=5),
            "Between 14:20:01 and 14:20:01.000005 UTC on 2025-01-14 your",
        ),
    ],
)
def test_a_missing_row_is_told_with_the_time_between_its_neighbours(last: timedelta, span: str) -> None:
    before = BEFORE._replace(at=AT)
    gap = _gap("15", _leg(2, "5", "16")._replace(at=AT + last), before=before, decimals=6)
    assert f"fuse, account main: {span} BTC history moves by 1.000000 with no row" in (
        _told(gap).diagnosis.text
    )


def _pair(first: str, second: str, *, asset: str = "BTC") -> list[Gap]:
    """Two breaks, one after the other."""
    one = _gap("15", _leg(2, "5", str(15 + Decimal(first))), holds_after=False)
    other = _leg(3, "1", "50")
    expected = str(50 - Decimal(second))
    return [one, _gap(expected, other, before=one.rows[-1], asset=asset)]


def test_two_breaks_that_cancel_out_are_one_and_both_ways_are_told() -> None:
    (fault,) = faults(_pair("3", "-3"), {})
    told = tell(fault, (), paired=False, failing=())
    assert (told.diagnosis.kind, told.entries) == ("unexplained", (20, 30, 10))
    assert "the first of the two balances alone is misstated and should be 15.00" in told.diagnosis.text
    assert "one of 3.00 after" in told.diagnosis.text and "one of -3.00 after" in told.diagnosis.text


@pytest.mark.parametrize(
    ("first", "second", "asset"), [("3", "3", "BTC"), ("3", "-2", "BTC"), ("3", "-3", "ETH")]
)
def test_breaks_that_do_not_cancel_out_or_are_of_other_chains_are_two(
    first: str, second: str, asset: str
) -> None:
    assert [len(fault.gaps) for fault in faults(_pair(first, second, asset=asset), {})] == [1, 1]


def test_rows_are_searched_for_another_order_where_breaks_cancel_out_over_few_rows() -> None:
    near = [
        _gap("15", _leg(2, "5", "16")),
        _gap("22", _leg(4, "5", "25"), before=_leg(3, "1", "17")),
        _gap("30", _leg(7, "5", "26"), before=_leg(6, "0", "25")),
    ]
    assert [(one.first, one.last, one.places, one.end) for one in windows(near)] == [
        (0, 2, (2, 6), Decimal(21))
    ]
    far = [*near[:2], near[2]._replace(rows=(_leg(67, "5", "26"),), before=_leg(66, "0", "25"))]
    assert windows(far) == []
    at_the_end = [*near[:2], near[2]._replace(following=3)]
    assert [one.places for one in windows(at_the_end)] == [(2, 6)]
    ending = [near[0]._replace(following=4), near[1]._replace(following=2)]
    assert [(one.places, one.end) for one in windows(ending)] == [((2, 6), None)]
