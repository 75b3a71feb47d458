"""``recon report``: the files that people keep."""

from pathlib import Path

import click

from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.core.errors import ConfigError
from recon.pipeline.report import report_names, write_reports


@click.command("report")
@click.argument("name")
@click.argument("period", default="last-month")
@click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the files go."
)
@recon_command
def command(options: Options, name: str, period: str, out: Path) -> None:
    """Writes a report of PERIOD: accountant, audit, confirmation or all.

    Beside the files lies a manifest of their digests, for sha256sum -c.
    """
    config = load(options)
    asked = named(period, config)
    known = report_names()
    if name not in (*known, "all"):
        raise ConfigError(
            f"there is no report {name!r}", where="NAME", next_step=f"Ask for {', '.join(known)} or all"
        )
    with reading(config) as ledger, options.progress("Reporting") as notify:
        written = write_reports(config, ledger, asked, known if name == "all" else [name], out, notify)
    options.answer(
        {"period": asked.name, "files": [str(path) for path in written]},
        lambda: click.echo("\n".join(f"Wrote {path}" for path in written)),
    )
