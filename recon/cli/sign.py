"""``recon sign``: a second person signs a sealed period."""

import click

from recon.cli._output import Options, plain
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, who, writing
from recon.pipeline.close import sign


@click.command("sign")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> None:
    """Signs the seal of PERIOD, as another person than the one who closed it."""
    config = load(options)
    asked = named(period, config)
    with writing(config, "sign", who(options)) as session:
        found = sign(session, asked)
    said = f"{found['by']['person']} signed {asked.name}: {found['seal']}"
    options.answer(found, lambda: click.echo(plain(said)))
