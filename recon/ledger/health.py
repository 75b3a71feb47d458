"""Looks at a ledger's place without changing it: is there one, which files is it, are they sound."""

from pathlib import Path

from recon.ledger.columns import POSTGRESQL
from recon.ledger.database import Database, clear_errors
from recon.ledger.schema import revision_of
from recon.ledger.store import database_at
from recon.ledger.transaction import Transaction


def is_free(database: Database) -> bool:
    """Whether there is no ledger yet. Raises LedgerError for whatever else is there, or cannot be reached."""
    if not database.there():
        return True
    if database.engine.dialect.name != POSTGRESQL:
        return False
    with clear_errors(database.where), database.engine.begin() as connection:
        return revision_of(connection, database.where) is None


def revision_at(url: str) -> str | None:
    """The revision of the tables of the ledger at ``url``, None where there is none. Raises LedgerError as is_free."""
    database = database_at(url)
    try:
        with clear_errors(database.where):
            if not database.there():
                return None
            with database.engine.begin() as connection:
                return revision_of(connection, database.where)
    finally:
        database.engine.dispose()


def files(url: str) -> list[Path]:
    """The files a ledger is kept in, there or not, the ledger itself first; none where a server keeps it."""
    database = database_at(url)
    if database.engine.dialect.name == POSTGRESQL:
        return []
    path = Path(database.where)
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]


def damages(tx: Transaction) -> list[str]:
    """What SQLite finds wrong with the pages of its file, at a glance; what rows say is proved by recon verify."""
    if tx.connection.dialect.name == POSTGRESQL:
        return []
    found = tx.connection.exec_driver_sql("PRAGMA quick_check(5)").scalars().all()
    return [fault for fault in found if fault != "ok"]
