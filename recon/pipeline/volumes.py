"""What a venue says was traded and charged, beside the trades themselves.

Over which time a volume counts is not documented. Each statement is held against every time it could mean, and the one
that fits a source's statements best is the one it is judged by.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from recon.checks import Charge, Volume
from recon.core.contracts import Trading
from recon.core.errors import NumberRefused
from recon.core.money import parse, text
from recon.core.times import Period, aware, naive, short_text
from recon.ledger.reads import rows_posted
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config, Configured

_STATEMENTS = 12
"""How many of a source's latest statements have a say in which time they mean."""

_FACTS = """
select f.reading, f.at, case when $subject = '' then f.subject else f.name end, f.value
from facts as f
where f.source = $source and f.stream = $stream and (f.name = $name or f.subject = $subject)
order by f.at, f.fact
"""

# An asset's trading leg runs against what the kind says of the base: a purchase takes it out of trading.
_TRADED = """
select w.number, l.asset,
    coalesce(sum(case when (l.kind = 'buy') = (l.quantity < 0) then abs(l.quantity) end), 0),
    coalesce(sum(abs(l.quantity)), 0)
from legs as l
join (select unnest($numbers) as number, unnest($starts) as starts_at) as w on l.at >= w.starts_at
where l.source = $source and l.class = 'trading' and l.live and not l.by_hand and l.at <= $until
group by w.number, l.asset
"""
_WAYS = ("the amounts bought and sold", "the amounts bought, sold and paid with")
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """A time that a volume could count."""

    name: str
    starts_at: datetime


class _Statement(NamedTuple):
    """What a venue stated at one moment, by asset, and what each reading of it gives by (window, way) and asset."""

    at: datetime
    stated: Mapping[str, Decimal]
    booked: Mapping[tuple[str, int], Mapping[str, Decimal]]


def windows(at: datetime, zone: ZoneInfo) -> list[Window]:
    """Every time up to a moment that a volume could mean, the likeliest first."""
    found = [
        Window("ever", _EVER),
        Window("in 30 days", at - timedelta(days=30)),
        Window("in 365 days", at - timedelta(days=365)),
    ]
    for name, clock in (("UTC", ZoneInfo("UTC")), (zone.key, zone)):
        midnight = at.astimezone(clock).replace(hour=0, minute=0, second=0, microsecond=0)
        found.append(Window(f"in the calendar month ({name})", midnight.replace(day=1).astimezone(UTC)))
        found.append(Window(f"in the year ({name})", midnight.replace(month=1, day=1).astimezone(UTC)))
    return found


def volumes(copy: DuckDBPyConnection, config: Config, period: Period) -> list[Volume]:
    """What each venue stated first after the period ended, else last, of every asset that was traded.

    Where a source's ``start`` leaves trades out, only times that begin later are tried, and where none of them fits
    nothing is judged.
    """
    found: list[Volume] = []
    for one in config.sources:
        if one.source.trading is not None:
            found += _judged(one.name, _statements(copy, one, one.source.trading, config.zone, period))
    return found


def _statements(
    copy: DuckDBPyConnection, one: Configured, trading: Trading, zone: ZoneInfo, period: Period
) -> list[_Statement]:
    """The latest statements up to the one that counts for the period, which is the last."""
    asked = {"source": one.name, "stream": trading.volumes, "name": "volume", "subject": ""}
    looks = _looks(copy, asked)
    last = next((number for number, (at, _) in enumerate(looks) if period.end and at >= period.end), None)
    looks = looks[: len(looks) if last is None else last + 1][-_STATEMENTS:]
    found = []
    for at, stated in looks:
        known = [
            window
            for window in windows(at, zone)
            if one.settings.start is None or window.starts_at >= one.settings.start
        ]
        booked: dict[tuple[str, int], dict[str, Decimal]] = {
            (window.name, way): {} for way in range(len(_WAYS)) for window in known
        }
        sums = {
            "source": one.name,
            "until": naive(at),
            "numbers": list(range(len(known))),
            "starts": [naive(window.starts_at) for window in known],
        }
        for number, asset, *amounts in copy.execute(_TRADED, sums).fetchall() if known else ():
            for way, amount in enumerate(amounts):
                booked[known[number].name, way][asset] = amount
        found.append(_Statement(at, stated, booked))
    return found


