"""``recon doctor``: what is wrong before a month-end finds out."""

from typing import Any

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options, plain, table
from recon.cli._output import command as recon_command
from recon.cli._session import load
from recon.pipeline.doctor import Diagnosis, examine
from recon.pipeline.probe import REFUSED, permissions

ERRORS = 1
_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}
_COLUMNS = ("source", "method", "path", "action", "body", "why")


@click.command("doctor")
@click.option(
    "--permissions", "allowed", is_flag=True, help="Print what each source may ask for; ask nothing."
)
@recon_command
def command(options: Options, allowed: bool) -> int:
    """Checks configuration, secrets, file modes, sources, evidence, ledger and disk.

    Each source is asked one harmless question. Nothing is written. The exit code is 1 when something is wrong, and 0
    with warnings.
    """
    config = load(options)
    if allowed:
        rows = permissions(config)
        options.answer({"permissions": rows, "refused": list(REFUSED)}, lambda: _show_permissions(rows))
        return 0
    with options.progress("Examining") as notify:
        found = examine(config, SYSTEM, notify)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.ok else ERRORS


def _show(found: Diagnosis) -> None:
    for one in found.findings:
        first, *more = one.text.split("\n")
        status = click.style(f"{one.status:<8}", fg=_COLOURS[one.status])
        click.echo(status + plain(f"{one.about}: {first}" + (f". {one.next}" if one.next else "")))
        for line in more:
            click.echo(" " * 10 + plain(line))
    statuses = [one.status for one in found.findings]
    counts = [(statuses.count(status), status) for status in ("error", "warning")]
    click.echo(", ".join(f"{count} {status}{'' if count == 1 else 's'}" for count, status in counts))


def _show_permissions(rows: list[dict[str, Any]]) -> None:
    cells = [
        [", ".join(row[name]) if name == "body" else str(row[name] or "") for name in _COLUMNS]
        for row in rows
    ]
    table("What each source may ask for", [(name.capitalize(), "left") for name in _COLUMNS], cells)
    click.echo("Refused by design:")
    for one in REFUSED:
        click.echo(f"  {one}")
