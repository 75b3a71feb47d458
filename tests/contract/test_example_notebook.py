"""The example notebook runs from its first cell to its last, in an empty folder, and is kept without its answers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.outside import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
_RUN = """
import sys
import nbformat
from nbclient import NotebookClient

path, folder = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
nbformat.validate(notebook)
NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
nbformat.write(notebook, folder + "/run.ipynb")
"""
"""In a process of its own: what a kernel's libraries warn of is not ours."""


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_there_is_an_example() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_answers_and_in_the_form_that_jupyter_reads(path: Path) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    ids = [one["id"] for one in whole["cells"]]
    assert len(set(ids)) == len(ids)
    for one in whole["cells"]:
        said = {"cell_type", "id", "metadata", "source"}
        if one["cell_type"] == "code":
            assert (one["outputs"], one["execution_count"]) == ([], None)
            said |= {"outputs", "execution_count"}
        assert set(one) == said
        assert one["cell_type"] in ("code", "markdown")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_in_an_empty_folder(path: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _RUN, str(path), str(tmp_path)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "IPYTHONDIR": str(tmp_path),
            "MPLCONFIGDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outputs = [output for one in cells(tmp_path / "run.ipynb") for output in one.get("outputs", ())]
    assert {output["output_type"] for output in outputs} <= {"execute_result", "display_data"}, outputs
    shown = json.dumps([output["data"] for output in outputs])
    for words in ("Example Sp. z o.o.", "running_balance", "979.020900000000000000", "proceeds", "image/png"):
        assert words in shown, words
