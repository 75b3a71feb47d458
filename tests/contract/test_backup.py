"""A backup holds ledger and evidence whole; a restore brings back all of it, or nothing, over nothing."""

import errno
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from recon.cli._clock import SYSTEM
from recon.core.errors import ReconError
from recon.ledger.schema import revisions, upgrade
from recon.ledger.store import database_at
from recon.pipeline import config
from recon.pipeline.backup import restore
from tests.contract.house import House, places
from tests.contract.outside import PROGRAM, ROOT, Ran, recon
from tests.contract.test_verify import flip_a_byte

BACKUP_POINTS = ("backup.member-written:1", "backup.member-written:20", "backup.written:1")
RESTORE_POINTS = (
    "restore.answer-written:1",
    "restore.answer-written:5",
    "restore.rows-appended:1",
    "restore.rows-appended:6",
    "restore.filled:1",
    "ledger.made:1",
)


@pytest.fixture(scope="module")
def packed(company: House, pulled: Ran, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the company's books."""
    file = tmp_path_factory.mktemp("packed") / "books.tar"
    recon(company.folder, "backup", str(file), "--quiet")
    return file


@pytest.fixture
def empty(company: House, tmp_path: Path) -> Path:
    """The company's folder on another machine, without ledger and evidence."""
    folder = tmp_path / "empty"
    folder.mkdir()
    for name in ("recon.toml", "egera", "fuse", "gas"):
        shutil.copy(company.folder / name, folder)
    return folder


@pytest.fixture
def copied(company: House, pulled: Ran, tmp_path: Path) -> Path:
    """The company's folder to damage."""
    return Path(shutil.copytree(company.folder, tmp_path / "copied"))


def nothing_is_there(folder: Path) -> bool:
    return not (folder / "recon.db").exists() and not (folder / "evidence").exists()


def proved(folder: Path) -> dict[str, Any]:
    """What is proved, but not how long it took."""
    answer: dict[str, Any] = recon(folder, "verify", "--json").json
    return answer | {"proved": [{**one, "seconds": ""} for one in answer["proved"]]}


def test_what_was_backed_up_is_restored_and_proves(company: House, packed: Path, empty: Path) -> None:
    told = recon(empty, "restore", str(packed), "--json").json
    before, after = (proved(folder) for folder in (company.folder, empty))
    assert before == after and after["ok"]
    assert (told["ledger"], told["evidence"]) == (after["ledger"], after["evidence"])
    assert places(recon(empty, "balances", "--json").json) == places(
        recon(company.folder, "balances", "--json").json
    )
    assert recon(empty, "pull", "--json").json["status"] == "ok"


def test_only_its_owner_can_read_what_is_written(packed: Path, empty: Path) -> None:
    recon(empty, "restore", str(packed), "--quiet")
    assert packed.stat().st_mode & 0o777 == 0o600
    for path in [empty / "recon.db", *(empty / "evidence").rglob("*"), empty / "evidence"]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_backup_of_what_was_restored_is_the_same(packed: Path, empty: Path, tmp_path: Path) -> None:
    recon(empty, "restore", str(packed), "--quiet")
    recon(empty, "backup", str(tmp_path / "again.tar"), "--quiet")
    first, again = (unpacked(file, tmp_path / file.stem) for file in (packed, tmp_path / "again.tar"))
    assert first == again and len(first) > 20


def unpacked(file: Path, folder: Path) -> dict[str, str]:
    """The digests of all that any tar finds in it, less the moment at which it was made."""
    folder.mkdir()
    subprocess.run(("tar", "xf", file, "-C", folder), check=True)
    subprocess.run(("sha256sum", "--quiet", "-c", "manifest.sha256"), cwd=folder, check=True)
    stated = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**stated, "at": ""}))
    (folder / "manifest.sha256").unlink()
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nothing_is_overwritten(company: House, packed: Path, empty: Path) -> None:
    before = packed.read_bytes()
    assert "is there already" in recon(company.folder, "backup", str(packed), code=2).stderr
    assert packed.read_bytes() == before
    assert str(company.folder / "recon.db") in recon(company.folder, "restore", str(packed), code=2).stderr
    (empty / "evidence").mkdir()
    (empty / "evidence" / "note").touch()
    assert str(empty / "evidence") in recon(empty, "restore", str(packed), code=2).stderr
    assert not (empty / "recon.db").exists() and (empty / "evidence" / "note").exists()
    (empty / "evidence" / "note").unlink()
    recon(empty, "restore", str(packed))


def test_while_a_run_holds_the_ledger_neither_begins(
    company: House, pulled: Ran, packed: Path, empty: Path, tmp_path: Path
) -> None:
    from filelock import FileLock

    for folder, command in ((company.folder, "backup"), (empty, "restore")):
        file = packed if command == "restore" else tmp_path / "new.tar"
        with FileLock(folder / "recon.db.lock"):
            assert "another run holds" in recon(folder, command, str(file), code=6).stderr
    assert nothing_is_there(empty) and not (tmp_path / "new.tar").exists()


def test_what_does_not_prove_is_not_backed_up(copied: Path, tmp_path: Path) -> None:
    flip_a_byte(min((copied / "evidence").glob("*/*.gz")))
    ran = recon(copied, "backup", str(tmp_path / "new.tar"), code=5)
    assert "was altered" in ran.stderr and "recon verify" in ran.stderr
    assert not list(tmp_path.glob("new.tar*"))


def test_a_torn_last_line_does_not_keep_from_a_backup(copied: Path, tmp_path: Path) -> None:
    with (copied / "evidence" / "chain.jsonl").open("ab") as chain:
        chain.write(b'{"at":"2025')
    recon(copied, "backup", str(tmp_path / "new.tar"))
    assert "evidence/chain.torn" in unpacked(tmp_path / "new.tar", tmp_path / "unpacked")


