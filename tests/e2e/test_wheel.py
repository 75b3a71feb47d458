"""The wheel, built from the source distribution and installed from the lock, does its work far from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from recon import __version__

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.wheel, pytest.mark.timeout(600)]


def _run(*command: str | Path, folder: Path) -> str:
    """What the command prints. It sees neither the checkout nor the Python that runs the tests."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "RECON_", "VIRTUAL_"))
    }
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{command} gave {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that holds the runtime lock, the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    _run(sys.executable, "-m", "venv", folder, folder=folder)
    programs = folder / "bin"
    install = (programs / "python", "-m", "pip", "--quiet", "install", "--no-deps")
    _run(*install, "--require-hashes", "--requirement", ROOT / "requirements.lock", folder=folder)
    _run(*install, wheel, folder=folder)
    _run(programs / "python", "-m", "pip", "check", folder=folder)
    return programs


def test_the_wheel_holds_every_file_of_the_program_and_nothing_else(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    program = {
        path.relative_to(ROOT).as_posix()
        for package in ("recon", "reports")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    samples = {f"recon/demo/sample_data/{path.name}" for path in (ROOT / "sample_data").glob("*.[cj]s*")}
    assert packed == program | samples


@pytest.mark.parametrize("pattern", ["*/checks/*.sql", "*/migrations/*", "*_templates/*", "*/sample_data/*"])
def test_the_wheel_holds_what_is_no_python_module(wheel: Path, pattern: str) -> None:
    assert any(Path(name).match(pattern) for name in zipfile.ZipFile(wheel).namelist())


def test_the_installed_command_knows_its_version(installed: Path, tmp_path: Path) -> None:
    assert __version__ in _run(installed / "recon", "--version", folder=tmp_path)


def test_the_installed_demo_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    _run(installed / "recon", "demo", folder=tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} >= {".xlsx", ".html"}
