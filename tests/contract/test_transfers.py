"""Moves between own places, as a user sees them: paired or not, under way or lost, and never guessed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from recon.ledger.store import open_ledger
from recon.pipeline.config import load
from tests.contract.house import House, house, places
from tests.contract.outside import recon

HEADER = "timestamp,kind,account,asset,quantity,txid,id\n"
BOOKS: dict[str, Any] = {
    "egera": {
        "balances": {"BTC": {"active": "1.00000000", "inactive": "0.00000000"}},
        "deposits": {"btc": [{"time": "1736000000", "amount": "2.00000000", "type": "aa11", "state": "1"}]},
        "withdrawals": {
            "btc": [
                {"time": "1738339200", "amount": "1.00000000", "tx": "0xAB", "address": "home", "state": "1"}
            ]
        },
    },
    "fuse": {
        "balances": {"account": {"BTC": "1"}, "sub_accounts": {}},
        "history": [
            {
                "timestamp": "2025-01-31T23:30:00Z", "currency": "BTC", "type": "deposit", "amount": "1",
                "balance_after": "1",
            }
        ],
    },
}  # fmt: skip
"""One coin leaves Egera on 2025-01-31 at 16:00 UTC."""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[House]:
    """Two sources that are files."""
    with house(tmp_path, "broker") as made:
        made.write(two_files(made))
        yield made


def two_files(made: House, **transfers: Any) -> dict[str, Any]:
    settings = made.settings("broker")
    settings["sources"]["bank"] = {"kind": "csv", "path": "bank/*.csv"}
    return settings | ({"transfers": transfers} if transfers else {})


def write(made: House, source: str, *rows: str) -> None:
    (made.folder / source).mkdir(exist_ok=True)
    (made.folder / source / "rows.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))


def pulled(made: House) -> list[tuple[str, str]]:
    """The links after a pull."""
    recon(made.folder, "pull", "--quiet")
    return links(made)


def links(made: House, url: str = "") -> list[tuple[str, str]]:
    with (
        open_ledger(url or load(made.folder / "recon.toml").ledger_url, create=False) as ledger,
        ledger.transaction() as tx,
    ):
        rows = tx.connection.exec_driver_sql("SELECT kind, basis FROM links ORDER BY id").all()
    return [(kind, basis) for kind, basis in rows]


def told(made: House, period: str, code: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recon(made.folder, "reconcile", period, "--json", code=code).json["breaks"]
    return found


def test_one_hash_in_two_files_is_a_transfer_however_it_is_written(files: House) -> None:
    write(files, "broker", "2025-01-01T00:00:00Z,withdrawal,main,BTC,1,0xABCD,a")
    write(files, "bank", "2025-01-20T00:00:00Z,deposit,main,BTC,1,0xabcd,b")
    assert pulled(files) == [("transfer", "txid")]
    assert told(files, "all", 3)[0]["check"] == "negative_balance"
    assert pulled(files) == links(files)


def test_an_equal_amount_is_a_transfer_and_a_second_candidate_makes_a_tie(files: House) -> None:
    write(
        files,
        "broker",
        "2025-01-01T00:00:00Z,deposit,main,BTC,9,,z",
        "2025-01-02T00:00:00Z,withdrawal,main,BTC,1,,a",
    )
    write(
        files,
        "bank",
        "2025-01-03T00:00:00Z,deposit,main,BTC,1,,b",
        "2025-01-04T00:00:00Z,deposit,other,BTC,1,,c",
    )
    assert pulled(files) == []
    (tie,) = told(files, "all", 3)
    assert (tie["check"], tie["severity"], tie["diagnosis"]["kind"]) == (
        "transfers",
        "warning",
        "unexplained",
    )
    assert "bank main 1 BTC (deposit, bank/1)" in tie["diagnosis"]["text"]
    assert "bank other 1 BTC (deposit, bank/2)" in tie["diagnosis"]["text"]
    assert {one["source"] for one in tie["diagnosis"]["records"]} == {"broker", "bank"}
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,1,,b")
    assert pulled(files) == []
    assert told(files, "all", 3)[0]["check"] != "transfers"
    assert links(files) == [("transfer", "amount")]


def test_two_venues_are_paired_by_an_amount_that_only_one_could_be(tmp_path: Path) -> None:
    with house(tmp_path, "egera", "fuse", books=BOOKS) as made:
        assert pulled(made) == [("transfer", "amount")]
        assert told(made, "all", 0) == []


@pytest.mark.parametrize(("tx", "basis"), [("0xAB", "txid"), ("", "address")])
def test_a_payment_beside_the_books_tells_hash_and_address_where_amounts_tell_nothing(
    tmp_path: Path, tx: str, basis: str
) -> None:
    with house(tmp_path, "egera", "fuse", "broker", books=BOOKS) as made:
        made.egera.books["withdrawals"]["btc"][0]["tx"] = tx
        write(made, "broker", "2025-01-31T23:00:00Z,deposit,main,BTC,1,,a")
        assert pulled(made) == []
        assert [one["check"] for one in told(made, "all", 3)] == ["transfers"]
        made.fuse.books["payments"] = [
            {
                "transaction_id": "p1", "status": "completed", "pay_currency": "BTC", "pay_amount": "1",
                "blockchain_address": "home", "transaction_hash": "0xab", "created_at": "2025-01-31T23:00:00Z",
                "payment_history": [{"deposit_id": "d", "amount": "1", "transaction_hash": "0xab"}],
            }
        ]  # fmt: skip
        recon(made.folder, "pull", "--quiet")
        assert told(made, "all", 0) == []
        assert links(made) == [("transfer", basis)]


def test_an_arrival_after_the_cut_off_is_in_transit_and_no_break(files: House) -> None:
    write(
        files,
        "broker",
        "2025-01-01T00:00:00Z,deposit,main,BTC,1,,z",
        "2025-01-31T22:00:00Z,withdrawal,main,BTC,1,,a",
    )
    write(files, "bank", "2025-01-31T23:30:00Z,deposit,main,BTC,1,,b")
    assert pulled(files) == [("transfer", "amount")]
    assert told(files, "2025-01", 0) == told(files, "all", 0) == []


def test_what_went_home_and_never_came_is_told_once_the_address_is_declared(
    files: House, tmp_path: Path
) -> None:
    books = {"egera": BOOKS["egera"]}
    (tmp_path / "e").mkdir()
    with house(tmp_path / "e", "egera", books=books) as made:
        recon(made.folder, "pull", "--quiet")
        assert told(made, "all", 0) == []
        made.write(made.settings("egera") | {"transfers": {"own_addresses": ["home"]}})
        (lost,) = told(made, "all", 3)
        assert (lost["check"], lost["source"], lost["diagnosis"]["kind"]) == (
            "transfers",
            "egera",
            "unexplained",
        )
        assert lost["at"] == "2025-01-31T16:00:00Z"
        (again,) = told(made, "2025-01", 3)
        assert again["id"] == lost["id"]


def test_a_fee_is_allowed_up_to_what_the_settings_say_and_stands_in_fees(files: House) -> None:
    write(
        files,
        "broker",
        "2025-01-01T00:00:00Z,deposit,main,BTC,1,,z",
        "2025-01-02T00:00:00Z,withdrawal,main,BTC,1,t,a",
    )
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,0.9995,t,b")
    assert pulled(files) == []
    (differs,) = told(files, "all", 3)
    assert (differs["check"], differs["expected"], differs["actual"]) == ("transfers", "1", "0.9995")
    files.write(two_files(files, fee_max="0.0005"))
    assert told(files, "all", 0) == []
    assert links(files) == [("transfer", "txid")]


@pytest.mark.parametrize(
    ("transfers", "key"),
    [
        ({"window_hours": 0}, "transfers.window_hours"),
        ({"fee_max": "-1"}, "transfers.fee_max"),
        ({"fee_max": 0.5}, "transfers.fee_max"),
        ({"own_addresses": [""]}, "transfers.own_addresses.0"),
        ({"own": []}, "transfers.own"),
    ],
)
def test_a_bad_setting_is_named(files: House, transfers: dict[str, Any], key: str) -> None:
    files.write(two_files(files, **transfers))
    assert key in recon(files.folder, "pull", code=2).stderr


def test_a_ledger_that_is_rebuilt_has_the_same_links(files: House) -> None:
    write(files, "broker", "2025-01-01T00:00:00Z,withdrawal,main,BTC,1,,a")
    write(files, "bank", "2025-01-02T00:00:00Z,deposit,main,BTC,1,,b")
    assert pulled(files) == [("transfer", "amount")]
    write(
        files, "bank", "2025-01-02T00:00:00Z,deposit,main,BTC,1,,b", "2025-01-02T01:00:00Z,deposit,main,BTC,1,,c",
        "2025-01-05T00:00:00Z,deposit,main,ETH,1,x,d",
    )  # fmt: skip
    write(
        files, "broker", "2025-01-01T00:00:00Z,withdrawal,main,BTC,1,,a",
        "2025-01-05T00:00:00Z,deposit,main,ETH,1,x,e", "2025-01-04T00:00:00Z,withdrawal,main,LTC,1,,f",
    )  # fmt: skip
    kept = pulled(files)
    assert kept == [("transfer", "amount"), ("same", "txid")]
    recon(files.folder, "rebuild", "--into", "sqlite:///again.db", "--quiet")
    assert links(files, f"sqlite:///{files.folder / 'again.db'}") == kept


def test_a_row_that_vanishes_takes_its_pair_out_of_transit(files: House) -> None:
    write(
        files,
        "broker",
        "2025-01-01T00:00:00Z,deposit,main,BTC,1,,z",
        "2025-01-02T00:00:00Z,withdrawal,main,BTC,1,,a",
    )
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,1,,b")
    assert pulled(files) == [("transfer", "amount")]
    write(files, "bank")
    recon(files.folder, "pull", "--quiet")
    found = told(files, "all", 3)
    assert {one["check"] for one in found} == {"restated"}
    assert places(recon(files.folder, "balances", "--json").json) == []


def _refused(made: House, url: str) -> None:
    write(made, "broker", "2025-01-01T00:00:00Z,withdrawal,main,BTC,1,,a")
    write(
        made,
        "bank",
        "2025-01-02T00:00:00Z,deposit,main,BTC,1,,b",
        "2025-03-02T00:00:00Z,deposit,main,BTC,2,,c",
    )
    assert pulled(made) == [("transfer", "amount")]
    with open_ledger(url, create=False) as ledger:
        with ledger.transaction() as tx:
            sent, received = tx.connection.exec_driver_sql("SELECT one_record, other_record FROM links").one()
            other = tx.connection.exec_driver_sql("SELECT max(id) FROM records").scalar_one()
        for one, two in ((sent, other), (other, received)):
            with pytest.raises(DBAPIError), ledger.transaction() as tx:
                tx.connection.exec_driver_sql(
                    f"INSERT INTO links VALUES (2, 1, 'transfer', 'amount', {one}, {two}, NULL)"
                )
        with pytest.raises(DBAPIError), ledger.transaction() as tx:
            tx.connection.exec_driver_sql("DELETE FROM links")


def test_the_database_lets_no_row_be_paired_twice(files: House) -> None:
    _refused(files, f"sqlite:///{files.folder / 'recon.db'}")


@pytest.mark.postgres
def test_nor_does_postgresql(files: House, postgres_url: str) -> None:
    files.write(two_files(files) | {"ledger": {"url": postgres_url}})
    _refused(files, postgres_url)


def test_a_pair_of_which_one_row_is_changed_later_is_none_and_its_loss_is_no_fee(files: House) -> None:
    start = "2025-01-01T00:00:00Z,deposit,main,BTC,9,,z"
    write(files, "broker", start, "2025-01-02T00:00:00Z,withdrawal,main,BTC,1,,a")
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,1,,b")
    assert pulled(files) == [("transfer", "amount")]
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,0.75,,b")
    pulled(files)
    (restated,) = told(files, "all", 3)
    (parted,) = restated["diagnosis"]["members"]
    assert (restated["check"], parted["check"], parted["severity"]) == ("restated", "transfers", "warning")
    assert "it was one transfer with another row" in parted["text"]
    assert "bank main 0.75 BTC (deposit, bank/" in parted["text"]
    write(files, "bank", "2025-01-03T00:00:00Z,deposit,main,BTC,1,,b")
    pulled(files)
    assert told(files, "all", 0) == []
