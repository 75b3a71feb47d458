"""Asks the evidence instead of the venue: the sealed answers of one pull of one source, in the order they came."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from recon.core.answers import Answer
from recon.core.canonical import JsonRefused, read_json
from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.pipeline.openings import STREAM as OPENING

NOT_THERE = "not_there"
"""The kind of error where the evidence holds no answer to a question: it was not asked then."""


class Tape:
    """The lines of one pull of one source. ``taken`` are those that were asked for again."""

    def __init__(self, lines: Sequence[Answer], judge: Callable[[Any], Any]) -> None:
        self.attempts: list[Answer] = []
        self.taken: set[int] = set()
        self._lines = lines
        self._judge = judge
        self._place = 0

    @property
    def left(self) -> bool:
        """Whether any line is left to be asked for."""
        return self._place < len(self._lines)

    @property
    def at(self) -> datetime:
        """The moment of the latest answer taken."""
        return self._lines[max(0, self._place - 1)].at

    def files(self, pattern: str) -> Sequence[str]:
        """The files that this pull listed, in name order; the pattern was answered then.

        What is asked of a file with a parameter is asked of the listing, which has it no more.
        """
        listed = (one for one in self._lines if one.method == "FILE" and not one.params)
        return sorted({one.stream for one in listed if one.stream != OPENING})

    def ask(self, stream: str, request: Request) -> Answer:
        """The answer that counted then. Raises SourceError where the question was not asked, or none counted."""
        fitting = (
            place
            for place in range(self._place, len(self._lines))
            if _fits(self._lines[place], stream, request)
        )
        first = next(fitting, None)
        if first is None:
            raise SourceError(NOT_THERE, "the evidence holds no answer to this question", where=stream)
        fault = "as_then"
        for place in range(first, len(self._lines)):
            line = self._lines[place]
            if line.stream in ("token", "login"):
                continue
            if not _fits(line, stream, request):
                break
            self._place = place + 1
            self.taken.add(line.seq)
            self.attempts.append(line)
            fault = self._fault(line)
            if not fault:
                return line
        raise SourceError(fault, "no attempt brought an answer that counts", where=stream)

    def _fault(self, line: Answer) -> str:
        """Why the answer was not taken then, empty where it was: see recon.sources._http, whose rule this is."""
        if line.method == "FILE":
            return "" if line.sha256 is not None or line.status == 404 else "as_then"
        if line.status != 200 or line.sha256 is None:
            return "as_then"
        with line.body() as body:
            try:
                return "" if self._judge(read_json(body.read())) is None else "venue_error"
            except JsonRefused:
                return "as_then"


def _fits(line: Answer, stream: str, request: Request) -> bool:
    """Whether a line tells of this question. Only the path is compared, as a venue's host may have moved."""
    if (line.stream, line.method) != (stream, request.method) or line.params != request.params:
        return False
    if line.method == "FILE":
        return line.url == request.path
    return urlsplit(line.url).path.endswith(request.path)
