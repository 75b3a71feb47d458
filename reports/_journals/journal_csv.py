"""A row a posting, for spreadsheets and for the import of other accounting programs."""

import csv
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from recon.core.journal import Format, Journal
from recon.core.money import text
from recon.core.times import short_text
from reports._journals._names import line
from reports._render._whole import whole

COLUMNS = (
    "entry", "time_utc", "time_local", "happened_utc", "account", "asset", "quantity", "value", "value_currency",
    "description", "source", "stream", "reverses", "evidence", "pointer",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")


def _write(journal: Journal, folder: Path) -> Sequence[Path]:
    path = folder / f"journal-{journal.period.name}.csv"
    with whole(path) as file:
        shown = TextIOWrapper(file, "utf-8", newline="")
        rows = csv.writer(shown, lineterminator="\n")
        rows.writerow(COLUMNS)
        for entry in journal.entries():
            behind = (
                *map(_cell, (entry.description, entry.source, entry.stream, entry.reverses, entry.evidence)),
                _cell(entry.pointer),
            )
            ahead = (
                _cell(entry.id),
                short_text(entry.at),
                entry.at.astimezone(journal.zone).isoformat(),
                short_text(entry.happened_at),
            )
            rows.writerows(
                (
                    *ahead,
                    _cell(one.account),
                    _cell(one.asset),
                    text(one.quantity),
                    *(("", "") if one.value is None else (text(one.value), journal.base_currency)),
                    *behind,
                )
                for one in entry.lines
            )
        shown.detach()
    return [path]


def _cell(words: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    shown = line(words)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


FORMAT = Format(title="Journal, a row a posting", write=_write, valued=True)
