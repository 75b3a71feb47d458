"""``recon reconcile``: proves a period, or shows where ledger and venue part."""

import click

from recon.cli._output import Options, aligned, paragraph, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, writing
from recon.core.money import text
from recon.pipeline.reconcile import Reconciled, reconcile

OPEN_BREAKS = 3


@click.command("reconcile")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> int:
    """Runs every check over PERIOD; opens, updates and clears breaks."""
    config = load(options)
    asked = named(period, config)
    with writing(config, "reconcile") as session, options.progress("Reconciling"):
        found = reconcile(session, asked)
        if not found.clean:
            session.remarks.append("open breaks")
    options.answer(found.facts(), lambda: show(found))
    return exit_code(found)


def exit_code(found: Reconciled) -> int:
    """3 while an error or warning is open."""
    return 0 if found.clean else OPEN_BREAKS


def show(found: Reconciled) -> None:
    """What matters first: clean or not, then each break with its cause."""
    count = len(found.breaks)
    said = "clean" if found.clean else f"{count} break{'s' if count != 1 else ''} open"
    checks = [[one.check, str(one.tested), str(len(one.breaks) or "-")] for one in found.results]
    if found.breaks:
        amounts = aligned(
            ["" if one.found.difference is None else text(one.found.difference) for one in found.breaks]
        )
        rows = []
        for one, amount in zip(found.breaks, amounts, strict=True):
            place = "/".join(part for part in (one.found.source, one.found.account, one.found.asset) if part)
            rows.append([one.found.id, place, amount, one.found.diagnosis.kind])
        columns = [("Break", "left"), ("Place", "left"), ("Difference", "right"), ("Cause", "left")]
        table(f"{found.period.name}: {said}", columns, rows)
        for one in found.breaks:
            head = f"{one.found.id} ({one.found.severity}, {one.found.check})"
            paragraph(f"{head}: {one.found.diagnosis.text}")
    columns = [("Check", "left"), ("Tested", "right"), ("Breaks", "right")]
    table(f"{found.period.name}: {said}" if not found.breaks else "Checks", columns, checks)
