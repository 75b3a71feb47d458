"""The data of the letters to the venues: whose, which accounts, how many units at which moment, room for answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon
from tests.contract.shelf import Shelf, line

BEFORE = "2025-03-31T21:59:59.999999Z"
"""The last microsecond before the cut-off of the first quarter in Warsaw."""
UNITS = ("Account", "Asset", "Units by the entity's ledger", "Units by the venue")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three venues; one row is of the last second before the cut-off, one of the first after it. To look at."""
    with house(tmp_path_factory.mktemp("asked"), *VENUES) as one:
        one.egera.books["deposits"]["btc"] += [
            {"time": "1743458399", "amount": "3.00000000", "type": "cc33", "state": "1"},
            {"time": "1743458400", "amount": "5.00000000", "type": "dd44", "state": "1"},
        ]
        recon(one.folder, "pull", "--quiet")
        recon(one.folder, "report", "confirmation", "2025-Q1", "--out", "out", "--quiet")
        yield one


def letters(folder: Path, period: str = "2025-Q1") -> dict[str, list[list[Any]]]:
    """The sheets of the workbook, by name, rows without what is empty behind the last cell."""
    book = load_workbook(folder / "out" / f"confirmation-{period}.xlsx", data_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def facts(sheet: list[list[Any]]) -> dict[str, Any]:
    found = {}
    for row in sheet:
        told = [cell for cell in row if cell is not None]
        if len(told) == 2:
            found[told[0]] = told[1]
    return found


def asked(sheet: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Account, asset, our units, the venue's, below the titles of that table and up to the first empty row."""
    top = next(place for place, row in enumerate(sheet) if "Units by the venue" in row)
    places = [sheet[top].index(title) for title in UNITS]
    rows = []
    for row in sheet[top + 1 :]:
        if row[places[1]] is None:
            break
        rows.append(tuple(row[place] for place in places))
    return rows


def test_each_venue_has_a_letter_of_its_own_with_its_accounts_and_nobody_elses(made: House) -> None:
    sheets = letters(made.folder)
    assert list(sheets) == ["How to use this", *VENUES]
    assert {row[0] for row in asked(sheets["gas"])} == {"128", "129"}
    for name in VENUES:
        said = str(sheets[name])
        assert not [other for other in VENUES if other != name and f"{other} in the books" in said]
    assert facts(sheets["egera"])["Account number"] == "918872936"
    assert facts(sheets["gas"])["Account number"] == "to be filled in by the entity"


def test_the_units_are_those_of_the_ledger_before_the_cut_off(made: House) -> None:
    held = recon(made.folder, "balances", "--at", BEFORE, "--json").json
    found = {
        (name, account, asset): units
        for name in VENUES
        for account, asset, units, _ in asked(letters(made.folder)[name])
        if units
    }
    assert found == pytest.approx(
        {(one["source"], one["account"], one["asset"]): float(one["quantity"]) for one in held}
    )
    assert found["egera", "main", "BTC"] == 3.6


def test_the_cut_off_is_stated_with_its_date_time_and_zone(made: House) -> None:
    said = facts(letters(made.folder)["fuse"])
    assert said["Cut-off"] == "everything before 2025-04-01 00:00:00+02:00 (Europe/Warsaw)"
    assert said["Cut-off in UTC"] == "everything before 2025-03-31T22:00:00Z"
    assert said["Legal entity"] == "Example Sp. z o.o."


def test_the_answer_is_left_empty_and_liens_are_asked_about(made: House) -> None:
    for name in VENUES:
        sheet = letters(made.folder)[name]
        assert asked(sheet) and all(theirs is None for *_, theirs in asked(sheet))
        assert any("Liens, pledges" in str(cell) for row in sheet for cell in row)


def test_what_was_emptied_is_asked_about_too_and_what_is_under_way_is_at_no_venue(tmp_path: Path) -> None:
    made = Shelf(
        tmp_path,
        (
            line("2025-01-05", "deposit", "1 BTC"),
            line("2025-01-06", "withdrawal", "1 BTC"),
            line("2025-01-07", "deposit", "2 ETH"),
            line("2025-03-31", "transfer_out", "0.5 ETH"),
        ),
    )
    recon(made.folder, "report", "confirmation", "2025-Q1", "--out", "out", "--quiet")
    sheets = letters(made.folder)
    assert list(sheets) == ["How to use this", "broker"]
    assert [row[1:3] for row in asked(sheets["broker"])] == [("BTC", 0), ("ETH", 1.5)]


def test_it_says_that_it_confirms_nothing(made: House) -> None:
    page = (made.folder / "out" / "confirmation-2025-Q1.html").read_text(encoding="utf-8")
    for text in (page, str(letters(made.folder)["How to use this"])):
        assert "Requests, not confirmations" in text
        assert "a snapshot by the client" in text
        assert "The auditor chooses what is confirmed and by whom" in text


def test_a_letter_about_a_moment_that_was_not_read_yet_says_so(made: House) -> None:
    recon(made.folder, "report", "confirmation", "2090", "--out", "out", "--quiet")
    assert (
        "last read before the cut-off" in facts(letters(made.folder, "2090")["egera"])["Not to be sent yet"]
    )
    assert "Not to be sent yet" not in facts(letters(made.folder)["egera"])


def test_without_an_end_the_units_are_those_of_the_latest_reading(made: House) -> None:
    recon(made.folder, "report", "confirmation", "all", "--out", "out", "--quiet")
    sheet = letters(made.folder, "all")["egera"]
    assert facts(sheet)["Cut-off"].startswith("everything up to ")
    assert ("main", "BTC", 8.6, None) in asked(sheet)
