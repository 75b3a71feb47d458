"""Keeps secrets out of what is told: whoever obtains one says so here, and whoever tells something masks it here.

A second line of defence. The first is that no text holds a secret to begin with.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 6
"""Whatever is shorter guards nothing, and stands in too many words."""
_FORMS: set[str] = set()
"""For the whole process, for a log does not know which part of the program obtained what it is about to print."""


def remember(secret: str) -> None:
    """Masks this secret from now on: plain, URL-encoded, escaped, in base64, also as part of a longer base64 text."""
    if len(secret) >= _SHORTEST:
        _FORMS.update(_forms(secret))


def masked(value: Any) -> Any:
    """``value`` with every remembered secret in it masked: in a text, or in the texts of a list or mapping."""
    if isinstance(value, dict):
        return {key: masked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    for form in sorted(_FORMS.copy(), key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(plain: str) -> Iterator[str]:
    yield from (plain, quote(plain), quote(plain, safe=""), quote_plus(plain))
    yield from (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1])
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            # At each of its three places in a longer text, less the characters that its neighbours have a part in.
            data = bytes(before) + plain.encode()
            whole = encode(data + bytes(-len(data) % 3)).decode()
            yield whole[(before * 8 + 5) // 6 : len(data) * 8 // 6]
