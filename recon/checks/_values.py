"""What a diagnosis is made from: the rows around a break, as the tables hold them."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from recon.checks._ask import Found
from recon.core.breaks import Break, Diagnosis
from recon.core.money import exact


class Leg(NamedTuple):
    """One row of a chain: ``place`` counts from 1. ``suspended``: its entry stands in suspense."""

    place: int
    entry: int
    at: datetime
    kind: str
    quantity: Decimal
    balance_after: Decimal | None
    suspended: bool


class Candidate(NamedTuple):
    """A row that may be the cause. ``twin``: the row before or after it has the same quantity and kind."""

    leg: Leg
    twin: bool


class Fit(NamedTuple):
    """A row whose absence or sign explains a difference exactly."""

    kind: str
    leg: Leg


class Gap(NamedTuple):
    """A running balance that breaks. ``rows`` are those after the statement ``before``, the broken row last.

    ``is_last``: no later row states a balance. ``holds_after``: the next statement does not break.
    """

    found: Found
    before: Leg | None
    rows: tuple[Leg, ...]
    after: Leg | None
    is_last: bool
    holds_after: bool

    @property
    def amount(self) -> Decimal:
        """What the venue moved beyond what the rows say."""
        assert self.found.actual is not None and self.found.expected is not None
        with exact():
            return self.found.actual - self.found.expected


class Unread(NamedTuple):
    """A row in suspense that moves nothing, since it could not be understood. Its account is not known."""

    source: str
    asset: str
    entry: int
    at: datetime
    kind: str


class Pending(NamedTuple):
    """A pending row."""

    record: int
    at: datetime
    kind: str
    quantity: Decimal


class Failing(NamedTuple):
    """A stream whose latest reading was not whole. ``whole``: when the last whole one ended."""

    source: str
    stream: str
    whole: datetime | None


class Difference(NamedTuple):
    """A closing balance that does not agree. ``rest`` is what the running_balance breaks ``gaps`` leave unexplained.

    ``statement`` is the last row that states a balance, ``opening`` what is stated as opening.
    """

    found: Found
    gaps: tuple[Break, ...]
    rest: Decimal
    statement: Leg | None
    candidates: tuple[Candidate, ...]
    pending: tuple[Pending, ...]
    opening: Decimal


class Told(NamedTuple):
    """A diagnosis with the entries it rests on, the broken row's first, and those in suspense of the same cause."""

    diagnosis: Diagnosis
    entries: tuple[int, ...]
    suspended: tuple[int, ...]
