"""What a report is built from: the facts of one period, read from the ledger once, with no clock in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from recon.core.answers import Answer
from recon.core.breaks import Break, CheckResult
from recon.core.holdings import Earned, Gain, OpenLot, Position, PriceUsed
from recon.core.money import ZERO
from recon.core.seals import Seal
from recon.core.times import Period

UNDER_WAY = "between places"
"""The source of a roll-forward's rows that are of no venue."""


class RollForward(NamedTuple):
    """One place and asset over the period, in units; every column is summed apart from the others.

    opening + deposits + buys + income + transfers_in - sells - withdrawals - fees - transfers_out + adjustments +
    prior_items + openings + other = closing. What a leg is follows from the account it stands against. ``prior_items``
    came late for a sealed period, ``openings`` are stated ones, ``other`` stands against suspense, loans and the rest.
    """

    source: str
    account: str
    asset: str
    opening: Decimal
    deposits: Decimal
    buys: Decimal
    income: Decimal
    transfers_in: Decimal
    sells: Decimal
    withdrawals: Decimal
    fees: Decimal
    transfers_out: Decimal
    adjustments: Decimal
    prior_items: Decimal
    openings: Decimal
    other: Decimal
    closing: Decimal


class BalanceProof(NamedTuple):
    """The ledger against the venue's own word at one moment. ``difference`` = venue - ledger.

    ``adjusted`` is what adjustments make of the ledger's figure.
    """

    source: str
    account: str
    asset: str
    at: datetime
    ledger: Decimal
    venue: Decimal
    locked: Decimal
    difference: Decimal
    breaks: tuple[str, ...]
    adjusted: Decimal = ZERO


class Transaction(NamedTuple):
    """One movement on a place: a posting with the entry, record and answer it came from."""

    at: datetime
    source: str
    account: str
    kind: str
    asset: str
    quantity: Decimal
    contra: str
    balance_after: Decimal | None
    entry: str
    answer: str
    pointer: str


class Posting(NamedTuple):
    """One line of the general ledger: units on an account, above zero a debit and below it a credit.

    ``balance`` is what the account holds of the asset after it, ``stated`` the venue's own word where the row has it.
    """

    account: str
    asset: str
    at: datetime
    source: str
    entry: str
    kind: str
    quantity: Decimal
    balance: Decimal
    stated: Decimal | None
    answer: str
    pointer: str


class Trial(NamedTuple):
    """An account and asset in the trial balance; ``debit`` and ``credit`` are the period's, both without a sign.

    ``price`` and ``value`` are in base currency at the period's end; None where ``lacks`` says why nothing tells them.
    """

    account: str
    asset: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal
    price: Decimal | None = None
    value: Decimal | None = None
    lacks: str = ""


class Transfer(NamedTuple):
    """Two rows of one movement: a ``transfer`` between own places, or one held by two sources, of which this counts.

    ``fee`` is what was sent and did not arrive; ``in_transit`` what had left and not arrived at the period's end.
    """

    kind: str
    basis: str
    sent_at: datetime
    sent_from: str
    asset: str
    sent: Decimal
    sent_entry: str
    received_at: datetime
    received_by: str
    received_asset: str
    received: Decimal
    received_entry: str
    fee: Decimal
    in_transit: Decimal


class PriorItem(NamedTuple):
    """A movement that came late for a sealed ``period``: it happened at ``stated_at`` and is posted ``at`` its end."""

    period: str
    stated_at: datetime
    at: datetime
    source: str
    account: str
    kind: str
    asset: str
    quantity: Decimal
    entry: str
    answer: str
    pointer: str


class Adjusted(NamedTuple):
    """One posting of an entry that people made: what it moved and why, and who answers for it.

    ``reverses`` and ``reversed_by`` name the adjustment that it takes back, and the one that took it back; empty where
    there is none. ``attachments`` are the digests of the files that it cites.
    """

    id: str
    at: datetime
    source: str
    account: str
    asset: str
    quantity: Decimal
    reason: str
    text: str
    answers: str
    reverses: str
    reversed_by: str
    prepared_by: str
    prepared_at: datetime
    approved_by: str
    approved_at: datetime
    entry: str
    attachments: tuple[str, ...]


