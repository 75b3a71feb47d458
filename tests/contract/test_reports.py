"""Reports: whole files with a manifest that sha256sum takes, the same bytes from the same ledger."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from xlsxwriter import Workbook

from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon
from tests.contract.packs import pages


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Books with one deposit that the ledger lacks, so that the reports have something to say."""
    with house(tmp_path_factory.mktemp("reports"), *VENUES) as one:
        one.egera.books["deposits"]["pln"].clear()
        recon(one.folder, "pull", "--quiet")
        yield one


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_reports_are_written_whole_and_again_to_the_same_bytes_and_change_nothing_else(made: House) -> None:
    out = made.folder / "out"
    before = files(made.folder)
    told = recon(made.folder, "report", "all", "2025-Q1", "--out", "out", "--json").json
    names = ["accountant-2025-Q1.xlsx", "audit-2025-Q1"]
    names += ["confirmation-2025-Q1.xlsx", "confirmation-2025-Q1.html", "manifest.sha256"]
    assert told == {"period": "2025-Q1", "files": [f"out/{name}" for name in names]}
    assert {path.name for path in out.iterdir()} == {*names}
    check = ["sha256sum", "--strict", "-c", "manifest.sha256"]
    subprocess.run(check, cwd=out, check=True, capture_output=True)
    listed = [line.split("  ")[1] for line in (out / "manifest.sha256").read_text().splitlines()]
    packed = {"audit-2025-Q1": "audit-2025-Q1/manifest.sha256"}
    assert sorted(listed) == sorted(packed.get(name, name) for name in names[:-1])
    written = files(out)
    ran = recon(made.folder, "report", "all", "2025-Q1", "--out", "out")
    assert files(out) == written
    assert all(f"out/{name}" in ran.stdout for name in names)
    after = files(made.folder)
    assert {name: digest for name, digest in after.items() if not name.startswith("out/")} == before
    page = pages(out / "audit-2025-Q1")
    assert "missing_record" in page and "egera" in page
    book = load_workbook(out / "accountant-2025-Q1.xlsx")
    assert any("missing_record" in str(cell.value) for sheet in book for row in sheet.rows for cell in row)


def test_a_report_of_another_period_joins_the_manifest(made: House) -> None:
    for name, period in (("accountant", "2025-01"), ("audit", "all")):
        recon(made.folder, "report", name, period, "--out", "more", "--quiet")
    out = made.folder / "more"
    assert {path.name for path in out.iterdir()} == {
        "accountant-2025-01.xlsx",
        "audit-all",
        "manifest.sha256",
    }
    subprocess.run(
        ["sha256sum", "--strict", "-c", "manifest.sha256"], cwd=out, check=True, capture_output=True
    )


def test_a_report_that_is_none_or_cannot_be_written_is_one_clear_line(made: House) -> None:
    unknown = recon(made.folder, "report", "taxes", "2025-Q1", "--out", "out", code=2)
    assert "'taxes'" in unknown.stderr and "accountant, audit, confirmation or all" in unknown.stderr
    (made.folder / "taken").write_text("a file, where a folder is wanted")
    ran = recon(made.folder, "report", "audit", "2025-Q1", "--out", "taken/inside", code=1)
    assert ran.stdout == "" and ran.stderr.count("\n") == 1
    assert "taken" in ran.stderr and "--out" in ran.stderr


def test_a_workbook_of_the_users_own_is_filled_beside_the_report(made: House) -> None:
    book = Workbook(made.folder / "ours.xlsx")
    sheet = book.add_worksheet("Ours")
    columns = [{"header": "Check"}, {"header": "Rows examined"}]
    sheet.add_table("A5:B6", {"name": "checks", "columns": columns})
    book.close()
    out, template = made.folder / "filled", ("--template", "ours.xlsx")
    ran = recon(made.folder, "report", "accountant", "2025-Q1", "--out", "filled", *template)
    assert "accountant-2025-Q1-ours.xlsx: formulas have no results" in ran.stderr
    listed = [line.split("  ")[1] for line in (out / "manifest.sha256").read_text().splitlines()]
    assert listed == ["accountant-2025-Q1-ours.xlsx", "accountant-2025-Q1.xlsx"]
    written = files(out)
    told = recon(made.folder, "report", "accountant", "2025-Q1", "--out", "filled", *template, "--json").json
    assert files(out) == written and f"filled/{listed[0]}" in told["files"]
    filled = load_workbook(out / listed[0])["Ours"]
    assert "coverage" in [cell.value for cell in filled["A"]]


def test_a_template_that_cannot_be_filled_is_one_clear_line_and_leaves_nothing(made: House) -> None:
    (made.folder / "text.xlsx").write_text("no workbook")
    Workbook(made.folder / "bare.xlsx").close()
    for template, told in (("text", "it is no whole .xlsx workbook"), ("bare", "no name and no table")):
        asked = ("report", "accountant", "2025-Q1", "--out", "none", "--template", f"{template}.xlsx")
        ran = recon(made.folder, *asked, code=2)
        assert told in ran.stderr and ran.stderr.count("\n") == 1
        assert not any((made.folder / "none").iterdir())
    asked = ("report", "audit", "2025-Q1", "--out", "none", "--template", "bare.xlsx")
    assert "is no workbook" in recon(made.folder, *asked, code=2).stderr
