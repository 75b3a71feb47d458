"""Rows, postings and snapshots: what a source makes of an answer, and the line that chains an entry."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Literal, NamedTuple

from recon.core.canonical import quoted, write_json
from recon.core.money import ZERO, exact, fit, text

GENESIS = "0" * 64
_ASSET = re.compile(r"[A-Za-z0-9._:-]{1,32}\Z")

Status = Literal["settled", "pending"]


class Posting(NamedTuple):
    """One account's part of an entry. ``balance_after`` is the venue's statement balance, where it gives one."""

    account: str
    asset: str
    quantity: Decimal
    balance_after: Decimal | None = None


class Row(NamedTuple):
    """One row of a stream as the venue stated it, with its postings by the source's rules.

    ``identity`` are the fields that tell it from other rows; equal rows are told apart by their occurrence.
    ``ordinal`` sorts the rows of an account in the venue's own order (rows of one ordinal: as they are yielded).
    ``data`` is the canonical JSON of the row as received. A pending row has no postings. ``txid`` is the hash of the
    transfer on its chain and ``address`` where it went, each empty where the venue states none.
    """

    identity: tuple[str, ...]
    at: datetime
    ordinal: int
    kind: str
    status: Status
    account: str
    asset: str
    quantity: Decimal
    data: str
    seq: int
    pointer: str
    postings: tuple[Posting, ...]
    txid: str = ""
    address: str = ""


class Holding(NamedTuple):
    """What a venue says it holds of one asset. ``locked`` is part of ``total``."""

    account: str
    asset: str
    total: Decimal
    locked: Decimal
    at: datetime
    seq: int
    pointer: str


class Fact(NamedTuple):
    """What a venue states beside rows and balances: a price, a fee rate, an open offer, a limit, a count.

    ``subject`` is what it is about, in the venue's words; ``name`` what is stated of it; ``value`` a number in its one
    written form (recon.core.money.text), or other text as stated.
    """

    subject: str
    name: str
    value: str
    at: datetime
    seq: int
    pointer: str


class Rate(NamedTuple):
    """A fee that a venue is known to take: a part of what is moved (0.0025 is a quarter of a percent), or so much.

    One of ``rate`` and ``flat`` is None. Empty ``asset``: of any.
    """

    asset: str
    name: str
    rate: Decimal | None
    flat: Decimal | None


class Told(NamedTuple):
    """What a row says of its units beside moving them: what they were worth, of which currency; a note."""

    worth: tuple[str, Decimal] | None = None
    note: str = ""


def assets(source: str, place: str) -> str:
    """The ledger account of a place at a source."""
    return f"assets:{source}:{place}"


def merged(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """One posting an account and asset, zeros left out, the last statement balance kept; checked to sum to zero.

    Raises AssertionError where the postings of an asset do not cancel: the posting rule is broken.
    """
    sums: dict[tuple[str, str], Posting] = {}
    by_asset: dict[str, Decimal] = {}
    with exact():
        for one in postings:
            place = (one.account, one.asset)
            by_asset[one.asset] = by_asset.get(one.asset, ZERO) + one.quantity
            old = sums.get(place)
            if old is None:
                sums[place] = one
            else:
                after = old.balance_after if one.balance_after is None else one.balance_after
                sums[place] = Posting(one.account, one.asset, old.quantity + one.quantity, after)
    assert not any(by_asset.values()), f"postings do not sum to zero: {by_asset}"
    return tuple(
        posting for posting in sums.values() if fit(posting.quantity) or posting.balance_after is not None
    )


def moved(
    account: str, contra: str, asset: str, quantity: Decimal, balance_after: Decimal | None = None
) -> tuple[Posting, ...]:
    """The two postings of ``quantity`` of an asset arriving in ``account`` out of ``contra``."""
    # copy_negate, for unary minus rounds to whatever context happens to be in force
    return (Posting(account, asset, quantity, balance_after), Posting(contra, asset, quantity.copy_negate()))


def asset_code(stated: object) -> tuple[str, bool]:
    """The ledger's code for a currency a venue states, and whether the statement was usable.

    A usable code is 1 to 32 of ``A-Z a-z 0-9 . _ : -`` and is upper-cased. Anything else gets a code made of its
    digest, so that its units can stand in suspense while its text is kept in the record.
    """
    if type(stated) is str and _ASSET.match(stated):
        return stated.upper(), True
    return "ODD-" + sha256(write_json(stated).encode()).hexdigest()[:12].upper(), False


class EntryLine(NamedTuple):
    """What the running hash of an entry covers, in the order in which it is written."""

    prev: str
    source: str
    seq: int
    at: str
    ordinal: int
    kind: str
    key: str
    occurrence: int
    version: int
    answer: str
    pointer: str
    reverses: int
    postings: list[list[str]]


def line_text(line: EntryLine) -> str:
    """The canonical line of an entry: a JSON array, so that ``printf %s LINE | sha256sum`` gives its hash.

    Written out rather than through an encoder, which would take a third of the time that posting takes.
    """
    prev, source, seq, at, ordinal, kind, key, occurrence, version, answer, pointer, reverses, postings = line
    legs = ",".join(f"[{','.join(map(quoted, posting))}]" for posting in postings)
    return (
        f'["{prev}",{quoted(source)},{seq},"{at}",{ordinal},{quoted(kind)},"{key}",{occurrence},{version},'
        f'"{answer}",{quoted(pointer)},{reverses},[{legs}]]'
    )


def line_postings(postings: Iterable[Posting]) -> list[list[str]]:
    """Postings as they stand in the line: account, asset, quantity and statement balance (empty when none)."""
    return [
        [p.account, p.asset, text(p.quantity), "" if p.balance_after is None else text(p.balance_after)]
        for p in postings
    ]
