"""The digest tells two ledgers apart by what they say, and by nothing else."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.core.acts import PROGRAM, Deed
from recon.ledger.acts import record as act
from recon.ledger.digest import digest, dump
from recon.ledger.rows import EntryRow, ReadingRow, RecordRow, RunRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.transaction import Transaction
from tests.ledger.books import NOON, Row, begin, one_of_everything, read, rolled_back

Step = tuple[str, str, list[Row]]

DEPOSITS: list[Step] = [
    ("egera", "deposits", [Row("a", Decimal("1.5")), Row("a", occurrence=1), Row("b")]),
    ("egera", "deposits", [Row("a", Decimal("1.25"), version=2)]),
    ("egera", "deposits", [Row("b", status="vanished", version=2)]),
]
TRADES: list[Step] = [
    ("egera", "trades", [Row("t", balance_after=Decimal(3))]),
    ("egera", "trades", [Row("u")]),
]
HISTORY: list[Step] = [
    ("fuse", "history", [Row("a", asset="ETH")]),
    ("fuse", "history", [Row("z", status="pending")]),
]


def write(tx: Transaction, steps: Sequence[Step], held: str = "7") -> None:
    run = begin(tx, "egera", "fuse")
    for source, stream, rows in steps:
        read(tx, run, source, stream, rows)
    read(tx, run, "fuse", "wallet", holdings=[("main", "BTC", Decimal(held)), ("sub", "BTC", Decimal(1))])


def told(ledger: Ledger, steps: Sequence[Step], held: str = "7") -> str:
    with rolled_back(ledger) as tx:
        write(tx, steps, held)
        return digest(tx)


@st.composite
def interleavings(draw: st.DrawFn) -> list[Step]:
    """The same readings in another order; those of one stream stay in theirs."""
    queues = [list(DEPOSITS), list(TRADES), list(HISTORY)]
    steps: list[Step] = []
    while queues := [queue for queue in queues if queue]:
        steps.append(draw(st.sampled_from(queues)).pop(0))
    return steps


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=interleavings())
def test_the_order_in_which_streams_were_read_does_not_matter(ledger: Ledger, steps: list[Step]) -> None:
    assert told(ledger, steps) == told(ledger, [*DEPOSITS, *TRADES, *HISTORY])


@pytest.fixture
def afresh(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest that another ledger, on SQLite, has for the same."""
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('other')}/recon.db", create=True) as ledger:
        return told(ledger, [*DEPOSITS, *TRADES, *HISTORY])


def test_ids_runs_clocks_and_failed_readings_do_not_matter(ledger: Ledger, afresh: str) -> None:
    with rolled_back(ledger) as tx:
        for _ in range(3):
            tx.append(RunRow, [RunRow(10 + tx.next_id(RunRow), NOON.replace(year=2026), "report", "9", "{}")])
        run = begin(tx, "other")
        for kind in (ReadingRow, RecordRow, EntryRow):
            tx.next_id(kind)
        read(tx, run, "other", "deposits", error="timeout")
        read(tx, run, "other", "wallet", holdings=[("main", "BTC", Decimal(99))], error="timeout")
        read(tx, run, "other", "wallet", holdings=[])
        act(tx, run, NOON, PROGRAM, [Deed("break", "B-1", "opened", {})])
        write(tx, [*DEPOSITS, *TRADES, *HISTORY])
        assert digest(tx) == afresh


def test_both_databases_tell_the_same(ledger: Ledger, afresh: str) -> None:
    assert told(ledger, [*DEPOSITS, *TRADES, *HISTORY]) == afresh


def test_an_empty_ledger_has_a_digest(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert len(digest(tx)) == 64
        assert list(dump(tx)) == []


def test_only_the_latest_look_counts(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "fuse")
        read(tx, run, "fuse", "wallet", holdings=[("main", "BTC", Decimal(1)), ("main", "ETH", Decimal(2))])
        read(tx, run, "fuse", "wallet", holdings=[("main", "BTC", Decimal("1.50"))])
        assert list(dump(tx)) == ['["snapshot","fuse","main","BTC","1.5"]']


BASE: list[Step] = [("egera", "deposits", [Row("a", balance_after=Decimal(1)), Row("b")])]
OTHERS: dict[str, list[Step]] = {
    "another source": [("fuse", "deposits", BASE[0][2])],
    "another stream": [("egera", "withdrawals", BASE[0][2])],
    "another key": [("egera", "deposits", [Row("c", balance_after=Decimal(1)), Row("b")])],
    "another quantity": [("egera", "deposits", [Row("a", Decimal(2), balance_after=Decimal(1)), Row("b")])],
    "another balance": [("egera", "deposits", [Row("a", balance_after=Decimal(2)), Row("b")])],
    "another status": [
        ("egera", "deposits", [Row("a", balance_after=Decimal(1)), Row("b", status="pending")])
    ],
    "another place": [("egera", "deposits", [Row("a", balance_after=Decimal(1)), Row("b", place="sub")])],
    "another asset": [("egera", "deposits", [Row("a", balance_after=Decimal(1)), Row("b", asset="ETH")])],
    "one row more": [("egera", "deposits", [*BASE[0][2], Row("b", occurrence=1)])],
    "one row less": [("egera", "deposits", BASE[0][2][:1])],
    "one version more": [*BASE, ("egera", "deposits", [Row("b", Decimal(1), version=2)])],
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_a_ledger_says_decides_its_digest(ledger: Ledger, other: str) -> None:
    assert told(ledger, OTHERS[other]) != told(ledger, BASE)


def test_what_a_venue_holds_decides_it_too(ledger: Ledger) -> None:
    assert told(ledger, BASE, "7") != told(ledger, BASE, "8")


def test_a_dump_holds_every_record_and_entry_once(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        one_of_everything(tx)
        lines = list(dump(tx))
        assert len(set(lines)) == len(lines)
        kinds = [line.split('"')[1] for line in lines]
        assert {kind: kinds.count(kind) for kind in kinds} == {"record": 4, "entry": 5, "snapshot": 1}
