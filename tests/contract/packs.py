"""An audit pack with a seal before it, and ways to alter one character of it."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from reports._pack import verify
from tests.contract.house import House
from tests.contract.outside import recon

ANNA = ("--as", "Anna")
NO_LINES = (".gz", ".parquet")


def sealed_pack(made: House) -> tuple[Path, Path]:
    """The pack of a sealed February, with the seal of January in it, and the file of its own seal."""
    recon(made.folder, "pull", "--quiet")
    for month in ("2025-01", "2025-02"):
        assert recon(made.folder, *ANNA, "close", month, "--json").json["closed"]
    recon(made.folder, "report", "audit", "2025-02", "--out", "out", "--zip")
    return made.folder / "out" / "audit-2025-02", made.folder / "out" / "seal-2025-02.json"


def pages(pack: Path) -> str:
    """The text of all its pages."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(pack.rglob("*.html")))


class Edit(NamedTuple):
    """One character of a file, changed, taken away or added."""

    kind: str
    path: Path
    before: bytes
    after: bytes
    line: int


def kinds(pack: Path) -> dict[str, list[Path]]:
    """The files of a pack by what they are."""
    found: dict[str, list[Path]] = {}
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        first, *rest = path.relative_to(pack).parts
        kind = f"{first}/*{path.suffix}" if rest else first
        found.setdefault(kind, []).append(path)
    return found


def edits(pack: Path, seal: Path, seed: int, count: int) -> Iterator[Edit]:
    """So many edits, every kind of file as often as any other."""
    chance = random.Random(seed)
    every = {**kinds(pack), "the seal": [seal]}
    filled = {kind: [path for path in paths if path.stat().st_size] for kind, paths in every.items()}
    names = sorted(kind for kind, paths in filled.items() if paths)
    for number in range(count):
        kind = names[number % len(names)]
        path = chance.choice(filled[kind])
        before = path.read_bytes()
        at = chance.randrange(len(before))
        new = bytes([chance.choice([one for one in (10, *range(32, 127)) if one != before[at]])])
        way = chance.choice(("replaced", "replaced", "removed", "added"))
        after = before[:at] + (b"" if way == "removed" else new) + before[at + (way != "added") :]
        yield Edit(kind, path, before, after, before[:at].count(b"\n") + 1)


def named(edit: Edit, pack: Path, seal: Path) -> bool:
    """Whether the proof of the altered pack names the file, and the line where it has lines."""
    edit.path.write_bytes(edit.after)
    try:
        places = [place for place, _ in verify.prove(pack, [seal]).problems]
    finally:
        edit.path.write_bytes(edit.before)
    if edit.path == seal:
        return str(seal) in places
    name = edit.path.relative_to(pack).as_posix()
    return (name if name.endswith(NO_LINES) else f"{name}:{edit.line}") in places


def table(tried: Sequence[tuple[str, bool]]) -> str:
    """Found and tried, by kind of file."""
    lines = []
    for kind in sorted({kind for kind, _ in tried}):
        told = [found for one, found in tried if one == kind]
        lines.append(f"{kind:24} {sum(told):4} of {len(told):4}")
    return "\n".join([*lines, f"{'in all':24} {sum(found for _, found in tried):4} of {len(tried):4}"])
