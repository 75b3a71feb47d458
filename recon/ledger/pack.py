"""A backup's file: a plain tar of members that only we name, in which every byte is accounted for.

Headers have one form (0600, no owner, no time), so that whoever reads makes each again and compares it byte for byte:
a link, a device, another folder, an extension of tar or a changed byte cannot pass. ``manifest.json`` comes first. Last
comes ``manifest.sha256``, the digests of all others, for ``sha256sum -c`` after any tar has unpacked the file: a file
that lacks it is cut short.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from tarfile import GNU_FORMAT, HeaderError, TarInfo
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from recon.core.errors import ReconError
from recon.core.failpoints import failpoint
from recon.ledger.database import sync

MANIFEST = "manifest.json"
DIGESTS = "manifest.sha256"
PIECE = 1 << 20
"""Bytes that are in memory at once."""
_BLOCK = 512
_END = bytes(2 * _BLOCK)
_NAME = re.compile(
    r"manifest\.json|manifest\.sha256|ledger/[a-z_]{1,40}/[0-9]{6}\.jsonl\.gz"
    r"|evidence/[a-z]{1,40}\.(?:jsonl|torn)|evidence/([0-9a-f]{2})/\1[0-9a-f]{62}\.gz"
)


class BackupError(ReconError):
    """A backup cannot be written or read, or is not whole."""


class Pack:
    """A backup as it is written."""

    def __init__(self, raw: BinaryIO, digests: Any) -> None:
        self._raw = raw
        self._digests = digests

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Writes one member of ``size`` bytes. Raises BackupError where there are more or fewer."""
        assert _NAME.fullmatch(name), name
        digest, written = sha256(), 0
        self._raw.write(_header(name, size))
        for piece in pieces:
            self._raw.write(piece)
            digest.update(piece)
            written += len(piece)
        if written != size:
            raise BackupError(
                f"it was {size:,} bytes long, and {written:,} when it was read",
                where=name,
                next_step="Let nothing else write there, then run the command again",
            )
        self._raw.write(_padding(size))
        self._digests.write(f"{digest.hexdigest()}  {name}\n".encode())
        failpoint("backup.member-written")

    def finish(self) -> None:
        """Writes the digests and the tar's end."""
        size = self._digests.tell()
        self._digests.seek(0)
        self._raw.write(_header(DIGESTS, size))
        for line in self._digests:
            self._raw.write(line)
        self._raw.write(_padding(size) + _END)


@contextmanager
def packing(path: Path) -> Iterator[Pack]:
    """A new backup at ``path``, 0600, written beside it and moved there when it is whole and on disk.

    Raises BackupError, with nothing left behind, where a file can't be read or written.
    """
    part = path.with_name(path.name + ".making")
    try:
        part.unlink(missing_ok=True)
        with (
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,
            SpooledTemporaryFile(max_size=PIECE, dir=str(path.parent)) as digests,
        ):
            os.fchmod(raw.fileno(), 0o600)
            pack = Pack(raw, digests)
            yield pack
            pack.finish()
            raw.flush()
            os.fsync(raw.fileno())
        failpoint("backup.written")
        part.rename(path)
        sync(path.parent)
        failpoint("backup.placed")
    except OSError as error:
        raise BackupError(
            f"the backup cannot be made: {error.strerror}",
            where=str(error.filename or path),
            next_step="Free space or mend the rights, then run the command again; nothing was left behind",
        ) from None
    finally:
        if part.exists():
            part.unlink()


def members(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Every member but the digests, in the order of the file, to be read before the next is asked for.

    When the iteration ends, every byte of the file was as it was written; until then none may be trusted. Raises
    BackupError for a file that cannot be read, is none of ours, is cut short or was altered.
    """
    try:
        with path.open("rb") as raw, SpooledTemporaryFile(max_size=PIECE) as digests:
            first = True
            while True:
                name, size = _parsed(path, raw.read(_BLOCK), first=first)
                body = _Body(path, raw, size)
                first = False
                reader = io.BufferedReader(body, PIECE)
                if name == DIGESTS:
                    _compare(path, digests, reader, size)
                    body.end()
                    if raw.read(len(_END) + 1) != _END:
                        raise damaged(path, f"what follows {DIGESTS} is not the end of the file")
                    return
                yield name, reader
                body.end()
                digests.write(f"{body.digest.hexdigest()}  {name}\n".encode())
    except OSError as error:
        raise BackupError(f"the backup cannot be read: {error.strerror}", where=str(path)) from None


class _Body(io.RawIOBase):
    """A member's bytes, hashed as they are read."""

    def __init__(self, path: Path, raw: BinaryIO, size: int) -> None:
        self.digest = sha256()
        self._size = size
        self._path = path
        self._raw = raw
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._left)
        count = self._raw.readinto(memoryview(buffer)[:wanted])  # type: ignore[attr-defined]
        if count < wanted:
            raise damaged(self._path, "it is cut short")
        self.digest.update(memoryview(buffer)[:count])
        self._left -= count
        return int(count)

    def end(self) -> None:
        """Reads what nobody asked for, and the zeros that fill the last block."""
        while self.read(PIECE):
            pass
        if self._raw.read(-self._size % _BLOCK) != _padding(self._size):
            raise damaged(self._path, "it was altered between two members")


def damaged(path: Path, what: str) -> BackupError:
    """What to say of a backup that can't be trusted; its exit code is that of a failed verification."""
    fault = BackupError(
        what, where=str(path), next_step="Take another backup; nothing of this one was restored"
    )
    fault.exit_code = 5
    return fault


def _header(name: str, size: int) -> bytes:
    """Mode 0600, no owner and no time: the same members make the same bytes."""
    info = TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(GNU_FORMAT, "ascii", "strict")


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _parsed(path: Path, head: bytes, *, first: bool) -> tuple[str, int]:
    """Name and size, where this is the very header that we would write for them."""
    try:
        info = TarInfo.frombuf(head, "ascii", "strict")
        ours = _NAME.fullmatch(info.name) and info.size >= 0 and _header(info.name, info.size) == head
    except (HeaderError, ValueError):
        ours = None
    if first and not (ours and info.name == MANIFEST):
        raise damaged(path, "it is not a backup made by recon, or its first bytes were altered")
    if len(head) < _BLOCK or head == _END[:_BLOCK]:
        raise damaged(path, "it is cut short")
    if not ours:
        raise damaged(path, "a member's header was altered, or is none that recon writes")
    return info.name, info.size


def _compare(path: Path, digests: Any, stated: BinaryIO, size: int) -> None:
    """The digests as they were made while reading, against those that were written down."""
    if size != digests.tell():
        raise damaged(path, f"{DIGESTS} does not list the members that are there")
    digests.seek(0)
    for made, said in zip_longest(digests, stated):
        if made != said:
            name = (made or said)[66:-1].decode("ascii", "replace")
            raise damaged(path, f"{name} is not as it was written")
