"""What comes back: a whole body, decoded and no larger than we take, or the fault that makes an attempt not count."""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes, after decoding."""

_PIECE = 64 * 1024
_LONGEST_PAUSE = timedelta(days=365)
_NEXT_STEPS = {
    "timeout": "Pull again later, or raise deadline_s",
    "connect": "Check the network and the address, then pull again",
    "tls": "Check the address, the clock and the system's certificates; nothing is asked unverified",
    "cut": "Pull again",
    "too_large": "Lower page_size",
    "redirect": "Check the address; redirects are not followed, for they could carry the secret elsewhere",
    "unauthorized": "Check the credentials of the source",
    "rate_limit": "Pull again later",
    "payload": "Ask the venue's support what it sends",
}


class Fault(Exception):
    """Why an attempt brought no answer that counts. ``again``: another one may, after ``pause`` at the soonest."""

    def __init__(
        self,
        kind: str,
        what: str,
        *,
        again: bool = False,
        pause: timedelta = timedelta(0),
        next_step: str = "",
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.what = what
        self.again = again
        self.pause = pause
        self.next_step = next_step or _NEXT_STEPS[kind]
        self.tried = ""


class Reply(NamedTuple):
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[bytes, bytes]
    cookies: Mapping[str, str]
    body: bytes

    def header(self, name: bytes) -> str:
        """A header's text, empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1").strip()

    def date(self) -> datetime | None:
        """The moment at which the venue's clock says it answered, to the second."""
        return _http_date(self.header(b"date"))


def whole(status: int, headers: Iterable[tuple[bytes, bytes]], chunks: Iterable[bytes]) -> Reply:
    """Takes a body in as it arrives. Raises Fault where it grows too large, or cannot be decoded to its end."""
    named: dict[bytes, bytes] = {}
    cookies: dict[str, str] = {}
    for name, value in headers:
        named[name.lower()] = value
        if name.lower() == b"set-cookie":
            cookie, _, text = value.decode("latin-1").partition(";")[0].partition("=")
            cookies[cookie.strip()] = text.strip()
    encoding = named.get(b"content-encoding", b"identity").lower()
    if encoding not in (b"identity", b"gzip"):
        raise Fault("payload", f"the answer is encoded as {encoding!r}, which was not asked for")
    body = bytearray()
    for piece in _gunzipped(chunks) if encoding == b"gzip" else chunks:
        body += piece
        if len(body) > LARGEST_BODY:
            raise Fault("too_large", f"the answer is larger than {LARGEST_BODY // 1024**2} MiB")
    return Reply(status, named, cookies, bytes(body))


def retry_after(stated: str, now: datetime) -> timedelta:
    """The pause that a Retry-After asks for, as seconds or as an HTTP date; none for what is past or unreadable.

    ``now`` is best told by the clock that the date was told by.
    """
    if re.fullmatch(r"[0-9]+", stated):
        return timedelta(seconds=int(stated)) if len(stated) < 8 else _LONGEST_PAUSE
    at = _http_date(stated)
    return timedelta(0) if at is None else max(timedelta(0), at - now)


def _http_date(stated: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(stated)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def host(location: str) -> str:
    """The host that a Location names and nothing else of it, for the rest may repeat what the request carried."""
    if not location:
        return "no address"
    try:
        return urlsplit(location).hostname or "another path on the same host"
    except ValueError:
        return "an address that cannot be read"


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """In small pieces, so that a small answer cannot unfold into a large one unseen."""
    gunzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            rest = chunk
            while piece := gunzip.decompress(rest, _PIECE):
                yield piece
                rest = gunzip.unconsumed_tail
            if gunzip.unused_data:
                raise Fault("payload", "bytes follow the end of the compressed answer")
    except zlib.error as error:
        raise Fault("payload", f"the compressed answer is damaged: {error}") from None
    if not gunzip.eof:
        raise Fault("cut", "the compressed answer ends early", again=True)
