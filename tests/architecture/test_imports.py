"""Who may import whom: rooms one another, and rooms the libraries."""

import subprocess
import sys
import tomllib

import pytest

from tests.architecture._code import ROOT, imports, is_within, modules, product

ONLY_HERE = {
    "alembic": "recon/ledger/",
    "sqlalchemy": "recon/ledger/",
    "sqlmodel": "recon/ledger/",
    "jinja2": "reports/_render/",
    "xlsxwriter": "reports/_render/",
}


def test_the_import_contracts_hold() -> None:
    """In a process of its own, for the linter would switch off the loggers of this one."""
    lint = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"
    ran = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_room_has_its_place_in_the_import_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    named = {
        name.strip(" ()")
        for contract in settings["contracts"]
        for layer in contract["layers"]
        for name in layer.split("|")
    }
    places = {".".join(module.path.split("/")[:2]).removesuffix(".py") for module in modules("recon")}
    rooms = places - {"recon.__init__"}
    assert not rooms - named


@pytest.mark.parametrize("library", ONLY_HERE)
def test_a_library_is_known_to_one_room_only(library: str) -> None:
    _holds(library, [module.path for module in product() if not module.path.startswith(ONLY_HERE[library])])


def test_sources_do_not_know_pandas() -> None:
    """Its readers make floats of numbers."""
    _holds("pandas", [module.path for module in modules("recon/sources")])


def test_the_core_needs_nothing_but_the_standard_library() -> None:
    _needs_only_the_standard_library("recon/core", {"recon.core"})


def test_a_stand_in_venue_needs_nothing_but_the_standard_library() -> None:
    """It must not share a mistake with the program that it tests."""
    _needs_only_the_standard_library("recon/demo", {"recon.demo"})


def _holds(library: str, paths: list[str]) -> None:
    found = [
        f"{module.path}:{use.line} imports {use.name}"
        for module in product()
        if module.path in paths
        for use in imports(module)
        if is_within(use.name, library)
    ]
    assert not found, "\n".join(found)


def _needs_only_the_standard_library(folder: str, ours: set[str]) -> None:
    found = [
        f"{module.path}:{use.line} imports {use.name}"
        for module in modules(folder)
        for use in imports(module)
        if use.name.split(".")[0] not in sys.stdlib_module_names
        and not any(is_within(use.name, own) for own in ours)
    ]
    assert not found, "\n".join(found)
