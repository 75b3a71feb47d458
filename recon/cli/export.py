"""``recon export``: journals for other programs."""

from pathlib import Path

import click

from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.pipeline.journals import export


@click.command("export")
@click.argument("period", default="all")
@click.option(
    "--format", "kind", required=True, metavar="F", help="journal-csv, beancount, hledger or parquet."
)
@click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the files go."
)
@recon_command
def command(options: Options, period: str, kind: str, out: Path) -> None:
    """Writes the journal of PERIOD, or of all there is, for another program.

    Beside the files lies a manifest of their digests, for sha256sum -c.
    """
    config = load(options)
    asked = named(period, config)
    with reading(config) as ledger, options.progress("Exporting") as notify:
        written = export(config, ledger, asked, kind, out, notify)
    options.answer(
        {"format": kind, "period": asked.name, "files": [str(path) for path in written]},
        lambda: click.echo("\n".join(f"Wrote {path}" for path in written)),
    )
