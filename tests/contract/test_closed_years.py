"""A closed tax year as a user meets it: its figures stay, and recon bridge tells what came late does to them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import House, house
from tests.contract.outside import fitting, recon
from tests.contract.test_close import accepting, rebuilt

HEADER = "timestamp,kind,account,asset,quantity,quote_asset,quote_quantity,fee_asset,fee_quantity,txid,id\n"
PAID = "2025-01-02T10:00:00Z,deposit,main,PLN,900000,,,,,,paid"
BOUGHT = "2025-01-05T10:00:00Z,buy,main,BTC,2,PLN,20000,PLN,10,,bought"
EARNED = "2025-02-05T10:00:00Z,income,main,ETH,3,,,,,,earned"
SOLD = "2025-06-05T10:00:00Z,sell,main,BTC,1,PLN,15000,PLN,10,,sold"
AFTER = "2026-01-05T10:00:00Z,sell,main,BTC,0.5,PLN,9000,,,,after"
ROWS = (PAID, BOUGHT, EARNED, SOLD, AFTER)
LATE = "2025-01-04T10:00:00Z,buy,main,BTC,0.5,PLN,4000,,,,late"
CHANGED = SOLD.replace("15000", "15500")
PRICE = "asset,quote,price,time\nETH,PLN,7000,2025-02-05T00:00:00Z\n"
ANNA = ("--as", "Anna")


def write(made: House, *rows: str) -> None:
    (made.folder / "broker").mkdir(exist_ok=True)
    (made.folder / "broker" / "rows.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))


def pull(made: House, *rows: str) -> None:
    write(made, *rows)
    recon(made.folder, "pull", "--quiet")


def closed(made: House, period: str = "2025") -> Any:
    """Closes a period, all that is open accepted."""
    found = recon(made.folder, *ANNA, "close", period, "--json", code=3).json
    return recon(made.folder, *ANNA, "close", period, *accepting(found), "--json").json


def taxed(made: House, *more: str, code: int = 3) -> str:
    """What is said of the year, to the byte; it is open for want of a price."""
    ran = recon(made.folder, "tax", "2025", "--rules", "generic", *more, "--json", code=code)
    fitting("tax", ran.json)
    return ran.stdout


def bridged(made: House, period: str = "2025", *more: str) -> Any:
    """The gains of a bridge, once each adds up."""
    found = recon(made.folder, "bridge", period, "--rules", "generic", *more, "--json").json
    assert found["whole"]
    for one in found["gains"]:
        for name in ("proceeds", "cost", "gain", "income", "unknown"):
            moved = sum(Decimal(effect[name]) for effect in one["effects"])
            assert Decimal(one["sealed"][name]) + moved == Decimal(one["today"][name])
            assert Decimal(one["difference"][name]) == 0
    return found["gains"]


def settings(made: House, **tables: Any) -> dict[str, Any]:
    return made.settings("broker") | {"prices": {"sources": ["trades", "files"]}, **tables}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """A broker whose year is sealed, with one income that had no price then."""
    with house(tmp_path, "broker") as one:
        one.write(settings(one))
        pull(one, *ROWS)
        closed(one)
        yield one


def came_late(made: House) -> None:
    """A late trade, a restated one, and a late price."""
    pull(made, LATE, *(CHANGED if row == SOLD else row for row in ROWS))
    (made.folder / "p.csv").write_text(PRICE)
    recon(made.folder, "prices", "import", "p.csv", "--quiet")


def test_a_closed_year_stays_to_the_byte_whatever_comes_and_after_a_rebuild(made: House) -> None:
    first = taxed(made)
    assert taxed(made) == first
    came_late(made)
    recon(made.folder, "reconcile", "2026", "--quiet", code=3)
    assert taxed(made) == first
    people = recon(made.folder, "tax", "2025", "--rules", "generic", code=3).stdout
    assert "The year is closed" in people and "when 2025 was sealed" in people
    rebuilt(made)
    made.write(settings(made, ledger={"url": "sqlite:///again.db"}))
    assert taxed(made) == first
    came_late(made)
    assert taxed(made) == first


def test_each_thing_that_came_late_has_its_effect_with_its_evidence(made: House) -> None:
    (before,) = bridged(made)
    assert before["effects"] == [] and before["closed"] and before["year"] == 2025
    came_late(made)
    (found,) = bridged(made)
    assert [[item["kind"] for item in effect["items"]] for effect in found["effects"]] == [
        ["buy"],
        ["reversal: sell", "sell"],
        ["prices: prices/files"],
    ]
    assert [(one["cost"], one["gain"], one["income"]) for one in found["effects"]] == [
        ("-1002.5", "1002.5", "0"),
        ("0", "500", "0"),
        ("0", "0", "21000"),
    ]
    assert (found["sealed"]["gain"], found["today"]["gain"]) == ("4985", "6487.5")
    for effect in found["effects"]:
        for item in effect["items"]:
            assert (made.folder / "evidence" / item["answer"][:2] / f"{item['answer']}.gz").exists()
    assert {(one["title"], one["sealed"], one["today"]) for one in found["forms"]} >= {
        ("Gains", "4985", "6487.5")
    }
    people = recon(made.folder, "bridge", "2025", "--rules", "generic", "--rules", "pl").stdout
    assert "tax year 2025 in PLN, closed with it" in people
    assert "reversal: sell broker/7, sell broker/8" in people
    assert recon(made.folder, "bridge", "2025", "--json").json["gains"] is None
    assert "is none of what can be asked for" in recon(
        made.folder, "bridge", "2025", "--rules", "pl", "--method", "fifo", code=2
    ).stderr  # fmt: skip


def test_a_year_is_open_again_when_its_period_is_and_closed_anew_with_what_came(made: House) -> None:
    first = taxed(made)
    came_late(made)
    recon(made.folder, "reopen", "2025", "--reason", "late rows", "--quiet")
    opened = recon(made.folder, "tax", "2025", "--rules", "generic", "--json").json
    assert opened["as_of"] is None and opened["summary"]["gain"] == "6487.5"
    again = recon(made.folder, *ANNA, "close", "2025", "--json", code=3).json
    recon(made.folder, *ANNA, "close", "2025", *accepting(again), "--quiet")
    second = taxed(made, code=0)
    assert '"gain": "6487.5"' in second and second != first
    (none,) = bridged(made)
    assert none["effects"] == [] and none["sealed"]["gain"] == "6487.5"


def test_settings_that_are_others_than_were_sealed_are_told(made: House) -> None:
    made.write(
        settings(
            made,
            prices={"sources": ["files"], "band_percent": 20},
            assets={"XBT": "BTC"},
            rules={"staked": {"activity": "income: staking", "asset": "ETH"}},
        )
    )
    expected = ["assets.XBT", "prices.sources", "rules"]
    assert (
        recon(made.folder, "tax", "2025", "--rules", "generic", "--json", code=3).json["settings"] == expected
    )
    assert bridged(made)[0]["settings"] == expected
    assert "assets.XBT, prices.sources, rules" in " ".join(
        recon(made.folder, "tax", "2025", "--rules", "generic", "--summary", code=3).stdout.split()
    )


def test_a_month_is_bridged_up_to_its_end_and_no_year_is_closed_with_it(tmp_path: Path) -> None:
    with house(tmp_path, "broker") as made:
        pull(made, PAID, BOUGHT, SOLD)
        for month in range(1, 7):
            recon(made.folder, *ANNA, "close", f"2025-{month:02}", "--quiet")
        assert recon(made.folder, "tax", "2025", "--rules", "generic", "--json").json["as_of"] is None
        more = "2025-08-05T10:00:00Z,sell,main,BTC,1,PLN,99000,,,,august"
        pull(made, PAID, BOUGHT, SOLD.replace("15000", "14000"), more)
        (may,) = bridged(made, "2025-05")
        assert may["effects"] == [] and may["today"]["proceeds"] == "0"
        (june,) = bridged(made, "2025-06")
        assert not june["closed"] and june["until"] == "2025-06-30T22:00:00Z"
        assert (june["sealed"]["gain"], june["today"]["gain"]) == ("4985", "3985")


def test_a_british_year_is_closed_once_the_30_days_after_it_are_sealed(tmp_path: Path) -> None:
    sold = "2025-04-04T10:00:00Z,sell,main,BTC,1,PLN,15000,,,,sold"
    back = "2025-05-03T10:00:00Z,buy,main,BTC,1,PLN,12000,,,,back"

    def british() -> Any:
        return recon(tmp_path, "tax", "2024", "--rules", "uk", "--json").json

    with house(tmp_path, "broker") as made:
        (tmp_path / "p.csv").write_text("asset,quote,price,time\nPLN,GBP,0.2,2025-01-01T00:00:00Z\n")
        made.write(settings(made, prices={"sources": ["trades", "files"], "max_age_days": 300}))
        pull(made, PAID, BOUGHT, sold)
        recon(made.folder, "prices", "import", "p.csv", "--quiet")
        for month in range(1, 5):
            recon(made.folder, *ANNA, "close", f"2025-{month:02}", "--quiet")
        assert british()["as_of"] is None
        assert british()["disposals"][0]["rule"] == "section 104"
        pull(made, PAID, BOUGHT, sold, back)
        assert british()["disposals"][0]["rule"] == "30 days"
        recon(made.folder, *ANNA, "close", "2025-05", "--quiet")
        first = british()
        assert first["as_of"]["period"] == "2025-05"
        pull(made, PAID, BOUGHT, sold, back, LATE)
        assert british() == first
        found = recon(made.folder, "bridge", "2025-05", "--rules", "uk", "--json").json["gains"]
        assert [(one["year"], one["closed"]) for one in found] == [(2024, True), (2025, False)]


def test_a_transfer_that_is_found_behind_the_seal_is_told_by_both_its_rows(tmp_path: Path) -> None:
    sent = "2025-12-30T10:00:00Z,transfer_out,main,BTC,1,,,,,0xaa,sent"
    came = "2026-01-02T10:00:00Z,transfer_in,main,BTC,1,,,,,0xaa,came"
    with house(tmp_path, "broker") as made:
        table = made.settings("broker")
        broker = table["sources"]["broker"]
        made.write(
            table
            | {
                "sources": {
                    "another": broker | {"path": "another.csv"},
                    "broker": broker | {"path": "broker.csv"},
                }
            }
        )
        (tmp_path / "another.csv").write_text(HEADER)
        (tmp_path / "broker.csv").write_text(HEADER + f"{PAID}\n{BOUGHT}\n{sent}\n")
        recon(made.folder, "pull", "--quiet")
        closed(made)
        first = recon(made.folder, "tax", "2025", "--rules", "generic", "--json").json
        (tmp_path / "another.csv").write_text(HEADER + f"{came}\n")
        recon(made.folder, "pull", "--quiet")
        assert recon(made.folder, "tax", "2025", "--rules", "generic", "--json").json == first
        (found,) = bridged(made)
        ((item,),) = [effect["items"] for effect in found["effects"]]
        assert (item["kind"], item["entry"], item["other"]) == ("transfer found", "broker/3", "another/1")


def test_more_than_can_be_told_one_by_one_is_told_pull_by_pull(made: House) -> None:
    many = [LATE.replace(",late", f",late{number}") for number in range(26)]
    pull(made, *ROWS, *many)
    pull(made, *ROWS, *many, EARNED.replace("earned", "another"))
    (found,) = bridged(made)
    assert [len(one["items"]) for one in found["effects"]] == [26, 1]
    people = recon(made.folder, "bridge", "2025", "--rules", "generic").stdout
    assert "buy broker/6, buy broker/7, buy broker/8 and 23 more" in " ".join(people.split())


def test_a_late_trade_tells_a_price_of_the_moment_at_which_it_was_made(made: House) -> None:
    pull(made, *ROWS, "2025-02-05T09:00:00Z,buy,main,ETH,1,PLN,7000,,,,eth")
    (found,) = bridged(made)
    assert [(one["income"], one["unknown"]) for one in found["effects"]] == [("21000", 0)]


def test_a_year_whose_close_died_half_way_is_that_of_the_close(made: House) -> None:
    recon(made.folder, "reopen", "2025", "--reason", "again", "--quiet")
    first = recon(made.folder, *ANNA, "close", "2025", "--json", code=3).json
    words = ("close", "2025", *accepting(first))
    recon(made.folder, *ANNA, *words, code=-9, env={"RECON_FAILPOINT": "seals.line-sealed:1"})
    came_late(made)
    answer = taxed(made)
    assert '"gain": "4985"' in answer and '"period": "2025"' in answer
    (found,) = bridged(made)
    assert [one["gain"] for one in found["effects"]] == ["1002.5", "500", "0"]


def test_a_transfer_that_is_not_stored_yet_has_an_effect_of_its_own(tmp_path: Path) -> None:
    """What left was a disposal nobody could value; its arrival came late, and makes it a move between own places."""
    sent = "2025-03-05T10:00:00Z,withdrawal,main,BTC,0.5,,,,,0xabc1,sent"
    came = "2025-03-05T11:00:00Z,deposit,vault,BTC,0.5,,,,,0xabc1,came"
    with house(tmp_path, "broker") as made:
        rows = [PAID, BOUGHT, sent]
        pull(made, *rows)
        recon(made.folder, *ANNA, "close", "2025", "--quiet")
        pull(made, *rows, came)
        (found,) = bridged(made)
        kinds = [[item["kind"] for item in effect["items"]] for effect in found["effects"]]
        assert kinds == [["deposit"], ["transfers that recon reconcile will store"]]
        assert [effect["unknown"] for effect in found["effects"]] == [0, -1]
        recon(tmp_path, "reconcile", "2026", "--quiet")
        (after,) = bridged(made)
        assert [[item["kind"] for item in effect["items"]] for effect in after["effects"]] == [
            ["deposit"],
            ["transfer found"],
        ]
        assert after["today"] == found["today"]
