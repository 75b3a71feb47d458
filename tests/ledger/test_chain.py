"""The running hash: anyone can make it again from a line, and nothing it covers can change unseen."""

import sqlite3
import subprocess
from decimal import Decimal
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest

from recon.core.records import GENESIS, Posting
from recon.ledger.chain import ChainedEntry, link, verify
from recon.ledger.columns import POSTGRESQL
from recon.ledger.reads import heads, ledger_head
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction
from tests.ledger.books import NOON, Row, begin, one_of_everything, read, rolled_back

ENTRY = ChainedEntry(
    "egera", 1, NOON, 7, 'a "quoted" \x01 zażółć kind', "ab" * 32, 0, 1, "cd" * 32, "/data/0", 0,
    (
        Posting("external:egera", "BTC", Decimal("-1.50")),
        Posting("assets:egera:main", "BTC", Decimal("1.50"), Decimal("0E-18")),
        Posting("assets:egera:main", "AAVE", Decimal("0.000000000000000001")),
    ),
)  # fmt: skip


def test_a_hash_is_what_sha256sum_says_of_the_line() -> None:
    line, made = link(GENESIS, ENTRY)
    told = subprocess.check_output(["sha256sum"], input=line.encode()).split()[0].decode()
    assert told == made == sha256(line.encode()).hexdigest()


def test_a_line_reads_the_same_as_the_last_release_wrote_it() -> None:
    assert link(GENESIS, ENTRY)[0] == (
        f'["{GENESIS}","egera",1,"2025-01-14T12:00:00.000000Z",7,'
        f'"a \\"quoted\\" \\u0001 zażółć kind","{"ab" * 32}",0,1,'
        f'"{"cd" * 32}","/data/0",0,[["assets:egera:main","AAVE","0.000000000000000001",""],'
        '["assets:egera:main","BTC","1.5","0"],["external:egera","BTC","-1.5",""]]]'
    )


