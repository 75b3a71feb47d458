"""Writes reports: each file whole or not at all, and a manifest of digests beside them."""

from collections.abc import Callable, Mapping, Sequence
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


def write_reports(
    config: Config,
    ledger: Ledger,
    period: Period,
    names: Sequence[str],
    out: Path,
    notify: Callable[[str], None] = lambda text: None,
    *,
    zipped: bool = False,
) -> list[Path]:
    """Writes the named reports of a period into ``out``; what was written, the manifest last.

    A pack is a folder, of which the manifest lists its own manifest; ``zipped``: a file with the same in it as well.
    Of a sealed period they are the bytes that were sealed with it, whatever has come since, and the seal beside them.
    """
    with ledger.transaction() as tx:
        seal = next((one for one in seals(tx) if one.period.name == period.name), None)
    kept: Mapping[str, str] = {} if seal is None else seal.document["reports"]
    anew = [name for name in names if not any(_is_of(name, period, file) for file in kept)]
    again = [file for file in kept if any(_is_of(name, period, file) for name in names)]
    written: list[Path] = []
    with writing_into(out):
        for file in again:
            notify(file)
            written += _again(config.evidence, file, kept[file], out, zipped=zipped)
        if seal is not None and again:
            written.append(out / f"seal-{period.name}.json")
            write_whole(written[-1], write_json(dict(seal.document)).encode())
        if anew:
            notify("reading the ledger")
            with books(config, ledger, period) as content:
                made = render(config, ledger, content, anew, out, notify)
            written += made
            written += [zip_of(path) for path in made if zipped and path.is_dir()]
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
