"""The same movement from a file and from a venue counts once; one hash posted twice is an error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recon.core.times import Period
from recon.ledger.store import open_ledger
from recon.pipeline.books import books
from recon.pipeline.config import load
from tests.contract.house import House, house, places
from tests.contract.outside import recon

HEADER = "timestamp,kind,account,asset,quantity,txid,id\n"
BOOKS: dict[str, Any] = {
    "egera": {
        "balances": {"BTC": {"active": "3.00000000", "inactive": "0.00000000"}},
        "deposits": {
            "btc": [
                {"time": "1736000000", "amount": "2.00000000", "type": "0xAA11", "state": "1"},
                {"time": "1736100000", "amount": "1.00000000", "type": "0xBB22", "state": "1"},
            ]
        },
    }
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "egera", "broker", books=BOOKS) as one:
        (tmp_path / "broker").mkdir()
        yield one


def export(made: House, *rows: str) -> None:
    (made.folder / "broker" / "rows.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))


def told(made: House, code: int) -> list[dict[str, Any]]:
    recon(made.folder, "pull", "--quiet")
    found: list[dict[str, Any]] = recon(made.folder, "reconcile", "all", "--json", code=code).json["breaks"]
    return found


def held(made: House) -> list[tuple[str, ...]]:
    return places(recon(made.folder, "balances", "--json").json)


def test_a_movement_from_a_file_and_from_a_venue_counts_once_with_both_pieces_of_evidence(
    made: House,
) -> None:
    export(
        made,
        "2025-01-04T14:13:20Z,deposit,main,BTC,2,0xaa11,a",
        "2025-01-09T00:00:00Z,deposit,main,BTC,0.5,0xcc33,b",
    )
    assert told(made, 0) == []
    assert held(made) == [("broker", "main", "BTC", "0.5"), ("egera", "main", "BTC", "3")]
    assert recon(made.folder, "verify", "--json").json["ledger"]["entries"] == 4
    early = recon(made.folder, "balances", "--at", "2025-01-05T00:00:00Z", "--json").json
    assert places(early) == [("egera", "main", "BTC", "2")]


def test_when_the_venue_drops_its_row_the_files_row_counts(made: House) -> None:
    export(made, "2025-01-04T14:13:20Z,deposit,main,BTC,2,0xaa11,a")
    assert told(made, 0) == []
    del made.egera.books["deposits"]["btc"][0]
    told(made, 3)
    assert held(made) == [("broker", "main", "BTC", "2"), ("egera", "main", "BTC", "1")]


def test_a_likeness_is_a_warning_that_shows_both_rows(made: House) -> None:
    export(made, "2025-01-04T14:13:00Z,deposit,main,BTC,2,,a")
    (found,) = told(made, 3)
    assert (found["check"], found["severity"], found["diagnosis"]["kind"]) == (
        "duplicates",
        "warning",
        "unexplained",
    )
    text = found["diagnosis"]["text"]
    assert (
        "egera main, 2025-01-04 14:13:20 UTC: 2 BTC (deposit) | broker main, 2025-01-04 14:13:00 UTC" in text
    )
    assert {one["source"] for one in found["diagnosis"]["records"]} == {"egera", "broker"}
    assert all(len(one["answer"]) == 64 for one in found["diagnosis"]["records"])
    assert ("broker", "main", "BTC", "2") in held(made)


def test_one_hash_twice_in_one_source_is_an_error_that_holds_the_balance_it_breaks(made: House) -> None:
    export(made)
    made.egera.books["deposits"]["btc"].append(
        {"time": "1736100000", "amount": "1.00000000", "type": "0xBB22", "state": "1"}
    )
    (found,) = told(made, 3)
    assert (found["check"], found["severity"], found["diagnosis"]["kind"]) == (
        "duplicates",
        "error",
        "duplicate_record",
    )
    assert [one["check"] for one in found["diagnosis"]["members"]] == ["closing_balance"]
    assert len(found["diagnosis"]["records"]) == 2


def test_equal_rows_without_a_hash_in_one_file_are_two_events(made: House) -> None:
    row = "2025-02-01T00:00:00Z,deposit,main,ETH,1,,"
    export(made, row, row)
    assert told(made, 0) == []
    assert ("broker", "main", "ETH", "2") in held(made)


TRADES = "timestamp,kind,account,asset,quantity,quote_asset,quote_quantity,fee_asset,fee_quantity,txid,id\n"


@pytest.mark.parametrize("others", [["bank"], ["bank", "exchange"]])
def test_a_trade_held_again_is_one_row_of_the_reports_table_for_each_copy(
    tmp_path: Path, others: list[str]
) -> None:
    with house(tmp_path, "broker") as made:
        settings = made.settings("broker")
        settings["sources"] |= {name: {"kind": "csv", "path": f"{name}/*.csv"} for name in others}
        made.write(settings)
        for source in ("broker", *others):
            (tmp_path / source).mkdir(exist_ok=True)
            row = f"2025-01-02T00:00:00Z,buy,main,BTC,1,EUR,100,BNB,0.01,0xaa11,{source}"
            (tmp_path / source / "rows.csv").write_text(f"{TRADES}{row}\n")
        recon(tmp_path, "pull", "--quiet")
        config = load(tmp_path / "recon.toml")
        always = Period(name="all", start=None, end=None)
        with (
            open_ledger(config.ledger_url, create=False) as ledger,
            books(config, ledger, always) as content,
        ):
            found = content.transfers
    assert [(one.kind, one.asset, one.sent, one.sent_from) for one in found] == [
        ("same", "BTC", 1, "bank main") for _ in others
    ]
    assert {one.received_by for one in found} == {"broker main", *(f"{one} main" for one in others)} - {
        "bank main"
    }
