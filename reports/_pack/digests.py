"""The digests of a pack's files: whole in the manifest, and short ones of every line, so that a change is found."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

MANIFEST = "manifest.sha256"
LINES = "lines"
"""The folder that has for each file of lines one of the same name, with the first 16 digits of each line's SHA-256."""
_NO_LINES = (".gz", ".parquet", ".png")


def write_manifest(folder: Path, names: Sequence[str]) -> None:
    """Lists these files and the digests of their lines, in the form that ``sha256sum -c`` reads.

    The manifest's own lines have digests too, which it cannot list. All is on disk when this returns.
    """
    digests = {name: _digest(folder, name) for name in names}
    kept = [name for name in names if not name.endswith(_NO_LINES)]
    digests |= {f"{LINES}/{name}": _digest(folder, f"{LINES}/{name}", lines=False) for name in kept}
    stated = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (folder / MANIFEST).write_text(stated, encoding="utf-8")
    _digest(folder, MANIFEST)


def _digest(folder: Path, name: str, *, lines: bool = True) -> str:
    whole, short = sha256(), bytearray()
    with (folder / name).open("rb") as file:
        for line in file:
            whole.update(line)
            if lines:
                short += sha256(line).hexdigest()[:16].encode() + b"\n"
        os.fsync(file.fileno())
    if lines and not name.endswith(_NO_LINES):
        path = folder / LINES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(short)
    return whole.hexdigest()
