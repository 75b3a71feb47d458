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


def _linked(ledger: Ledger, kind: str, quantity: str, fee: Decimal | None = None) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera", "csv")
        read(tx, run, "egera", "rows", [Row("one", Decimal(-10))])
        read(tx, run, "csv", "file", [Row("other", Decimal(quantity))])
        one, other = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars()
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, kind, "txid", one, other, fee)])


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


@pytest.mark.parametrize(
    ("one", "other", "counted"), [("0xaa", "0xaa", 1), ("0xaa", "0xbb", 2), ("0xaa", None, 1)]
)
def test_rows_that_no_longer_share_their_hash_are_two_movements(
    ledger: Ledger, one: str, other: str | None, counted: int
) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera", "csv")
        read(tx, run, "egera", "rows", [Row("one", Decimal(5), txid=one)])
        read(tx, run, "csv", "file", [Row("other", Decimal(5), txid=other)])
        ids = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars().all()
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, "same", "txid", *ids)])
    with load(ledger) as copy:
        found = copy.execute("SELECT count(*) FROM legs WHERE class = 'assets' AND counted").fetchall()
    assert found == [(counted,)]


def test_a_movement_whose_amount_changed_at_one_source_counts_at_both(ledger: Ledger) -> None:
    _linked(ledger, "same", "-7")
    with load(ledger) as copy:
        assert copy.execute(
            "SELECT sum(quantity) FROM legs WHERE class = 'assets' AND counted"
        ).fetchall() == [(-17,)]


def test_more_that_arrives_than_was_sent_is_no_transfer_any_more(ledger: Ledger) -> None:
    _linked(ledger, "transfer", "11")
    with load(ledger) as copy:
        assert copy.execute("SELECT DISTINCT class FROM legs ORDER BY class").fetchall() == [
            ("assets",),
            ("external",),
        ]


def test_a_row_that_is_posted_anew_keeps_the_number_it_was_first_posted_under(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "rows", [Row("a"), Row("b")])
        read(tx, run, "egera", "rows", [Row("a", Decimal(2), version=2)])
    with load(ledger) as copy:
        found = copy.execute(
            "SELECT quantity, number, origin FROM legs WHERE class = 'assets' AND live ORDER BY number"
        ).fetchall()
    assert found == [(1, 2, 2), (2, 4, 1)]


@pytest.mark.parametrize(
    ("fee", "classes"), [("1", {"assets", "fees", "transit"}), ("0.5", {"assets", "external"})]
)
def test_a_transfer_holds_only_while_it_loses_what_it_lost_when_it_was_found(
    ledger: Ledger, fee: str, classes: set[str]
) -> None:
    _linked(ledger, "transfer", "9", Decimal(fee))
    with load(ledger) as copy:
        assert {one for (one,) in copy.execute("SELECT DISTINCT class FROM legs").fetchall()} == classes


def test_a_third_copy_counts_once_when_the_second_is_taken_back(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "a", "b", "c")
        for source in "abc":
            read(tx, run, source, "rows", [Row("one", Decimal(5))])
        a, b, c = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars()
        tx.append(LinkRow, [LinkRow(1, run, "same", "txid", a, b), LinkRow(2, run, "same", "txid", b, c)])
    with load(ledger, tied=False) as copy:
        copy.execute("UPDATE legs SET live = false WHERE source = 'b'")
        tie(copy)
        found = copy.execute("SELECT source FROM legs WHERE class = 'assets' AND live AND counted").fetchall()
    assert found == [("a",)]
