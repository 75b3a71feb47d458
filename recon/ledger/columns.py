"""The ledger's own column types: exact numbers and moments, kept to the last digit on both databases.

SQLAlchemy would store a Decimal as a REAL on SQLite and lose digits in silence; PostgreSQL would round what does not
fit, and so would its COPY. Both are stopped here, and once more by the CHECKs of recon.ledger.tables.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Constraint, Dialect, Integer, Numeric, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

from recon.core.errors import NumberRefused
from recon.core.money import FRACTION_DIGITS, fit, text
from recon.core.times import moment_text

POSTGRESQL = "postgresql"

COUNT = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer on both databases; only INTEGER makes an id of SQLite the row's own number."""


class Exact(TypeDecorator[Decimal]):
    """A Decimal as canonical text on SQLite and NUMERIC(38,18) on PostgreSQL. A float is refused."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC where the database reckons exactly, text where it does not."""
        on_postgresql = dialect.name == POSTGRESQL
        return dialect.type_descriptor(Numeric(38, FRACTION_DIGITS) if on_postgresql else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Raises NumberRefused for what is no Decimal or does not fit."""
        if value is None:
            return None
        return _number(value) if dialect.name == POSTGRESQL else _number_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The number, whichever way it was kept."""
        return value if value is None or dialect.name == POSTGRESQL else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as ``2025-01-14T14:20:01.000000Z`` on SQLite and TIMESTAMPTZ on PostgreSQL, always UTC."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text that sorts as time on SQLite."""
        on_postgresql = dialect.name == POSTGRESQL
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if on_postgresql else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Raises ValueError for a moment without a zone."""
        if value is None:
            return None
        return _moment(value) if dialect.name == POSTGRESQL else _moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The moment, whichever way it was kept."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == POSTGRESQL else datetime.fromisoformat(value)


def bulk_value(column: TypeEngine[Any], dialect: str) -> Callable[[Any], Any] | None:
    """What turns a value of such a column into the one the driver gets; None where the driver takes it as it is."""
    if isinstance(column, Exact):
        return _number if dialect == POSTGRESQL else _number_text
    if isinstance(column, Moment):
        return _moment if dialect == POSTGRESQL else _moment_text
    return None


def _number(value: Decimal) -> Decimal:
    if type(value) is not Decimal:
        raise NumberRefused(f"{value!r} is of type {type(value).__name__}, not a Decimal")
    return fit(value)


def _number_text(value: Decimal) -> str:
    if type(value) is not Decimal:
        return text(_number(value))
    written = text(value)
    if len(written) > FRACTION_DIGITS or not value.is_finite():
        fit(value)
    return written


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return value


def _moment_text(value: datetime) -> str:
    return moment_text(_moment(value))


_MOMENT_FORM = (
    "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
    ".[0-9][0-9][0-9][0-9][0-9][0-9]Z"
)


def number_checks(table: str, *columns: str) -> Iterator[Constraint]:
    """The form of a canonical number and its bound of 18 digits either side, as each database can say it.

    On SQLite, which has no patterns that repeat: nothing but digits around at most one point; a sign, then no needless
    zero; no needless zero or point behind; both sides within 18 digits.
    """
    for c in columns:
        form = (
            f"trim(ltrim({c}, '-'), '0123456789') IN ('', '.')"
            f" AND ({c} GLOB '[1-9]*' OR {c} GLOB '-[1-9]*' OR {c} GLOB '0.*' OR {c} GLOB '-0.*' OR {c} = '0')"
            f" AND (instr({c}, '.') = 0 OR rtrim({c}, '.0') = {c})"
            f" AND (length({c}) <= 18 OR instr(ltrim({c}, '-') || '.', '.') <= 19"
            f" AND length({c}) - instr({c} || '.', '.') <= 18)"
        )
        bound = f"{c} <> 'NaN' AND abs({c}) < 1000000000000000000"
        yield CheckConstraint(form, name=f"ck_{table}_{c}").ddl_if(dialect="sqlite")
        yield CheckConstraint(bound, name=f"ck_{table}_{c}").ddl_if(dialect="postgresql")


def moment_checks(table: str, *columns: str) -> Iterator[Constraint]:
    """The form of a moment on SQLite, where it is text."""
    for c in columns:
        yield CheckConstraint(f"{c} GLOB '{_MOMENT_FORM}'", name=f"ck_{table}_{c}").ddl_if(dialect="sqlite")
