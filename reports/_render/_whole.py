"""Writes a file whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from recon.core.failpoints import failpoint


def write_whole(path: Path, data: bytes) -> None:
    """Puts ``data`` at ``path`` in one step; a file that was there stays until then. Raises OSError."""
    with whole(path) as file:
        file.write(data)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file that comes to stand at ``path`` when the block ends well; one that was there stays until then."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        failpoint("report.part-written")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
