"""JSON at the door: nothing is lost, nothing odd gets in, and what is written has one form."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import JsonRefused, identity, read_json, write_json
from recon.core.money import JsonNumber, parse
from recon.core.records import EntryLine, Posting, asset_code, line_postings, line_text, merged, moved

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

REFUSED = [
    b"", b"<html>", b"{", b"[1,]", b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b'["\xff"]', b'"\\ud800"',
    b"[" * 100_000, b'{"a":' * 50_000, b"1 2",
]  # fmt: skip


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: body[:12])
def test_what_is_not_clean_json_is_refused(body: bytes) -> None:
    with pytest.raises(JsonRefused):
        read_json(body)


def test_numbers_keep_their_lexeme() -> None:
    value = read_json(b"[0.123456789012345678901, 1e5, -0, 12345678901234567890]")
    assert value == ["0.123456789012345678901", "1e5", "-0", "12345678901234567890"]
    assert all(type(one) is JsonNumber for one in value)


@given(values)
def test_the_canonical_form_is_a_fixed_point(value: object) -> None:
    written = write_json(value)
    assert write_json(read_json(written.encode())) == written


@given(values)
def test_the_canonical_form_is_what_the_contract_says(value: object) -> None:
    assert write_json(value) == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_a_float_has_no_canonical_form_by_accident() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json([float("nan")])


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_two_identities_are_equal_only_when_every_field_is(one: list[str], other: list[str]) -> None:
    assert (identity(one) == identity(other)) == (one == other)


@given(texts, texts, texts, st.lists(st.lists(texts, min_size=4, max_size=4), max_size=3))
def test_an_entry_line_is_the_canonical_form_of_its_fields(
    source: str, kind: str, pointer: str, postings: list[list[str]]
) -> None:
    line = EntryLine("0" * 64, source, 7, "2025", -5, kind, "k", 1, 2, "a", pointer, 3, postings)
    assert line_text(line) == write_json(line)


def test_an_entry_line_can_be_hashed_again_from_its_text_alone() -> None:
    postings = merged(moved("assets:x:main", "trading", "BTC", parse("0.10"), parse("1.0")))
    line = EntryLine("0" * 64, "x", 1, "2025-01-01T00:00:00.000000Z", 5, "buy|\u017c", "k", 0, 1, "a", "/0", 0,
                     line_postings(postings))  # fmt: skip
    expected = (
        '["' + "0" * 64 + '","x",1,"2025-01-01T00:00:00.000000Z",5,"buy|\u017c","k",0,1,"a","/0",0,'
        '[["assets:x:main","BTC","0.1","1"],["trading","BTC","-0.1",""]]]'
    )
    assert line_text(line) == expected
    assert len(hashlib.sha256(expected.encode()).hexdigest()) == 64


def test_postings_of_one_place_become_one_leg_and_must_cancel() -> None:
    legs = merged(
        (
            *moved("assets:x:main", "trading", "BTC", parse("1")),
            *moved("assets:x:main", "fees:x", "BTC", parse("-0.1")),
        )
    )
    assert [(one.account, str(one.quantity)) for one in legs] == [
        ("assets:x:main", "0.9"), ("trading", "-1"), ("fees:x", "0.1"),
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="sum to zero"):
        merged([Posting("assets:x:main", "BTC", parse("1"))])


ODD_CODES = [
    "",
    "A" * 33,
    "../x",
    "<script>",
    "BTC\n",
    "\u20bf",
    None,
    JsonNumber("5"),
    ["BTC"],
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("code", ODD_CODES)
def test_an_impossible_currency_gets_a_stable_safe_code(code: object) -> None:
    made, usable = asset_code(code)
    again, _ = asset_code(code)
    assert made == again
    assert made.startswith("ODD-")
    assert not usable
    assert asset_code(made) == (made, True)


def test_a_usable_currency_is_upper_cased() -> None:
    assert asset_code("usdtErc20") == ("USDTERC20", True)
