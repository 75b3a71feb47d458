"""``recon verify``: proves that nothing was altered."""

from collections.abc import Sequence
from pathlib import Path

import click

from recon.cli._clock import SYSTEM
from recon.cli._output import Options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading
from recon.core.errors import ConfigError
from recon.pipeline.pack_proof import PackProved, is_pack, prove_pack
from recon.pipeline.proof import Part, Proved, prove

FAILED = 5


@click.command("verify")
@click.argument(
    "folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--since", default="", metavar="SEAL", help="Only what came since the seal of a period, by its hash."
)
@click.option(
    "--seal",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file of a seal that was kept elsewhere; may be given several times.",
)
@recon_command
def command(options: Options, folder: Path | None, since: str, files: tuple[Path, ...]) -> int:
    """Proves that evidence and ledger are as they were sealed; or, with DIR, an audit pack as it was exported.

    It walks the evidence chain, every sealed answer, the running hashes of entries and acts, and the seals of periods;
    then every answer is read and posted again, beside the ledger, and the two are compared row by row.
    """
    if folder is not None:
        return _pack(options, folder, since, files)
    config = load(options)
    with reading(config) as ledger, options.progress("Verifying") as notify:
        found = prove(config, ledger, SYSTEM.monotonic, notify, since=since, files=files)
    options.answer(found.facts(), lambda: _show(found))
    return 0 if found.ok else FAILED


def _pack(options: Options, folder: Path, since: str, files: tuple[Path, ...]) -> int:
    if not is_pack(folder):
        raise ConfigError(
            "it is no audit pack",
            where=str(folder),
            next_step="Give the folder that recon report audit wrote, or none to prove evidence and ledger",
        )
    if since:
        raise ConfigError("it is about the ledger, and has no meaning for a pack", where="--since")
    with options.progress("Verifying") as notify:
        found = prove_pack(folder, files, SYSTEM.monotonic, notify)
    options.answer(found.facts(), lambda: _show_pack(found))
    return 0 if found.ok else FAILED


def _show_pack(found: PackProved) -> None:
    click.echo("The pack is sound." if found.ok else "VERIFICATION FAILED.")
    click.echo(f"Period:   {found.period}, {found.entries} entries, head {found.head}")
    click.echo(f"Evidence: {found.answers} answers, {found.bytes} bytes, head {found.evidence_head}")
    click.echo(f"Manifest: {found.manifest}")
    _show_parts(found.parts)
    if not found.ok:
        rows = [[place, text] for place, text in found.problems]
        table(f"{len(rows)} problems", [("Place", "left"), ("Problem", "left")], rows)


def _show(found: Proved) -> None:
    click.echo("Everything is as it was sealed." if found.ok else "VERIFICATION FAILED.")
    click.echo(
        f"Evidence: {found.evidence.answers} answers, {found.evidence.bytes} bytes, head {found.evidence.head}"
    )
    click.echo(f"Ledger:   {found.entries} entries, head {found.head}")
    _show_parts(found.parts)
    if not found.ok:
        rows = [[source or "", place, text] for source, place, text in found.problems]
        table(f"{len(rows)} problems", [("Source", "left"), ("Place", "left"), ("Problem", "left")], rows)


def _show_parts(parts: Sequence[Part]) -> None:
    rows = [
        [
            one.what,
            "" if one.left_out and not one.count else f"{one.count:,}",
            f"{one.seconds:.1f}",
            one.left_out,
        ]
        for one in parts
    ]
    columns = [("Proved", "left"), ("Count", "right"), ("Seconds", "right"), ("Left out", "left")]
    table(
        "What was proved",
        columns if any(one.left_out for one in parts) else columns[:3],
        rows if any(one.left_out for one in parts) else [row[:3] for row in rows],
    )
