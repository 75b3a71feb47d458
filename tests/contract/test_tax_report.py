"""recon report tax from outside: whole files of a year, the same bytes each time, and a closed year's for good."""

import csv
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.contract.house import House, house
from tests.contract.outside import recon
from tests.contract.shelf import Shelf, line
from tests.contract.test_close import rebuilt
from tests.contract.test_closed_years import ROWS, came_late, closed, pull, settings
from tests.contract.test_reports import files
from tests.tax._reports import LINES

NAMES = [
    "form-8949-2024-C.csv", "form-8949-2024-F.csv", "manifest.sha256",
    "tax-2024-pl.html", "tax-2024-pl.xlsx", "tax-2024-us.html", "tax-2024-us.xlsx",
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(
        tmp_path_factory.mktemp("year"),
        LINES,
        "USD",
        prices={"sources": ["trades"], "parity": {"USD": "PLN"}},
    )


def report(shelf: Shelf, *args: str, code: int = 0) -> Path:
    recon(shelf.folder, "report", "tax", "2024", *args, "--out", "out", "--quiet", code=code)
    return shelf.folder / "out"


def test_a_year_is_written_whole_for_each_rulebook_and_again_to_the_same_bytes(shelf: Shelf) -> None:
    before = files(shelf.folder)
    asked = ("report", "tax", "2024", "--rules", "us", "--rules", "pl", "--out", "out")
    told = recon(shelf.folder, *asked, "--json").json
    assert told["period"] == "2024" and told["files"][-1] == "out/manifest.sha256"
    assert sorted(told["files"]) == [f"out/{name}" for name in NAMES]
    out = shelf.folder / "out"
    assert sorted(path.name for path in out.iterdir()) == NAMES
    check = ["sha256sum", "--strict", "-c", "manifest.sha256"]
    subprocess.run(check, cwd=out, check=True, capture_output=True)
    written = files(out)
    ran = recon(shelf.folder, *asked)
    assert files(out) == written and all(f"Wrote out/{name}" in ran.stdout for name in NAMES)
    after = {name: digest for name, digest in files(shelf.folder).items() if not name.startswith("out/")}
    assert after == before, "nothing else changed"


def test_the_workbook_and_the_page_say_the_forms_of_recon_tax(shelf: Shelf) -> None:
    out = report(shelf, "--rules", "us", "--rules", "uk")
    for rules in ("us", "uk"):
        forms = shelf.tax(2024, rules, "--summary", code=3)["summary"]["forms"]
        rows = [
            *load_workbook(out / f"tax-2024-{rules}.xlsx", data_only=True)["Forms"].iter_rows(
                values_only=True
            )
        ]
        head = next(number for number, row in enumerate(rows) if row[0] == "Form")
        found = [(row[0] or "", row[1] or "", row[2], row[4]) for row in rows[head + 1 :] if row[2]]
        assert found == [(one["form"], one["box"], one["title"], one["value"]) for one in forms]
        page = (out / f"tax-2024-{rules}.html").read_text(encoding="utf-8")
        assert all(f"<code>{one['value']}</code>" in page for one in forms)
        assert "Not whole" in page


def test_the_files_for_tax_software_are_plain_and_sum_to_the_form(shelf: Shelf) -> None:
    out = report(shelf, "--rules", "us")
    boxes = {one["box"]: one["value"] for one in shelf.tax(2024, "us", code=3)["summary"]["forms"]}
    for box, line_ in (("C", "3"), ("F", "10")):
        with (out / f"form-8949-2024-{box}.csv").open(encoding="ascii", newline="") as file:
            rows = [*csv.DictReader(file)]
        assert [*rows[0]][:5] == [
            "Description",
            "Date Acquired",
            "Date Sold",
            "Sales Proceeds",
            "Cost or Other Basis",
        ]
        for title, letter in (("Sales Proceeds", "d"), ("Cost or Other Basis", "e"), ("Gain or Loss", "h")):
            assert sum(Decimal(row[title]) for row in rows) == Decimal(boxes[f"{line_}({letter})"])
        assert {row["Long/Short"] for row in rows} == {"Short" if box == "C" else "Long"}


def test_a_method_and_a_scope_may_be_asked_for(shelf: Shelf) -> None:
    out = report(shelf, "--rules", "generic", "--method", "hifo", "--scope", "account")
    facts = dict(
        row[:2] for row in load_workbook(out / "tax-2024-generic.xlsx")["Cover"].iter_rows(values_only=True)
    )
    assert facts["Method"].lower().startswith("highest") and facts["Scope"] == "account"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("tax", "2024"), "--rules"),
        (("tax", "2024", "--rules", "fr"), "us"),
        (("tax", "--rules", "us"), "2024"),
        (("tax", "2024-01", "--rules", "us"), "'2024-01' is no tax year"),
        (("tax", "1999", "--rules", "us"), "2009"),
        (("tax", "2010", "--rules", "generic", "--rules", "us"), "not known before"),
        (("tax", "2024", "--rules", "us", "--method", "average"), "hifo"),
        (("tax", "2024", "--rules", "us", "--scope", "moon"), "account"),
        (("audit", "2024", "--rules", "us"), "--rules"),
        (("accountant", "2024", "--method", "fifo"), "--method"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error_and_writes_nothing(
    shelf: Shelf, args: tuple[str, ...], said: str
) -> None:
    ran = recon(shelf.folder, "report", *args, "--out", "none", "--json", code=2)
    assert said in ran.json["error"]["message"]
    assert not (shelf.folder / "none").exists()


def test_a_year_of_nothing_has_its_forms_all_the_same(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, [line("2023-01-05", "buy", "1 BTC", "20000 USD")])
    for rules in ("us", "uk", "de", "pl", "generic"):
        out = report(shelf, "--rules", rules)
        book = load_workbook(out / f"tax-2024-{rules}.xlsx")
        assert "Forms" in book.sheetnames and "Nothing was disposed of" in (
            out / f"tax-2024-{rules}.html"
        ).read_text(encoding="utf-8")  # fmt: skip


def test_without_a_price_the_report_is_written_and_says_what_is_missing(tmp_path: Path) -> None:
    shelf = Shelf(
        tmp_path,
        [line("2024-01-05", "buy", "1 BTC", "20000 USD"), line("2024-02-05", "sell", "1 BTC", "3 EUR")],
    )
    out = report(shelf, "--rules", "us")
    page = (out / "tax-2024-us.html").read_text(encoding="utf-8")
    assert "no price of EUR in USD" in page and "1 row in no figure" in page
    assert not [*out.glob("*.csv")], "a row without an amount is in no file for tax software"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "broker") as one:
        one.write(settings(one))
        pull(one, *ROWS)
        closed(one)
        yield one


def test_a_closed_year_stays_to_the_byte_whatever_comes_and_after_a_rebuild(made: House) -> None:
    def written(out: str) -> dict[str, str]:
        asked = ("report", "tax", "2025", "--rules", "generic", "--rules", "pl", "--out", out, "--quiet")
        recon(made.folder, *asked)
        return files(made.folder / out)

    first = written("first")
    assert len(first) == 5
    page = (made.folder / "first" / "tax-2025-generic.html").read_text(encoding="utf-8")
    assert "as the ledger stood when 2025 was sealed" in page
    came_late(made)
    assert written("second") == first
    rebuilt(made)
    made.write(settings(made, ledger={"url": "sqlite:///again.db"}))
    assert written("third") == first
    recon(made.folder, "reopen", "2025", "--reason", "late rows", "--quiet")
    assert written("fourth") != first


def test_a_report_of_a_period_leaves_the_tax_year_to_its_own_command(made: House) -> None:
    told = recon(made.folder, "report", "all", "2024", "--out", "all", "--json").json
    assert not [name for name in told["files"] if "tax" in name]
