"""What a source, a check and a report are: frozen dataclasses that hold functions."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from recon.core.answers import Answer
from recon.core.books import Books
from recon.core.document import Document
from recon.core.records import Holding, Row


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a venue. ``path`` is relative to the source's base_url; ``params`` hold no secret."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)


class Seal(Protocol):
    """Seals one attempt in the evidence and gives it back as an Answer. ``body`` None: nothing came, or a secret."""

    def __call__(
        self,
        *,
        stream: str,
        method: str,
        url: str,
        params: Mapping[str, str],
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
    same code reads a venue today and the evidence in ten years. Of ``rows`` (history) and ``holdings`` (what the
    venue holds now) at most one is given; with neither, answers are only kept (see ``seen``).
    ``family`` names the streams whose rows are one multiset: overlapping files of one source.
    """

    name: str
    read: Callable[[], Generator[Request, Answer, Pass]]
    rows: Callable[[Sequence[Answer]], Iterator[Row]] | None = None
    holdings: Callable[[Sequence[Answer]], Iterator[Holding]] | None = None
    seen: Callable[[Sequence[Answer]], int] = len
    family: str = ""


Streams = Generator[Stream, Pass | None, None]
"""Yields a source's streams in reading order, histories before holdings; is sent each Pass, None if it failed."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One kind of request a source may make.

    ``path`` is a regular expression for the whole path behind base_url. ``action`` is the ``method/action`` that the
    query must state (Egera); None for a query that must state neither.
    """

    method: str
    path: str
    action: str | None = None
    why: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before a source is read: the streams that earlier pulls read, and the files of a pattern."""

    streams: frozenset[str]
    files: Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A kind of venue or format. Its file ends in ``SOURCE = Source(...)``.

    ``settings`` reads the source's table of recon.toml into a frozen model (a pydantic class). ``connect`` gives a way
    to ask. ``streams`` takes the source's name, its settings and what is known before it is read.
    ``assumptions`` states, for reports, what the venue's documentation leaves open.
    """

    kind: str
    title: str
    settings: Callable[..., Any]
    connect: Callable[[str, Any, World], AbstractContextManager[Ask]]
    streams: Callable[[str, Any, Known], Streams]
    allowed: tuple[Allowed, ...] = ()
    assumptions: Callable[[Any], Mapping[str, str]] = lambda settings: {}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report. Its file ends in ``REPORT = Report(...)``; ``formats`` are the renderers it is written with."""

    name: str
    title: str
    formats: tuple[str, ...]
    build: Callable[[Books], Document]
