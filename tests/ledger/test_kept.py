"""The kept copy of a ledger on a server holds what the ledger holds, grows by what is new, is believed only whole."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from recon.core.canonical import sha256, write_json
from recon.core.errors import LedgerError
from recon.ledger import kept, parts
from recon.ledger.copy import load
from recon.ledger.store import Ledger, open_ledger
from tests.ledger.books import Row, begin, one_of_everything, read
from tests.ledger.conftest import postgres_server, postgres_url  # noqa: F401

pytestmark = pytest.mark.postgres
EDGE = Decimal("999999999999999999.999999999999999999")


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[Ledger]:  # noqa: F811
    with open_ledger(postgres_url, create=True) as opened:
        with opened.transaction() as tx:
            one_of_everything(tx)
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".recon" / "copy"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From and to which entry postings were read of the ledger for the kept copy."""
    found: list[tuple[int, int]] = []

    def watched(database: Any, cuts: Any, name: str) -> Any:
        if name == "postings":
            found.append((cuts["after"], cuts["entries"]))
        return parts.read(database, cuts, name)

    monkeypatch.setattr(kept, "read", watched)
    return found


def legs(ledger: Ledger, folder: Path | None) -> list[tuple[Any, ...]]:
    with load(ledger, kept=folder) as copy:
        found = copy.execute("SELECT * FROM legs").description or ()
        names = sorted(name for name, *_ in found)
        columns = ", ".join(f'legs."{name}"' for name in names)
        return copy.execute(f"SELECT {columns} FROM legs ORDER BY ALL").fetchall()


def more(ledger: Ledger, name: str, quantity: Decimal = EDGE, version: int = 1) -> None:
    with ledger.transaction() as tx:
        run = 1
        read(tx, run, "egera", "more", [Row(name, quantity, version=version)])


def test_a_kept_copy_holds_what_a_fresh_one_holds(ledger: Ledger, folder: Path) -> None:
    fresh = legs(ledger, None)
    assert legs(ledger, folder) == fresh
    assert legs(ledger, folder) == fresh


def test_only_what_is_newer_is_read(
    ledger: Ledger, folder: Path, fetched: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    legs(ledger, folder)
    legs(ledger, folder)
    assert fetched == [(0, 5)]
    monkeypatch.setattr(kept, "_ENTRIES_A_FILE", 3)
    for name in ("a", "b", "c"):
        more(ledger, name)
        assert legs(ledger, folder) == legs(ledger, None)
    assert fetched == [(0, 5), (5, 6), (6, 7), (7, 8)]
    files = {path.name for path in folder.glob("*.parquet")}
    assert files == {"legs-1-5.parquet", "legs-6-8.parquet"}


def test_what_a_later_entry_reverses_is_not_live_any_more(ledger: Ledger, folder: Path) -> None:
    more(ledger, "a", Decimal(1))
    legs(ledger, folder)
    more(ledger, "a", Decimal(2), version=2)
    assert legs(ledger, folder) == legs(ledger, None)


def flip(folder: Path) -> None:
    path = next(folder.glob("*.parquet"))
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def tear(folder: Path) -> None:
    path = next(folder.glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-40])


def lose(folder: Path) -> None:
    next(folder.glob("*.parquet")).unlink()


def lie(folder: Path) -> None:
    """Says that less is covered than is, so that entries would stand there twice."""
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text())
    told["files"][-1][2] -= 1
    manifest.write_text(json.dumps(told))


def cut(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-20])


def garble(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"digest": [], "files": 7}')


@pytest.mark.parametrize("damage", [flip, tear, lose, lie, cut, garble], ids=lambda damage: damage.__name__)
def test_nothing_of_a_damaged_copy_is_believed(
    ledger: Ledger, folder: Path, fetched: list[tuple[int, int]], damage: Callable[[Path], None]
) -> None:
    fresh = legs(ledger, folder)
    damage(folder)
    assert legs(ledger, folder) == fresh
    assert fetched == [(0, 5), (0, 5)]
    assert legs(ledger, folder) == fresh
    assert len(fetched) == 2, "and what was made anew is kept"


def test_the_copy_of_another_ledger_is_thrown_away(
    ledger: Ledger, folder: Path, fetched: list[tuple[int, int]], tmp_path: Path
) -> None:
    """As after a rebuild or a restore: the same number of entries, other hashes."""
    legs(ledger, folder)
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text())
    for name, value in (("heads", [[*one[:2], "0" * 64] for one in told["heads"]]), ("ledger", "0" * 64)):
        changed = {key: one for key, one in told.items() if key != "digest"} | {name: value}
        manifest.write_text(write_json({**changed, "digest": sha256(write_json(changed).encode())}))
        assert legs(ledger, folder) == legs(ledger, None)
    assert fetched == [(0, 5)] * 3


def test_a_copy_that_covers_more_than_the_ledger_has_is_thrown_away(ledger: Ledger, folder: Path) -> None:
    more(ledger, "a")
    legs(ledger, folder)
    with ledger.transaction() as tx:
        tx.connection.exec_driver_sql("SET session_replication_role = replica")
        for table in ("postings", "entries"):
            tx.connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        tx.connection.exec_driver_sql("DELETE FROM postings WHERE entry_id > 5")
        tx.connection.exec_driver_sql("DELETE FROM entries WHERE id > 5")
    assert legs(ledger, folder) == legs(ledger, None)


def test_the_copy_is_for_its_owner_alone(ledger: Ledger, folder: Path) -> None:
    legs(ledger, folder)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_copy_that_another_process_works_on_is_left_alone(
    ledger: Ledger, folder: Path, fetched: list[tuple[int, int]]
) -> None:
    fresh = legs(ledger, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    with kept.held(folder) as place:
        assert place == folder
        assert legs(ledger, folder) == fresh
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert fetched == [(0, 5), (0, 5)]


def test_where_no_copy_can_be_kept_the_ledger_is_read(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / ".recon").write_text("a file stands here")
    assert legs(ledger, tmp_path / ".recon" / "copy") == legs(ledger, None)


def test_a_full_disk_is_told_with_what_to_do(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "_digest", full)
    with pytest.raises(LedgerError, match="No space left") as refused:
        legs(ledger, folder)
    assert "remove the folder" in refused.value.next_step


def test_an_empty_ledger_has_an_empty_copy(postgres_url: str, folder: Path) -> None:  # noqa: F811
    with open_ledger(postgres_url, create=True) as opened:
        assert legs(opened, folder) == []
        with opened.transaction() as tx:
            begin(tx, "egera")
        assert legs(opened, folder) == []
