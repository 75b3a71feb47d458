"""A company's folder whose one source is a broker's file, for what is asked of it about tax."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.contract.house import toml
from tests.contract.outside import Ran, recon

COLUMNS = (
    "timestamp", "kind", "account", "asset", "quantity", "quote_asset", "quote_quantity", "fee_asset", "fee_quantity",
    "txid", "id", "note",
)  # fmt: skip
Line = Mapping[str, str]


def line(timestamp: str, kind: str, units: str, paid: str = "", fee: str = "", **more: str) -> Line:
    """A row, such as ``line("2024-01-05", "buy", "1 BTC", "40000 EUR", "10 EUR")``. A day is its noon in UTC."""
    told = dict(more, timestamp=timestamp if "T" in timestamp else f"{timestamp}T12:00:00Z", kind=kind)
    for text, quantity, asset in (
        (units, "quantity", "asset"),
        (paid, "quote_quantity", "quote_asset"),
        (fee, "fee_quantity", "fee_asset"),
    ):
        if text:
            told[quantity], told[asset] = text.split(" ", 1)
    return told


class Shelf:
    """``folder`` with recon.toml and the broker's rows, pulled."""

    def __init__(
        self, folder: Path, lines: Iterable[Line], base: str = "USD", zone: str = "UTC", **more: Any
    ) -> None:
        self.folder = folder
        self.tables = {
            "entity": {"name": "Example", "timezone": zone, "base_currency": base},
            "ledger": {"url": "sqlite:///recon.db"},
            "evidence": {"path": "evidence"},
            "sources": {"broker": {"kind": "csv", "path": "rows.csv"}},
        }
        self.set(**more)
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(lines)
        recon(folder, "pull", "--quiet")

    def set(self, **more: Any) -> None:
        """Writes recon.toml with these further tables."""
        (self.folder / "recon.toml").write_text("\n".join(toml(self.tables | more)), encoding="utf-8")

    def prices(self, *rows: str) -> None:
        """Imports prices: asset, quote, price, day or moment."""
        (self.folder / "prices.csv").write_text("\n".join(("asset,quote,price,time", *rows)) + "\n")
        recon(self.folder, "prices", "import", "prices.csv", "--quiet")

    def ask(self, year: int, rules: str, *args: str, code: int = 0) -> Ran:
        """``recon tax`` for people."""
        return recon(self.folder, "tax", str(year), "--rules", rules, *args, code=code)

    def tax(self, year: int, rules: str, *args: str, code: int = 0) -> Any:
        """``recon tax --json``: the one document."""
        return self.ask(year, rules, *args, "--json", code=code).json

    def rows(self, year: int, rules: str, *args: str, code: int = 0) -> Sequence[Any]:
        """Its disposals."""
        found: Sequence[Any] = self.tax(year, rules, *args, code=code)["disposals"]
        return found


def told(row: Mapping[str, Any], names: str) -> tuple[Any, ...]:
    """Some members of a row."""
    return tuple(row[name] for name in names.split())
