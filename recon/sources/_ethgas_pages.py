"""ETHGas's cursors: a list from a given number on, where nobody says which way it walks nor whether it includes it.

Both are found out from the first pages. All of the venue's histories are read by the same rules.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recon.core import canonical
from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Pass, Request
from recon.sources import _rows
from recon.sources._rows import member, objects, read_answer, refuse

LARGEST_PAGE = 100
SMALLEST_PAGE = 2
"""A page of one row that includes the cursor's own never goes on."""
ID = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How one history is paged.

    ``rows`` is the list's name inside data, ``key`` the member that the parameter ``start`` counts by. ``identity``
    tells rows apart. ``shared``: several rows may have one key, so that a page may end between them. ``settles``: a
    row's content may change, so that of one met twice the later counts.
    """

    path: str
    rows: str
    key: str
    start: str
    identity: Callable[[Mapping[str, Any]], tuple[str, ...]]
    params: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    settles: bool = False

    def request(self, limit: int, start: int | None) -> Request:
        """Asks for a page."""
        more = {} if start is None else {self.start: str(start)}
        return Request(method="GET", path=self.path, params={**self.params, "limit": str(limit), **more})

    def page(self, answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows of a page with their pointers."""
        found = member(answer, member(answer, read_answer(answer), "data", dict), self.rows, list)
        return objects(answer, found, f"/data/{self.rows}")

    def number(self, row: Mapping[str, Any]) -> int:
        """A row's key; -1 where it has none."""
        stated = row.get(self.key)
        if not isinstance(stated, str) or not ID.match(stated):
            stated = _rows.field(row, self.key)
        return int(stated) if ID.match(stated) else -1

    def lowest(self, answer: Answer) -> int:
        """The smallest key of a page; 0 of an empty one."""
        keys = [self.number(row) for _, row in self.page(answer)]
        return min((key for key in keys if key >= 0), default=0)

    def keys(self, answer: Answer) -> list[tuple[int, int]]:
        """The keys of a page in its order, each with what tells the row from others of its key.

        Rows without a key are kept too, but nothing can go on from them.
        """
        rows = [row for _, row in self.page(answer)]
        found = [(key, self._token(key, row)) for row in rows if (key := self.number(row)) >= 0]
        if rows and not found:
            refuse(answer, f"no row of the page has a {self.key} to go on from")
        return found

    def _token(self, key: int, row: Mapping[str, Any]) -> int:
        # half a digest: a million of them must fit, and all they decide is whether a page brought anything new
        return int(canonical.identity(self.identity(row))[:16], 16) if self.shared else key


def read_pages(cursor: Cursor, size: int) -> Generator[Request, Answer, Pass]:
    """Goes on from the far end of each page until a page brings nothing new.

    Where rows share keys it goes on from one step before the far end, so that the rest of a key that a page cut in
    two is seen; only when that brings nothing new, from the far end itself.

    Where a page shows rows from before its cursor, ``start`` walks the other way: then from zero upwards. The first
    page of that walk is asked one row short of all that is seen: should it lack the smallest key seen, and the first
    page have been full, older rows are out of reach.
    """
    answers: list[Answer] = []
    seen: set[int] = set()
    asked, way, far, start = "first", 0, -1, -1
    turned = False
    lowest = 10**18
    while True:
        limit = min(len(seen) - 1, size) if asked == "up" else size
        answer = yield cursor.request(limit, None if asked == "first" else start)
        answers.append(answer)
        page = cursor.keys(answer)
        keys = [key for key, _ in page]
        fresh = [key for key, token in page if token not in seen]
        if asked == "up" and not fresh and lowest not in keys and len(seen) >= size:
            refuse(answer, "older rows are out of reach, whichever way its cursor walks")
        if cursor.shared and asked != "up" and len(page) >= limit and len(set(keys)) == 1:
            refuse(answer, f"a whole page has one {cursor.key}, and there may be more rows of it")
        if asked == "beyond" and fresh and far not in keys:
            refuse(answer, f"a page ended within a {cursor.key}, and the rest of it cannot be asked for")
        seen.update(token for _, token in page)
        lowest = min([lowest, *keys])
        if asked in ("on", "beyond") and not turned and any((key - start) * way < 0 for key in keys):
            asked, way, start, turned = "up", 1, 0, True
        elif fresh:
            way = way or _sign(keys[-1] - (keys[0] if asked == "first" else far))
            far = max(fresh) if turned else keys[-1]
            asked, start = "on", max(far - way, 0) if cursor.shared else far
        elif asked == "on" and start != far:
            asked, start = "beyond", far
        else:
            return Pass(answers=tuple(answers))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


class Found(NamedTuple):
    """A row with its answer, its pointer, its canonical JSON and its identity."""

    answer: Answer
    pointer: str
    row: dict[str, Any]
    data: str
    identity: tuple[str, ...]


def in_order(answers: Sequence[Answer], cursor: Cursor) -> Iterator[Found]:
    """Each row once, oldest first, however the pages came.

    A row met on two pages counts once; an identity with two contents is two rows, unless it ``settles``.
    """
    return _settled(answers, cursor) if cursor.settles else _once(answers, cursor)


def _settled(answers: Sequence[Answer], cursor: Cursor) -> Iterator[Found]:
    """Of each identity what the last of its answers says."""
    latest: dict[tuple[str, ...], dict[str, Found]] = {}
    for answer in answers:
        page: dict[tuple[str, ...], dict[str, Found]] = {}
        for pointer, row in cursor.page(answer):
            found = Found(answer, pointer, row, write_json(row), cursor.identity(row))
            page.setdefault(found.identity, {}).setdefault(found.data, found)
        latest.update(page)
    every = [found for contents in latest.values() for found in contents.values()]
    yield from sorted(every, key=lambda one: (cursor.number(one.row), one.identity))


def _once(answers: Sequence[Answer], cursor: Cursor) -> Iterator[Found]:
    """Each row in each of its contents, page by page from the one with the smallest keys on."""
    met: dict[str, int] = {}
    by_key = sorted((cursor.lowest(one), one.seq, one) for one in answers)
    for lowest, _, answer in by_key:
        # what has a smaller key than all that follows is not met again, and a million rows need not be remembered
        met = {data: key for data, key in met.items() if key >= lowest or key < 0}
        rows = [(cursor.number(row), cursor.identity(row), at, row) for at, row in cursor.page(answer)]
        for key, identity, pointer, row in sorted(rows, key=lambda one: one[:2]):
            data = write_json(row)
            if data not in met:
                met[data] = key
                yield Found(answer, pointer, row, data, identity)