def _judged(source: str, statements: Sequence[_Statement]) -> Iterator[Volume]:
    fits = Counter(
        reading
        for one in statements
        for reading, amounts in one.booked.items()
        for asset, stated in one.stated.items()
        if stated and amounts.get(asset) == stated
    )
    last = statements[-1] if statements else _Statement(_EVER, {}, {})
    best = max(last.booked, key=lambda reading: fits[reading], default=None)
    for asset, stated in sorted(last.stated.items()):
        traded = any(asset in amounts for amounts in last.booked.values())
        # 0 and false are how the venue says nothing; what was never traded has nothing to be held against.
        if best is None or not stated or not traded:
            continue
        if fits[best]:
            window, way = best
            amount = last.booked[best].get(asset, Decimal(0))
            yield Volume(source, asset, last.at, stated, amount, f"it counts {_WAYS[way]} {window}")
        elif any(window == "ever" for window, _ in last.booked):
            yield Volume(source, asset, last.at, stated, None, _each(asset, last.booked))


def _each(asset: str, booked: Mapping[tuple[str, int], Mapping[str, Decimal]]) -> str:
    """What each time would give, where only what was bought and sold counts."""
    parts = [
        f"{window} {text(amounts.get(asset, Decimal(0)))}"
        for (window, way), amounts in booked.items()
        if way == 0
    ]
    return "; ".join(parts)


def charges(tx: Transaction, copy: DuckDBPyConnection, config: Config, period: Period) -> list[Charge]:
    """The trades of the period whose fee tier is known, gathered by the rate that they were charged.

    A tier is known of a trade where the look before it and the look after it state the same.
    """
    found: list[Charge] = []
    for one in config.sources:
        if one.source.trading is not None:
            found += _charged(tx, copy, one.name, one.source.trading, period)
    return found


def _charged(
    tx: Transaction, copy: DuckDBPyConnection, source: str, trading: Trading, period: Period
) -> Iterator[Charge]:
    stream, subject = trading.tier
    looks = _looks(copy, {"source": source, "stream": stream, "name": "", "subject": subject})
    if len(looks) < 2:  # no trade has one before and one after it
        return
    moments = [at for at, _ in looks]
    groups: dict[tuple[str, Decimal, Decimal], list[tuple[datetime, int]]] = {}
    for entry, at, data in rows_posted(tx, source, trading.trades, period.start, period.end):
        after = bisect_right(moments, at)
        if not 0 < after < len(looks) or (rate := trading.charged(data)) is None:
            continue
        name, charged = rate
        tier = looks[after][1].get(name)
        if tier is not None and tier == looks[after - 1][1].get(name):
            groups.setdefault((name, tier, charged), []).append((at, entry))
    for (name, tier, charged), trades in sorted(groups.items()):
        first, last = trades[0], trades[-1]
        yield Charge(source, name, tier, charged, len(trades), first[0], last[0], first[1], last[1])


def _looks(copy: DuckDBPyConnection, asked: Mapping[str, str]) -> list[tuple[datetime, dict[str, Decimal]]]:
    """What each reading stated, oldest first, by asset or by name. What is no number is left out."""
    found = []
    rows = copy.execute(_FACTS, dict(asked)).fetchall()
    for _, facts in groupby(rows, key=lambda row: row[0]):
        told = list(facts)
        stated = {}
        for _, _, about, value in told:
            try:
                stated[about] = parse(value)
            except NumberRefused:
                continue
        found.append((aware(told[0][1]), stated))
    return found


def told(stated: Sequence[Volume], charged: Sequence[Charge]) -> list[str]:
    """What was held against what, in words."""
    lines = []
    for one in stated:
        fits = "that fits its trades" if one.booked == one.stated else "that does not fit its trades"
        lines.append(
            f"{one.source} says that {text(one.stated)} {one.asset} were traded, as of {short_text(one.at)}; {fits}: "
            f"{one.about}."
        )
    lines += [
        f"{one.source}: {one.trades} trades were charged {text(one.charged)} ({one.rate}), and the fee tier in force "
        f"says {text(one.tier)}."
        for one in charged
    ]
    return lines or [
        "No venue states a volume of what was traded, and no trade has a fee tier before and after it."
    ]
