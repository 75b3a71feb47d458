"""A history of a million rows pulled page by page, and three slow venues side by side.

``make bench``; RECON_BENCH_PAGED names another size. Each figure is taken in a process of its own.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from recon.demo.venues import Request, Response, as_json, serve
from recon.pipeline.config import load
from recon.pipeline.pull import pull
from recon.pipeline.session import writing
from tests.benchmarks._measure import CLOCK, measured
from tests.contract.house import BOOKS, VENUES, House

ROWS = int(os.environ.get("RECON_BENCH_PAGED", "1000000"))
PAGE = 100
LATENCY_S = 0.1
CONFIG = """
[entity]
name = "Bench"
timezone = "UTC"
base_currency = "EUR"
[ledger]
url = "sqlite:///recon.db"
[evidence]
path = "evidence"
[sources.fuse]
kind = "cryptofuse"
base_url = "{url}"
api_key = "env:BENCH_KEY"
deadline_s = 3600
"""


class LongHistory:
    """A venue that makes up its pages: ``size`` deposits of 1, newest first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.requests = 0

    def answer(self, request: Request) -> Response:
        self.requests += 1
        if request.path == "/user/balances/":
            return as_json({"account": {"BTC": str(self.size)}, "sub_accounts": {}, "statistics": {}})
        if request.path != "/user/balances/history/":
            return as_json({"error": {"code": "not_found", "message": "no such page"}}, 404)
        first = int(request.query["offset"])
        newest = self.size - first
        rows = [_row(number) for number in range(newest, max(0, newest - int(request.query["limit"])), -1)]
        return as_json({"history": rows, "total": self.size, "limit": len(rows), "offset": first})


def _row(number: int) -> dict[str, str]:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return {
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "currency": "BTC",
        "type": "deposit",
        "amount": "1",
        "balance_after": str(number),
    }


def pulled(folder: Path, only: Sequence[str] = ()) -> int:
    """Pulls; new records."""
    config = load(folder / "recon.toml")
    with writing(config, CLOCK, "pull") as session:
        found = pull(config, session.ledger, session.archive, CLOCK, session.run, only=only)
    assert found.status == "ok", found.facts()
    return sum(one.tally.new for one in found.streams)


def test_a_long_history_is_pulled_by_pages(tmp_path: Path) -> None:
    os.environ["BENCH_KEY"] = "bench"
    venue = LongHistory(ROWS)
    with serve(venue) as url:
        (tmp_path / "recon.toml").write_text(CONFIG.format(url=url))
        for what, new in (("first pull", ROWS), ("pulled again", 0)):
            venue.requests = 0
            rows, seconds, memory = measured(pulled, tmp_path)
            assert rows == new
            print(f"\n{what}: {ROWS:,} rows, {venue.requests:,} requests, {seconds:.1f} s, {memory} MiB")


def test_three_slow_venues_take_as_long_as_the_slowest(tmp_path: Path) -> None:
    seconds: dict[tuple[str, ...], float] = {}
    for only in ((), *((name,) for name in VENUES)):
        folder = tmp_path / ("-".join(only) or "all")
        folder.mkdir()
        with ExitStack() as stack:
            made = House(folder, stack, BOOKS)
            made.write(made.settings(*VENUES))
            for venue in (made.egera, made.fuse, made.gas):
                venue.instead = _slow
            started = time.perf_counter()
            pulled(folder, only)
            seconds[only] = time.perf_counter() - started
    slowest = max(seconds[name,] for name in VENUES)
    alone = ", ".join(f"{name} {seconds[name,]:.2f}" for name in VENUES)
    print(f"\nalone: {alone} s; side by side {seconds[()]:.2f} s, {seconds[()] / slowest:.2f} of the slowest")
    assert seconds[()] <= slowest * 1.15


def _slow(request: Request) -> Any:
    time.sleep(LATENCY_S)
