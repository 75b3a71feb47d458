"""What people and checks do is added, chained and never changed; what is sealed takes no entry."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from recon.core.acts import PROGRAM, Deed, Who
from recon.core.canonical import write_json
from recon.core.errors import LedgerError
from recon.ledger.acts import acts, head, horizon, record, verify
from recon.ledger.schema import upgrade
from recon.ledger.store import Ledger, database_at, open_ledger
from tests.ledger.books import NOON, Row, begin, read

ANNA = Who("svc", "Anna")
JANUARY, FEBRUARY = datetime(2025, 1, 31, 23, tzinfo=UTC), datetime(2025, 2, 28, 23, tzinfo=UTC)
CHANGES = {
    "change": "UPDATE acts SET facts = '{}' WHERE id = 2",
    "drop": "DELETE FROM acts WHERE id = 2",
    "reorder": "UPDATE acts SET name = CASE id WHEN 2 THEN 'B-3' WHEN 3 THEN 'B-2' ELSE name END",
    "another person": "UPDATE acts SET person = 'Bob' WHERE id = 3",
    "another act": "UPDATE acts SET act = 'cleared' WHERE id = 1",
}


def _three(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx)
        record(tx, run, NOON, PROGRAM, [Deed("break", "B-1", "opened", {"n": 1})])
        record(tx, run, NOON, ANNA, [Deed("break", f"B-{n}", "noted", {"text": "ok"}) for n in (2, 3)])


def _without_guards(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        if ledger.on_server:
            tx.connection.exec_driver_sql("ALTER TABLE acts DISABLE TRIGGER acts_append_only")
        else:
            for change in ("update", "delete"):
                tx.connection.exec_driver_sql(f"DROP TRIGGER acts_no_{change}")


def test_acts_are_chained_and_come_oldest_first(ledger: Ledger) -> None:
    _three(ledger)
    with ledger.transaction() as tx:
        found = acts(tx, "break")
        assert [(one.id, one.name, one.person) for one in found] == [
            (1, "B-1", ""),
            (2, "B-2", "Anna"),
            (3, "B-3", "Anna"),
        ]
        assert head(tx) == found[-1].hash
        assert len({one.hash for one in found}) == 3
        assert list(verify(tx)) == []


@pytest.mark.parametrize("how", CHANGES)
def test_a_change_of_what_was_done_is_refused_and_found(ledger: Ledger, how: str) -> None:
    _three(ledger)
    with pytest.raises((DBAPIError, LedgerError)), ledger.transaction() as tx:
        tx.connection.exec_driver_sql(CHANGES[how])
    _without_guards(ledger)
    with ledger.transaction() as tx:
        tx.connection.exec_driver_sql(CHANGES[how])
        assert list(verify(tx))


def test_no_entry_is_dated_into_what_is_sealed(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        record(tx, run, NOON, ANNA, [Deed("period", "2025-01", "closed", {}, JANUARY)])
        assert horizon(tx) == JANUARY
    before = JANUARY - timedelta(microseconds=1)
    with pytest.raises((sqlite3.Error, psycopg.Error), match="sealed"), ledger.transaction() as tx:
        read(tx, run, "egera", "deposits", [Row("a", at=JANUARY), Row("b", at=before)])
    with ledger.transaction() as tx:
        read(tx, run, "egera", "deposits", [Row("a", at=JANUARY)])
        record(tx, run, NOON, ANNA, [Deed("period", "2025-02", "closed", {}, FEBRUARY)])
        record(tx, run, NOON, ANNA, [Deed("period", "2025-02", "reopened", {}, JANUARY)])
        record(tx, run, NOON, ANNA, [Deed("period", "2025-01", "signed", {})])
        assert horizon(tx) == JANUARY
        read(tx, run, "egera", "trades", [Row("c", at=JANUARY)])


def test_events_of_breaks_from_before_become_acts(url: str, tmp_path: Path) -> None:
    def build(connection: Connection) -> None:
        upgrade(connection, "0004")
        moment = "'2025-01-01T12:00:00.000000Z'"
        connection.exec_driver_sql(f"INSERT INTO runs VALUES (1, {moment}, 'reconcile', '0', '{{}}')")
        facts = write_json({"break": {"id": "B-1"}, "period": "all"})
        for number, event in ((1, "opened"), (2, "cleared")):
            connection.exec_driver_sql(
                f"INSERT INTO break_events VALUES ({number}, 'B-1', 1, {moment}, '{event}', '{facts}')"
            )

    database = database_at(url)
    database.make(build)
    database.engine.dispose()
    with open_ledger(url, create=True, backups=tmp_path) as ledger, ledger.transaction() as tx:
        found = acts(tx, "break")
        assert [(one.name, one.act, one.at.hour) for one in found] == [
            ("B-1", "opened", 12),
            ("B-1", "cleared", 12),
        ]
        assert list(verify(tx)) == []
