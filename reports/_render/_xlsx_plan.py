"""What a workbook needs to know before its first cell is written: widths, sums, places and where links lead."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from recon.core.document import Document, Live, Table
from reports._render._fields import Profile, Shape, profiled, rounded
from reports._render._xlsx_layout import Page, Placed, laid_out
from reports._render._xlsx_live import Likes, formula, lives_of, reckoned, shape
from reports._render._xlsx_pens import quoted
from reports._render._xlsx_rows import Leads

WRAP_AT, WRAP_AT_STACKED = 60, 34
MOST_LINKS = 65_530 - 530
"""Of rows on one sheet: Excel takes 65,530, and a few lead to other sheets."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The pages with everything on them. ``lives`` are the decimals and ``formulas`` the formulas of live figures."""

    pages: Sequence[Page]
    tables: Mapping[str, Placed]
    lives: Mapping[Live, int]
    formulas: Mapping[Live, str]
    likes: Likes
    leads: Leads

    def shown(self, live: Live) -> Decimal | int:
        """What the cell of a live figure holds."""
        return rounded(live, self.lives)


def planned(document: Document, streamed_above: int, sheet_rows: int) -> Plan:
    """Walks every table; those of more than ``streamed_above`` rows once, and they have no links."""
    tables = {table.key: table for section in document.sections for table in section.tables}
    natives = {
        key: one for key, one in tables.items() if len(one.rows) <= min(streamed_above, sheet_rows - 50)
    }
    lives = lives_of(natives.values(), document)
    leading = _leading(document, natives)
    profiles: dict[str, Profile] = {}
    likes = Likes(profiles)
    places: dict[Live, int] = {}
    shapes = _shapes(lives)
    wanted = _wanted([natives[key] for key in leading], tables)
    stacked = {table.key for one in document.sections if len(one.tables) > 1 for table in one.tables}
    for key in _in_order(tables, lives):
        places |= reckoned(lives.get(key, ()), profiles, likes)
        widest = WRAP_AT_STACKED if key in stacked else WRAP_AT
        profiles[key] = profiled(tables[key], widest, places, shapes[key], wanted[key])
    places |= reckoned(lives[""], profiles, likes)
    placed = {key: Placed(one, profiles[key], key in natives, key in leading) for key, one in tables.items()}
    pages = laid_out(document, placed, sheet_rows)
    columns = {key: one.columns() for key, one in placed.items()}
    sheets = {
        page.section.key: f"{quoted(page.name)}!A1" for page in reversed(pages) if page.nature == "first"
    }
    return Plan(
        pages=pages,
        tables=placed,
        lives=places,
        formulas={live: formula(live, at, likes, columns) for live, at in places.items()},
        likes=likes,
        leads=Leads(placed, sheets),
    )


def _shapes(lives: Mapping[str, Sequence[Live]]) -> defaultdict[str, set[Shape]]:
    """The sums that each table is asked for."""
    found = defaultdict[str, set[Shape]](set)
    for one in {one for several in lives.values() for live in several for one in live.sums}:
        found[one.table].add(shape(one))
    return found


def _in_order(tables: Mapping[str, Table], lives: Mapping[str, Sequence[Live]]) -> Iterator[str]:
    """Each table after those that its figures are reckoned from, as far as they do not lean on each other."""
    needs = {
        key: {one.table for live in lives.get(key, ()) for one in live.sums} & {*tables} for key in tables
    }
    while needs:
        ready = [key for key, others in needs.items() if not others & {*needs}] or [next(iter(needs))]
        yield from ready
        needs = {key: others for key, others in needs.items() if key not in ready}


def _leading(document: Document, natives: Mapping[str, Table]) -> set[str]:
    """The tables whose rows may have links: on each sheet the first ones, until it takes no more."""
    found = set()
    for section in document.sections:
        left = MOST_LINKS
        for table in section.tables:
            places = [number for number, one in enumerate(table.columns) if one.to or one.kind == "refs"]
            if not places or table.key not in natives:
                continue
            left -= sum(1 for row in table.rows for place in places if row[place])
            if left < 0:
                break
            found.add(table.key)
    return found


def _wanted(leading: Sequence[Table], tables: Mapping[str, Table]) -> defaultdict[str, set[str]]:
    """The texts whose first row in another table somebody leads to."""
    found = defaultdict[str, set[str]](set)
    for table in leading:
        for number, column in enumerate(table.columns):
            if column.to in tables and tables[column.to].by:
                for row in table.rows:
                    words = str(row[number] or "")
                    found[column.to].update(words.split() if column.kind == "refs" else [words])
    for texts in found.values():
        texts.discard("")
    return found
