"""``recon verify``: proves that nothing was altered."""

import click

from recon.cli._output import Options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.pipeline.verify import Verified, verify_all

FAILED = 5


@click.command("verify")
@recon_command
def command(options: Options) -> int:
    """Proves that evidence and ledger are as they were sealed.

    It walks the evidence chain, every sealed answer and the ledger's running hashes.
    """
    config = load(options)
    with reading(config) as ledger, options.progress("Verifying"):
        found = verify_all(config, ledger)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.ok else FAILED


def _show(found: Verified) -> None:
    facts = found.facts()
    click.echo(f"{'Everything is as it was sealed.' if found.ok else 'VERIFICATION FAILED.'}")
    click.echo(
        f"Evidence: {found.evidence.answers} answers, {found.evidence.bytes} bytes, head {found.evidence.head}"
    )
    click.echo(f"Ledger:   {found.entries} entries, head {found.head}")
    if not found.ok:
        rows = [[one["source"] or "", one["place"], one["text"]] for one in facts["problems"]]
        table(f"{len(rows)} problems", [("Source", "left"), ("Place", "left"), ("Problem", "left")], rows)
