"""``recon balances``: what the ledger holds."""

from datetime import datetime

import click

from recon.cli._output import Options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.core.errors import ConfigError
from recon.core.money import aligned, text
from recon.core.times import from_iso
from recon.pipeline.balances import balances


@click.command("balances")
@click.option(
    "--at", metavar="TIME", help="Everything up to and at this moment, such as 2025-01-31T23:00:00Z."
)
@recon_command
def command(options: Options, at: str | None) -> None:
    """Ledger balances, now or at a moment."""
    moment = None if at is None else _moment(at)
    config = load(options)
    with reading(config) as ledger:
        found = balances(config, ledger, moment)

    def people() -> None:
        if not found:
            click.echo("The ledger holds nothing." if at is None else f"The ledger held nothing at {at}.")
            return
        amounts = aligned([text(one.quantity) for one in found])
        columns = [("Source", "left"), ("Account", "left"), ("Asset", "left"), ("Quantity", "right")]
        rows = [
            [one.source, one.account, one.asset, amount] for one, amount in zip(found, amounts, strict=True)
        ]
        table("Balances" if at is None else f"Balances at {at}", columns, rows)

    options.answer([one.facts() for one in found], people)


def _moment(text: str) -> datetime:
    try:
        return from_iso(text)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is not a moment: {error}", where="--at", next_step="Give one like 2025-01-31T23:00:00Z"
        ) from None
