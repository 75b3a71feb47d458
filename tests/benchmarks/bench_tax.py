"""``recon tax``, the whole command on a ledger in SQLite: every method, one asset and twenty, sums and the full list.

``make bench``; RECON_BENCH_TAX names other sizes (``1000000,3000000``), RECON_BENCH_YEARS=1 puts all trades in the year
that is asked for. Ledgers are kept in pytest's cache. A million trades are held to the figures beside them on two quiet
cores; that time grows no faster than the trades do is held in seconds of processors, which a busy machine spoils least.
"""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks._trades import Took, ledger, recon_tax

SIZES = sorted(int(size) for size in os.environ.get("RECON_BENCH_TAX", "10000,100000").split(","))
FEW = 100
"""So few trades that the command takes what it needs to start."""
NOISE_S = 0.5
"""What a busy machine adds to one run and spares another."""
GROWTH = 1.2
MEMORY_MIB = 1_500 * 10**6 // 2**20
GENERIC = ("--rules", "generic", "--method")
ASKED = {
    "fifo": ((*GENERIC, "fifo", "--summary"), 8),
    "lifo": ((*GENERIC, "lifo", "--summary"), 16),
    "hifo": ((*GENERIC, "hifo", "--summary"), 16),
    "lofo": ((*GENERIC, "lofo", "--summary"), 16),
    "average": ((*GENERIC, "average", "--summary"), 16),
    "uk": (("--rules", "uk", "--summary"), 16),
    "fifo, full list": ((*GENERIC, "fifo"), 25),
}
"""What is asked, and the seconds it is held to for a million trades."""


@pytest.mark.parametrize("assets", [1, 20])
def test_a_tax_year(assets: int, cache: pytest.Cache, tmp_path: Path) -> None:
    print(f"\n{assets} assets" if assets > 1 else "\none asset", flush=True)
    answer = tmp_path / "answer.json"
    took: dict[tuple[str, int], Took] = {}
    for size in (FEW, *SIZES):
        folder = ledger(cache.mkdir("recon-bench"), size, assets).folder
        told: dict[str, Any] = {}
        for what, (arguments, held_to) in ASKED.items():
            found = took[what, size] = recon_tax(folder, answer, *arguments)
            if "--summary" in arguments:
                told[what] = json.loads(answer.read_text())["summary"]
                assert told[what]["ties"] and all(tie["holds"] for tie in told[what]["ties"])
                rows = told[what]["rows"]
            else:
                rows = _rows(answer)
                assert rows == told["fifo"]["rows"]
            held = f", held to {held_to} s" if size == 1_000_000 else ""
            load_now = f"load {os.getloadavg()[0]:.1f}"
            print(f"  {size:9,} {what:15} {rows:9,} rows {found} ({load_now}{held})", flush=True)
            assert found.mib <= MEMORY_MIB * max(1, size / 1_000_000)
        quantities = {told[what]["quantity"] for what in told if what != "uk"}
        assert len(quantities) == 1, "every method disposes of the same units"
    start = min(took[what, FEW].processor for what in ASKED)
    for what in ASKED:
        _linear({size: took[what, size].processor - start for size in SIZES}, what)


def _rows(answer: Path) -> int:
    """How many disposals a streamed list has: one a line."""
    with answer.open("rb") as file:
        return sum(1 for line in file if line.startswith(b'  {"id": '))


def _linear(beyond: dict[int, float], what: str) -> None:
    for small, large in pairwise(beyond):
        grew = beyond[large] / max(beyond[small], NOISE_S)
        print(f"  {what}: {large / small:g} times the trades took {grew:.1f} times beyond the start")
        assert grew <= GROWTH * large / small
