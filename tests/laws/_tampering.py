"""Edits of a ledger and its evidence by somebody who has every right on the machine, and drops the triggers first."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Column, Connection, Table, select
from sqlalchemy.exc import DBAPIError, StatementError

from recon.core.canonical import sha256, write_json
from recon.core.records import GENESIS
from recon.core.seals import RECON
from recon.evidence.archive import CHAIN, PULLS, RUNS, body_path, link_of
from recon.ledger.acts import link as act_link
from recon.ledger.chain import chained
from recon.ledger.chain import link as entry_link
from recon.ledger.rows import ActRow
from recon.ledger.store import database_at
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

WAYS = ("change", "drop", "insert", "reorder", "cut", "re-chain")
BOOKS = (CHAIN, PULLS, RUNS)
TABLES = tuple(sorted(METADATA.tables))
PLACES = (*BOOKS, "bodies", *TABLES, "seals")
CHAINED = {*BOOKS, "bodies", "entries", "postings", "records", "acts", "seals"}
"""Where there is a chain to make again."""


class Nothing(Exception):
    """The edit cannot be made, or changes nothing: another one is tried."""


def tamper(folder: Path, url: str, way: str, place: str, chance: Random) -> str:
    """Makes one edit; says what it was. Raises Nothing."""
    if place in BOOKS:
        return _book(folder / "evidence", way, place, chance)
    if place == "bodies":
        return _bodies(folder / "evidence", way, chance)
    try:
        with unguarded(url) as connection:
            return _table(connection, way, place, chance)
    except (DBAPIError, StatementError) as error:
        raise Nothing(str(error)) from None


@contextmanager
def unguarded(url: str) -> Iterator[Connection]:
    """A transaction in which nothing is refused but what a column's own form refuses."""
    engine = database_at(url).engine
    on_server = engine.dialect.name == "postgresql"
    try:
        if not on_server:
            raw = engine.raw_connection()
            raw.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
            raw.close()
        with engine.begin() as connection:
            run = connection.exec_driver_sql
            if on_server:
                run("SET session_replication_role = replica")
                for name in TABLES:
                    run(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            else:
                found = run("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
                for name in found:
                    run(f'DROP TRIGGER "{name}"')
            yield connection
    finally:
        engine.dispose()


def _book(folder: Path, way: str, name: str, chance: Random) -> str:
    path = folder / name
    before = path.read_bytes()
    lines = [json.loads(line) for line in before.splitlines()]
    place = chance.randrange(len(lines))
    told = f"{way} {name}:{place + 1}"
    match way:
        case "change" | "re-chain":
            told += " " + _edit(lines[place], chance)
        case "drop":
            del lines[place]
        case "insert":
            lines.insert(chance.randrange(len(lines) + 1), dict(lines[place]))
        case "reorder":
            other = chance.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        case "cut":
            del lines[place:]
    if way == "re-chain":
        rechain(lines)
    path.write_text("".join(write_json(line) + "\n" for line in lines))
    if path.read_bytes() == before:
        raise Nothing
    return told


def rechain(lines: list[dict[str, Any]]) -> None:
    """Makes every number and link fit again."""
    prev = GENESIS
    for number, line in enumerate(lines, start=1):
        line["prev"] = prev
        if "seq" in line:
            line["seq"] = number
        line["link"] = prev = link_of(line)


def _edit(line: dict[str, Any], chance: Random) -> str:
    name = chance.choice(sorted(set(line) - {"prev", "link", "seq"}))
    line[name] = _other(line[name], chance)
    return name


def _other(value: Any, chance: Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, dict):
        return (
            {**value, "x": "y"} if not value else {name: _other(one, chance) for name, one in value.items()}
        )
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 7))
    if isinstance(value, Decimal):
        return value + chance.choice((1, -1, Decimal("0.01")))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=chance.choice((1, 1_000_000, 86_400_000_000, -86_400_000_000)))
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice("0123456789abcdef".replace(value[at].lower(), "")) + value[at + 1 :]
    return None if value is None else "x"


def _bodies(folder: Path, way: str, chance: Random) -> str:
    bodies = sorted(folder.glob("*/*.gz"))
    one, other = chance.sample(bodies, 2)
    told = f"{way} {one.name[:12]}"
    match way:
        case "change":
            one.write_bytes(gzip.compress(_flipped(one, chance)))
        case "drop":
            one.unlink()
        case "insert":
            body_path(folder, "0" * 64).parent.mkdir(exist_ok=True)
            body_path(folder, "0" * 64).write_bytes(one.read_bytes())
        case "reorder":
            first, second = one.read_bytes(), other.read_bytes()
            one.write_bytes(second)
            other.write_bytes(first)
        case "cut":
            one.write_bytes(one.read_bytes()[: -chance.randrange(1, 20)])
        case "re-chain":
            exchange(folder, one, _flipped(one, chance))
    return told


def exchange(folder: Path, one: Path, body: bytes) -> None:
    """Puts another body in place of one, and makes the chain fit it."""
    digest = hashlib.sha256(body).hexdigest()
    target = body_path(folder, digest)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(gzip.compress(body))
    lines = [json.loads(line) for line in (folder / CHAIN).read_bytes().splitlines()]
    for line in lines:
        if line["sha256"] == one.name[:64]:
            line["sha256"], line["bytes"] = digest, len(body)
    _write_chain(folder, lines)
    one.unlink()


