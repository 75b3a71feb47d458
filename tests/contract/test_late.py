"""What comes late for a sealed period: kept, shown, bridged, and no break by itself; the sealed reports stay."""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.contract.house import BOOKS, House, house
from tests.contract.outside import recon
from tests.contract.packs import pages
from tests.contract.test_close import FEBRUARY, JANUARY, LATE, closed, pull, rebuilt, write

DEPOSIT = {
    "timestamp": "2025-01-08T10:00:00Z", "currency": "BTC", "type": "deposit", "amount": "0.75",
    "balance_after": "0.75",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """A broker whose January is sealed."""
    with house(tmp_path, "broker") as one:
        write(one, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        closed(one, "2025-01")
        yield one


def bridged(made: House, period: str = "2025-01", code: int = 0) -> dict[tuple[str, str], Any]:
    """The lines of a bridge, once each adds up."""
    found = recon(made.folder, "bridge", period, "--json", code=code).json
    for line in found["lines"]:
        late = sum((Decimal(one["quantity"]) for one in line["items"]), Decimal(0))
        assert late == Decimal(line["late"])
        if not code:
            assert line["difference"] == "0"
            assert Decimal(line["sealed"]) + late == Decimal(line["today"])
    return {(line["account"], line["asset"]): line for line in found["lines"]}


def digests(made: House, out: str) -> dict[str, str]:
    recon(made.folder, "report", "all", "2025-01", "--out", out, "--zip")
    found = sorted(path for path in (made.folder / out).rglob("*") if path.is_file())
    return {
        path.relative_to(made.folder / out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def test_each_late_item_stands_between_what_was_sealed_and_today_with_its_evidence(made: House) -> None:
    place = ("assets:broker:main", "BTC")
    assert bridged(made)[place]["items"] == []
    assert "nothing came late" in recon(made.folder, "bridge", "2025-01").stdout
    changed = JANUARY[1].replace("0.5,1.5", "0.25,1.75")
    pull(made, JANUARY[0], changed, LATE, FEBRUARY[0].replace("2.5", "2.75"))
    lines = bridged(made)
    line = lines[place]
    assert (line["sealed"], line["late"], line["today"]) == ("1.5", "0.25", "1.75")
    assert [(one["kind"], one["quantity"], one["at"], one["posted"]) for one in line["items"]] == [
        ("reversal: withdrawal", "0.5", "2025-01-20T10:00:00Z", "2025-01-31T23:00:00Z"),
        ("withdrawal", "-0.25", "2025-01-20T10:00:00Z", "2025-01-31T23:00:00Z"),
    ]
    assert lines["assets:broker:main", "ETH"]["today"] == "3"
    (item,) = lines["external:broker", "ETH"]["items"]
    assert (item["quantity"], item["period"], item["pointer"][:1]) == ("-3", "2025-01", "/")
    assert (made.folder / "evidence" / item["answer"][:2] / f"{item['answer']}.gz").exists()
    people = recon(made.folder, "bridge", "2025-01").stdout
    assert "in units" in people and "reversal: withdrawal" in people
    assert "2025-02 is not sealed" in recon(made.folder, "bridge", "2025-02", code=2).stderr
    rebuilt(made)


def test_a_row_that_moves_to_another_month_is_late_where_it_was_and_not_where_it_goes(made: House) -> None:
    pull(made, JANUARY[0], JANUARY[1].replace("2025-01-20", "2025-02-02"), *FEBRUARY)
    line = bridged(made)["assets:broker:main", "BTC"]
    assert [(one["kind"], one["quantity"]) for one in line["items"]] == [("reversal: withdrawal", "0.5")]
    assert (line["sealed"], line["today"]) == ("1.5", "2")


def test_late_items_are_told_on_the_screen_and_in_both_reports(made: House, tmp_path: Path) -> None:
    assert "came late" not in recon(made.folder, "reconcile", "2025-02").stdout
    pull(made, *JANUARY, LATE, *FEBRUARY)
    screen = recon(made.folder, "reconcile", "2025-02").stdout
    assert "1 item posted in it came late for a sealed period" in screen
    recon(made.folder, "report", "all", "2025-02", "--out", "out")
    book = load_workbook(tmp_path / "out" / "accountant-2025-02.xlsx", data_only=True)
    cells = [str(cell) for row in book["Prior-period items"].iter_rows(values_only=True) for cell in row]
    assert {"2025-01", "broker", "ETH", "deposit", "broker/4"} <= set(cells)
    page = pages(tmp_path / "out" / "audit-2025-02")
    assert "Prior-period items" in page and "broker/4" in page


def test_reports_of_a_sealed_period_stay_to_the_byte_until_it_is_opened_again(made: House) -> None:
    first = digests(made, "one")
    assert {name.partition("/")[0] for name in first} == {
        "accountant-2025-01.xlsx", "audit-2025-01", "audit-2025-01.zip", "confirmation-2025-01.xlsx",
        "confirmation-2025-01.html", "seal-2025-01.json", "manifest.sha256",
    }  # fmt: skip
    pull(made, *JANUARY, LATE, *FEBRUARY, "2025-02-07T10:00:00Z,deposit,main,SOL,3,3,s")
    recon(made.folder, "reconcile", "2025-01", "--quiet")
    assert digests(made, "two") == first
    made.write(made.settings("broker") | {"transfers": {"window_hours": 5}})
    assert digests(made, "three") == first
    recon(made.folder, "report", "audit", "2025-01", "--out", "four")
    assert not (made.folder / "four" / "accountant-2025-01.xlsx").exists()
    recon(made.folder, "reopen", "2025-01", "--reason", "late rows")
    assert digests(made, "five") != first


def test_a_sealed_report_whose_bytes_were_altered_is_refused(made: House) -> None:
    digest = digests(made, "one")["audit-2025-01.zip"]
    (made.folder / "evidence" / digest[:2] / f"{digest}.gz").write_bytes(b"other")
    assert "altered" in recon(made.folder, "report", "all", "2025-01", "--out", "two", code=5).stderr


def test_a_late_row_in_the_middle_of_stated_balances_heals_the_chain_and_is_no_break(tmp_path: Path) -> None:
    books = deepcopy(BOOKS)
    first, second, _, january = books["fuse"]["history"]
    first["balance_after"], second["balance_after"], january["balance_after"] = "2.5", "2", "2.25"
    books["fuse"]["balances"]["account"]["BTC"] = "2.5"
    with house(tmp_path, "fuse", books=books) as made:
        recon(made.folder, "pull", "--quiet")
        refused = closed(made, "2025-01", code=3)
        words = [
            word
            for one in refused["obstacles"]
            for word in ("--accept", one["name"], "--reason", "a row is late")
        ]
        closed(made, "2025-01", *words)
        made.fuse.books["history"].append(DEPOSIT)
        recon(made.folder, "pull", "--quiet")
        for period in ("2025-01", "2025-02", "2025-Q1", "all"):
            found = recon(made.folder, "reconcile", period, "--json").json
            assert found["breaks"] == [], found["breaks"]
        assert bridged(made)["assets:fuse:main", "BTC"]["late"] == "0.75"
        assert closed(made, "2025-02")["closed"]
        rebuilt(made)


def test_a_late_deposit_behind_a_spending_is_no_dip_in_either_period(tmp_path: Path) -> None:
    header = "timestamp,kind,account,asset,quantity,id\n"
    spent = "2025-01-20T10:00:00Z,withdrawal,main,BTC,0.5,b\n"
    with house(tmp_path, "broker") as made:
        (tmp_path / "broker").mkdir()
        rows = tmp_path / "broker" / "rows.csv"
        rows.write_text(header + spent + "2025-02-03T10:00:00Z,deposit,main,BTC,4,c\n")
        recon(tmp_path, "pull", "--quiet")
        (dip,) = closed(made, "2025-01", code=3)["obstacles"]
        closed(made, "2025-01", "--accept", dip["name"], "--reason", "the deposit is not listed yet")
        rows.write_text(
            header
            + "2025-01-10T10:00:00Z,deposit,main,BTC,2,a\n"
            + spent
            + "2025-02-03T10:00:00Z,deposit,main,BTC,4,c\n"
        )
        recon(tmp_path, "pull", "--quiet")
        for period in ("2025-01", "2025-02", "all"):
            assert recon(tmp_path, "reconcile", period, "--json").json["clean"], period
