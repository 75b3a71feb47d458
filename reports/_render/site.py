"""Writes a Document as a folder of pages that need no server: index.html, pages/, and rows for the script in search/.

Each section and each part has a page, each long table as many as it needs, and each exhibit its own. A page carries its
style and its script; its policy names both by their hashes, and lets that script take in the files of search/, whose
texts it shows as texts. Without the script every row is there on numbered pages. Tables of sections lead to their data
in data/KEY.csv and data/KEY.parquet, exhibits to evidence/, which others write beside these pages.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.document import Document, Exhibit, Section
from reports._render import _chunks
from reports._render._cells import Links
from reports._render._exhibits import Part, links_of, page_name, parts_of
from reports._render._page import (
    TEMPLATES,
    Chapter,
    Grid,
    Pager,
    code,
    drawings,
    environment,
    facts,
    grid,
    hashed,
    style,
)
from reports._render._plan import FRONT, Owner, Plan, Planned, meta, near, planned, stretches
from reports._render._texts import SCRIPT_TEXTS, TEXTS

PAGES = "pages"


class Stage(NamedTuple):
    """What all pages have in common."""

    document: Document
    plan: Plan
    links: Links
    folder: Path
    common: Mapping[str, Any]
    template: Any


def render_site(document: Document, folder: Path) -> list[Path]:
    """Writes the pages below ``folder``, index.html first of those returned. Raises OSError."""
    (folder / PAGES).mkdir(parents=True, exist_ok=True)
    plan = planned(document)
    css, script = style(), _script()
    jinja = environment()
    stage = Stage(
        document=document,
        plan=plan,
        links=Links(keys=plan.keys, parts=plan.parts, rows=plan.rows),
        folder=folder,
        common={
            "document": document,
            "style": css,
            "style_hash": hashed(css),
            "script": script,
            "script_hash": hashed(script),
            "properties": facts(document.properties),
        },
        template=jinja.get_template("site.html.j2"),
    )
    written: list[Path] = []
    exhibits: dict[str, Mapping[str, str]] = {}
    for exhibit in document.exhibits:
        pointers = plan.cited.get(exhibit.sha256, frozenset[str]())
        parts, why = parts_of(exhibit, pointers)
        exhibits[exhibit.sha256] = links_of(exhibit, parts, pointers)
        written += list(_exhibit_pages(stage, exhibit, parts, why))
    stage = stage._replace(links=replace(stage.links, exhibits=exhibits))
    pages = [path for owner in plan.owners for path in _owner_pages(stage, owner)]
    return sorted([*pages, *written], key=lambda path: path.parent != folder)


def _script() -> str:
    """The script with its words."""
    source = (TEMPLATES / "site.js").read_text(encoding="utf-8")
    return source.replace("/*WORDS*/", json.dumps(SCRIPT_TEXTS, sort_keys=True))


def _owner_pages(stage: Stage, owner: Owner) -> Iterator[Path]:
    """The page of a section or a part, those that its tables go on, and the rows of these for the script."""
    links = replace(stage.links, prefix=f"{PAGES}/") if owner.name == FRONT else stage.links
    is_top = owner.section is owner.chapter
    first: list[Grid] = []
    for number, one in enumerate(stage.plan.tables[owner.name]):
        some = _chunks.chunks(one, stage.links) if len(one.counts) > 1 else ()
        files = [_write(stage.folder / _chunks.FOLDER / name, text) for name, text in some]
        yield from files
        data = "" if not is_top else f"{'' if owner.name == FRONT else '../'}data/{one.table.key}"
        for page, start, rows in stretches(one):
            made = grid(
                one.table, number, rows, links if page == 1 else stage.links, first=start,
                named=one.table.key in stage.plan.rows, sums=one.sums if len(one.counts) > 1 else None,
            )._replace(
                pager=_pager(one, page, start, len(rows), data, links.prefix if page == 1 else ""),
                meta=meta(one, len(files)) if sum(one.counts) > 1 else "",
            )  # fmt: skip
            if page == 1:
                first.append(made)
            else:
                yield _page(stage, owner, f"{PAGES}/{one.page(page)}", [made], page)
    yield _page(stage, owner, _path(owner), first, 1)


def _path(owner: Owner) -> str:
    return "index.html" if owner.name == FRONT else f"{PAGES}/{owner.name}.html"


def _pager(one: Planned, page: int, start: int, count: int, data: str, prefix: str) -> Pager | None:
    """What stands beneath a table; nothing where it is on one page and has no data of its own."""
    pages = len(one.counts)
    if pages == 1 and not data:
        return None

    def to(number: int) -> str:
        if one.owner == FRONT and number == 1:
            return "../index.html" if page > 1 else "index.html"
        return f"{prefix}{one.page(number)}"

    return Pager(
        first=start + 1,
        last=start + count,
        rows=sum(one.counts),
        before=to(page - 1) if page > 1 else "",
        after=to(page + 1) if page < pages else "",
        pages=[(f"{number:,}", to(number), number == page) for number in near(page, pages)]
        if pages > 1
        else (),
        data=data if page == 1 or not data or data.startswith("../") else f"../{data}",
    )


def _page(stage: Stage, owner: Owner, path: str, grids: Sequence[Grid], number: int) -> Path:
    """A page of a section or a part: all of it on the first, its table alone on those behind."""
    chapter, prefix = owner.chapter, "" if "/" in path else f"{PAGES}/"
    links = replace(stage.links, prefix=prefix)
    is_first = number == 1
    is_top = owner.section is chapter
    of = 1 if is_first else len(stage.plan.tables[owner.name][grids[0].number].counts)
    pages = TEXTS["page_of"].format(page=number, pages=of)
    listed = chapter.parts if is_first and is_top and not chapter.tables else ()
    return _rendered(
        stage,
        path,
        owner.section,
        title=chapter.title if is_first else f"{chapter.title}, {pages[:1].lower()}{pages[1:]}",
        heading=chapter.title,
        number="" if is_first else pages,
        trail=[] if is_top else [(owner.section.title, f"{prefix}{owner.section.key}.html")],
        one=Chapter(
            section=chapter if is_first else replace(chapter, lead=""),
            facts=facts(chapter.facts) if is_first else (),
            grids=grids,
            charts=drawings(chapter, links) if is_first else (),
            code=code(chapter) if is_first else (),
            parts=(),
        ),
        listed=[(part.title, links.to(stage.plan.keys[part.key])) for part in listed],
        exhibit=None,
    )


def _exhibit_pages(stage: Stage, exhibit: Exhibit, parts: Sequence[Part], why: str) -> Iterator[Path]:
    """The pages of a sealed answer; one that says why where its bytes cannot be shown."""
    file = f"evidence/{exhibit.sha256[:2]}/{exhibit.sha256}.gz"
    for number in range(1, max(len(parts), 1) + 1):
        part = parts[number - 1] if parts else None
        told = TEXTS["exhibit_part"].format(part=number, parts=len(parts)) if len(parts) > 1 else ""
        yield _rendered(
            stage,
            f"{PAGES}/{page_name(exhibit, number)}",
            None,
            title=f"{exhibit.title}{', ' if told else ''}{told}",
            heading=exhibit.title,
            number=told,
            trail=[],
            one=Chapter(
                section=Section(key="exhibit", title=exhibit.title),
                facts=facts(exhibit.facts),
                grids=(),
                charts=(),
                code=(),
                parts=(),
            ),
            listed=(),
            exhibit={
                "file": file,
                "line": exhibit.number,
                "html": part.html if part else "",
                "why": why,
                "others": [
                    (f"{other:,}", page_name(exhibit, other), other == number)
                    for other in near(number, len(parts))
                ]
                if len(parts) > 1
                else (),
            },
        )


def _rendered(stage: Stage, path: str, section: Section | None, **given: Any) -> Path:
    """One page, written. ``section`` is that which the list of contents marks as the one a reader is in."""
    up = "../" if "/" in path else ""
    to_pages = "" if up else f"{PAGES}/"
    contents = [
        (
            one.title,
            f"{up}index.html" if number == 0 else f"{to_pages}{one.key}.html",
            one is section,
        )
        for number, one in enumerate(stage.document.sections)
    ]
    text = stage.template.render(
        **stage.common, **given, contents=contents, up=up, is_front=path == "index.html"
    )
    return _write(stage.folder / path, text)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path
