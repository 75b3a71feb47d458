"""What ``recon tax --explain`` shows people: the calculation of a disposal, step by step."""

from collections.abc import Iterable, Sequence
from textwrap import fill

import click

from recon.cli._output import plain, table
from recon.cli._tax_screen import heading
from recon.core.money import aligned
from recon.core.tax import Row
from recon.pipeline.tax_explain import Explained
from recon.pipeline.tax_explained import total
from recon.pipeline.tax_told import (
    UNKNOWN,
    Told,
    amount,
    the_rows_behind_it,
    what_it_brought,
    what_it_is_matched_with,
    what_left,
)

_WIDTH = 116


def show(found: Explained) -> None:
    """What left, what it brought, what it is matched with, what comes of it, and the rows behind it."""
    heading(found.found)
    _show("What left", what_left(found))
    _show("What it brought", what_it_brought(found))
    if found.found.want.rules.lots:
        _show("What it is matched with", what_it_is_matched_with(found))
    _result(found, [step.row for step in found.steps])
    _show("The rows behind it", the_rows_behind_it(found))


def _result(found: Explained, rows: Sequence[Row]) -> None:
    names = ("Units", "Proceeds", "Cost", "Gain")
    figures = [(row.quantity, row.proceeds, row.cost, row.gain) for row in rows]
    columns = [[*column] for column in zip(*figures, strict=True)]
    if len(rows) > 1:
        columns = [[*column, total(column)] for column in columns]
    told = [aligned([amount(one) for one in column]) for column in columns]
    marks = [(str(number), row.rule, row.term or "") for number, row in enumerate(rows, 1)]
    marks += [("", "in all", "")] if len(rows) > 1 else []
    shown = [[*mark, *some] for mark, *some in zip(marks, *told, strict=True)]
    click.echo()
    table(
        f"What comes of it, in {found.found.view.currency}",
        [("", "left"), ("Rule", "left"), ("Term", "left"), *((name, "right") for name in names)],
        shown,
    )
    if not rows[0].taxed:
        _say("No gain and no loss counts: the units leave at their cost.")
    for lacks in dict.fromkeys(row.lacks for row in rows if row.lacks):
        _say(f"{UNKNOWN}: {lacks}")


def _show(title: str, lines: Iterable[Told]) -> None:
    click.echo("\n" + click.style(title, bold=True))
    for one in lines:
        _say(one.words, one.deep)


def _say(words: str, deep: int = 0) -> None:
    """A line; a long one is broken between words and goes on further in."""
    indent = " " * (deep + 2)
    click.echo(
        fill(
            plain(words), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ",
            break_long_words=False, break_on_hyphens=False, replace_whitespace=False, drop_whitespace=True,
        )
    )  # fmt: skip
