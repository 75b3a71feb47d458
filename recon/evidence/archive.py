"""Seals answers: one compressed file a body, named by its digest, and one chained line a request.

Everything is on disk (fsync) when ``seal`` returns, so that nothing is posted which a crash could lose. Files are
0600 and folders 0700 whatever the umask.
"""

import gzip
import hashlib
import json
import os
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from recon.core.answers import Answer
from recon.core.canonical import sha256, write_json
from recon.core.errors import EvidenceError
from recon.core.failpoints import failpoint
from recon.core.records import GENESIS
from recon.core.times import from_iso, moment_text

CHAIN = "chain.jsonl"
TORN = "chain.torn"
PULLS = "pulls.jsonl"
RUNS = "runs.jsonl"
_PART = ".sealing-"
_CHUNK = 1 << 20


class Archive:
    """The evidence folder, open for sealing. One writer at a time; threads of that writer may seal side by side."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """Makes the folder, puts away what a killed run left behind (a torn last line goes to chain.torn)."""
        self.folder = folder
        self._now = now
        self._lock = threading.Lock()
        self._closed = False
        try:
            _make_folder(folder)
            for part in folder.glob(_PART + "*"):
                part.unlink()
            for name in (CHAIN, PULLS, RUNS):
                _mend(folder, name)
            self.next_seq, self.head = _end_of_chain(folder)
        except OSError as error:
            raise _unwritable(folder, error) from None

    def seal(
        self,
        *,
        source: str,
        stream: str,
        method: str,
        url: str,
        params: Mapping[str, str | int],
        status: int | None,
        body: BinaryIO | None,
    ) -> Answer:
        """Writes the body and its line, both synced, and returns them as an Answer.

        Raises EvidenceError where they cannot be written, and the OSError of a body that cannot be read.
        """
        try:
            digest, size = (None, 0) if body is None else self._store(body)
            failpoint("evidence.body-sealed")
            with self._lock:
                if self._closed:
                    raise EvidenceError("the archive is closed", where=str(self.folder))
                line: dict[str, Any] = {
                    "seq": self.next_seq,
                    "at": moment_text(self._now()),
                    "source": source,
                    "stream": stream,
                    "request": {"method": method, "url": url, "params": dict(params)},
                    "status": status,
                    "sha256": digest,
                    "bytes": size,
                    "prev": self.head,
                }
                line["link"] = link_of(line)
                _append(self.folder / CHAIN, _line_text(line) + "\n")
                self.next_seq += 1
                self.head = line["link"]
        except _Unreadable as fault:
            raise fault.error from None
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        failpoint("evidence.line-written")
        return _answer(self.folder, line)

    def begin(self, *, run: int, source: str, settings: Mapping[str, Any], entered: int) -> None:
        """Notes that a source is about to be asked, under which settings, behind which line of the chain.

        ``entered`` is the newest answer of the source that a reading took to the ledger: what lies behind it was
        sealed by a run that died before it could post it. With this note answers can be read again, years later, as
        they were read then. Raises EvidenceError.
        """
        note: dict[str, Any] = {
            "after": self.next_seq - 1,
            "at": moment_text(self._now()),
            "entered": entered,
            "prev": _last_link(self.folder / PULLS),
            "run": run,
            "runs": _last_link(self.folder / RUNS),
            "settings": dict(settings),
            "source": source,
        }
        self._note(PULLS, note)

    def end(self, *, run: int, after: int, ended: datetime, status: str, left: Mapping[str, str]) -> None:
        """Notes that a run is about to end, and what the runs behind ``after`` left in the ledger.

        Raises EvidenceError.
        """
        with self._lock:
            chain, pulled, prev = self.head, *(_last_link(self.folder / name) for name in (PULLS, RUNS))
            note = {
                "after": after,
                "chain": chain,
                "ended": moment_text(ended),
                "prev": prev,
                "pulls": pulled,
            }
            self._note(RUNS, note | {"run": run, "status": status, **left})

    def _note(self, name: str, note: dict[str, Any]) -> None:
        note["link"] = link_of(note)
        try:
            _append(self.folder / name, _line_text(note) + "\n")
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def close(self) -> None:
        """Ends the sealing: what a thread left behind still wants to seal is refused."""
        with self._lock:
            self._closed = True

    def _store(self, body: BinaryIO) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        handle, part = tempfile.mkstemp(dir=self.folder, prefix=_PART)
        try:
            with os.fdopen(handle, "wb") as raw:
                with gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0) as packed:
                    while chunk := _read(body):
                        digest.update(chunk)
                        size += len(chunk)
                        packed.write(chunk)
                raw.flush()
                os.fsync(raw.fileno())
            failpoint("evidence.body-written")
            target = body_path(self.folder, digest.hexdigest())
            if not target.exists():
                _make_folder(target.parent)
                Path(part).replace(target)
                _sync_folder(target.parent)
        finally:
            Path(part).unlink(missing_ok=True)
        return digest.hexdigest(), size


class _Unreadable(Exception):
    """The body that is to be sealed cannot be read: that is no fault of the archive."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _read(body: BinaryIO) -> bytes:
    try:
        return body.read(_CHUNK)
    except OSError as error:
        raise _Unreadable(error) from None


def body_path(folder: Path, digest: str) -> Path:
    """Where the body with this digest is kept."""
    return folder / digest[:2] / f"{digest}.gz"


def link_of(line: Mapping[str, Any]) -> str:
    """The link of a chain line: the digest of its canonical JSON without ``link``."""
    return sha256(_line_text({name: value for name, value in line.items() if name != "link"}).encode())


