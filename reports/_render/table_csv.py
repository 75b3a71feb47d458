"""Writes one table as a CSV file that tax software imports: texts as they are, where csv.py guards them for a sheet."""

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

from recon.core.document import Cell, Table
from recon.core.money import text
from reports._render._whole import write_whole


def render(table: Table, path: Path) -> None:
    """Writes the file whole or not at all. Raises OSError."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([column.title for column in table.columns])
    for row in table.rows:
        writer.writerow([_said(cell) for cell in row])
    write_whole(path, out.getvalue().encode())


def _said(cell: Cell) -> str:
    return text(cell) if isinstance(cell, Decimal) else "" if cell is None else str(cell)
