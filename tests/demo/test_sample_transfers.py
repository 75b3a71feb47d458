"""The moves between venues in the sample data: each pairs one-to-one, and nothing else looks like one."""

from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from recon.demo.venues import Books, load_all

POOLS = {"USDTERC20": "USDT", "USDCERC20": "USDC"}


class Movement(NamedTuple):
    venue: str
    pool: str
    amount: Decimal
    at: int
    arrives: bool


def movements(books: dict[str, Books]) -> list[Movement]:
    """Every deposit and withdrawal of the three venues."""
    found = []
    for kind in ("deposits", "withdrawals"):
        for currency, rows in books["egera"][kind].items():
            found += [
                Movement(
                    "egera", currency.upper(), Decimal(row["amount"]), int(row["time"]), kind == "deposits"
                )
                for row in rows
            ]
    for row in books["cryptofuse"]["history"]:
        at = int(datetime.fromisoformat(row["timestamp"]).timestamp())
        pool = POOLS.get(row["currency"], row["currency"])
        found.append(Movement("cryptofuse", pool, Decimal(row["amount"]), at, row["type"] == "deposit"))
    for row in books["ethgas"]["txs"]:
        if row["type"] in {8, 9}:
            amount, at = abs(Decimal(row["quantity"])), row["createDate"] // 1000
            found.append(Movement("ethgas", "ETH", amount, at, row["type"] == 8))
    return found


def test_amounts_that_two_venues_share_are_exactly_the_transfers() -> None:
    pairs = []
    for one, other in combinations(movements(load_all()), 2):
        if one.venue != other.venue and (one.pool, one.amount) == (other.pool, other.amount):
            left, arrived = (other, one) if one.arrives else (one, other)
            assert arrived.arrives
            assert not left.arrives
            assert 0 < arrived.at - left.at < 3600
            assert arrived.at // 86400 == left.at // 86400
            pairs.append((left, arrived))
    assert len(pairs) == 9
    assert len({place for pair in pairs for place in pair}) == 18
    routes = {(left.venue, arrived.venue) for left, arrived in pairs}
    assert {("egera", "cryptofuse"), ("egera", "ethgas"), ("cryptofuse", "egera")} <= routes


def test_no_venue_pays_in_and_out_the_same_amount() -> None:
    seen = movements(load_all())
    arriving = {(place.venue, place.pool, place.amount) for place in seen if place.arrives}
    leaving = [(place.venue, place.pool, place.amount) for place in seen if not place.arrives]
    assert arriving.isdisjoint(leaving)
    assert len(set(leaving)) == len(leaving)


def test_egera_sends_its_transfers_to_addresses_that_the_other_venues_own() -> None:
    books = load_all()
    owned = {*books["cryptofuse"]["addresses"].values(), *books["ethgas"]["addresses"].values()}
    sent = [row for rows in books["egera"]["withdrawals"].values() for row in rows if row["address"] in owned]
    assert len(sent) == 4
    assert all(row["tx"] and row["state"] == "1" for row in sent)
