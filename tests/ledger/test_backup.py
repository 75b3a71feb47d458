"""A packed ledger comes back exactly, on either database; nothing else than a whole pack is taken for one."""

import gzip
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import Connection

from recon.core.errors import ConfigError, LedgerBusy, LedgerError
from recon.core.money import parse
from recon.ledger.backup import read_manifest, restore_ledger
from recon.ledger.digest import digest
from recon.ledger.dump import pack_ledger
from recon.ledger.pack import DIGESTS, MANIFEST, BackupError, members, packing
from recon.ledger.reads import counts
from recon.ledger.schema import revisions, upgrade
from recon.ledger.store import database_at, open_ledger
from recon.ledger.transaction import Transaction
from tests.ledger.books import Row, begin, one_of_everything, read

HOSTILE = (
    "\\N",
    "tab\tline\nreturn\r",
    "quote'\"",
    "żółw 🐢",
    "a\\tb",
    "",
    " ",
    "{}",
    "NULL",
    "%s ?",
    "$1 :a",
)
NUMBERS = ("0.000000000000000001", "-999999999999999999.999999999999999999", "100", "-0.5", "1000000000000")


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A ledger with a row in every table, names that could be taken for something else, and the widest numbers."""
    url = f"sqlite:///{tmp_path}/source.db"
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        one_of_everything(tx)
        run = begin(tx, "odd")
        read(
            tx,
            run,
            "odd",
            "names",
            [Row(f"{number}{name}", place=name) for number, name in enumerate(HOSTILE)],
        )
        read(tx, run, "odd", "numbers", [Row(number, parse(number)) for number in NUMBERS])
        assert all(counts(tx).values()), "a table without rows proves nothing"
    return url


def pack(url: str, path: Path) -> Path:
    with open_ledger(url, create=False) as ledger, packing(path) as made, ledger.transaction() as tx:
        pack_ledger(tx.connection, ledger.where, made)
    return path


def restored(path: Path, url: str) -> None:
    entries = members(path)
    restore_ledger(url, path, read_manifest(path, *next(entries)), entries, nothing_aside, lambda: None)


def revision_of(path: Path) -> str:
    entries = members(path)
    return str(read_manifest(path, *next(entries))["revision"])


def nothing_aside(name: str, body: Any) -> NoReturn:
    raise AssertionError(name)


def digest_of(url: str) -> str:
    with open_ledger(url, create=False) as ledger, ledger.transaction() as tx:
        return digest(tx)


def test_a_ledger_goes_from_one_database_to_the_other_and_back_without_losing_a_bit(
    source: str, url: str, tmp_path: Path
) -> None:
    first = pack(source, tmp_path / "first")
    restored(first, url)
    second = pack(url, tmp_path / "second")
    back = f"sqlite:///{tmp_path}/back.db"
    restored(second, back)
    third = pack(back, tmp_path / "third")
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()
    assert digest_of(source) == digest_of(url) == digest_of(back)


def test_a_restored_ledger_is_append_only_and_goes_on(source: str, url: str, tmp_path: Path) -> None:
    restored(pack(source, tmp_path / "pack"), url)
    with open_ledger(url, create=True) as ledger:
        with pytest.raises(Exception, match="append-only"), ledger.transaction() as tx:
            tx.connection.exec_driver_sql("DELETE FROM entries")
        with ledger.transaction() as tx:
            read(tx, begin(tx), "egera", "deposits", [Row("later")])


def test_a_backup_of_an_older_revision_is_brought_up_to_date(tmp_path: Path, url: str) -> None:
    old = older_ledger(f"sqlite:///{tmp_path}/old.db")
    with open_ledger(old, create=True):
        pass
    kept = tmp_path / f"old.db.before-{revisions()[-1]}"
    path = tmp_path / "pack"
    database = database_at(f"sqlite:///{kept}")
    with packing(path) as made, database.engine.begin() as connection:
        pack_ledger(connection, database.where, made)
    database.engine.dispose()
    assert revision_of(path) == "0001"
    restored(path, url)
    assert digest_of(url) == digest_of(old)


def older_ledger(url: str) -> str:
    """One of revision 0001 with some rows."""
    database = database_at(url)

    def build(connection: Connection) -> None:
        upgrade(connection, "0001")
        # Rows are written as today; what their tables had not yet is there for that long only.
        for column in ("txid", "address"):
            connection.exec_driver_sql(f"ALTER TABLE records ADD COLUMN {column} TEXT")
        tx = Transaction(connection)
        read(tx, begin(tx, "egera"), "egera", "deposits", [Row("a"), Row("b")])
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        for column in ("txid", "address"):
            connection.exec_driver_sql(f"ALTER TABLE records DROP COLUMN {column}")

    database.make(build)
    database.engine.dispose()
    return url


def test_a_copy_is_kept_before_tables_are_changed(url: str, tmp_path: Path) -> None:
    older_ledger(url)
    with open_ledger(url, create=True, backups=tmp_path) as ledger, ledger.transaction() as tx:
        now = digest(tx)
    [kept] = list(tmp_path.glob("*.before-*"))
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(kept)) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
            assert copy.execute("SELECT count(*) FROM entries").fetchall() == [(2,)]
    else:
        assert revision_of(kept) == "0001"
        restored(kept, f"sqlite:///{tmp_path}/again.db")
        assert digest_of(f"sqlite:///{tmp_path}/again.db") == now
    assert kept.stat().st_mode & 0o777 == 0o600


def test_where_no_copy_can_be_kept_nothing_is_changed(url: str, tmp_path: Path) -> None:
    older_ledger(url)
    (tmp_path / f"recon.db.before-{revisions()[-1]}.making").mkdir()
    with pytest.raises((LedgerError, BackupError)), open_ledger(url, create=True, backups=tmp_path / "gone"):
        pass
    with pytest.raises(LedgerError, match="older revision 0001"), open_ledger(url, create=False):
        pass


@pytest.mark.postgres
def test_on_a_server_somebody_must_say_where_the_copy_goes(postgres_url: str) -> None:
    older_ledger(postgres_url)
    with (
        pytest.raises(LedgerError, match=r"where to keep a copy.*recon pull"),
        open_ledger(postgres_url, create=True),
    ):
        pass


def test_nothing_is_restored_over_a_ledger_or_under_a_run(source: str, url: str, tmp_path: Path) -> None:
    path = pack(source, tmp_path / "pack")
    with open_ledger(url, create=True) as ledger:
        with pytest.raises(ConfigError, match="there is a ledger already"):
            restored(path, url)
        with ledger.lock(), pytest.raises(LedgerBusy):
            restored(path, url)
    with open_ledger(url, create=False) as ledger, ledger.transaction() as tx:
        assert not any(counts(tx).values())


def refused(path: Path, *, match: str | None = None) -> BackupError:
    with pytest.raises(BackupError, match=match) as error:
        list(members(path))
    return error.value


def test_wherever_a_byte_is_altered_it_is_noticed(source: str, tmp_path: Path) -> None:
    whole = pack(source, tmp_path / "pack").read_bytes()
    path = tmp_path / "altered"
    places = {*range(0, len(whole), 211), *range(0, 512, 3), *range(len(whole) - 1200, len(whole), 5)}
    for place in sorted(places):
        altered = bytearray(whole)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        assert refused(path).exit_code == 5, place


def test_wherever_it_is_cut_or_lengthened_it_is_noticed(source: str, tmp_path: Path) -> None:
    whole = pack(source, tmp_path / "pack").read_bytes()
    path = tmp_path / "cut"
    for length in {*range(0, len(whole), 509), *range(0, len(whole), 512), len(whole) - 1}:
        path.write_bytes(whole[:length])
        refused(path, match="cut short|not a backup|end of the file|altered")
    for more in (b"\0", bytes(512), whole):
        path.write_bytes(whole + more)
        refused(path, match="not the end of the file")


ODD_MEMBERS: dict[str, tuple[str, dict[str, Any]]] = {
    "outside": ("../outside", {}),
    "absolute": ("/etc/passwd", {}),
    "upwards": ("evidence/../../outside", {}),
    "other room": ("evidence/ab/" + "0" * 64 + ".gz", {}),
    "folder": ("evidence/chain.jsonl", {"type": tarfile.DIRTYPE}),
    "symbolic link": ("evidence/chain.jsonl", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
    "hard link": ("evidence/chain.jsonl", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}),
    "device": ("evidence/chain.jsonl", {"type": tarfile.CHRTYPE}),
    "pipe": ("evidence/chain.jsonl", {"type": tarfile.FIFOTYPE}),
    "extension": ("evidence/chain.jsonl", {"type": b"x"}),
    "long name": ("evidence/chain.jsonl", {"type": b"L"}),
    "mode": ("evidence/chain.jsonl", {"mode": 0o4755}),
    "owner": ("evidence/chain.jsonl", {"uid": 1}),
}


@pytest.mark.parametrize("case", ODD_MEMBERS)
def test_a_member_that_we_would_not_write_is_refused(tmp_path: Path, case: str) -> None:
    name, fields = ODD_MEMBERS[case]
    manifest, odd = tarfile.TarInfo(MANIFEST), tarfile.TarInfo(name)
    manifest.mode = odd.mode = 0o600
    for field, value in fields.items():
        setattr(odd, field, value)
    (tmp_path / "tar").write_bytes(manifest.tobuf(tarfile.GNU_FORMAT) + odd.tobuf(tarfile.GNU_FORMAT))
    refused(tmp_path / "tar", match="header was altered, or is none that recon writes")


@pytest.mark.parametrize(
    "content", [b"", bytes(10240), b"no tar", b"PK" * 999], ids=["empty", "zeros", "text", "zip"]
)
def test_what_is_no_tar_of_ours_is_told_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    assert refused(tmp_path / "other", match="not a backup made by recon").exit_code == 5
    assert "cannot be read" in str(refused(tmp_path / "missing"))


def forged(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The pack with other content and digests that fit it."""
    parts = {name: body.read() for name, body in members(path)}
    change(parts)
    with packing(path.with_name("forged")) as made:
        for name, content in parts.items():
            made.add(name, len(content), [content])
    return path.with_name("forged")


