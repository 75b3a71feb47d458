"""Cells of a table as HTML, quickly: pages are made of millions of these strings.

Every text passes through ``escaped``, so that nothing a venue sent can run, hide or turn other text around.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

from recon.core.document import Cell, Column, Live, Table
from recon.core.money import text, total
from reports._render._digits import decimals
from reports._render._plain import visible
from reports._render._texts import TEXTS

LONGEST = 10_000
"""A cell shows so many characters of a text: the data behind the table has them all."""
_LONG_TEXT = 36
_DIGEST = re.compile("[0-9a-f]{64}")
_SHOWN_OF_DIGEST = 12
_ODD = re.compile(r"[^ !#-%(-;=?-~]")
NUMBERS = ("amount", "count")


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where cells lead: by a key of the document, by what a part is of, by a row's text, by an exhibit's place.

    ``exhibits``: by digest and pointer. ``prefix`` leads from the page that links to the folder of the others.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exhibits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prefix: str = ""

    def to(self, found: str | None) -> str:
        """A place as this page leads to it; empty where there is none."""
        return f"{self.prefix}{found}" if found else ""

    def refers(self, column: Column, word: str) -> str:
        """Where a reference leads: to a section or part, else to a row of the column's table; or nowhere."""
        return self.to(self.keys.get(word) or self.rows.get(column.to, {}).get(word))


def escaped(words: str) -> str:
    """A text as HTML shows it, in an attribute too."""
    return escape(visible(words)) if _ODD.search(words) else words


def plain(value: Cell) -> Any:
    """A cell's own value, also where a workbook would reckon it."""
    return value.value if isinstance(value, Live) else value


def said(column: Column, values: Sequence[Cell]) -> list[str]:
    """The cells of a column as the words that a page shows, without their form."""
    if column.kind == "moment":
        return ["" if one is None else moment(one) for one in values]  # type: ignore[arg-type]
    if column.kind in NUMBERS:
        return ["" if (value := plain(one)) is None else text(Decimal(value)) for one in values]
    known = {one: "" if one is None else visible(cut(str(one))) for one in set(values)}
    return [known[one] for one in values]


def cut(words: str, most: int = LONGEST) -> str:
    """A text that a page can hold."""
    if len(words) <= most:
        return words
    return words[:most] + TEXTS["more"].format(count=f"{len(words) - most:,}")


def moment(at: datetime) -> str:
    """A moment in UTC as people read it, whole seconds without a point."""
    stated = at.astimezone(UTC).isoformat(sep=" ")
    return stated[:19] + stated[19:-6].rstrip("0")


def hrefs(table: Table, place: int, rows: Sequence[Sequence[Cell]], links: Links) -> list[str]:
    """For each row where its cell in a column leads; empty where it leads nowhere, or to the row itself."""
    column = table.columns[place]
    titles = [one.title for one in table.columns]
    if column.leads and set(column.leads) <= set(titles):
        places = [titles.index(title) for title in column.leads]
        return [links.to(links.parts.get(tuple(str(row[at]) for at in places))) for row in rows]
    if column.pointer:
        where = titles.index(column.pointer)
        nowhere: Mapping[str, str] = {}
        return [
            links.to(links.exhibits.get(str(row[place]), nowhere).get(pointer_in(row, place, where)))
            for row in rows
        ]
    if column.to and column.kind != "refs":  # a reference is a link already
        known = links.rows.get(column.to, {})
        return [links.to(known.get(str(row[place]))) for row in rows]
    return []


def pointer_in(row: Sequence[Cell], place: int, where: int) -> str:
    """The pointer beside an exhibit's name; none where its own column is said to tell it."""
    return "" if where == place else str(row[where] or "")


