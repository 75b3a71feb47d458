"""A broker's statement as a CSV file: two depots, about forty rows, each with the balance after it."""

import csv
import io
from decimal import Decimal
from random import Random
from typing import NamedTuple

from generator.world import dice, iso, moment, plain, rates, rounded, txid, wander

COLUMNS = (
    "timestamp",
    "kind",
    "account",
    "asset",
    "quantity",
    "quote_asset",
    "quote_quantity",
    "fee_asset",
    "fee_quantity",
    "balance_after",
    "txid",
    "id",
    "note",
)
MAIN, SAVINGS = "depot-1", "depot-2"


class Row(NamedTuple):
    """One row before its price, fee and balance are known."""

    at: str
    kind: str
    account: str
    asset: str
    quantity: str
    note: str = ""


ROWS = (
    Row("01-03 08:30:00", "deposit", MAIN, "PLN", "95000", "Zasilenie, przelew własny"),
    Row("01-03 10:12:41", "buy", MAIN, "BTC", "0.05"),
    Row("01-07 09:45:10", "buy", MAIN, "ETH", "1.2"),
    Row("01-09 14:20:33", "buy", MAIN, "BTC", "0.0375"),
    Row("01-14 11:02:08", "sell", MAIN, "BTC", "0.02"),
    Row("01-17 16:40:55", "buy", MAIN, "LTC", "12.5"),
    Row("01-21 08:15:19", "transfer_out", MAIN, "ETH", "0.4", "to savings"),
    Row("01-21 08:21:44", "transfer_in", SAVINGS, "ETH", "0.4", "from depot-1"),
    Row("01-24 13:33:02", "sell", MAIN, "LTC", "4"),
    Row("01-31 22:00:00", "fee", MAIN, "PLN", "29", "custody, January"),
    Row("02-01 06:00:00", "income", SAVINGS, "ETH", "0.000812345678901234", "staking"),
    Row("02-03 09:09:09", "deposit", MAIN, "PLN", "35000"),
    Row("02-04 10:30:27", "buy", MAIN, "ETH", "2.5"),
    Row("02-06 15:12:50", "buy", MAIN, "BTC", "0.031"),
    Row("02-10 11:48:36", "sell", MAIN, "ETH", "0.75"),
    Row("02-12 12:00:01", "deposit", MAIN, "BTC", "0.01250317", "from a customer"),
    Row("02-13 09:26:14", "sell", MAIN, "BTC", "0.0125"),
    Row("02-17 17:05:43", "buy", MAIN, "LTC", "6.75"),
    Row("02-19 08:00:30", "transfer_out", MAIN, "ETH", "1.1", "to savings"),
    Row("02-19 08:07:12", "transfer_in", SAVINGS, "ETH", "1.1", "from depot-1"),
    Row("02-21 14:14:14", "withdrawal", MAIN, "PLN", "12000", "Wypłata na rachunek firmowy"),
    Row("02-24 10:55:08", "buy", MAIN, "BTC", "0.02"),
    Row("02-26 16:37:21", "sell", MAIN, "LTC", "8.25"),
    Row("02-28 22:00:00", "fee", MAIN, "PLN", "29", "custody, February"),
    Row("03-01 06:00:00", "income", SAVINGS, "ETH", "0.002345678901234567", "staking"),
    Row("03-03 09:31:45", "buy", MAIN, "ETH", "1.8"),
    Row("03-05 13:20:06", "sell", MAIN, "BTC", "0.04"),
    Row("03-07 10:10:52", "buy", MAIN, "BTC", "0.025"),
    Row("03-10 08:44:29", "buy", MAIN, "BTC", "0.03"),
    Row("03-11 15:51:17", "withdrawal", MAIN, "ETH", "0.65", "supplier"),
    Row("03-13 11:11:38", "sell", MAIN, "ETH", "0.9"),
    Row("03-14 09:03:24", "deposit", MAIN, "PLN", "20000"),
    Row("03-17 12:29:55", "buy", MAIN, "ETH", "2.25"),
    Row("03-19 16:18:40", "sell", MAIN, "LTC", "3.5"),
    Row("03-21 10:36:13", "transfer_out", SAVINGS, "ETH", "0.5", "from savings"),
    Row("03-21 10:41:59", "transfer_in", MAIN, "ETH", "0.5", "to depot-1"),
    Row("03-25 14:07:31", "buy", MAIN, "BTC", "0.015"),
    Row("03-27 09:58:46", "sell", MAIN, "ETH", "1.6"),
    Row("03-28 22:00:00", "fee", MAIN, "PLN", "29", "custody, March"),
    Row("03-29 06:00:00", "income", SAVINGS, "ETH", "0.001987654321098765", "staking"),
)
ARRIVE = {"deposit", "transfer_in", "buy", "income"}


def _price(rng: Random, asset: str, at: int) -> Decimal:
    price_pln = {**rates(at), "ltc": rates(at)["eth"] / 25}
    return wander(rng, price_pln[asset.lower()], 4)


def table() -> str:
    """The whole file; times rise, every row has an id, and every balance follows from the rows."""
    rng = dice()
    balances: dict[tuple[str, str], Decimal] = {}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(ROWS, start=1):
        at, quantity = moment(row.at), Decimal(row.quantity)
        trades = row.kind in {"buy", "sell"}
        cells: dict[str, str] = {}
        changes = [(row.asset, quantity if row.kind in ARRIVE else -quantity)]
        if trades or row.kind == "income":
            value = rounded(quantity * _price(rng, row.asset, at), 2)
            cells |= {"quote_asset": "PLN", "quote_quantity": format(value, "f")}
        if trades:
            fee = rounded(value * Decimal("0.0019"), 2)
            cells |= {"fee_asset": "PLN", "fee_quantity": format(fee, "f")}
            changes += [("PLN", -value if row.kind == "buy" else value), ("PLN", -fee)]
        if row.kind == "withdrawal" and row.asset == "ETH":
            cells |= {"fee_asset": "ETH", "fee_quantity": "0.0008"}
            changes.append(("ETH", Decimal("-0.0008")))
        if row.kind in {"deposit", "withdrawal"} and row.asset != "PLN":
            cells["txid"] = txid(row.asset, f"broker {row.at}")
        for asset, change in changes:
            balances[row.account, asset] = balances.get((row.account, asset), Decimal(0)) + change
        named = {"timestamp": iso(at), **row._asdict(), "id": f"EX-{number:05d}"}
        del named["at"]
        writer.writerow({**named, **cells, "balance_after": plain(balances[row.account, row.asset])})
    return out.getvalue()
