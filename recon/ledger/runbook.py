"""What a run left in the ledger that no answer of a venue can bring back: its own row, moments, certificates, links.

A digest of it goes into the evidence when a run ends, and is made again when the ledger is verified.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select

from recon.core.canonical import sha256, write_json
from recon.core.money import text
from recon.core.records import GENESIS
from recon.core.times import moment_text
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_OF_A_RUN = (
    ("runs", "id"),
    ("sources", "first_seen_run"),
    ("readings", "run_id"),
    ("coverage", "run_id"),
    ("links", "run_id"),
)
_RUN_ENDS = METADATA.tables["run_ends"]
_CELLS = METADATA.tables["cells"]
_COVERAGE = METADATA.tables["coverage"].c
_ENTRIES = METADATA.tables["entries"].c
_RECORDS = METADATA.tables["records"].c
_READINGS = METADATA.tables["readings"].c
_ACTS = METADATA.tables["acts"].c


def left(tx: Transaction, after: int) -> dict[int, list[str]]:
    """The rows that each run behind ``after`` left, as lines.

    How a run ended counts to the one after it, since a run's own end is not written yet when this is asked at its end.
    """
    found: dict[int, list[str]] = defaultdict(list)
    for name, column in _OF_A_RUN:
        table = METADATA.tables[name]
        number = table.c[column]
        for row in tx.connection.execute(select(number, *table.c).where(number > after)):
            found[row[0]].append(_line(name, row[1:]))
    ended = _RUN_ENDS.c
    for row in tx.connection.execute(select(_RUN_ENDS).where(ended.run_id >= after)):
        found[row.run_id + 1].append(_line("run_ends", row))
    cells = select(_COVERAGE.run_id, *_CELLS.c).select_from(
        _CELLS.join(_COVERAGE.id.table, _COVERAGE.id == _CELLS.c.coverage_id)
    )
    for row in tx.connection.execute(cells.where(_COVERAGE.run_id > after)):
        found[row[0]].append(_line("cells", row[1:]))
    return found


def digest(lines: Mapping[int, Iterable[str]], after: int, run: int) -> str:
    """Of what the runs behind ``after``, up to ``run``, left."""
    every = sorted(line for number in range(after + 1, run + 1) for line in lines.get(number, ()))
    return sha256("".join(f"{line}\n" for line in every).encode())


def _line(table: str, row: Iterable[Any]) -> str:
    return write_json([table, *map(_plain, row)])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment_text(value)
    return text(value) if isinstance(value, Decimal) else value


def head_then(tx: Transaction, run: int) -> str:
    """The ledger's head as it was when this run ended."""
    newest = (
        select(func.max(_ENTRIES.seq).label("seq"), _ENTRIES.source)
        .join(_RECORDS.id.table, _RECORDS.id == _ENTRIES.record_id)
        .join(_READINGS.id.table, _READINGS.id == _RECORDS.reading_id)
        .where(_READINGS.run_id <= run)
        .group_by(_ENTRIES.source)
        .subquery()
    )
    heads = select(_ENTRIES.source, _ENTRIES.hash).join(
        newest, and_(newest.c.source == _ENTRIES.source, newest.c.seq == _ENTRIES.seq)
    )
    found = sorted((source, stored) for source, stored in tx.connection.execute(heads))
    return sha256("".join(stored for _, stored in found).encode())


def acts_then(tx: Transaction, run: int) -> str:
    """The hash of the newest act when this run ended."""
    newest = select(_ACTS.hash).where(_ACTS.run_id <= run).order_by(_ACTS.id.desc()).limit(1)
    return tx.connection.scalar(newest) or GENESIS
