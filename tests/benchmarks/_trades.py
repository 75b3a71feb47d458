"""Trades that every program of the comparison can read, and ledgers that hold them, pulled from CSV once a size.

Quantities have four digits after the point and prices two, so that no program has to round an amount.
"""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from recon.pipeline.config import load
from recon.pipeline.pull import pull
from recon.pipeline.session import writing
from tests.benchmarks._measure import CLOCK, measured

ROOT = Path(__file__).resolve().parents[2]
YEAR = 2024
YEARS = int(os.environ.get("RECON_BENCH_YEARS", "4"))
"""How many years the trades go over. The one asked for is the last, so that every trade has to be gone through."""
START = datetime(YEAR + 1 - YEARS, 1, 1, tzinfo=UTC)
END = datetime(YEAR + 1, 1, 1, tzinfo=UTC)
FILE = 100_000
COLUMNS = (
    "timestamp", "kind", "account", "asset", "quantity", "quote_asset", "quote_quantity", "fee_asset", "fee_quantity",
    "id",
)  # fmt: skip
CONFIG = """
[entity]
name = "Bench"
timezone = "Europe/London"
base_currency = "GBP"
[ledger]
url = "sqlite:///recon.db"
[evidence]
path = "evidence"
[sources.broker]
kind = "csv"
path = "broker/*.csv"
"""


class Trade(NamedTuple):
    """One trade, in ten-thousandths of a coin and in pence."""

    number: int
    at: datetime
    buys: bool
    asset: str
    units: int
    price: int

    @property
    def quantity(self) -> str:
        return f"{self.units // 10**4}.{self.units % 10**4:04}"

    @property
    def worth(self) -> str:
        """What the units cost or brought, in pounds, before the fee."""
        millionths = self.units * self.price
        return f"{millionths // 10**6}.{millionths % 10**6:06}"

    @property
    def fee(self) -> str:
        """A thousandth, in pounds, to the penny."""
        pence = self.units * self.price // 10**7
        return f"{pence // 100}.{pence % 100:02}"


def trades(size: int, assets: int) -> Iterator[Trade]:
    """By turns sixteen purchases and sixteen sales of each asset; sales go across lots, and leave a tenth."""
    held = [0] * assets
    apart = (END - START) / size
    for number in range(size):
        turn, asset = divmod(number, assets)
        buys = turn // 16 % 2 == 0 or not held[asset]
        units = 1 + number * 7919 % 99_991 if buys else min(held[asset], 1 + number * 7907 % 89_989)
        held[asset] += units if buys else -units
        at = (START + number * apart).replace(microsecond=0)
        yield Trade(number, at, buys, f"C{asset}", units, 2_000_000 + number * 104_729 % 3_000_017)


class Books(NamedTuple):
    """A ledger, and how long it took to pull it."""

    folder: Path
    pulled: Decimal


def ledger(cache: Path, size: int, assets: int = 1) -> Books:
    """The ledger of so many trades. It is kept for the next time, for a million trades take minutes to pull."""
    folder = cache / f"tax-{size}-of-{assets}-in-{YEARS}"
    made, ours = folder / "made", sha256(Path(__file__).read_bytes()).hexdigest()
    if not made.exists() or made.read_text().split()[0] != ours:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "broker").mkdir(parents=True)
        (folder / "recon.toml").write_text(CONFIG)
        _write(folder / "broker", size, assets)
        rows, seconds, _ = measured(_pulled, folder)
        assert rows == size
        print(f"  ({size:,} trades were pulled in {seconds:.1f} s)", flush=True)
        made.write_text(f"{ours} {seconds}")
    return Books(folder, Decimal(made.read_text().split()[1]))


def _write(folder: Path, size: int, assets: int) -> None:
    made = trades(size, assets)
    for first in range(0, size, FILE):
        with (folder / f"{first:08}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for _ in range(min(FILE, size - first)):
                one = next(made)
                kind = "buy" if one.buys else "sell"
                writer.writerow((
                    one.at.isoformat(), kind, "main", one.asset, one.quantity, "GBP", one.worth, "GBP", one.fee,
                    one.number,
                ))  # fmt: skip


def _pulled(folder: Path) -> int:
    config = load(folder / "recon.toml")
    with writing(config, CLOCK, "pull") as session:
        found = pull(config, session.ledger, session.archive, CLOCK, session.run)
    assert found.status == "ok", found.facts()
    return sum(one.tally.new for one in found.streams)


class Took(NamedTuple):
    """What a program took: seconds by the clock, seconds of processors, and at most so many MiB."""

    seconds: float
    processor: float
    mib: int

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s, {self.processor:7.2f} s of processors, {self.mib:6,} MiB"


def took(program: Sequence[str | Path], folder: Path, answer: Path, **env: str) -> Took:
    """Runs a program in a folder, with what it prints in a file, and asks the system what it took."""
    errors = answer.with_suffix(".err")
    with answer.open("wb") as out, errors.open("wb") as err:
        began = time.perf_counter()
        process = subprocess.Popen(program, cwd=folder, stdout=out, stderr=err, env=os.environ | env)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{program} failed: {errors.read_text()}"
    return Took(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def recon_tax(folder: Path, answer: Path, *arguments: str) -> Took:
    """``recon tax`` for the year, from its start to its end."""
    program = (sys.executable, "-m", "recon.cli", "--json", "tax", str(YEAR), *arguments)
    return took(program, folder, answer, PYTHONPATH=str(ROOT))
