"""Large ledgers, made in minutes: in SQLite with evidence and hashes; on PostgreSQL by the server, without."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg

from recon.core.canonical import sha256, write_json
from recon.core.records import GENESIS, Posting
from recon.core.times import moment_text
from recon.evidence.archive import CHAIN, body_path, link_of
from recon.ledger.chain import ChainedEntry, link
from recon.ledger.rows import (
    AnswerRow,
    EntryRow,
    PostingRow,
    ReadingRow,
    RecordRow,
    RunEndRow,
    RunRow,
    SnapshotRow,
    SourceRow,
)
from recon.ledger.store import open_ledger
from recon.ledger.transaction import Transaction

CHAINS = 50
PAGE = 100
START = datetime(2025, 1, 1, tzinfo=UTC)
CONFIG = """
[entity]
name = "Bench"
timezone = "UTC"
base_currency = "EUR"
[ledger]
url = "{url}"
[evidence]
path = "evidence"
[sources.fuse]
kind = "cryptofuse"
base_url = "https://fuse.example/api"
api_key = "env:BENCH_KEY"
"""


def place(number: int) -> tuple[str, str]:
    """The account and asset of a row: five accounts of ten assets."""
    chain = number * 7 % CHAINS
    return f"acc{chain % 5}", f"C{chain // 5}"


def amount(number: int) -> Decimal:
    """Mostly in, sometimes out, never below zero."""
    units = 10_000_000 + number * 7919 % 1_000_003
    return Decimal(-units if number // CHAINS % 3 == 2 else units).scaleb(-8)


def write_ledger(folder: Path, rows: int, *, broken: int = 0) -> None:
    """A ledger in SQLite with its evidence: a page of rows an answer, every row chained, a look at the end.

    ``broken`` rows, spread evenly, are held by the venue alone: each breaks its chain once.
    """
    url = f"sqlite:///{folder}/recon.db"
    (folder / "recon.toml").write_text(CONFIG.format(url=url))
    missing = set(range(rows // (broken + 1), rows, rows // broken)) if broken else set()
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        tx.append(RunRow, [RunRow(1, START, "pull", "bench", "{}")])
        tx.append(RunEndRow, [RunEndRow(1, START, "finished")])
        tx.append(SourceRow, [SourceRow("fuse", "cryptofuse", 1)])
        answers = list(_sealed(folder / "evidence", rows))
        tx.append(AnswerRow, answers)
        _post(tx, rows, missing, answers)


def _sealed(evidence: Path, rows: int) -> Iterator[AnswerRow]:
    """Writes the pages, without waiting for the disk, and one more answer that stands for the look."""
    evidence.mkdir(mode=0o700)
    head = GENESIS
    with (evidence / CHAIN).open("w", encoding="utf-8") as chain:
        for seq, first in enumerate(range(0, rows + PAGE, PAGE), start=1):
            page = [
                {"id": number, "currency": place(number)[1], "amount": str(amount(number)), "type": "deposit"}
                for number in range(first, min(first + PAGE, rows))
            ]
            body = write_json({"offset": first, "history": page}).encode()
            digest = sha256(body)
            path = body_path(evidence, digest)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(gzip.compress(body, 4, mtime=0))
            line = {
                "seq": seq, "at": moment_text(START), "source": "fuse", "stream": "history",
                "request": {"method": "GET", "url": "/history", "params": {"offset": first}},
                "status": 200, "sha256": digest, "bytes": len(body), "prev": head,
            }  # fmt: skip
            head = line["link"] = link_of(line)
            chain.write(write_json(line) + "\n")
            yield AnswerRow(
                seq, START, "fuse", "history", "GET", "/history", "{}", 200, digest, len(body), head
            )


def _post(tx: Transaction, rows: int, missing: set[int], answers: list[AnswerRow]) -> None:
    ended = START + timedelta(seconds=rows)
    read = ("ok", START, ended, 1, len(answers), len(answers), rows, rows, 0, 0)
    looked = ("ok", START, ended, len(answers), len(answers), 1, CHAINS, 0, 0, 0)
    both = [
        ReadingRow(1, 1, "fuse", "history", "history", *read, None, START, ended, None, None, None),
        ReadingRow(
            2, 1, "fuse", "balances", "balances", *looked, None, None, None, rows - len(missing), None, None
        ),
    ]
    tx.append(ReadingRow, both)
    held: dict[tuple[str, str], Decimal] = {}
    head, entry = GENESIS, 0
    for first in range(0, rows, 10_000):
        records: list[RecordRow] = []
        entries: list[EntryRow] = []
        postings: list[PostingRow] = []
        for number in range(first, min(first + 10_000, rows)):
            where, asset = place(number)
            moved = amount(number)
            after = held[where, asset] = held.get((where, asset), Decimal(0)) + moved
            if number in missing:
                continue
            entry += 1
            at = START + timedelta(seconds=number)
            answer = answers[number // PAGE]
            key = f"{number:064}"
            pointer = f"/history/{number % PAGE}"
            txid = f"0x{number:060x}" if number % 10 == 0 else None
            data = write_json({"amount": str(moved), "currency": asset, "id": number})
            records.append(RecordRow(
                entry, 1, "fuse", "history", "history", key, 0, 1, "settled", "deposit", at, where, asset, moved, data,
                answer.seq, pointer, txid, None,
            ))  # fmt: skip
            legs = [
                Posting(f"assets:fuse:{where}", asset, moved, after),
                Posting("external:fuse", asset, moved.copy_negate(), None),
            ]
            covered = ChainedEntry(
                "fuse", entry, at, number, "deposit", key, 0, 1, str(answer.sha256), pointer, 0, legs
            )
            _, head = link(head, covered)
            entries.append(EntryRow(entry, "fuse", entry, at, number, "deposit", entry, None, head))
            postings += [PostingRow(entry, *leg) for leg in legs]
        tx.append(RecordRow, records)
        tx.append(EntryRow, entries)
        tx.append(PostingRow, postings)
    tx.append(
        SnapshotRow,
        [
            SnapshotRow(number, 2, "fuse", where, asset, ended, total, Decimal(0), len(answers), "")
            for number, ((where, asset), total) in enumerate(sorted(held.items()), start=1)
        ],
    )


_PARENTS = """
INSERT INTO runs VALUES (1, '2025-01-01Z', 'pull', 'bench', '{{}}');
INSERT INTO run_ends VALUES (1, '2025-01-01Z', 'finished');
INSERT INTO sources VALUES ('fuse', 'cryptofuse', 1);
INSERT INTO answers
VALUES (1, '2025-01-01Z', 'fuse', 'history', 'GET', '/', '{{}}', 200, repeat('a', 64), 1, repeat('b', 64));
INSERT INTO readings (id, run_id, source, stream, family, status, started_at, ended_at, requests, seen, new, changed,
    vanished, entry_cut)
