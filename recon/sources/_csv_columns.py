"""What ``[sources.NAME.columns]`` says: which of a file's columns is which of ours, and how its cells are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, model_validator

from recon.core.times import zone_name

COLUMNS = (
    "timestamp", "kind", "account", "asset", "quantity", "quote_asset", "quote_quantity", "fee_asset",
    "fee_quantity", "balance_after", "txid", "id", "note",
)  # fmt: skip
NEEDED = ("timestamp", "kind", "asset", "quantity")
CONTRA = {
    "deposit": "external:{}",
    "withdrawal": "external:{}",
    "transfer_in": "transit",
    "transfer_out": "transit",
    "income": "income:other",
    "fee": "fees:{}",
    "gift": "external:{}",
    "adjustment": "adjustments",
}
KINDS = ("buy", "sell", *CONTRA)
_SAMPLE = datetime(2025, 11, 23, tzinfo=UTC)
"""A day whose year, month and day cannot be taken for one another."""


class Cells(NamedTuple):
    """One row's cells in the order of COLUMNS; empty where the file has no such column."""

    timestamp: str
    kind: str
    account: str
    asset: str
    quantity: str
    quote_asset: str
    quote_quantity: str
    fee_asset: str
    fee_quantity: str
    balance_after: str
    txid: str
    id: str
    note: str


@dataclass(frozen=True)
class Constant:
    """What every row of a file holds that has no column for it."""

    value: str


def _place(value: Any) -> str | Constant:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and set(value) == {"value"}:
        constant = value["value"]
        if isinstance(constant, str) and constant:
            return Constant(constant)
    raise ValueError('expected the file\'s header, or { value = "what every row holds" }')


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError(f"expected one of {', '.join(KINDS)}")
    return text


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise ValueError("expected the name of an encoding, like utf-8 or windows-1250") from None
    return name


def _date_format(pattern: str) -> str:
    try:
        read = datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007 - a try
    except ValueError:
        read = None
    if read is None or read.date() != _SAMPLE.date() or "%Z" in pattern:
        raise ValueError("expected a pattern that holds year, month and day, like %d.%m.%Y %H:%M (no %Z)")
    return pattern


Place = Annotated[str | Constant | None, PlainValidator(_place)]


class Columns(BaseModel):
    """A column of ours is the file's header for it, or a Constant; None where the header is our own name.

    ``kinds`` gives our kind for their word. ``skip`` gives, by header, the cells of rows that are no movement.
    ``date_format`` is a pattern of strptime. ``timezone`` is the zone of times that state none. ``decimal`` set: the
    other mark, or a space, may part groups of three. ``sign`` "signed": a negative quantity leaves the account.
    ``encoding`` is of text files, ``sheet`` of workbooks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timestamp: Place = None
    kind: Place = None
    account: Place = None
    asset: Place = None
    quantity: Place = None
    quote_asset: Place = None
    quote_quantity: Place = None
    fee_asset: Place = None
    fee_quantity: Place = None
    balance_after: Place = None
    txid: Place = None
    id: Place = None
    note: Place = None
    kinds: Mapping[str, Annotated[str, AfterValidator(_kind)]] = {}
    skip: Mapping[str, tuple[str, ...]] = {}
    date_format: Annotated[str, AfterValidator(_date_format)] | None = None
    timezone: Annotated[str, AfterValidator(zone_name)] | None = None
    decimal: Literal[",", "."] | None = None
    sign: Literal["positive", "signed"] = "positive"
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    sheet: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, table: Any) -> Any:
        """Names the unknown keys: what is expected is a long list that no general message can give."""
        if not isinstance(table, dict | Columns):
            raise ValueError('expected a table of our_column = "their header"')
        if isinstance(table, dict) and (
            unknown := [str(key) for key in table if key not in cls.model_fields]
        ):
            raise ValueError(
                f"unknown key {', '.join(sorted(unknown))}; expected one of {', '.join(cls.model_fields)}"
            )
        return table

    @model_validator(mode="after")
    def _zone_of_dates(self) -> "Columns":
        if self.date_format and "%z" not in self.date_format and not self.timezone:
            raise ValueError("expected timezone beside a date_format that has no %z")
        return self

    def header(self, column: str) -> str | None:
        """The file's header for a column of ours; None where a constant stands for it."""
        place = getattr(self, column)
        return None if isinstance(place, Constant) else place or column

    def constants(self) -> dict[str, str]:
        """What every row holds, by our column."""
        places = {column: getattr(self, column) for column in COLUMNS}
        return {column: place.value for column, place in places.items() if isinstance(place, Constant)}


def stated(columns: Columns) -> dict[str, str]:
    """Every choice made, in words for a report; nothing for a file in our own columns."""
    said = {}
    for column in COLUMNS:
        place = getattr(columns, column)
        if place is not None:
            constant = isinstance(place, Constant)
            said[f"column {column}"] = f"always {place.value}" if constant else f"the file's {place}"
    said |= {f"kind {word!r}": f"is {kind}" for word, kind in columns.kinds.items()}
    said |= {
        f"rows left out by {name}": f"{' or '.join(map(repr, cells))}" for name, cells in columns.skip.items()
    }
    if columns.sign == "signed":
        said["sign of a quantity"] = "negative leaves the account"
    if columns.date_format:
        said["form of a time"] = columns.date_format
    if columns.timezone:
        said["zone of a time that states none"] = columns.timezone
    if columns.decimal:
        said["decimal mark"] = columns.decimal
    if columns.encoding != "utf-8":
        said["encoding"] = columns.encoding
    if columns.sheet:
        said["sheet of a workbook"] = columns.sheet
    return said
