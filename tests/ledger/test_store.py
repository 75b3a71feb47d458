"""A transaction is there whole or not at all, and rows on their way to it are never gathered in memory."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from recon.core.errors import LedgerError
from recon.core.failpoints import ENVIRONMENT
from recon.ledger.digest import digest
from recon.ledger.reads import counts
from recon.ledger.rows import CHUNK, EntryRow, RecordRow, RunEndRow, RunRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.transaction import Transaction
from tests.ledger.books import NOON, Row, begin, one_of_everything, read, rolled_back


class Fault(Exception):
    pass


def state(ledger: Ledger) -> tuple[str, dict[str, int]]:
    with ledger.transaction() as tx:
        return digest(tx), counts(tx)


def test_a_block_that_raises_leaves_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        one_of_everything(tx)
    before = state(ledger)
    with pytest.raises(Fault), ledger.transaction() as tx:  # noqa: PT012 - what was written before the fault counts
        run = begin(tx, "gas")
        read(tx, run, "gas", "deposits", [Row("d")])
        raise Fault
    assert state(ledger) == before


def test_rows_that_break_off_leave_nothing(ledger: Ledger) -> None:
    def rows() -> Iterator[RunRow]:
        for number in range(1, CHUNK + 2):
            yield RunRow(number, NOON, "pull", "0", "{}")
        raise Fault

    with pytest.raises(Fault), ledger.transaction() as tx:
        tx.append(RunRow, rows())
    assert not any(state(ledger)[1].values())


def test_a_row_that_refers_to_nothing_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), ledger.transaction() as tx:
        tx.append(RunEndRow, [RunEndRow(99, NOON, "ok")])
    assert not any(state(ledger)[1].values())


def test_a_reading_may_come_after_its_records_but_not_stay_away(ledger: Ledger) -> None:
    def record(tx: Transaction) -> RecordRow:
        return RecordRow(
            1, 2, "egera", "deposits", "deposits", "ab" * 32, 0, 1, "pending", "deposit", NOON, "main", "BTC",
            Decimal(1), "{}", 1, "",
        )  # fmt: skip

    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits")
        tx.append(RecordRow, [record(tx)])
        assert read(tx, run, "egera", "deposits") == 2
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append(RecordRow, [record(tx)._replace(id=2, version=2, reading_id=99)])
    assert state(ledger)[1]["records"] == 1


def test_appending_holds_no_more_than_a_chunk_of_rows(ledger: Ledger) -> None:
    ahead = 0

    def rows(tx: Transaction) -> Iterator[RunRow]:
        nonlocal ahead
        for number in range(1, 5 * CHUNK + 1):
            if number % CHUNK == 0 and tx.connection.dialect.name == "sqlite":
                ahead = max(
                    ahead, number - (tx.connection.exec_driver_sql("SELECT max(id) FROM runs").scalar() or 0)
                )
            yield RunRow(number, NOON, "pull", "0", "{}")

    with rolled_back(ledger) as tx:
        tx.append(RunRow, rows(tx))
        assert counts(tx)["runs"] == 5 * CHUNK
    assert ahead <= CHUNK


def test_ids_go_on_where_the_ledger_ends(ledger: Ledger) -> None:
    for expected in ([1, 2, 3], [4, 5, 6]):
        with ledger.transaction() as tx:
            ids = [tx.next_id(RunRow) for _ in range(3)]
            tx.append(RunRow, [RunRow(one, NOON, "pull", "0", "{}") for one in ids])
            assert tx.next_id(EntryRow) == 1
        assert ids == expected
    with rolled_back(ledger) as tx:
        assert tx.next_id(RunRow) == 7
    with ledger.transaction() as tx:
        assert tx.next_id(RunRow) == 7


def test_transactions_of_a_ledger_do_not_nest(ledger: Ledger) -> None:
    with ledger.transaction(), pytest.raises(AssertionError, match="do not nest"), ledger.transaction():
        pass


@pytest.mark.parametrize("room", [0, 1, 2, 5])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path, room: int) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/recon.db", create=True) as ledger:
        with ledger.transaction() as tx:
            run = begin(tx, "egera")
            read(tx, run, "egera", "deposits", [Row("a"), Row("b")])
        kept = state(ledger)
        with ledger.transaction() as tx:
            pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + room}")
        with pytest.raises(LedgerError, match="full") as full, ledger.transaction() as tx:
            read(tx, run, "egera", "deposits", [Row("x" * 40 + str(number)) for number in range(200)])
        assert "Free space" in full.value.next_step
        with ledger.transaction() as tx:
            tx.connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")
        assert state(ledger) == kept
        with ledger.transaction() as tx:
            read(tx, run, "egera", "deposits", [Row("y")])


def test_a_ledger_another_program_writes_to_is_one_clear_error(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/recon.db", create=True) as ledger:
        other = sqlite3.connect(f"{tmp_path}/recon.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with ledger.transaction() as tx:
            tx.connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        with pytest.raises(LedgerError, match=r"locked.*Close the other program"), ledger.transaction() as tx:
            begin(tx, "egera")
        other.close()


WRITER = """
import sys
from recon.ledger.store import open_ledger
from tests.ledger.books import one_of_everything
with open_ledger(sys.argv[1], create=True) as ledger, ledger.lock(), ledger.transaction() as tx:
    one_of_everything(tx)
"""


@pytest.mark.parametrize("point", ["ledger.appended:1", "ledger.appended:12", "ledger.before-commit:1"])
def test_a_run_that_is_killed_before_it_commits_leaves_nothing(url: str, ledger: Ledger, point: str) -> None:
    before = state(ledger)
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, url], env=os.environ | {ENVIRONMENT: point}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert state(ledger) == before


def test_a_run_that_is_killed_after_it_commits_leaves_everything(url: str, ledger: Ledger) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, url], env=os.environ | {ENVIRONMENT: "ledger.committed:1"}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert all(state(ledger)[1].values())