VALUES (1, 1, 'fuse', 'history', 'history', 'ok', '2025-01-01Z', '2025-12-01Z', 1, {rows}, {rows}, 0, 0, NULL),
    (2, 1, 'fuse', 'balances', 'balances', 'ok', '2025-12-01Z', '2025-12-01Z', 1, 0, 0, 0, 0, {rows});
"""
_ROWS = """
CREATE UNLOGGED TABLE bench AS
SELECT n + 1 AS id, 'acc' || n % {chains} % 5 AS account, 'C' || n % {chains} / 5 AS asset,
    timestamptz '2025-01-01Z' + n * interval '1 second' AS at,
    (n / {chains} % 1000 + 1) * 0.00000001 AS quantity,
    (n / {chains} / 1000 * 500500 + (n / {chains} % 1000 + 1) * (n / {chains} % 1000 + 2) / 2) * 0.00000001 AS after
FROM generate_series(0::bigint, {rows} - 1) AS n;
INSERT INTO records (id, reading_id, source, stream, family, key, occurrence, version, status, kind, at, account,
    asset, quantity, data, answer_seq, pointer, txid)
SELECT id, 1, 'fuse', 'history', 'history', lpad(id::text, 64, '0'), 0, 1, 'settled', 'deposit', at, account, asset,
    quantity, '{{}}', 1, '/' || id, CASE WHEN id % 10 = 0 THEN '0x' || lpad(id::text, 60, '0') END
FROM bench;
INSERT INTO entries (id, source, seq, at, ordinal, kind, record_id, hash)
SELECT id, 'fuse', id, at, id, 'deposit', id, lpad(id::text, 64, '0') FROM bench;
INSERT INTO postings SELECT b.id, leg.account, b.asset, leg.quantity, leg.after
FROM bench AS b CROSS JOIN LATERAL (
    VALUES ('assets:fuse:' || b.account, b.quantity, b.after), ('external:fuse', -b.quantity, NULL)
) AS leg (account, quantity, after);
INSERT INTO snapshots
SELECT row_number() OVER (), 2, 'fuse', account, asset, '2025-12-01Z', sum(quantity), 0, 1, '' FROM bench
GROUP BY account, asset;
DROP TABLE bench;
"""


def fill_postgresql(url: str, rows: int) -> None:
    """Fills an empty ledger; what a program would reckon row by row the server makes up, so its hashes are none."""
    with open_ledger(url, create=True):
        pass
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(
            "SET session_replication_role = replica; SET timezone = 'UTC'; SET synchronous_commit = off"
        )
        for statement in (_PARENTS + _ROWS).format(rows=rows, chains=CHAINS).split(";\n"):
            server.execute(statement.encode())
        server.execute("VACUUM ANALYZE")
