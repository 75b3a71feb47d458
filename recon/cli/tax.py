"""``recon tax``: the disposals of a tax year by a jurisdiction's rules, and what its forms say."""

import json
import sys
from itertools import islice

import click

from recon.cli._output import Options
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.core.errors import ConfigError
from recon.pipeline.config import Config
from recon.pipeline.tax import Taxed, Want, tax, wanted
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
@click.option(
    "--explain", "disposal", metavar="ID", help="The calculation of one disposal, and its evidence."
)
@click.option("--compare", "methods", metavar="M,M", help="The year's sums by several methods side by side.")
@recon_command
def command(
    options: Options,
    year: int,
    rules: str,
    method: str | None,
    scope: str | None,
    sums: bool,
    disposal: str | None,
    methods: str | None,
) -> int:
    """Disposals and the sums of the tax YEAR, which is the one that begins in it."""
    if methods is not None and (method is not None or disposal is not None or sums):
        other = "--method" if method is not None else "--summary" if sums else "--explain"
        raise ConfigError(
            f"it does not go with {other}", where="--compare", next_step="Leave one of them out"
        )
    if disposal is not None and sums:
        raise ConfigError(
            "it does not go with --summary", where="--explain", next_step="Leave one of them out"
        )
    config = load(options)
    if methods is not None:
        return _compare(options, config, year, rules, methods, scope)
    want = wanted(year, rules, method, scope, listed=not sums)
    return _year(options, config, want) if disposal is None else _explain(options, config, want, disposal)


def _year(options: Options, config: Config, want: Want) -> int:
    with (
        reading(config) as ledger,
        options.progress(f"Tax year {want.year}") as notify,
        tax(config, ledger, want) as found,
    ):
        notify("matching lots")
        if options.json:
            _stream(found)
        else:
            shown = [*islice(found.rows, SHOWN)]
            left = sum(1 for _ in found.rows)
            if not options.quiet:
                from recon.cli._tax_screen import show

                show(found, shown, left)
        return OPEN_BREAKS if breaks(found) else 0


def _explain(options: Options, config: Config, want: Want, disposal: str) -> int:
    from recon.cli._tax_explained import show
    from recon.pipeline.tax_explain import explain
    from recon.pipeline.tax_explained import facts

    with reading(config) as ledger, options.progress(f"Tax year {want.year}"):
        found = explain(config, ledger, want, disposal)
    options.answer(facts(found), lambda: show(found))
    return OPEN_BREAKS if found.lacks else 0


def _compare(options: Options, config: Config, year: int, rules: str, methods: str, scope: str | None) -> int:
    from recon.cli._tax_screen import show_compared
    from recon.pipeline.tax_compare import compare, facts, wanted_methods

    wants = wanted_methods(year, rules, methods, scope)
    with reading(config) as ledger, options.progress(f"Tax year {year}"):
        found = compare(config, ledger, wants)
    document = facts(found)
    options.answer(document, lambda: show_compared(found[0], document))
    return OPEN_BREAKS if any(breaks(one) for one in found) else 0


def _stream(found: Taxed) -> None:
    """The one JSON document, written row by row: a year may have a million."""
    out = sys.stdout
    head = json.dumps(found.head(), ensure_ascii=False, indent=1).removesuffix("\n}")
    out.write(f'{head},\n "disposals": [')
    encoded = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make one for each row
    for number, row in enumerate(found.rows):
        out.write(",\n  " if number else "\n  ")
        out.write(encoded(row_facts(row)))
    out.write('\n ],\n "summary": ')
    out.write(json.dumps(summary(found), ensure_ascii=False, indent=1))
    out.write("\n}\n")
