"""What the ledger holds: sorted, without zeros, at any moment, by the accounts and codes of the contract."""

from collections.abc import Iterator

import pytest

from tests.contract.house import House, house, places
from tests.contract.outside import Ran, recon


def test_a_balance_holds_everything_up_to_and_at_the_moment(company: House, pulled: Ran) -> None:
    """The second row of CryptoFuse is of 2025-02-01T12:00:00Z."""
    at = recon(company.folder, "balances", "--at", "2025-02-01T13:00:00+01:00", "--json")
    assert places(at.json) == [
        ("egera", "main", "BTC", "0.5"),
        ("egera", "main", "PLN", "10000"),
        ("fuse", "main", "BTC", "1.5"),
        ("fuse", "main", "USDTERC20", "1000.000001"),
        ("gas", "128", "ETH", "6"),
        ("gas", "129", "ETH", "3.495"),
    ]
    before = recon(company.folder, "balances", "--at", "2025-02-01T11:59:59.999999Z", "--json")
    assert ("fuse", "main", "USDTERC20", "1000.000001") not in places(before.json)


def test_before_the_first_row_there_is_nothing(company: House, pulled: Ran) -> None:
    assert recon(company.folder, "balances", "--at", "2024-12-31T23:00:00Z", "--json").json == []


@pytest.mark.parametrize("moment", ["2025-02-01T12:00:00", "soon"])
def test_a_moment_without_its_zone_is_a_usage_error(company: House, pulled: Ran, moment: str) -> None:
    ran = recon(company.folder, "balances", "--at", moment, code=2)
    assert moment in ran.stderr and "2025-01-31T23:00:00Z" in ran.stderr


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("broker"), "broker") as made:
        (made.folder / "broker").mkdir()
        (made.folder / "broker" / "2025.csv").write_text(
            "timestamp;kind;account;asset;quantity;quote_asset;quote_quantity;fee_asset;fee_quantity;id\n"
            "2025-01-03T08:30:00Z;deposit;depot-2;pln;1000;;;;;a\n"
            "1736159400;buy;depot-2;btc.X;0.5;PLN;400.10;PLN;1.25;b\n"
            "1736159400000;deposit;Depot-1;ETH;3;;;;;c\n"
            "2025-01-08T00:00:00+01:00;withdrawal;Depot-1;ETH;3;;;;;d\n"
            "2025-01-09T00:00:00Z;income;depot-10;ETH;0.000000000000000001;;;;;e\n"
        )
        recon(made.folder, "pull", "--quiet")
        yield made


def test_a_csv_account_is_the_files_own_and_assets_are_upper_case(broker: House) -> None:
    assert places(recon(broker.folder, "balances", "--json").json) == [
        ("broker", "depot-10", "ETH", "0.000000000000000001"),
        ("broker", "depot-2", "BTC.X", "0.5"),
        ("broker", "depot-2", "PLN", "598.65"),
    ]


def test_a_bad_row_stops_its_file_and_names_its_line(broker: House) -> None:
    bad = broker.folder / "broker" / "2026.csv"
    bad.write_text(
        "timestamp,kind,asset,quantity\n2026-01-01T00:00:00Z,gift,BTC,1\n2026-01-02T00:00:00Z,gift,BTC,-1\n"
    )
    ran = recon(broker.folder, "pull", code=4)
    assert "broker/2026.csv: line 3: column quantity: expected a positive quantity" in ran.stderr
    assert ("broker", "", "BTC", "-1") not in places(recon(broker.folder, "balances", "--json").json)
    bad.unlink()
    gone = recon(broker.folder, "pull", "--json").json
    told = {one["stream"]: (one["status"], one["requests"], one["vanished"]) for one in gone["streams"]}
    assert told == {"broker/2025.csv": ("ok", 1, 0), "broker/2026.csv": ("ok", 1, 0)}
