"""Where the last verification of a ledger and its evidence is noted, so that the next may begin there.

A note is a cache: it is believed no further than it says, and one that is missing or odd means that all is verified.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from recon.core.canonical import sha256, write_json
from recon.evidence.verify import Before

_FORM = 1


class Mark(NamedTuple):
    """What was proved: the evidence, each source's entries up to a head, and the legs of all entries up to one.

    ``legs`` is their fingerprint; ``program`` the version that took it.
    """

    evidence: Before
    heads: Mapping[str, tuple[int, str]]
    entry: int
    legs: str
    program: str


def read(path: Path) -> Mark | None:
    """The mark that a file holds, if it holds one whole."""
    try:
        told = json.loads(path.read_bytes(), parse_float=str, parse_int=int)
        digest = told.pop("digest")
        if digest != sha256(write_json(told).encode()) or told.pop("form") != _FORM:
            return None
        heads = {source: (seq, stored) for source, (seq, stored) in told.pop("heads").items()}
        return Mark(evidence=Before(**told.pop("evidence")), heads=heads, **told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(path: Path, mark: Mark) -> None:
    """Notes a mark, readable by its owner alone. One that cannot be written is none."""
    told = {**mark._asdict(), "evidence": mark.evidence._asdict(), "form": _FORM}
    part = path.with_name(path.name + ".part")
    with suppress(OSError):
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
            path.parent.chmod(0o700)
        part.unlink(missing_ok=True)
        part.touch(0o600)
        part.write_text(write_json({**told, "digest": sha256(write_json(told).encode())}), encoding="utf-8")
        part.replace(path)


def forget(path: Path) -> None:
    """Removes a mark, so that the next verification is of all."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
