"""JSON at the door: nothing is lost, nothing odd gets in, and what is written has one form."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import JsonRefused, identity, read_json, sha256, write_json
from recon.core.money import JsonNumber, parse
from recon.core.records import EntryLine, line_postings, line_text, merged, moved

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


@pytest.mark.parametrize(
    ("body", "why"),
    [(b'{"a":1,"a":2}', "an object names one key twice"), (b"[-Infinity]", "-Infinity is not a JSON number")],
)
def test_what_json_itself_would_let_in_is_refused_by_name(body: bytes, why: str) -> None:
    with pytest.raises(JsonRefused) as refused:
        read_json(body)
    assert str(refused.value) == why


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


def test_a_value_of_another_type_has_no_canonical_form() -> None:
    with pytest.raises(TypeError) as refused:
        write_json([{1}])
    assert str(refused.value) == "set has no canonical form"


@given(st.lists(texts, max_size=4))
def test_an_identity_is_the_digest_of_its_fields_as_json(fields: list[str]) -> None:
    whole = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    assert identity(fields) == identity(tuple(fields)) == sha256(whole) == hashlib.sha256(whole).hexdigest()


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
