"""The certificate of each pull, and what venues state beside rows and balances."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds facts, coverage and cells; their triggers are put in place after every upgrade."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0002_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
