"""Reads journals back with the programs that they are for, and says under our names what these reckoned."""

import csv
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
from beancount import loader
from beancount.core import data, realization

from recon.core.money import ZERO, exact
from reports._journals._names import OPENING

Sums = dict[tuple[str, str], Decimal]
"""By account and asset; what is zero is left out."""
OF_OPENING = "opening balances"


def faults(path: Path) -> list[str]:
    """What beancount has to say against a file."""
    return [str(one.message) for one in loader.load_file(str(path))[1]]


def of_beancount(folder: Path, period: str) -> Sums:
    """As beancount reckons it; the names are read from what stands beside them."""
    entries, errors, _ = loader.load_file(str(folder / f"journal-{period}.beancount"))
    assert not errors, errors
    accounts = {one.account: one.meta.get("account") for one in entries if isinstance(one, data.Open)}
    assets = {one.currency: one.meta["asset"] for one in entries if isinstance(one, data.Commodity)}
    assert accounts.pop(OPENING, None) is None
    accounts[OPENING] = OF_OPENING
    reckoned = realization.iter_children(realization.realize(entries))  # type: ignore[no-untyped-call]
    return {
        (str(accounts[one.account]), assets[held.units.currency]): held.units.number
        for one in reckoned
        for held in one.balance
        if held.units.number
    }


def hledger(path: Path, *words: str, code: int = 0) -> str:
    """What hledger prints."""
    ran = subprocess.run(
        ["hledger", "-f", str(path), *words],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    assert ran.returncode == code, ran.stderr.decode()
    return ran.stdout.decode() if code == 0 else ran.stderr.decode()


def of_hledger(folder: Path, period: str) -> Sums:
    """As hledger reckons it; accounts by their tags, as it prints them."""
    path = folder / f"journal-{period}.hledger"
    hledger(path, "check", "--strict", "ordereddates")
    directives = [one for one in path.read_text("utf-8").splitlines() if "  ; " in one]
    accounts = {
        one.split()[1]: one.partition("  ; account:")[2] for one in directives if one.startswith("account ")
    }
    accounts[OPENING] = OF_OPENING
    told = hledger(path, "balance", "-O", "csv", "--flat", "--no-total", "--layout=bare")
    _, *rows = csv.reader(told.splitlines())
    return {(accounts[name], asset): Decimal(number) for name, asset, number in rows if Decimal(number)}


def of_csv(folder: Path, period: str) -> Sums:
    """The sums of what moved."""
    with (folder / f"journal-{period}.csv").open(encoding="utf-8", newline="") as file:
        return _summed(
            (one["account"], one["asset"].removeprefix("'"), Decimal(one["quantity"]))
            for one in csv.DictReader(file)
        )


def of_parquet(folder: Path, period: str) -> Sums:
    """The sums of what moved, as DuckDB reckons them."""
    with duckdb.connect() as there:
        there.execute(
            f"select account, asset, sum(quantity) from '{folder}/postings-{period}.parquet' group by all"
        )
        return _summed(iter(there.fetchall()))


def _summed(rows: Iterator[tuple[str, str, Decimal]]) -> Sums:
    sums: Sums = {}
    with exact():
        for account, asset, quantity in rows:
            sums[account, asset] = sums.get((account, asset), ZERO) + quantity
    return {place: quantity for place, quantity in sums.items() if quantity}


CARRYING: dict[str, Callable[[Path, str], Sums]] = {"beancount": of_beancount, "hledger": of_hledger}
"""Formats that carry balances into a period, with what reads them."""
MOVING: dict[str, Callable[[Path, str], Sums]] = {"journal-csv": of_csv, "parquet": of_parquet}
"""Formats that tell what moved, and no more."""
