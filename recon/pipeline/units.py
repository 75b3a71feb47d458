"""Units that arrived and left, read from the typed copy: each entry's parts with what happened, not valued yet.

Plain trades (see recon.ledger.plain) are read in columns, so that a million of them take seconds; everything else comes
as parts, row by row, and where the copy was loaded without plain trades, these do too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import pyarrow as pa
from duckdb import DuckDBPyConnection

from recon.core.activity import (
    ADJUSTMENT,
    DEPOSIT,
    FEE,
    GIFT_IN,
    GIFT_OUT,
    INCOME,
    INCOMES,
    LOAN_IN,
    LOAN_OUT,
    OPENING,
    PURCHASE,
    SALE,
    SWAP_IN,
    SWAP_OUT,
    TRANSFER,
    TRANSFER_FEE,
    UNKNOWN,
    WITHDRAWAL,
)
from recon.core.money import FRACTION_DIGITS, exact

TRANSIT = "transit"
"""Where what leaves without a known arrival waits for what arrives without a known departure."""

# An id sorts as its entry does in its source's chain.
_NAME = "l.source || '-' || lpad(cast(l.number as varchar), 9, '0')"

_MOVED = """
create or replace table moved as
select l.entry, {name} as id, l.source, l.account, l.ledger_account, l.class, l.asset,
    coalesce(o.pool, l.asset) as pool,
    list_contains($money, l.asset) as money, l.quantity, epoch_us(l.stated_at) as moment, l.kind, l.address, l.txid,
    t.link
from legs as l
left join (select unnest($assets) as asset, unnest($pools) as pool) as o on o.asset = l.asset
left join (
    select cast(link as varchar) as link, sent as entry from ties where kind = 'transfer' union
    select cast(link as varchar), received from ties where kind = 'transfer'
) as t on t.entry = l.entry
where l.live and l.counted and l.quantity <> 0
"""
_OF_POOL = """
select {name} as id, epoch_us(l.at) as moment, substr(l.place, 8) as place, l.currency, l.quantity, abs(l.paid), l.fee
from plain as l
where list_contains($assets, l.asset) and epoch_us(l.at) < $end
order by moment, quantity < 0, id
"""
_SUMS = """
select coalesce(sum(greatest(l.quantity, 0)), 0), coalesce(-sum(least(l.quantity, 0)), 0)
from plain as l
where list_contains($assets, l.asset) and epoch_us(l.at) < $end
"""
_NAMED = """
select l.entry, {name} as id, epoch_us(l.at) as moment, substr(l.place, 8) as place, l.currency, l.quantity,
    abs(l.paid), l.fee, l.asset
from plain as l where {name} in (select unnest($ids))
order by l.entry
"""
_OTHERS = """
select m.entry, m.id, m.source, m.account, m.ledger_account, m.class, m.asset, m.pool, m.money,
    cast(m.quantity as varchar) as quantity, m.moment, m.kind, m.address, m.txid, m.link
