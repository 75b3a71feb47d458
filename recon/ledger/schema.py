"""Which revision of its tables a ledger has, and the way to the newest. Alembic is imported only to go it."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from recon.core.errors import LedgerError
from recon.core.failpoints import failpoint
from recon.ledger.guards import guard
from recon.ledger.tables import METADATA

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def revisions() -> list[str]:
    """The revisions this program knows, oldest first: the numbers its migrations' files begin with."""
    return sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision_of(connection: Connection, where: str) -> str | None:
    """The revision of the ledger that is there; None where the database is empty.

    Raises LedgerError for another program's database, a newer program's ledger, and one that lacks a table.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if _VERSION_TABLE not in tables:
        raise LedgerError(
            "it is a database, but not a ledger of recon",
            where=where,
            next_step="Give another place in [ledger] url; nothing was written",
        )
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalars().all()
    known = revisions()
    if len(found) != 1 or found[0] not in known:
        raise LedgerError(
            f"its tables are of revision {', '.join(found) or 'none'}, and this program knows up to {known[-1]}",
            where=where,
            next_step="Use the newer recon that made it, or restore a backup; nothing was written",
        )
    missing = sorted(set(METADATA.tables) - tables)
    if missing and found[0] == known[-1]:
        raise LedgerError(
            f"it is damaged: the table {missing[0]} is missing",
            where=where,
            next_step="Restore a backup, or make it again from the evidence with recon rebuild",
        )
    return str(found[0])


def upgrade(connection: Connection, to: str = "head") -> None:
    """Brings the database to the newest revision, or an older one, in the transaction of ``connection``.

    Only the newest has its triggers, so an older one is a step on the way.
    """
    # Here for start-up time: a ledger that is up to date never needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    if to == "head":
        guard(connection)
    failpoint("ledger.migrated")
