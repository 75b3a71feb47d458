"""RP2's cases, figure by figure. How it reads its events: tests/cases/tax/README.md."""

from collections.abc import Iterator
from fractions import Fraction

import pytest

from recon.core.lots import UNIT, Match, Movement
from recon.tax.methods import changing
from tests.tax._cases import EVER, METHODS, Row, by, matched, moment, movement, rows, units

CASES = ["crypto_example", "test_data", "test_data2", "test_data3", "test_hifo", "test_many_year_data"]
FEW = Fraction(2, UNIT)
"""Each figure is a part rounded at both its ends; RP2's own are right to 28 digits."""


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo"])
@pytest.mark.parametrize("case", CASES)
def test_every_match_is_rp2s(case: str, method: str) -> None:
    expected = by("asset", rows(f"rp2/{case}/expected_{method}.csv"))
    for asset, events in by("asset", rows(f"rp2/{case}/events.csv")).items():
        found, outcome = matched(METHODS[method], _movements(events))
        _same(found, expected.get(asset, []))
        gone, came = sum(one.quantity for one in found), sum(_acquired(events))
        assert gone + sum(held.quantity for held in outcome.held) == came


def test_every_match_is_rp2s_where_the_method_changes_by_year() -> None:
    method = changing([(EVER, "fifo"), (_year(2021), "lifo"), (_year(2022), "hifo"), (_year(2023), "fifo")])
    case = "rp2/test_data_multi_method"
    expected = by("asset", rows(f"{case}/expected_mixed_2020fifo_2021lifo_2022hifo_2023fifo.csv"))
    for asset, events in by("asset", rows(f"{case}/events.csv")).items():
        found, _ = matched(method, _movements(events))
        _same(found, expected.get(asset, []))


def _same(found: list[Match], expected: list[Row]) -> None:
    figures = {(_name(row["event_id"]), _name(row["lot_id"])): row for row in expected if row["lot_id"]}
    assert [(one.movement.id, one.lot.id) for one in found if one.lot] == list(figures)
    assert len(found) == len(figures)
    for match in found:
        assert match.lot is not None and match.proceeds is not None and match.cost is not None
        row = figures[match.movement.id, match.lot.id]
        assert match.quantity == units(row["quantity"])
        assert match.movement.at == movement("", row["disposed_at"], 1, 0).at
        assert match.lot.at == movement("", row["acquired_at"], 1, 0).at
        assert abs(Fraction(match.proceeds, UNIT) - Fraction(row["proceeds"])) <= FEW
        assert abs(Fraction(match.cost, UNIT) - Fraction(row["cost_basis"])) <= FEW
        assert abs(Fraction(match.proceeds - match.cost, UNIT) - Fraction(row["gain"])) <= FEW


def _movements(events: list[Row]) -> Iterator[Movement]:
    for row in events:
        quantity, fee, price = (units(row[key] or "0") for key in ("quantity", "fee_crypto", "price_fiat"))
        name, at = _name(row["event_id"]), row["timestamp"]
        left, came = (row[f"venue_{end}"] + row[f"holder_{end}"] for end in ("from", "to"))
        if row["kind"] == "transfer":
            arrives = units(row["qty_received"])
            assert quantity == arrives + fee
            yield movement(f"{name} leaves", at, -arrives, None, place=left, transfer=name)
            yield movement(f"{name} arrives", at, arrives, None, place=came, transfer=name)
            if fee:
                yield movement(name, at, -fee, fee * price // UNIT, place=left)
        elif came:
            cost = units(row["note"].removeprefix("fiat_in_with_fee="))
            yield movement(name, at, quantity, cost, worth=quantity * price // UNIT, place=came)
        else:
            brought = (fee if row["kind"] == "fee" else quantity) * price // UNIT
            yield movement(name, at, -quantity - fee, brought, place=left)


def _acquired(events: list[Row]) -> Iterator[int]:
    return (units(row["quantity"]) for row in events if row["venue_to"] and row["kind"] != "transfer")


def _name(event: str) -> str:
    """An event's name that sorts by its row."""
    asset, row = event.rsplit("-", 1)
    return f"{asset} {row[0]} {int(row[1:]):04}"


def _year(year: int) -> int:
    return int(moment(f"{year}-01-01T00:00:00+00:00").timestamp()) * 1_000_000
