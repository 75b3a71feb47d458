"""``recon pull``: brings every stream of every source into the ledger."""

import click

from recon.cli._output import Options, plain, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, writing
from recon.core.errors import ConfigError
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.rates import fetched

INCOMPLETE = 4


@click.command("pull")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source; may be repeated.")
@recon_command
def command(options: Options, sources: tuple[str, ...]) -> int:
    """Pulls every stream of every source and posts what is new.

    Each answer is sealed in the evidence before a row of it is posted.
    """
    config = load(options)
    names = {one.name for one in [*config.sources, *fetched(config)]}
    if unknown := set(sources) - names:
        raise ConfigError(
            f"there is no source {', '.join(sorted(unknown))}",
            where="--source",
            next_step=f"The configured sources are: {', '.join(sorted(names)) or 'none yet'}",
        )
    with writing(config, "pull") as session, options.progress("Pulling") as notify:
        pulled = pull(
            config,
            session.ledger,
            session.archive,
            session.clock,
            session.run,
            only=sources,
            notify=notify,
        )
        if pulled.status != "ok":
            session.remarks.append("incomplete")
    options.answer(pulled.facts(), lambda: show(pulled))
    return exit_code(pulled)


def exit_code(pulled: Pulled) -> int:
    """4 when something could not be pulled whole."""
    return 0 if pulled.status == "ok" else INCOMPLETE


def show(pulled: Pulled) -> None:
    """A row a stream, then what went wrong in words."""
    if not pulled.streams:
        click.echo("No source is configured yet: uncomment one in recon.toml.")
        return
    columns = [(name, "left") for name in ("Source", "Stream", "Status")]
    columns += [(name, "right") for name in ("Requests", "Seen", "New", "Changed", "Vanished")]
    rows = []
    for one in pulled.streams:
        facts = one.facts()
        rows.append([short(str(facts[name.lower()])) for name, _ in columns])
    table(f"Pull: {pulled.status}", columns, rows)
    for one in pulled.streams:
        if one.error:
            click.echo(plain(f"{one.source}/{one.stream} is incomplete: {one.error}"), err=True)