def answers(folder: Path) -> Iterator[Answer]:
    """Every line of the chain, oldest first, as Answers. A torn last line is passed over; see verify for the rest."""
    path = folder / CHAIN
    if not path.exists():
        return
    with path.open("rb") as chain:
        for raw in chain:
            if raw.endswith(b"\n"):
                yield _answer(folder, json.loads(raw))


def recent(folder: Path, since: datetime) -> list[Answer]:
    """The lines written at or after a moment, oldest first, read from the chain's end."""
    path = folder / CHAIN
    found: list[Answer] = []
    if not path.exists():
        return found
    for raw in _lines_backwards(path):
        answer = _answer(folder, json.loads(raw))
        if answer.at < since:
            break
        found.append(answer)
    return found[::-1]


def after(folder: Path, seq: int) -> list[Answer]:
    """The lines behind one, oldest first, read from the chain's end."""
    path = folder / CHAIN
    found: list[Answer] = []
    for raw in _lines_backwards(path) if path.exists() else ():
        answer = _answer(folder, json.loads(raw))
        if answer.seq <= seq:
            break
        found.append(answer)
    return found[::-1]


def sealed_bytes(folder: Path, digest: str) -> bytes:
    """The body of this digest. Raises EvidenceError where it is missing or not what was sealed."""
    try:
        with _open_body(folder, digest) as body:
            found = body.read()
    except (OSError, EOFError, zlib.error) as error:
        found = repr(error).encode()
    if sha256(found) != digest:
        raise altered(folder, digest)
    return found


def altered(folder: Path, digest: str) -> EvidenceError:
    """What to say of sealed bytes that are not what was sealed."""
    return EvidenceError(
        "the sealed bytes were altered",
        where=str(body_path(folder, digest)),
        next_step="Restore them from a backup; recon verify lists what else is wrong",
    )


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """Whole lines, the last first."""
    with path.open("rb") as chain:
        end = chain.seek(0, os.SEEK_END)
        rest = b""
        while end > 0:
            start = max(0, end - 65536)
            chain.seek(start)
            head, *lines = (chain.read(end - start) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest, end = head + (b"\n" if lines else b""), start
        if rest.strip():
            yield rest.rstrip(b"\n")


def _line_text(line: Mapping[str, Any]) -> str:
    return write_json(line)


def _answer(folder: Path, line: Mapping[str, Any]) -> Answer:
    request = line["request"]
    return Answer(
        seq=line["seq"],
        at=from_iso(line["at"]),
        source=line["source"],
        stream=line["stream"],
        method=request["method"],
        url=request["url"],
        params=request["params"],
        status=line["status"],
        sha256=line["sha256"],
        size=line["bytes"],
        link=line["link"],
        body=partial(_open_body, folder, line["sha256"]),
    )


def _open_body(folder: Path, digest: str | None) -> BinaryIO:
    if digest is None:
        raise EvidenceError("nothing was sealed for this request", where=str(folder / CHAIN))
    path = body_path(folder, digest)
    try:
        return gzip.open(path, "rb")  # type: ignore[return-value]
    except OSError as error:
        raise EvidenceError(
            f"the sealed answer cannot be read: {error.strerror}",
            where=str(path),
            next_step="Restore it from a backup; recon verify lists what else is missing",
        ) from None


def pulls(folder: Path) -> Iterator[dict[str, Any]]:
    """Every note of a pull (see Archive.begin), oldest first."""
    return _notes(folder / PULLS)


def ended_runs(folder: Path) -> Iterator[dict[str, Any]]:
    """Every note of a run that ended (see Archive.end), oldest first."""
    return _notes(folder / RUNS)


def last_ended(folder: Path) -> int:
    """The number of the run that ended last; 0 where none is noted."""
    path = folder / RUNS
    return 0 if _last_link(path) == GENESIS else int(json.loads(next(_lines_backwards(path)))["run"])


def _notes(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with path.open("rb") as notes:
            yield from (json.loads(raw) for raw in notes if raw.endswith(b"\n"))


def _last_link(path: Path) -> str:
    if not path.exists() or path.stat().st_size == 0:
        return GENESIS
    return str(json.loads(next(_lines_backwards(path)))["link"])


def _end_of_chain(folder: Path) -> tuple[int, str]:
    path = folder / CHAIN
    if not path.exists() or path.stat().st_size == 0:
        return 1, GENESIS
    last = json.loads(next(_lines_backwards(path)))
    return last["seq"] + 1, last["link"]


def _mend(folder: Path, name: str) -> None:
    """Moves a torn last line aside, so that the file ends in a whole one."""
    path = folder / name
    if not path.exists():
        return
    with path.open("rb+") as chain:
        size = chain.seek(0, os.SEEK_END)
        if size == 0:
            return
        chain.seek(-1, os.SEEK_END)
        if chain.read(1) == b"\n":
            return
        torn = next(_lines_backwards(path))
        _append(folder / TORN, torn.decode("utf-8", "backslashreplace") + "\n")
        chain.truncate(size - len(torn))
        chain.flush()
        os.fsync(chain.fileno())


def _append(path: Path, text: str) -> None:
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if new:
            os.fchmod(handle, 0o600)
        data = text.encode()
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(folder: Path, error: OSError) -> EvidenceError:
    fault = EvidenceError(
        f"the evidence cannot be written: {error.strerror}",
        where=str(error.filename or folder),
        next_step="Free space or mend the rights of the folder, then run the command again; nothing is lost",
    )
    fault.exit_code = 1
    return fault
