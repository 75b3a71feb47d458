"""``recon bridge``: from the sealed figures of a period to what would be said today."""

import click

from recon.cli._output import Options, paragraph, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.core.money import aligned, text
from recon.core.times import short_text
from recon.pipeline.bridge import Bridge, bridge
from recon.pipeline.bridge_gains import Effect, Gains
from recon.pipeline.tax import wanted
from recon.pipeline.taxed import said

_UNPROVED = 5
_NAMED = 3
"""Things that came late together and that people are told by name; --json names all."""


@click.command("bridge")
@click.argument("period", default="last-month")
@click.option("--rules", multiple=True, metavar="R", help="Gains too, by us, uk, de, pl or generic.")
@click.option("--method", metavar="M", help="The method, as for recon tax.")
@click.option("--scope", metavar="S", help="The scope, as for recon tax.")
@recon_command
def command(
    options: Options, period: str, rules: tuple[str, ...], method: str | None, scope: str | None
) -> int:
    """Reconciles the sealed figures of PERIOD to what would be said today, in units.

    Each item that came late stands between the two with its evidence. With --rules, which may stand several times,
    cost and gains of each tax year that PERIOD reaches are bridged too.
    """
    config = load(options)
    asked = named(period, config)
    wants = [
        wanted(0, one, method, scope) for one in dict.fromkeys(rules)
    ]  # the years follow from the period
    with reading(config) as ledger, options.progress("Bridging") as notify:
        found = bridge(config, ledger, asked, wants, notify)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.whole else _UNPROVED


def _show(found: Bridge) -> None:
    _show_units(found)
    for one in found.gains or ():
        _show_gains(one)


def _show_gains(found: Gains) -> None:
    head, closing = found.head, found.closing
    lines = [
        ("As sealed", found.sealed.figures),
        *((_name(one), one.moved) for one in found.effects),
        ("Today", found.today.figures),
    ]
    if any(found.difference):
        lines.append(("Difference", found.difference))
    names = ("proceeds", "cost", "gain", "income")
    amounts = [aligned([said(getattr(figures, name)) for _, figures in lines]) for name in names]
    columns = ["", *(name.capitalize() for name in names)]
    if any(figures.unknown for _, figures in lines):
        columns.append("Rows not known")
        amounts.append([str(figures.unknown) for _, figures in lines])
    whole = "closed with it" if found.closed else "up to its end"
    table(
        f"{found.want.rules.title}, tax year {head['year']} in {head['currency']}, {whole}; method "
        f"{head['method'] or 'none'}, scope {head['scope']}",
        [(title, "right" if title else "left") for title in columns],
        [[name, *row] for (name, _), row in zip(lines, zip(*amounts, strict=True), strict=True)],
    )
    if closing.settings:
        paragraph(
            f"Reckoned with the settings of today, which are others than were sealed: {', '.join(closing.settings)}"
        )
    if any(found.difference):
        paragraph("The difference should be zero: what came late does not explain it. See recon verify.")


def _name(effect: Effect) -> str:
    told = [" ".join(filter(None, (one.kind, one.entry, one.other))) for one in effect.came]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _show_units(found: Bridge) -> None:
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
    if any(one.difference for one in moved):
        paragraph(
            "The difference should be zero: the ledger is not the one that was sealed. See recon verify."
        )
