"""Writes reports: each file whole or not at all, and a manifest of digests beside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from recon.core.books import Books
from recon.core.canonical import write_json
from recon.core.contracts import Report
from recon.core.failpoints import failpoint
from recon.core.registry import catalogue
from recon.core.times import Period
from recon.evidence.archive import sealed_bytes
from recon.ledger.store import Ledger
from recon.pipeline.books import books
from recon.pipeline.config import Config
from recon.pipeline.folder import write_manifest, writing_into
from recon.pipeline.pack import PACK, ZIP, unpack, unsealed, write_pack, write_zip
from recon.pipeline.seals import seals
from reports._render import RENDERERS, write_whole
from reports._render.template import fill_template


def write_reports(
    config: Config,
    ledger: Ledger,
    period: Period,
    names: Sequence[str],
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
    *,
    zipped: bool = False,
    template: Path | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Writes the named reports of a period into ``out``; what was written, the manifest last.

    A pack is a folder, of which the manifest lists its own manifest; ``zipped``: a file with the same in it as well.
    Of a sealed period they are the bytes that were sealed with it, whatever has come since, and the seal beside them.
    Beside a workbook stands the user's own ``template`` filled with the figures of now, where there is one; ``warn``
    hears what its user must know. Raises ConfigError where the template cannot be filled.
    """
    with ledger.transaction() as tx:
        seal = next((one for one in seals(tx) if one.period.name == period.name), None)
    kept: Mapping[str, str] = {} if seal is None else seal.document["reports"]
    anew = [name for name in names if not any(_is_of(name, period, file) for file in kept)]
    again = [file for file in kept if any(_is_of(name, period, file) for name in names)]
    written: list[Path] = []
    with writing_into(out):
        if anew or template:
            notify("reading the ledger")
            with books(config, ledger, period) as content:
                if template:  # before the others: it alone can be at fault
                    notify(template.name)
                    written += _filled(content, names, out, template, warn)
                made = render(config, ledger, content, anew, out, notify)
            written += made
            written += [zip_of(path) for path in made if zipped and path.is_dir()]
        for file in again:
            notify(file)
            written += _again(config.evidence, file, kept[file], out, zipped=zipped)
        if seal is not None and again:
            written.append(out / f"seal-{period.name}.json")
            write_whole(written[-1], write_json(dict(seal.document)).encode())
        written.append(write_manifest(out, written))
    return written


def render(
    config: Config,
    ledger: Ledger,
    content: Books,
    names: Sequence[str],
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Makes the named reports of these books in a folder: files, and a folder where one is a pack."""
    known = catalogue("reports", "REPORT", Report)
    written = []
    for name in names:
        notify(name)
        document = known[name].build(content)
        for kind in known[name].formats:
            path = out / f"{name}-{content.period.name}"
            if kind == PACK:
                write_pack(config, ledger, content, document, path)
            else:
                path = path.with_name(f"{path.name}.{kind}")
                RENDERERS[kind](document, path)
            failpoint("report.written")
            written.append(path)
    return written


def _filled(
    content: Books, names: Sequence[str], out: Path, template: Path, warn: Callable[[str], None]
) -> Iterator[Path]:
    """The template with the figures of each of the reports that is a workbook."""
    known = catalogue("reports", "REPORT", Report)
    for name in names:
        if "xlsx" in known[name].formats:
            path = out / f"{name}-{content.period.name}-{template.stem}.xlsx"
            for note in fill_template(known[name].build(content), template, path).notes:
                warn(f"{path.name}: {note}.")
            yield path


def zip_of(folder: Path) -> Path:
    """A pack as one file beside it."""
    path = folder.with_name(folder.name + ZIP)
    write_zip(folder, path)
    return path


def _is_of(name: str, period: Period, file: str) -> bool:
    return file.startswith((f"{name}-{period.name}.", f"{name}-{period.name}/"))


def _again(evidence: Path, file: str, digest: str, out: Path, *, zipped: bool) -> list[Path]:
    """Writes what was sealed once more. A pack comes out of its zip, its manifest with it."""
    path = out / file
    if path.parent != out:
        return []
    if path.suffix != ZIP:
        write_whole(path, sealed_bytes(evidence, digest))
        return [path]
    part = path.with_name(f".{file}.part")
    try:
        unsealed(evidence, digest, part)
        unpack(part, path.with_suffix(""))
        if zipped:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return [path.with_suffix(""), path] if zipped else [path.with_suffix("")]


def report_names() -> list[str]:
    """What can be asked for of a period."""
    return sorted(
        name for name, report in catalogue("reports", "REPORT", Report).items() if report.of is Books
    )


def workbook_names() -> list[str]:
    """Those of them that are workbooks, which a template may stand beside."""
    known = catalogue("reports", "REPORT", Report)
    return [name for name in report_names() if "xlsx" in known[name].formats]
