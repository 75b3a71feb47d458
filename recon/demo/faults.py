"""Three faults for the demo: each takes the books of all venues and gives new books with one row gone.

Only the row goes: balances, running balances and the venue's own counts stay as they were. The victim is the
middle one of the candidates in March 2025, so that it is the same on every machine. A deposit that is the
arriving half of a transfer between two venues is no candidate, since its absence would show as two problems.
"""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from recon.demo.venues import Books

AllBooks = dict[str, Books]
MARCH_S = range(1740787200, 1743465600)
"""2025-03-01 to 2025-04-01 in UTC, in seconds since 1970."""

FEE, WITHDRAWAL = 15, 9
"""Transaction types of the ETHGas ledger."""


def drop_cryptofuse_deposit(books: AllBooks) -> AllBooks:
    """The history lacks one customer's USDT deposit, and ``total`` with it; the balances stay."""
    history = books["cryptofuse"]["history"]
    amounts = Counter((row["currency"], row["amount"]) for row in history)
    leaving = _amounts_leaving(books)
    candidates = [
        place
        for place, row in enumerate(history)
        if row["timestamp"].startswith("2025-03-")
        and (row["type"], row["currency"]) == ("deposit", "USDTERC20")
        and amounts[row["currency"], row["amount"]] == 1
        and Decimal(row["amount"]) not in leaving
    ]
    return _without(books, candidates, "cryptofuse", "history")


def drop_ethgas_fee(books: AllBooks) -> AllBooks:
    """The ledger lacks the fee row of one trade; the balances after it and of the account stay."""
    candidates = [
        place
        for place, row in enumerate(books["ethgas"]["txs"])
        if row["type"] == FEE and row["createDate"] // 1000 in MARCH_S
    ]
    return _without(books, candidates, "ethgas", "txs")


def forget_egera_deposit(books: AllBooks) -> AllBooks:
    """The list of BTC deposits lacks one that had arrived; the balances stay."""
    leaving = _amounts_leaving(books)
    candidates = [
        place
        for place, row in enumerate(books["egera"]["deposits"]["btc"])
        if int(row["time"]) in MARCH_S and row["state"] == "1" and Decimal(row["amount"]) not in leaving
    ]
    return _without(books, candidates, "egera", "deposits", "btc")


FAULTS: dict[str, Callable[[AllBooks], AllBooks]] = {
    "cryptofuse-row-dropped": drop_cryptofuse_deposit,
    "ethgas-fee-missing": drop_ethgas_fee,
    "egera-deposit-forgotten": forget_egera_deposit,
}


def _amounts_leaving(books: AllBooks) -> set[Decimal]:
    amounts = {Decimal(row["amount"]) for rows in books["egera"]["withdrawals"].values() for row in rows}
    amounts |= {
        Decimal(row["amount"]) for row in books["cryptofuse"]["history"] if row["type"] == "withdrawal"
    }
    return amounts | {
        -Decimal(row["quantity"]) for row in books["ethgas"]["txs"] if row["type"] == WITHDRAWAL
    }


def _without(books: AllBooks, candidates: list[int], *keys: str) -> AllBooks:
    changed = deepcopy(books)
    rows: Any = changed
    for key in keys:
        rows = rows[key]
    del rows[candidates[len(candidates) // 2]]
    return changed
