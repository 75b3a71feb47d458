"""A journal for other programs: the entries of a period with their postings, and what accounts held around them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from recon.core.times import Period


class Line(NamedTuple):
    """One account's part of an entry; ``value`` is what the units were worth in base currency, None where unpriced."""

    account: str
    asset: str
    quantity: Decimal
    value: Decimal | None


class JournalEntry(NamedTuple):
    """One business event, dated ``at``; its lines sum to zero asset by asset.

    ``happened_at`` is earlier than ``at`` where it came late for a sealed period. ``reverses`` names the entry that it
    takes back, else it is empty. ``evidence`` is the digest of the sealed answer, ``pointer`` the place of the row in
    it.
    """

    id: str
    source: str
    stream: str
    at: datetime
    happened_at: datetime
    description: str
    reverses: str
    evidence: str
    pointer: str
    lines: tuple[Line, ...]


class Held(NamedTuple):
    """One account and asset, before the journal's first entry and after its last.

    ``since`` is the day from which the journal tells of it. ``peak`` is the most whole units that it ever held, or
    lacked, up to the journal's end; ``decimals`` the most digits behind the point of what it moved.
    """

    account: str
    asset: str
    opening: Decimal
    closing: Decimal
    since: date
    peak: int
    decimals: int


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What a format writes down. ``entries`` reads them anew each time, in the order of their moments.

    ``until`` is the day after the last one: the period's end, or where it has none that of the newest entry. It is None
    where there is nothing at all. Days are those of ``zone``.
    """

    entity: str
    zone: ZoneInfo
    base_currency: str
    period: Period
    version: str
    until: date | None
    held: Sequence[Held]
    entries: Callable[[], Iterator[JournalEntry]]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A way to write a journal. Its file ends in ``FORMAT = Format(...)``.

    ``write`` takes the journal and a folder, writes files there, all of them whole or none, and names them.
    ``valued``: it tells what units were worth.
    """

    title: str
    write: Callable[[Journal, Path], Sequence[Path]]
    valued: bool = False
