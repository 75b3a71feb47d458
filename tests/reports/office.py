"""LibreOffice, asked to reckon a workbook anew."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path


def forget_results(path: Path) -> None:
    """Takes the cached results out, so that whatever is read later was reckoned."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, data in parts.items():
            book.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", data))


def reckoned(path: Path, folder: Path) -> Path:
    """A workbook, opened, reckoned and saved by LibreOffice in a folder of its own."""
    bare = folder / f"bare-{path.name}"
    bare.write_bytes(path.read_bytes())
    forget_results(bare)
    program = shutil.which("soffice")
    assert program, "LibreOffice is not installed"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    out = folder / "out"
    told = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(bare)]
    subprocess.run(told, check=True, capture_output=True, timeout=110)
    return out / bare.name
