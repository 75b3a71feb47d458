"""A month of 2,000, 100,000 and 1,000,000 transactions of 12 columns as a workbook, beside the same rows as plain CSV.

``make bench``; RECON_BENCH_MONTHS names other sizes. Each figure is taken in a process of its own; rows are made as
they are walked, which is a part of every figure.
"""

import csv
import os
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from recon.core.document import Cell, Column, Document, Live, Section, Sum, Table
from recon.core.money import total
from reports._render.xlsx import STREAMED_ABOVE, render
from tests.benchmarks._measure import measured

SIZES = [int(size) for size in os.environ.get("RECON_BENCH_MONTHS", "2000,100000,1000000").split(",")]
MOST_SECONDS = {2_000: 3, 1_000_000: 200}
MOST_MIB = 600
START = datetime(2025, 1, 1, tzinfo=UTC)
ASSETS, KINDS = ("BTC", "ETH", "PLN"), ("deposit", "trade", "withdrawal", "fee")


class Month(Collection[tuple[Cell, ...]]):
    """Transactions, made anew at each walk."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        for number in range(self.size):
            at = START + timedelta(seconds=2 * number)
            local = f"{at:%Y-%m-%d %H:%M:%S}+01:00"
            quantity = Decimal(number % 9973 - 4000).scaleb(-3)
            yield (
                local, at, "egera" if number % 3 else "fuse", "main", KINDS[number % 4], ASSETS[number % 3], quantity,
                Decimal(number * 7 % 10_000_019).scaleb(-2), f"egera/{number}", f"{number * 7919:064x}",
                f"/data/{number}", "trading, fees:egera",
            )  # fmt: skip


def document(size: int) -> Document:
    """The month's transactions, and a table of sums that are reckoned from them."""
    month = Month(size)
    sums: dict[tuple[str, str], list[Decimal]] = {pair: [] for pair in product(ASSETS, KINDS)}
    for row in month:
        sums[str(row[5]), str(row[4])].append(Decimal(str(row[6])))
    lives = [
        (
            asset,
            kind,
            Live(total(found), (Sum("transactions", "Quantity", (("Asset", asset), ("Kind", kind))),)),
        )
        for (asset, kind), found in sums.items()
    ]
    titles = ["At (Europe/Warsaw)", "At (UTC)", "Source", "Account", "Kind", "Asset", "Quantity", "Value"]
    kinds = {"At (UTC)": "moment", "Quantity": "amount", "Value": "amount"}
    columns = [Column(title=one, kind=kinds.get(one, "text"), total=one == "Value") for one in titles]  # type: ignore[arg-type]
    columns += [Column(title=one, kind="code") for one in ("Entry", "Answer", "Pointer", "Against")]
    moved = Table(key="transactions", columns=columns, rows=month)
    rolled = [Column(title="Asset"), Column(title="Kind"), Column(title="Units", kind="amount")]
    return Document(
        title="Bench",
        subtitle=f"{size:,} transactions",
        sections=[
            Section(key="roll", title="Roll-forward", tables=[Table(key="roll", columns=rolled, rows=lives)]),
            Section(key="transactions", title="Transactions", tables=[moved]),
        ],
    )


def workbook(folder: Path) -> int:
    """The workbook; its rows."""
    size = int((folder / "size").read_text())
    render(document(size), folder / "book.xlsx")
    return size


def plain(folder: Path) -> int:
    """The same rows as CSV."""
    size = int((folder / "size").read_text())
    with (folder / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows(Month(size))
    return size


@pytest.mark.parametrize("size", SIZES)
def test_a_month_becomes_a_workbook(tmp_path: Path, size: int) -> None:
    (tmp_path / "size").write_text(str(size))
    how = "native table" if size <= STREAMED_ABOVE else "streamed"
    print(f"\n{size:,} transactions of 12 columns, {how}")
    seconds = {}
    for work, file in ((plain, "rows.csv"), (workbook, "book.xlsx")):
        rows, seconds[work], memory = measured(work, tmp_path)
        mib = (tmp_path / file).stat().st_size / 2**20
        rate = rows / seconds[work]
        print(
            f"  {work.__name__:8} {seconds[work]:8.2f} s {rate:9,.0f} rows/s {memory:5} MiB peak {mib:6.1f} MiB"
        )
        assert memory < MOST_MIB
    print(f"  workbook / plain CSV: {seconds[workbook] / seconds[plain]:.1f}")
    assert seconds[workbook] < MOST_SECONDS.get(size, seconds[workbook] + 1)
