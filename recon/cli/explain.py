"""``recon explain``: what stands behind a check or a break."""

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options, paragraph, plain
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.pipeline.explain import Explained, explain


@click.command("explain")
@click.argument("name", metavar="CHECK|BREAK")
@recon_command
def command(options: Options, name: str) -> None:
    """The question that a check asks, its SQL, the rows it found, the evidence behind them, and what to do."""
    config = load(options)
    with reading(config) as ledger, options.progress("Asking"):
        found = explain(config, ledger, name, SYSTEM.now())
    options.answer(found.facts(), lambda: _show(found))


def _show(found: Explained) -> None:
    check = found.check
    click.echo(click.style(check.title, bold=True) + f" ({check.check}, {check.tested} examined)")
    paragraph(check.why)
    click.echo(check.sql + "\n")
    for one in found.breaks:
        paragraph(
            f"{one.found.id} ({one.found.severity}, open for {one.age_days} days): {one.found.diagnosis.text}"
        )
        for record in one.found.diagnosis.records:
            click.echo(plain(f"  {record['source']}/{record['stream']}, {record['at']}: {record['data']}"))
            click.echo(plain(f"    row {record['pointer']} of the sealed answer {record['answer']}"))
        for member in one.found.diagnosis.members:
            paragraph(f"  This explains {member['id']} ({member['check']}) too: {member['text']}")
    if not found.breaks:
        click.echo("It finds nothing.")
    paragraph(f"What to do: {check.fix}")
