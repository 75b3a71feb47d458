"""A closing difference is named when one explanation fits exactly and chance is ruled out, and only then."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from recon.checks._ask import Found
from recon.checks._differences import Doubt, explanations, named, tell, values
from recon.checks._values import Candidate, Difference, Failing, FeeRule, Group, Leg, Pending, Told, Unread
from recon.core.breaks import Break, Diagnosis
from recon.core.money import exact
from recon.core.records import Rate

AT = datetime(2025, 1, 14, 14, 20, 1, tzinfo=UTC)
UNREAD = Unread("fuse", "BTC", 77, AT, "odd: its amount is a word")
NINES = "9" * 18


def _found(expected: str, actual: str, asset: str = "BTC") -> Found:
    return Found(
        "fuse", "main", asset, AT, Decimal(expected), Decimal(actual), "n", "unexplained", "x", until=AT,
        until_entry=99, known_entry=99,
    )  # fmt: skip


def _row(
    place: int,
    quantity: str,
    *,
    twin: bool = False,
    suspended: bool = False,
    fee: str = "0",
    hit: bool = True,
    kind: str = "deposit",
) -> Candidate:
    leg = Leg(place, place * 10, AT + timedelta(hours=place), kind, Decimal(quantity), None, suspended)
    return Candidate(leg, twin, Decimal(fee), traded=False, hit=hit)


def _difference(
    rest: str,
    *rows: Candidate,
    gaps: tuple[Break, ...] = (),
    pending: tuple[Pending, ...] = (),
    groups: tuple[Group, ...] = (),
    rates: tuple[Rate, ...] = (),
    late: tuple[Leg, ...] = (),
    many: int | None = None,
    decimals: int = 8,
    rounded: int = 0,
) -> Difference:
    with exact():
        actual = sum((gap.difference or Decimal(0) for gap in gaps), Decimal(rest))
    sizes = [abs(one.leg.quantity) for one in rows]
    return Difference(
        found=_found("0", str(actual)), gaps=gaps, rest=Decimal(rest), statement=None, candidates=rows, groups=groups,
        pending=pending, late=late, restated=(), rates=rates, opening=Decimal(0), locked=None, decimals=decimals,
        rows=len(rows) if many is None else many, twins=sum(one.twin for one in rows),
        suspended=sum(one.leg.suspended for one in rows), rounded=rounded, smallest=min(sizes, default=None),
    )  # fmt: skip


def _tell(
    one: Difference, doubt: Doubt | None = None, *, rule: FeeRule | None = None, steps: int = 9999
) -> Told:
    return tell(one, explanations(one), doubt or Doubt(), rule=rule, steps=steps)


def _kind(one: Difference, doubt: Doubt | None = None) -> str:
    return _tell(one, doubt).diagnosis.kind


@pytest.mark.parametrize(
    ("rest", "quantity", "twin", "suspended", "hows"),
    [
        ("-5.1234567", "5.1234567", True, False, ["duplicate_record"]),
        ("-5.1234567", "5.1234567", False, False, ["absent"]),
        ("5.1234567", "5.1234567", True, False, []),
        ("-10.2469134", "5.1234567", False, False, ["sign_flipped"]),
        ("-10.2469134", "5.1234567", True, False, ["sign_flipped"]),
        ("10.2469134", "-5.1234567", False, False, ["sign_flipped"]),
        ("-5.1234567", "5.1234567", False, True, ["unknown_type"]),
        ("-5.1234567", "5.1234567", True, True, ["unknown_type"]),
        ("-10.2469134", "5.1234567", False, True, ["sign_flipped"]),
        ("-5.123456700000000001", "5.1234567", True, True, []),
        (f"-1{NINES}.{NINES[1:]}8", f"{NINES}.{NINES}", False, False, ["sign_flipped"]),
        ("46.1111103", "5.1234567", False, False, ["decimal_shift"]),
        ("-5.11833324", "5.12345658", False, False, []),
        ("-5.07222213", "5.1234567", False, False, []),
        ("-4.61111103", "5.1234567", False, False, ["decimal_shift"]),
        ("-46.1111103", "-5.1234567", False, False, ["decimal_shift"]),
        ("-3.9", "5.1234567", False, False, []),
        ("0.9", "5.1234567", False, False, []),
        ("-3.6", "5.1234567", False, False, ["transposed_digits"]),
        ("3.6", "-5.1234567", False, False, ["transposed_digits"]),
        ("0.0000009", "5.1234567", False, False, ["transposed_digits"]),
        ("-0.00000063", "5.1234567", False, False, ["transposed_digits"]),
        ("-0.00000062", "5.1234567", False, False, []),
        ("-45", "50.1234567", False, False, []),
    ],
)  # fmt: skip
def test_a_row_explains_what_its_absence_sign_point_or_digits_make_exactly(
    rest: str, quantity: str, twin: bool, suspended: bool, hows: list[str]
) -> None:
    found = explanations(_difference(rest, _row(1, quantity, twin=twin, suspended=suspended)))
    assert [each.how for each in found] == hows


def test_equal_rows_side_by_side_are_one_explanation_and_apart_they_are_two() -> None:
    beside = _difference("-5.55555", *(_row(place, "5.55555", twin=True) for place in (2, 3, 4)))
    apart = _difference("-5.55555", *(_row(place, "5.55555", twin=True) for place in (2, 3, 7, 8)))
    assert [each.legs[0].place for each in explanations(beside)] == [4]
    assert [each.legs[0].place for each in explanations(apart)] == [3, 8]
    assert (_kind(beside), _kind(apart)) == ("duplicate_record", "unexplained")


def test_a_single_row_is_named_and_another_that_fits_takes_the_name_away() -> None:
    flipped = _tell(_difference("6.24691", _row(2, "-3.123455")))
    assert (flipped.diagnosis.kind, flipped.entries) == ("sign_flipped", (20,))
    assert "has the wrong sign and moved 3.123455." in flipped.diagnosis.text
    both = _tell(_difference("6.24691", _row(2, "-3.123455"), _row(3, "-3.123455", kind="fee")))
    assert (both.diagnosis.kind, both.entries) == ("unexplained", (20, 30))
    assert both.diagnosis.text.count("It is explained exactly if") == 2


@pytest.mark.parametrize(("many", "kind"), [(1, "sign_flipped"), (62, "sign_flipped"), (63, "unexplained")])
def test_chance_is_ruled_out_by_ten_thousand_values_for_each_row_tried(many: int, kind: str) -> None:
    """The difference is 624,691 units of its last decimal."""
    one = _difference("6.24691", _row(2, "-3.123455"), many=many, decimals=6)
    told = _tell(one)
    assert (values(one), told.diagnosis.kind) == (624_691, kind)
    assert ("It may be chance" in told.diagnosis.text) == (kind == "unexplained")


def test_a_round_figure_among_round_rows_proves_little_and_among_odd_ones_more() -> None:
    odd = [_row(place, f"1.2345{place}1", hit=False) for place in range(10, 19)]
    round_ones = [_row(place, f"{place}000", hit=False) for place in range(10, 19)]
    assert values(_difference("-6000", *round_ones)) == 6
    assert values(_difference("-6000", *odd)) == 54
    assert values(_difference("0.00000001", *odd)) == 1
    assert values(_difference("624.691", *odd, decimals=4)) == 5_622_219
    assert values(_difference("624.691", *odd, decimals=3)) == 624_691


def test_groups_explain_by_what_they_moved_together() -> None:
    group = Group("all rows of the kind funding", 3, Decimal("-7.654321"), suspended=False)
    assert _kind(_difference("15.308642", groups=(group,), many=9)) == "sign_flipped"
    assert _kind(_difference("-68.888889", groups=(group,), many=9)) == "decimal_shift"
    gone = _tell(_difference("7.654321", groups=(group,), many=9))
    assert gone.diagnosis.kind == "unexplained"
    assert "if all rows of the kind funding (3) did not move the balance." in gone.diagnosis.text
    odd = group._replace(suspended=True)
    assert _kind(_difference("7.654321", groups=(odd,), many=9)) == "unknown_type"
    assert explanations(_difference("7.654322", groups=(group,), many=9)) == []


def test_a_fee_at_a_known_rate_that_has_no_row_is_named() -> None:
    taker = Rate("", "taker fee", Decimal("0.0025"), None)
    one = _difference("-31.24999998", _row(2, "12499.99999"), rates=(taker,))
    told = _tell(one)
    assert told.diagnosis.kind == "fee_not_posted"
    assert "a fee of -31.24999998 has no row: at taker fee, on the row of" in told.diagnosis.text
    assert _kind(_difference("-31.24999997", _row(2, "12499.99999"), rates=(taker,))) == "fee_not_posted"
    assert _kind(_difference("-31.24999999", _row(2, "12499.99999"), rates=(taker,))) == "missing_record"
    assert _kind(_difference("31.24999998", _row(2, "12499.99999"), rates=(taker,))) == "missing_record"


def test_a_known_flat_fee_belongs_to_the_one_row_that_went_out() -> None:
    flat = Rate("BTC", "withdrawal fee", None, Decimal("0.00045678"))
    rows = (_row(1, "5.5"), _row(2, "-1.25"))
    assert _kind(_difference("-0.00045678", *rows, rates=(flat,))) == "fee_not_posted"
    assert _kind(_difference("-0.00045678", *rows, _row(3, "-2.25"), rates=(flat,))) == "unexplained"
    assert _kind(_difference("-0.00045678", rows[0], rates=(flat,))) == "missing_record"
    assert _kind(_difference("0.00045678", *rows, rates=(flat,))) == "missing_record"


def test_a_fee_taken_elsewhere_is_told_and_not_named_alone() -> None:
    told = _tell(_difference("0.123456", _row(2, "49.876544", fee="0.123456")))
    assert told.diagnosis.kind == "unexplained"
    assert "if the fee of 0.123456 taken with the row of" in told.diagnosis.text


@pytest.mark.parametrize(
    ("rest", "smallest", "decimals", "kind"),
    [
        ("0.03", "3.01", 2, "rounding"),
        ("-0.03", "3.01", 2, "rounding"),
        ("0.03", "3", 2, "rounding"),
        ("0.04", "4.01", 2, "missing_record"),
        ("0.03", "2.99", 2, "unexplained"),
        ("0.3", "31", 1, "missing_record"),
    ],
)  # fmt: skip
def test_rounding_is_at_most_a_unit_for_each_side_of_a_trade_and_far_less_than_any_row(
    rest: str, smallest: str, decimals: int, kind: str
) -> None:
    assert _kind(_difference(rest, _row(2, smallest), decimals=decimals, rounded=3)) == kind


def test_a_pending_row_that_fits_is_told_and_takes_the_name_from_another_fit() -> None:
    pending = Pending(8, AT, "withdrawal", Decimal("-6.24691"))
    flipped = _row(2, "3.123455")
    assert _kind(_difference("-6.24691", flipped)) == "sign_flipped"
    told = _tell(_difference("-6.24691", flipped, pending=(pending,)))
    assert told.diagnosis.kind == "unexplained"
    assert told.diagnosis.records[-1] == {"record": 8, "quantity": "-6.24691"}
    assert (
        "if the pending row of 2025-01-14 14:20:01 UTC (withdrawal of -6.24691) has moved"
        in told.diagnosis.text
    )


def test_a_row_that_became_known_after_the_last_look_is_told() -> None:
    late = _row(9, "6.24691").leg
    told = _tell(_difference("6.24691", late=(late,)))
    assert (told.diagnosis.kind, told.entries) == ("unexplained", (90,))


def test_a_closing_difference_that_a_suspended_row_explains_belongs_to_it() -> None:
    told = _tell(_difference("-3.12345", _row(2, "3.12345", suspended=True)))
    assert (told.diagnosis.kind, told.suspended) == ("unknown_type", (20,))
    unread = _tell(_difference("-3"), Doubt(unread=(UNREAD,), paired=True))
    assert (unread.diagnosis.kind, unread.suspended) == ("missing_record", (77,))
    unsure = _tell(_difference("-3"), Doubt(unread=(UNREAD,)))
    assert (unsure.diagnosis.kind, unsure.suspended) == ("unexplained", ())


def test_other_assets_and_streams_not_read_whole_take_the_proof_away_but_not_an_exact_fit() -> None:
    for doubt in (Doubt(alike=[_found("0", "9", "EUR")]), Doubt(failing=[Failing("fuse", "deposits", None)])):
        assert _kind(_difference("-6.24691"), doubt) == "unexplained"
        assert _kind(_difference("-6.24691", _row(2, "3.123455")), doubt) == "sign_flipped"


def test_pairs_and_larger_sets_are_told_with_their_rows_and_never_named() -> None:
    rows = [_row(place, f"{place}.{place * place:06}1", hit=False) for place in range(1, 7)]
    with exact():
        pair = rows[1].leg.quantity + rows[4].leg.quantity
        three = pair + rows[2].leg.quantity
    told = _tell(_difference(str(-pair), *rows))
    assert (told.diagnosis.kind, told.entries) == ("unexplained", (20, 50))
    assert "Nothing here proves that." in told.diagnosis.text
    assert _tell(_difference(str(-three), *rows)).entries == (20, 30, 50)
    pending = Pending(8, AT, "deposit", Decimal("11.7654321"))
    with exact():
        mixed = str(pending.quantity - rows[0].leg.quantity)
    assert "had moved it already" in _tell(_difference(mixed, *rows, pending=(pending,))).diagnosis.text


def test_a_search_that_gives_up_says_so_and_how_far_it_came() -> None:
    rows = [_row(place, f"{place}.{place * place * 1117:08}", hit=False) for place in range(1, 41)]
    gave_up = _tell(_difference("-55555.55555555", *rows), steps=300)
    assert gave_up.diagnosis.kind == "missing_record"
    assert "No set of up to 2 of the 40 rows since then explains it; larger sets were not tried." in (
        gave_up.diagnosis.text
    )
    few = _tell(_difference("-1", *rows))
    assert "was not tried: chance would find some." in few.diagnosis.text
    many = _tell(_difference("-55555.55555555", *rows, many=4321))
    assert "There are 4321 rows since then, too many to try" in many.diagnosis.text


def test_a_closing_difference_has_the_kind_of_the_running_balances_it_sums() -> None:
    def gap(kind: str, difference: str) -> Break:
        return Break(
            check="running_balance", severity="error", anchor=difference, diagnosis=Diagnosis(kind=kind, text="x"),
            at=AT, difference=Decimal(difference),
        )  # fmt: skip

    one, same, other = gap("missing_record", "2"), gap("missing_record", "3"), gap("sign_flipped", "4")
    assert _kind(_difference("0", gaps=(one, same))) == "missing_record"
    assert _kind(_difference("0", gaps=(one, other))) == "unexplained"
    rest = _tell(_difference("0.5", gaps=(one, other)))
    assert rest.diagnosis.kind == "missing_record"
    assert "6.0 of it is what the running balance breaks by" in rest.diagnosis.text
    assert "0.5 remains." in rest.diagnosis.text


def test_a_kind_that_nothing_may_prove_is_never_named() -> None:
    one = _difference("-5.1234567", _row(1, "5.1234567"))
    assert named(one, explanations(one)) is None
    assert named(one, []) is None
