"""Breaks travel to Excel and back: what was filled in is taken exactly, row by row, or refused with its cell."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from recon.core.errors import ConfigError
from recon.pipeline import breaks, breaks_file
from recon.pipeline.breaks import Asked
from recon.pipeline.breaks_read import read
from recon.pipeline.register import facts_of
from recon.pipeline.session import reading
from tests.contract.desk import ASSETS, HEADER, Desk, broken, column_of
from tests.contract.house import House
from tests.contract.outside import recon


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with broken(tmp_path_factory.mktemp("origin")) as made:
        yield made


@pytest.fixture
def desk(origin: House, tmp_path: Path) -> Desk:
    made = Desk.copied(origin.folder, tmp_path)
    made.export()
    return made


def changed(desk: Desk, how: Callable[[Worksheet], None]) -> None:
    """Does something to the sheet."""
    book = load_workbook(desk.path)
    how(book["Breaks"])
    book.save(desk.path)


def last_acts(desk: Desk, asset: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What people did about the break of an asset, without where it came from."""
    found = [(act.act, act.person, facts_of(act.facts)) for act in desk.life(asset).acts if act.person]
    return [
        (word, person, {k: v for k, v in facts.items() if k != "import"}) for word, person, facts in found
    ]


def only_refused(answer: dict[str, Any]) -> tuple[str, str, str]:
    (one,) = answer["refused"]
    assert not answer["applied"], answer
    return one["cell"], one["break"], one["why"]


def test_from_outside_a_file_is_written_filled_in_shown_taken_and_never_taken_twice(
    origin: House, tmp_path: Path
) -> None:
    desk = Desk.copied(origin.folder, tmp_path)
    assert recon(
        tmp_path, "breaks", "export", "breaks.xlsx", "--check", "closing_balance", "--json"
    ).json == {
        "file": "breaks.xlsx",
        "breaks": 6,
    }
    assert "already" in recon(tmp_path, "breaks", "export", "breaks.xlsx", code=2).stderr
    rows = desk.fill({"BTC": {"Owner": "Ben", "Comment": "asked the venue"}, "ETH": {"Due": "soon"}})
    name, other = desk.life("BTC").id, desk.life("ETH").id
    shown = recon(tmp_path, "breaks", "import", "breaks.xlsx", "--dry-run", "--json", code=1).json
    assert shown == {
        "applied": [
            {"break": name, "cell": f"Breaks!M{rows['BTC']}", "from": "open", "to": "assigned"},
            {"break": name, "cell": f"Breaks!O{rows['BTC']}", "from": "", "to": "Ben"},
            {"break": name, "cell": f"Breaks!Q{rows['BTC']}", "from": "", "to": "asked the venue"},
        ],
        "refused": [
            {
                "cell": f"Breaks!P{rows['ETH']}",
                "break": other,
                "why": "it is not a day: write it like 2025-02-03",
            }
        ],
        "unchanged": 4,
        "dry_run": True,
    }
    assert last_acts(desk, "BTC") == []
    told = recon(tmp_path, "--as", "Anna", "breaks", "import", "breaks.xlsx", code=1).stdout
    assert "asked the venue" in told and f"Breaks!P{rows['ETH']}" in told and "1 changed, 1 refused" in told
    assert last_acts(desk, "BTC") == [
        ("assigned", "Anna", {"owner": "Ben"}),
        ("noted", "Anna", {"text": "asked the venue"}),
    ]
    again = recon(tmp_path, "breaks", "import", "breaks.xlsx", "--json", code=1).json
    assert (again["applied"], len(again["refused"]), again["unchanged"]) == ([], 1, 5)
    recon(tmp_path, "verify", "--quiet")
    assert "no .xlsx workbook" in recon(tmp_path, "breaks", "import", "recon.toml", code=2).stderr


def test_every_cell_that_may_be_filled_in_makes_its_act(desk: Desk) -> None:
    desk.fill({
        "BCH": {"Status": " Assigned ", "Owner": "Ben "},
        "BTC": {"Reason": "Timing", "Due": datetime(2027, 2, 3), "Resolution": "paid on Monday"},  # noqa: DTZ001
        "ETH": {"Status": "resolved", "Reason": "immaterial", "Resolution": "dust"},
        "LTC": {"Comment": "two\r\nlines"},
        "PLN": {"Status": "RESOLVED", "Reason": "other", "Resolution": "x", "Owner": "Cem", "Comment": "so"},
    })  # fmt: skip
    answer = desk.take()
    assert answer["refused"] == [] and answer["unchanged"] == 1
    assert last_acts(desk, "BCH") == [("assigned", "Anna", {"owner": "Ben"})]
    assert last_acts(desk, "BTC") == [
        (
            "explained",
            "Anna",
            {"reason": "timing", "text": "paid on Monday", "evidence": [], "due": "2027-02-03"},
        )
    ]
    assert (desk.life("ETH").status, desk.life("ETH").reason) == ("resolved", "immaterial")
    assert last_acts(desk, "LTC") == [("noted", "Anna", {"text": "two\nlines"})]
    assert [word for word, _, _ in last_acts(desk, "PLN")] == ["assigned", "noted", "resolved"]
    assert len({act.run_id for act in desk.life("PLN").acts}) == 2


