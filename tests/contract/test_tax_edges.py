"""recon tax where what happened is odd: what was lost, codes of one asset, arrivals from nowhere, openings."""

from pathlib import Path

from tests.contract.house import house
from tests.contract.outside import recon
from tests.contract.shelf import Shelf, line, told


def test_what_was_lost_is_no_part_of_the_days_disposal(tmp_path: Path) -> None:
    """It leaves the pool after all else of its day, and nothing counts."""
    lines = [
        line("2024-05-01", "buy", "3 BTC", "300 GBP"),
        line("2024-06-01T09:00:00Z", "withdrawal", "1 BTC", note="stolen"),
        line("2024-06-01T10:00:00Z", "sell", "2 BTC", "800 GBP"),
        line("2024-06-01T11:00:00Z", "buy", "1 BTC", "200 GBP"),
        line("2024-06-02T11:00:00Z", "sell", "1 BTC", "200 GBP"),
    ]
    rules = {"thief": {"activity": "lost", "note": "stolen"}}
    shelf = Shelf(tmp_path, lines, "GBP", "Europe/London", rules=rules)
    found = shelf.tax(2024, "uk")
    assert [told(one, "id activity rule quantity proceeds cost taxed") for one in found["disposals"]] == [
        ("broker-000000003", "sale", "same day", "1", "400", "200", True),
        ("broker-000000003", "sale", "section 104", "1", "400", "100", True),
        ("broker-000000002", "lost", "section 104", "1", "100", "100", False),
        ("broker-000000005", "sale", "section 104", "1", "200", "100", True),
    ]  # fmt: skip
    assert told(found["summary"], "disposals proceeds cost unknown") == (2, "1000", "400", 0)
    assert all(tie["holds"] for tie in found["summary"]["ties"])
    [lost] = shelf.tax(2024, "uk", "--explain", "broker-000000002")["matches"]
    assert lost["pool"] == {
        "before": {"quantity": "2", "cost": "200"},
        "after": {"quantity": "1", "cost": "100"},
    }
    sold = shelf.tax(2024, "uk", "--explain", "broker-000000003")
    assert [one["id"] for one in sold["disposal"]["movements"]] == ["broker-000000003"]
    assert "No gain and no loss counts" in shelf.ask(2024, "uk", "--explain", "broker-000000002").stdout


def test_one_asset_by_two_codes_is_only_moved(tmp_path: Path) -> None:
    lines = [
        line("2024-01-01", "buy", "100 USDT", "90 USD"),
        line("2024-01-02", "buy", "50 USDTERC20", "50 USDT"),
        line("2024-02-01", "sell", "50 USDTERC20", "60 USD"),
    ]
    shelf = Shelf(tmp_path, lines, assets={"USDTERC20": "USDT"})
    found = shelf.tax(2024, "us")
    assert [told(one, "id lot proceeds cost") for one in found["disposals"]] == [
        ("broker-000000003", "broker-000000001", "60", "45")
    ]
    assert all(tie["holds"] for tie in found["summary"]["ties"])


def test_units_that_came_from_an_own_place_unknown_have_no_cost_and_are_open(tmp_path: Path) -> None:
    lines = [
        line("2025-01-02", "transfer_in", "1 BTC", txid="0xfrom"),
        line("2025-02-01", "sell", "1 BTC", "900 USD"),
    ]
    shelf = Shelf(tmp_path, lines)
    for args in ((), ("--scope", "account")):
        found = shelf.tax(2025, "us", *args, code=3)
        [row] = found["disposals"]
        assert row["lacks"] and found["summary"]["unknown"] == 1
        assert [one["asset"] for one in found["summary"]["breaks"]] == ["BTC"]
        assert "pull what" in found["summary"]["breaks"][0]["diagnosis"]["text"].lower()


def test_what_an_opening_cost_is_cost_in_poland_too(tmp_path: Path) -> None:
    opening = {
        "source": "broker", "account": "main", "asset": "BTC", "quantity": "2", "cost": "500.25",
        "at": "2023-01-01T00:00:00Z",
    }  # fmt: skip
    shelf = Shelf(
        tmp_path, [line("2024-05-01", "sell", "1 BTC", "900 PLN")], "PLN", "Europe/Warsaw", opening=[opening]
    )
    figures = {one["box"]: one["value"] for one in shelf.tax(2024, "pl")["summary"]["forms"]}
    assert [figures[box] for box in ("34", "35", "36", "37")] == ["900.00", "0.00", "500.25", "399.75"]
    said = " ".join(shelf.ask(2024, "generic", "--explain", "broker-000000002").stdout.split())
    assert "2 BTC arrived at broker:main by opening" in said and "1 of 2 BTC: 250.125 of 500.25 PLN" in said


def test_money_given_back_for_a_trade_adds_to_what_it_brought(tmp_path: Path) -> None:
    """A maker whose rate is below zero is paid for the trade: it is part of the proceeds, and takes off a cost."""
    with house(tmp_path, "egera") as made:
        trades = made.egera.books["trades"]
        trades[:] = [
            {**trades[0], "type": side, "action": "open", "fee_maker": "-100", "amount": amount}
            for side, amount in (("bid", "0.20000000"), ("ask", "0.10000000"))
        ]
        made.egera.books["deposits"]["btc"].clear()
        recon(tmp_path, "pull")
        found = recon(tmp_path, "tax", "2025", "--rules", "generic", "--json").json
        [sold] = [one for one in found["disposals"] if one["activity"] == "sale"]
    assert told(sold, "quantity proceeds cost") == ("0.1", "5050", "4950")
