"""A ledger in a PostgreSQL database, reached through psycopg and ADBC: the optional extra ``postgres``."""

import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine

from recon.core.errors import LedgerBusy, LedgerError
from recon.core.times import short_text
from recon.ledger.database import Database, clear_errors
from recon.ledger.dump import pack_ledger
from recon.ledger.pack import packing

LOCK = int.from_bytes(b"recon")
"""The key of the advisory lock that a run holds."""

_HOLDER = f"""
    SELECT application_name, backend_start FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = {LOCK} AND granted
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def postgresql_database(url: URL) -> Database:
    """The database at this address. Nothing is connected yet. Raises LedgerError where the extra is not installed."""
    # Anything may hide a password except these.
    shown = URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database
    )
    where = shown.render_as_string()
    engine = _engine(url, where)
    return Database(
        where=where,
        address=url.set(drivername="postgresql").render_as_string(hide_password=False),
        engine=engine,
        there=lambda: True,
        make=lambda build: _make(engine, build),
        lock=lambda: _lock(engine, where),
        keep=lambda revision, folder: _keep(engine, where, revision, folder),
    )


def missing_extra(where: str) -> LedgerError:
    """What to say where a library of the extra is not installed."""
    return LedgerError(
        "a ledger on PostgreSQL needs an extra that is not installed",
        where=where,
        next_step="Install it with: pip install 'recon-ledger[postgres]'",
    )


def _engine(url: URL, where: str) -> Engine:
    given: dict[str, Any] = {
        "application_name": f"recon process {os.getpid()} on {platform.node()}",
        "connect_timeout": 10,
    }
    arguments = {name: value for name, value in given.items() if name not in url.query}
    # Every session speaks UTC, and sees one state of the ledger from its first question to its last.
    arguments["options"] = f"{url.query.get('options', '')} -c timezone=UTC".strip()
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=1,
            isolation_level="REPEATABLE READ",
            connect_args=arguments,
        )
    except ModuleNotFoundError:
        raise missing_extra(where) from None


def _make(engine: Engine, build: Callable[[Connection], None]) -> None:
    with engine.begin() as connection:
        build(connection)


def _keep(engine: Engine, where: str, revision: str, folder: Path | None) -> None:
    """A backup of the ledger alone, which recon restore takes. One that an earlier try left is replaced."""
    if folder is None:
        raise LedgerError(
            "its tables are of an older revision, and nobody said where to keep a copy before they are changed",
            where=where,
            next_step="Run recon pull, which keeps a copy and brings them up to date",
        )
    name = re.sub("[^A-Za-z0-9_-]", "_", engine.url.database or "")
    with packing(folder / f"{name}.before-{revision}.tar") as pack, engine.begin() as connection:
        pack_ledger(connection, where, pack)


@contextmanager
def _lock(engine: Engine, where: str) -> Iterator[None]:
    """Held by a session of its own; the server frees it when the session's process dies."""
    with clear_errors(where), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # the pool may be given up meanwhile, and would then forget to close it
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK})").scalar():
            raise _busy(connection, where)
        try:
            yield
        finally:
            # The server takes its time over a session that has ended, so the lock is given back by name.
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")


def _busy(connection: Connection, where: str) -> LedgerBusy:
    holder = connection.exec_driver_sql(_HOLDER).first()
    signature = ""
    if holder is not None:
        since: datetime | None = holder.backend_start
        signature = f" ({holder.application_name}{f', since {short_text(since)}' if since else ''})"
    return LedgerBusy(
        f"another run holds the ledger{signature}",
        where=where,
        next_step="Wait until it ends, then run the command again",
    )