def test_what_stands_is_shown_and_a_resolved_break_is_opened_again_by_a_comment(desk: Desk) -> None:
    desk.resolve("BTC", reason="immaterial")
    desk.resolve("ETH", reason="timing", due=date(2027, 1, 31))
    desk.export()
    sheet = load_workbook(desk.path)["Breaks"]
    shown = {row[5].value: [cell.value for cell in row[12:18]] for row in sheet.iter_rows(min_row=HEADER + 1)}
    assert shown["BTC"] == ["resolved", "immaterial", None, None, None, "as agreed"]
    assert shown["ETH"] == ["open", "timing", None, datetime(2027, 1, 31), None, "as agreed"]  # noqa: DTZ001
    rows = desk.fill({"BTC": {"Status": "open"}, "ETH": {"Status": "resolved"}})
    answer = desk.take()
    assert [one["cell"] for one in answer["refused"]] == [f"Breaks!Q{rows['BTC']}"]
    assert [(one["from"], one["to"]) for one in answer["applied"]] == [
        ("open", "resolved"),
        ("2027-01-31", ""),
    ]
    desk.fill({"BTC": {"Comment": "the statement is of another account"}})
    assert len(desk.take()["applied"]) == 2
    assert last_acts(desk, "BTC")[-1] == ("reopened", "Anna", {"text": "the statement is of another account"})


def test_a_text_that_a_cell_cannot_show_as_it_is_stays_as_it_is(desk: Desk) -> None:
    said = "right\u202eleft \x07 x005F_ <r>=1</r> " + "x" * 40_000
    desk.resolve("BTC", "timing", said, due=date(2027, 1, 31))
    desk.export()
    assert desk.take()["unchanged"] == 6
    desk.fill({"BTC": {"Due": date(2027, 2, 28)}})
    assert len(desk.take()["applied"]) == 1
    assert last_acts(desk, "BTC")[-1][2]["text"] == said


def test_a_day_that_lost_its_format_is_refused(desk: Desk) -> None:
    rows = desk.fill({"BTC": {"Due": 45691}})
    changed(desk, lambda sheet: setattr(sheet[f"P{rows['BTC']}"], "number_format", "General"))
    assert only_refused(desk.take())[0] == f"Breaks!P{rows['BTC']}"


def test_a_reason_that_rests_on_others_needs_evidence_that_is_sealed_already(desk: Desk) -> None:
    rows = desk.fill({"BTC": {"Status": "resolved", "Reason": "network_fee", "Resolution": "a fee"}})
    cell, name, why = only_refused(desk.take())
    assert cell == f"Breaks!N{rows['BTC']}" and f"recon breaks resolve {name} --reason network_fee" in why
    statement = desk.folder / "statement.pdf"
    statement.write_bytes(b"fee")
    desk.resolve("BTC", reason="network_fee", evidence=[statement])
    desk.export()
    desk.fill({"BTC": {"Resolution": "fee of the withdrawal"}})
    assert desk.take()["refused"] == []
    assert last_acts(desk, "BTC")[-1][2]["evidence"][0]["name"] == "statement.pdf"


