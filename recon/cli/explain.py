"""``recon explain``: what stands behind a check or a break."""

from collections.abc import Sequence

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options, paragraph, plain, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.core.books import ChainRow, RegisteredBreak
from recon.core.money import aligned, text
from recon.core.times import short_text
from recon.pipeline.explain import Explained, explain

_AMOUNTS = ("Expected", "Found", "Difference")


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
    for note in found.notes:
        paragraph(note)
    click.echo(check.sql + "\n")
    if found.breaks:
        _show_rows(found.breaks)
    else:
        click.echo("It finds nothing.")
    for one in found.breaks:
        _show_break(one, found.around.get(one.found.id, ()))
    paragraph(f"What to do: {check.fix}")


def _show_rows(breaks: Sequence[RegisteredBreak]) -> None:
    """The bad rows as the question returns them."""
    numbers = [
        aligned(["" if number is None else text(number) for number in column])
        for column in zip(
            *((one.found.expected, one.found.actual, one.found.difference) for one in breaks), strict=True
        )
    ]
    rows = [
        [
            one.found.id,
            "/".join(part for part in (one.found.source, one.found.account, one.found.asset) if part),
            "" if one.found.at is None else short_text(one.found.at),
            *amounts,
        ]
        for one, *amounts in zip(breaks, *numbers, strict=True)
    ]
    columns = [("Break", "left"), ("Place", "left"), ("At", "left"), *((name, "right") for name in _AMOUNTS)]
    table("What it finds", columns, rows)


def _show_break(one: RegisteredBreak, around: Sequence[ChainRow]) -> None:
    """A break in words, the rows around it, and the bytes that it rests on."""
    diagnosis = one.found.diagnosis
    head = f"{one.found.id} ({one.found.severity}, {diagnosis.kind}, open for {one.age_days} days)"
    paragraph(f"{head}: {diagnosis.text}")
    if around:
        quantities = aligned([text(row.quantity) for row in around])
        balances = aligned(["" if row.balance_after is None else text(row.balance_after) for row in around])
        rows = [
            [
                ">" if row.cited else "",
                row.entry,
                f"{row.account}/{row.asset}",
                short_text(row.at),
                row.kind if row.in_force else f"{row.kind} (taken back)",
                quantity,
                balance,
            ]
            for row, quantity, balance in zip(around, quantities, balances, strict=True)
        ]
        names = [(name, "left") for name in ("", "Entry", "Place", "At", "Kind")]
        table("The rows before and after", [*names, ("Quantity", "right"), ("Balance stated", "right")], rows)
    for record in diagnosis.records:
        click.echo(plain(f"  {record['source']}/{record['stream']}, {record['at']}: {record['data']}"))
        click.echo(plain(f"    row {record['pointer']} of the sealed answer {record['answer']}"))
    for member in diagnosis.members:
        paragraph(f"  This explains {member['id']} ({member['check']}) too: {member['text']}")
