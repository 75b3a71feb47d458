"""``recon rebuild``: the ledger again, from the evidence alone."""

from typing import Any

import click

from recon.cli._output import Options, plain
from recon.cli._output import command as recon_command
from recon.cli._session import load
from recon.pipeline.rebuild import Comparison, rebuild_into

DIFFERS = 5


@click.command("rebuild")
@click.option("--into", required=True, metavar="URL", help="An empty place, like sqlite:///rebuilt.db.")
@click.option("--explain", is_flag=True, help="Say which postings differ from the ledger's, and why.")
@recon_command
def command(options: Options, into: str, explain: bool) -> int:
    """Posts the whole evidence into an empty ledger, offline, and compares its head with the ledger's.

    No venue is asked and no secret is needed. Adjustments that were approved are posted again; what people did to
    breaks, and drafts, are not in the evidence and stay behind.
    """
    config = load(options)
    with options.progress("Rebuilding") as notify:
        found = rebuild_into(config, into, notify, explain=explain)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.same is not False else DIFFERS


def _show(found: Comparison) -> None:
    click.echo(f"{found.rebuilt.entries:,} entries, head {found.rebuilt.head}")
    if found.same is None:
        click.echo("There is no ledger to compare it with.")
    elif found.same:
        click.echo("The ledger has the same head: it says what the evidence says.")
    else:
        click.echo(f"The ledger's head is {found.head}: the two differ.")
    for one in found.differences or ():
        click.echo(plain(f"{one.source}/{one.stream}, {one.at}: {one.why}"))
        click.echo(plain(f"  row {one.pointer} of {one.answer}: {one.data}"))
        for word, postings in (("then", one.then), ("now", one.now)):
            click.echo(plain(f"  {word}: {'; '.join(map(_posting, postings)) or 'nothing'}"))


def _posting(posting: list[Any]) -> str:
    account, asset, quantity, after = posting
    return f"{account} {quantity} {asset}" + (f" (balance {after})" if after else "")
