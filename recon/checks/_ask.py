"""Asks one check's question and takes its rows over, with a fixed set of columns in fixed types."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, get_args

from duckdb import DuckDBPyConnection

from recon.checks._catalogue import Check
from recon.core.breaks import Severity

KINDS = frozenset({
    "missing_record", "duplicate_record", "sign_flipped", "decimal_shift", "transposed_digits", "fee_not_posted",
    "fee_currency", "rounding", "cutoff", "reordered", "in_transit", "restated", "vanished", "unknown_type",
    "unexplained",
})  # fmt: skip
"""Every kind a diagnosis can have."""


Chain = tuple[str | None, str | None, str | None]
"""Source, account and asset."""


class Found(NamedTuple):
    """One bad row. Columns without a default are those every question must return.

    ``text`` goes on from "place, moment:" without a full stop. ``severity`` overrides the header's. ``quantity`` is
    what the row is about. Of a difference between looks, ``since`` is the look before it, ``until`` the first that
    shows it, each with the last entry known to it; ``quantity`` is what they differed by already, and ``known_entry``
    the last entry known to the look that counts for the period. ``later`` is a second entry that the row rests on.
    """

    source: str | None
    account: str | None
    asset: str | None
    at: datetime | None
    expected: Decimal | None
    actual: Decimal | None
    anchor: str
    kind: str
    text: str
    severity: Severity | None = None
    entry: int | None = None
    record: int | None = None
    quantity: Decimal | None = None
    since: datetime | None = None
    since_entry: int = 0
    until: datetime | None = None
    until_entry: int = 0
    known_entry: int = 0
    reading: int = 0
    later: int | None = None

    @property
    def entries(self) -> tuple[int, ...]:
        """The entries that the row rests on."""
        return tuple(entry for entry in (self.entry, self.later) if entry is not None)

    @property
    def chain(self) -> Chain:
        """The place and asset."""
        return self.source, self.account, self.asset


_WHOLE = frozenset({"BIGINT", "INTEGER"})
_TEXT, _MOMENT, _NUMBER = (
    frozenset({"VARCHAR"}),
    frozenset({"TIMESTAMP"}),
    frozenset({"DECIMAL(36,18)", "DECIMAL(38,18)"}),
)
_TYPES = {
    "source": _TEXT, "account": _TEXT, "asset": _TEXT, "at": _MOMENT, "expected": _NUMBER, "actual": _NUMBER,
    "anchor": _TEXT, "kind": _TEXT, "text": _TEXT, "severity": _TEXT, "entry": _WHOLE, "record": _WHOLE,
    "quantity": _NUMBER, "since": _MOMENT, "since_entry": _WHOLE, "until": _MOMENT, "until_entry": _WHOLE,
    "known_entry": _WHOLE, "reading": _WHOLE, "later": _WHOLE,
}  # fmt: skip
_NEEDED = frozenset(_TYPES) - frozenset(Found._field_defaults)


class Engine(Protocol):
    """What answers questions: DuckDB, or recon.checks._spark. Answers are as DuckDB hands them over."""

    def execute(self, query: str) -> DuckDBPyConnection:
        """Asks one question."""


def ask(connection: Engine, check: Check) -> list[Found]:
    """The bad rows, sorted.

    Raises LookupError where the question returns other columns, types or kinds than it may, or gives two rows of one
    place the same anchor.
    """
    cursor = connection.execute(check.question)
    columns = [(name, str(kind)) for name, kind, *_ in cursor.description or ()]
    names = [name for name, _ in columns]
    if missing := _NEEDED - set(names):
        raise LookupError(f"{check.name}.sql returns no column {', '.join(sorted(missing))}")
    if wrong := [f"{name} {kind}" for name, kind in columns if kind not in _TYPES.get(name, frozenset())]:
        raise LookupError(
            f"{check.name}.sql returns columns a check has not, or of the wrong type: {', '.join(wrong)}"
        )
    found = [_found(check, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    if len({(one.chain, one.anchor) for one in found}) != len(found):
        raise LookupError(f"{check.name}.sql gives two rows of one place the same anchor")
    return sorted(found, key=_order)


def count(connection: Engine, check: Check) -> int:
    """How many rows the check examined."""
    row = connection.execute(check.examined).fetchone()
    assert row is not None
    return int(row[0])


def utc(at: datetime | None) -> datetime | None:
    """A moment as the tables hold it, with its zone."""
    return None if at is None else at.replace(tzinfo=UTC)


def _found(check: Check, row: dict[str, Any]) -> Found:
    values: dict[str, Any] = {
        name: utc(value) if isinstance(value, datetime) else value for name, value in row.items()
    }
    found = Found(**values)
    if found.anchor is None or not found.text or found.kind not in KINDS:
        raise LookupError(f"{check.name}.sql returns a row without an anchor, a text or a known kind: {row}")
    if found.severity is not None and found.severity not in get_args(Severity):
        raise LookupError(f"{check.name}.sql returns the severity {found.severity!r}")
    return found


def _order(found: Found) -> tuple[object, ...]:
    moment = datetime.min.replace(tzinfo=UTC) if found.at is None else found.at
    return (*(part or "" for part in found.chain), moment, found.entry or 0, found.record or 0, found.anchor)
