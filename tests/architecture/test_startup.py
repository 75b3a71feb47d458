"""recon --version and --help answer at once: what is slow to import is imported by the command that needs it."""

import subprocess
import sys

import pytest

from tests.architecture._code import ROOT

SLOW = (
    "alembic", "currency_converter", "duckdb", "holidays", "httpcore2", "jinja2", "openpyxl", "pandas", "pyarrow",
    "pydantic", "sqlalchemy",
)  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    asked = "import sys, recon.cli; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, text=True).split())


def test_importing_recon_brings_nothing_of_its_own_until_a_notebook_is_opened() -> None:
    asked = "import sys, recon; print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, text=True).split())
    assert "recon" in loaded
    assert not {name for name in loaded if name.startswith("recon.")} | (loaded & {*SLOW})


@pytest.mark.parametrize("library", SLOW)
def test_starting_the_command_line_leaves_slow_libraries_alone(library: str, loaded: set[str]) -> None:
    assert "recon.cli" in loaded
    assert library not in loaded
