"""A migrated ledger has the very shape that the tables state, and a migration happens whole or not at all."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, QueuePool, create_engine, make_url

from recon.core.errors import LedgerError
from recon.ledger.columns import POSTGRESQL
from recon.ledger.guards import guard
from recon.ledger.schema import MIGRATIONS, revisions
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from tests.ledger.books import one_of_everything

ON_POSTGRESQL = {
    "columns": """
        SELECT table_name, ordinal_position, column_name, data_type, numeric_precision, numeric_scale, is_nullable,
            column_default FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2""",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1""",
}


def shape(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every table, column, constraint, index and trigger, as the database itself tells them, but for Alembic's."""
    if connection.dialect.name == POSTGRESQL:
        told = {
            name: [tuple(row) for row in connection.exec_driver_sql(query)]
            for name, query in ON_POSTGRESQL.items()
        }
    else:
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
        told = {"all": [(*row[:3], re.sub(r'[\s"]', "", row[3] or "")) for row in rows]}
    return {
        name: [row for row in rows if not any(part == "alembic_version" for part in row)]
        for name, rows in told.items()
    }


@pytest.fixture
def fresh(url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database made from the tables as they stand, without a migration."""
    address = make_url(url)
    engine = create_engine(
        "sqlite://" if address.drivername == "sqlite" else address.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
    )
    with engine.begin() as connection:
        METADATA.create_all(connection)
        guard(connection)
    yield engine
    engine.dispose()


def test_a_migrated_ledger_equals_a_fresh_one(url: str, fresh: Engine) -> None:
    with fresh.begin() as connection:
        expected = shape(connection)
        if connection.dialect.name == POSTGRESQL:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        migrated = shape(tx.connection)
    assert migrated == expected
    assert sum(map(len, expected.values())) > 30, "a comparison of nothing proves nothing"


def test_every_constraint_and_index_has_a_name_of_ours() -> None:
    unnamed = [
        f"{table.name}: {type(one).__name__}"
        for table in METADATA.tables.values()
        for one in [*table.constraints, *table.indexes]
        if not getattr(one, "name", None)
    ]
    assert not unnamed


def test_every_sqlite_table_is_strict(tmp_path: object) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/recon.db", create=True) as ledger, ledger.transaction() as tx:
        listed = tx.connection.exec_driver_sql("PRAGMA table_list").mappings()
        strict = {row["name"]: row["strict"] for row in listed if row["name"] in METADATA.tables}
    assert strict == dict.fromkeys(METADATA.tables, 1)


def test_the_revisions_are_those_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert [one.revision for one in reversed(list(script.walk_revisions()))] == revisions()
    assert script.get_heads() == [revisions()[-1]]


def test_opening_an_up_to_date_ledger_does_not_import_alembic(url: str, ledger: Ledger) -> None:
    asked = (
        "import sys; from recon.ledger.store import open_ledger\n"
        f"with open_ledger({url!r}, create=True): pass\n"
        "print(*(name for name in ('alembic', 'duckdb', 'pyarrow', 'psycopg') if name in sys.modules))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", asked], text=True).split()
    assert loaded == (["psycopg"] if "postgresql" in url else [])


def test_an_upgrade_puts_back_the_triggers_that_a_migration_dropped(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        expected = shape(tx.connection)
        on_postgresql = tx.connection.dialect.name == POSTGRESQL
        if on_postgresql:
            tx.connection.exec_driver_sql("DROP TRIGGER postings_append_only ON postings")
            tx.connection.exec_driver_sql("ALTER TABLE entries DISABLE TRIGGER entries_append_only")
        else:
            tx.connection.exec_driver_sql("DROP TRIGGER postings_no_delete")
        assert shape(tx.connection) != expected
        guard(tx.connection)
        assert shape(tx.connection) == expected


def set_revision(ledger: Ledger, revision: str) -> None:
    with ledger.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(url: str, ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        one_of_everything(tx)
    set_revision(ledger, "9999")
    with (
        pytest.raises(LedgerError, match=r"revision 9999.*newer recon") as refused,
        open_ledger(url, create=True),
    ):
        pass
    assert "nothing was written" in str(refused.value)


def test_a_ledger_of_an_older_program_is_upgraded_only_by_a_command_that_writes(
    url: str, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded: list[str] = []

    def upgrade(connection: Connection) -> None:
        upgraded.append("once")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    monkeypatch.setattr("recon.ledger.store.revisions", lambda: [*revisions(), "9999"])
    monkeypatch.setattr("recon.ledger.schema.revisions", lambda: [*revisions(), "9999"])
    monkeypatch.setattr("recon.ledger.store.upgrade", upgrade)
    with pytest.raises(LedgerError, match=r"older revision 0.*recon pull"), open_ledger(url, create=False):
        pass
    for _ in range(2):
        with open_ledger(url, create=True, backups=tmp_path):
            pass
    assert upgraded == ["once"]


def test_a_ledger_that_lacks_a_table_is_refused(url: str, ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.connection.exec_driver_sql("DROP TABLE acts")
    with pytest.raises(LedgerError, match="acts is missing"), open_ledger(url, create=True):
        pass
