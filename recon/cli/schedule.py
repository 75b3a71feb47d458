"""``recon schedule``: the jobs of recon.toml, kept here or printed for other schedulers."""

import sys
from typing import Any, NoReturn

import click

from recon.cli import run as run_command
from recon.cli._clock import SYSTEM
from recon.cli._output import Options, shared_options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named
from recon.core.errors import ConfigError
from recon.core.times import short_text
from recon.pipeline import notices
from recon.pipeline.config import Config
from recon.pipeline.exports import EXPORTS, export
from recon.pipeline.jobs import Processes, State, command_of, keep, scheduled, states
from recon.pipeline.run import run_and_tell

PROGRAM = (sys.executable, "-P", "-m", "recon.cli")
"""recon by an absolute path, for a scheduler knows no PATH of ours; -P: not what lies in the folder it runs in."""


@click.group("schedule")
@shared_options
def command() -> None:
    """Keeps the jobs of recon.toml, lists them, or prints them for another scheduler."""


@command.command("run")
@click.argument("name", required=False)
@recon_command
def run(options: Options, name: str | None) -> int:
    """Runs the job NAME once, now; without NAME keeps running every job at its times.

    With NAME it ends with the exit code of the job. Without, it stays until Ctrl-C or SIGTERM ends it.
    """
    config = _with_jobs(options)
    if name is None:
        _keep(options, config)
    if name not in config.jobs:
        raise ConfigError(
            f"there is no job {name!r}", where="NAME", next_step=f"The jobs are: {', '.join(config.jobs)}"
        )
    job = config.jobs[name]
    asked = named(job.period, config)
    with options.progress(f"Job {name}") as notify:
        batch = run_and_tell(
            config, SYSTEM, command_of(name), asked, notify, steps=job.parts, sources=job.sources
        )
    options.answer(
        {"job": name, **run_command.facts(batch, job.parts)}, lambda: run_command.show(batch, job.parts)
    )
    return run_command.exit_code(batch)


@command.command("list")
@recon_command
def show(options: Options) -> None:
    """Lists the jobs: when each ran last and how that ended, and when it runs next."""
    config = _with_jobs(options)
    found = states(config, SYSTEM.now())
    options.answer([_facts(config, one) for one in found], lambda: _show(config, found))


@command.command("export")
@click.option(
    "--format", "kind", required=True, type=click.Choice(sorted(EXPORTS)), help="For which scheduler."
)
@recon_command
def print_for(options: Options, kind: str) -> None:
    """Prints the jobs for cron, systemd or Kubernetes. Nothing is installed."""
    files = export(_with_jobs(options), kind, PROGRAM)

    def people() -> None:
        if kind == "k8s":
            click.echo("---\n".join(one.text for one in files), nl=False)
            return
        for one in files:
            click.echo(f"# {one.name}\n{one.text}", nl=one is not files[-1])

    options.answer({"format": kind, "files": [one._asdict() for one in files]}, people)


def _with_jobs(options: Options) -> Config:
    config = load(options)
    if not config.jobs:
        raise ConfigError(
            "there is no job yet",
            where=str(config.path),
            next_step='Add one: [jobs.month-end] with steps = ["run"] and cron = "30 6 2 * *"',
        )
    return config


def _keep(options: Options, config: Config) -> NoReturn:
    jobs = scheduled(config, SYSTEM.now())
    level = ("--log-level", options.log_level)
    processes = Processes(
        (*PROGRAM, "--config", str(config.path), "--quiet", *level, "schedule", "run"),
        killed=lambda name: notices.failed(config, command_of(name), None, "killed"),
    )
    if not options.quiet:
        click.echo(f"Keeping {', '.join(config.jobs)}. Ctrl-C ends it.", err=True)
    keep(jobs, SYSTEM, processes.run, processes.stop)


def _facts(config: Config, one: State) -> dict[str, Any]:
    job = config.jobs[one.name]
    last = one.last and {
        "run": one.last.id,
        "started": short_text(one.last.started_at),
        "ended": one.last.ended_at and short_text(one.last.ended_at),
        "result": one.last.status,
    }
    return {
        "job": one.name,
        "steps": list(job.steps),
        "sources": list(job.sources),
        "period": job.period,
        "cron": job.cron,
        "last": last,
        "next": short_text(one.next),
    }


def _show(config: Config, found: list[State]) -> None:
    rows = []
    for one in found:
        last, result = "never", ""
        if one.last:
            last = f"{one.last.started_at.astimezone(config.zone):%Y-%m-%d %H:%M}"
            result = f"{one.last.status or 'has not ended'} (run {one.last.id})"
        rows.append([one.name, last, result, f"{one.next.astimezone(config.zone):%Y-%m-%d %H:%M}"])
    columns = [(name, "left") for name in ("Job", "Last run", "Result", "Next run")]
    table(f"Jobs, times in {config.entity.timezone}", columns, rows)
