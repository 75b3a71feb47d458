"""What a transfer lost on its way, so that its link holds only while it loses the same."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds a column to links; triggers are put in place after every upgrade."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0004_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
