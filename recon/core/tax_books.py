"""What the report of a tax year is built from: the facts of one year by one rulebook, with no clock in them.

Quantities and amounts are whole numbers of 10^-18, as in recon.core.lots; amounts are in the rulebook's currency, and
None where nothing tells them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar

from recon.core.breaks import Break
from recon.core.lots import Held
from recon.core.tax import Line, Row, Rulebook, Sums, Term, Tie, Year

T_co = TypeVar("T_co", covariant=True)


class Kept(Collection[T_co], Protocol[T_co]):
    """Many values, read anew each time that they are walked: they need not be held."""

    def pick(self, places: Sequence[int]) -> Collection[T_co]:
        """Those at these places (the first is 0), in the order of the places; also read anew each time."""


class Receipt(NamedTuple):
    """Units that arrived in the year. ``worth`` is without, ``amount`` with the fees; ``price`` says how it was priced.

    ``counts`` says whether it is income by the rulebook; ``lacks`` why an amount is not known.
    """

    id: str
    at: int
    day: int
    place: str
    asset: str
    activity: str
    quantity: int
    worth: int | None
    amount: int | None
    counts: bool
    price: str
    lacks: str


class Use(NamedTuple):
    """A price that was used: what ``units`` of an asset were worth in a movement, or as a ``fee`` taken for it.

    ``way`` is the calculation, price by price; ``age_s`` how much older the oldest of them is than the movement.
    """

    id: str
    fee: bool
    asset: str
    units: int
    rate: str
    amount: int
    age_s: int
    way: str


class Fees(NamedTuple):
    """What was paid in fees in the year at a place for a pool's units, and how: ``what`` is ``into cost``, ...

    ``out of proceeds``, or ``in kind``: so many ``units``. ``unknown`` fees in kind have no known worth.
    """

    place: str
    asset: str
    what: str
    movements: int
    units: int
    amount: int
    unknown: int


class Month(NamedTuple):
    """The rows of a month (its first day) that count and whose gain is known."""

    first: date
    rows: int
    proceeds: int
    cost: int


class Calculation(NamedTuple):
    """A disposal told in full: its rows, and titled blocks of text."""

    key: str
    rows: Sequence[Row]
    told: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class TaxBooks:
    """The books of a tax year, which is the days from ``first`` until before ``after`` in ``zone``.

    ``identity`` names the state of the ledger, by labels. ``scopes`` held from a day on (None: from the beginning).
    ``closed`` is the period and the seal that the year is closed under, ``changed`` the settings that differ since.
    ``sums`` are of what counts and of what does not, by asset, term and that. ``disposals`` are the places in ``rows``
    at which a disposal begins; of the first of them ``calculations`` are told. ``priced`` says of a row how its
    proceeds and its cost were priced. ``bought`` is kept where the law goes by what was spent. ``rules_of_user`` are
    name, what it says, and for how many movements it was taken. ``allocated`` is how lots were laid out anew: pool,
    moment, what each book got.
    """

    entity: str
    identity: Sequence[tuple[str, str]]
    as_of: datetime | None
    rules: Rulebook
    year: Year
    first: date
    after: date
    zone: str
    method: str
    scopes: Sequence[tuple[date | None, str]]
    currency: str
    closed: tuple[str, str] | None
    changed: Sequence[str]
    settings: Sequence[tuple[str, str]]
    rules_of_user: Sequence[tuple[str, str, int]]
    rows: Kept[Row]
    disposals: Sequence[int]
    calculations: Sequence[Calculation]
    priced: Callable[[Row], tuple[str, str]]
    prices: Collection[Use]
    receipts: Collection[Receipt]
    bought: Collection[Receipt]
    fees: Sequence[Fees]
    sums: Mapping[tuple[str, Term | None, bool], Sums]
    months: Sequence[Month]
    lines: Sequence[Line]
    ties: Sequence[Tie]
    breaks: Sequence[Break]
    unmet: Sequence[tuple[str, str, int]]
    allocated: Sequence[tuple[str, int, Sequence[Held]]]
