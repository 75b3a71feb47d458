"""The triggers that make every table append-only, and sealed periods sealed. The proof is the hash chain.

On SQLite an INSERT OR REPLACE is refused only by connections with recursive_triggers on, as all of ours have.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from recon.ledger.columns import POSTGRESQL
from recon.ledger.tables import METADATA

_HORIZON = "SELECT horizon FROM acts WHERE horizon IS NOT NULL ORDER BY id DESC LIMIT 1"
_SEALED = "an entry is dated into a sealed period"
_SEAL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh WHERE at < ({_HORIZON})) THEN
        RAISE EXCEPTION '{_SEALED}';
    END IF;
    RETURN NULL;
END
$$
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only';
END
$$
"""


def guard(connection: Connection) -> None:
    """Puts the triggers of every table in place, anew where they stand, since a migration may have dropped them."""
    on_postgresql = connection.dialect.name == POSTGRESQL
    if on_postgresql:
        connection.exec_driver_sql(_FUNCTION)
        connection.exec_driver_sql(_SEAL_FUNCTION)
    for table in sorted(METADATA.tables):
        for statement in _postgresql(table) if on_postgresql else _sqlite(table):
            connection.exec_driver_sql(statement)
    for statement in _seal_postgresql() if on_postgresql else _seal_sqlite():
        connection.exec_driver_sql(statement)


def _seal_sqlite() -> Iterator[str]:
    yield "DROP TRIGGER IF EXISTS entries_not_sealed"
    yield (
        f"CREATE TRIGGER entries_not_sealed BEFORE INSERT ON entries WHEN NEW.at < ({_HORIZON}) "
        f"BEGIN SELECT RAISE(ABORT, '{_SEALED}'); END"
    )


def _seal_postgresql() -> Iterator[str]:
    """Once a statement, over all its rows: a trigger for each row would cost a bulk copy half its speed."""
    yield "DROP TRIGGER IF EXISTS entries_not_sealed ON entries"
    yield (
        "CREATE TRIGGER entries_not_sealed AFTER INSERT ON entries REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed()"
    )
    yield "ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_not_sealed"


def _sqlite(table: str) -> Iterator[str]:
    for change in ("update", "delete"):
        trigger = f"{table}_no_{change}"
        yield f"DROP TRIGGER IF EXISTS {trigger}"
        yield (
            f"CREATE TRIGGER {trigger} BEFORE {change.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _postgresql(table: str) -> Iterator[str]:
    """One trigger a statement, so that it fires for no rows too, and always, so that a replica's session obeys it."""
    trigger = f"{table}_append_only"
    yield f"DROP TRIGGER IF EXISTS {trigger} ON {table}"
    yield (
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
