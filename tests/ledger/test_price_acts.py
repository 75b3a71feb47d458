"""Acts about prices: a ledger of before takes them, with all its acts, and stays append-only."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DatabaseError

from recon.core.acts import Deed, Who
from recon.ledger import acts
from recon.ledger.columns import POSTGRESQL
from recon.ledger.rows import ActRow, RunRow
from recon.ledger.schema import upgrade
from recon.ledger.store import open_ledger

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
ANNA = Who("anna", "Anna")


def test_a_ledger_with_acts_is_brought_to_the_sixth_revision(url: str, tmp_path: Path) -> None:
    """Killed nowhere: acts, their chain, their index and the horizon are as they were, and prices may follow."""
    with open_ledger(url, create=True) as ledger:
        with ledger.transaction() as tx:
            tx.append(RunRow, [RunRow(1, NOW, "test", "1", "{}")])
            acts.record(
                tx,
                1,
                NOW,
                ANNA,
                [Deed("break", "B-1", "noted", {"text": "x"}), Deed("period", "p", "closed", {}, NOW)],
            )
        with ledger.transaction() as tx:
            before = acts.acts(tx)
    make_older(url)
    with open_ledger(url, create=True, backups=tmp_path) as ledger:
        with ledger.transaction() as tx:
            assert acts.acts(tx) == before
            assert acts.horizon(tx) == NOW
            assert list(acts.verify(tx)) == []
            acts.record(tx, 1, NOW, ANNA, [Deed("price", "P-1", "drafted", {"value": "1"})])
        with ledger.transaction() as tx:
            assert [one.about for one in acts.acts(tx)] == ["break", "period", "price"]
            assert list(acts.verify(tx)) == []
        for statement in ("UPDATE acts SET name = 'x'", "DELETE FROM acts"):
            with pytest.raises(DatabaseError, match="append-only"), ledger.transaction() as tx:
                tx.connection.exec_driver_sql(statement)
        row = ActRow(4, 1, NOW, "weather", "w", "seen", "", "", "{}", None, "")
        with pytest.raises(Exception, match="ck_acts_about"), ledger.transaction() as tx:
            tx.append(ActRow, [row])


def make_older(url: str) -> None:
    """Takes the ledger back to the fifth revision: its check knows no prices, and it has no triggers."""
    address = make_url(url)
    driver = "postgresql+psycopg" if address.drivername.startswith(POSTGRESQL) else address.drivername
    engine = create_engine(address.set(drivername=driver))
    with engine.begin() as connection:
        if connection.dialect.name == POSTGRESQL:
            connection.exec_driver_sql("ALTER TABLE acts DROP CONSTRAINT ck_acts_about")
            known = "CHECK (about IN ('break', 'adjustment', 'period'))"
            connection.exec_driver_sql(f"ALTER TABLE acts ADD CONSTRAINT ck_acts_about {known}")
        else:
            made = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE name = 'acts'"
            ).scalar_one()
            connection.exec_driver_sql("CREATE TABLE kept AS SELECT * FROM acts")
            connection.exec_driver_sql("DROP TRIGGER entries_not_sealed")
            connection.exec_driver_sql("DROP TABLE acts")
            connection.exec_driver_sql(made.replace(", 'price')", ")"))
            connection.exec_driver_sql("CREATE INDEX ix_acts_horizon ON acts (id) WHERE horizon IS NOT NULL")
            connection.exec_driver_sql("INSERT INTO acts SELECT * FROM kept")
            connection.exec_driver_sql("DROP TABLE kept")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0005'")
    engine.dispose()


def test_the_sixth_revision_is_one_step(url: str) -> None:
    """The way from the first revision leads over it."""
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        assert tx.connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0006"
        upgrade(tx.connection)
