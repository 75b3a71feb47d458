"""Prices that people bring: files of theirs, and prices that one states and another approves.

A file is CSV or .xlsx with a header row: asset, quote, price, one of time (with its zone) and date, and note if need
be; further columns are kept in the evidence and ignored. A date means the moment the day begins in the entity's zone,
which is sealed beside the file.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from recon.core.answers import Answer
from recon.core.contracts import Ask, Known, Source, Stream, Streams, World
from recon.core.errors import NumberRefused
from recon.core.money import parse, text
from recon.core.price_acts import FILES, MANUAL, document_of
from recon.core.records import Fact, asset_code
from recon.core.times import day_start, from_iso
from recon.sources._csv_columns import Columns
from recon.sources._csv_table import bad_row, lines
from recon.sources._rows import never
from recon.sources._settings import SourceSettings

NEEDED = ("asset", "quote", "price")
TIMES = ("time", "date")
_MIDNIGHT = "T00:00:00"


class Settings(SourceSettings):
    """Nothing is configured: files come by command."""

    kind: str = "prices"


class _Columns(NamedTuple):
    asset: int
    quote: int
    price: int
    time: int
    named: str


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """Nobody is asked."""
    raise AssertionError("prices of people were asked for")


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """None: people enter what is here."""
    yield from ()


def file_prices(answers: Sequence[Answer]) -> Iterator[Fact]:
    """A fact for each row. Raises SourceError at the first bad one, with its line."""
    answer = answers[0]
    zone = ZoneInfo(str(answer.params["zone"]))
    found = lines(answer, Columns())
    counted, line, names = next(found, ("row", 1, []))
    columns = _columns(answer, f"{counted} {line}", names)
    for number, (told, place, row) in enumerate(found):
        if len(row) != len(names):
            raise bad_row(
                answer, f"{told} {place}", f"{len(row)} cells, but the header names {len(names)} columns"
            )
        try:
            yield _fact(answer, number, row, columns, zone)
        except (ValueError, NumberRefused) as fault:
            raise bad_row(answer, f"{told} {place}", str(fault)) from None


def count_prices(answers: Sequence[Answer]) -> int:
    """How many rows the file has."""
    return sum(1 for _ in lines(answers[0], Columns())) - 1


def manual_price(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The one price of a sealed document."""
    (answer,) = answers
    with answer.body() as body:
        one = document_of(body.read().decode()).draft
    yield Fact(one.asset, one.quote, text(one.value), one.at, answer.seq, "/draft/value")


def _columns(answer: Answer, place: str, names: Sequence[str]) -> _Columns:
    lower = [name.lower() for name in names]
    for name in NEEDED:
        if lower.count(name) != 1:
            raise bad_row(answer, place, f"the header must name a column {name!r} once")
    named = [name for name in TIMES if name in lower]
    if len(named) != 1 or lower.count(named[0]) != 1:
        raise bad_row(answer, place, "the header must name one column 'time' or 'date'")
    asset, quote, price, time = map(lower.index, (*NEEDED, named[0]))
    return _Columns(asset, quote, price, time, named[0])


def _fact(answer: Answer, number: int, row: Sequence[str], columns: _Columns, zone: ZoneInfo) -> Fact:
    asset, quote = (_code(row[place]) for place in (columns.asset, columns.quote))
    if asset == quote:
        raise ValueError(f"{asset} has no price in itself")
    value = parse(str(row[columns.price]))
    if value <= 0:
        raise ValueError(f"a price of {text(value)} is none")
    at = _moment(row[columns.time], columns.named, zone)
    return Fact(asset, quote, text(value), at, answer.seq, f"/{number}")


def _code(cell: str) -> str:
    code, usable = asset_code(str(cell))
    if not usable:
        raise ValueError(f"{cell[:40]!r} is no asset of 1 to 32 characters A-Z a-z 0-9 . _ : -")
    return code


def _moment(cell: str, named: str, zone: ZoneInfo) -> datetime:
    """A workbook writes a date as the midnight that begins it."""
    try:
        if named == "date":
            return day_start(date.fromisoformat(cell.replace(" ", "T").removesuffix(_MIDNIGHT)), zone)
        return from_iso(cell)
    except (ValueError, OverflowError) as error:
        expected = "2025-01-31" if named == "date" else "2025-01-31T23:00:00Z"
        raise ValueError(
            f"its {named} {cell[:40]!r} cannot be read ({error}); write one like {expected}"
        ) from None


FILE_STREAM = Stream(name=FILES, read=never, facts=file_prices, seen=count_prices)
MANUAL_STREAM = Stream(name=MANUAL, read=never, facts=manual_price)
"""As they are posted; neither is a stream that is asked for."""

SOURCE = Source(
    kind="prices", title="Prices by hand", settings=Settings, connect=connect, streams=streams, publisher=True
)
