"""Which rows stand on which page, and where every cell of a document leads: known before a page is written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from recon.core.document import Cell, Column, Document, Section, Table
from recon.core.money import ZERO, exact
from reports._render._cells import _ODD, LONGEST, NUMBERS, plain, pointer_in, said

ROWS = 500
"""A page of a table has at most so many rows."""
_MOST = 1_200_000
"""So many bytes may the tables of a page have, by what their texts can grow to at most."""
_GROWTH = 12
_TAGS = 40
_CHOICES = 40
FRONT = "index"


class Owner(NamedTuple):
    """A section or a part, with a page of its own. ``name`` is that of its file."""

    name: str
    section: Section
    chapter: Section


class Planned(NamedTuple):
    """A table on its pages: the rows of each, the sums of all, and of each column the texts where they are few."""

    owner: str
    table: Table
    counts: Sequence[int]
    sums: Sequence[Decimal | None]
    choices: Sequence[Sequence[str]]

    @property
    def key(self) -> str:
        """A name among all tables of the document."""
        return f"{self.owner}.{self.table.key}"

    def page(self, number: int) -> str:
        """The file of its page, counted from 1."""
        if number > 1:
            return f"{self.key}.{number}.html"
        return f"{self.owner}.html"


@dataclass(kw_only=True)
class Plan:
    """The pages of a document. ``cited`` are the pointers by which cells lead into each exhibit."""

    owners: Sequence[Owner]
    tables: Mapping[str, Sequence[Planned]]
    keys: Mapping[str, str]
    parts: Mapping[tuple[str, ...], str]
    rows: Mapping[str, Mapping[str, str]]
    cited: Mapping[str, set[str]]


@dataclass(kw_only=True)
class _Seen:
    """What is gathered while rows are walked once."""

    targets: frozenset[str]
    exhibits: frozenset[str]
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    cited: dict[str, set[str]] = field(default_factory=dict)


def planned(document: Document) -> Plan:
    """Walks every table once."""
    owners = list(_owners(document))
    tables = [table for one in owners for table in one.chapter.tables]
    seen = _Seen(
        targets=frozenset(column.to for table in tables for column in table.columns if column.to),
        exhibits=frozenset(one.sha256 for one in document.exhibits),
    )
    return Plan(
        owners=owners,
        tables={one.name: [_planned(one, table, seen) for table in one.chapter.tables] for one in owners},
        keys={one.chapter.key: f"{one.name}.html" for one in owners},
        parts={one.chapter.of: f"{one.name}.html" for one in owners if one.chapter.of},
        rows=seen.rows,
        cited=seen.cited,
    )


def _owners(document: Document) -> Iterator[Owner]:
    """The first section is the front page."""
    for place, section in enumerate(document.sections):
        yield Owner(section.key if place else FRONT, section, section)
        for part in section.parts:
            yield Owner(f"{section.key}.{part.key}", section, part)


def _planned(owner: Owner, table: Table, seen: _Seen) -> Planned:
    most = _MOST // len(owner.chapter.tables)
    known = seen.rows.setdefault(table.key, {}) if table.by and table.key in seen.targets else None
    titles = [column.title for column in table.columns]
    by = titles.index(table.by) if table.by else 0
    pointers = [
        (place, titles.index(column.pointer)) for place, column in enumerate(table.columns) if column.pointer
    ]
    choosing: dict[int, set[str]] = {
        place: set() for place, column in enumerate(table.columns) if column.kind in ("text", "flag")
    }
    sums = [ZERO if column.total else None for column in table.columns]
    counts, here, weight = [], 0, 0
    here_page = f"{owner.name}.html"
    for number, row in enumerate(table.rows):
        heavy = _weight(row)
        if here and (here == ROWS or weight + heavy > most):
            counts.append(here)
            here = weight = 0
            here_page = f"{owner.name}.{table.key}.{len(counts) + 1}.html"
        here += 1
        weight += heavy
        if known is not None:
            known.setdefault(str(row[by]), f"{here_page}#{table.key}.{number}")
        for place, where in pointers:
            if row[place] in seen.exhibits:
                seen.cited.setdefault(str(row[place]), set()).add(pointer_in(row, place, where))
        _choose(choosing, row)
        for place, found in enumerate(sums):
            if found is not None and row[place] is not None:
                with exact():
                    sums[place] = found + Decimal(plain(row[place]))
    choices = [sorted(choosing.get(place, ())) for place in range(len(titles))]
    return Planned(owner.name, table, [*counts, here] if here or not counts else counts, sums, choices)


def _choose(choosing: dict[int, set[str]], row: Sequence[Cell]) -> None:
    for place, found in tuple(choosing.items()):
        found.add(str(row[place] or ""))
        if len(found) > _CHOICES:
            del choosing[place]


def _weight(row: Sequence[Cell]) -> int:
    """The most bytes that a row can take on a page."""
    size = _TAGS * len(row)
    for cell in row:
        if isinstance(cell, str):
            length = min(len(cell), LONGEST)
            size += length * _GROWTH if _ODD.search(cell) else length
    return size


def stretches(one: Planned) -> Iterator[tuple[int, int, Sequence[Sequence[Cell]]]]:
    """Each page's number, its first row's number, and its rows, read once from front to back."""
    rows = iter(one.table.rows)
    first = 0
    for number, count in enumerate(one.counts, 1):
        yield number, first, [next(rows) for _ in range(count)]
        first += count


def near(number: int, pages: int) -> list[int]:
    """The pages that a pager names: the first and last, those beside this one, and some on the way."""
    step = -(-pages // 10)
    wanted = {1, pages, *range(number - 2, number + 3), *range(step, pages + 1, step)}
    return sorted(one for one in wanted if 1 <= one <= pages)


def meta(one: Planned, files: int) -> str:
    """What the script needs to know of a table, as JSON."""
    columns = [_told(column, few) for column, few in zip(one.table.columns, one.choices, strict=True)]
    rows = sum(one.counts)
    return json.dumps({"key": one.key, "rows": rows, "files": files, "columns": columns}, sort_keys=True)


def _told(column: Column, choices: Sequence[str]) -> dict[str, object]:
    told: dict[str, object] = {"title": column.title, "kind": column.kind}
    if column.kind == "flag":
        told |= {"good": column.good, "fair": column.fair}
    if column.kind in NUMBERS and column.zero_is_good:
        told["zero"] = 1
    if column.pointer:
        told["short"] = 1
    if len(choices) > 1:
        told["choices"] = said(column, choices)
    return told
