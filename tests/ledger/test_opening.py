"""What stands at a ledger's address: made whole or not at all, private, and never touched when it is something else."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from recon.core.errors import ConfigError, LedgerError
from recon.core.failpoints import ENVIRONMENT
from recon.ledger.digest import digest
from recon.ledger.reads import counts
from recon.ledger.store import open_ledger
from tests.ledger.books import begin, one_of_everything


def refused(url: str, *, create: bool = True) -> str:
    """The error that opening ends in, as a user reads it."""
    with pytest.raises(LedgerError) as error, open_ledger(url, create=create):
        pass
    assert error.value.where
    assert error.value.next_step
    return str(error.value)


def files(folder: Path) -> dict[str, bytes]:
    """What lies in the folder. The lock's file says nothing of the ledger."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"
    }


def make_whole(path: Path) -> None:
    with open_ledger(f"sqlite:///{path}", create=True) as ledger, ledger.transaction() as tx:
        one_of_everything(tx)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")
    other.close()


def gone_but_for_its_log(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"frames")


ODD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "empty file"),
    "text": (lambda path: path.write_text("not a ledger" * 99), "not a database"),
    "shorter than a header": (lambda path: path.write_bytes(b"SQLite format 3\0abc"), "not a database"),
    "another program's": (foreign, "not a ledger of recon"),
    "a folder": (lambda path: path.mkdir(), "it is a folder"),
    "only a log": (gone_but_for_its_log, "it is gone, but its log recon.db-wal is left"),
}


@pytest.mark.parametrize("create", [True, False], ids=["create", "read"])
@pytest.mark.parametrize("odd", ODD_FILES)
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(odd: str, create: bool, tmp_path: Path) -> None:
    path = tmp_path / "recon.db"
    make, fault = ODD_FILES[odd]
    make(path)
    before = files(tmp_path)
    assert fault in refused(f"sqlite:///{path}", create=create)
    assert files(tmp_path) == before


@pytest.mark.parametrize("left", [0.1, 0.5, 0.99], ids=str)
def test_a_ledger_that_was_cut_short_is_refused_and_left_alone(left: float, tmp_path: Path) -> None:
    path = tmp_path / "recon.db"
    make_whole(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)])
    before = files(tmp_path)
    assert "cut short" in refused(f"sqlite:///{path}")
    assert files(tmp_path) == before


def test_a_damaged_ledger_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "recon.db"
    make_whole(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 900 + whole[1000:])
    assert "damaged" in refused(f"sqlite:///{path}")


def test_a_missing_ledger_tells_to_pull_first(url: str) -> None:
    assert "recon pull" in refused(url, create=False)
    if url.startswith("sqlite"):
        assert not list(Path(make_url(url).database or "").parent.iterdir())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}/none/recon.db" in refused(f"sqlite:///{tmp_path}/none/recon.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "recon.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "mysql://h/db",
        "postgresql://h",
    ],
)
def test_an_address_of_another_kind_is_a_configuration_error(address: str) -> None:
    with pytest.raises(ConfigError, match="ledger"), open_ledger(address, create=True):
        pass


def test_the_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "recon.db"
    before = os.umask(0)
    try:
        with (
            open_ledger(f"sqlite:///{path}", create=True) as ledger,
            ledger.lock(),
            ledger.transaction() as tx,
        ):
            one_of_everything(tx)
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["recon.db", "recon.db-wal", "recon.db-shm", "recon.db.lock"], 0o600)


