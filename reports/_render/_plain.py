"""Text that a venue sent, made safe to look at: nothing in it may be invisible or turn other text around."""

import re

UNSEEN = (
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_UNSEEN = re.compile(UNSEEN)
_SHORT = {"\t": r"\t", "\r": r"\r"}


def visible(text: str) -> str:
    """``text`` with every control, direction mark and lone surrogate written as its escape; line feeds stay."""
    return _UNSEEN.sub(_escape, text) if _UNSEEN.search(text) else text


def _escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")
