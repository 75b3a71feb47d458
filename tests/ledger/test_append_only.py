"""The database itself refuses to change or drop what was written, whichever way it is asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from recon.ledger.columns import POSTGRESQL
from recon.ledger.digest import dump
from recon.ledger.reads import counts
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction
from tests.ledger.books import begin, one_of_everything

TABLES = sorted(METADATA.tables)
KEY = {name: table.primary_key.columns.keys()[0] for name, table in METADATA.tables.items()}
REFUSED = "append-only"
ON_BOTH = {
    "update": "UPDATE {table} SET {key} = {key}",
    "delete": "DELETE FROM {table}",
    "delete of one row": "DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})",
    "update in a common table expression": (
        "WITH one AS (SELECT min({key}) AS k FROM {table}) UPDATE {table} SET {key} = {key} "
        "WHERE {key} IN (SELECT k FROM one)"
    ),
    "upsert": (
        "INSERT INTO {table} SELECT * FROM {table} WHERE true "
        "ON CONFLICT ({keys}) DO UPDATE SET {key} = {table}.{key}"
    ),
}
ON_SQLITE = {
    "replace": "REPLACE INTO {table} SELECT * FROM {table}",
    "insert or replace": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "update or replace": "UPDATE OR REPLACE {table} SET {key} = {key}",
    "update or ignore": "UPDATE OR IGNORE {table} SET {key} = {key}",
}
ON_POSTGRESQL = {
    "update of no row": "UPDATE {table} SET {key} = {key} WHERE {key} IS NULL",
    "truncate": "TRUNCATE {table} CASCADE",
    "update only": "UPDATE ONLY {table} SET {key} = {key}",
    "delete returning": "DELETE FROM {table} RETURNING *",
    "merge and update": (
        "MERGE INTO {table} AS t USING (SELECT 1 AS one) AS s ON true WHEN MATCHED THEN UPDATE SET {key} = t.{key}"
    ),
    "merge and delete": (
        "MERGE INTO {table} AS t USING (SELECT 1 AS one) AS s ON true WHEN MATCHED THEN DELETE"
    ),
    "as a replica": "SET LOCAL session_replication_role = replica; UPDATE {table} SET {key} = {key}",
}


def _refused(tx: Transaction, tricks: dict[str, str], table: str) -> Iterator[str]:
    """The tricks that did not end in the refusal."""
    keys = ", ".join(METADATA.tables[table].primary_key.columns.keys())
    for trick, statement in tricks.items():
        here = tx.connection.begin_nested()
        try:
            tx.connection.exec_driver_sql(statement.format(table=table, key=KEY[table], keys=keys))
        except DBAPIError as error:
            if REFUSED not in str(error.orig):
                yield f"{trick}: {error.orig}"
        else:
            yield f"{trick}: nothing was said"
        finally:
            if here.is_active:
                here.rollback()


@pytest.fixture
def full_ledger(ledger: Ledger) -> Ledger:
    with ledger.transaction() as tx:
        one_of_everything(tx)
    return ledger


def test_every_table_refuses_every_trick(full_ledger: Ledger) -> None:
    with full_ledger.transaction() as tx:
        assert all(counts(tx).values()), "a table without a row proves nothing"
        before = list(dump(tx))
        tricks = ON_BOTH | (ON_POSTGRESQL if tx.connection.dialect.name == POSTGRESQL else ON_SQLITE)
        assert {table: list(_refused(tx, tricks, table)) for table in TABLES} == {
            table: [] for table in TABLES
        }
        assert list(dump(tx)) == before


def test_the_refusal_names_the_table(full_ledger: Ledger) -> None:
    with (
        pytest.raises(DBAPIError, match="postings is append-only"),
        full_ledger.transaction() as tx,
    ):
        tx.connection.exec_driver_sql("DELETE FROM postings")


def test_a_change_is_refused_in_whatever_connection_asks(url: str) -> None:
    for create in (True, False):
        with open_ledger(url, create=create) as ledger:
            with ledger.transaction() as tx:
                begin(tx)
            with pytest.raises(DBAPIError, match=REFUSED), ledger.transaction() as tx:
                tx.connection.exec_driver_sql("DELETE FROM runs")
