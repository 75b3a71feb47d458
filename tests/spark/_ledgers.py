"""Ledgers of random rows, table by table as the checks' tables stand, with ties, NULLs and the last decimals."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb

from recon.checks import catalogue
from tests.checks._ledger import Ledger

START = datetime(2024, 12, 31, 12)  # noqa: DTZ001 # the tables hold UTC without a zone
SOURCES = ("egera", "fuse", "gas", "broker")
_WORDS: dict[str, Sequence[str]] = {
    "source": SOURCES,
    "account": ("main", "sub"),
    "asset": ("BTC", "ETH", "USDT"),
    "class": ("external", "transit", "trading", "fees", "suspense", "income"),
    "kind": ("deposit", "withdrawal", "trade", "opening", "transfer"),
    "stream": ("history", "balances", "deposits/BTC"),
    "txid": ("", "", "0xaa", "0xbb", "t-1"),
    "address": ("", "", "0x01", "bc1own"),
    "outcome": ("whole", "empty", "incomplete", "not_served", "not_queried"),
    "status": ("ok", "failed", "vanished", "settled", "pending"),
    "basis": ("txid", "address", "amount"),
}
_ODD = ("", "x", "it's", 'say "so"', "żółć 😀", "two\nlines", "1.50")
_ID = {
    "pending": "record", "readings": "reading", "snapshots": "snapshot", "looks": "reading", "coverage": "certificate",
    "facts": "fact", "beside": "record", "reversals": "entry", "links": "link", "prices": "entry",
}  # fmt: skip
"""What is never there twice, or missing."""
TABLES = {table for check in catalogue().values() for table in check.reads}
_ONE_ROW = {"period", "verified", "pricing"}
_BY_SOURCE = {"sources"}


def fill(seed: int) -> duckdb.DuckDBPyConnection:
    """The tables of a ledger and those that the runner adds, filled anew."""
    random = Random(seed)
    ledger = Ledger()
    ledger.results()
    connection = ledger.connection
    for table in sorted(TABLES):
        columns = [(name, kind) for name, kind, *_ in connection.execute(f"describe {table}").fetchall()]
        rows = _legs(random) if table == "legs" else _rows(random, table, columns)
        connection.execute(f"delete from {table}")
        names = [name for name, _ in columns]
        marks = ", ".join("?" * len(columns))
        filled = [[row.get(name) for name in names] for row in rows]
        if filled:
            connection.executemany(f"insert into {table} values ({marks})", filled)
    return connection


def _rows(random: Random, table: str, columns: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    size = 1 if table in _ONE_ROW else len(SOURCES) if table in _BY_SOURCE else random.choice((0, 1, 12, 25))
    for number in range(1, size + 1):
        row = {name: _value(random, name, kind) for name, kind in columns}
        if table in _ID:
            row[_ID[table]] = number
        if table in _BY_SOURCE:
            row |= {"source": SOURCES[number - 1], "unsettled_days": 3, "unsettled_age": timedelta(3)}
        if table == "period":
            row |= {"starts_at": START, "ends_at": START + timedelta(days=random.choice((1, 31)))}
            row["known_at"] = START + timedelta(days=random.choice((0, 40)))
        yield row


def _value(random: Random, name: str, kind: str) -> Any:
    if random.random() < 0.06:
        return None
    if kind == "VARCHAR":
        return random.choice(_WORDS.get(name, _ODD))
    if kind in ("BIGINT", "INTEGER"):
        return random.randrange(30)
    if kind == "BOOLEAN":
        return random.random() < 0.8
    if kind == "TIMESTAMP":
        return _moment(random)
    if kind == "INTERVAL":
        return timedelta(days=random.randrange(5), microseconds=random.randrange(9))
    assert kind == "DECIMAL(36,18)", kind
    return _number(random)


def _moment(random: Random) -> datetime:
    fraction = random.choice((0, 0, 120_000, 1, 999_999))
    return START + timedelta(hours=random.randrange(48), microseconds=fraction)


def _number(random: Random) -> Decimal:
    """Few numbers, so that many are equal, and some that need every digit."""
    units = random.choice(
        (1, 10**17, 10**18, 15 * 10**17, random.randrange(10**18), random.randrange(10**34))
    )
    return Decimal(random.choice((1, 1, -1)) * units).scaleb(-18)


def _legs(random: Random) -> Iterator[dict[str, Any]]:
    """Entries of two legs and sometimes a fee; most statements are right, some missing, some not."""
    balances: dict[tuple[str, str, str], Decimal] = {}
    for entry in range(1, random.choice((0, 1, 60, 90)) + 1):
        source, account, asset = (random.choice(_WORDS[name]) for name in ("source", "account", "asset"))
        moved = _number(random)
        place = (source, account, asset)
        balances[place] = balances.get(place, Decimal(0)) + moved
        stated = random.choice((balances[place], balances[place], balances[place], None, _number(random)))
        at = _moment(random)
        shared = {
            "entry": entry, "number": entry, "origin": entry, "source": source, "asset": asset, "at": at,
            "stated_at": random.choice((at, _moment(random))),
            "ordinal": random.randrange(20), "turn": entry, "kind": _value(random, "kind", "VARCHAR"),
            "record": random.randrange(1, 60), "txid": random.choice(_WORDS["txid"]),
            "address": random.choice(_WORDS["address"]), "live": random.random() < 0.9,
            "counted": random.random() < 0.9, "by_hand": random.random() < 0.1,
        }  # fmt: skip
        contra = random.choice(_WORDS["class"])
        yield shared | {
            "account": account, "ledger_account": f"assets:{source}:{account}", "class": "assets", "quantity": moved,
            "balance_after": stated,
        }  # fmt: skip
        back = moved.copy_negate() if random.random() < 0.95 else None
        yield shared | {"ledger_account": f"{contra}:{source}", "class": contra, "quantity": back}