def test_a_damaged_backup_restores_nothing(packed: Path, empty: Path, tmp_path: Path) -> None:
    whole = packed.read_bytes()
    for place in (100, 2000, len(whole) // 2, len(whole) - 5000):
        altered = bytearray(whole)
        altered[place] ^= 8
        (tmp_path / "altered.tar").write_bytes(altered)
        assert "Take another backup" in recon(empty, "restore", str(tmp_path / "altered.tar"), code=5).stderr
    (tmp_path / "cut.tar").write_bytes(whole[:-3000])
    assert "cut short" in recon(empty, "restore", str(tmp_path / "cut.tar"), code=5).stderr
    assert nothing_is_there(empty)


@pytest.mark.parametrize("point", BACKUP_POINTS)
def test_a_killed_backup_leaves_no_file_that_looks_whole(
    company: House, pulled: Ran, tmp_path: Path, point: str
) -> None:
    file = tmp_path / "new.tar"
    killed(company.folder, "backup", file, point)
    assert not file.exists()
    recon(company.folder, "backup", str(file))
    assert [one.name for one in tmp_path.iterdir()] == ["new.tar"]


@pytest.mark.parametrize("point", RESTORE_POINTS)
def test_a_killed_restore_leaves_no_ledger_and_can_be_run_again(
    packed: Path, empty: Path, point: str
) -> None:
    killed(empty, "restore", packed, point)
    assert "no ledger yet" in recon(empty, "balances", code=1).stderr
    if (empty / "evidence").exists():
        assert recon(empty, "restore", str(packed), code=2).stderr.count(str(empty / "evidence")) == 1
        shutil.rmtree(empty / "evidence")
    recon(empty, "restore", str(packed))
    assert recon(empty, "verify", "--json").json["ok"]
    assert not [one.name for one in empty.iterdir() if one.suffix in (".making", ".restoring")]


@pytest.mark.parametrize("point", ["ledger.copied:1", "ledger.kept:1", "ledger.migrated:1"])
def test_killed_while_its_tables_change_a_ledger_is_the_old_one_and_kept(empty: Path, point: str) -> None:
    database = database_at(f"sqlite:///{empty}/recon.db")
    database.make(lambda connection: upgrade(connection, "0001"))
    database.engine.dispose()
    recon(empty, "pull", env={"RECON_FAILPOINT": point}, code=-9)
    assert "older revision 0001" in recon(empty, "balances", code=1).stderr
    recon(empty, "pull", "--quiet")
    assert recon(empty, "verify", "--json").json["ok"]
    assert [path.name for path in empty.glob("recon.db.before*")] == [f"recon.db.before-{revisions()[-1]}"]


def killed(folder: Path, command: str, file: Path, point: str) -> None:
    recon(folder, command, str(file), env={"RECON_FAILPOINT": point}, code=-9)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Programs begun now meet a full disk, as far as their own files go."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [33_000, 40_000])
def test_a_backup_that_finds_no_room_leaves_nothing(
    company: House, pulled: Ran, tmp_path: Path, size: int
) -> None:
    file = tmp_path / "new.tar"
    with files_of_at_most(size):
        ran = run_alone(company.folder, "backup", str(file))
    assert ran.returncode == 1 and ran.stderr.count("\n") == 1 and "Free space" in ran.stderr, ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [500, 20_000, 100_000])
def test_a_restore_that_finds_no_room_leaves_nothing(packed: Path, empty: Path, size: int) -> None:
    with files_of_at_most(size):
        ran = run_alone(empty, "restore", str(packed))
    assert ran.returncode == 1 and ran.stderr.count("\n") == 1, ran.stderr
    assert nothing_is_there(empty) and not list(empty.glob("*ing"))
    recon(empty, "restore", str(packed))


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_where_the_ledger_cannot_be_placed_the_evidence_goes_too_and_else_both_stay(
    packed: Path, empty: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    loaded, passed = config.load(empty / "recon.toml"), []

    def full(handle: int) -> None:
        passed.append((empty / "evidence").exists())
        if sum(passed) == turn:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReconError, match="No space"):
        restore(loaded, packed, SYSTEM)
    monkeypatch.undo()
    assert not list(empty.glob("evidence.*"))
    if turn < 3:
        assert nothing_is_there(empty)
    else:
        assert recon(empty, "verify", "--json").json["ok"]


def run_alone(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (*PROGRAM, *args),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", ["no/such/folder.tar", "recon.toml/under-a-file.tar"])
def test_a_place_that_cannot_be_is_named(company: House, pulled: Ran, empty: Path, file: str) -> None:
    assert file in recon(company.folder, "backup", file, code=1).stderr
    assert file in recon(empty, "restore", file, code=1).stderr
    assert nothing_is_there(empty)


@pytest.mark.postgres
def test_books_move_from_a_file_to_a_server_and_back(
    company: House, packed: Path, empty: Path, tmp_path: Path, postgres_url: str
) -> None:
    toml = (empty / "recon.toml").read_text()
    (empty / "recon.toml").write_text(toml.replace("sqlite:///recon.db", postgres_url))
    recon(empty, "restore", str(packed))
    assert "there is a ledger already" in recon(empty, "restore", str(packed), code=2).stderr
    expected = proved(company.folder)
    assert proved(empty) == expected
    recon(empty, "backup", str(tmp_path / "server.tar"))
    shutil.rmtree(empty / "evidence")
    (empty / "recon.toml").write_text(toml)
    recon(empty, "restore", str(tmp_path / "server.tar"))
    assert proved(empty) == expected
