"""All reports of a period in one folder: whole or told to be not, killed anywhere, the same bytes when run again."""

import hashlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recon.pipeline.report import report_names
from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon

KILLED = -signal.SIGKILL
ALL = ("report", "all", "2025-Q1", "--quiet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("whole"), *VENUES) as one:
        recon(one.folder, "pull", "--quiet")
        recon(one.folder, *ALL, "--out", "never-killed")
        yield one


def visible(folder: Path) -> dict[str, bytes]:
    """What somebody sees who opens the folder: hidden names are not yet whole."""
    found = {}
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in place.parts):
            found[place.as_posix()] = path.read_bytes()
    return found


def agrees(folder: Path) -> bool:
    """Whether the folder is what its manifest says."""
    check = ["sha256sum", "--strict", "--quiet", "-c", "manifest.sha256"]
    return subprocess.run(check, cwd=folder, check=False, capture_output=True).returncode == 0


def test_one_folder_holds_everything_of_the_period_and_each_name_in_it_says_which(made: House) -> None:
    found = visible(made.folder / "never-killed")
    reports = {name.split("/")[0] for name in found} - {"manifest.sha256"}
    assert {name.partition("-")[0] for name in reports} == {*report_names()}
    assert all("-2025-Q1" in name for name in reports)
    assert agrees(made.folder / "never-killed")


@pytest.mark.parametrize("point", ["report.part-written:1", "report.written:1", "report.written:3"])
def test_killed_half_way_nothing_looks_whole_and_a_second_run_makes_it_so(made: House, point: str) -> None:
    out, whole = made.folder / point.replace(":", "-"), visible(made.folder / "never-killed")
    recon(made.folder, *ALL, "--out", out.name, env={"RECON_FAILPOINT": point}, code=KILLED)
    left = visible(out)
    assert "manifest.sha256" not in left
    assert left.items() < whole.items(), "what has its name is whole"
    recon(made.folder, *ALL, "--out", out.name)
    assert visible(out) == whole and agrees(out)
    assert {path.name for path in out.iterdir()} == {name.split("/")[0] for name in whole}, (
        "nothing is left over"
    )


def test_killed_over_older_reports_the_manifest_tells_that_they_are_mixed(tmp_path: Path) -> None:
    with house(tmp_path, "egera") as made:
        recon(tmp_path, "pull", "--quiet")
        recon(tmp_path, *ALL, "--out", "out")
        made.egera.books["deposits"]["pln"][0]["amount"] = "20000.00"
        recon(tmp_path, "pull", "--quiet")
        older = visible(tmp_path / "out")
        recon(tmp_path, *ALL, "--out", "out", env={"RECON_FAILPOINT": "report.written:1"}, code=KILLED)
        assert visible(tmp_path / "out") != older
        assert not agrees(tmp_path / "out")
        recon(tmp_path, *ALL, "--out", "out")
        assert agrees(tmp_path / "out")


def test_a_manifest_lists_what_is_in_its_folder_whatever_somebody_left_there(made: House) -> None:
    out = made.folder / "odd"
    out.mkdir()
    (out / "note.txt").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    odd = [
        f"{digest}  note.txt",
        f"{digest}  gone.txt",
        f"{digest}  /etc/passwd",
        f"{digest}  ../odd/note.txt",
    ]
    (out / "manifest.sha256").write_bytes("\n".join(["no manifest", *odd, ""]).encode() + b"\xff\xfe\n")
    recon(made.folder, "report", "confirmation", "2025-Q1", "--out", "odd", "--quiet")
    listed = [line[66:] for line in (out / "manifest.sha256").read_text(encoding="utf-8").splitlines()]
    assert listed == ["confirmation-2025-Q1.html", "confirmation-2025-Q1.xlsx", "note.txt"]
    assert agrees(out)


def test_a_folder_that_cannot_be_written_keeps_what_was_there(made: House) -> None:
    out = made.folder / "kept"
    shutil.copytree(made.folder / "never-killed", out)
    before = visible(out)
    (out / ".accountant-2025-Q1.xlsx.part").mkdir()
    told = recon(made.folder, *ALL, "--out", "kept", code=1)
    assert told.stdout == "" and "--out" in told.stderr
    assert visible(out) == before
