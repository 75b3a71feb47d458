"""What a period's lots, values and prices say, by the company's own books; amounts are in its base currency."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from recon.core.money import ZERO


class Gain(NamedTuple):
    """Units that left, matched with a lot, or (``lot`` empty) with none. Amounts are in base currency.

    None is what nothing tells, and ``lacks`` says why. ``counts`` is False where no gain follows (given away, moved).
    ``entry`` and ``lot`` are entries of the ledger, ``rule`` the step of the method. ``prices`` are the places, in the
    list of the prices that were used, of those that its proceeds and its cost rest on.
    """

    asset: str
    activity: str
    at: datetime
    entry: str
    place: str
    quantity: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    acquired_at: datetime | None
    lot: str
    rule: str
    counts: bool
    lacks: str
    prices: Sequence[int] = ()


class OpenLot(NamedTuple):
    """Units that are left of a lot at the period's end, and their cost in base currency."""

    asset: str
    acquired_at: datetime | None
    lot: str
    activity: str
    quantity: Decimal
    cost: Decimal | None


class Stock(NamedTuple):
    """Units in lots, what they cost in base currency, and how many of them have no known cost."""

    units: Decimal = ZERO
    cost: Decimal = ZERO
    uncosted: Decimal = ZERO


class Position(NamedTuple):
    """One asset (pooled, no currency) by the company's lots, from the period's beginning to its end.

    opening + added - disposed = closing, for units and for costs. Of what was ``disposed`` at a known cost,
    ``proceeds`` are what it brought and ``realised`` the gain; where nothing tells what it brought, its cost is
    ``unpriced``. ``uncosted_proceeds`` came for units without a known cost.
    Values are those of units whose cost is known: None where nothing tells the price, and ``lacks`` says why.
    ``uncosted_value`` is that of the others at the end. ``short`` units ever left that no lot had. ``ledger`` is what
    the trial balance holds, ``late`` what happened before the end and is posted after it, and ``outside`` what the
    ledger holds that is in no lot: borrowed, or come from nowhere known (below zero: lent, or gone to a place that has
    not received it). ``unknown`` matches of the period lack an amount.
    """

    asset: str
    opening: Stock
    added: Stock
    disposed: Stock
    closing: Stock
    proceeds: Decimal
    realised: Decimal
    unpriced: Decimal
    uncosted_proceeds: Decimal
    opening_price: Decimal | None
    closing_price: Decimal | None
    opening_value: Decimal | None
    closing_value: Decimal | None
    uncosted_value: Decimal | None
    short: Decimal
    ledger: Decimal
    late: Decimal
    outside: Decimal
    unknown: int
    lacks: str


class Earned(NamedTuple):
    """Fees (``units`` above zero: paid) or income (received) of one venue, kind and asset in the period.

    ``value`` is in base currency, each row at its own moment, without the ``unvalued`` rows: ``lacks`` says why.
    """

    source: str
    account: str
    asset: str
    rows: int
    units: Decimal
    value: Decimal
    unvalued: int
    lacks: str


class PriceUsed(NamedTuple):
    """A price that a figure of this period rests on, how often, and how old it was at most when it was used.

    ``source`` is the word of ``[prices] sources``, ``answer`` the SHA-256 of the sealed answer that states it, empty
    for trades and what recon.toml declares. ``approved_by`` is who answers for one that people stated.
    """

    asset: str
    quote: str
    value: Decimal
    at: datetime
    source: str
    rule: str
    uses: int
    age_s: int
    where: str
    answer: str
    approved_by: str
