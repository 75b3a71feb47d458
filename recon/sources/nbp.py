"""Narodowy Bank Polski: mid rates of table A in zlotys, one table each business day.

A question may span 93 days at most, and is answered with 404 where no table lies in it. None such is asked: a span
begins with a day whose table is held, or two weeks before any is needed, so that 404 stays what it looks like, a
failure. A rate is that of one unit of the currency. Source: api.nbp.pl, user manual.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from recon.core.answers import Answer
from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused
from recon.core.money import parse, text
from recon.core.records import Fact
from recon.core.times import day_start
from recon.sources._days import DaysSettings, Span, asked, pages
from recon.sources._rows import member, never, objects, read_answer, refuse
from recon.sources._settings import BaseUrl

ZONE = ZoneInfo("Europe/Warsaw")
QUOTE = "PLN"
STREAM = "rates"
TABLE = "table"
"""The subject under which each day's table number is kept. Currencies are upper case."""
MOST_DAYS = 93
_PATH = "/api/exchangerates/tables/A/"
_CODE = re.compile(r"[A-Z]{3}\Z")
_SPAN = re.compile(r"/([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{4}-[0-9]{2}-[0-9]{2})/\Z")


class Settings(DaysSettings):
    """``base_url`` may be a proxy's."""

    kind: str = "nbp"
    base_url: BaseUrl = "https://api.nbp.pl"


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """Nobody asks who asks."""
    return asked(name, settings, world, ALLOWED)


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """One stream; not asked where no day is missing."""
    unasked = "" if settings.spans else "no day is missing"
    read = never if unasked else partial(_read, settings.spans)
    yield Stream(name=STREAM, read=read, facts=rates, seen=count, unasked=unasked)


def _read(spans: Sequence[Span]) -> Generator[Request, Answer, Pass]:
    answers = []
    for first, last in pages(spans, MOST_DAYS):
        answers.append(
            (yield Request(method="GET", path=f"{_PATH}{first}/{last}/", params={"format": "json"}))
        )
    return Pass(answers=answers)


def rates(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The table's number, and one rate a currency, each at the moment its day begins in Warsaw.

    A table of another kind, of a day that was not asked for or of one that was told already is refused.
    """
    seen: set[date] = set()
    for answer in answers:
        for pointer, table in _tables(answer):
            day = _day(answer, pointer, table, seen)
            at = day_start(day, ZONE)
            number = member(answer, table, "no", str)
            yield Fact(TABLE, "no", number, at, answer.seq, f"{pointer}/no")
            told: set[str] = set()
            for place, row in objects(answer, member(answer, table, "rates", list), f"{pointer}/rates"):
                code = row.get("code")
                if not isinstance(code, str) or not _CODE.match(code) or code in told or code == QUOTE:
                    refuse(answer, f"{place}: its code is none, or was told already")
                told.add(code)
                yield Fact(code, QUOTE, _number(answer, place, row), at, answer.seq, f"{place}/mid")


def count(answers: Sequence[Answer]) -> int:
    """How many tables came."""
    return sum(1 for answer in answers for _ in _tables(answer))


def _tables(answer: Answer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    value = read_answer(answer)
    if not isinstance(value, list) or not value:
        refuse(answer, "the answer is no list of tables")
    return objects(answer, value, "")


def _day(answer: Answer, pointer: str, table: Mapping[str, Any], seen: set[date]) -> date:
    asked = _SPAN.search(answer.url)
    assert asked
    first, last = map(date.fromisoformat, asked.groups())
    if table.get("table") != "A":
        refuse(answer, f"{pointer} is no table A")
    try:
        day = date.fromisoformat(member(answer, table, "effectiveDate", str))
    except ValueError:
        refuse(answer, f"{pointer}: its effectiveDate is no date")
    if not first <= day <= last:
        refuse(answer, f"{pointer} is of {day}, which was not asked for")
    if day in seen:
        refuse(answer, f"{pointer} is of {day}, which was told already")
    seen.add(day)
    return day


def _number(answer: Answer, place: str, row: Mapping[str, Any]) -> str:
    try:
        mid = parse(row.get("mid"))
    except NumberRefused as fault:
        refuse(answer, f"{place}: {fault}")
    if mid <= 0:
        refuse(answer, f"{place}: a rate of {mid} is none")
    return text(mid)


ALLOWED = (
    Allowed(
        method="GET",
        path=_PATH + r"[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}/",
        why="mid rates of table A between two days",
    ),
)

SOURCE = Source(
    kind="nbp",
    title="NBP",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    publisher=True,
)
