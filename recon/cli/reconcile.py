"""``recon reconcile``: proves a period, or shows where ledger and venue part."""

import re
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import click

from recon.cli._output import Options, plain, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, writing
from recon.core.books import RegisteredBreak
from recon.core.breaks import Severity
from recon.core.money import aligned, round_to, text
from recon.pipeline.reconcile import Reconciled, reconcile
from recon.pipeline.register import OPEN

OPEN_BREAKS = 3
_WIDTH = 100
"""Where there is no terminal to ask."""
_CENTS = 2
_WORDS: dict[Severity, tuple[str, str, str]] = {
    "error": ("error", "errors", "red"),
    "warning": ("warning", "warnings", "yellow"),
    "info": ("note", "notes", ""),
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_READ_FIRST = "Read the diagnosis."
"""Stands first in a remedy, and is no step."""


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
    """What matters first: clean or not, then each break with its cause and the next step, then the checks."""
    click.echo(click.style(headline(found), bold=True, fg="green" if found.clean else "red"))
    if found.late:
        items = "1 item" if found.late == 1 else f"{found.late} items"
        click.echo(f"{items} posted in it came late for a sealed period; recon bridge PERIOD lays them open.")
    click.echo()
    if found.breaks:
        _show_breaks(found)
        click.echo("What stands behind one, and what to do: recon explain BREAK")
        click.echo()
    columns = [("Check", "left"), ("Examined", "right"), ("Breaks", "right")]
    table(
        "Checks",
        columns,
        [[one.check, str(one.tested), str(len(one.breaks) or "-")] for one in found.results],
    )


def headline(found: Reconciled) -> str:
    """Clean or not, with what is open and how much was examined."""
    counts = Counter(one.found.severity for one in found.breaks if one.status in OPEN)
    carried = sum(one.status == "resolved" for one in found.breaks)
    told = [
        f"{counts[severity]} {one if counts[severity] == 1 else several}"
        for severity, (one, several, _) in _WORDS.items()
        if counts[severity]
    ]
    verdict = "clean" if found.clean else "not clean"
    examined = f"{len(found.results)} checks examined {sum(one.tested for one in found.results)} rows"
    forward = f", {carried} resolved and carried forward" if carried else ""
    return f"{found.period.name}: {verdict}. {', '.join(told) or 'Nothing'} open{forward}; {examined}."


def ordered(found: Reconciled) -> list[RegisteredBreak]:
    """What is worth most first. Where no value is known errors come before warnings."""
    ranks = list(_WORDS)

    def rank(one: RegisteredBreak) -> tuple[bool, Decimal, int]:
        value = found.values.get(one.found.id)
        return (
            value is None,
            Decimal(0) if value is None else value.copy_negate(),
            ranks.index(one.found.severity),
        )

    return sorted(found.breaks, key=rank)


def next_step(fix: str) -> str:
    """The first step of a check's remedy."""
    steps = [one for one in _SENTENCE.split(fix) if one != _READ_FIRST]
    return steps[0] if steps else fix


def _show_breaks(found: Reconciled) -> None:
    """Two lines a break: the figures, then cause and next step. Only the place is shortened to fit."""
    breaks = ordered(found)
    remedies = {one.check: one.fix for one in found.results}
    columns = [
        ["Break", *(one.found.id for one in breaks)],
        ["Check", *(one.found.check for one in breaks)],
        ["Place", *(_place(one) for one in breaks)],
        *(
            [title, *aligned(amounts)]
            for title, amounts in (
                ("Difference", [_amount(one.found.difference) for one in breaks]),
                (f"Value {found.currency}", [_value(found.values.get(one.found.id)) for one in breaks]),
            )
        ),
    ]
    width = shutil.get_terminal_size((_WIDTH, 0)).columns if sys.stdout.isatty() else _WIDTH
    rows = list(zip(*_fitted(columns, width), strict=True))
    click.echo("  ".join(rows[0]).rstrip())
    for one, row in zip(breaks, rows[1:], strict=True):
        colour = _WORDS[one.found.severity][2] or None
        click.echo(click.style(row[0], fg=colour) + "  " + "  ".join(row[1:]).rstrip())
        said = _said(one, remedies[one.found.check])
        click.echo("  " + _cut(plain(said), width - 2))
    click.echo()


def _said(one: RegisteredBreak, fix: str) -> str:
    if one.status == "resolved":
        return f"{one.found.severity}, resolved as {one.reason}: it is carried forward"
    return f"{one.found.severity}, {one.found.diagnosis.kind}: {next_step(fix)}"


def _fitted(columns: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Columns padded to their widest cell, amounts to the right; the places cut where a line would be too long."""
    widths = [max(map(len, column)) for column in columns]
    room = max(16, width - sum(widths) + widths[2] - 2 * (len(widths) - 1))
    widths[2] = min(widths[2], room)
    return [
        [cell.rjust(widest) if number > 2 else short(cell, widest).ljust(widest) for cell in column]
        for number, (column, widest) in enumerate(zip(columns, widths, strict=True))
    ]


def _place(one: RegisteredBreak) -> str:
    found = one.found
    return plain("/".join(part for part in (found.source, found.account, found.asset) if part))


def _amount(number: Decimal | None) -> str:
    return "" if number is None else text(number)


def _value(number: Decimal | None) -> str:
    return "" if number is None else f"{round_to(number, _CENTS, 'half_even'):,f}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(0, width - 3)] + "..."