def forget_closes(folder: Path) -> None:
    """Takes out of the evidence what tells of closed periods, and of what pulls and runs noted."""
    lines = [json.loads(line) for line in (folder / CHAIN).read_bytes().splitlines()]
    _write_chain(folder, [line for line in lines if line["source"] != RECON])
    for name in (PULLS, RUNS):
        (folder / name).unlink()


def _write_chain(folder: Path, lines: list[dict[str, Any]]) -> None:
    rechain(lines)
    (folder / CHAIN).write_text("".join(write_json(line) + "\n" for line in lines))


def _flipped(path: Path, chance: Random) -> bytes:
    body = bytearray(gzip.decompress(path.read_bytes()))
    if not body:
        raise Nothing
    body[chance.randrange(len(body))] ^= 1
    return bytes(body)


def _table(connection: Connection, way: str, place: str, chance: Random) -> str:
    table = METADATA.tables["acts" if place == "seals" else place]
    rows = [dict(row._asdict()) for row in connection.execute(select(table).order_by(*table.primary_key))]
    places = [at for at, row in enumerate(rows) if place != "seals" or row["about"] == "period"]
    if not places:
        raise Nothing("there is no row")
    at = chance.choice(places)
    row = rows[at]
    told = f"{way} {place} {[row[column.name] for column in table.primary_key]}"
    match way:
        case "change" | "re-chain":
            column = _column(table, place, way, chance)
            new = (
                _sealed_again(row, chance)
                if place == "seals" and way == "re-chain"
                else _value(row, rows, column, chance)
            )
            if new == row[column.name]:
                raise Nothing
            _update(connection, table, row, {column.name: new})
            told += f" {column.name}: {row[column.name]!r} -> {new!r}"[:300]
        case "drop":
            _delete(connection, table, [row])
        case "cut":
            _delete(connection, table, rows[at:])
        case "insert":
            connection.execute(table.insert().values(_copy(table, row, rows, chance)))
        case "reorder":
            _swap(connection, table, row, chance.choice(rows))
    if way == "re-chain":
        chain_again(connection)
    return told


def _column(table: Table, place: str, way: str, chance: Random) -> Column[Any]:
    if place == "seals":
        return table.c["facts"]
    unchained = {"hash", "id", "seq"} if way == "re-chain" else set()
    return chance.choice([one for one in table.columns if one.name not in unchained])


def _value(row: dict[str, Any], rows: list[dict[str, Any]], column: Column[Any], chance: Random) -> Any:
    """Another row's value, or one that is a little different."""
    others = [one[column.name] for one in rows if one[column.name] != row[column.name]]
    if others and chance.random() < 0.5:
        return chance.choice(others)
    return _other(row[column.name], chance)


def _sealed_again(row: dict[str, Any], chance: Random) -> str:
    document = json.loads(row["facts"])
    if "seal" not in document:
        raise Nothing
    document["ends_at" if chance.random() < 0.5 else "tool"] = "2030-01-01T00:00:00.000000Z"
    document["seal"] = sha256(write_json({k: v for k, v in document.items() if k != "seal"}).encode())
    return write_json(document)


def _update(connection: Connection, table: Table, row: dict[str, Any], new: dict[str, Any]) -> None:
    key = [column == row[column.name] for column in table.primary_key]
    connection.execute(table.update().where(*key).values(new))


def _delete(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            table.delete().where(*(column == row[column.name] for column in table.primary_key))
        )


def _copy(table: Table, row: dict[str, Any], rows: list[dict[str, Any]], chance: Random) -> dict[str, Any]:
    """A new row like one: what must be its own is its own."""
    new = dict(row)
    for column in table.primary_key:
        whole = isinstance(row[column.name], int)
        new[column.name] = max(one[column.name] for one in rows) + 1 if whole else f"{row[column.name]}x"
    own = {
        "records": ("key",),
        "entries": ("hash", "seq"),
        "answers": ("link",),
        "links": ("one_record", "other_record"),
    }
    for name in own.get(table.name, ()):
        if isinstance(row[name], int):
            new[name] = max(one[name] for one in rows) + 1
        else:
            new[name] = hashlib.sha256(str(chance.random()).encode()).hexdigest()
    if table.name == "entries":
        new["seq"] = max(one["seq"] for one in rows if one["source"] == row["source"]) + 1
        new["reverses"] = None
    return new


def _swap(connection: Connection, table: Table, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two rows take each other's place."""
    keys = {column.name for column in table.primary_key}
    rest = [{name: value for name, value in row.items() if name not in keys} for row in (one, other)]
    if rest[0] == rest[1]:
        raise Nothing
    if not rest[0]:
        raise Nothing
    _delete(connection, table, [one, other])
    for row, said in ((one, rest[1]), (other, rest[0])):
        connection.execute(table.insert().values({**{name: row[name] for name in keys}, **said}))


def chain_again(connection: Connection) -> None:
    """Makes every hash of entries and acts fit the rows as they now stand."""
    tx = Transaction(connection)
    entries, acts = METADATA.tables["entries"], METADATA.tables["acts"]
    for source in connection.scalars(select(entries.c.source).distinct()).all():
        prev = GENESIS
        for entry, stored in list(chained(tx, source, 0)):
            _, made = entry_link(prev, entry)
            if made != stored:
                here = (entries.c.source == source, entries.c.seq == entry.seq)
                connection.execute(entries.update().where(*here).values(hash=made))
            prev = made
    prev = GENESIS
    for row in connection.execute(select(acts).order_by(acts.c.id)).all():
        prev = act_link(prev, ActRow(*row))
        connection.execute(acts.update().where(acts.c.id == row.id).values(hash=prev))
