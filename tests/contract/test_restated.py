"""A venue that rewrites what it had given: a posted row that it edits, drops, or drops and gives again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import House, house
from tests.contract.outside import recon

HISTORY = 1
"""Where the withdrawal of February stands in the history of fuse."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "egera", "gas") as found:
        recon(tmp_path, "pull")
        yield found


def _restated(made: House, period: str = "all") -> list[dict[str, Any]]:
    made.egera.books.pop("volumes", None)
    recon(made.folder, "pull")
    found = recon(made.folder, "reconcile", period, "--json", code=3).json["breaks"]
    return [one for one in found if one["check"] == "restated" or _members(one, "restated")]


def _members(one: dict[str, Any], check: str) -> list[dict[str, Any]]:
    return [member for member in one["diagnosis"]["members"] if member["check"] == check]


def test_a_row_that_the_venue_edits_is_told_from_what_to_what_with_both_versions(made: House) -> None:
    row = made.gas.books["txs"][0]
    row["createDate"] += 3_600_000
    (one,) = _restated(made)
    assert (one["source"], one["account"], one["asset"], one["severity"]) == ("gas", "128", "ETH", "error")
    assert one["diagnosis"]["kind"] == "restated"
    assert (
        "it was dated 2025-01-11 09:06:40 UTC, and is dated 2025-01-11 10:06:40 UTC"
        in one["diagnosis"]["text"]
    )
    assert [record["data"].count("1736586400000") for record in one["diagnosis"]["records"]] == [1, 0]
    assert len({record["answer"] for record in one["diagnosis"]["records"]}) == 2
    told = recon(made.folder, "explain", one["id"]).stdout
    assert "(taken back)" in told and "1736590000000" in told


def test_a_changed_quantity_is_one_break(made: House) -> None:
    made.egera.books["deposits"]["pln"][0]["amount"] = "10500.00"
    (one,) = _restated(made)
    # Egera tells its rows by their amounts: one is gone, and another came.
    assert one["diagnosis"]["kind"] in ("vanished", "restated")
    assert (one["account"], one["asset"]) == ("main", "PLN")


def test_a_row_that_was_dropped_is_told_until_it_is_back_as_it_was(made: House) -> None:
    deposits = made.egera.books["deposits"]["btc"]
    gone = deposits.pop(0)
    (one,) = _restated(made, "2025-Q1")
    assert (one["source"], one["asset"]) == ("egera", "BTC")
    assert one["diagnosis"]["kind"] == "vanished"
    deposits.insert(0, gone)
    recon(made.folder, "pull")
    # the deposit that waits since March is no concern of this test
    assert recon(made.folder, "reconcile", "2025-Q1", "--json").json["breaks"] == []


def test_a_change_that_leaves_the_posting_as_it_was_is_none(made: House) -> None:
    made.egera.books["withdrawals"]["pln"][0]["tx"] = "ZL1-corrected"
    recon(made.folder, "pull")
    assert recon(made.folder, "reconcile", "2025-Q1", "--json").json["breaks"] == []


def test_a_pending_row_that_settles_is_none(made: House) -> None:
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    made.egera.books["balances"]["BTC"]["active"] = "0.85000000"
    recon(made.folder, "pull")
    assert recon(made.folder, "reconcile", "all", "--json").json["breaks"] == []


def test_a_note_in_a_csv_file_is_none_and_another_quantity_is(tmp_path: Path) -> None:
    rows = "id,timestamp,kind,account,asset,quantity,note\na,2025-01-10T10:00:00Z,deposit,main,BTC,{},{}\n"
    with house(tmp_path, "broker"):
        (tmp_path / "broker").mkdir(exist_ok=True)
        (tmp_path / "broker" / "a.csv").write_text(rows.format("1.5", "first"))
        recon(tmp_path, "pull")
        (tmp_path / "broker" / "a.csv").write_text(rows.format("1.5", "second"))
        recon(tmp_path, "run", "2025-Q1")
        (tmp_path / "broker" / "a.csv").write_text(rows.format("2.5", "second"))
        recon(tmp_path, "pull")
        (one,) = recon(tmp_path, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    assert (one["check"], one["diagnosis"]["kind"]) == ("restated", "restated")
    assert (one["expected"], one["actual"], one["difference"]) == ("1.5", "2.5", "1")
