"""``recon export``: journals whose rows lead to the evidence, whole files with a manifest, and clear refusals."""

import csv
import hashlib
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon
from tests.contract.shelf import Shelf, line
from tests.contract.test_adjust import adjust, draft
from tests.contract.test_close import FEBRUARY, JANUARY, LATE, closed, pull, write
from tests.contract.test_late_links import HEADER, OURS, THEIRS
from tests.reports._journals import faults, of_beancount

FILES = {
    "journal-csv": ["journal-2025-Q1.csv"],
    "beancount": ["journal-2025-Q1.beancount"],
    "hledger": ["journal-2025-Q1.hledger"],
    "parquet": ["entries-2025-Q1.parquet", "postings-2025-Q1.parquet"],
}
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("export"), *VENUES) as one:
        recon(one.folder, "pull", "--quiet")
        yield one


def rows(folder: Path, period: str = "all") -> Rows:
    """The rows of a journal as CSV."""
    recon(folder, "export", "--format", "journal-csv", period, "--out", "rows", "--quiet")
    with (folder / "rows" / f"journal-{period}.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


@pytest.mark.parametrize("name", FILES)
def test_files_are_written_whole_and_again_to_the_same_bytes_and_change_nothing_else(
    name: str, made: House
) -> None:
    out = made.folder / name
    ledger = (made.folder / "recon.db").read_bytes()
    asked = ("export", "--format", name, "2025-Q1", "--out", name)
    told = recon(made.folder, *asked, "--json").json
    names = [*FILES[name], "manifest.sha256"]
    assert told == {"format": name, "period": "2025-Q1", "files": [f"{name}/{one}" for one in names]}
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    subprocess.run(["sha256sum", "--strict", "-c", names[-1]], cwd=out, check=True, capture_output=True)
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert f"Wrote {name}/{names[0]}" in recon(made.folder, *asked).stdout
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert (made.folder / "recon.db").read_bytes() == ledger


def test_reports_and_journals_of_one_folder_share_its_manifest(made: House) -> None:
    recon(made.folder, "report", "audit", "all", "--out", "both", "--quiet")
    recon(made.folder, "export", "--format", "hledger", "--out", "both", "--quiet")
    listed = (made.folder / "both" / "manifest.sha256").read_text().splitlines()
    assert [one.split("  ")[1] for one in listed] == ["audit-all/manifest.sha256", "journal-all.hledger"]


def test_each_row_leads_to_the_bytes_that_it_rests_on(made: House) -> None:
    found = rows(made.folder)
    for one in found:
        sealed = made.folder / "evidence" / one["evidence"][:2] / f"{one['evidence']}.gz"
        assert sealed.exists() and one["pointer"].startswith("/")
    by_entry: dict[tuple[str, str], Decimal] = {}
    for one in found:
        place = one["entry"], one["asset"]
        by_entry[place] = by_entry.get(place, Decimal(0)) + Decimal(one["quantity"])
    assert by_entry and not any(by_entry.values())
    trade = [one for one in found if one["description"] == "buy"]
    assert {one["time_utc"] for one in trade} == {"2025-02-19T21:20:00Z"}
    assert {one["time_local"] for one in trade} == {"2025-02-19T22:20:00+01:00"}
    assert {(one["account"], one["asset"], one["quantity"]) for one in trade} == {
        ("assets:egera:main", "BTC", "0.1"), ("trading", "BTC", "-0.1"), ("assets:egera:main", "PLN", "-5025"),
        ("trading", "PLN", "5000"), ("fees:egera", "PLN", "25"),
    }  # fmt: skip


def test_what_cannot_be_is_one_clear_line(made: House) -> None:
    def said(*words: str, code: int) -> str:
        ran = recon(made.folder, "export", *words, code=code)
        assert ran.stdout == "" and ran.stderr.count("\n") == 1
        return ran.stderr

    told = said("--format", "qif", "--out", "odd", code=2)
    assert "'qif'" in told and "beancount, hledger, journal-csv, parquet" in told
    assert "2025-13" in said("--format", "hledger", "2025-13", "--out", "odd", code=2)
    assert not (made.folder / "odd").exists()
    (made.folder / "taken").write_text("a file, where a folder is wanted")
    told = said("--format", "parquet", "--out", "taken/inside", code=1)
    assert "taken" in told and "--out" in told


def test_units_are_told_with_their_worth_where_something_prices_them(tmp_path: Path) -> None:
    shelf = Shelf(
        tmp_path,
        [
            line("2025-01-05", "deposit", "3 BTC"),
            line("2025-01-06", "deposit", "1 ETH"),
            line("2025-01-07", "deposit", "7.5 EUR"),
        ],
        base="EUR",
        prices={"sources": ["files"]},
    )
    shelf.prices("BTC,EUR,0.333333333333333333,2025-01-05T12:00:00Z")
    found = {(one["account"].split(":")[0], one["asset"]): one for one in rows(tmp_path)}
    assert found["assets", "BTC"]["value"] == "0.999999999999999999"
    assert found["external", "BTC"]["value"] == "-0.999999999999999999"
    assert found["assets", "EUR"]["value"] == "7.5" and found["assets", "EUR"]["value_currency"] == "EUR"
    assert found["assets", "ETH"]["value"] == found["assets", "ETH"]["value_currency"] == ""


def exported(folder: Path, period: str) -> str:
    recon(folder, "export", "--format", "beancount", period, "--out", "out", "--quiet")
    path = folder / "out" / f"journal-{period}.beancount"
    assert faults(path) == []
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sealed_month_stays_the_same_and_what_came_late_is_told_where_it_was_posted(tmp_path: Path) -> None:
    with house(tmp_path, "broker") as one:
        write(one, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        closed(one, "2025-01")
        before = exported(tmp_path, "2025-01")
        pull(one, JANUARY[0], LATE, FEBRUARY[0].replace("2.5", "3"))
        assert exported(tmp_path, "2025-01") == before
        late = [row for row in rows(tmp_path, "2025-02") if row["time_utc"] != row["happened_utc"]]
        assert {(row["description"], row["happened_utc"], row["reverses"]) for row in late} == {
            ("deposit", "2025-01-06T10:00:00Z", ""),
            ("reversal: withdrawal", "2025-01-20T10:00:00Z", "broker/2"),
        }
        assert {row["time_local"] for row in late} == {"2025-02-01T00:00:00+01:00"}
        exported(tmp_path, "2025-02")
        assert of_beancount(tmp_path / "out", "2025-02")["assets:broker:main", "BTC"] == 3


def test_what_was_sealed_twice_is_taken_off_where_the_seal_ends(tmp_path: Path) -> None:
    with house(tmp_path, "broker") as one:
        settings = one.settings("broker")
        sources = {
            name: settings["sources"]["broker"] | {"path": f"{name}.csv"} for name in ("another", "broker")
        }
        one.write(settings | {"sources": sources})
        (tmp_path / "another.csv").write_text(HEADER)
        (tmp_path / "broker.csv").write_text(HEADER + OURS)
        recon(tmp_path, "pull", "--quiet")
        closed(one, "2025-01")
        before = exported(tmp_path, "2025-01")
        (tmp_path / "another.csv").write_text(HEADER + THEIRS)
        recon(tmp_path, "pull", "--quiet")
        assert exported(tmp_path, "2025-01") == before
        (off, _) = (row for row in rows(tmp_path, "2025-02") if row["entry"].endswith("/off"))
        assert re.fullmatch("broker/[0-9]+", off["reverses"]) and off["quantity"] == "-2"
        for period in ("2025-02", "all"):
            exported(tmp_path, period)
            found = of_beancount(tmp_path / "out", period)
            assert found["assets:another:main", "BTC"] == 2 and found["assets:broker:main", "BTC"] == 1


def test_an_adjustment_says_why_it_was_made(tmp_path: Path) -> None:
    with house(tmp_path, *VENUES) as one:
        recon(tmp_path, "pull", "--quiet")
        name = draft(one)["id"]
        adjust(one, "approve", name, by="Bob")
        said = adjust(one, "list")[0]
        told = [row for row in rows(tmp_path) if row["description"].startswith("adjustment ")]
        assert told and {row["description"] for row in told} == {
            f"adjustment {said['reason']}: {said['text']}"
        }


@pytest.mark.postgres
def test_a_ledger_on_a_server_gives_the_same_files(made: House, tmp_path: Path, postgres_url: str) -> None:
    with house(tmp_path, *VENUES) as one:
        one.write(one.settings(*VENUES) | {"ledger": {"url": postgres_url}})
        recon(tmp_path, "pull", "--quiet")
        for name in ("beancount", "journal-csv"):
            for folder in (made.folder, tmp_path):
                recon(folder, "export", "--format", name, "--out", "side", "--quiet")
        for path in (made.folder / "side").iterdir():
            if path.suffix != ".sha256":
                assert (tmp_path / "side" / path.name).read_bytes() == path.read_bytes()
