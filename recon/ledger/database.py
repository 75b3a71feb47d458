"""What the room needs of a database, whichever of the two it is, and one clear error for whatever it answers."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from recon.core.errors import LedgerError

_NEXT_STEPS = {
    "No space": "Free space there and run the command again; nothing of this step was written",
    "full": "Free space there and run the command again; nothing of this step was written",
    "locked": "Close the other program that has it open, then run the command again",
    "readonly": "Make the file and its folder writable, then run the command again",
    "unable to open": "Check that the folder exists and that you may write there",
    "malformed": "Restore a backup, or make it again from the evidence with recon rebuild",
    "not a database": "Give the right file in [ledger] url, or restore a backup",
    "denied": "Ask for the rights to read and append there",
    "authentication": "Check the user and the password",
    "connect": "Check that the server runs, that the database exists and that you may use it",
}


@dataclass(frozen=True, kw_only=True)
class Database:
    """One database as the rest of the room sees it.

    ``where`` names it without a secret. ``there`` tells whether anything is there to open and raises LedgerError for
    what can be no ledger; ``make`` makes an empty one whole or not at all, by running a function in its first
    transaction; ``lock`` holds it against other runs; ``keep`` puts a copy of it aside before its tables are brought
    to a revision, on PostgreSQL into the folder given, or raises. ``address`` is for the columnar driver and may hold
    a password.
    """

    where: str
    address: str
    engine: Engine
    there: Callable[[], bool]
    make: Callable[[Callable[[Connection], None]], None]
    lock: Callable[[], AbstractContextManager[None]]
    keep: Callable[[str, Path | None], None]


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Turns what the place, not the program, is to blame for into a LedgerError: no room, no rights, no server."""
    try:
        yield
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not _is_the_place_to_blame(cause):
            raise
        what = str(cause).strip().partition("\n")[0]
        known = (step for words, step in _NEXT_STEPS.items() if words in what)
        next_step = next(known, "Mend the cause and run the command again; nothing of this step was written")
        raise LedgerError(what, where=where, next_step=next_step) from None


def _is_the_place_to_blame(error: BaseException | None) -> bool:
    kinds = [kind.__name__ for kind in type(error).__mro__]
    driver = type(error).__module__.partition(".")[0]
    if driver == "adbc_driver_manager":
        return True
    return driver in {"sqlite3", "psycopg"} and (
        "OperationalError" in kinds or "InsufficientPrivilege" in kinds or kinds[0] == "DatabaseError"
    )


def sync(path: Path) -> None:
    """Sees that a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
