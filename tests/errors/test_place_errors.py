"""A disk that is full, a folder that is a file, a terminal that knows no letters: one clear line, or none."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.house import House, house
from tests.contract.outside import PROGRAM, ROOT, recon


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("places"), "gas") as one:
        recon(one.folder, "pull", "--quiet")
        yield one


@pytest.mark.parametrize("args", [("balances",), ("balances", "--json")], ids=" ".join)
def test_an_answer_that_finds_no_room_is_a_failure(made: House, args: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            (*PROGRAM, *args), cwd=made.folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "Error: the output: No space left on device\n")


def test_json_is_utf_8_whatever_the_terminal_speaks(made: House) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    told = recon(made.folder, "--json", "report", "żółw", "2025-Q1", "--out", "out", env=env, code=2)
    assert "'żółw'" in told.json["error"]["message"]


@pytest.mark.parametrize("path", ["recon.toml", "recon.toml/evidence"])
def test_an_evidence_folder_that_cannot_be_is_named_and_nothing_is_asked(tmp_path: Path, path: str) -> None:
    with house(tmp_path, "gas") as made:
        made.write(made.settings("gas") | {"evidence": {"path": path}})
        ran = recon(tmp_path, "pull", code=1)
        assert ran.stdout == "" and ran.stderr.count("\n") == 1
        assert str(tmp_path / "recon.toml") in ran.stderr
        assert not made.gas.venue.requests


def test_a_file_whose_name_is_no_text_is_named_and_the_other_sources_are_read(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    for name in (b"good.csv", b"b\xffd.csv"):
        path = os.fsencode(tmp_path / "broker") + b"/" + name
        Path(os.fsdecode(path)).write_text(
            "timestamp,kind,asset,quantity\n2025-01-01T00:00:00Z,deposit,BTC,1\n"
        )
    with house(tmp_path, "broker", "gas"):
        found = recon(tmp_path, "pull", "--json", code=4).json
        assert {one["source"] for one in found["streams"] if one["status"] == "ok"} == {"gas"}
        (error,) = [one["error"] for one in found["streams"] if one["error"]]
        assert error["kind"] == "file" and "b\\xffd.csv" in error["message"]
