"""The sample data: made again byte for byte, and every balance computed anew from the rows alone."""

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import pairwise
from pathlib import Path

import pytest

from recon.demo.venues import Books, load_all, sample_path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("egera.json", "cryptofuse.json", "ethgas.json", "broker.csv")
# The quarter in UTC; two hours less at its end, so that it is the quarter in Warsaw too.
FIRST_S, END_S = 1735689600, 1743465600 - 7200
EXACT = Context(prec=60)
SMALLEST = {"pln": Decimal("0.01"), "eur": Decimal("0.01"), "btc": Decimal("1e-8")}


@pytest.fixture(scope="module")
def books() -> dict[str, Books]:
    return load_all()


def egera_changes(egera: Books, rounding: str = ROUND_HALF_UP) -> list[tuple[int, str, Decimal]]:
    """Time, currency and change of balance of everything that moved."""
    changes = []
    for sign, kind in ((1, "deposits"), (-1, "withdrawals")):
        for currency, rows in egera[kind].items():
            changes += [
                (int(row["time"]), currency, sign * Decimal(row["amount"]))
                for row in rows
                if row["state"] == "1"
            ]
    for row in egera["trades"]:
        at, quote, side = row["time_close"], row["currency2"], {"bid": 1, "ask": -1}[row["type"]]
        rate = Decimal(row[{"open": "fee_maker", "close": "fee_taker"}[row["action"]]]) / 10000
        value = (Decimal(row["amount"]) * Decimal(row["price"])).quantize(SMALLEST[quote], rounding)
        fee = (value * rate).quantize(SMALLEST[quote], rounding)
        changes += [(at, row["currency1"], side * Decimal(row["amount"]))]
        changes += [(at, quote, -side * value), (at, quote, -fee)]
    return changes


