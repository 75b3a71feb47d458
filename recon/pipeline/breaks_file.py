"""Breaks as a workbook and back: what people filled in is judged row by row, and written in one transaction."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from recon.core.acts import Deed
from recon.core.canonical import identity
from recon.core.errors import ConfigError, ReconError
from recon.core.reasons import REASONS
from recon.core.times import said_text
from recon.ledger.acts import acts, head, record
from recon.ledger.rows import ActRow
from recon.ledger.store import Ledger
from recon.pipeline.breaks import Asked, register
from recon.pipeline.breaks_edit import Cells, Change, Judged, Refusal, Refused, cells_of, edit, explanation
from recon.pipeline.breaks_read import Cell, Row, Sent
from recon.pipeline.breaks_sheet import (
    FACTS,
    FIELDS,
    ID,
    SHEET,
    TOKEN,
    VERSION,
    digest,
    form,
    plain,
    shown_cells,
    token_of,
)
from recon.pipeline.config import Config
from recon.pipeline.register import Life, facts_of, lives
from recon.pipeline.session import Session
from reports._render._xlsx_pens import LONGEST
from reports._render.form import render_form

_FIRST_YEAR, _LAST_YEAR = 2009, 2099
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00:00)?")
_NO_DAY = Refusal("due", "it is not a day: write it like 2025-02-03")


def export(config: Config, ledger: Ledger, now: datetime, asked: Asked, path: Path) -> int:
    """Writes the breaks asked for as a workbook; how many. A file that is there is never overwritten."""
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(
            "a workbook ends in .xlsx", where=str(path), next_step="Give a name like breaks.xlsx"
        )
    if path.exists():
        raise ConfigError(
            "it is there already, and somebody may have filled it in",
            where=str(path),
            next_step="Give another name, or take it away first",
        )
    found = register(config, ledger, now, asked)
    with ledger.transaction() as tx:
        every, newest = acts(tx, "break"), head(tx)
    try:
        render_form(form(config, found, _owners(every), newest, now), path)
    except OSError as error:
        raise ReconError(
            f"the workbook cannot be written: {error.strerror}",
            where=str(path),
            next_step="Give another place, or free space",
        ) from None
    return len(found.breaks)


def preview(ledger: Ledger, sent: Sent) -> Judged:
    """What would come of a workbook; nothing is written."""
    with ledger.transaction() as tx:
        return judge(lives(acts(tx, "break")), sent)


def take(session: Session, sent: Sent) -> Judged:
    """Writes what a workbook says, all that is not refused, in one transaction."""
    with session.ledger.transaction() as tx:
        judged = judge(lives(acts(tx, "break")), sent)
        record(tx, session.run, session.clock.now(), session.who, judged.deeds)
    return judged


def judge(known: Mapping[str, Life], sent: Sent) -> Judged:
    """What each row of a workbook comes to, against the register as it stands."""
    judged = Judged()
    names = [_kept_name(row, sent) for row in sent.rows]
    times = Counter(names)
    places: dict[str, list[int]] = {}
    for name, row in zip(names, sent.rows, strict=True):
        places.setdefault(name, []).append(row.number)
    for name, row in zip(names, sent.rows, strict=True):
        if name and times[name] > 1:
            rows = ", ".join(map(str, places[name]))
            judged.refused.append(
                Refused(_at(row.cells[ID]), name, f"the row was copied: the break stands in rows {rows}")
            )
        else:
            _judge_row(judged, known, sent, row)
    present = {*names, *(row.word(ID) for row in sent.rows)}
    for name in sent.kept:
        if name not in present:
            judged.refused.append(
                Refused(SHEET, name, "the row is missing; nothing was done about the break")
            )
    return judged


def _owners(every: Iterable[ActRow]) -> list[str]:
    """Who owned a break or did something about one."""
    owners = {facts_of(act.facts)["owner"] for act in every if act.act == "assigned"}
    return sorted((owners | {act.person for act in every}) - {""})


def _kept_name(row: Row, sent: Sent) -> str:
    """The break that a row was written about, by its id or else its token; empty where neither is known."""
    token = row.word(TOKEN)
    if (kept := sent.kept.get(row.word(ID))) and kept.token == token:
        return kept.name
    return next((one.name for one in sent.kept.values() if one.token == token), "")


def _judge_row(judged: Judged, known: Mapping[str, Life], sent: Sent, row: Row) -> None:
    name = row.word(ID)
    refused = _strange(known, sent, row)
    if refused is not None:
        judged.refused.append(Refused(_at(refused[0]), name, refused[1]))
        return
    entry, now = sent.kept[name], known[name]
    wanted = _wanted(row)
    if isinstance(wanted, Refusal):
        judged.refused.append(Refused(_at(row.cells[FIELDS[wanted.field]]), name, wanted.why))
        return
    then = _life_at(now, entry.version)
    assert then is not None, "a token that fits names a version that is there"
    before = shown_cells(cells_of(then))
    stamp = {"file": sent.file, "row": entry.token, "cells": _digest(wanted)}
    if wanted == before or any(facts_of(act.facts).get("import") == stamp for act in now.acts):
        judged.unchanged += 1
        return
    if moved := _moved(then, now, sent.file):
        judged.refused.append(Refused(_at(row.cells[FIELDS[_touched(before, wanted)[0]]]), name, moved))
        return
    stated = cells_of(now)  # what is not touched stays as the register has it, not as a cell shows it
    wanted = stated._replace(**{name: getattr(wanted, name) for name in _touched(before, wanted)})
    done = edit(stated, wanted, explanation(now).get("evidence", ()))
    if isinstance(done, Refusal):
        why = done.why.replace("BREAK", name)
        judged.refused.append(Refused(_at(row.cells[FIELDS[done.field]]), name, why))
        return
    judged.deeds += [
        Deed("break", name, act, {**stated_facts, "import": stamp}) for act, stated_facts in done.acts
    ]
    judged.applied += _changes(row, name, stated, done.after._replace(comment=wanted.comment))


def _touched(before: Cells, wanted: Cells) -> list[str]:
    return [name for name in FIELDS if getattr(before, name) != getattr(wanted, name)]


def _strange(known: Mapping[str, Life], sent: Sent, row: Row) -> tuple[Cell, str] | None:
    """Why a row is not one that was written here, with the cell that shows it; None for a row as it should be."""
    name, token = row.word(ID), row.word(TOKEN)
    entry = sent.kept.get(name)
    if entry is None or entry.token != token:
        meant = next((one.name for one in sent.kept.values() if one.token == token), None)
        if meant is not None:
            return row.cells[ID], f"the id was changed: the row was written about {meant}"
        if entry is not None:
            return row.cells[TOKEN], "the row's token was changed, or the row comes from another file"
        what = "the row comes from another file" if name in known else "no break of this file has this id"
        return row.cells[ID], what
    if row.word(VERSION) != str(entry.version):
        return row.cells[VERSION], "the row's version was changed"
    life = known.get(name)
    then = None if life is None else _life_at(life, entry.version)
    if then is None or token_of(sent.file, then, entry.digests) != token or len(entry.digests) != len(FACTS):
        return row.cells[ID], "the file was not written from this ledger, or its hidden sheet was changed"
    for column, stated in zip(FACTS, entry.digests, strict=True):
        cell = row.cells[column.title]
        if cell.fault or digest(cell.value) != stated:
            return cell, f"{column.title} is a fact and was changed"
    return None


def _life_at(life: Life, version: int) -> Life | None:
    """A break as it was when its latest act had this number."""
    before = [act for act in life.acts if act.id <= version]
    return lives(before)[life.id] if before and before[-1].id == version else None


def _moved(then: Life, now: Life, file: str) -> str:
    """Why an edit comes too late; empty where nothing happened since but that the break was found just the same."""
    known = _figures(facts_of(then.facts))
    for act in now.acts[len(then.acts) :]:
        stated = facts_of(act.facts)
        if act.act == "changed" and _figures(stated["break"]) == known:
            continue
        if stated.get("import", {}).get("file") == file:
            return "another state of this row was taken already: write the file anew to go on"
        by = f"by {act.person}" if act.person else "by new data"
        return f"the break changed since ({act.act} {by}, {said_text(act.at)}): write the file anew"
    return ""


def _figures(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What people judge a break by. Its diagnosis also words what else is open, so that changes with other breaks."""
    diagnosis = facts["diagnosis"]
    return {**facts, "diagnosis": [diagnosis["kind"], diagnosis["members"]]}


