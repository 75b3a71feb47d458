"""Where two ledgers say different things, record by record, and why."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from recon.ledger.digest import dump
from recon.ledger.transaction import Transaction

Place = tuple[Any, ...]
_RECORD = ("stream", "status", "kind", "at", "account", "asset", "quantity", "data", "answer", "pointer")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One record that two ledgers tell otherwise. ``then`` and ``now`` are what each posted for it."""

    source: str
    stream: str
    at: str
    data: str
    answer: str
    pointer: str
    then: list[Any]
    now: list[Any]
    why: str

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return asdict(self)


@dataclass
class _Told:
    """What one ledger tells of one record: the record's own fields, and its entries as posted."""

    record: dict[str, Any]
    entries: list[Any]


def differences(then: Transaction, now: Transaction) -> list[Difference]:
    """Every record version that ``then`` and ``now`` tell otherwise, in the order of sources and families."""
    odd: dict[Place, list[_Told | None]] = {}
    sides = (_placed(dump(then), 0), _placed(dump(now), 1))
    for place, group in groupby(heapq.merge(*sides), key=lambda item: item[0]):
        lines: tuple[list[Any], list[Any]] = ([], [])
        for _, side, line in group:
            lines[side].append(line)
        if lines[0] != lines[1]:
            odd[*place[:2], *place[3:]] = [None, None]
    for number, tx in enumerate((then, now) if odd else ()):
        _fill(odd, number, tx)
    return [_difference(place, *told) for place, told in odd.items()]


def _placed(lines: Iterator[str], side: int) -> Iterator[tuple[Place, int, list[Any]]]:
    """Each line of a record or entry with its place: source, family, records before entries, key and version."""
    for text in lines:
        what, *line = json.loads(text, parse_int=int, parse_float=str)
        if what != "snapshot":
            source, family, key, occurrence, version, *rest = line
            yield (source, family, what == "entry", key, occurrence, version), side, rest


def _fill(odd: dict[Place, list[_Told | None]], number: int, tx: Transaction) -> None:
    """Gathers all that one ledger tells of the records that differ."""
    for place, _, line in _placed(dump(tx), 0):
        told = odd.get((*place[:2], *place[3:]))
        if told is None:
            continue
        if place[2]:
            known = told[number]
            assert known is not None, "an entry rests on a record"
            known.entries.append(line)
        else:
            told[number] = _Told(dict(zip(_RECORD, line, strict=True)), [])


def _difference(place: Place, then: _Told | None, now: _Told | None) -> Difference:
    told = now or then
    assert told is not None
    return Difference(
        source=place[0],
        stream=told.record["stream"],
        at=told.record["at"],
        data=told.record["data"],
        answer=told.record["answer"],
        pointer=told.record["pointer"],
        then=_postings(then),
        now=_postings(now),
        why=_why(then, now),
    )


def _postings(told: _Told | None) -> list[Any]:
    return [posting for entry in told.entries for posting in entry[-1]] if told else []


def _why(then: _Told | None, now: _Told | None) -> str:
    if then is None:
        return "read out of the evidence today, and unknown to the ledger"
    if now is None:
        return "in the ledger, and not read out of the evidence today"
    changed = [name for name in _RECORD if then.record[name] != now.record[name]]
    if changed:
        said = "; ".join(f"{name}: {now.record[name]!r} instead of {then.record[name]!r}" for name in changed)
        return f"the same row is read otherwise today ({said})"
    if len(then.entries) != len(now.entries):
        return f"the same row makes {len(now.entries)} entries instead of {len(then.entries)}"
    return "the same row is posted otherwise today: the posting rules changed, or a setting they follow"
