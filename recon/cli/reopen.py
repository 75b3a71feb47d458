"""``recon reopen``: opens the newest sealed period again."""

import click

from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, who, writing
from recon.core.errors import ConfigError
from recon.pipeline.close import reopen


@click.command("reopen")
@click.argument("period", default="last-month")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept for good.")
@recon_command
def command(options: Options, period: str, reason: str) -> None:
    """Opens PERIOD again, the newest sealed one. Its seal is kept, and closing it again shows what moved."""
    config = load(options)
    asked = named(period, config)
    if not reason.strip():
        raise ConfigError("it says nothing", where="--reason", next_step="Say why the period is opened again")
    with writing(config, "reopen", who(options)) as session:
        found = reopen(session, asked, reason)
    options.answer(
        found, lambda: click.echo(f"{asked.name} is open again. Its seal is kept: {found['seal']}")
    )
