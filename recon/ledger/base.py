"""What the ledger's tables are made of: one set of metadata, and a field for each kind of column."""

from typing import Any, ClassVar

from sqlalchemy import MetaData, Text
from sqlmodel import Field, SQLModel

from recon.ledger.columns import COUNT, Exact, Moment

METADATA = MetaData()

STRICT = {"sqlite_strict": True}
AT_COMMIT: Any = {"deferrable": True, "initially": "DEFERRED"}
"""A reading's counts are known only after its rows, which point at it."""


def whole() -> Any:
    """A whole number: an id or a count."""
    return Field(sa_type=COUNT, sa_column_kwargs={"autoincrement": False})


def words() -> Any:
    """A text."""
    return Field(sa_type=Text)


def amount() -> Any:
    """An exact amount."""
    return Field(sa_type=Exact)


def moment() -> Any:
    """A moment in UTC."""
    return Field(sa_type=Moment)


class Table(SQLModel):
    """What all tables share."""

    metadata: ClassVar[MetaData] = METADATA
