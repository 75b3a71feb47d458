"""Worked cases as files that a broker would send, pulled into a ledger."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from recon.cli._clock import SYSTEM
from recon.core.tax import Row
from recon.ledger.store import Ledger, open_ledger
from recon.pipeline.config import Config, load
from recon.pipeline.pull import pull
from recon.pipeline.session import writing
from recon.pipeline.tax import Taxed, tax, wanted
from tests.contract.house import toml
from tests.tax._cases import rows

COLUMNS = (
    "timestamp", "kind", "account", "asset", "quantity", "quote_asset", "quote_quantity", "fee_asset", "fee_quantity",
    "txid", "id", "note",
)  # fmt: skip
KINDS = {"donate": "gift"}
Line = dict[str, str]


@contextmanager
def ledger_of(
    folder: Path, lines: Iterable[Line], currency: str, zone: str = "UTC", **more: Any
) -> Iterator[tuple[Config, Ledger]]:
    """A ledger that holds what the lines say. ``more`` are further tables of recon.toml."""
    tables = {
        "entity": {"name": "Cases", "timezone": zone, "base_currency": currency},
        "ledger": {"url": "sqlite:///recon.db"},
        "evidence": {"path": "evidence"},
        "sources": {"broker": {"kind": "csv", "path": "*.csv"}},
    } | more
    (folder / "recon.toml").write_text("\n".join(toml(tables)))
    with (folder / "case.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(lines)
    config = load(folder / "recon.toml")
    with writing(config, SYSTEM, "case") as session:
        found = pull(config, session.ledger, session.archive, session.clock, session.run)
    assert found.status == "ok", found.facts()
    with open_ledger(config.ledger_url, create=False) as ledger:
        yield config, ledger


def taxed(
    config: Config, ledger: Ledger, year: int, rules: str, method: str | None = None, scope: str | None = None
) -> tuple[list[Row], Taxed]:
    """The rows of a year, and what came of it."""
    with tax(config, ledger, wanted(year, rules, method, scope)) as found:
        return [*found.rows], found


def of_rp2(case: str) -> Iterator[Line]:
    """A case of RP2. A move loses its fee on the way; a price that a row states values its units."""
    for row in rows(f"rp2/{case}/events.csv"):
        kind = KINDS.get(row["kind"], row["kind"])
        quantity = row["fee_crypto"] if kind == "fee" else row["quantity"]
        line = {
            "timestamp": row["timestamp"],
            "kind": kind,
            "account": " ".join(
                (row["venue_from"] or row["venue_to"], row["holder_from"] or row["holder_to"])
            ),
            "asset": row["asset"],
            "quantity": quantity,
            **_quoted(row, quantity),
            "id": row["event_id"],
            "note": row["subkind"].lower(),
        }
        if kind == "transfer":
            came, there = row["qty_received"], " ".join((row["venue_to"], row["holder_to"]))
            line |= {"kind": "transfer_out", "txid": f"0x{row['event_id'].encode().hex()}", "quantity": came}
            line |= _quoted(row, came)
            yield line | {"fee_asset": row["asset"], "fee_quantity": row["fee_crypto"] or "0"}
            yield line | {"kind": "transfer_in", "account": there, "id": f"{row['event_id']}-in"}
            continue
        if kind == "buy":
            if Decimal(row["value_fiat"]) != Decimal(
                line["quote_quantity"]
            ):  # RP2 takes the value as it is given
                line["quote_quantity"] = row["value_fiat"]
            fee = Decimal(row["note"].removeprefix("fiat_in_with_fee=")) - Decimal(line["quote_quantity"])
            line |= {"fee_asset": row["fiat_ccy"], "fee_quantity": f"{fee:f}"}
        elif kind == "sell" and Decimal(row["fee_crypto"] or 0):
            line |= {"fee_asset": row["asset"], "fee_quantity": row["fee_crypto"]}
        yield line


def of_its_price(case: str) -> list[Line]:
    """The rows of a case of RP2 whose assets all came at their price: a file of RP2 may give them another value."""
    odd = {
        row["asset"]
        for row in rows(f"rp2/{case}/events.csv")
        if row["kind"] in ("buy", "income")
        and Decimal(row["price_fiat"]) * Decimal(row["quantity"]) != Decimal(row["value_fiat"])
    }
    return [line for line in of_rp2(case) if line["asset"] not in odd]


def _quoted(row: Line, quantity: str) -> Line:
    """What units are worth by the row's price, where it states one."""
    worth = Decimal(row["price_fiat"]) * Decimal(quantity)
    return {"quote_asset": row["fiat_ccy"], "quote_quantity": f"{worth:f}"} if worth else {}


def by_event(found: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Rows by the disposal that they are of, its fee with it."""
    told: dict[str, list[Row]] = {}
    for row in found:
        told.setdefault(row.id.removesuffix("-fee"), []).append(row)
    return told
