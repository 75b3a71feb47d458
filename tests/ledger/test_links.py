"""Hashes and links in the typed copy: how they are compared, and what legs follow."""

from decimal import Decimal

import pytest

from recon.ledger.copy import load, tie
from recon.ledger.rows import LinkRow
from recon.ledger.store import Ledger
from tests.ledger.books import Row, begin, read


@pytest.mark.parametrize(
    ("stated", "compared"),
    [
        ("0xAbC1", "0xabc1"),
        ("0XAB", "0xab"),
        ("0xZZ", "0xZZ"),
        ("ZL25W", "ZL25W"),
        ("AbC1", "AbC1"),
        (None, ""),
    ],
)
def test_case_tells_nothing_in_a_hexadecimal_hash_or_address_alone(
    ledger: Ledger, stated: str | None, compared: str
) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "withdrawals", [Row("out", Decimal(-1), txid=stated)])
    with load(ledger) as copy:
        assert copy.execute("SELECT DISTINCT txid, address FROM legs").fetchall() == [(compared, compared)]


def _linked(ledger: Ledger, kind: str, quantity: str) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera", "csv")
        read(tx, run, "egera", "rows", [Row("one", Decimal(-10))])
        read(tx, run, "csv", "file", [Row("other", Decimal(quantity))])
        one, other = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars()
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, kind, "txid", one, other)])


def test_legs_follow_their_links_when_they_are_told_to(ledger: Ledger) -> None:
    _linked(ledger, "transfer", "9")
    question = "SELECT class, sum(quantity) FROM legs GROUP BY class ORDER BY class"
    with load(ledger, tied=False) as copy:
        assert copy.execute(question).fetchall() == [("assets", -1), ("external", 1)]
        tie(copy)
        assert copy.execute(question).fetchall() == [("assets", -1), ("fees", 1), ("transit", 0)]


def test_a_row_that_its_file_calls_a_transfer_is_half_of_one(ledger: Ledger) -> None:
    _linked(ledger, "transfer", "10")
    with load(ledger, tied=False) as copy:
        copy.execute("UPDATE legs SET class = 'transit' WHERE source = 'csv' AND class = 'external'")
        tie(copy)
        found = copy.execute(
            "SELECT class, quantity FROM legs WHERE class <> 'assets' ORDER BY quantity"
        ).fetchall()
    assert found == [("transit", -10), ("transit", 10)]


def test_of_a_movement_held_twice_one_counts_whatever_it_stands_against(ledger: Ledger) -> None:
    _linked(ledger, "same", "-10")
    with load(ledger, tied=False) as copy:
        copy.execute("UPDATE legs SET class = 'trading' WHERE source = 'csv' AND class = 'external'")
        tie(copy)
        found = copy.execute(
            "SELECT DISTINCT source, class FROM legs WHERE counted ORDER BY class"
        ).fetchall()
    assert found == [("egera", "assets"), ("egera", "external")]
