"""Fees taken in the other currency of a trade: one rule that closes several assets of an account."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._differences import CERTAIN, explanations, values
from recon.checks._figures import taken
from recon.checks._values import Difference, FeeRule, Leg
from recon.core.money import ROUNDINGS, ZERO, exact, round_to
from recon.core.records import Rate
from recon.core.times import aware

MOST_TRADES = 20_000
"""An account with more trades over the time of its differences is not tried."""

_TRADES = """
with sides as (
    select l.entry, l.source, l.at, l.kind,
        max(case when l.class = 'assets' then l.account end) as account,
        count(case when l.class = 'trading' then 1 end) as sides,
        max(case when l.class = 'fees' then l.asset end) as fee_asset,
        count(case when l.class = 'fees' then 1 end) as fees,
        max(case when l.class = 'fees' then l.quantity end) as fee
    from legs as l
    where l.live and l.source = $1 and l.entry > $3 and l.entry <= $4
    group by l.entry, l.source, l.at, l.kind
    having count(case when l.class = 'trading' then 1 end) = 2 and count(case when l.class = 'fees' then 1 end) = 1
)
select s.entry, s.at, s.kind, s.fee_asset, s.fee, abs(f.quantity), o.asset, abs(o.quantity)
from sides as s
join legs as f on f.entry = s.entry and f.class = 'trading' and f.asset = s.fee_asset
join legs as o on o.entry = s.entry and o.class = 'trading' and o.asset <> s.fee_asset
where s.account = $2
order by s.entry
limit $5
"""


class Trade(NamedTuple):
    """A trade with its fee, and what it moved of the asset in which the fee was taken and of the other one."""

    leg: Leg
    fee_asset: str
    fee: Decimal
    paid: Decimal
    other: str
    other_paid: Decimal


def fee_rules(
    connection: DuckDBPyConnection, differences: Sequence[Difference]
) -> list[tuple[FeeRule, list[int]]]:
    """Each rule that explains differences, with the places of those in the list, the first of them to be shown."""
    accounts: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(differences):
        if one.rest and one.found.source is not None and one.found.account is not None:
            accounts.setdefault((one.found.source, one.found.account), []).append(number)
    found = []
    for place, numbers in accounts.items():
        ones = [differences[number] for number in numbers]
        if len({one.found.asset for one in ones}) > 1 and any(_taken_elsewhere(one) for one in ones):
            trades = _trades(connection, place, ones)
            if trades is not None:
                found += [(rule, [numbers[each] for each in which]) for rule, which in rules(ones, trades)]
    return found


def rules(ones: Sequence[Difference], trades: Sequence[Trade]) -> list[tuple[FeeRule, list[int]]]:
    """The rule under which all differences of an account close; else each trade that alone closes two of them."""
    kinds = sorted({trade.leg.kind for trade in trades})
    for kind in (None, *kinds):
        chosen = [trade for trade in trades if kind in {None, trade.leg.kind}]
        whole = f" of the kind {kind}" if kind and len(kinds) > 1 else ""
        if len(chosen) > 1 and (rule := _closes(ones, chosen, len(kinds) + 1, whole or " that took one")):
            return [(rule, list(range(len(ones))))]
    found: list[tuple[FeeRule, list[int]]] = []
    used: set[int] = set()
    for trade in trades:
        numbers = [
            number
            for number, one in enumerate(ones)
            if number not in used and _holds(one, trade) and one.found.asset in {trade.fee_asset, trade.other}
        ]
        if len(numbers) == 2 and any(ones[number].rest == trade.fee for number in numbers):
            rule = _closes([ones[number] for number in numbers], [trade], len(trades), "")
            if rule is not None:
                used |= {*numbers}
                found.append((rule, numbers))
    return found


def rate_of(trade: Trade, rates: Sequence[Rate], decimals: int) -> Decimal | None:
    """The rate of its fee: a known one, else the one with the fewest digits that rounds to it at these decimals."""
    tried = [one.rate for one in rates if one.rate]
    if trade.paid:
        tried += [round_to(_part(trade.fee, trade.paid), places, "half_even") for places in range(2, 9)]
    return next((rate for rate in tried if rate and trade.fee in taken(trade.paid, rate, decimals)), None)


def _taken_elsewhere(one: Difference) -> bool:
    return any(each.how in {"fee_elsewhere", "group"} for each in explanations(one))


def _closes(ones: Sequence[Difference], trades: Sequence[Trade], tried: int, which: str) -> FeeRule | None:
    """Whether these trades' fees, taken in the other currency, move exactly the differences, and chance is no cause."""
    places = {one.found.asset or "": one.decimals for one in ones}
    rates = ones[0].rates
    for rounding in ROUNDINGS:
        moved: dict[int, Decimal] = {}
        if not all(_move(moved, ones, trade, places, rates, rounding) for trade in trades):
            continue
        if len(moved) == len(ones) and all(moved[number] == one.rest for number, one in enumerate(ones)):
            chance = 1
            for one in ones:
                chance *= values(one)
            if tried * len(ROUNDINGS) * CERTAIN <= chance:
                amounts = tuple((one.found.asset or "", one.rest) for one in ones)
                return FeeRule(len(trades), which, amounts, tuple(trade.leg for trade in trades[:20]))
    return None


def _move(
    moved: dict[int, Decimal],
    ones: Sequence[Difference],
    trade: Trade,
    places: Mapping[str, int],
    rates: Sequence[Rate],
    rounding: str,
) -> bool:
    """Adds what the other rule moves of each difference; False where it moves what does not differ."""
    if not {trade.fee_asset, trade.other} <= set(places):
        return False
    rate = rate_of(trade, rates, places[trade.fee_asset])
    if rate is None:
        return False
    with exact():
        elsewhere = round_to(trade.other_paid * rate, places[trade.other], rounding)
        parts = ((trade.fee_asset, trade.fee), (trade.other, elsewhere.copy_negate()))
        for asset, amount in parts:
            number = next(
                (n for n, one in enumerate(ones) if one.found.asset == asset and _holds(one, trade)), None
            )
            if number is None:
                return False
            moved[number] = moved.get(number, ZERO) + amount
    return True


def _holds(one: Difference, trade: Trade) -> bool:
    return one.found.since_entry < trade.leg.entry <= one.found.until_entry


def _trades(
    connection: DuckDBPyConnection, place: tuple[str, str], ones: Sequence[Difference]
) -> list[Trade] | None:
    first = min(one.found.since_entry for one in ones)
    last = max(one.found.known_entry for one in ones)
    rows = connection.execute(_TRADES, [*place, first, last, MOST_TRADES + 1]).fetchall()
    if len(rows) > MOST_TRADES:
        return None
    return [
        Trade(
            Leg(0, entry, aware(at), kind, fee.copy_negate(), None, suspended=False),
            asset,
            fee,
            paid,
            *other,
        )
        for entry, at, kind, asset, fee, paid, *other in rows
    ]


def _part(fee: Decimal, paid: Decimal) -> Decimal:
    """What part the fee is, to 12 digits, which is enough to find the rate that was meant."""
    whole, part = (int(each.scaleb(18)) for each in (paid, fee))
    return Decimal(part * 10**12 // whole).scaleb(-12)
