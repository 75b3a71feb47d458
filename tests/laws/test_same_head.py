"""The same answers give the same ledger on another machine and another day: no clock, zone or hash seed is in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from recon.demo import cryptofuse, egera, ethgas
from recon.demo.venues import load_all, serve
from tests.e2e.test_killed import configure

ROOT = Path(__file__).parents[2]
MACHINES = [
    {"TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C"},
    {"TZ": "Asia/Kolkata", "PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8"},
]
PULL_AND_VERIFY = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from recon.cli import _clock
from recon.pipeline.clock import Clock
_clock.SYSTEM = Clock(now=lambda: datetime.fromisoformat(sys.argv[1]), monotonic=lambda: 0.0, sleep=lambda s: None)
import recon.cli._session
recon.cli._session.SYSTEM = _clock.SYSTEM
from recon.cli import main
main(["--config", sys.argv[2], "--quiet", "pull"], standalone_mode=False)
main(["--config", sys.argv[2], "--json", "verify"], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def venues() -> Iterator[dict[str, str]]:
    books = load_all()
    with ExitStack() as stack:
        yield {
            "egera": stack.enter_context(serve(egera.Egera(books["egera"]))),
            "fuse": stack.enter_context(serve(cryptofuse.CryptoFuse(books["cryptofuse"]))),
            "gas": stack.enter_context(serve(ethgas.EthGas(books["ethgas"]))),
        }


def verified(folder: Path, venues: dict[str, str], machine: dict[str, str], day: str) -> Any:
    folder.mkdir()
    config = configure(folder, venues, "sqlite:///recon.db")
    told = subprocess.run(
        [sys.executable, "-c", PULL_AND_VERIFY, day, str(config)],
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
        env=os.environ | machine,
    )
    return json.loads(told.stdout)


def test_the_same_answers_give_the_same_head_elsewhere_and_later(
    tmp_path: Path, venues: dict[str, str]
) -> None:
    one = verified(tmp_path / "one", venues, MACHINES[0], "2026-01-02T03:04:05+00:00")
    two = verified(tmp_path / "two", venues, MACHINES[1], "2027-11-12T13:14:15+00:00")
    assert one["ok"] and two["ok"]
    assert one["ledger"] == two["ledger"]
    assert one["ledger"]["entries"] > 1_000
    assert one["evidence"]["head"] != two["evidence"]["head"]
