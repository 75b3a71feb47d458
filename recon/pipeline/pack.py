"""The audit pack: a folder that an outsider proves without us.

Its pages and the data behind their tables, the ledger's entries and postings whole, the evidence that the period rests
on, the seals, and programs that re-compute all of it (reports/_pack). It is built beside its place and moved there
whole. The same ledger makes the same bytes.
"""

import gzip
import re
import shutil
import zlib
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from recon.core.books import Books
from recon.core.canonical import write_json
from recon.core.document import Document
from recon.core.errors import ReconError
from recon.core.failpoints import failpoint
from recon.core.times import moment_text
from recon.evidence.archive import altered, body_path
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.pack_data import Tables, write_data
from recon.pipeline.pack_evidence import write_evidence, write_seals
from recon.pipeline.pack_ledger import write_ledger
from reports._pack.digests import LINES, MANIFEST, write_manifest
from reports._render import render_site

PACK = "pack"
"""The format of a report that is a pack."""
ZIP = ".zip"
PROGRAMS = Path(__file__).parents[2] / "reports" / "_pack"
FORMAT = 1
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
_STORED = (".gz", ".parquet")
_PIECE = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_pack(config: Config, ledger: Ledger, books: Books, document: Document, target: Path) -> None:
    """Writes the pack of a period at ``target``. Raises ReconError, and OSError where there is no room."""
    part = part_of(target)
    try:
        part.mkdir(parents=True)
        _fill(config, ledger, books, document, part)
        failpoint("pack.filled")
        put(part, target)
    finally:
        _remove(part)


def part_of(target: Path) -> Path:
    """Where a pack is built: what a killed run left there is gone."""
    part = target.with_name(f".{target.name}.part")
    _remove(part)
    return part


def _fill(config: Config, ledger: Ledger, books: Books, document: Document, folder: Path) -> None:
    render_site(document, folder)
    tables = Tables(folder)
    write_data(document, tables)
    failpoint("pack.tables-written")
    about = {
        "format": FORMAT,
        "entity": books.entity,
        "zone": books.zone,
        "period": books.period.name,
        "from": None if books.period.start is None else moment_text(books.period.start),
        "until": None if books.period.end is None else moment_text(books.period.end),
        "tool": books.version,
        **write_ledger(config, ledger, books, tables),
        **write_evidence(config, ledger, books, folder),
    }
    write_seals(ledger, books.period, folder)
    tables.write_totals()
    (folder / "pack.json").write_text(write_json(about) + "\n", encoding="utf-8")
    for name in ("verify.py", "verify.sh"):
        shutil.copyfile(PROGRAMS / name, folder / name)
    write_manifest(folder, files_of(folder))


def files_of(folder: Path) -> list[str]:
    """Every file of a pack, by its place in it. Raises AssertionError for a name that could lead out of it."""
    names = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if not one.is_dir())
    odd = [name for name in names if not _SAFE.fullmatch(name)]
    assert not odd, f"no file of a pack may be called {odd[0]!r}"
    return names


def put(part: Path, target: Path) -> None:
    """Moves a whole pack to its place, where nothing but an older pack may lie."""
    old = target.with_name(f".{target.name}.old")
    _remove(old)
    if target.exists():
        _refuse_others(target)
        target.rename(old)
        failpoint("pack.old-moved")
    part.rename(target)
    failpoint("pack.placed")
    _remove(old)


def _refuse_others(target: Path) -> None:
    """Nobody's notes are thrown away with an older pack."""
    ours = {MANIFEST, f"{LINES}/{MANIFEST}"}
    if (target / MANIFEST).is_file():
        ours |= {line[66:] for line in (target / MANIFEST).read_text(encoding="utf-8").splitlines()}
    for one in sorted(target.rglob("*")) if target.is_dir() else [target]:
        if not one.is_dir() and one.relative_to(target).as_posix() not in ours:
            raise ReconError(
                "the file is in the way of an audit pack, and no part of one",
                where=str(one),
                next_step="Move it elsewhere, or give another folder with --out",
            )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_zip(folder: Path, path: Path) -> None:
    """The folder of a pack as one file: no times, no owners, names in order, so that equal packs make equal bytes."""
    part = path.with_name(f".{path.name}.part")
    try:
        with ZipFile(part, "w") as packed:
            for name in files_of(folder):
                info = ZipInfo(f"{folder.name}/{name}", _EPOCH)
                info.create_system, info.external_attr = 3, 0o100644 << 16
                info.compress_type = ZIP_STORED if name.endswith(_STORED) else ZIP_DEFLATED
                info.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as file, packed.open(info, "w") as member:
                    shutil.copyfileobj(file, member, _PIECE)
        failpoint("pack.zipped")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def unsealed(evidence: Path, digest: str, path: Path) -> None:
    """Writes the sealed bytes of this digest. Raises EvidenceError where they are missing or not what was sealed."""
    made = sha256()
    with path.open("wb") as file:
        try:
            with gzip.open(body_path(evidence, digest), "rb") as body:
                while piece := body.read(_PIECE):
                    made.update(piece)
                    file.write(piece)
        except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
            raise altered(evidence, digest) from None
    if made.hexdigest() != digest:
        raise altered(evidence, digest)


def unpack(path: Path, target: Path) -> None:
    """Puts the pack that was zipped by ``write_zip`` at ``target``."""
    part = part_of(target)
    try:
        with ZipFile(path) as packed:
            names = packed.namelist()
            assert all(_SAFE.fullmatch(name) for name in names)
            packed.extractall(part)
        put(part / target.name, target)
    finally:
        _remove(part)