def sums(changes: list[tuple[int, str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for _, currency, change in changes:
        totals[currency] += change
    return totals


def fuse_change(row: dict[str, str]) -> Decimal:
    return Decimal(row["amount"]) * {"deposit": 1, "withdrawal": -1}[row["type"]]


def test_the_generator_writes_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-B", ROOT / "sample_data" / "generate.py", tmp_path], check=True)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (sample_path() / name).read_bytes()


def test_the_files_stay_small_and_hold_one_row_a_line() -> None:
    texts = [(sample_path() / name).read_text(encoding="utf-8") for name in FILES]
    assert sum(len(text.encode()) for text in texts) < 1_500_000
    for text in texts:
        assert all(line.count('"time_close"') + line.count('"trxId"') <= 1 for line in text.splitlines())


def test_the_quarter_holds_about_two_thousand_trades(books: dict[str, Books]) -> None:
    gas_trades = [row for row in books["ethgas"]["txs"] if row["type"] in {1, 2, 10}]
    assert 1150 <= len(books["egera"]["trades"]) <= 1250
    assert len(gas_trades) == 800
    assert 230 <= len(books["cryptofuse"]["history"]) <= 270


def test_everything_happens_inside_the_quarter(books: dict[str, Books]) -> None:
    times = [row["time_close"] for row in books["egera"]["trades"]]
    for kind in ("deposits", "withdrawals"):
        times += [int(row["time"]) for rows in books["egera"][kind].values() for row in rows]
    times += [row["createDate"] // 1000 for row in books["ethgas"]["txs"]]
    assert all(FIRST_S <= at < END_S for at in times)
    stamps = [row["timestamp"] for row in books["cryptofuse"]["history"]]
    assert all("2025-01-01T00:00:00Z" <= stamp < "2025-03-31T22:00:00Z" for stamp in stamps)


def test_egera_balances_follow_from_the_rows(books: dict[str, Books]) -> None:
    totals = sums(egera_changes(books["egera"]))
    stated = {
        name.lower(): Decimal(balance["active"]) + Decimal(balance["inactive"])
        for name, balance in books["egera"]["balances"].items()
    }
    assert stated == {currency: totals[currency] for currency in stated}
    assert set(totals) <= set(stated)


def test_egera_balances_tell_one_rounding_from_the_other(books: dict[str, Books]) -> None:
    half_even = sums(egera_changes(books["egera"], ROUND_HALF_EVEN))
    assert half_even["pln"] != sums(egera_changes(books["egera"]))["pln"]


def test_egera_is_never_overdrawn_even_if_debits_come_first(books: dict[str, Books]) -> None:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for _, currency, change in sorted(egera_changes(books["egera"])):
        totals[currency] += change
        assert totals[currency] >= 0


def test_egera_locks_what_its_open_offers_need(books: dict[str, Books]) -> None:
    needs: dict[str, Decimal] = defaultdict(Decimal)
    for offer in books["egera"]["offers"]:
        amount = Decimal(offer["amount"])
        if offer["offertype"] == "ask":
            needs[offer["currency1"].upper()] += amount
        else:
            needs[offer["currency2"].upper()] += amount * Decimal(offer["price"])
    for name, balance in books["egera"]["balances"].items():
        assert Decimal(balance["inactive"]) == needs[name]
        assert Decimal(balance["active"]) >= 0


def test_egera_has_one_pending_withdrawal_of_the_last_two_days(books: dict[str, Books]) -> None:
    rows = [row for rows in books["egera"]["withdrawals"].values() for row in rows if row["state"] != "1"]
    assert [(row["state"], row["tx"]) for row in rows] == [("0", "")]
    assert 1743465600 - 2 * 86400 <= int(rows[0]["time"]) < END_S


def test_egera_lists_ascend_and_its_trades_hold_makers_takers_and_true_twins(books: dict[str, Books]) -> None:
    trades = books["egera"]["trades"]
    assert all(before["time_close"] <= after["time_close"] for before, after in pairwise(trades))
    for kind in ("deposits", "withdrawals"):
        for rows in books["egera"][kind].values():
            assert all(int(before["time"]) < int(after["time"]) for before, after in pairwise(rows))
    kinds = Counter((row["type"], row["action"]) for row in trades)
    assert len(kinds) == 4
    assert min(kinds.values()) > 100
    assert len({(row["currency1"], row["currency2"]) for row in trades}) == 5
    assert sum(count - 1 for count in Counter(tuple(row.items()) for row in trades).values()) >= 5


def test_egera_charges_its_own_fee_tier_on_the_side_that_applies(books: dict[str, Books]) -> None:
    tier = books["egera"]["account"]["fee"]
    for row in books["egera"]["trades"]:
        side = {"open": "maker", "close": "taker"}[row["action"]]
        assert row[f"fee_{side}"] == tier[side]


def test_cryptofuse_chains_per_currency_and_ends_in_its_balances(books: dict[str, Books]) -> None:
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for row in reversed(books["cryptofuse"]["history"]):
        with localcontext(EXACT):
            balances[row["currency"]] += fuse_change(row)
        assert balances[row["currency"]] == Decimal(row["balance_after"])
        assert balances[row["currency"]] >= 0
    stated = books["cryptofuse"]["balances"]
    assert {code: Decimal(amount) for code, amount in stated["account"].items()} == balances
    assert stated["sub_accounts"] == {}


def test_cryptofuse_counts_agree_with_its_rows(books: dict[str, Books]) -> None:
    kinds = Counter(row["type"] for row in books["cryptofuse"]["history"])
    counted = {"total_deposits": kinds["deposit"], "total_withdrawals": kinds["withdrawal"]}
    assert books["cryptofuse"]["balances"]["statistics"] == counted


def test_cryptofuse_is_served_newest_first_with_twins_in_one_second(books: dict[str, Books]) -> None:
    history = books["cryptofuse"]["history"]
    assert all(newer["timestamp"] >= older["timestamp"] for newer, older in pairwise(history))
    fields = ("timestamp", "currency", "type", "amount")
    likenesses = Counter(tuple(row[name] for name in fields) for row in history)
    assert sum(count == 2 for count in likenesses.values()) >= 3
    assert max(Counter(row["timestamp"] for row in history).values()) >= 3
    assert len({tuple(row.items()) for row in history}) == len(history)


def test_cryptofuse_prints_six_decimals_for_stablecoins_and_up_to_18_for_ether(
    books: dict[str, Books],
) -> None:
    lengths: dict[str, set[int]] = defaultdict(set)
    for row in books["cryptofuse"]["history"]:
        lengths[row["currency"]] |= {len(row[name].partition(".")[2]) for name in ("amount", "balance_after")}
    assert lengths["USDTERC20"] == lengths["USDCERC20"] == {6}
    assert max(lengths["ETH"]) == 18


def test_ethgas_chains_per_account_and_ends_in_its_quantities(books: dict[str, Books]) -> None:
    balances: dict[int, Decimal] = defaultdict(Decimal)
    with localcontext(EXACT):
        for row in books["ethgas"]["txs"]:
            balances[row["accountId"]] += Decimal(row["quantity"])
            assert balances[row["accountId"]] == Decimal(row["balance"])
            assert balances[row["accountId"]] >= 0
        for account in books["ethgas"]["accounts"]:
            (token,) = account["tokens"]
            assert Decimal(token["quantity"]) == balances[account["accountId"]]
            free = Decimal(token["quantity"]) - Decimal(token["lockedQuantity"])
            assert Decimal(token["availableQuantity"]) == free
    locked = [Decimal(account["tokens"][0]["lockedQuantity"]) > 0 for account in books["ethgas"]["accounts"]]
    assert locked == [False, True]


def test_ethgas_ids_rise_in_time_and_have_gaps(books: dict[str, Books]) -> None:
    steps = [
        (after["trxId"] - before["trxId"], after["createDate"] - before["createDate"])
        for before, after in pairwise(books["ethgas"]["txs"])
    ]
    assert all(step > 0 and passed >= 0 for step, passed in steps)
    assert sum(step > 1 for step, _ in steps) > 100


def test_every_ethgas_trade_is_followed_by_its_fee(books: dict[str, Books]) -> None:
    rows = books["ethgas"]["txs"]
    trades = [place for place, row in enumerate(rows) if row["type"] in {1, 2, 10}]
    for place in trades:
        trade, fee = rows[place], rows[place + 1]
        assert (fee["type"], fee["trxId"], fee["accountId"]) == (15, trade["trxId"] + 1, trade["accountId"])
        assert fee["createDate"] == trade["createDate"]
        assert Decimal(fee["quantity"]) < 0
        assert {1: -1, 2: 1}.get(trade["type"], 0) * Decimal(trade["quantity"]) >= 0
    assert sum(row["type"] == 15 for row in rows) == len(trades)
    assert {row["type"] for row in rows} == {1, 2, 5, 6, 7, 8, 9, 10, 14, 15}


def test_moves_between_ethgas_accounts_come_to_nothing(books: dict[str, Books]) -> None:
    legs = [Decimal(row["quantity"]) for row in books["ethgas"]["txs"] if row["type"] in {6, 7}]
    assert len(legs) >= 12
    assert sum(legs) == 0


def test_hashes_are_stated_once_by_each_venue(books: dict[str, Books]) -> None:
    for kind, name in (("deposits", "type"), ("withdrawals", "tx")):
        hashes = [row[name] for rows in books["egera"][kind].values() for row in rows if row["state"] == "1"]
        assert all(hashes)
        assert len(set(hashes)) == len(hashes)


def test_the_brokers_balances_follow_from_its_rows() -> None:
    with (sample_path() / "broker.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sign = 1 if row["kind"] in {"deposit", "buy", "transfer_in", "income"} else -1
        balances[row["account"], row["asset"]] += sign * Decimal(row["quantity"])
        if row["kind"] in {"buy", "sell"}:
            balances[row["account"], row["quote_asset"]] -= sign * Decimal(row["quote_quantity"])
        if row["fee_asset"]:
            balances[row["account"], row["fee_asset"]] -= Decimal(row["fee_quantity"])
        assert balances[row["account"], row["asset"]] == Decimal(row["balance_after"])
        assert min(balances.values()) >= 0
    assert len(rows) == len({row["id"] for row in rows}) == 40
    assert len({row["kind"] for row in rows}) == 8
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
