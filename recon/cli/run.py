"""``recon run``: the monthly batch in one command."""

import click

from recon.cli import pull as pull_command
from recon.cli import reconcile as reconcile_command
from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, writing
from recon.pipeline.run import run_batch


@click.command("run")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> int:
    """Pulls, reconciles PERIOD and writes its reports.

    The exit code is the highest of the steps.
    """
    config = load(options)
    asked = named(period, config)
    with writing(config, "run") as session, options.progress("Running") as notify:
        batch = run_batch(session, asked, config.reports, notify)

    def people() -> None:
        pull_command.show(batch.pulled)
        reconcile_command.show(batch.reconciled)
        click.echo("\n".join(f"Wrote {path}" for path in batch.files))

    document = {
        "pull": batch.pulled.facts(),
        "reconcile": batch.reconciled.facts(),
        "files": [str(path) for path in batch.files],
    }
    options.answer(document, people)
    return max(pull_command.exit_code(batch.pulled), reconcile_command.exit_code(batch.reconciled))