def cells(table: Table, place: int, rows: Sequence[Sequence[Cell]], links: Links) -> list[str]:
    """The cells of a column for these rows, each with its tags: the first column heads its row."""
    column = table.columns[place]
    values = [plain(row[place]) for row in rows]
    formed = _numbers(column, values) if column.kind in NUMBERS else _words(column, values, links)
    tag = ('th scope="row"', "th") if place == 0 else ("td", "td")
    leads = hrefs(table, place, rows, links)
    if leads:
        formed = [
            (css, f'<a href="{escaped(to)}">{inside}</a>' if to and inside else inside)
            for (css, inside), to in zip(formed, leads, strict=True)
        ]
    return [
        f'<{tag[0]} class="{css}">{inside}</{tag[1]}>' if css else f"<{tag[0]}>{inside}</{tag[1]}>"
        for css, inside in formed
    ]


def _numbers(column: Column, values: Sequence[Any]) -> list[tuple[str, str]]:
    places = max((decimals(one) for one in values if isinstance(one, Decimal)), default=0)
    return [("", "") if one is None else (tone(column, one), number(one, places)) for one in values]


def _words(column: Column, values: Sequence[Any], links: Links) -> list[tuple[str, str]]:
    """Texts, codes, flags, moments and references. Equal values are formed once."""
    is_code = column.kind == "code"
    shortened = bool(column.pointer and links.exhibits)
    is_long = any(one and len(str(one)) > _LONG_TEXT for one in values) and not shortened
    css = {"code": "c", "text": "w"}.get(column.kind, "") if is_long else ""
    known: dict[Any, tuple[str, str]] = {}

    def formed(value: Any) -> tuple[str, str]:
        if value is None or value == "":
            return "", ""
        if column.kind == "moment":
            return "m", moment(value)
        word = cut(str(value))
        if column.kind == "refs":
            return "r", "<br>".join(_reference(column, one, links) for one in word.split())
        if column.kind == "flag":
            return "", flag(column, word)
        if shortened and _DIGEST.fullmatch(word):
            return css, f"<code>{word[:_SHOWN_OF_DIGEST]}…</code>"
        return css, f"<code>{escaped(word)}</code>" if is_code else escaped(word)

    found = []
    for value in values:
        one = known.get(value)
        if one is None:
            one = known[value] = formed(value)
        found.append(one)
    return found


def _reference(column: Column, word: str, links: Links) -> str:
    to = links.refers(column, word)
    return f'<a href="{escaped(to)}">{escaped(word)}</a>' if to else escaped(word)


def flag(column: Column, word: str) -> str:
    """A short word in its colour."""
    mood = "good" if word in column.good else "fair" if word in column.fair else "bad"
    return f'<span class="flag {mood}">{escaped(word)}</span>'


def tone(column: Column, value: Decimal | int) -> str:
    """How a number looks."""
    if column.zero_is_good:
        return "n bad" if value else "n good"
    return "n neg" if value < 0 else "n"


def number(value: Decimal | int, places: int) -> str:
    """The digits in groups that a style sheet sets apart: what is copied is the number and nothing else.

    What is behind the point has room for ``places`` decimals.
    """
    whole, _, fraction = text(Decimal(value)).partition(".")
    first = (len(whole.lstrip("-")) - 1) % 3 + 1 + whole.startswith("-")
    groups = [f'<span class="g">{whole[at : at + 3]}</span>' for at in range(first, len(whole), 3)]
    behind = f".{fraction}" if fraction else ""
    return (
        whole[:first] + "".join(groups) + (f'<span class="f{places}">{behind}</span>' if places else behind)
    )


def foot(table: Table, sums: Sequence[Decimal | None], label: str) -> str:
    """The row beneath a table: the totals that its columns ask for; empty where none does."""
    if all(one is None for one in sums):
        return ""
    inner = [f'<th scope="row">{escaped(label)}</th>']
    for column, found in zip(table.columns[1:], sums[1:], strict=True):
        if found is None:
            inner.append("<td></td>")
        else:
            inner.append(f'<td class="{tone(column, found)}">{number(found, decimals(found))}</td>')
    return f"<tr>{''.join(inner)}</tr>"


def totals(table: Table, rows: Sequence[Sequence[Cell]]) -> list[Decimal | None]:
    """The sum of each column that asks for one."""
    return [
        total(Decimal(plain(row[place])) for row in rows if row[place] is not None) if column.total else None
        for place, column in enumerate(table.columns)
    ]
