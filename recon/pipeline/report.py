"""Writes reports: each file whole or not at all, and a manifest of digests beside them."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.errors import ReconError
from recon.core.failpoints import failpoint
from recon.core.registry import catalogue
from recon.core.times import Period
from recon.evidence.archive import sealed_bytes
from recon.ledger.store import Ledger
from recon.pipeline.books import books
from recon.pipeline.config import Config
from recon.pipeline.seals import seals
from reports._render import RENDERERS

MANIFEST = "manifest.sha256"


def write_reports(
    config: Config,
    ledger: Ledger,
    period: Period,
    names: Sequence[str],
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Writes the named reports of a period into ``out``; the files written, the manifest last.

    Of a sealed period they are the bytes that were sealed with it, whatever has come since.
    """
    with ledger.transaction() as tx:
        kept = {
            name: digest
            for one in seals(tx)
            if one.period.name == period.name
            for name, digest in one.document["reports"].items()
        }
    anew = [name for name in names if not any(_is_of(name, period, file) for file in kept)]
    written: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, digest in kept.items():
            if any(_is_of(name, period, file) for name in names):
                notify(file)
                _write(out / file, sealed_bytes(config.evidence, digest))
                written.append(out / file)
        if anew:
            notify("reading the ledger")
            with books(config, ledger, period) as content:
                written += render(content, anew, out, notify)
        written.append(_manifest(out, written))
    except OSError as error:
        raise ReconError(
            f"the report cannot be written: {error.strerror}",
            where=str(error.filename or out),
            next_step="Give another folder with --out, or free space",
        ) from None
    return written


def render(
    content: Books, names: Sequence[str], out: Path, notify: Callable[[str], None] = lambda text: None
) -> list[Path]:
    """Makes the named reports of these books in a folder."""
    known = catalogue("reports", "REPORT", Report)
    written = []
    for name in names:
        notify(name)
        document = known[name].build(content)
        for kind in known[name].formats:
            path = out / f"{name}-{content.period.name}.{kind}"
            RENDERERS[kind](document, path)
            failpoint("report.written")
            written.append(path)
    return written


def _is_of(name: str, period: Period, file: str) -> bool:
    return file.startswith(f"{name}-{period.name}.")


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def report_names() -> list[str]:
    """What can be asked for."""
    return sorted(catalogue("reports", "REPORT", Report))


def _manifest(out: Path, written: Sequence[Path]) -> Path:
    """Names every file of the folder's reports, in the form that ``sha256sum -c`` reads."""
    path = out / MANIFEST
    lines = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            if (out / name).is_file():
                lines[name] = digest
    lines |= {one.name: sha256(one.read_bytes()).hexdigest() for one in written}
    part = out / f".{MANIFEST}.part"
    part.write_text(
        "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items())), encoding="utf-8"
    )
    part.replace(path)
    return path
