"""``recon close``: seals a period, or tells all that stands in the way."""

import click

from recon.cli._output import Options, plain
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, who, writing
from recon.core.errors import ConfigError
from recon.pipeline.close import Closed, close

_OPEN, _REFUSED = 3, 2


@click.command("close")
@click.argument("period", default="last-month")
@click.option("--accept", "breaks", multiple=True, metavar="BREAK", help="Accepts one open break.")
@click.option(
    "--reason", "reasons", multiple=True, metavar="TEXT", help="Why; one for each --accept, in its order."
)
@recon_command
def command(options: Options, period: str, breaks: tuple[str, ...], reasons: tuple[str, ...]) -> int:
    """Seals PERIOD: no entry is dated into it any more, and its reports stay as they are.

    What is open is accepted one by one, each with a reason.
    """
    config = load(options)
    asked = named(period, config)
    accepted = _accepted(breaks, reasons)
    with writing(config, "close", who(options)) as session, options.progress("Closing") as notify:
        found = close(session, asked, accepted, notify)
        if found.obstacles:
            session.remarks.append("not closed")
    options.answer(found.facts(), lambda: _show(found))
    if any(one.is_open for one in found.obstacles):
        return _OPEN
    return _REFUSED if found.obstacles else 0


def _accepted(breaks: tuple[str, ...], reasons: tuple[str, ...]) -> dict[str, str]:
    if len(breaks) != len(reasons) or len(set(breaks)) < len(breaks) or not all(map(str.strip, reasons)):
        raise ConfigError(
            "each break is accepted once, with a reason of its own",
            where="--accept",
            next_step="Give --accept BREAK --reason TEXT, as often as there are breaks to accept",
        )
    return dict(zip(breaks, reasons, strict=True))


def _show(found: Closed) -> None:
    name = found.period.name
    if found.obstacles:
        click.echo(click.style(f"{name} is not closed. In the way:", bold=True, fg="red"))
        for one in found.obstacles:
            click.echo(plain(f"  {one.name}: {one.text}" if one.kind == "break" else f"  {one.text}"))
        if any(one.kind == "break" for one in found.obstacles):
            click.echo("Explain, resolve, or accept each: --accept BREAK --reason TEXT")
        return
    told = found.document
    click.echo(click.style(f"{name} is sealed.", bold=True, fg="green") + f" {told['seal']}")
    click.echo(f"Keep this file elsewhere: {found.path}")
    for one in told["accepted"]:
        click.echo(plain(f"  accepted {one['break']}: {one['reason']}"))
    for one in told.get("moved", ()):
        click.echo(plain(f"  moved {one['account']} {one['asset']}: {one['old']} -> {one['new']}"))
    click.echo(f"A second person signs it: recon --as NAME sign {name}")
