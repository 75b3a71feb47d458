"""Drives a source without sockets: its Requests go to a stand-in venue or a function, and come back as Answers."""

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from hypothesis import strategies as st

from recon.core.answers import Answer
from recon.core.contracts import Known, Pass, Request, Source, Stream
from recon.core.errors import SourceError
from recon.core.records import Fact, Holding, Posting, Row
from recon.demo import cryptofuse, egera, ethgas, venues

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)
NAME = "venue"
Reply = Callable[[Request], bytes]


class Read(NamedTuple):
    """A stream that was read, what it asked, and its Pass, or the error that ended it."""

    stream: Stream
    asked: Sequence[Request]
    passed: Pass | None
    error: SourceError | None

    def rows(self) -> list[Row]:
        """In the plain default context: no source may lean on the pipeline's exact one."""
        assert self.stream.rows and self.passed, self.error
        return list(self.stream.rows(self.passed.answers))

    def holdings(self) -> list[Holding]:
        assert self.stream.holdings and self.passed, self.error
        return list(self.stream.holdings(self.passed.answers))

    def facts(self) -> list[Fact]:
        assert self.stream.facts and self.passed, self.error
        return list(self.stream.facts(self.passed.answers))


def answer(body: bytes, *, stream: str = "", request: Request | None = None, seq: int = 1) -> Answer:
    asked = request or Request(method="GET", path="/")
    return Answer(
        seq=seq,
        at=NOW + timedelta(seconds=seq),
        source=NAME,
        stream=stream,
        method=asked.method,
        url=asked.path,
        params=asked.params,
        status=200,
        sha256=sha256(body).hexdigest(),
        size=len(body),
        link="",
        body=lambda: io.BytesIO(body),
    )


def drive(
    source: Source, settings: Any, reply: Reply, *, known: Iterable[str] = (), files: Sequence[str] = ()
) -> dict[str, Read]:
    """Every stream in the order it was read, by its name."""
    seq = count(1)
    streams = source.streams(NAME, settings, Known(streams=frozenset(known), files=lambda pattern: files))
    reads: dict[str, Read] = {}
    stream = next(streams, None)
    while stream is not None:
        read = reads[stream.name] = _read(stream, reply, seq)
        try:
            stream = streams.send(read.passed)
        except StopIteration:
            stream = None
    return reads


def _read(stream: Stream, reply: Reply, seq: Iterable[int]) -> Read:
    if stream.unasked or stream.blocked:
        return Read(stream, [], None, None)
    asked: list[Request] = []
    reading = stream.read()
    numbers = iter(seq)
    try:
        request = next(reading)
        while True:
            asked.append(request)
            body = reply(request)
            request = reading.send(answer(body, stream=stream.name, request=request, seq=next(numbers)))
    except StopIteration as done:
        return Read(stream, asked, done.value, None)
    except SourceError as error:
        return Read(stream, asked, None, error)


def fails(request: Request) -> bytes:
    """A venue that does not answer."""
    raise SourceError("connect", "nobody answers", where=request.path)


def of_egera(venue: venues.Answers) -> Reply:
    return _ask(venue, "", {"id": egera.ACCOUNT_ID, "key": egera.KEY}, {})


def of_cryptofuse(books: venues.Books) -> Reply:
    return _ask(cryptofuse.CryptoFuse(books, api_key="k"), "/api/v1", {}, {"x-api-key": "k"})


def of_ethgas(venue: venues.Answers) -> Reply:
    return _ask(venue, "/api", {}, {"authorization": f"Bearer {ethgas.ACCESS_TOKEN}"})


def _ask(venue: venues.Answers, root: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
    def reply(request: Request) -> bytes:
        body, asked = b"", {name: str(value) for name, value in request.params.items()} | query
        if request.method == "POST":
            body, asked = as_bytes(dict(request.params)), query
        response = venue.answer(venues.Request(request.method, root + request.path, asked, headers, body))
        assert response.status == 200, response.body
        return response.body

    return reply


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def sums(postings: Iterable[Posting], *, of: str = "") -> dict[tuple[str, str], Fraction]:
    """Exact sums by account and asset of the accounts that begin with ``of``; zeros left out."""
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in postings:
        if one.account.startswith(of):
            found[one.account.removeprefix(of), one.asset] += Fraction(one.quantity)
    return {place: quantity for place, quantity in found.items() if quantity}


def booked(reads: dict[str, Read]) -> dict[tuple[str, str], Fraction]:
    """What the rows of all histories leave in each place, by place and asset."""
    rows = [row for read in reads.values() if read.stream.rows for row in read.rows()]
    return sums((one for row in rows for one in row.postings), of=f"assets:{NAME}:")


def held(holdings: Iterable[Holding]) -> dict[tuple[str, str], Fraction]:
    """What the venue says it holds, zeros left out."""
    return {(one.account, one.asset): Fraction(one.total) for one in holdings if one.total}


def balanced(rows: Iterable[Row]) -> bool:
    """Whether the postings of every row cancel, asset by asset."""
    return not any(
        sums(posting._replace(account="") for posting in row.postings) for row in rows if row.postings
    )


def chained(rows: Iterable[Row]) -> bool:
    """Whether the sum of all movements so far is the balance each row states, place by place."""
    so_far: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for row in sorted(rows, key=lambda one: one.ordinal):
        for one in row.postings:
            so_far[one.account, one.asset] += Fraction(one.quantity)
            if one.balance_after is not None and so_far[one.account, one.asset] != Fraction(
                one.balance_after
            ):
                return False
    return True


def written(units: int) -> str:
    """A count of 10^-18 units as a decimal text of all its digits."""
    whole, fraction = divmod(abs(units), 10**18)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:018}"


LONG = st.integers(-(10**36) + 1, 10**36 - 1).map(written)
"""Any quantity there can be, mostly with all its 18 and 18 digits."""
UNSIGNED = st.integers(0, 10**36 - 1).map(written)
_SIMPLE = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JUNK = _SIMPLE | st.lists(_SIMPLE, max_size=2) | st.dictionaries(st.text(), _SIMPLE, max_size=2)
"""JSON of no shape in particular."""


def nearly(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Rows with the fields a row should have, of which some are junk or missing; and what is no row."""
    junk = {name: strategy | JUNK for name, strategy in fields.items()}
    return st.fixed_dictionaries(fields) | st.fixed_dictionaries({}, optional=junk) | JUNK


def moves(row: Row) -> bool:
    """Whether a row posts anything but its mark in suspense, which moves nothing."""
    return any(one.quantity or not one.account.startswith("suspense:") for one in row.postings)
