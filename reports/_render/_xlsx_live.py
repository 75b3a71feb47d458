"""Figures that a workbook reckons anew from its tables: what they need to know, and their formulas."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from recon.core.document import Document, Live, Sum, Table
from recon.core.money import exact, total
from reports._render._digits import Reach, sum_places
from reports._render._fields import Profile, Shape
from reports._render._xlsx_pens import cell_text

LONGEST_TEXT = 255
"""A text within a formula holds no more."""
LONGEST_FORMULA = 8_000
_DATE_LIKE = re.compile(r"[0-9]+[-/.:][0-9-/.:]*[0-9]\Z")
_WORDS_WITH_A_MEANING = ("true", "false")


Texts = tuple[str, ...]


class Columns(NamedTuple):
    """How formulas name the columns of a table: for each of its parts, from a title to a range."""

    parts: Sequence[Mapping[str, str]]


class Likes:
    """Which texts of a table a condition takes for the same: letter case counts for nothing there, nor do zeros."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = profiles
        self._known: dict[tuple[str, Shape], dict[tuple[str | Decimal, ...], set[Texts]]] = {}

    def of(self, one: Sum) -> set[Texts]:
        """The texts that a condition for this sum's may meet."""
        place = one.table, shape(one)
        if place not in self._known:
            known = self._known[place] = defaultdict(set)
            for texts in self._profiles[one.table].sums[place[1]]:
                known[tuple(map(_alike, texts))].add(texts)
        texts = tuple(text for _, text in one.where)
        return {texts, *self._known[place].get(tuple(map(_alike, texts)), ())}


def shape(one: Sum) -> Shape:
    """What must be summed up for this sum."""
    return one.column, tuple(title for title, _ in one.where)


def lives_of(tables: Iterable[Table], document: Document) -> dict[str, list[Live]]:
    """The figures that are reckoned anew, by the key of their table; those of the facts under no key."""
    found = {
        "": [
            fact.value
            for section in document.sections
            for fact in section.facts
            if isinstance(fact.value, Live)
        ]
    }
    for table in tables:
        places = [number for number, one in enumerate(table.columns) if one.kind in ("amount", "count")]
        lives = [cell for row in table.rows for number in places if isinstance(cell := row[number], Live)]
        if lives:
            found[table.key] = lives
    return found


def reckoned(lives: Collection[Live], profiles: Mapping[str, Profile], likes: Likes) -> dict[Live, int]:
    """Those that a workbook can reckon, and the decimals at which it rounds them."""
    found = {}
    for live in lives:
        if all(one.table in profiles and _can_be_written(one, likes) for one in live.sums):
            reaches = list(_reaches(live, profiles))
            with exact():
                sums = [one.total * each.sign for one, each in zip(reaches, live.sums, strict=True)]
            assert total(sums) == live.value, f"{live} is {total(sums)} by the rows of its tables"
            found[live] = sum_places(reaches)
    return found


def formula(live: Live, places: int, likes: Likes, columns: Mapping[str, Columns]) -> str:
    """The figure as a formula, or nothing where it is longer than a cell takes."""
    terms = "".join(
        ("-" if one.sign < 0 else "+") + term
        for one in live.sums
        for term in sums(one, likes, columns[one.table])
    )
    written = f"=ROUND({terms.removeprefix('+') or '0'},{places})"
    return written if len(written) <= LONGEST_FORMULA else ""


def sums(one: Sum, likes: Likes, columns: Columns) -> Iterator[str]:
    """A sum over each part of a table. Where other texts of a column would count as the same, letters are compared."""
    texts = [cell_text(words) for _, words in one.where]
    exactly = any(map(_has_a_meaning, texts)) or len(likes.of(one)) > 1
    for part in columns.parts:
        summed = part[one.column]
        pairs = [(part[title], words) for (title, _), words in zip(one.where, texts, strict=True)]
        if not pairs:
            yield f"SUM({summed})"
        elif exactly:
            same = ",".join(f"EXACT({place},{_literal(words)})*1" for place, words in pairs)
            yield f"SUMPRODUCT({same},{summed})"
        else:
            same = ",".join(f"{place},{_literal(criterion(words))}" for place, words in pairs)
            yield f"SUMIFS({summed},{same})"


def criterion(words: str) -> str:
    """A condition that only ``words`` meet: no star, question mark or leading sign in them has a meaning."""
    plain = words.replace("~", "~~").replace("*", "~*").replace("?", "~?")
    return f"={plain}" if not plain or plain[0] in "=<>" else plain


def _literal(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def _can_be_written(one: Sum, likes: Likes) -> bool:
    """Not where a text is too long for a formula, or cells show another text in the same way."""
    shown = [tuple(map(cell_text, texts)) for texts in likes.of(one)]
    return len(set(shown)) == len(shown) and all(
        len(criterion(cell_text(words))) < LONGEST_TEXT for _, words in one.where
    )


def _reaches(live: Live, profiles: Mapping[str, Profile]) -> Iterator[Reach]:
    nothing = Reach()
    for one in live.sums:
        yield profiles[one.table].sums[shape(one)].get(tuple(text for _, text in one.where), nothing)


def _has_a_meaning(words: str) -> bool:
    """Whether a condition may take the text for a date, a truth value or an error."""
    return words.startswith("#") or words.casefold() in _WORDS_WITH_A_MEANING or bool(_DATE_LIKE.match(words))


def _alike(words: str) -> str | Decimal:
    plain = cell_text(words).strip()
    try:
        number = Decimal(plain) if plain[:1] in "+-.0123456789" and plain else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        return plain.casefold()
    return Decimal(f"{number:.15g}").normalize()
