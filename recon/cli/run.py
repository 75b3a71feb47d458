"""``recon run``: the monthly batch in one command."""

from collections.abc import Sequence
from typing import Any

import click

from recon.cli import pull as pull_command
from recon.cli import reconcile as reconcile_command
from recon.cli._clock import SYSTEM
from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, named
from recon.pipeline.run import STEPS, Batch, run_and_tell


@click.command("run")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> int:
    """Pulls, reconciles PERIOD and writes its reports.

    The exit code is the highest of the steps.
    """
    config = load(options)
    asked = named(period, config)
    with options.progress("Running") as notify:
        batch = run_and_tell(config, SYSTEM, "run", asked, notify)
    options.answer(facts(batch, STEPS), lambda: show(batch, STEPS))
    return exit_code(batch)


def facts(batch: Batch, steps: Sequence[str]) -> dict[str, Any]:
    """As the JSON answer states it: what these steps brought."""
    parts: dict[str, tuple[str, Any]] = {
        "pull": ("pull", batch.pulled.facts()),
        "reconcile": ("reconcile", batch.reconciled.facts()),
        "report": ("files", [str(path) for path in batch.files]),
    }
    return {"run": batch.run, **dict(parts[step] for step in steps)}


def show(batch: Batch, steps: Sequence[str]) -> None:
    """The same for people."""
    if "pull" in steps:
        pull_command.show(batch.pulled)
    if "reconcile" in steps:
        reconcile_command.show(batch.reconciled)
    for path in batch.files:
        click.echo(f"Wrote {path}")


def exit_code(batch: Batch) -> int:
    """The highest of the steps."""
    return max(pull_command.exit_code(batch.pulled), reconcile_command.exit_code(batch.reconciled))
