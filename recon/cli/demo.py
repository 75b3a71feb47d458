"""``recon demo``: see it work before any account is connected."""

from pathlib import Path

import click

from recon.cli import pull as pull_command
from recon.cli import reconcile as reconcile_command
from recon.cli._clock import SYSTEM
from recon.cli._output import Options, paragraph
from recon.cli._output import command as recon_command
from recon.pipeline.demo import Demo, run_demo


@click.command("demo")
@click.argument("folder", metavar="[DIR]", default="recon-demo", type=click.Path(path_type=Path))
@click.option("--without-faults", is_flag=True, help="Serve the books as they are: everything reconciles.")
@recon_command
def command(options: Options, folder: Path, without_faults: bool) -> int:
    """Runs a quarter of sample data against stand-in venues.

    No account is needed. Three faults are planted in what the venues serve, and found.
    """
    with options.progress("Demo") as notify:
        done = run_demo(folder, SYSTEM, with_faults=not without_faults, notify=notify)
    document = {
        "folder": str(done.folder),
        "faults": list(done.faults),
        "pull": done.batch.pulled.facts(),
        "reconcile": done.batch.reconciled.facts(),
        "files": [str(path) for path in done.batch.files],
    }
    options.answer(document, lambda: _show(done))
    return pull_command.exit_code(done.batch.pulled)


def _show(done: Demo) -> None:
    pull_command.show(done.batch.pulled)
    if done.faults:
        paragraph(f"Planted in what the venues serve: {', '.join(done.faults)}.")
    reconcile_command.show(done.batch.reconciled)
    click.echo("Look at:")
    for path in done.batch.files:
        click.echo(f"  {path}")
    click.echo()
    paragraph(
        f"Go on in {done.folder} with recon balances or recon verify: the venues have stopped, the ledger stays."
    )
