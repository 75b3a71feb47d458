"""The commands that a newcomer and a scheduler call: init, demo, run."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import VENUES, dead, house
from tests.contract.outside import recon

PLANTED = [
    ("closing_balance", "egera", "main", "BTC", "0.21734508"),
    ("running_balance", "fuse", "main", "USDTERC20", "979.0209"),
    ("running_balance", "gas", "129", "ETH", "-0.0037136244225"),
]


def breaks(reconciled: dict[str, Any]) -> list[tuple[str, ...]]:
    keys = ("check", "source", "account", "asset", "difference")
    return sorted(tuple(one[key] for key in keys) for one in reconciled["breaks"])


def test_init_writes_a_configuration_that_works_and_never_overwrites(tmp_path: Path) -> None:
    told = recon(tmp_path, "init", "books", "--json").json
    path = tmp_path / "books" / "recon.toml"
    assert told == {"written": "books/recon.toml"}
    before = path.read_bytes()
    again = recon(tmp_path, "init", "books", code=2)
    assert "books/recon.toml" in again.stderr and path.read_bytes() == before
    pulled = recon(tmp_path / "books", "pull", "--json").json
    assert pulled == {"status": "ok", "run": 1, "streams": []}


def test_run_ends_with_the_highest_code_of_its_steps_and_writes_where_the_configuration_says(
    tmp_path: Path,
) -> None:
    with house(tmp_path, *VENUES) as made:
        made.write(made.settings(*VENUES) | {"reports": {"path": "for-the-accountant"}})
        made.fuse.books["balances"]["account"]["BTC"] = "1.8"
        ran = recon(tmp_path, "run", "2025-Q1", "--json", code=3).json
        assert ran["pull"]["status"] == "ok"
        assert {Path(name).parent.name for name in ran["files"]} == {"for-the-accountant"}
        assert all(Path(name).exists() for name in ran["files"])
        made.gas.instead = dead
        settings = made.settings(*VENUES, gas={"deadline_s": 1})
        made.write(settings | {"reports": {"path": "for-the-accountant"}})
        both = recon(tmp_path, "run", "2025-Q1", "--json", code=4).json
        assert both["pull"]["status"] == "partial" and both["reconcile"]["clean"] is False


@pytest.mark.timeout(240)
def test_the_demo_finds_its_three_faults_and_in_the_same_folder_none_without_them(tmp_path: Path) -> None:
    started = time.monotonic()
    first = recon(tmp_path, "demo", "--json").json
    assert time.monotonic() - started < 30
    assert first["folder"] == "recon-demo" and len(first["faults"]) == 3
    assert breaks(first["reconcile"]) == PLANTED
    register = recon(tmp_path / "recon-demo", "breaks", "list").stdout
    assert all(one["id"] in register for one in first["reconcile"]["breaks"]), register
    assert re.search(r"0-30 +3 +[\d,]+\.\d\d", register), register
    clean = recon(tmp_path, "demo", "--without-faults", "--json").json
    assert clean["reconcile"]["clean"] is True and clean["faults"] == []
    assert sum(one["new"] for one in clean["pull"]["streams"]) == 3
    assert all((tmp_path / name).exists() for name in clean["files"])


def test_the_demo_leaves_somebody_elses_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_text("# mine\n")
    ran = recon(tmp_path, "demo", ".", code=2)
    assert "recon.toml" in ran.stderr and ran.stderr.count("\n") == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"recon.toml": "# mine\n"}
