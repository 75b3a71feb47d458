"""A hundred thousand postings as journals for other programs: how long each format takes, and how much memory.

``make bench``. The aim on two quiet cores is 10 seconds for each.
"""

from pathlib import Path

import pytest

from recon.core.journal import Format
from recon.core.registry import catalogue
from recon.core.times import Period
from recon.pipeline.config import load
from recon.pipeline.journals import export
from recon.pipeline.session import reading
from tests.benchmarks._ledgers import write_ledger
from tests.benchmarks._measure import measured

POSTINGS = 100_000
FORMATS = [name.replace("_", "-") for name in catalogue("reports._journals", "FORMAT", Format)]
EVER = Period(name="all", start=None, end=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("export")
    write_ledger(made, POSTINGS // 2)
    return made


class _Export:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, folder: Path) -> int:
        config = load(folder / "recon.toml")
        with reading(config) as ledger:
            written = export(config, ledger, EVER, self.name, folder / self.name)
        return sum(path.stat().st_size for path in written)


@pytest.mark.parametrize("name", FORMATS)
def test_a_hundred_thousand_postings(name: str, folder: Path) -> None:
    size, seconds, peak = measured(_Export(name), folder)
    print(f"\n{name}: {POSTINGS:,} postings, {size / 1e6:.1f} MB in {seconds:.1f} s, peak {peak} MiB")
    assert size
