"""Pages that show sealed answers as they were received, the rows that others lead to marked.

Each row is a place of its own, so that a browser brings it into sight and tells it from the others without a script.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from recon.core.document import Exhibit
from recon.core.errors import ReconError
from reports._render._cells import escaped
from reports._render._spans import Read, read
from reports._render._texts import TEXTS

_MOST = 900_000
"""A page holds so many characters of HTML of an answer."""
_AROUND = 40_000
"""So many characters of what no row rests on are shown on either side of the rest."""


class Part(NamedTuple):
    """One page of an exhibit: its HTML, and the pointers that lead to it."""

    number: int
    parts: int
    html: Markup
    places: Sequence[str]


def page_name(exhibit: Exhibit, number: int) -> str:
    """The file of a part of an exhibit."""
    return f"answer.{exhibit.number}.html" if number == 1 else f"answer.{exhibit.number}.{number}.html"


def anchor(pointer: str) -> str:
    """A pointer as the id of a place on a page, and as the end of a link to it."""
    return "at" + quote(pointer.encode("utf-8", "backslashreplace"), safe="/")


def parts_of(exhibit: Exhibit, pointers: Collection[str]) -> tuple[list[Part], str]:
    """The pages of an exhibit; none and the reason where it cannot be shown."""
    try:
        with exhibit.body() as body:
            content = body.read()
    except ReconError as error:
        return [], TEXTS["unreadable"].format(why=error.what)
    except (OSError, EOFError) as error:
        return [], TEXTS["unreadable"].format(why=error)
    found = read(content, [one for one in pointers if one], exhibit.withheld)
    if found is None:
        return [], TEXTS["binary"].format(count=f"{len(content):,}")
    pages = list(_pages(found))
    return [Part(number, len(pages), html, places) for number, (html, places) in enumerate(pages, 1)], ""


def links_of(exhibit: Exhibit, parts: Sequence[Part], pointers: Collection[str]) -> Mapping[str, str]:
    """Where each pointer leads: to the answer as a whole where there is no such place in it."""
    whole = dict.fromkeys(pointers, page_name(exhibit, 1))
    return whole | {
        pointer: f"{page_name(exhibit, part.number)}#{anchor(pointer)}"
        for part in parts
        for pointer in part.places
    }


def _pages(found: Read) -> Iterator[tuple[Markup, list[str]]]:
    """The text in pieces, cut where a row begins; of long stretches without a row their ends alone."""
    html: list[str] = []
    places: list[str] = []
    size = at = 0
    for (start, end), pointers in _outermost(found):
        before = _shortened(found.text[at:start])
        row = _marked(found.text[start:end], pointers)
        if places and size + len(before) + len(row) > _MOST:
            yield Markup("".join(html)), places  # noqa: S704 - escaped piece by piece
            html, places, size = [], [], 0
        html += [before, row]
        places += pointers
        size += len(before) + len(row)
        at = end
    html.append(_shortened(found.text[at:]))
    yield Markup("".join(html)), places  # noqa: S704 - escaped piece by piece


def _outermost(found: Read) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """The stretches that lie in no other, in their order, each with the pointers that lead into it."""
    spans = sorted(found.spans.items(), key=lambda one: (one[1][0], -one[1][1], one[0]))
    here: tuple[int, int] | None = None
    pointers: list[str] = []
    for pointer, (start, end) in spans:
        if here is not None and start < here[1]:
            pointers.append(pointer)
            continue
        if here is not None:
            yield here, pointers
        here, pointers = (start, end), [pointer]
    if here is not None:
        yield here, pointers


def _marked(row: str, pointers: Sequence[str]) -> str:
    outer, *inner = pointers
    spots = "".join(f'<a id="{escaped(anchor(one))}"></a>' for one in inner)
    return f'<span></span><mark id="{escaped(anchor(outer))}">{spots}{_shortened(row)}</mark>'


def _shortened(stretch: str) -> str:
    left_out = len(stretch) - 2 * _AROUND
    if left_out <= 0:
        return escaped(stretch)
    told = TEXTS["exhibit_left_out"].format(count=f"{left_out:,}")
    return f"{escaped(stretch[:_AROUND])}<em>{escaped(told)}</em>{escaped(stretch[-_AROUND:])}"
