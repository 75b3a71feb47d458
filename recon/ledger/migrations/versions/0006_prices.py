"""Acts may be about prices: the check on what they are about is another one."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Changes the check. SQLite cannot, so the table is made anew with its rows; triggers follow."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0006_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
