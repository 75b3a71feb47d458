"""What a rulebook is, and what it is told of a year: rows of disposals, sums, income.

Quantities and amounts are whole numbers of 10^-18, as in recon.core.lots; amounts are in the rulebook's currency. Days
are ``datetime.date`` in the rulebook's zone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple

from recon.core.lots import Stock

Leaves = Literal["gain", "no gain", "nothing"]
"""What units that leave mean. ``gain``: proceeds less cost counts. ``no gain``: they leave at cost and nothing counts.
``nothing``: they stay one's own, and their lots with them."""

Arrives = Literal["cost", "income", "market", "unknown", "nothing"]
"""What units that arrive cost. ``cost``: what was paid. ``income``: what they were worth, which counts as income.
``market``: what they were worth, and it counts as nothing. ``unknown``: nobody said, until a rule of the user does.
``nothing``: no lot comes of them; they are another's, or were one's own while they were away."""

ScopeName = Literal["universal", "source", "account"]
Term = Literal["short", "long"]
_LONGEST = 800
"""No term turns later than so many days after an acquisition."""


class Row(NamedTuple):
    """One match of a disposal: units that left, and what they cost. None: nothing tells it.

    ``taxed`` is False where a gain does not count (given away, moved). ``acquired`` and ``lot`` are None for a pool.
    ``lacks`` says why an amount is not known, and what would cure it. ``fees`` are, of the row's units, what is in the
    cost of their lot and out of their proceeds; None where that is not known. ``stock`` is what a pool held before.
    """

    id: str
    asset: str
    place: str
    activity: str
    rule: str
    acquired: date | None
    acquired_at: int | None
    disposed: date
    disposed_at: int
    quantity: int
    proceeds: int | None
    cost: int | None
    term: Term | None
    taxed: bool
    lot: str | None = None
    lacks: str = ""
    fees: int | None = 0
    stock: Stock | None = None

    @property
    def gain(self) -> int | None:
        """Proceeds less cost; None where either is not known."""
        return None if self.proceeds is None or self.cost is None else self.proceeds - self.cost


@dataclass(kw_only=True)
class Sums:
    """The sum over rows. ``gains`` and ``losses`` (above 0) are summed by disposal; ``unknown`` rows are in no sum."""

    disposals: int = 0
    rows: int = 0
    quantity: int = 0
    proceeds: int = 0
    cost: int = 0
    gains: int = 0
    losses: int = 0
    unknown: int = 0

    @property
    def gain(self) -> int:
        """Gains less losses."""
        return self.gains - self.losses


@dataclass(frozen=True, kw_only=True)
class Year:
    """What a rulebook sums up. ``number`` is the tax year's, which begins in it.

    ``taxed`` are the sums of what counts, by activity and term; ``income`` the amounts by activity. ``spent`` and
    ``received`` are, by tax year up to this one, what was paid in money for units (with fees) and what units brought in
    money (fees not taken off; these are in ``spent``): what a rulebook without lots goes by. ``listed`` are by term the
    proceeds and the cost of the rows that count and whose gain is known, each row rounded by ``half_up`` to the
    rulebook's ``grain``: what a form adds up that lists them.
    """

    number: int
    taxed: Mapping[tuple[str, Term | None], Sums] = field(default_factory=dict)
    income: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[int, int] = field(default_factory=dict)
    received: Mapping[int, int] = field(default_factory=dict)
    listed: Mapping[Term | None, tuple[int, int]] = field(default_factory=dict)


class Tie(NamedTuple):
    """A pool's units through the books of a rulebook, beside the ledger's own, up to now.

    ``acquired`` less ``disposed`` and what ``moved`` between own places (arrivals less departures: what is under way,
    lent or borrowed) is what the ``ledger`` holds. ``held`` are the units that lots have, and ``short`` those that left
    without one.
    """

    pool: str
    acquired: int
    disposed: int
    moved: int
    held: int
    short: int
    ledger: int

    @property
    def holds(self) -> bool:
        """Whether the books are the ledger's own. Lots may stand for what arrived from nowhere known, never less."""
        lots = self.held - self.short - self.acquired + self.disposed
        return self.acquired - self.disposed + self.moved == self.ledger and 0 <= lots <= max(self.moved, 0)


def half_up(amount: int, grain: int) -> int:
    """``amount`` as a multiple of ``grain``; a half goes away from zero."""
    size = (2 * abs(amount) + grain) // (2 * grain) * grain
    return size if amount >= 0 else -size


class Line(NamedTuple):
    """One line of an official form: its box in that form, what it says, and the figure as the form wants it.

    ``form`` is named with the year or version that ``box`` is of; ``box`` is empty for a figure that has none.
    """

    form: str
    box: str
    title: str
    value: str


class Listed(NamedTuple):
    """A row as a form has it that lists disposals one by one, on the page ``box``. An unknown figure is empty.

    ``code`` and ``adjustment`` are empty where nothing adjusts the gain.
    """

    box: str
    description: str
    acquired: str
    sold: str
    proceeds: str
    cost: str
    code: str
    adjustment: str
    gain: str


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """A jurisdiction's rules. Its file ends in ``RULES = Rulebook(...)``; figures by year stand beside, with sources.

    ``currency`` and ``zone`` are empty for the entity's own. ``year`` gives the first day of a tax year and the first
    of the next. Of ``methods`` and of ``scopes`` the first is the default; each scope holds from its day on (None: from
    the beginning), and ``free_scope`` says whether the user may choose another. ``leaves`` and ``arrives`` say by
    activity what a movement means. ``swap`` is whose worth a swap has: that of what was ``received``, of what was
    ``given``, or none because it is ``neutral``. ``rates``: an amount in another currency is taken at the rate of the
    moment, or of the last business ``day before``. ``term`` takes the day of acquisition and that of disposal.
    ``lots`` is False where the law knows none: then a row has no cost, and is unknown for want of proceeds alone; gains
    follow from ``spent`` and ``received``, and there is no method. ``daily``: all that leaves of an asset on one day is
    one disposal with one gain or loss, counted under the activity of the first. ``grain`` is what a row is rounded to
    where a form lists it. ``lines`` fills the forms, ``listing`` the lines of one that lists what counts row by row;
    ``workings`` are figures on the way to them, each ``form`` with the same titles. ``sources`` says for a tax year
    where its figures are from.
    """

    name: str
    title: str
    currency: str = ""
    zone: str = ""
    year: Callable[[int], tuple[date, date]]
    methods: Sequence[str]
    scopes: Sequence[tuple[date | None, ScopeName]]
    free_scope: bool = False
    leaves: Mapping[str, Leaves]
    arrives: Mapping[str, Arrives]
    swap: Literal["received", "given", "neutral"]
    rates: Literal["moment", "day before"] = "moment"
    lots: bool = True
    daily: bool = False
    grain: int = 1
    term: Callable[[date, date], Term | None] = lambda acquired, disposed: None
    lines: Callable[[Year], Sequence[Line]] = lambda year: ()
    listing: Callable[[Row], Listed] | None = None
    workings: Callable[[Year], Sequence[Line]] = lambda year: ()
    sources: Callable[[int], Mapping[str, str]] = lambda year: {}
    assumptions: Mapping[str, str] = field(default_factory=dict)

    def long_from(self, acquired: date) -> date | None:
        """The first day on which what was acquired on a day is held for the long term; None where there is none."""
        days = (acquired + timedelta(days=number) for number in range(_LONGEST))
        return next((day for day in days if self.term(acquired, day) == "long"), None)
