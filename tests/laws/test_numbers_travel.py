"""A number that entered is the same number everywhere: in the ledger, in the checks' copy, in a workbook's text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from recon.core.document import Column, Document, Section, Table
from recon.core.money import parse, text
from recon.core.records import GENESIS, Posting
from recon.ledger.chain import ChainedEntry, link
from recon.ledger.copy import load
from recon.ledger.rows import (
    AnswerRow,
    EntryRow,
    PostingRow,
    ReadingRow,
    RecordRow,
    RunRow,
    SourceRow,
)
from recon.ledger.store import Ledger, open_ledger
from reports._render import RENDERERS

AT = datetime(2025, 1, 1, tzinfo=UTC)
EDGES = ["0", "1", "-1", "9" * 18 + "." + "9" * 18, "-" + "9" * 18 + "." + "9" * 18, "0." + "0" * 17 + "1",
         "-0." + "0" * 17 + "1", "123456789012345678.123456789012345678", "0.1", "1" + "0" * 17]  # fmt: skip

numbers = st.builds(
    lambda sign, whole, fraction: parse(f"{sign}{whole}.{fraction:018d}"),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**18 - 1),
    st.integers(0, 10**18 - 1),
)
few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def keep(ledger: Ledger, quantities: list[Decimal]) -> None:
    """One entry a quantity, each with its statement balance, appended to what the ledger holds."""
    with ledger.transaction() as tx:
        run, reading = tx.next_id(RunRow), tx.next_id(ReadingRow)
        name = f"s{run}"
        tx.append(RunRow, [RunRow(run, AT, "test", "0", "{}")])
        tx.append(SourceRow, [SourceRow(name, "csv", run)])
        tx.append(
            AnswerRow, [AnswerRow(run, AT, name, "x", "FILE", "x", "{}", None, "a" * 64, 1, f"{run:064}")]
        )
        tx.append(
            ReadingRow,
            [ReadingRow(reading, run, name, "x", "x", "ok", AT, AT, run, run, 1, 0, 0, 0, 0, None, None, None, None,
                        None, None)],
        )  # fmt: skip
        before = GENESIS
        for seq, quantity in enumerate(quantities, start=1):
            record, entry = tx.next_id(RecordRow), tx.next_id(EntryRow)
            legs = (
                Posting("assets:s:main", "X", quantity, quantity),
                Posting("trading", "X", quantity.copy_negate()),
            )
            _, before = link(
                before, ChainedEntry(name, seq, AT, seq, "k", f"{seq:064}", 0, 1, "a" * 64, "/0", 0, legs)
            )
            tx.append(
                RecordRow,
                [RecordRow(record, reading, name, "x", "x", f"{seq:064}", 0, 1, "settled", "k", AT, "main", "X",
                           quantity, "{}", run, "/0")],
            )  # fmt: skip
            tx.append(EntryRow, [EntryRow(entry, name, seq, AT, seq, "k", record, None, before)])
            tx.append(PostingRow, [PostingRow(entry, *leg) for leg in legs])


def copied(ledger: Ledger, count: int) -> list[Any]:
    """Quantity and statement balance of the newest entries, as the checks see them."""
    with load(ledger, tables=("legs",)) as copy:
        found: list[Any] = copy.execute(
            "select l.quantity, l.balance_after from legs as l where l.class = 'assets' order by l.entry desc limit $1",
            [count],
        ).fetchall()
    return found[::-1]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    sqlite = f"sqlite:///{tmp_path}/recon.db"
    with open_ledger(
        sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url"), create=True
    ) as opened:
        yield opened


@few
@given(st.lists(numbers, min_size=1, max_size=8))
@example([parse(edge) for edge in EDGES])
def test_a_number_is_the_same_in_the_ledger_and_in_the_copy_for_the_checks(
    ledger: Ledger, quantities: list[Decimal]
) -> None:
    keep(ledger, quantities)
    assert copied(ledger, len(quantities)) == [(one, one) for one in quantities]


@few
@given(st.lists(numbers, min_size=1, max_size=8))
@example([parse(edge) for edge in EDGES])
def test_a_number_is_the_same_in_a_workbooks_exact_text(tmp_path: Path, quantities: list[Decimal]) -> None:
    table = Table(
        key="t", columns=[Column(title="Amount", kind="amount")], rows=[[one] for one in quantities]
    )
    document = Document(title="T", subtitle="S", sections=[Section(key="s", title="Sheet", tables=[table])])
    path = tmp_path / "numbers.xlsx"
    RENDERERS["xlsx"](document, path)
    cells = [
        cell for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python() for cell in row
    ]
    for one in quantities:
        assert text(one) in {str(cell).strip() for cell in cells} or _is_exact_number(one, cells)


def _is_exact_number(number: Decimal, cells: list[Any]) -> bool:
    """Whether a number cell alone says it all: the column needs no text beside it."""
    return any(not isinstance(cell, str) and Decimal(str(cell)) == number for cell in cells)
