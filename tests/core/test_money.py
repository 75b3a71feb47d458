"""The number: what is taken, what is refused and by which name, and that it never changes on its way."""

import decimal
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.errors import NumberRefused
from recon.core.money import ROUNDINGS, JsonNumber, exact, fit, parse, parse_base_units, round_to, text, total

EDGE = "9" * 18 + "." + "9" * 18

in_range = st.builds(
    lambda sign, whole, fraction: Decimal(f"{sign}{whole}.{fraction:018d}"),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**18 - 1),
    st.integers(0, 10**18 - 1),
)


@given(in_range)
def test_what_is_printed_is_read_back_as_the_same_number(number: Decimal) -> None:
    assert parse(text(number)) == number


@given(in_range)
def test_printing_is_canonical_so_equal_numbers_have_one_text(number: Decimal) -> None:
    with exact():
        padded = number.quantize(Decimal("1e-18"))
    assert text(padded) == text(number)
    assert "e" not in text(number).lower()
    assert text(number) != "-0"


@given(in_range, st.integers(-20, 20))
def test_a_json_number_is_expanded_exactly_or_refused(number: Decimal, shift: int) -> None:
    lexeme = f"{text(number)}e{shift}"
    with exact():
        value = number.scaleb(shift)
    try:
        assert parse(JsonNumber(lexeme)) == value
    except NumberRefused:
        with pytest.raises(NumberRefused):
            fit(value)


OF_THE_FORM = "is not a number of the form -?digits[.digits]: "
ODD = "it has a character that is not a digit, or a point out of place"
REFUSED = {
    "1_0": ODD,
    " 1": "it has white space around it",
    "1\n": "it has white space around it",
    "+1": ODD,
    ".5": ODD,
    "1.": ODD,
    "": "it is empty",
    "1e5": "a string may not carry an exponent",
    "-1.5E+7": "a string may not carry an exponent",
    "NaN": "it is not a finite number",
    "-sNaN": "it is not a finite number",
    "Inf": "it is not a finite number",
    "-Infinity": "it is not a finite number",
    "XinfX": ODD,
    "\u0661": "it has characters outside ASCII",
    "1" * 19: "more than 18 digits before the point",
    "-" + "1" * 18 + "." + "1" * 19: "more than 18 digits behind the point",
    "0." + "1" * 19: "more than 18 digits behind the point",
    "1,5": ODD,
    "0x10": ODD,
}


@pytest.mark.parametrize("value", REFUSED)
def test_a_string_of_another_form_is_refused_by_name(value: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        parse(value)
    assert str(refused.value).endswith(f" {OF_THE_FORM}{REFUSED[value]}")


def test_what_is_refused_is_shown_up_to_forty_signs() -> None:
    longest, longer = "x" * 38, "x" * 39
    with pytest.raises(NumberRefused) as refused:
        parse(longest)
    assert str(refused.value) == f"'{longest}' {OF_THE_FORM}{ODD}"
    with pytest.raises(NumberRefused) as refused:
        parse(longer)
    assert str(refused.value) == f"'{'x' * 36}... {OF_THE_FORM}{ODD}"
    with pytest.raises(NumberRefused) as refused:
        parse(JsonNumber("1e1234"))
    assert str(refused.value) == "JSON number '1e1234' is longer than any quantity can be"
    with pytest.raises(NumberRefused) as refused:
        parse([1])
    assert str(refused.value) == "[1] is of type list, not a decimal string or JSON number"
    with pytest.raises(NumberRefused) as refused:
        parse_base_units("-1", 18)
    assert str(refused.value) == "'-1' is not a count of base units (1 to 39 digits)"
    with pytest.raises(NumberRefused) as refused:
        fit(Decimal("NaN"))
    assert str(refused.value) == "NaN is not a finite number"


@pytest.mark.parametrize("value", [1.5, 1, True, None, Decimal(1), b"1", ["1"]], ids=repr)
def test_only_text_and_json_numbers_are_numbers(value: object) -> None:
    with pytest.raises(NumberRefused, match=type(value).__name__):
        parse(value)


@pytest.mark.parametrize("value", ["1e999", "1e-19", "1" * 19, "1" * 5000, "NaN", "1e18"])
def test_a_json_number_out_of_bounds_is_refused(value: str) -> None:
    with pytest.raises(NumberRefused):
        parse(JsonNumber(value))


def test_the_edges_are_inside() -> None:
    assert text(parse(EDGE)) == EDGE
    assert text(parse("-" + EDGE)) == "-" + EDGE
    assert parse(JsonNumber("1e17")) == 10**17
    assert parse(JsonNumber("-0.000000000000000001")) == Decimal("-1e-18")


@pytest.mark.parametrize("beyond", ["1e18", "-1e18", "1e-19", "-1.0000000000000000001"])
def test_what_lies_on_or_beyond_the_bound_does_not_fit(beyond: str) -> None:
    with pytest.raises(NumberRefused, match="more than 18 digits"):
        fit(Decimal(beyond))


def test_wei_are_scaled_before_the_bound_applies() -> None:
    assert parse_base_units("9" * 36, 18) == Decimal(EDGE)
    assert parse_base_units("1" + "0" * 38, 38) == 1
    with pytest.raises(NumberRefused, match="before the point"):
        parse_base_units("1" + "0" * 36, 18)
    with pytest.raises(NumberRefused, match="behind the point"):
        parse_base_units("1", 19)
    for odd in ("-1", "1.0", "", "1" * 40, 5):
        with pytest.raises(NumberRefused, match="base units"):
            parse_base_units(odd, 18)


@given(st.lists(in_range, max_size=20))
def test_a_total_is_exact_where_the_default_context_would_lose_digits(numbers: list[Decimal]) -> None:
    scaled = sum(int(number.scaleb(18, context=decimal.Context(prec=60))) for number in numbers)
    with exact():
        assert total(numbers) * 10**18 == scaled


def test_the_total_of_nothing_is_a_number_too() -> None:
    assert repr(total([])) == "Decimal('0')"


def test_a_lost_digit_raises_where_exactness_is_meant() -> None:
    with exact(), pytest.raises(decimal.Inexact):
        Decimal(1) / Decimal(3)
    with exact(), pytest.raises(decimal.FloatOperation):
        Decimal(1) + Decimal(float("1.5"))


HALVES = {
    "half_up": ("0.13", "-0.13", "0.14"),
    "half_even": ("0.12", "-0.12", "0.14"),
    "down": ("0.12", "-0.12", "0.13"),
    "up": ("0.13", "-0.13", "0.14"),
}


@pytest.mark.parametrize("name", ROUNDINGS)
def test_rounding_is_named_by_its_habit(name: str) -> None:
    rounded = tuple(text(round_to(Decimal(one), 2, name)) for one in ("0.125", "-0.125", "0.135"))
    assert rounded == HALVES[name]


def test_rounding_needs_no_context_around_it_and_leaves_none_behind() -> None:
    long = Decimal("123456789012345678.1234567890123456785")
    assert round_to(long, 18, "half_up") == Decimal("123456789012345678.123456789012345679")
    with exact(), pytest.raises(decimal.Inexact):
        round_to(long, 18, "half_up") / 7


@given(in_range)
def test_a_number_survives_json_as_its_lexeme(number: Decimal) -> None:
    from recon.core.canonical import read_json

    body = (
        json.dumps({"as_text": text(number)}).encode()[:-1]
        + b', "as_number": '
        + text(number).encode()
        + b"}"
    )
    value = read_json(body)
    assert parse(value["as_text"]) == parse(value["as_number"]) == number
