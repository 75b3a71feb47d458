"""What was done about breaks, adjustments and periods, in one chain. Events of breaks become acts."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import Text, column, insert, select, table

from recon.core.records import GENESIS
from recon.ledger.acts import link
from recon.ledger.columns import COUNT, Moment
from recon.ledger.rows import ActRow

revision = "0005"
down_revision = "0004"

_OLD = table(
    "break_events",
    column("id", COUNT), column("run_id", COUNT), column("at", Moment), column("break_id", Text),
    column("event", Text), column("facts", Text),
)  # fmt: skip
_TYPES: dict[str, Any] = {"id": COUNT, "run_id": COUNT, "at": Moment, "horizon": Moment}
_NEW = table("acts", *(column(name, _TYPES.get(name, Text)) for name in ActRow._fields))


def upgrade() -> None:
    """Makes the table, and chains what happened so far; triggers are put in place after every upgrade."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0005_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
    prev, rows = GENESIS, []
    for number, (_, run, at, name, event, facts) in enumerate(
        connection.execute(select(_OLD).order_by(_OLD.c.id)), start=1
    ):
        row = ActRow(number, run, at, "break", name, event, "", "", facts, None, "")
        prev = link(prev, row)
        rows.append(row._replace(hash=prev)._asdict())
    if rows:
        connection.execute(insert(_NEW), rows)
    connection.exec_driver_sql("DROP TABLE break_events")
