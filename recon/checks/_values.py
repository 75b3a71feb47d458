"""What a diagnosis is made from: the rows around a break, as the tables hold them."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from recon.checks._ask import Found
from recon.core.breaks import Break, Diagnosis
from recon.core.money import exact
from recon.core.records import Rate


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
    """A row that may be the cause. ``twin``: the row before or after it has the same quantity and kind.

    ``fee``: what was taken with it in this asset. ``traded``: it is one side of a trade. ``hit``: its size is one that
    may explain the difference alone.
    """

    leg: Leg
    twin: bool
    fee: Decimal
    traded: bool
    hit: bool


class Group(NamedTuple):
    """Rows that belong together and moved ``amount``. ``suspended``: all of them stand in suspense."""

    name: str
    rows: int
    amount: Decimal
    suspended: bool


class Gap(NamedTuple):
    """A running balance that breaks. ``rows`` are those after the statement ``before``, the broken row last.

    ``following`` counts the chain's rows after the broken one. ``is_last``: no later row states a balance.
    ``holds_after``: the next statement does not break. ``decimals`` are the most that the chain's numbers have;
    ``rates`` are known of the source and of the chain itself.
    """

    found: Found
    before: Leg | None
    rows: tuple[Leg, ...]
    after: Leg | None
    following: int
    is_last: bool
    holds_after: bool
    decimals: int
    rates: tuple[Rate, ...]

    @property
    def amount(self) -> Decimal:
        """What the venue moved beyond what the rows say."""
        assert self.found.actual is not None and self.found.expected is not None
        with exact():
            return self.found.actual - self.found.expected


class Reason(NamedTuple):
    """What would explain a gap alone: of which rows, and by what they then moved, or what a fee took.

    ``note`` says which rate or how many rows.
    """

    kind: str
    legs: tuple[Leg, ...]
    moved: Decimal
    note: str = ""


class Fault(NamedTuple):
    """Gaps of one cause, the first one shown. ``order``: the rows from the first gap on, in an order that chains."""

    gaps: tuple[Gap, ...]
    order: tuple[Leg, ...] = ()


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

    ``statement`` is the last row that states a balance, ``opening`` what is stated as opening, ``locked`` the part of
    what the venue holds that is not available. Of the ``rows`` since the look before and since the statement,
    ``twins`` equal a neighbour, ``suspended`` stand in suspense and ``rounded`` are sides of trades stated to the last
    of the asset's ``decimals``; the ``smallest`` moved so much. ``candidates`` are some of them, and all that may
    explain it alone. ``late`` rows became known after the last look. ``restated`` are entries of
    a record whose change the balance did not follow.
    """

    found: Found
    gaps: tuple[Break, ...]
    rest: Decimal
    statement: Leg | None
    candidates: tuple[Candidate, ...]
    groups: tuple[Group, ...]
    pending: tuple[Pending, ...]
    late: tuple[Leg, ...]
    restated: tuple[int, ...]
    rates: tuple[Rate, ...]
    opening: Decimal
    locked: Decimal | None
    decimals: int
    rows: int
    twins: int
    suspended: int
    rounded: int
    smallest: Decimal | None


class Explanation(NamedTuple):
    """What would explain a difference alone, and ``how``; ``moved`` is what the rows then moved, or what a fee took.

    ``kind`` is what it is called where it is proved, ``tried`` how many like it were tried, ``record`` a pending one.
    """

    kind: str
    how: str
    legs: tuple[Leg, ...]
    moved: Decimal
    note: str = ""
    tried: int = 0
    record: int | None = None


class FeeRule(NamedTuple):
    """Trades whose fees were taken in the other currency, by what that moves of each asset. ``which`` they are."""

    trades: int
    which: str
    amounts: tuple[tuple[str, Decimal], ...]
    legs: tuple[Leg, ...]


class Told(NamedTuple):
    """A diagnosis with the entries it rests on, the broken row's first, and those in suspense of the same cause."""

    diagnosis: Diagnosis
    entries: tuple[int, ...]
    suspended: tuple[int, ...]


class Cause(NamedTuple):
    """Two breaks of one cause, by their ids: ``host`` is shown, ``member`` within it."""

    host: str
    member: str


class Left(NamedTuple):
    """What is left of a closing difference, and between which looks it came up.

    ``ties`` are entries of other checks' breaks whose rows it is out by. ``failing`` are streams not read whole when
    the venue was looked at, where nothing else explains it.
    """

    rest: Decimal
    since: datetime | None
    ties: tuple[tuple[str, int], ...]
    failing: tuple[str, ...]


class Explained(NamedTuple):
    """A break with what its diagnosis ties it to: running_balance breaks whose sum it is, entries in suspense.

    ``host`` is an earlier break of the same cause. ``moves``: a closing balance is out by it too, which it is not by
    rows out of order. ``left`` is of a closing balance. ``shifts``: by how many quarter hours the row's time may be
    too late. ``since`` is of a running balance: the moment of the last balance stated before it or of its row,
    whichever is earlier; None where none was stated.
    """

    found: Break
    gaps: tuple[str, ...]
    suspended: tuple[int, ...]
    host: str | None = None
    moves: bool = True
    left: Left | None = None
    shifts: frozenset[int] = frozenset()
    since: datetime | None = None
