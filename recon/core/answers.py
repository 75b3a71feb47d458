"""A sealed answer: one line of the evidence chain with a way to read its body again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One sealed answer: a line of the evidence chain, and a way to read its body again.

    ``status`` is the HTTP status; None for a file, and where no answer came. ``sha256``: None where nothing was sealed.
    """

    seq: int
    at: datetime
    source: str
    stream: str
    method: str
    url: str
    params: Mapping[str, str | int]
    status: int | None
    sha256: str | None
    size: int
    link: str
    body: Callable[[], BinaryIO]