from moved as m
order by m.entry, m.class, m.ledger_account, m.asset
"""
_BALANCES = """
select asset, sum(quantity) as quantity from (
    select l.asset, l.quantity from legs as l where l.class = 'assets' and l.counted
    union all select p.asset, p.quantity from plain as p
)
group by asset
"""


class Part(NamedTuple):
    """One pool's units that an entry moved at a place, in 10^-18; ``moment`` in microseconds, ``place`` source:account.

    ``money`` is what a purchase or sale was paid with, ``other`` the other side of a swap: pool and units, without
    sign. Of a fee in the very asset that was traded ``money`` is the trade's, for ``per`` units of it. ``fees`` are
    taken for it: pool, units, and whether that is money; money may be given back instead, which is below zero.
    ``transfer`` names a move between own places. ``address`` and ``txid`` are the row's, where it has them.
    """

    entry: int
    id: str
    moment: int
    source: str
    place: str
    asset: str
    pool: str
    quantity: int
    activity: str
    kind: str
    address: str
    txid: str
    money: tuple[str, int] | None = None
    per: int = 0
    other: tuple[str, int] | None = None
    fees: tuple[tuple[str, int, bool], ...] = ()
    transfer: str = ""


class Trade(NamedTuple):
    """A purchase (``quantity`` above 0) or sale against money, with a fee in that money; in 10^-18.

    ``paid`` has no sign; a ``fee`` below 0 was given back.
    """

    id: str
    moment: int
    place: str
    currency: str
    quantity: int
    paid: int
    fee: int


class Trades(NamedTuple):
    """Trades in columns, those of Trade."""

    ids: list[str]
    moments: list[int]
    places: list[str]
    currencies: list[str]
    quantities: list[int]
    paid: list[int]
    fees: list[int]


class _Leg(NamedTuple):
    entry: int
    id: str
    source: str
    account: str | None
    ledger_account: str
    cls: str
    asset: str
    pool: str
    money: bool
    quantity: int
    moment: int
    kind: str
    address: str
    txid: str
    link: str | None


def prepare(copy: DuckDBPyConnection, pools: Mapping[str, str], money: Collection[str]) -> None:
    """Makes the table that parts are read from. ``money``: the assets that are no units but what pays."""
    asked = {"assets": [*pools], "pools": [*pools.values()], "money": sorted(money)}
    copy.execute(_MOVED.format(name=_NAME), asked)


def traded(copy: DuckDBPyConnection, pools: Mapping[str, str]) -> dict[str, list[str]]:
    """The assets that plain trades are of, by their pool."""
    found: dict[str, list[str]] = {}
    for (asset,) in copy.execute("select distinct asset from plain order by asset").fetchall():
        found.setdefault(pools.get(asset, asset), []).append(asset)
    return found


def plain_trades(copy: DuckDBPyConnection, assets: Sequence[str], end: int) -> Iterator[Trades]:
    """The plain trades of these assets before a moment, in the order of recon.core.lots.order."""
    asked = copy.cursor().sql(_OF_POOL.format(name=_NAME), params={"assets": assets, "end": end})
    for batch in asked.to_arrow_reader(65_536):
        yield Trades(*(batch.column(place).to_pylist() for place in range(4)), *map(units, batch.columns[4:]))


def plain_sums(copy: DuckDBPyConnection, assets: Sequence[str], end: int) -> tuple[int, int]:
    """The units that arrived and that left by the plain trades of these assets before a moment."""
    sums = copy.execute(_SUMS, {"assets": assets, "end": end}).fetchone()
    assert sums is not None
    return scaled(sums[0]), scaled(sums[1])


def plain_trades_named(copy: DuckDBPyConnection, names: Collection[str]) -> Iterator[tuple[int, str, Trade]]:
    """The plain trades of these ids, each with its entry and its asset."""
    for entry, *told, asset in copy.execute(_NAMED.format(name=_NAME), {"ids": sorted(names)}).fetchall():
        yield entry, asset, Trade._make([*told[:4], *map(scaled, told[4:])])


def balances(copy: DuckDBPyConnection, pools: Mapping[str, str]) -> dict[str, int]:
    """What the ledger holds of each pool."""
    found: dict[str, int] = {}
    for asset, quantity in copy.execute(_BALANCES).fetchall():
        pool = pools.get(asset, asset)
        found[pool] = found.get(pool, 0) + scaled(quantity)
    return found


def scaled(quantity: Decimal) -> int:
    """A quantity as a whole number of 10^-18."""
    with exact():
        return int(quantity.scaleb(FRACTION_DIGITS))


def number(units: int) -> Decimal:
    """A whole number of 10^-18 as a quantity."""
    with exact():
        return Decimal(units).scaleb(-FRACTION_DIGITS)


def units(column: pa.Array) -> list[int]:
    """A column of DECIMAL(p, 18) as whole numbers of 10^-18: its own 128 bits, without a Decimal for each."""
    words = pa.Array.from_buffers(
        pa.int64(), 2 * (len(column) + column.offset), [None, column.buffers()[1]]
    ).to_pylist()[2 * column.offset :]
    return [
        (high << 64) + (low & 0xFFFF_FFFF_FFFF_FFFF)
        for low, high in zip(words[::2], words[1::2], strict=True)
    ]


def parts(copy: DuckDBPyConnection) -> Iterator[Part]:
    """The parts of all entries that have legs."""
    rows = copy.cursor().execute(_OTHERS)
    legs = (
        _Leg._make((*row[:9], int(row[9].replace(".", "")), *row[10:]))
        for fetched in iter(lambda: rows.fetchmany(10_000), [])
        for row in fetched
    )
    for _, of_entry in groupby(legs, attrgetter("entry")):
        yield from _named(_of_entry([*of_entry]))


def _named(found: Iterator[Part]) -> Iterator[Part]:
    """The parts of an entry, each with an id of its own: what left first, and further ones with their asset."""
    taken: set[str] = set()
    for one in sorted(found, key=lambda part: part.quantity > 0):
        name = one.id if one.id not in taken else f"{one.id}-{one.asset}"
        taken.add(name)
        yield one if name == one.id else one._replace(id=name)


def _of_entry(legs: Sequence[_Leg]) -> Iterator[Part]:
    """What an entry did to units: a trade's sides, its fees, and everything else one by one."""
    own = [one for one in legs if one.cls == "assets"]
    others = [one for one in legs if one.cls != "assets" and any(held.asset == one.asset for held in own)]
    if len({one.asset for one in own}) < len(own):
        yield from _between(own, others)
        return
    place = {one.asset: one for one in own}
    traded = [one for one in others if one.cls == "trading"]
    fees = tuple(
        (one.pool, one.quantity, one.money)
        for one in others
        if one.cls == "fees" and (one.quantity > 0 or one.money)
    )
    priced: dict[str, Part] = {}
    for one in traded:
        if not one.money:
            part = _trade(place[one.asset], one, [it for it in traded if it is not one], fees)
            priced[one.pool] = part
            yield part
            # of two sides that are units the one that leaves bears the fee
            fees = fees if _is_swap(traded) and one.quantity < 0 else ()
    beside = TRANSFER_FEE if any(one.cls in ("external", TRANSIT) for one in others) else FEE
    for one in others:
        if one.money or one.cls == "trading":
            continue
        if one.cls == "fees" and one.quantity > 0:
            trade = priced.get(one.pool)
            fee = _part(place[one.asset], one, beside)._replace(id=f"{one.id}-fee")
            yield fee if trade is None else fee._replace(money=trade.money, per=abs(trade.quantity))
        else:
            yield _part(place[one.asset], one, _activity(one))


