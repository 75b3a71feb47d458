"""The door to a ledger: open it, lock it, append to it in transactions.

``with open_ledger(url, create=True) as ledger, ledger.lock(), ledger.transaction() as tx: tx.append(...)``.
What is asked of a ledger stands in recon.ledger.reads, chain, digest and copy.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from recon.core.errors import ConfigError, LedgerError, NoLedger
from recon.core.failpoints import failpoint
from recon.ledger.columns import POSTGRESQL
from recon.ledger.database import Database, clear_errors
from recon.ledger.postgresql import postgresql_database
from recon.ledger.schema import revision_of, revisions, upgrade
from recon.ledger.sqlite import sqlite_database
from recon.ledger.transaction import Transaction


class Ledger:
    """An open ledger. One transaction at a time; ``where`` names its place without a secret."""

    def __init__(self, database: Database) -> None:
        self.where = database.where
        self._database = database
        self._in_use = False

    @property
    def on_server(self) -> bool:
        """Whether it lies on a server rather than in a file."""
        return self._database.engine.dialect.name == POSTGRESQL

    def lock(self) -> AbstractContextManager[None]:
        """Holds the ledger against other runs. Raises LedgerBusy, naming the holder. Dies with its process."""
        return self._database.lock()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits when the block ends, and leaves no trace of it when it raises."""
        assert not self._in_use, "transactions of a ledger do not nest"
        self._in_use = True
        try:
            with clear_errors(self.where), self._database.engine.begin() as connection:
                yield Transaction(connection)
                failpoint("ledger.before-commit")
        finally:
            self._in_use = False
        failpoint("ledger.committed")

    @contextmanager
    def alone(self) -> Iterator[Database]:
        """The database with no file of ours open, for a driver that brings its own SQLite library."""
        assert not self._in_use, "a second SQLite library must not open the file during a transaction"
        if not self.on_server:  # there the session that holds the lock would be left behind
            self._database.engine.dispose()
        self._in_use = True
        try:
            yield self._database
        finally:
            self._in_use = False


@contextmanager
def open_ledger(url: str, *, create: bool, backups: Path | None = None) -> Iterator[Ledger]:
    """The ledger at ``sqlite:///PATH`` or ``postgresql+psycopg://...``, with its tables of the newest revision.

    Makes or upgrades it where ``create`` allows; raises LedgerError, with nothing written, where the place holds
    something else, a newer program's ledger or a damaged one, or cannot be reached. A process opens a file once.
    What an upgrade is about to change is kept first: beside a SQLite file, else as a backup in the folder ``backups``.
    """
    database = database_at(url)
    try:
        with clear_errors(database.where):
            _prepare(database, create=create, backups=backups)
        yield Ledger(database)
    finally:
        database.engine.dispose()


def database_at(url: str) -> Database:
    """The database an URL names, not opened yet. Raises ConfigError for what is no address of a ledger."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise _odd_url() from None
    if address.drivername in {"postgresql", "postgresql+psycopg"} and address.database:
        return postgresql_database(address)
    plain = not (address.host or address.username or address.query)
    if address.drivername == "sqlite" and plain and address.database not in {None, "", ":memory:"}:
        return sqlite_database(Path(str(address.database)))
    raise _odd_url()


def _odd_url() -> ConfigError:
    return ConfigError(
        "it is not the address of a ledger",
        where="[ledger] url",
        next_step="Give one like sqlite:///recon.db or postgresql+psycopg://user@host/db",
    )


def _prepare(database: Database, *, create: bool, backups: Path | None) -> None:
    missing = NoLedger(
        "there is no ledger yet", where=database.where, next_step="Run recon pull first, which makes it"
    )
    if not database.there():
        if not create:
            raise missing
        with database.lock():
            if not database.there():
                database.make(upgrade)
    newest = revisions()[-1]
    with database.engine.begin() as connection:
        found = revision_of(connection, database.where)
    if found == newest:
        return
    if found is None and not create:
        raise missing
    if not create:
        raise LedgerError(
            f"its tables are of the older revision {found}",
            where=database.where,
            next_step="Run recon pull, which brings them up to date",
        )
    with database.lock():
        with database.engine.begin() as connection:
            found = revision_of(connection, database.where)
        if found == newest:
            return
        if found is not None:
            database.keep(newest, backups)
        with database.engine.begin() as connection:
            upgrade(connection)
