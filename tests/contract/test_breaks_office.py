"""A workbook of breaks that LibreOffice opened and saved, with new data arriving in between."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from recon.pipeline.breaks import Asked
from recon.pipeline.register import facts_of
from tests.contract.desk import HEADER, Desk, broken
from tests.contract.house import House
from tests.contract.outside import recon

pytestmark = pytest.mark.office


ROW = "2025-01-05T10:00:00Z,deposit,main,DOGE,0.25,2.75,a\n"
EARLIER = "2025-01-02T10:00:00Z,deposit,main,DOGE,1,,b\n"
TITLES = "timestamp,kind,account,asset,quantity,balance_after,id\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with broken(tmp_path) as one:
        yield one


def bring(made: House, name: str, rows: str) -> None:
    """A statement of a broker arrives, and is looked at."""
    made.write(made.settings("egera", "broker"))
    (made.folder / "broker").mkdir(exist_ok=True)
    (made.folder / "broker" / name).write_text(TITLES + rows)
    recon(made.folder, "pull", "--quiet")
    recon(made.folder, "reconcile", "all", "--quiet", code=3)


def saved_by_office(path: Path) -> None:
    """Opens the workbook in LibreOffice and saves it in its place."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is not installed"
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    out = path.parent / "out"
    told = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(told, check=True, capture_output=True, timeout=110)
    (out / path.name).replace(path)


def test_what_was_filled_in_is_taken_but_for_the_break_that_new_data_changed(made: House) -> None:
    bring(made, "one.csv", ROW)
    desk = Desk(made.folder)
    desk.resolve("PLN", reason="other")
    before = facts_of(desk.life("DOGE").facts)["difference"]
    desk.export(Asked(statuses=("open", "resolved")))
    saved_by_office(desk.path)
    rows = desk.fill({
        "BCH": {"Status": "resolved", "Reason": "immaterial", "Resolution": "dust, näher nicht geprüft"},
        "BTC": {"Owner": "Ben", "Comment": "two\nlines & <tags>"},
        "ETH": {"Reason": "timing", "Due": "2027-02-03", "Resolution": "_x0041_ paid on Monday"},
        "DOGE": {"Owner": "Ben"},
        "LTC": {"Owner": "Ben"},
        "PLN": {"Status": "assigned", "Owner": "Ben", "Comment": "another account"},
    })  # fmt: skip
    saved_by_office(desk.path)
    made.egera.books["balances"]["LTC"]["active"] = "10.00"
    bring(made, "two.csv", EARLIER)
    assert facts_of(desk.life("DOGE").facts)["difference"] != before
    answer = recon(made.folder, "--as", "Anna", "breaks", "import", "breaks.xlsx", "--json", code=1).json
    refused = {one["cell"]: one["why"] for one in answer["refused"]}
    assert set(refused) == {f"Breaks!O{rows['DOGE']}", f"Breaks!O{rows['LTC']}"}
    assert "changed by new data" in refused[f"Breaks!O{rows['DOGE']}"]
    assert "cleared by new data" in refused[f"Breaks!O{rows['LTC']}"]
    assert (desk.life("DOGE").owner, desk.life("LTC").owner) == ("", "")
    assert answer["unchanged"] == 1
    assert (desk.life("BCH").status, desk.life("BTC").owner, desk.life("LTC").owner) == (
        "resolved",
        "Ben",
        "",
    )
    assert str(desk.life("ETH").due) == "2027-02-03"
    assert (desk.life("PLN").status, desk.life("PLN").reason) == ("assigned", "other")
    texts = [
        facts_of(act.facts).get("text")
        for one in desk.lives().values()
        for act in one.acts
        if act.person == "Anna"
    ]
    assert {"dust, näher nicht geprüft", "two\nlines & <tags>", "another account"} <= set(texts)
    again = recon(made.folder, "breaks", "import", "breaks.xlsx", "--json", code=1).json
    assert (again["applied"], again["unchanged"]) == ([], 5)
    recon(made.folder, "verify", "--quiet")


def test_an_untouched_file_that_office_saved_changes_nothing(made: House) -> None:
    desk = Desk(made.folder)
    desk.resolve("BTC", reason="other")
    desk.export()
    saved_by_office(desk.path)
    saved_by_office(desk.path)
    assert desk.take() == {"applied": [], "refused": [], "unchanged": 6, "dry_run": False}
    sheet = load_workbook(desk.path)["Breaks"]
    assert sheet.protection.sheet and sheet.tables["breaks"].ref == f"A{HEADER}:AA{HEADER + 6}"
    assert {cell.column_letter for cell in sheet[HEADER + 1] if not cell.protection.locked} >= set("MNOPQR")
    assert len(sheet.data_validations.dataValidation) == 4
