"""What one transaction of a ledger may do: append rows, a chunk in memory at a time, and read."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from recon.core.failpoints import failpoint
from recon.ledger.columns import POSTGRESQL, bulk_value
from recon.ledger.rows import CHUNK, TABLE_OF
from recon.ledger.tables import METADATA

Row = TypeVar("Row", bound=tuple[Any, ...])


class Transaction:
    """What one transaction may do: append rows, and read through ``connection`` (see recon.ledger.reads)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._ids: dict[type, int] = {}

    def next_id(self, kind: type[tuple[Any, ...]]) -> int:
        """The next free id of a table: asked of the database once a transaction, then counted."""
        if kind not in self._ids:
            column = METADATA.tables[TABLE_OF[kind]].c.id
            self._ids[kind] = self.connection.scalar(select(func.coalesce(func.max(column), 0))) or 0
        self._ids[kind] += 1
        return self._ids[kind]

    def append(self, kind: type[Row], rows: Iterable[Row]) -> None:
        """Appends rows of one kind as they come, a chunk in memory at a time. Rows that others refer to come first.

        Goes past SQLAlchemy to the driver, which is several times faster.
        """
        table = METADATA.tables[TABLE_OF[kind]]
        dialect = self.connection.dialect.name
        driver: Any = self.connection.connection.driver_connection
        turned = _turned(rows, [bulk_value(column.type, dialect) for column in table.columns])
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        if dialect == POSTGRESQL:
            with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for row in turned:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(table.columns))
            driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", turned)
        failpoint("ledger.appended")


def _turned(
    rows: Iterable[tuple[Any, ...]], turns: list[Callable[[Any], Any] | None]
) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them. Columns are turned, not single values: that is twice as fast."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        columns = zip(*chunk, strict=True)
        yield from zip(
            *(
                column if turn is None else [None if value is None else turn(value) for value in column]
                for column, turn in zip(columns, turns, strict=True)
            ),
            strict=True,
        )
