"""A million movements of one asset, half of them sales: how long each method takes, and how much memory.

``make bench``. The aim on two quiet cores is 2.5 seconds for first in, first out, and 5 for every other method.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recon.core.lots import UNIT, Method, Movement, Plan
from recon.core.registry import catalogue
from tests.benchmarks._measure import measured

MOVEMENTS = 1_000_000
METHODS = catalogue("recon.tax.methods", "METHOD", Method)


def _movements() -> Iterator[Movement]:
    """A thousand days of them: sixteen purchases of odd sizes and prices, then sixteen sales that go across them."""
    minute = 60 * 1_000_000
    for i in range(MOVEMENTS):
        buys = i // 16 % 2 == 0
        quantity = (1 + i * 7919 % 1000) * UNIT // 997
        worth = quantity * (20_000 + i * 104_729 % 30_011) // 7
        day = 738_000 + i * 1_000 // MOVEMENTS
        amount = worth + worth // 1000 if buys else worth - worth // 1000
        place = ("egera:main", "fuse:main", "fuse:sub")[i % 3]
        yield Movement(
            f"{i:07}",
            i * minute,
            day,
            place,
            quantity if buys else -quantity,
            amount,
            worth,
            "purchase" if buys else "sale",
        )


def _only_made(_: Path) -> int:
    return sum(1 for _ in _movements())


class _Matched:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, _: Path) -> int:
        return sum(1 for _ in METHODS[self.name].match(_movements(), Plan()))


@pytest.mark.parametrize("name", METHODS)
def test_a_million_movements_of_one_asset(name: str, tmp_path: Path) -> None:
    _, making, _ = measured(_only_made, tmp_path)
    rows, seconds, peak = measured(_Matched(name), tmp_path)
    print(f"\n{name}: {MOVEMENTS:,} movements, {rows:,} matches in {seconds - making:.1f} s, peak {peak} MiB")
    assert rows >= (100 if name == "uk" else MOVEMENTS // 2)
