"""Writes a file whole or not at all."""

import os
from pathlib import Path

from recon.core.failpoints import failpoint


def write_whole(path: Path, data: bytes) -> None:
    """Puts ``data`` at ``path`` in one step; a file that was there stays until then. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        failpoint("report.part-written")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