class Coverage(NamedTuple):
    """One cell of the coverage certificate: a stream, an account and an asset, over the stretch of time it was asked.

    ``status`` is whole, empty (asked and answered with no row), incomplete, not_served (by the venue) or not_queried
    (by choice). ``grey`` cells prove nothing of the period. ``since`` None: all history was asked for. Empty account
    or asset: all there are. ``rows`` and the moments of the first and last are the cell's; requests, pages, the
    venue's own count, throttles and retries are the whole reading's. ``stopped_at`` is the question it stopped at.
    """

    source: str
    stream: str
    account: str
    asset: str
    status: str
    grey: bool
    since: datetime | None
    until: datetime
    requests: int
    pages: int
    rows: int
    stated: int | None
    first: datetime | None
    last: datetime | None
    throttles: int
    retries: int
    reason: str
    stopped_at: str


class Second(NamedTuple):
    """What a venue says a second time, laid beside what the books rest on. Both are counts or quantities.

    ``binding``: the documentation leaves no other way to read the two, so that a gap between them is a break.
    """

    about: str
    stream: str
    books: Decimal
    second: Decimal
    agrees: bool
    binding: bool


class RecordEvidence(NamedTuple):
    """A record behind a break: the row as received, and where its bytes are sealed."""

    source: str
    stream: str
    at: datetime
    data: str
    answer: str
    pointer: str


class ChainRow(NamedTuple):
    """A row of a place's chain beside one that a break rests on; ``cited`` are these rows themselves."""

    entry: str
    source: str
    account: str
    asset: str
    at: datetime
    kind: str
    quantity: Decimal
    balance_after: Decimal | None
    in_force: bool
    cited: bool


class RegisteredBreak(NamedTuple):
    """A break with its life so far and the records it rests on. ``reason`` is the code it was explained with.

    ``chain`` are the rows before and after those records, in the venue's own order. ``value`` is what its difference is
    worth in base currency, without a sign; None where nothing tells it.
    """

    found: Break
    status: str
    opened: datetime
    age_days: int
    evidence: tuple[RecordEvidence, ...]
    owner: str = ""
    reason: str = ""
    value: Decimal | None = None
    chain: tuple[ChainRow, ...] = ()


class Curve(NamedTuple):
    """A place and asset over the period: balance by our postings, and by the venue's statement where it has one."""

    source: str
    account: str
    asset: str
    ledger: Sequence[tuple[datetime, Decimal]]
    statement: Sequence[tuple[datetime, Decimal]]


class Signature(NamedTuple):
    """Who did what about the seal of the period: ``closed`` or ``signed`` it."""

    act: str
    person: str
    account: str
    at: datetime


class SourceRead(NamedTuple):
    """A configured source: what it is, where it is read, and since when; None where it never was.

    ``known_as`` is the number under which the venue knows the account, where recon.toml holds one.
    """

    name: str
    title: str
    address: str = ""
    known_as: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Books:
    """Everything a report may say about one period. ``as_of`` is the moment of the latest reading in the ledger.

    ``against``: what all accounts that are no place hold of each asset at the period's end, which is what the places
    hold with its sign turned, for the trial balance sums to zero. ``answers`` are the sealed answers that this rests
    on, by digest; ``seals`` those in force, oldest first, and ``signatures`` who put and signed that of this period.
    ``transactions``, ``postings``, ``gains`` and ``open_lots`` may be read anew from a file each time they are walked,
    which lasts as long as the books are open. ``policies`` are what was chosen (method, order of prices), and ``run``
    is the run that brought the newest rows. ``withheld``: by source the members of answers that are about a person, and
    not to be shown.
    """

    entity: str
    zone: str
    base_currency: str
    period: Period
    as_of: datetime | None
    version: str
    head: str
    evidence_head: str
    assumptions: Mapping[str, str]
    sources: Sequence[SourceRead]
    roll_forward: Sequence[RollForward]
    against: Mapping[str, Decimal]
    balances: Sequence[BalanceProof]
    transactions: Collection[Transaction]
    transfers: Sequence[Transfer]
    prior_items: Sequence[PriorItem]
    adjustments: Sequence[Adjusted]
    coverage: Sequence[Coverage]
    seconds: Sequence[tuple[str, Second]]
    checks: Sequence[CheckResult]
    breaks: Sequence[RegisteredBreak]
    curves: Sequence[Curve]
    answers: Mapping[str, Answer]
    clean: bool
    postings: Collection[Posting] = ()
    trial_balance: Sequence[Trial] = ()
    positions: Sequence[Position] = ()
    gains: Collection[Gain] = ()
    open_lots: Collection[OpenLot] = ()
    earned: Sequence[Earned] = ()
    prices: Sequence[PriceUsed] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    signatures: Sequence[Signature] = ()
    seals: Sequence[Seal] = ()
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
