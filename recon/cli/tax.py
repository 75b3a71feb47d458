"""``recon tax``: the disposals of a tax year by a jurisdiction's rules, and what its forms say."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import click

from recon.cli._output import Options, aligned, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.pipeline.tax import Taxed, tax, wanted
from recon.pipeline.taxed import breaks, row_facts, summary

OPEN_BREAKS = 3
SHOWN = 40
"""Rows that people are shown; --json gives all."""
_SCOPES = ("universal", "source", "account")


@click.command("tax")
@click.argument("year", type=click.IntRange(2009, 2099))
@click.option("--rules", required=True, metavar="R", help="us, uk, de, pl or generic.")
@click.option("--method", metavar="M", help="fifo, lifo, hifo, lofo, average or specific.")
@click.option("--scope", type=click.Choice(_SCOPES), help="Which units are one's own stock together.")
@click.option("--summary", "sums", is_flag=True, help="The year's sums without the list of disposals.")
@recon_command
def command(
    options: Options, year: int, rules: str, method: str | None, scope: str | None, sums: bool
) -> int:
    """Disposals and the sums of the tax YEAR, which is the one that begins in it."""
    config = load(options)
    want = wanted(year, rules, method, scope, listed=not sums)
    with (
        reading(config) as ledger,
        options.progress(f"Tax year {year}") as notify,
        tax(config, ledger, want) as found,
    ):
        notify("matching lots")
        if options.json:
            _stream(found)
        else:
            shown = [*islice(found.rows, SHOWN)]
            left = sum(1 for _ in found.rows)
            if not options.quiet:
                _show(found, shown, left)
        return OPEN_BREAKS if breaks(found) else 0


def _stream(found: Taxed) -> None:
    """The one JSON document, written row by row: a year may have a million."""
    out = sys.stdout
    head = json.dumps(found.head(), ensure_ascii=False, indent=1).removesuffix("\n}")
    out.write(f'{head},\n "disposals": [')
    for number, row in enumerate(found.rows):
        out.write(",\n  " if number else "\n  ")
        out.write(json.dumps(row_facts(row), ensure_ascii=False))
    out.write('\n ],\n "summary": ')
    out.write(json.dumps(summary(found), ensure_ascii=False, indent=1))
    out.write("\n}\n")


def _show(found: Taxed, rows: Sequence[Any], left: int) -> None:
    head, told = found.head(), summary(found)
    click.echo(
        click.style(f"{found.want.rules.title}, tax year {head['year']}", bold=True)
        + f"; method {head['method'] or 'none'}, scope {head['scope']}, amounts in {head['currency']}"
    )
    if rows:
        _show_rows([row_facts(row) for row in rows])
        if left:
            click.echo(f"and {left} more rows; --json gives all of them.\n")
    _show_sums(told)
    for line in told["breaks"]:
        click.echo(click.style("Open: ", fg="red") + line["diagnosis"]["text"])


def _show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    names = ("quantity", "proceeds", "cost", "gain")
    amounts = [aligned([_short(row[name]) for row in rows]) for name in names]
    columns = [(title, "left") for title in ("Disposal", "Asset", "Acquired", "Disposed", "Rule")]
    columns += [(name.capitalize(), "right") for name in names]
    shown = [
        [
            row["id"],
            row["asset"],
            (row["acquired_at"] or "")[:10],
            row["disposed_at"][:10],
            row["rule"],
            *figures,
        ]
        for row, *figures in zip(rows, *amounts, strict=True)
    ]
    table("Disposals", columns, shown)


def _show_sums(told: Mapping[str, Any]) -> None:
    names = ("proceeds", "cost", "gain")
    assets = told["assets"]
    if assets:
        amounts = [aligned([_short(one[name]) for one in assets]) for name in names]
        columns = [("Asset", "left"), ("Disposals", "right"), *((one.capitalize(), "right") for one in names)]
        rows = [
            [one["asset"], str(one["disposals"]), *figures]
            for one, *figures in zip(assets, *amounts, strict=True)
        ]
        table("By asset", columns, rows)
    if forms := told["forms"]:
        columns = [("Form", "left"), ("Box", "left"), ("What", "left"), ("Figure", "right")]
        table("Forms", columns, [[one["form"], one["box"], one["title"], one["value"]] for one in forms])


def _short(amount: str) -> str:
    """An amount with at most eight decimals, for the eye."""
    whole, _, behind = amount.partition(".")
    return f"{whole}.{behind[:8]}".rstrip(".")
