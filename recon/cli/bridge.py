"""``recon bridge``: from the sealed figures of a period to what would be said today."""

import click

from recon.cli._output import Options, aligned, paragraph, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.core.money import text
from recon.core.times import short_text
from recon.pipeline.bridge import Bridge, bridge

_UNPROVED = 5


@click.command("bridge")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> int:
    """Reconciles the sealed figures of PERIOD to what would be said today, in units.

    Each item that came late stands between the two with its evidence.
    """
    config = load(options)
    asked = named(period, config)
    with reading(config) as ledger, options.progress("Bridging"):
        found = bridge(config, ledger, asked)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.whole else _UNPROVED


def _show(found: Bridge) -> None:
    name, seal = found.seal.period.name, found.seal.hash
    moved = [one for one in found.spans if one.items or one.difference]
    if not moved:
        click.echo(
            f"{name}: nothing came late. What was sealed is what would be said today, in units. {seal}"
        )
        return
    amounts = [
        aligned([text(getattr(one, column)) for one in moved])
        for column in ("sealed", "late", "today", "difference")
    ]
    right = [(title, "right") for title in ("Sealed", "Came late", "Today", "Difference")]
    table(
        f"{name} in units, from its seal {seal[:12]} to today",
        [("Account", "left"), ("Asset", "left"), *right],
        [[one.account, one.asset, *row] for one, row in zip(moved, zip(*amounts, strict=True), strict=True)],
    )
    items = [(one, item) for one in moved for item in one.items]
    quantities = aligned([text(item.quantity) for _, item in items])
    table(
        "What came late",
        [
            ("Happened (UTC)", "left"), ("Account", "left"), ("Asset", "left"), ("Quantity", "right"),
            ("Kind", "left"), ("Entry", "left"), ("Answer", "left"), ("Pointer", "left"),
        ],
        [
            [short_text(item.stated_at), one.account, one.asset, quantity, short(item.kind), item.entry,
             item.answer[:12], item.pointer]
            for (one, item), quantity in zip(items, quantities, strict=True)
        ],
    )  # fmt: skip
    if not found.whole:
        paragraph(
            "The difference should be zero: the ledger is not the one that was sealed. See recon verify."
        )
