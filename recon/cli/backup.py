"""``recon backup``: ledger and evidence as one file."""

from pathlib import Path

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load
from recon.pipeline.backup import BackedUp, backup


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@recon_command
def command(options: Options, file: Path) -> None:
    """Writes ledger and evidence into one FILE, for recon restore.

    Both are proved first. FILE is a plain tar; it holds no secret, but all your figures.
    """
    config = load(options)
    with options.progress("Backing up") as notify:
        made = backup(config, file, SYSTEM, notify)
    options.answer(made.facts(), lambda: show("Wrote", made))


def show(verb: str, made: BackedUp) -> None:
    """What the file holds, with the heads to compare."""
    click.echo(f"{verb} {made.file}, {made.bytes:,} bytes.")
    if made.evidence is not None:
        click.echo(f"Evidence: {made.evidence['answers']} answers, head {made.evidence['head']}")
    click.echo(f"Ledger:   {made.ledger['entries']} entries, head {made.ledger['head']}")
