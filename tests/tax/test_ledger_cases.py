"""Worked cases through the whole program: a broker's file, the ledger, units, values, lots, rules."""

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from recon.core.lots import UNIT
from recon.core.tax import Row as Disposal
from recon.core.times import EPOCH, MICROSECOND
from tests.tax._cases import Row, moment, rows, units
from tests.tax._ledgers import Line, ledger_of, of_its_price, taxed

NEAR = Fraction(1, 10**12)
METHODS = ("fifo", "lifo", "hifo", "lofo")


@pytest.mark.parametrize(
    "case", ["crypto_example", "test_data", "test_data2", "test_data3", "test_hifo", "test_many_year_data"]
)
def test_a_case_of_rp2_comes_out_of_the_ledger_as_rp2_says(case: str, tmp_path: Path) -> None:
    lines = of_its_price(case)
    assets = {line["asset"] for line in lines}
    years = {int(line["timestamp"][:4]) for line in lines}
    with ledger_of(tmp_path, lines, "USD") as (config, ledger):
        for method in METHODS:
            expected = [
                row
                for row in rows(f"rp2/{case}/expected_{method}.csv")
                if row["lot_id"] and row["asset"] in assets
            ]
            found: list[Disposal] = []
            for year in sorted(years):
                disposals, told = taxed(config, ledger, year, "generic", method)
                assert all(tie.holds for tie in told.ties)
                found += disposals
            _same(found, expected)


def _same(found: list[Disposal], expected: list[Row]) -> None:
    """By moment, asset and lot. RP2 spreads what a sale brought over its fee's units; here these have their own."""
    ours = {(one.asset, one.disposed_at, one.acquired_at): Counter[str]() for one in found}
    for one in found:
        assert one.proceeds is not None and one.cost is not None, one
        sums = ours[one.asset, one.disposed_at, one.acquired_at]
        sums.update(quantity=one.quantity, proceeds=one.proceeds, cost=one.cost)
    theirs = {
        (row["asset"], _micros(row["disposed_at"]), _micros(row["acquired_at"])): Counter[str]()
        for row in expected
    }
    for row in expected:
        sums = theirs[row["asset"], _micros(row["disposed_at"]), _micros(row["acquired_at"])]
        sums.update(quantity=units(row["quantity"]))
        sums.update({"cost": Fraction(row["cost_basis"]), "proceeds": Fraction(row["proceeds"])})
    assert ours.keys() == theirs.keys()
    for place, sums in theirs.items():
        assert ours[place]["quantity"] == sums["quantity"], place
        assert abs(Fraction(ours[place]["cost"], UNIT) - sums["cost"]) <= NEAR, place
    for disposal in {place[:2] for place in theirs}:
        brought, said = (
            sum(
                (Fraction(sums["proceeds"]) for place, sums in told.items() if place[:2] == disposal),
                Fraction(0),
            )
            for told in (ours, theirs)
        )
        assert abs(brought / UNIT - said) <= NEAR, disposal


def _micros(text: str) -> int:
    return (moment(text) - EPOCH) // MICROSECOND


def test_hmrcs_examples_come_out_of_the_ledger_as_the_manual_says(tmp_path: Path) -> None:
    lines = [
        {
            "timestamp": row["timestamp"], "kind": row["kind"], "account": row["case"],
            "asset": f"{row['case']}.{_code(row['asset'])}", "quantity": row["quantity"], "quote_asset": "GBP",
            "quote_quantity": row["value_gbp"], "fee_asset": "GBP" if row["fee_value_gbp"] else "",
            "fee_quantity": row["fee_value_gbp"], "id": row["event_id"],
        }
        for row in rows("uk_hmrc/events.csv")
    ]  # fmt: skip
    years = range(2016, 2024)
    with ledger_of(tmp_path, lines, "GBP", "Europe/London") as (config, ledger):
        found = [one for year in years for one in taxed(config, ledger, year, "uk")[0]]
    rules = {"same_day": "same day", "bed_and_breakfast": "30 days", "section_104": "section 104"}
    expected = {
        (
            f"{row['case']}.{_code(row['asset'])}",
            row["disposed_at"],
            rules[row["rule"]],
            row["acquired_at"],
        ): row
        for row in rows("uk_hmrc/expected.csv")
    }
    assert len(found) == len(expected)
    for one in found:
        row = expected[one.asset, str(one.disposed), one.rule, str(one.acquired or "")]
        assert one.quantity == units(row["quantity"])
        assert one.proceeds is not None and one.cost is not None
        gain = Fraction(one.proceeds - one.cost, UNIT)
        assert abs(gain - Fraction(row["gain"])) <= Fraction(1, 10**8), row


def _code(asset: str) -> str:
    return re.sub(r"[^A-Z0-9]", "-", asset.upper())


def test_wallets_of_their_own_move_lots_with_their_dates(tmp_path: Path) -> None:
    lines = [*_of_wallets("us_wallet_transfer_split")]
    with ledger_of(tmp_path, lines, "USD") as (config, ledger):
        found, told = taxed(config, ledger, 2026, "us")
    assert [(one.place, one.quantity, one.cost, one.term) for one in found] == [
        ("broker:A", units("0.5"), units("9000"), "long"),
        ("broker:A", units("0.75"), units("15000"), "short"),
        ("broker:B", units("1"), units("10000"), "long"),
        ("broker:B", units("0.5"), units("6000"), "long"),
    ]
    gains = {key[2]: sums.gain for key, sums in told.tally.sums.items()}
    assert gains == {"short": units("7500"), "long": units("35000")}


@pytest.mark.parametrize(("rules", "cost"), [("generic", "50000"), ("us", "70000")])
def test_what_wallet_by_wallet_changes(rules: str, cost: str, tmp_path: Path) -> None:
    lines = [*_of_wallets("us_wallet_3btc_kraken")]
    lines[-1] |= {"quote_asset": "USD", "quote_quantity": "80000"}  # the example names no price
    with ledger_of(tmp_path, lines, "USD") as (config, ledger):
        (one,), _ = taxed(config, ledger, 2025, rules)
    assert one.cost == units(cost)


def _of_wallets(case: str) -> Iterator[Line]:
    for row in rows("other/events.csv"):
        if row["case"] != case:
            continue
        line = {
            "timestamp": row["timestamp"], "asset": row["asset"], "quantity": row["quantity"], "id": row["event_id"],
            "account": row["venue_from"] or row["venue_to"],
        }  # fmt: skip
        if row["kind"] == "transfer":
            yield line | {"kind": "transfer_out", "txid": "0xmove"}
            yield line | {"kind": "transfer_in", "txid": "0xmove", "account": row["venue_to"], "id": "in"}
        else:
            paid = (
                {"quote_asset": row["fiat_ccy"], "quote_quantity": row["value_fiat"]}
                if row["value_fiat"]
                else {}
            )
            yield line | {"kind": row["kind"], **paid}
