"""Writes reports: each file whole or not at all, and a manifest of digests beside them."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from recon.core.contracts import Report
from recon.core.errors import ReconError
from recon.core.failpoints import failpoint
from recon.core.registry import catalogue
from recon.core.times import Period
from recon.ledger.store import Ledger
from recon.pipeline.books import books
from recon.pipeline.config import Config
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
    """Writes the named reports of a period into ``out``; the files written, the manifest last."""
    known = catalogue("reports", "REPORT", Report)
    notify("reading the ledger")
    content = books(config, ledger, period)
    written: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in names:
            notify(name)
            document = known[name].build(content)
            for kind in known[name].formats:
                path = out / f"{name}-{period.name}.{kind}"
                RENDERERS[kind](document, path)
                failpoint("report.written")
                written.append(path)
        written.append(_manifest(out, written))
    except OSError as error:
        raise ReconError(
            f"the report cannot be written: {error.strerror}",
            where=str(error.filename or out),
            next_step="Give another folder with --out, or free space",
        ) from None
    return written


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
