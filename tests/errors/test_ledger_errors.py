"""A ledger that cannot be used: one clear line with its place, exit code 1, and nothing of it touched."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.house import house
from tests.contract.outside import PROGRAM, ROOT, recon

MERE_USER = () if os.geteuid() else ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Takes from root what lets it write everywhere."""


def a_folder(path: Path) -> str:
    path.mkdir()
    return "it is a folder"


def a_text_file(path: Path) -> str:
    path.write_text("Dear diary,\n" * 100)
    return "not a database"


def an_empty_file(path: Path) -> str:
    path.touch()
    return "empty"


def another_programs_database(path: Path) -> str:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    return "not a ledger"


CASES = (a_folder, a_text_file, an_empty_file, another_programs_database)


def held(path: Path) -> object:
    return path.read_bytes() if path.is_file() else sorted(path.iterdir())


def refused(folder: Path, *args: str) -> str:
    ran = recon(folder, *args, code=1)
    assert ran.stdout == "" and ran.stderr.count("\n") == 1, ran.stderr
    assert "recon.db" in ran.stderr
    return ran.stderr


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_place_that_holds_something_else_is_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], str]
) -> None:
    with house(tmp_path, "gas") as made:
        ledger = tmp_path / "recon.db"
        words = make(ledger)
        before = held(ledger)
        assert words in refused(tmp_path, "pull")
        assert held(ledger) == before
        assert not made.gas.venue.requests


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of a few entries; its venue has stopped."""
    folder = tmp_path_factory.mktemp("books")
    with house(folder, "gas"):
        recon(folder, "pull", "--quiet")
    return folder


def test_a_ledger_that_was_cut_short_is_not_written_to(books: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(books, folder)
    ledger = folder / "recon.db"
    ledger.write_bytes(ledger.read_bytes()[: ledger.stat().st_size // 2])
    before = held(ledger)
    for command in ("pull", "verify"):
        assert "cut short" in refused(folder, command)
    assert held(ledger) == before


def test_where_there_is_no_ledger_the_commands_that_read_say_what_makes_one(tmp_path: Path) -> None:
    with house(tmp_path, "gas"):
        for args in (("balances",), ("report", "all", "2025-Q1", "--out", "out")):
            assert "recon pull" in refused(tmp_path, *args)
        assert not (tmp_path / "recon.db").exists()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with house(tmp_path, "gas") as made:
        made.write(made.settings("gas") | {"ledger": {"url": "sqlite:///nowhere/recon.db"}})
        assert "nowhere" in refused(tmp_path, "pull")


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with house(tmp_path, "gas") as made:
        url = "postgresql+psycopg://ledger:hunter2-canary@127.0.0.1:1/books"
        made.write(made.settings("gas") | {"ledger": {"url": url}})
        ran = recon(tmp_path, "--log-level", "debug", "pull", code=1)
        assert "127.0.0.1" in ran.stderr and "books" in ran.stderr
        assert "hunter2-canary" not in ran.stderr + ran.stdout


def test_a_ledger_that_may_not_be_written_is_one_clear_line(books: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(books, folder)
    before = held(folder / "recon.db")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    for command in ("pull", "balances"):
        done = subprocess.run(
            (*MERE_USER, *PROGRAM, command), cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done
        assert "recon.db" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert held(folder / "recon.db") == before
