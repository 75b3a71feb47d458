"""``recon restore``: ledger and evidence from a backup."""

from pathlib import Path

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load
from recon.cli.backup import show
from recon.pipeline.backup import restore


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@recon_command
def command(options: Options, file: Path) -> None:
    """Puts the ledger and the evidence of a backup FILE where recon.toml says they are.

    Nothing may be there yet. Every byte of FILE is proved first; all of it is restored, or nothing.
    """
    config = load(options)
    with options.progress("Restoring") as notify:
        made = restore(config, file, SYSTEM, notify)
    options.answer(made.facts(), lambda: show("Restored", made))
