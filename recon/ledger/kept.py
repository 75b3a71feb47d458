"""The legs of a ledger on a server, kept as typed Parquet, so that the next load reads only what is newer.

The folder is a cache: it may be deleted at any time. It is believed as far as it proves itself: a manifest with its
own digest, the digest of every file, the ledger's first run, and the hash of the newest entry of each source that it
covers, as the ledger has them now. What does not fit is thrown away and read again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
from duckdb import DuckDBPyConnection
from filelock import FileLock, Timeout
from sqlalchemy import select

from recon.core.canonical import sha256, write_json
from recon.core.errors import LedgerError
from recon.core.times import moment_text
from recon.ledger.chain import hashes
from recon.ledger.database import Database, clear_errors
from recon.ledger.parts import LEGS, POSTED, read
from recon.ledger.store import Ledger
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_MANIFEST = "manifest.json"
_LOCK = ".lock"
_FORM = 2
_ENTRIES_A_FILE = 500_000
_RUNS = METADATA.tables["runs"]


class File(NamedTuple):
    """Legs of the entries after one id and up to another. ``digest`` is that of the file's bytes."""

    name: str
    after: int
    until: int
    digest: str


class Covered(NamedTuple):
    """Files, one after the other, and of each source they cover the number of its newest entry."""

    files: tuple[File, ...]
    newest: dict[str, int]

    @property
    def until(self) -> int:
        """The last entry."""
        return self.files[-1].until if self.files else 0


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """The folder, held against other processes; one that passes where it is held by another, or cannot be written."""
    lock = _lock(folder)
    if lock is None:
        with TemporaryDirectory(prefix="recon-legs-") as passing:
            yield Path(passing)
        return
    try:
        yield folder
    finally:
        lock.release()


def _lock(folder: Path) -> FileLock | None:
    try:
        for made in (folder.parent, folder):
            if not made.is_dir():
                made.mkdir(mode=0o700)
                made.chmod(0o700)
        lock = FileLock(folder / _LOCK, mode=0o600, blocking=False)
        lock.acquire()
    except (OSError, Timeout):
        return None
    return lock


def kept_files(ledger: Ledger, copy: DuckDBPyConnection, cuts: Mapping[str, int], folder: Path) -> list[Path]:
    """Files that hold the legs of all entries up to the cut: those that are there and prove themselves, and new ones.

    Raises LedgerError.
    """
    try:
        with ledger.transaction() as tx:
            found = _believed(tx, folder, cuts["entries"])
        covered = found
        with clear_errors(ledger.where), ledger.alone() as database:
            while covered.until < cuts["entries"]:
                covered = _longer(database, copy, cuts, folder, covered)
        if covered != found:
            with ledger.transaction() as tx:
                _note(tx, folder, covered)
    except (OSError, duckdb.IOException) as error:
        raise LedgerError(
            f"the typed copy cannot be kept: {str(error).partition(chr(10))[0]}",
            where=str(folder),
            next_step="Free space, or remove the folder, which holds nothing but copies; then run the command again",
        ) from None
    return [folder / one.name for one in covered.files]


def _believed(tx: Transaction, folder: Path, until: int) -> Covered:
    """What the folder holds of this ledger up to an entry; where anything is odd it is emptied, and holds nothing."""
    try:
        covered = _proved(tx, folder, until)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        covered = None
    if covered is None:
        _clear(folder, set())
    return covered or Covered((), {})


def _proved(tx: Transaction, folder: Path, until: int) -> Covered | None:
    told = json.loads((folder / _MANIFEST).read_bytes(), parse_float=str, parse_int=int)
    digest = told.pop("digest")
    covered = Covered(
        tuple(File(*one) for one in told["files"]), {name: seq for name, seq, _ in told["heads"]}
    )
    starts = (0, *(one.until for one in covered.files))
    if (
        digest != sha256(write_json(told).encode())
        or (told["form"], told["ledger"]) != (_FORM, _first_run(tx))
        or told["heads"] != _heads(tx, covered)
        or covered.until > until
        or any(
            one.after != start or one.until <= start
            for one, start in zip(covered.files, starts, strict=False)
        )
    ):
        return None
    with ThreadPoolExecutor(2) as both_cores:
        digests = list(both_cores.map(_digest, [folder / one.name for one in covered.files]))
    return covered if digests == [one.digest for one in covered.files] else None


def _longer(
    database: Database, copy: DuckDBPyConnection, cuts: Mapping[str, int], folder: Path, covered: Covered
) -> Covered:
    """Fills the last file up with what is newer, or begins another."""
    *whole, last = covered.files or (File("", 0, 0, ""),)
    if last.until - last.after >= _ENTRIES_A_FILE:
        whole, last = [*whole, last], File("", last.until, last.until, "")
    until = min(cuts["entries"], last.after + _ENTRIES_A_FILE)
    bounds = {**cuts, "after": last.until, "entries": until}
    with ThreadPoolExecutor(2) as both_cores:
        reads = partial(read, database, bounds)
        entries, postings = both_cores.map(reads, ("entries", "postings"))
        records = entries.column("record_id").to_pylist()
        bounds |= {"first": min(records, default=0), "last": max(records, default=0)}
        others = {name: both_cores.submit(reads, name) for name in LEGS[2:]}
    parts = {"entries": entries, "postings": postings} | {name: one.result() for name, one in others.items()}
    for name, part in parts.items():
        copy.register(f"{name}_part", part)
    path = folder / f"legs-{last.after + 1}-{until}.parquet"
    before = f"UNION ALL BY NAME SELECT * FROM read_parquet('{folder / last.name}')" if last.name else ""
    copy.execute(f"COPY ({POSTED} {before}) TO '{path}' (FORMAT parquet)")
    path.chmod(0o600)
    newest = dict(
        copy.execute("SELECT source, max(seq) FROM entries_part WHERE id > 0 GROUP BY source").fetchall()
    )
    for name in parts:
        copy.unregister(f"{name}_part")
    return Covered((*whole, File(path.name, last.after, until, _digest(path))), covered.newest | newest)


def _note(tx: Transaction, folder: Path, covered: Covered) -> None:
    """Writes down what the folder holds now, and removes the rest."""
    told = {
        "files": covered.files,
        "form": _FORM,
        "heads": _heads(tx, covered),
        "ledger": _first_run(tx),
    }
    part = folder / f"{_MANIFEST}.part"
    part.touch(0o600)
    part.write_text(write_json({**told, "digest": sha256(write_json(told).encode())}), encoding="utf-8")
    part.replace(folder / _MANIFEST)
    _clear(folder, {_MANIFEST, *(one.name for one in covered.files)})


def _heads(tx: Transaction, covered: Covered) -> list[list[object]]:
    return [[source, *head] for source, head in hashes(tx, covered.newest).items()]


def _first_run(tx: Transaction) -> str:
    """What tells one ledger from another: the digest of its first run."""
    first = tx.connection.execute(select(_RUNS).order_by(_RUNS.c.id).limit(1)).first()
    if first is None:
        return ""
    return sha256(write_json([first.id, moment_text(first.started_at), *first[2:]]).encode())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear(folder: Path, keep: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.name in keep or entry.name == _LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