def test_every_connection_has_its_pragmas(tmp_path: Path) -> None:
    expected = {
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "page_size": 16384,
    }
    for _ in range(2):
        with open_ledger(f"sqlite:///{tmp_path}/recon.db", create=True) as ledger, ledger.transaction() as tx:
            found = {name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
            assert found == expected
            assert tx.connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() >= 1000


def test_a_ledger_outlives_its_closing(url: str) -> None:
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        one_of_everything(tx)
        written = digest(tx)
    with open_ledger(url, create=False) as ledger, ledger.transaction() as tx:
        assert digest(tx) == written


@pytest.mark.parametrize("point", ["ledger.migrated", "ledger.made"])
def test_a_ledger_whose_making_was_killed_is_made_by_the_next_run(url: str, point: str) -> None:
    asked = (
        f"from recon.ledger.store import open_ledger\nwith open_ledger({url!r}, create=True): print('made')"
    )
    if point == "ledger.made" and not url.startswith("sqlite"):
        point = "ledger.migrated"
    run = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {ENVIRONMENT: f"{point}:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (-9, ""), run.stderr
    assert "recon pull" in refused(url, create=False)
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        assert not any(counts(tx).values())
    if url.startswith("sqlite"):
        left = {path.name for path in Path(make_url(url).database or "").parent.iterdir()}
        assert left == {"recon.db", "recon.db.lock"}


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("postgresql+psycopg://nobody:hunter2@127.0.0.1:1/db", "connection to server"),
        ("postgresql+psycopg://postgres:hunter2@/nowhere?host={host}&password=hunter2", "nowhere"),
        ("postgresql+psycopg://nobody:hunter2@/postgres?host={host}", "nobody"),
        ("postgresql://nobody:hunter2@no.such.host.invalid/db", "no.such.host.invalid"),
    ],
)
def test_a_postgresql_that_cannot_be_had_is_one_clear_error_without_the_password(
    address: str, fault: str, postgres_server: str
) -> None:
    message = refused(address.format(host=postgres_server))
    assert fault in message
    assert "hunter2" not in message


@pytest.mark.postgres
def test_a_postgresql_that_does_not_let_us_write_is_one_clear_error(postgres_url: str) -> None:
    address = make_url(postgres_url)
    with psycopg.connect(host=str(address.query["host"]), user="postgres", dbname=address.database) as server:
        server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        server.execute("DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    assert "permission denied" in refused(address.set(username="guest").render_as_string(hide_password=False))


@pytest.mark.postgres
def test_a_postgresql_of_another_program_is_refused_and_left_alone(postgres_url: str) -> None:
    address = make_url(postgres_url)
    with psycopg.connect(host=str(address.query["host"]), user="postgres", dbname=address.database) as server:
        server.execute("CREATE TABLE invoices (id int)")
    assert "not a ledger of recon" in refused(postgres_url)


@pytest.mark.parametrize("library", ["psycopg", "adbc_driver_postgresql"])
@pytest.mark.postgres
def test_a_missing_extra_is_named(library: str, postgres_url: str) -> None:
    asked = f"""
import sys
sys.modules[{library!r}] = None
from recon.core.errors import LedgerError
from recon.ledger.store import open_ledger
from recon.ledger.copy import load
try:
    with open_ledger({postgres_url!r}, create=True) as ledger, load(ledger):
        pass
except LedgerError as error:
    print(error)
"""
    said = subprocess.check_output([sys.executable, "-c", asked], text=True)
    assert "pip install 'recon-ledger[postgres]'" in said


def test_a_ledger_that_is_opened_twice_by_one_process_loses_nothing(tmp_path: Path) -> None:
    """A file that is only looked at and closed once took the first opener's locks away, and with them its log."""
    url = f"sqlite:///{tmp_path}/recon.db"
    asked = (
        "from recon.ledger.store import open_ledger; from recon.ledger.reads import counts\n"
        f"with open_ledger({url!r}, create=False) as ledger, ledger.transaction() as tx: print(counts(tx)['runs'])"
    )
    with open_ledger(url, create=True) as first:
        for expected in (1, 2, 3):
            with open_ledger(url, create=False), first.transaction() as tx:
                begin(tx)
            assert subprocess.check_output([sys.executable, "-c", asked], text=True).split() == [
                str(expected)
            ]