def test_the_order_of_postings_does_not_matter() -> None:
    made = {link(GENESIS, ENTRY._replace(postings=order))[1] for order in permutations(ENTRY.postings)}
    assert len(made) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"source": "fuse"},
        {"seq": 2},
        {"at": NOON.replace(microsecond=1)},
        {"ordinal": 8},
        {"kind": "deposit"},
        {"key": "ac" * 32},
        {"occurrence": 1},
        {"version": 2},
        {"answer": "ce" * 32},
        {"pointer": "/data/1"},
        {"reverses": 1},
        {"postings": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_a_line_covers_changes_its_hash(change: dict[str, object]) -> None:
    assert link(GENESIS, ENTRY)[1] != link(GENESIS, ENTRY._replace(**change))[1]  # type: ignore[arg-type]
    assert link(GENESIS, ENTRY)[1] != link("1" * 64, ENTRY)[1]


def test_a_true_ledger_has_no_problems(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert list(verify(tx)) == []
        one_of_everything(tx)
        assert list(verify(tx)) == []


def test_the_head_is_the_hash_of_the_heads_in_name_order(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert ledger_head(tx) == sha256(b"").hexdigest()
        run = begin(tx, "fuse", "Egera", "idle")
        for source in ("fuse", "Egera"):
            read(tx, run, source, "deposits", [Row("a"), Row("b")])
        found = heads(tx)
        assert [(head.source, head.seq) for head in found] == [("Egera", 2), ("fuse", 2)]
        assert ledger_head(tx) == sha256((found[0].hash + found[1].hash).encode()).hexdigest()


def _unguarded(tx: Transaction) -> None:
    """Takes the guard rails away, as one who tampers would."""
    for table in METADATA.tables:
        if tx.connection.dialect.name == POSTGRESQL:
            tx.connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only ON {table}")
        else:
            for change in ("update", "delete"):
                tx.connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{change}")


OWN = "entry_id = 2 AND account = 'assets:egera:main'"
TAMPERINGS = {
    "a quantity": "UPDATE postings SET quantity = '2.5' WHERE {own}",
    "a statement balance": "UPDATE postings SET balance_after = '7' WHERE {own}",
    "an account": "UPDATE postings SET account = 'assets:egera:sub' WHERE {own}",
    "an asset": "UPDATE postings SET asset = 'ETH' WHERE {own}",
    "a posting dropped": "DELETE FROM postings WHERE {own}",
    "all postings dropped": "DELETE FROM postings WHERE entry_id = 2",
    "a posting added": "INSERT INTO postings VALUES (2, 'fees:egera', 'BTC', '1', NULL)",
    "a posting moved": "UPDATE postings SET entry_id = 3, account = 'fees' WHERE {own}",
    "a moment": "UPDATE entries SET at = '2025-01-14T13:00:00.000000Z' WHERE id = 2",
    "an ordinal": "UPDATE entries SET ordinal = 99 WHERE id = 2",
    "a kind": "UPDATE entries SET kind = 'fee' WHERE id = 2",
    "another record": "UPDATE entries SET record_id = 1 WHERE id = 2",
    "a reversal made up": "UPDATE entries SET reverses = 1 WHERE id = 2",
    "a hash": f"UPDATE entries SET hash = '{'0' * 64}' WHERE id = 2",
    "a source": "UPDATE entries SET source = 'fuse' WHERE id = 2",
    "a key": f"UPDATE records SET key = '{'0' * 64}' WHERE id = 2",
    "an occurrence": "UPDATE records SET occurrence = 5 WHERE id = 2",
    "a version": "UPDATE records SET version = 5 WHERE id = 2",
    "a pointer": "UPDATE records SET pointer = '/elsewhere' WHERE id = 2",
    "an answer's digest": f"UPDATE answers SET sha256 = '{'0' * 64}' WHERE seq = 1",
    "another answer": "UPDATE records SET answer_seq = 2 WHERE id = 2",
    "a gap": "UPDATE entries SET seq = 9 WHERE id = 2",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_tampering_is_found_at_its_place(ledger: Ledger, tampering: str) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera", "fuse")
        read(tx, run, "egera", "deposits", [Row("a"), Row("b")])
        read(tx, run, "egera", "deposits", [Row("c")])
        _unguarded(tx)
        assert list(verify(tx)) == []
        tx.connection.exec_driver_sql(TAMPERINGS[tampering].format(own=OWN))
        problems = list(verify(tx))
        assert any(f"entry {seq}:" in problem for problem in problems for seq in (1, 2, 3, 9))
        assert all(problem.startswith(("egera entry", "fuse entry")) for problem in problems)


def test_one_change_is_one_problem(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        read(tx, begin(tx, "egera"), "egera", "deposits", [Row(str(number)) for number in range(50)])
        _unguarded(tx)
        tx.connection.exec_driver_sql("UPDATE entries SET kind = 'fee' WHERE seq = 20")
        (problem,) = verify(tx)
        assert problem.startswith("egera entry 20: its hash is ")


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE postings SET quantity = 'x' WHERE entry_id = 2", "cannot be read"),
        ("UPDATE postings SET quantity = '1.0' WHERE entry_id = 2", "CHECK constraint failed in postings"),
        ("UPDATE entries SET at = 'yesterday' WHERE id = 2", "cannot be read"),
        ("DELETE FROM records WHERE id = 2", "records that is missing"),
        ("DELETE FROM answers", "answers that is missing"),
        ("DELETE FROM entries WHERE id = 2", "entries that is missing"),
    ],
)
def test_damage_that_no_rule_of_sqlite_would_let_in_is_found(tmp_path: Path, damage: str, fault: str) -> None:
    url = f"sqlite:///{tmp_path}/recon.db"
    with open_ledger(url, create=True) as ledger, ledger.transaction() as tx:
        read(tx, begin(tx, "egera"), "egera", "deposits", [Row("a"), Row("b"), Row("c")])
        _unguarded(tx)
    other = sqlite3.connect(f"{tmp_path}/recon.db")
    other.execute("PRAGMA ignore_check_constraints = ON")
    other.execute(damage)
    other.commit()
    other.close()
    with open_ledger(url, create=False) as ledger, ledger.transaction() as tx:
        assert any(fault in problem for problem in verify(tx))
