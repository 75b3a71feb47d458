"""``recon breaks export`` and ``recon breaks import``: the register as a workbook, and back."""

from pathlib import Path

import click

from recon.cli._asked import asked as asked_options
from recon.cli._clock import SYSTEM
from recon.cli._output import Options, plain, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading, who, writing
from recon.pipeline.breaks import Asked
from recon.pipeline.breaks_edit import Judged

_file = click.argument("file", metavar="FILE.xlsx", type=click.Path(path_type=Path, dir_okay=False))


@click.command("export")
@_file
@asked_options
@recon_command
def export_file(options: Options, file: Path, asked: Asked) -> None:
    """Writes breaks into a workbook, to fill in with Excel or LibreOffice and to import again."""
    from recon.pipeline import breaks_file

    config = load(options)
    with reading(config) as ledger, options.progress("Writing"):
        many = breaks_file.export(config, ledger, SYSTEM.now(), asked, file)
    options.answer({"file": str(file), "breaks": many}, lambda: click.echo(f"Wrote {file}: {many} breaks"))


@click.command("import")
@_file
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@recon_command
def import_file(options: Options, file: Path, dry_run: bool) -> int:
    """Takes over what people filled in. A row that cannot be taken is told with its cell; all others are written."""
    from recon.pipeline import breaks_file
    from recon.pipeline.breaks_read import read

    config = load(options)
    sent = read(file)
    if dry_run:
        with reading(config) as ledger:
            judged = breaks_file.preview(ledger, sent)
    else:
        with writing(config, "breaks import", who(options)) as session:
            judged = breaks_file.take(session, sent)
    options.answer(judged.facts(dry_run=dry_run), lambda: _show(judged, dry_run=dry_run))
    return 1 if judged.refused else 0


def _show(judged: Judged, *, dry_run: bool) -> None:
    if judged.applied:
        columns = [("Cell", "left"), ("Break", "left"), ("From", "left"), ("To", "left")]
        rows = [[one.cell, one.name, short(plain(one.start)), plain(one.to)] for one in judged.applied]
        table("Would be written" if dry_run else "Written", columns, rows)
    if judged.refused:
        refused = [[one.cell, one.name, one.why] for one in judged.refused]
        table("Refused", [("Cell", "left"), ("Break", "left"), ("Why", "left")], refused)
    written = len({one.name for one in judged.applied})
    click.echo(
        f"{written} {'would change' if dry_run else 'changed'}, {len(judged.refused)} refused, "
        f"{judged.unchanged} unchanged"
    )