def _is_swap(traded: Sequence[_Leg]) -> bool:
    return len(traded) == 2 and not any(one.money for one in traded)


def _trade(own: _Leg, one: _Leg, rest: Sequence[_Leg], fees: tuple[tuple[str, int, bool], ...]) -> Part:
    """One side of a trade that is units. With one other side it is a purchase, a sale or a swap."""
    arrives = one.quantity < 0
    against = rest[0] if len(rest) == 1 and (rest[0].quantity > 0) == arrives else None
    if against is not None and against.money:
        part = _part(own, one, PURCHASE if arrives else SALE)
        return part._replace(money=(against.pool, abs(against.quantity)), fees=fees)
    if against is not None and against.pool == one.pool and against.quantity == -one.quantity:
        # one asset by two codes: it was only moved from one to the other
        return _part(own, one, TRANSFER)._replace(transfer=one.id)
    part = _part(own, one, SWAP_IN if arrives else SWAP_OUT)
    taken = () if arrives and against is not None else fees
    return part._replace(other=None if against is None else (against.pool, abs(against.quantity)), fees=taken)


def _between(own: Sequence[_Leg], others: Sequence[_Leg]) -> Iterator[Part]:
    """An entry that touches one asset in several own places: between them, or, with more to it, an adjustment."""
    for asset, legs in groupby(sorted(own, key=lambda one: (one.asset, one.quantity)), attrgetter("asset")):
        within = not any(other.asset == asset for other in others)
        for one in legs:
            if not one.money:
                turned = one._replace(quantity=-one.quantity)
                part = _part(one, turned, TRANSFER if within else ADJUSTMENT)
                yield part._replace(transfer=one.id if within else "", id=f"{one.id}-{one.account}")


def _part(own: _Leg, contra: _Leg, activity: str) -> Part:
    """Units at an own place, by the leg against it."""
    transfer = ""
    if activity == TRANSFER:
        transfer = contra.link or TRANSIT
    return Part(
        entry=own.entry,
        id=own.id,
        moment=own.moment,
        source=own.source,
        place=f"{own.source}:{own.account}",
        asset=own.asset,
        pool=own.pool,
        quantity=-contra.quantity,
        activity=activity,
        kind=own.kind,
        address=own.address,
        txid=own.txid,
        transfer=transfer,
    )


def _activity(contra: _Leg) -> str:
    """What units did by the account on the other side, where that is neither trade nor fee."""
    arrives = contra.quantity < 0
    match contra.cls:
        case "external" if contra.kind == "gift":
            return GIFT_IN if arrives else GIFT_OUT
        case "external":
            return DEPOSIT if arrives else WITHDRAWAL
        case "transit":
            return TRANSFER
        case "income" | "fees":  # a fee given back is income
            kind = contra.ledger_account.rpartition(":")[2] if contra.cls == "income" else "rebate"
            return f"{INCOME}: {kind if kind in INCOMES else 'other'}" if arrives else FEE
        case "loans":
            return LOAN_IN if arrives else LOAN_OUT
        case "opening":
            return OPENING
        case "adjustments":
            return ADJUSTMENT
    return UNKNOWN
