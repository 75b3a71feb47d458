"""The folder that files are written into, and the manifest of digests beside them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from recon.core.errors import ReconError
from reports._render._whole import write_whole

MANIFEST = "manifest.sha256"
_LISTED = re.compile(r"([0-9a-f]{64})  ((?!.*\.\.)[^/].*)")
"""A line of a manifest about a file of its folder; whatever else somebody left there is not ours to list."""


@contextmanager
def writing_into(out: Path) -> Iterator[None]:
    """The folder is there. Raises ReconError where it can't be, or where the block can't write."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ReconError(
            f"the files cannot be written: {error.strerror}",
            where=str(error.filename or out),
            next_step="Give another folder with --out, or free space",
        ) from None


def write_manifest(out: Path, written: Sequence[Path]) -> Path:
    """Names every file that was written into the folder, in the form that ``sha256sum -c`` reads.

    Of a folder in it, it names that one's own manifest.
    """
    path = out / MANIFEST
    lines = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            listed = _LISTED.fullmatch(line)
            if listed and (out / listed[2]).is_file():
                lines[listed[2]] = listed[1]
    for one in written:
        named = one / MANIFEST if one.is_dir() else one
        with named.open("rb") as file:
            lines[named.relative_to(out).as_posix()] = file_digest(file, "sha256").hexdigest()
    write_whole(path, "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items())).encode())
    return path