@pytest.mark.parametrize(
    ("cells", "at"),
    [
        ({"Status": "closed"}, "Status"),
        ({"Status": None}, "Status"),
        ({"Status": "cleared"}, "Status"),
        ({"Status": "assigned"}, "Owner"),
        ({"Status": "open", "Owner": "=1+1"}, "Owner"),
        ({"Status": "resolved", "Reason": "other"}, "Resolution"),
        ({"Status": "resolved", "Resolution": "x"}, "Reason"),
        ({"Status": "resolved", "Reason": "other", "Resolution": "x", "Due": date(2027, 1, 1)}, "Due"),
        ({"Reason": "because"}, "Reason"),
        ({"Reason": "other"}, "Due"),
        ({"Due": date(2027, 1, 1), "Resolution": "x"}, "Reason"),
        ({"Due": "3.2.2025"}, "Due"),
        ({"Due": "2025-02-30"}, "Due"),
        ({"Due": True}, "Due"),
        ({"Due": datetime(2027, 1, 1, 12)}, "Due"),  # noqa: DTZ001
        ({"Due": "1999-01-01"}, "Due"),
        ({"Comment": 42}, "Comment"),
        ({"Comment": True}, "Comment"),
        ({"Comment": '=HYPERLINK("x")'}, "Comment"),
        ({"Resolution": "#N/A"}, "Resolution"),
        ({"Difference": 5}, "Difference"),
        ({"Difference": "-0.8"}, "Difference"),
        ({"Difference (exact)": "-0.79000000000000000001"}, "Difference (exact)"),
        ({"At (local)": datetime(2025, 1, 1)}, "At (local)"),  # noqa: DTZ001
        ({"Value": 1}, "Value"),
        ({"Source": None}, "Source"),
        ({"What was found": "nothing"}, "What was found"),
        ({"Break": "B-000000000000"}, "Break"),
        ({"Break": None}, "Break"),
        ({"Token": "0" * 64}, "Token"),
        ({"Token": None}, "Token"),
        ({"Version": 1_000}, "Version"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_with_its_cell(
    desk: Desk, cells: dict[str, Any], at: str
) -> None:
    rows = desk.fill({"BTC": {"Comment": "so"} | cells})
    cell, _, why = only_refused(desk.take())
    column = load_workbook(desk.path)["Breaks"].cell(1, column_of(load_workbook(desk.path), at)).column_letter
    assert cell == f"Breaks!{column}{rows['BTC']}", why
    assert last_acts(desk, "BTC") == []


def test_a_copied_row_is_refused_in_both_places_and_a_deleted_one_is_missed(desk: Desk) -> None:
    rows = desk.fill({"BTC": {"Comment": "so"}, "ETH": {"Comment": "gone"}})

    def how(sheet: Worksheet) -> None:
        for cell in sheet[rows["BTC"]]:
            sheet.cell(HEADER + len(ASSETS) + 3, cell.column).value = cell.value
        sheet.delete_rows(rows["ETH"])

    changed(desk, how)
    answer = desk.take()
    assert answer["applied"] == [] and answer["unchanged"] == 4
    names = [one["break"] for one in answer["refused"]]
    assert names == [desk.life("BTC").id] * 2 + [desk.life("ETH").id]
    assert answer["refused"][-1]["cell"] == "Breaks" and "missing" in answer["refused"][-1]["why"]


def test_rows_in_another_order_are_the_same_rows(desk: Desk) -> None:
    desk.fill({"BTC": {"Comment": "so"}})

    def how(sheet: Worksheet) -> None:
        lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER + 1)]
        for number, line in enumerate(reversed(lines), HEADER + 2):
            for column, value in enumerate(line, 1):
                sheet.cell(number, column).value = value
        for cell in sheet[HEADER + 1]:
            cell.value = None

    changed(desk, how)
    answer = desk.take()
    assert (len(answer["applied"]), answer["refused"], answer["unchanged"]) == (1, [], 5)


def test_a_row_of_another_file_or_ledger_is_refused(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = desk.path.rename(desk.folder / "first.xlsx")
    desk.export(Asked(checks=["closing_balance"]))
    foreign = {row[5].value: row for row in load_workbook(first)["Breaks"].iter_rows(min_row=HEADER + 1)}
    token = foreign["BTC"][-1].value
    rows = desk.fill({"BTC": {"Token": token, "Comment": "so"}})
    cell, _, why = only_refused(desk.take())
    assert cell.endswith(str(rows["BTC"])) and "another file" in why
    with broken(tmp_path_factory.mktemp("other")) as made:
        other = Desk(made.folder)
        other.export()
        other.fill({"BTC": {"Comment": "so"}})
        answer = desk.take(other.path)
    assert answer["applied"] == [] and len(answer["refused"]) == 6
    assert all("not written from this ledger" in one["why"] for one in answer["refused"])


def test_an_edit_of_a_break_that_changed_meanwhile_is_refused_and_the_others_are_taken(desk: Desk) -> None:
    rows = desk.fill({"BTC": {"Owner": "Ben"}, "ETH": {"Owner": "Ben"}})
    with desk.session("Cem") as session:
        breaks.note(session, [desk.life("BTC").id, desk.life("LTC").id], "I am on it")
    answer = desk.take()
    assert {one["break"] for one in answer["applied"]} == {desk.life("ETH").id}
    assert [one["cell"] for one in answer["refused"]] == [f"Breaks!O{rows['BTC']}"]
    assert "noted by Cem" in answer["refused"][0]["why"]
    assert answer["unchanged"] == 4


def test_a_second_copy_of_a_file_undoes_nothing_that_the_first_one_did(desk: Desk) -> None:
    untouched = desk.path.read_bytes()
    desk.fill({"BTC": {"Owner": "Ben"}, "ETH": {"Owner": "Ben"}})
    desk.take()
    (desk.folder / "second.xlsx").write_bytes(untouched)
    assert desk.take(desk.folder / "second.xlsx") == {
        "applied": [],
        "refused": [],
        "unchanged": 6,
        "dry_run": False,
    }
    desk.path.write_bytes(untouched)
    desk.fill({"BTC": {"Owner": "Cem"}})
    _, _, why = only_refused(desk.take())
    assert "taken already" in why
    assert desk.life("BTC").owner == "Ben"


def test_what_was_found_again_just_the_same_is_no_change(desk: Desk) -> None:
    recon(desk.folder, "reconcile", "2026", "--quiet", code=3)
    before = desk.life("BTC")
    desk.export()
    recon(desk.folder, "reconcile", "2026-Q4", "--quiet", code=3)
    assert desk.life("BTC").version > before.version or desk.life("BTC").facts == before.facts
    desk.fill({"BTC": {"Owner": "Ben"}})
    assert desk.take()["refused"] == []


def test_the_same_ledger_and_time_give_the_same_bytes(desk: Desk) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with reading(desk.config) as ledger:
        for name in ("one.xlsx", "two.xlsx"):
            breaks_file.export(desk.config, ledger, now, Asked(), desk.folder / name)
    assert (desk.folder / "one.xlsx").read_bytes() == (desk.folder / "two.xlsx").read_bytes()


def test_only_the_cells_to_fill_in_are_unlocked_and_the_drop_downs_hold_the_words(desk: Desk) -> None:
    desk.resolve("BTC", "other")
    desk.export()
    book = load_workbook(desk.path)
    sheet = book["Breaks"]
    assert sheet.protection.sheet and not sheet.protection.password
    unlocked = {cell.column_letter for cell in sheet[HEADER + 1] if not cell.protection.locked}
    assert unlocked == set("MNOPQR")
    assert [book[name].sheet_state for name in book.sheetnames] == ["visible", "visible", "veryHidden"]
    assert [sheet.column_dimensions[letter].hidden for letter in ("Z", "AA")] == [True, True]
    assert sheet.freeze_panes == "B5"
    assert {str(one.sqref)[0]: one.type for one in sheet.data_validations.dataValidation} == {
        "M": "list", "N": "list", "O": "list", "P": "date",
    }  # fmt: skip
    assert sheet.tables["breaks"].ref == "A4:AA10"
    with reading(desk.config) as ledger:
        breaks_file.export(
            desk.config, ledger, datetime(2030, 1, 1, tzinfo=UTC), Asked(owners=["x"]), desk.folder / "0.xlsx"
        )
    assert desk.take(desk.folder / "0.xlsx")["unchanged"] == 0


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            packed.writestr(f"xl/{number}.xml", bytes(70 << 20))
    return made.getvalue()


def strange() -> bytes:
    made, book = io.BytesIO(), Workbook()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no .xlsx workbook"),
        (b"PK\x03\x04 and then nothing", "no .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0 and a password", "password"),
        (bomb(), "unpacks to more"),
        (strange(), "no sheet 'Breaks'"),
    ],
)
def test_a_file_that_is_no_workbook_of_ours_is_told(tmp_path: Path, body: bytes, said: str) -> None:
    path = tmp_path / "some.xlsx"
    path.write_bytes(body)
    with pytest.raises(ConfigError, match=said) as caught:
        read(path)
    assert caught.value.exit_code == 2


def test_a_workbook_whose_hidden_sheet_or_titles_were_changed_is_told(desk: Desk) -> None:
    whole = desk.path.read_bytes()
    for sheet, cell, value, said in (
        ("recon", "A1", "something else", "not what this version writes"),
        ("recon", "B2", "one", "was changed"),
        ("Breaks", "M4", "State", "no row of titles"),
        ("Breaks", "Q4", "Owner", "one column 'Owner'"),
    ):
        desk.path.write_bytes(whole)
        book = load_workbook(desk.path)
        book[sheet][cell].value = value
        book.save(desk.path)
        with pytest.raises(ConfigError, match=said):
            read(desk.path)
    desk.path.write_bytes(whole)
    book = load_workbook(desk.path)
    book["recon"]["D2"].value = "0 " * 18 + "0"
    book.save(desk.path)
    assert "hidden sheet was changed" in only_refused(desk.take())[2]
