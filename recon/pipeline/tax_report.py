"""Writes the reports of a tax year, a workbook and a page for each rulebook, and the manifest beside them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recon.core.contracts import Report
from recon.core.failpoints import failpoint
from recon.core.registry import one as plug_in
from recon.core.tax import Year
from recon.core.tax_books import TaxBooks
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.folder import write_manifest, writing_into
from recon.pipeline.tax import Want
from recon.pipeline.tax_books import tax_books
from reports._cut import cut
from reports._render import RENDERERS, table_csv

MOST_ROWS = 1_000
"""Rows of a table that a page shows."""


def write_tax_reports(
    config: Config,
    ledger: Ledger,
    wants: Sequence[Want],
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Writes the report of each rulebook into ``out``; the files written, the manifest last."""
    for want in wants:  # what a form lacks for the year is told before a file is written
        want.rules.lines(Year(number=want.year))
    written: list[Path] = []
    with writing_into(out):
        for want in wants:
            notify(f"matching lots: {want.rules.name}")
            with tax_books(config, ledger, want) as books:
                written += _write(books, out, notify)
        written.append(write_manifest(out, written))
    return written


def _write(books: TaxBooks, out: Path, notify: Callable[[str], None]) -> list[Path]:
    report = plug_in("reports", "tax", "REPORT", Report)
    document = report.build(books)
    name = f"{report.name}-{books.year.number}-{books.rules.name}"
    written = []
    for kind in report.formats:
        path = out / f"{name}.{kind}"
        notify(path.name)
        shown = cut(document, MOST_ROWS, f"{name}.xlsx") if kind == "html" else document
        RENDERERS[kind](shown, path)
        failpoint("report.written")
        written.append(path)
    for file, table in report.files(books).items():
        table_csv.render(table, out / file)
        written.append(out / file)
    return written
