"""A year with some of everything in a broker's file, and the books of a tax year that its report is built from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from recon.core.document import Cell, Document, Table
from recon.core.tax_books import TaxBooks
from recon.pipeline.tax import wanted
from recon.pipeline.tax_books import tax_books
from tests.contract.shelf import Line, line
from tests.tax._ledgers import ledger_of

LINES: Sequence[Line] = (
    line("2022-03-05", "buy", "2 BTC", "60000 USD", "15 USD", account="A"),
    line("2023-01-10", "buy", "10 ETH", "14000 USD", "12 USD", account="A"),
    line("2023-06-01", "buy", "1 BTC", "27000 USD", "9 USD", account="B"),
    line("2024-01-15", "income", "0.5 ETH", "1250 USD", note="staking", account="A"),
    line("2024-02-03", "sell", "0.75 BTC", "33000 USD", "11 USD", account="A"),
    line("2024-03-09", "sell", "4 ETH", "15000 USD", "8 USD", account="A"),
    line("2024-05-01", "sell", "1.5 BTC", "90000 USD", "20 USD", account="A"),
    line("2024-05-01T15:00:00Z", "sell", "0.07 BTC", "4200.333333333333333333 USD", "1 USD", account="B"),
    line("2024-05-15", "buy", "0.5 BTC", "33000 USD", "5 USD", account="A"),
    line("2024-06-20", "sell", "0.3 BTC", "19000 USD", "7 USD", account="B"),
    line("2024-07-01", "gift", "0.1 BTC", account="B"),
    line("2024-09-09", "withdrawal", "1 ETH", account="A"),
    line("2024-11-11", "sell", "3 ETH", "9000.005 USD", "5 USD", account="A"),
    line("2024-12-12", "income", "2 SOL", account="A"),
    line("2025-02-02", "sell", "0.5 ETH", "1600 USD", "1 USD", account="A"),
)  # fmt: skip


def at_par(currency: str) -> Mapping[str, Any]:
    """[prices] that take a dollar for one of a currency."""
    return {"sources": ["trades"], "parity": {"USD": currency}}


@contextmanager
def books_of(
    folder: Path, year: int, rules: str, lines: Iterable[Line] = LINES, currency: str = "USD", **more: Any
) -> Iterator[TaxBooks]:
    """The books of a year of these lines; ``method``, ``zone`` and further tables of recon.toml may be told."""
    method, zone = more.pop("method", None), more.pop("zone", "UTC")
    rows = [dict(one) for one in lines]
    with (
        ledger_of(folder, rows, currency, zone, **more) as (config, ledger),
        tax_books(config, ledger, wanted(year, rules, method, None)) as books,
    ):
        yield books


def tables(document: Document) -> dict[str, Table]:
    """All tables that a workbook shows."""
    return {table.key: table for section in document.sections for table in section.tables}


def column(table: Table, title: str) -> list[Cell]:
    """The cells beneath a title."""
    place = [one.title for one in table.columns].index(title)
    return [row[place] for row in table.rows]


def added(table: Table, title: str) -> Decimal:
    """The sum of what a column knows."""
    return sum((one for one in column(table, title) if isinstance(one, Decimal)), Decimal(0))
