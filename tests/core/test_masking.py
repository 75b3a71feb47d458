"""A remembered secret is masked in every text, in whatever form it is written there."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from recon.core.masking import MASK, masked, remember

SECRETS = st.text(st.characters(codec="utf-8", min_codepoint=33), min_size=6, max_size=40)


@given(SECRETS, st.text(max_size=5), st.text(max_size=5))
def test_no_form_of_a_remembered_secret_is_left(secret: str, before: str, after: str) -> None:
    remember(secret)
    whole = (before + secret + after).encode()
    for text in (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret),
        repr(secret),
    ):
        assert MASK in masked(f"<{text}>")
    for encode in (b64encode, urlsafe_b64encode):
        coded, shown = encode(whole).decode(), masked(encode(whole).decode())
        assert (
            MASK in shown and len(shown.replace(MASK, "")) <= len(coded) - len(secret.encode()) * 8 // 6 + 2
        )


def test_texts_inside_lists_and_mappings_are_masked_and_numbers_are_left() -> None:
    remember("canary-in-a-list")
    found = masked({"a": ["x canary-in-a-list", 5, None, True], "b": {"c": ("canary-in-a-list",)}})
    assert found == {"a": [f"x {MASK}", 5, None, True], "b": {"c": [MASK]}}


def test_a_text_too_short_to_guard_anything_is_left_alone() -> None:
    remember("recon")
    remember("")
    assert masked("recon") == "recon"
