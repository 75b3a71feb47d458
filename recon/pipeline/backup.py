"""Ledger and evidence as one file, and back: proved before they are packed, and held to their heads when restored."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from recon.core.errors import ConfigError, EvidenceError
from recon.core.failpoints import failpoint
from recon.core.times import moment_text
from recon.evidence.archive import Archive
from recon.ledger.backup import read_manifest, refuse_a_place_in_use, restore_ledger
from recon.ledger.database import sync
from recon.ledger.dump import pack_ledger
from recon.ledger.health import revision_at
from recon.ledger.pack import PIECE, BackupError, Pack, damaged, members, packing
from recon.ledger.store import open_ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config
from recon.pipeline.verify import verify

_EVIDENCE = "evidence/"
_BOOK = re.compile(r"[a-z]{1,40}\.(?:jsonl|torn)")
_ROOM = re.compile("[0-9a-f]{2}")
_BODY = re.compile(r"[0-9a-f]{64}\.gz")


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What a backup holds. ``evidence`` is None for a ledger alone, as it was kept before a migration."""

    file: Path
    bytes: int
    revision: str
    ledger: Mapping[str, Any]
    evidence: Mapping[str, Any] | None

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "file": str(self.file),
            "bytes": self.bytes,
            "revision": self.revision,
            "ledger": dict(self.ledger),
            "evidence": None if self.evidence is None else dict(self.evidence),
        }


def backup(
    config: Config, file: Path, clock: Clock, notify: Callable[[str], None] = lambda text: None
) -> BackedUp:
    """Writes the file while no run can write. What is not whole is not packed, so that no backup turns out useless.

    Raises ConfigError where the file is there already, LedgerBusy while a run holds the ledger, EvidenceError where
    ledger and evidence do not prove, and BackupError, with nothing left behind, where the file cannot be written.
    """
    if os.path.lexists(file):
        raise ConfigError("it is there already", where=str(file), next_step="Give the backup another name")
    with open_ledger(config.ledger_url, create=False) as ledger, ledger.lock():
        if not config.evidence.is_dir():
            raise EvidenceError("there is no such folder of evidence", where=str(config.evidence))
        Archive(config.evidence, clock.now)  # puts away what a killed run left behind
        notify("proving evidence and ledger")
        proved = verify(ledger, config.evidence)
        if proved.problems:
            _, place, text = proved.problems[0]
            raise EvidenceError(
                f"{len(proved.problems)} problems; the first: {place}: {text}",
                where="what would be backed up is not whole",
                next_step="See them all with recon verify, mend them or restore an older backup",
            )
        evidence = proved.facts()["evidence"]
        with packing(file) as pack, ledger.transaction() as tx:
            notify("ledger")
            at = moment_text(clock.now())
            manifest = pack_ledger(tx.connection, ledger.where, pack, at=at, evidence=evidence)
            notify("evidence")
            for name, path in _evidence(config.evidence):
                _add(pack, name, path)
    return _told(file, manifest)


def restore(
    config: Config, file: Path, clock: Clock, notify: Callable[[str], None] = lambda text: None
) -> BackedUp:
    """Puts a backup where recon.toml says ledger and evidence are; there may be none yet. All of it or nothing.

    Every byte is proved first. Then the evidence is made beside its place, then the ledger; the evidence is moved into
    place when the ledger's rows are whole, and the ledger last: without it nothing looks restored. Raises BackupError
    for a file that is not whole, ConfigError naming what is in the way.
    """
    notify("proving the backup")
    manifest = _proved(file)
    refuse_a_place_in_use(config.ledger_url)
    folder = Path(os.path.realpath(config.evidence))
    if manifest["evidence"] is not None and os.path.lexists(folder) and not _is_empty(folder):
        raise ConfigError(
            "there is evidence already, and a restore overwrites nothing",
            where=str(folder),
            next_step="Move it away, or give another place in [evidence] path",
        )
    notify("restoring")
    _restore(config.ledger_url, folder, file, manifest, clock)
    return _told(file, manifest)


def _restore(url: str, folder: Path, file: Path, manifest: Mapping[str, Any], clock: Clock) -> None:
    """The evidence beside its place, then the ledger. Where the ledger fails, what was placed is gone too."""
    evidence = manifest["evidence"]
    part = folder.with_name(folder.name + ".restoring")
    placed = False

    def aside(name: str, body: BinaryIO) -> None:
        if evidence is None or not name.startswith(_EVIDENCE):
            raise damaged(file, f"{name} has no place in it")
        _extract(part, name.removeprefix(_EVIDENCE), body)

    def ready() -> None:
        nonlocal placed
        if evidence is not None:
            placed = True
            _place(part, folder, file, evidence["head"], clock)
            failpoint("restore.evidence-placed")

    shutil.rmtree(part, ignore_errors=True)
    entries = members(file)
    next(entries)
    try:
        restore_ledger(url, file, manifest, entries, aside, ready)
    except BaseException:
        # What went wrong last may have come too late to stop the ledger; then it keeps its evidence.
        if placed and not part.exists() and revision_at(url) is None:
            folder.rename(part)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _proved(file: Path) -> dict[str, Any]:
    entries = members(file)
    manifest = read_manifest(file, *next(entries))
    for _ in entries:
        pass
    return manifest


def _told(file: Path, manifest: Mapping[str, Any]) -> BackedUp:
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    return BackedUp(
        file=file,
        bytes=file.stat().st_size,
        revision=manifest["revision"],
        ledger={"entries": rows["entries"], "head": manifest["ledger"]["head"]},
        evidence=manifest["evidence"],
    )


def _evidence(folder: Path) -> Iterator[tuple[str, Path]]:
    """The chain and what else is written beside it, then every sealed answer; nothing else that may lie there."""
    for file in sorted(one for one in folder.iterdir() if _BOOK.fullmatch(one.name)):
        yield f"{_EVIDENCE}{file.name}", file
    for room in sorted(one for one in folder.iterdir() if _ROOM.fullmatch(one.name)):
        for body in sorted(one for one in room.iterdir() if _BODY.fullmatch(one.name)):
            yield f"{_EVIDENCE}{room.name}/{body.name}", body


def _add(pack: Pack, name: str, path: Path) -> None:
    with path.open("rb") as body:
        pack.add(name, os.fstat(body.fileno()).st_size, iter(lambda: body.read(PIECE), b""))


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _extract(part: Path, name: str, body: BinaryIO) -> None:
    """One file, 0600 in folders of 0700. ``name`` is one of those that recon.ledger.pack lets pass."""
    path = part / name
    try:
        for folder in (part, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(body, file, PIECE)
    except OSError as error:
        raise _unwritable(path, error) from None
    failpoint("restore.answer-written")


def _place(part: Path, folder: Path, file: Path, head: str, clock: Clock) -> None:
    """The evidence, whole and on disk, moved to where it belongs."""
    try:
        found = Archive(part, clock.now).head
        if found != head:
            raise damaged(file, f"the evidence made of it has the head {found}, not the one it states")
        os.sync()  # once, for a sync a file takes longer than all the rest
        part.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(path: Path, error: OSError) -> BackupError:
    return BackupError(
        f"the evidence cannot be written: {error.strerror}",
        where=str(path),
        next_step="Free space or mend the rights, then run the command again; nothing was restored",
    )
