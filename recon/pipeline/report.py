"""Writes reports: each file whole or not at all, and a manifest of digests beside them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.failpoints import failpoint
from recon.core.registry import catalogue
from recon.core.times import Period
from recon.evidence.archive import sealed_bytes
from recon.ledger.store import Ledger
from recon.pipeline.books import books
from recon.pipeline.config import Config
from recon.pipeline.folder import write_manifest, writing_into
from recon.pipeline.seals import seals
from reports._render import RENDERERS
from reports._render._whole import write_whole


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
    with writing_into(out):
        for file, digest in kept.items():
            if any(_is_of(name, period, file) for name in names):
                notify(file)
                write_whole(out / file, sealed_bytes(config.evidence, digest))
                written.append(out / file)
        if anew:
            notify("reading the ledger")
            with books(config, ledger, period) as content:
                written += render(content, anew, out, notify)
        written.append(write_manifest(out, written))
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


def report_names() -> list[str]:
    """What can be asked for of a period."""
    return sorted(
        name for name, report in catalogue("reports", "REPORT", Report).items() if report.of is Books
    )
