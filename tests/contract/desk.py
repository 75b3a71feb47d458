"""Somebody's desk: a copy of books with six breaks, their workbook, and ways to fill it in and hand it back."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from recon.cli._clock import SYSTEM
from recon.core.acts import Who
from recon.ledger.acts import acts
from recon.pipeline import breaks, breaks_file
from recon.pipeline.breaks import Asked
from recon.pipeline.breaks_read import read
from recon.pipeline.config import Config, load
from recon.pipeline.register import Life, lives
from recon.pipeline.session import Session, reading, writing
from tests.contract.house import House, house
from tests.contract.outside import recon

ASSETS = ("BCH", "BTC", "ETH", "LTC", "PLN", "XRP")
HEADER = 4
"""The row of titles."""


@contextmanager
def broken(folder: Path, ledger: str = "") -> Iterator[House]:
    """A house that holds less of each asset than its rows say, each by another amount. ``ledger``: another url."""
    books: dict[str, Any] = {"egera": {"balances": {}, "deposits": {}}}
    for number, asset in enumerate(ASSETS, 1):
        row = {
            "time": str(1736000000 + number * 86400),
            "amount": "10.00",
            "type": f"0x{number}",
            "state": "1",
        }
        books["egera"]["deposits"][asset.lower()] = [row]
        books["egera"]["balances"][asset] = {"active": f"9.{number}1", "inactive": "0.00"}
    with house(folder, "egera", books=json.loads(json.dumps(books))) as made:
        if ledger:
            made.write(made.settings("egera") | {"ledger": {"url": ledger}})
        recon(folder, "pull", "--quiet")
        recon(folder, "reconcile", "all", "--quiet", code=3)
        yield made


class Desk:
    """One folder with books, worked on in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "breaks.xlsx"

    @classmethod
    def copied(cls, origin: Path, folder: Path) -> "Desk":
        """A desk with a copy of the books and the evidence."""
        shutil.copytree(origin, folder, dirs_exist_ok=True)
        return cls(folder)

    @property
    def config(self) -> Config:
        return load(self.folder / "recon.toml")

    def export(self, asked: Asked | None = None) -> Path:
        """The workbook of what is asked for, in the place of the one before."""
        self.path.unlink(missing_ok=True)
        with reading(self.config) as ledger:
            breaks_file.export(self.config, ledger, SYSTEM.now(), asked or Asked(), self.path)
        return self.path

    def take(self, path: Path | None = None, person: str = "Anna") -> dict[str, Any]:
        """Imports a workbook; what the JSON answer says."""
        sent = read(path or self.path)
        with self.session(person) as session:
            return breaks_file.take(session, sent).facts(dry_run=False)

    def preview(self) -> dict[str, Any]:
        """The same, with nothing written."""
        with reading(self.config) as ledger:
            return breaks_file.preview(ledger, read(self.path)).facts(dry_run=True)

    @contextmanager
    def session(self, person: str) -> Iterator[Session]:
        with writing(self.config, SYSTEM, "test", Who("system", person)) as session:
            yield session

    def lives(self) -> dict[str, Life]:
        """The register, by id."""
        with reading(self.config) as ledger, ledger.transaction() as tx:
            return lives(acts(tx, "break"))

    def life(self, asset: str) -> Life:
        """The break of an asset."""
        return next(one for one in self.lives().values() if f'"asset":"{asset}"' in one.facts)

    def resolve(self, asset: str, reason: str, said: str = "as agreed", **stated: Any) -> None:
        """As the command of this name does."""
        with self.session("Ben") as session:
            breaks.resolve(session, [self.life(asset).id], reason, said, **stated)

    def fill(self, filled: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
        """Writes cells, by asset and title; the rows by asset."""
        book = load_workbook(self.path)
        sheet = book["Breaks"]
        rows = {row[5].value: row[0].row for row in sheet.iter_rows(min_row=HEADER + 1)}
        for asset, cells in filled.items():
            for title, value in cells.items():
                sheet.cell(rows[asset], column_of(book, title)).value = value
        book.save(self.path)
        return rows


def column_of(book: Workbook, title: str) -> int:
    """Where a column stands, counted from 1."""
    return [one.value for one in book["Breaks"][HEADER]].index(title) + 1