def _wanted(row: Row) -> Cells | Refusal:
    """What the cells ask for, or the first that holds what it cannot."""
    texts = {}
    for name, title in FIELDS.items():
        cell = row.cells[title]
        if cell.fault:
            return Refusal(name, f"it holds {cell.fault}: write what is meant")
        if name == "due":
            continue
        if cell.value is not None and not isinstance(cell.value, str):
            return Refusal(name, "it holds a number or a date where a text belongs")
        if len(cell.value or "") > LONGEST:
            return Refusal(name, "it holds more than a cell can")
        texts[name] = plain(cell.value or "")
    status, reason = texts.pop("status").lower(), texts.pop("reason").lower()
    if status not in ("open", "assigned", "resolved", "cleared"):
        return Refusal("status", f"there is no status {status[:40]!r}: take open, assigned or resolved")
    if reason and reason not in REASONS:
        return Refusal("reason", f"there is no reason {reason[:40]!r}: take {', '.join(REASONS)}")
    due = _due(row.cells[FIELDS["due"]].value)
    if isinstance(due, Refusal):
        return due
    return Cells(status=status, reason=reason, due=due, **texts)


def _due(cell: Any) -> date | Refusal | None:
    """The day that a cell states, as a date or as text; an hour beside it makes it none."""
    words = plain(cell) if isinstance(cell, str) else ""
    if cell is None or cell == "" or (isinstance(cell, str) and not words):
        return None
    if isinstance(cell, datetime) and cell == datetime.combine(cell.date(), datetime.min.time()):
        day = cell.date()
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        day = cell
    elif _DAY.fullmatch(words):
        try:
            day = date.fromisoformat(words[:10])
        except ValueError:
            return _NO_DAY
    else:
        return _NO_DAY
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return Refusal("due", f"{day.isoformat()} does not lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def _digest(cells: Cells) -> str:
    return identity([str(one or "") for one in cells])[:16]


def _changes(row: Row, name: str, before: Cells, after: Cells) -> Iterator[Change]:
    for title, old, new in zip(FIELDS.values(), before, after, strict=True):
        if old != new:
            yield Change(name, _at(row.cells[title]), str(old or ""), str(new or ""))


def _at(cell: Cell) -> str:
    return f"{SHEET}!{cell.place}"
