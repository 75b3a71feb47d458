"""A ledger in one SQLite file: how it is told from other files, made, opened and locked.

The file is made beside its place and moved there when it is whole, so a file that is not whole is never ours to mend.

Nothing else in the process may open the file while our SQLite library has it open, be it another SQLite library or a
plain read. The locks of the operating system belong to the process, and whoever closes the file gives them all away: a
second library then takes itself for the last to close it, and removes the log that the first still writes to.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from recon.core.errors import LedgerBusy, LedgerError
from recon.core.failpoints import failpoint
from recon.core.times import short_text
from recon.ledger.database import Database, sync

APPLICATION = int.from_bytes(b"rcnl")
"""Stands in the file's header (application_id), and tells a ledger from other programs' databases."""

_ASKED = """
    SELECT application_id, page_count * page_size
    FROM pragma_application_id, pragma_page_count, pragma_page_size
"""
_PRAGMAS = (
    "page_size = 16384",  # of a new file: a tenth faster to append to than 4096
    "busy_timeout = 10000",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "journal_mode = WAL",
    "synchronous = FULL",
    "cache_size = -196608",  # 192 MiB at most: the index of a million records stays in memory while it grows
)


def sqlite_database(path: Path) -> Database:
    """The database in this file. Nothing is opened or made yet."""
    engine = _engine(path)
    return Database(
        where=str(path),
        address=_address(path),
        engine=engine,
        there=lambda: _there(path),
        make=lambda build: _make(path, build),
        lock=lambda: _lock(path),
        keep=lambda revision, folder: _keep(engine, path, revision),
    )


def _engine(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        # Without an isolation level transactions begin where SQLAlchemy says so, also before a CREATE.
        connection = sqlite3.connect(_address(path), uri=True, isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=1)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _address(path: Path) -> str:
    """For opening, not for making: a file that is gone is an error, not a new ledger."""
    return f"{path.absolute().as_uri()}?mode=rw"


def _there(path: Path) -> bool:
    try:
        log = path.with_name(path.name + "-wal")
        logged = log.exists() and log.stat().st_size > 0
        there = path.exists()
        # What a log has yet to bring cannot be judged by the file alone: opening it tells.
        fault = _fault(path) if there and not logged else ""
    except OSError as error:
        _refuse(error, path)
    if not path.parent.is_dir():
        fault = f"there is no folder {path.parent}"
    elif logged and not there:
        # SQLite would play it into whatever file stands there next.
        fault = f"it is gone, but its log {log.name} is left"
    if fault:
        raise LedgerError(
            fault,
            where=str(path),
            next_step="Give another place in [ledger] url, or restore a backup; nothing was written",
        )
    return there


def _fault(path: Path) -> str:
    """Why the file can be no ledger, empty if it may be one. SQLite tells: see above why we don't read it ourselves."""
    if path.is_dir():
        return "it is a folder"
    size = path.stat().st_size
    if size == 0:
        return "it is an empty file"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            application, whole = connection.execute(_ASKED).fetchone()
    except sqlite3.DatabaseError as error:
        cut = "malformed" in str(error)
        return "it is cut short or damaged" if cut else f"it cannot be read: {error}"
    if size < whole:
        return f"it is cut short: {size:,} of {whole:,} bytes are left"
    return "" if application == APPLICATION else "it is a database, but not a ledger of recon"


def _make(path: Path, build: Callable[[Connection], None]) -> None:
    part = path.with_name(path.name + ".making")
    engine = _engine(part)
    try:
        _begin(part)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
            build(connection)
        engine.dispose()
        sync(part)
        failpoint("ledger.made")
        part.rename(path)
        sync(path.parent)
    except OSError as error:
        _refuse(error, path)
    finally:
        engine.dispose()
        with suppress(OSError):  # the next try meets it again, and says so
            _remove(part)


def _keep(engine: Engine, path: Path, revision: str) -> None:
    """Copied by SQLite itself, to beside the ledger. A copy that an earlier try left is replaced: it holds no more."""
    kept = path.with_name(f"{path.name}.before-{revision}")
    part = kept.with_name(kept.name + ".making")
    try:
        _begin(part)
        with closing(engine.raw_connection()) as ledger, closing(sqlite3.connect(part)) as copy:
            source = ledger.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
        sync(part)
        failpoint("ledger.copied")
        part.rename(kept)
        sync(path.parent)
        failpoint("ledger.kept")
    except OSError as error:
        _refuse(error, kept)
    finally:
        with suppress(OSError):
            _remove(part)


def _begin(part: Path) -> None:
    """SQLite gives its log the mode of the file, so the mode is right from the first byte."""
    _remove(part)
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchmod(handle, 0o600)
    os.close(handle)


def _remove(part: Path) -> None:
    for left in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
        left.unlink(missing_ok=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held through a file beside the ledger; the operating system frees it when the process dies."""
    file = path.with_name(path.name + ".lock")
    lock = FileLock(file, mode=0o600, blocking=False, on_acquired=_sign)
    try:
        lock.acquire()
    except Timeout:
        raise _busy(path, file) from None
    except OSError as error:
        _refuse(error, path)
    try:
        yield
    finally:
        lock.release()


def _sign(handle: int) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)


def _busy(path: Path, file: Path) -> LedgerBusy:
    """Names the holder, as far as its signature tells."""
    holder = file.read_bytes().decode("ascii", "replace")
    since = datetime.fromtimestamp(file.stat().st_mtime_ns // 10**9, UTC)
    signature = f" (process {holder}, since {short_text(since)})" if holder.isdigit() else ""
    return LedgerBusy(
        f"another run holds the ledger{signature}",
        where=str(path),
        next_step="Wait until it ends, then run the command again",
    )


def _refuse(error: OSError, path: Path) -> NoReturn:
    raise LedgerError(
        f"it cannot be opened: {error.strerror}",
        where=str(path),
        next_step="Check that the folder exists, and that you may write there",
    ) from None
