"""Writes a Document as one page that needs nothing else: no script, no request, and a policy that forbids both.

Every text passes through Jinja's escaping, and before it through visible(), so that nothing a venue sent can run, hide
or turn other text around.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recon.core.document import Cell, Chart, Column, Document, Fact, Live, Section, Table
from recon.core.money import text, total
from recon.core.times import short_text
from reports._render._chart import BOTTOM, HEIGHT, RIGHT, WIDTH, Drawn, drawn
from reports._render._digits import decimals
from reports._render._plain import visible
from reports._render._whole import write_whole

TEMPLATES = Path(__file__).parent.parent / "_templates"
_LONG_ROWS = 20
_WIDE = 12
_LONG_TEXT = 36
_LONG_CODE = 1_500


class Shown(NamedTuple):
    """A cell as the template writes it; ``form`` says how.

    A number has the digits of its whole part in ``groups``, and ``extra`` from the point on, in room for ``places``
    decimals. A moment's ``extra`` is its ISO form, a flag's its tone. ``links`` are keys, each with
    whether the page holds it.
    """

    form: str
    css: str = ""
    text: str = ""
    extra: str = ""
    groups: Sequence[str] = ()
    places: int = 0
    links: Sequence[tuple[str, bool]] = ()


class Grid(NamedTuple):
    """A table as the template writes it."""

    number: int
    table: Table
    heads: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Shown]]
    foot: Sequence[Shown]
    css: str


class Chapter(NamedTuple):
    """A section as the template writes it."""

    section: Section
    facts: Sequence[tuple[str, str, Shown]]
    grids: Sequence[Grid]
    charts: Sequence[Drawn]
    code: Sequence[tuple[str, str, bool]]
    parts: Sequence["Chapter"]


def render(document: Document, path: Path) -> None:
    """Writes the page whole or not at all. Raises OSError."""
    write_whole(path, _page(document).encode())


def _page(document: Document) -> str:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    keys = frozenset(part.key for section in document.sections for part in section.parts)
    return environment.get_template("base.html.j2").render(
        document=document,
        style=style,
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        chapters=[_chapter(section, keys) for section in document.sections],
        facts=_facts(document.properties),
        paper={"width": WIDTH, "height": HEIGHT, "right": RIGHT, "bottom": BOTTOM},
    )


def _chapter(section: Section, keys: frozenset[str]) -> Chapter:
    return Chapter(
        section=section,
        facts=_facts(section.facts),
        grids=[_grid(table, number, keys) for number, table in enumerate(section.tables)],
        charts=[drawn(chart) for chart in section.charts if isinstance(chart, Chart)],
        code=[(title, block, len(block) < _LONG_CODE) for title, block in section.code],
        parts=[_chapter(part, keys) for part in section.parts],
    )


def _facts(facts: Sequence[Fact]) -> list[tuple[str, str, Shown]]:
    return [(fact.label, fact.tone, _fact(fact.value)) for fact in facts]


def _fact(value: Cell) -> Shown:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Live):
        value = value.value
    if isinstance(value, Decimal | int):
        return _number(Decimal(value), 0, "")
    return Shown("text", text=str(value or ""))


def _grid(table: Table, number: int, keys: frozenset[str]) -> Grid:
    cells = [[row[place] for row in table.rows] for place in range(len(table.columns))]
    columns = [_column(column, found, keys) for column, found in zip(table.columns, cells, strict=True)]
    foot = [_sum(column, found) for column, found in zip(table.columns, cells, strict=True)]
    return Grid(
        number=number,
        table=table,
        heads=[(column.title, "n" if column.kind in ("amount", "count") else "") for column in table.columns],
        rows=list(zip(*columns, strict=True)),
        foot=foot if any(one.form == "number" for one in foot) else (),
        css="scroll" + " long" * (len(table.rows) > _LONG_ROWS) + " wide" * (len(table.columns) > _WIDE),
    )


def _column(column: Column, cells: Sequence[Any], keys: frozenset[str]) -> list[Shown]:
    """The cells of a column, which is as wide behind the point as its longest number."""
    if column.kind in ("amount", "count"):
        places = max((decimals(one) for one in cells if isinstance(one, Decimal)), default=0)
        return [_amount(column, one, places) for one in cells]
    if column.kind == "moment":
        return [_empty() if one is None else _moment(one) for one in cells]
    if column.kind == "day":
        return [_empty() if one is None else Shown("text", text=str(one)) for one in cells]
    if column.kind == "refs":
        return [_refs(one, keys) if one else _empty() for one in cells]
    is_long = any(one and len(one) > _LONG_TEXT for one in cells)
    css = {"code": "c", "text": "w"}.get(column.kind, "") if is_long else ""
    return [_word(column, one, css) if one else _empty() for one in cells]


def _word(column: Column, word: str, css: str) -> Shown:
    if column.kind != "flag":
        return Shown(column.kind, css, word)
    tone = "good" if word in column.good else "fair" if word in column.fair else "bad"
    return Shown("flag", text=word, extra=tone)


def _amount(column: Column, number: Decimal | int | None, places: int) -> Shown:
    if number is None:
        return _empty()
    tone = "neg" if number < 0 else ""
    if column.zero_is_good:
        tone = "bad" if number else "good"
    return _number(Decimal(number), places, tone)


def _number(number: Decimal, places: int, tone: str) -> Shown:
    """The digits in groups that a style sheet sets apart: what is copied is the number and nothing else."""
    whole, _, fraction = text(number).partition(".")
    digits = whole.lstrip("-")
    first = len(digits) % 3 or 3
    groups = [
        whole[: len(whole) - len(digits) + first],
        *(digits[at : at + 3] for at in range(first, len(digits), 3)),
    ]
    behind = f".{fraction}" if fraction else ""
    return Shown("number", f"n {tone}".strip(), extra=behind, groups=groups, places=places)


def _sum(column: Column, cells: Sequence[Any]) -> Shown:
    """What stands beneath a column: its total where one is asked for."""
    if not column.total:
        return _empty()
    places = max((decimals(one) for one in cells if isinstance(one, Decimal)), default=0)
    return _amount(column, total(Decimal(one) for one in cells if one is not None), places)


def _moment(at: datetime) -> Shown:
    stated = short_text(at)
    words, point, fraction = stated.removesuffix("Z").replace("T", " ").partition(".")
    return Shown("moment", "m", words + point + fraction.rstrip("0"), stated)


def _refs(words: str, keys: frozenset[str]) -> Shown:
    return Shown("refs", "r", links=[(word, word in keys) for word in words.split()])


def _empty() -> Shown:
    return Shown("empty")
