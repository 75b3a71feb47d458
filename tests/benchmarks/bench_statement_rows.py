"""A million statement rows: posted from CSV, checked from SQLite, beside the bare engine on the same rows.

``make bench``; RECON_BENCH_ROWS names other sizes (``1000000,3000000``). Each figure is taken in a process of its own.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recon.checks import run
from recon.core.times import EPOCH, period
from recon.ledger.copy import load as typed_copy
from recon.pipeline.config import load
from recon.pipeline.pull import pull
from recon.pipeline.session import reading, writing
from tests.benchmarks._measure import CLOCK, measured

SIZES = [int(size) for size in os.environ.get("RECON_BENCH_ROWS", "100000,1000000").split(",")]
CHAINS = 50
CONFIG = """
[entity]
name = "Bench"
timezone = "UTC"
base_currency = "EUR"
[ledger]
url = "sqlite:///recon.db"
[evidence]
path = "evidence"
[sources.broker]
kind = "csv"
path = "rows.csv"
"""


def write_rows(path: Path, size: int) -> None:
    """Deposits and withdrawals over five accounts of ten assets, each with its balance after it."""
    balances = [0] * CHAINS
    at = datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        file.write("timestamp,kind,account,asset,quantity,balance_after\n")
        for number in range(size):
            chain = number * 7 % CHAINS
            amount = 10_000_000 + number * 7919 % 1_000_000_007
            kind = "withdrawal" if number % 3 == 2 and balances[chain] > amount else "deposit"
            balances[chain] += amount if kind == "deposit" else -amount
            when = (at + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            after = f"{balances[chain] // 10**8}.{balances[chain] % 10**8:08}"
            shown = f"{amount // 10**8}.{amount % 10**8:08}"
            file.write(f"{when},{kind},acc{chain % 5},C{chain // 5},{shown},{after}\n")


def post(folder: Path) -> int:
    """Pulls the file; rows posted."""
    config = load(folder / "recon.toml")
    with writing(config, CLOCK, "pull") as session:
        return sum(
            one.tally.new for one in pull(config, session.ledger, session.archive, CLOCK, session.run).streams
        )


def check(folder: Path) -> int:
    """The running-balance check, from the SQLite ledger; rows examined."""
    config = load(folder / "recon.toml")
    everything = period("all", config.zone, CLOCK.now())
    with reading(config) as ledger, typed_copy(ledger, tables=("legs",)) as copy:
        (result,) = run(
            copy,
            period=everything,
            sources=[],
            problems=[],
            verified=0,
            known_at=EPOCH,
            names=["running_balance"],
        )
        assert not result.breaks
        return result.tested


def bare(folder: Path) -> int:
    """The same check on the same rows from typed Parquet: what the engine alone needs."""
    import duckdb

    config = load(folder / "recon.toml")
    everything = period("all", config.zone, CLOCK.now())
    with duckdb.connect() as engine:
        engine.execute(f"create view legs as select * from '{folder}/legs.parquet'")
        (result,) = run(
            engine,
            period=everything,
            sources=[],
            problems=[],
            verified=0,
            known_at=EPOCH,
            names=["running_balance"],
        )
        return result.tested


def export(folder: Path) -> int:
    """Writes the rows as typed Parquet."""
    config = load(folder / "recon.toml")
    with reading(config) as ledger, typed_copy(ledger, tables=("legs",)) as copy:
        copy.execute(f"copy legs to '{folder}/legs.parquet' (format parquet)")
    return 0


@pytest.mark.parametrize("size", SIZES)
def test_statement_rows_are_posted_and_checked(tmp_path: Path, size: int) -> None:
    (tmp_path / "recon.toml").write_text(CONFIG)
    write_rows(tmp_path / "rows.csv", size)
    print(f"\n{size:,} statement rows in {CHAINS} chains")
    seconds = {}
    for work in (post, check, export, bare):
        rows, seconds[work], memory = measured(work, tmp_path)
        if work is not export:
            assert work is not post or rows == size
            rate = rows / seconds[work]
            print(f"  {work.__name__:6} {seconds[work]:8.2f} s  {rate:12,.0f} rows/s  {memory:6} MiB")
    print(f"  check / bare engine from Parquet: {seconds[check] / seconds[bare]:.1f}")
