"""CryptoFuse's pages, by offset and by number. No row has a place of its own: new rows push the others on.

While pages are read a list may move under the reader, so a pass counts only if the venue's count of the rows was the
same on every page; otherwise it is repeated. A page may be shorter than asked, so only an empty one, or as many rows as
are counted, is the end.
"""

import re
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.contracts import Pass, Request
from recon.core.errors import SourceError
from recon.sources._rows import field, member, read_answer, refuse

PASSES = 5
LARGEST_PAGE = 100
"""Rows; the documented maximum of every list that states one."""
_COUNT = re.compile(r"[0-9]{1,18}")
_PAGE = re.compile(r"[?&]page=([0-9]{1,9})(?:[&#]|\Z)")


class Leaf(NamedTuple):
    """What one page holds: its rows, the venue's count of all rows, and the next question (None: that was all)."""

    rows: int
    total: int
    following: Request | None


def steady(first: Request, turn: Callable[[Answer, int], Leaf]) -> Generator[Request, Answer, Pass]:
    """Reads pages until one pass saw the same count throughout. ``turn`` takes a page and the rows before it.

    Raises SourceError "moving" after PASSES passes that did not.
    """
    for _ in range(PASSES):
        pages: list[Answer] = []
        rows, total = 0, None
        request: Request | None = first
        while request is not None:
            answer = yield request
            leaf = turn(answer, rows)
            if total not in (None, leaf.total):
                break
            total = leaf.total
            pages.append(answer)
            rows += leaf.rows
            request = leaf.following
        else:
            return Pass(answers=tuple(pages), stated=total)
    raise SourceError(
        "moving",
        f"the venue's count of the rows changed during each of {PASSES} passes",
        where=f"{answer.source}/{answer.stream}",
        next_step="Pull again at a quieter time",
    )


def by_offset(
    ask: Callable[[int], Request], counted: Callable[[Answer], tuple[int, int]]
) -> Generator[Request, Answer, Pass]:
    """Reads a list by offsets. ``counted`` tells a page's rows and the venue's count of all."""

    def turn(answer: Answer, before: int) -> Leaf:
        rows, total = counted(answer)
        after = before + rows
        return Leaf(rows, total, ask(after) if rows and after < total else None)

    return steady(ask(0), turn)


def offsets(path: str, size: int, name: str) -> Generator[Request, Answer, Pass]:
    """Reads ``{name: [rows], "total"}`` by GET with limit and offset."""

    def ask(offset: int) -> Request:
        return Request(method="GET", path=path, params={"limit": str(size), "offset": str(offset)})

    def counted(answer: Answer) -> tuple[int, int]:
        value = read_answer(answer)
        return len(member(answer, value, name, list)), count(answer, value, "total")

    return by_offset(ask, counted)


def numbers(path: str, size: int) -> Generator[Request, Answer, Pass]:
    """Reads ``{"count", "next", "results"}`` by page numbers.

    ``next`` is an address, which is never asked for: it could name another host. Only its page number is taken.
    """
    ask = partial(_numbered, path, size)

    def turn(answer: Answer, before: int) -> Leaf:
        value = read_answer(answer)
        rows, total = len(member(answer, value, "results", list)), count(answer, value, "count")
        onward = value.get("next")
        more = onward is not None and rows and before + rows < total
        return Leaf(rows, total, ask(_next_page(answer, onward)) if more else None)

    return steady(ask(1), turn)


def count(answer: Answer, value: Any, name: str) -> int:
    """The count that an object states; refused loudly where there is none."""
    known = isinstance(value, Mapping) and not isinstance(value.get(name), bool)
    stated = field(value, name) if known else ""
    if not _COUNT.fullmatch(stated):
        refuse(answer, f"the answer has no count {name!r}")
    return int(stated)


def _numbered(path: str, size: int, page: int) -> Request:
    return Request(method="GET", path=path, params={"page": str(page), "page_size": str(size)})


def _next_page(answer: Answer, onward: Any) -> int:
    found = _PAGE.search(onward) if isinstance(onward, str) else None
    if not found or int(found[1]) <= int(answer.params["page"]):
        refuse(answer, "the answer's 'next' names no later page")
    return int(found[1])
