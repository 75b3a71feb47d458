"""What a source, a check and a report are: frozen dataclasses that hold functions."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from recon.core.answers import Answer
from recon.core.books import Books, Second
from recon.core.document import Document, Table
from recon.core.records import Fact, Holding, Rate, Row, Told


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a venue. ``path`` is relative to the source's base_url; ``params`` hold no secret.

    They are the query of a GET and the JSON body of a POST, where a number stays a number.
    """

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class Seal(Protocol):
    """Seals one attempt in the evidence and gives it back as an Answer. ``body`` None: nothing came, or a secret."""

    def __call__(
        self,
        *,
        stream: str,
        method: str,
        url: str,
        params: Mapping[str, str | int],
        status: int | None,
        body: BinaryIO | None,
    ) -> Answer: ...


@dataclass(frozen=True, kw_only=True)
class World:
    """What a source may touch: the evidence, a clock, a sleeper, the folder that relative paths start from.

    ``spent`` holds the moments of the source's earlier requests, newest last, for limits that outlive a run.
    """

    seal: Seal
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    folder: Path
    spent: Sequence[datetime] = ()


Ask = Callable[[str, Request], Answer]
"""Asks one question for a stream (its name first) until an answer counts; raises SourceError when none does."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One complete reading of a stream: the answers that count, oldest asked first, and the venue's own row count."""

    answers: Sequence[Answer]
    stated: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One kind of rows of a source.

    ``read`` asks by yielding Requests and being sent Answers, and returns the Pass: it does no I/O of its own, so the
    same code reads a venue today and the evidence in ten years. At most one is given of ``rows`` (history),
    ``holdings`` (what the venue holds now) and ``facts`` (what else it states now); with none, answers are only kept.
    ``seen`` counts what is neither history nor holding.
    ``family`` names the streams whose rows are one multiset: overlapping files of one source.
    ``account`` and ``asset`` say what the stream is about; empty: all that the venue has.
    ``beside``: its rows stand beside the books, post nothing (an odd one is marked in suspense), and no balance waits
    for them.
    ``optional``: the venue may not serve it. Refused before it was ever answered, it is told as not served.
    ``unasked`` says why it is not asked for at all, by choice; ``blocked`` why it cannot be, since something else
    failed. It is then told as not queried, or as incomplete, and ``read`` is not driven.
    """

    name: str
    read: Callable[[], Generator[Request, Answer, Pass]]
    rows: Callable[[Sequence[Answer]], Iterator[Row]] | None = None
    holdings: Callable[[Sequence[Answer]], Iterator[Holding]] | None = None
    facts: Callable[[Sequence[Answer]], Iterator[Fact]] | None = None
    seen: Callable[[Sequence[Answer]], int] = len
    family: str = ""
    account: str = ""
    asset: str = ""
    beside: bool = False
    optional: bool = False
    unasked: str = ""
    blocked: str = ""


class Quoted(NamedTuple):
    """Which of the facts stated of one subject is a price: one unit of ``asset`` in ``quote``, under ``name``."""

    asset: str
    quote: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Quoting:
    """Where a venue states prices: facts of these ``names``, of streams whose first word is one of ``streams``.

    ``price`` takes a stream, a subject and what was stated of it at one moment, by name; None where none is a price.
    """

    streams: frozenset[str]
    names: frozenset[str]
    price: Callable[[str, str, Mapping[str, str]], Quoted | None]


Streams = Generator[Stream, Pass | None, None]
"""Yields a source's streams in reading order, histories before holdings.

Is sent each one's Pass; None where it failed, is not served or was not asked.
"""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One kind of request a source may make.

    ``path`` is a regular expression for the whole path behind base_url. ``action`` is the ``method/action`` that the
    query must state (Egera); None for a query that must state neither. ``body`` names the members that a JSON body
    may have, which must be flat; without any, no body may be sent.
    """

    method: str
    path: str
    action: str | None = None
    body: frozenset[str] = frozenset()
    why: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before a source is read: the streams that earlier pulls read, and the files of a pattern."""

    streams: frozenset[str]
    files: Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Latest:
    """What the ledger knows of a source for laying readings beside one another.

    ``counts`` are of records in force, by stream, account and kind. ``facts`` (by stream, subject and name) and
    ``held`` (totals by account and asset) are those of the source's latest pull; nothing older stands in for them.
    """

    counts: Mapping[tuple[str, str, str], int]
    facts: Mapping[tuple[str, str, str], str]
    held: Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, kw_only=True)
class Trading:
    """Where a venue says what was traded as a whole, and at which fees.

    The facts ``volume`` of stream ``volumes`` state the units traded of each asset, over a time that may not be known.
    The facts of ``tier`` (stream and subject) state the fee rates in force by name. ``charged`` takes a row of stream
    ``trades`` as received and gives the name and the value, in the tier's unit, of the rate that it was charged;
    None where it states none.
    """

    volumes: str
    tier: tuple[str, str]
    trades: str
    charged: Callable[[str], tuple[str, Decimal] | None]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A kind of venue or format. Its file ends in ``SOURCE = Source(...)``.

    ``settings`` reads the source's table of recon.toml into a frozen model (a pydantic class). ``connect`` gives a way
    to ask. ``streams`` takes the source's name, its settings and what is known before it is read. ``judge`` takes a
    whole answer's JSON and returns the error that the venue states in it, or None. ``seconds`` lays what the venue
    says a second time beside what the books rest on. ``rates`` takes the facts of its latest pull (by stream, subject
    and name) and yields the fees that they state. ``trading`` says where it states volumes and fee tiers.
    ``told`` takes the settings, and gives what reads from a row as received what it says of its units' worth.
    ``assumptions`` states, for reports, what the venue's documentation leaves open. ``personal`` names the members of
    a row, at any depth, that are about a person and stay out of reports unless these are asked to show them.
    ``known_as`` is the number under which the venue knows the account, where the settings hold one; ``address`` where
    it is read: its base_url, unless it says otherwise.
    ``quoting`` says where it states prices. A ``publisher`` has no books: [prices] names it, not [sources].
    """

    kind: str
    title: str
    settings: Callable[..., Any]
    connect: Callable[[str, Any, World], AbstractContextManager[Ask]]
    streams: Callable[[str, Any, Known], Streams]
    allowed: tuple[Allowed, ...] = ()
    assumptions: Callable[[Any], Mapping[str, str]] = lambda settings: {}
    told: Callable[[Any], Callable[[str], Told]] = lambda settings: lambda data: Told()
    judge: Callable[[Any], Any] = lambda value: None
    seconds: Callable[[Latest], Iterator[Second]] | None = None
    rates: Callable[[Mapping[tuple[str, str, str], str]], Iterator[Rate]] | None = None
    trading: Trading | None = None
    logins: tuple[Allowed, ...] = ()
    preview: Callable[..., Sequence[Any]] | None = None
    personal: frozenset[str] = frozenset()
    known_as: Callable[[Any], str] = lambda settings: ""
    address: Callable[[Any], str] = lambda settings: getattr(settings, "base_url", "")
    quoting: Quoting | None = None
    publisher: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report. Its file ends in ``REPORT = Report(...)``.

    ``formats`` are the renderers it is written with; ``pack`` is the folder that an outsider proves. ``build`` takes
    what the report is ``of``: the books of a period, or others that a command of its own reads. ``files`` are tables
    that it writes besides for other programs, by the names of their CSV files.
    """

    name: str
    title: str
    formats: tuple[str, ...]
    of: type[Any] = Books
    build: Callable[[Any], Document]
    files: Callable[[Any], Mapping[str, Table]] = lambda content: {}