ENTRIES = "ledger/entries/000001.jsonl.gz"


def with_rows(change: Callable[[list[list[Any]]], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(parts: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in gzip.decompress(parts[ENTRIES]).splitlines()]
        change(rows)
        parts[ENTRIES] = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())

    return changed


def with_manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def changed(parts: dict[str, bytes]) -> None:
        parts[MANIFEST] = json.dumps({**json.loads(parts[MANIFEST]), **changes}).encode()

    return changed


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a table's rows left out": (lambda parts: parts.__delitem__(ENTRIES), "no ledger takes"),
    "no gzip": (lambda parts: parts.update({ENTRIES: b"no gzip"}), "not made of rows"),
    "another table": (lambda parts: parts.update({"ledger/spies/000001.jsonl.gz": b""}), "does not state"),
    "a value too many": (with_rows(lambda rows: rows[0].append(1)), "not made of rows"),
    "a float": (with_rows(lambda rows: rows[0].__setitem__(0, 1.5)), "not made of rows"),
    "a truth value": (with_rows(lambda rows: rows[0].__setitem__(0, True)), "not made of rows"),
    "a row twice": (with_rows(lambda rows: rows.append(rows[0])), "no ledger takes"),
    "no moment": (with_rows(lambda rows: rows[0].__setitem__(3, "no moment")), "no ledger takes"),
    "another hash": (with_rows(lambda rows: rows[-1].__setitem__(8, "0" * 64)), "has the head"),
    "another tool": (with_manifest(tool="other"), "none that this program can read"),
    "another format": (with_manifest(format=2), "none that this program can read"),
    "no tables": (with_manifest(tables=[]), "not those of revision"),
    "a newer revision": (with_manifest(revision="9999"), "only a newer recon"),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_pack_leaves_nothing_behind(source: str, url: str, tmp_path: Path, case: str) -> None:
    change, said = FORGERIES[case]
    path = forged(pack(source, tmp_path / "pack"), change)
    with pytest.raises(BackupError, match=said):
        restored(path, url)
    with pytest.raises(LedgerError, match="no ledger yet"), open_ledger(url, create=False):
        pass
    assert not list(tmp_path.glob("recon.db.making*"))


def test_any_tar_unpacks_it_and_sha256sum_would_agree(source: str, tmp_path: Path) -> None:
    with tarfile.open(pack(source, tmp_path / "pack")) as tar:
        found = {one.name: tar.extractfile(one) for one in tar}
        contents = {name: file.read() for name, file in found.items() if file}
    lines = contents.pop(DIGESTS).decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == list(contents)
    assert [line.split("  ")[0] for line in lines] == [sha256(one).hexdigest() for one in contents.values()]
    assert json.loads(contents[MANIFEST])["revision"] == revisions()[-1]
