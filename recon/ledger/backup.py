"""The ledger made again from the members of a backup (see recon.ledger.dump), checked to the last byte."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from json import JSONDecoder
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from recon.core.errors import ConfigError
from recon.core.failpoints import failpoint
from recon.ledger.columns import POSTGRESQL
from recon.ledger.database import Database, clear_errors
from recon.ledger.dump import FORMAT, tables_of
from recon.ledger.health import is_free
from recon.ledger.pack import MANIFEST, damaged
from recon.ledger.reads import ledger_head
from recon.ledger.schema import revisions, upgrade
from recon.ledger.store import database_at
from recon.ledger.transaction import Transaction

_LONGEST_LINE = 64 << 20
_LARGEST_MANIFEST = 1 << 20
_JSON = JSONDecoder(parse_int=int, parse_float=Decimal)
_VALUES = {str, int, type(None)}


def read_manifest(path: Path, name: str, body: BinaryIO) -> dict[str, Any]:
    """The manifest, which is the first member. Raises BackupError for one that this program cannot use."""
    raw = body.read(_LARGEST_MANIFEST)
    try:
        found = _JSON.decode(raw.decode())
        usable = name == MANIFEST and found["tool"] == "recon" and found["format"] == FORMAT
        usable &= all(len(table["columns"]) and table["rows"] >= 0 for table in found["tables"])
        heads = found["revision"], found["ledger"]["head"], (found["evidence"] or {"head": ""})["head"]
    except (ValueError, KeyError, TypeError):
        usable = False
    if not usable:
        raise damaged(path, f"its {MANIFEST} is none that this program can read")
    if heads[0] not in revisions():
        raise damaged(path, f"its ledger is of revision {heads[0]}, which only a newer recon knows")
    return dict(found)


def restore_ledger(
    url: str,
    path: Path,
    manifest: Mapping[str, Any],
    members: Iterable[tuple[str, BinaryIO]],
    aside: Callable[[str, BinaryIO], None],
    ready: Callable[[], None],
) -> None:
    """Makes the ledger at ``url``, where none may be, of a backup's members: whole, or not at all.

    Takes the ledger's lock. ``aside`` gets what is not the ledger's; ``ready`` is called when all was read and the
    ledger's head is that of the manifest, last before the ledger is put in place.
    """
    database = database_at(url)

    def build(connection: Connection) -> None:
        upgrade(connection, manifest["revision"])
        _fill(connection, path, manifest, members, aside)
        head = ledger_head(Transaction(connection))
        if head != manifest["ledger"]["head"]:
            raise damaged(path, f"the ledger made of it has the head {head}, not the one it states")
        if connection.dialect.name == POSTGRESQL:
            # What is checked at commit only would stand in the way of changing tables.
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        upgrade(connection)
        failpoint("restore.filled")
        ready()

    try:
        with clear_errors(database.where), database.lock():
            _refuse_in_use(database)
            database.make(build)
    finally:
        database.engine.dispose()


def refuse_a_place_in_use(url: str) -> None:
    """Raises ConfigError where a ledger is already, LedgerError for whatever else is in the way."""
    database = database_at(url)
    try:
        _refuse_in_use(database)
    finally:
        database.engine.dispose()


def _refuse_in_use(database: Database) -> None:
    if not is_free(database):
        raise ConfigError(
            "there is a ledger already, and a restore overwrites nothing",
            where=database.where,
            next_step="Move it away, or give another place in [ledger] url",
        )


def _fill(
    connection: Connection,
    path: Path,
    manifest: Mapping[str, Any],
    members: Iterable[tuple[str, BinaryIO]],
    aside: Callable[[str, BinaryIO], None],
) -> None:
    stated = {table["name"]: table["columns"] for table in manifest["tables"]}
    there = {name: sorted(columns) for name, columns in tables_of(connection).items()}
    if {name: sorted(columns) for name, columns in stated.items()} != there:
        raise damaged(path, f"its tables are not those of revision {manifest['revision']}")
    filled = dict.fromkeys(stated, 0)
    for name, body in members:
        room, _, rest = name.partition("/")
        table = rest.partition("/")[0]
        if room != "ledger":
            aside(name, body)
            continue
        if table not in stated:
            raise damaged(path, f"it holds rows of {table}, a table that it does not state")
        rows = list(_rows(path, name, body, len(stated[table])))
        try:
            _insert(connection, table, stated[table], rows)
        except Exception as error:
            _blame(path, name, error)
            raise
        filled[table] += len(rows)
        failpoint("restore.rows-appended")
    if filled != {table["name"]: table["rows"] for table in manifest["tables"]}:
        raise damaged(path, "it does not hold as many rows as it states")


def _rows(path: Path, name: str, body: BinaryIO, width: int) -> Iterator[list[Any]]:
    """A member's rows; text, whole numbers and nothing else may stand in them."""
    try:
        with gzip.GzipFile(fileobj=body) as lines:
            while line := lines.readline(_LONGEST_LINE):
                yield _row(line, width)
    except (ValueError, TypeError, EOFError, gzip.BadGzipFile, zlib.error):
        raise damaged(path, f"{name} is not made of rows as recon writes them") from None


def _row(line: bytes, width: int) -> list[Any]:
    found = _JSON.decode(line.decode())
    if type(found) is not list or len(found) != width or not set(map(type, found)) <= _VALUES:
        raise ValueError
    return found


def _insert(connection: Connection, table: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Past SQLAlchemy to the driver, which takes text for a number or a moment as it is."""
    driver: Any = connection.connection.driver_connection
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == POSTGRESQL:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _blame(path: Path, name: str, error: Exception) -> None:
    """Rows that the tables' own rules refuse are the backup's fault; all else is not."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    if kinds & {"IntegrityError", "DataError"}:
        raise damaged(path, f"{name} holds rows that no ledger takes") from None
