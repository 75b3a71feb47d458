"""Fee tiers from outside: a trade between two looks at one tier is held to it."""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import House, house
from tests.contract.outside import recon


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "egera") as found:
        found.egera.books["account"] = {"fee": {"maker": "30", "taker": "50"}}
        found.egera.books["deposits"]["btc"].pop()
        recon(tmp_path, "pull")
        yield found


def _trade_now(made: House, **changes: str) -> None:
    """One more trade, of this moment, for which nothing moves in the balances but what it takes and brings."""
    books = made.egera.books
    trade = {
        "currency1": "btc", "currency2": "pln", "amount": "0.10000000", "time_close": time.time_ns() // 1_000_000,
        "price": "1000.00", "fee_taker": "50", "fee_maker": "30", "type": "bid", "action": "close", **changes,
    }  # fmt: skip
    books["trades"].append(trade)
    fee = Decimal(str(trade["fee_taker" if trade["action"] == "close" else "fee_maker"])) / 100
    books["balances"]["BTC"]["active"] = f"{Decimal(books['balances']['BTC']['active']) + Decimal('0.1'):.8f}"
    books["balances"]["PLN"]["active"] = f"{Decimal(books['balances']['PLN']['active']) - 100 - fee:.2f}"


def _pulled(made: House, code: int) -> dict[str, Any]:
    recon(made.folder, "pull")
    found: dict[str, Any] = recon(made.folder, "reconcile", "all", "--json", code=code).json
    return found


def _tested(found: dict[str, Any]) -> int:
    return next(int(one["tested"]) for one in found["checks"] if one["check"] == "volumes")


def test_a_trade_at_another_rate_than_the_tier_before_and_after_it_is_a_warning(made: House) -> None:
    _trade_now(made)
    _trade_now(made, fee_taker="280", action="open")  # the other party's rate is no concern of ours
    found = _pulled(made, 0)
    assert (found["breaks"], _tested(found)) == ([], 3)  # two trades and a volume
    _trade_now(made, fee_taker="60")
    found = _pulled(made, 3)
    (one,) = found["breaks"]
    assert (one["check"], one["severity"], one["source"], _tested(found)) == (
        "volumes",
        "warning",
        "egera",
        4,
    )
    assert (
        "were charged 60 (taker, in the unit of the venue) where the fee tier in force says 50"
        in (one["diagnosis"]["text"])
    )
    (record,) = one["diagnosis"]["records"]
    assert '"fee_taker":"60"' in record["data"]


def test_a_trade_between_two_tiers_is_not_judged(made: House) -> None:
    _trade_now(made, fee_taker="60")
    made.egera.books["account"]["fee"]["taker"] = "60"
    assert _tested(_pulled(made, 0)) == 1


def test_a_volume_that_counts_a_trade_more_than_is_listed_is_a_warning(made: House) -> None:
    made.egera.books["volumes"] = [{"amount": "0.30000000", "currency": "btc"}]
    found = _pulled(made, 3)
    (one,) = found["breaks"]
    assert (one["check"], one["asset"], one["expected"], one["actual"]) == ("volumes", "BTC", "0.1", "0.3")
    made.egera.books["volumes"] = [{"amount": False, "currency": "btc"}, {"amount": "7", "currency": "ltc"}]
    assert _pulled(made, 0)["breaks"] == []
