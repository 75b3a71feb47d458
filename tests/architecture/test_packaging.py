"""The lock files fit pyproject.toml and one another, and tie nobody to one index or machine."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture._code import ROOT, Module, imports, modules, product

LOCKS = sorted(ROOT.glob("requirements*.lock"))
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, GROUPS = PYPROJECT["project"], PYPROJECT["dependency-groups"]
RUNTIME: list[str] = PROJECT["dependencies"]
SPARK: list[str] = PROJECT["optional-dependencies"]["spark"]
EXTRAS: list[str] = [
    line for name, extra in PROJECT["optional-dependencies"].items() for line in extra if name != "spark"
]
BUILD: list[str] = GROUPS["build"]
DEV: list[str] = BUILD + [line for line in GROUPS["dev"] if isinstance(line, str)]
NEEDS = {
    "requirements.lock": RUNTIME,
    "requirements-build.lock": BUILD,
    "requirements-dev.lock": RUNTIME + EXTRAS + DEV,
    "requirements-spark.lock": RUNTIME + SPARK,
}


def _pins(lock: Path) -> dict[str, set[str]]:
    """The versions of each distribution in a lock file: more than one where Python versions differ."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_index_and_no_place(lock: Path) -> None:
    assert not re.findall(r".*(?://|\bfile:|--(?:extra-)?index|--find-links|(?<=\s)/).*", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_of_a_lock_has_a_hash(lock: Path) -> None:
    pins = re.findall(r"^\S+==.*(?:\n +--hash=.*)*", lock.read_text(), re.MULTILINE)
    assert pins
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_a_lock_holds_every_declared_requirement_within_its_bounds() -> None:
    assert set(NEEDS) == {lock.name for lock in LOCKS}
    for lock, lines in NEEDS.items():
        pins = _pins(ROOT / lock)
        for need in map(Requirement, lines):
            versions = pins.get(canonicalize_name(need.name), set())
            assert versions, f"{lock} lacks {need}: make lock"
            assert all(need.specifier.contains(version) for version in versions), f"{need}: {versions}"


def test_what_is_tested_is_what_is_shipped() -> None:
    spark, tested = (_pins(ROOT / f"requirements-{name}.lock") for name in ("spark", "dev"))
    assert set(spark) - set(tested) == {"pyspark", "py4j"}, "tested in an environment of its own"
    for lock in LOCKS:
        for name, versions in _pins(lock).items():
            assert (tested | spark)[name] == versions, (
                f"{name} of {lock.name} differs from the one tests run with"
            )


def test_every_library_that_the_product_imports_is_declared() -> None:
    assert not _undeclared(product(), RUNTIME + EXTRAS + SPARK)


def test_every_library_that_the_tests_import_is_declared() -> None:
    assert not _undeclared(modules("tests"), RUNTIME + EXTRAS + SPARK + DEV)


def _undeclared(files: tuple[Module, ...], lines: list[str]) -> list[str]:
    """What is not installed here, as Spark is not, is looked for under its own name."""
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    origins = packages_distributions()
    ours = {*sys.stdlib_module_names, "recon", "reports", "tests"}
    return [
        f"{module.path}:{use.line} imports {library}"
        for module in files
        for use in imports(module)
        if (library := use.name.split(".")[0]) not in ours
        and not declared & {canonicalize_name(origin) for origin in origins.get(library, [library])}
    ]
