"""What the pipeline asks of a ledger is answered as it was written."""

from decimal import Decimal

from sqlalchemy import select

from recon.core.canonical import sha256
from recon.core.records import GENESIS, Posting
from recon.ledger import reads
from recon.ledger.rows import RunEndRow
from recon.ledger.store import Ledger
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction
from tests.ledger.books import NOON, Row, begin, one_of_everything, read, rolled_back


def record_ids(tx: Transaction, version: int) -> list[int]:
    record = METADATA.tables["records"].c
    return list(tx.connection.scalars(select(record.id).where(record.version == version).order_by(record.id)))


def test_an_empty_ledger_answers_everything_with_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert reads.heads(tx) == reads.runs(tx) == reads.latest_readings(tx) == []
        assert reads.streams_read(tx, "egera") == frozenset()
        assert reads.live_entries(tx, [1]) == reads.entry_evidence(tx, [1]) == []
        assert reads.sources(tx) == {}
        assert list(reads.answer_links(tx)) == []
        assert reads.evidence_head(tx) == GENESIS
        assert set(reads.counts(tx)) == set(METADATA.tables)


def test_a_head_is_the_newest_entry_of_its_source(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "b", "a")
        read(tx, run, "b", "deposits", [Row("1"), Row("2")])
        read(tx, run, "a", "deposits", [Row("3")])
        read(tx, run, "b", "deposits", [Row("4")])
        assert [(head.source, head.entry_id, head.seq) for head in reads.heads(tx)] == [
            ("a", 3, 1),
            ("b", 4, 3),
        ]


def test_a_run_has_its_end_once_it_has_one(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        first, second = begin(tx, "egera"), begin(tx)
        tx.append(RunEndRow, [RunEndRow(second, NOON, "partial")])
        assert [(run.id, run.ended_at, run.status) for run in reads.runs(tx)] == [
            (first, None, None),
            (second, NOON, "partial"),
        ]
        assert reads.sources(tx) == {"egera": "kind"}


def test_streams_read_are_those_of_the_source_whole_or_failed(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera", "fuse")
        read(tx, run, "egera", "trades")
        read(tx, run, "egera", "trades")
        read(tx, run, "egera", "deposits", error="timeout")
        read(tx, run, "fuse", "history")
        assert reads.streams_read(tx, "egera") == {"trades", "deposits"}


def test_the_latest_reading_of_each_stream_whole_or_failed(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera", "fuse")
        read(tx, run, "egera", "trades", [Row("a")])
        read(tx, run, "fuse", "trades", [Row("a"), Row("b")])
        failed = read(tx, run, "egera", "trades", error="timeout")
        found = reads.latest_readings(tx)
        assert [(row.source, row.status, row.seen, row.error_kind) for row in found] == [
            ("fuse", "ok", 2, None),
            ("egera", "failed", 0, "timeout"),
        ]
        assert found[1].id == failed
        assert found[0].started_at == NOON


def test_a_live_entry_is_neither_reversed_nor_a_reversal(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera")
        read(
            tx,
            run,
            "egera",
            "deposits",
            [Row("a", Decimal("1.5")), Row("b", Decimal(2), balance_after=Decimal(2))],
        )
        read(tx, run, "egera", "deposits", [Row("a", Decimal("1.25"), version=2)])
        old, new = record_ids(tx, 1), record_ids(tx, 2)
        assert [(one.entry.record_id, one.postings[0].quantity) for one in reads.live_entries(tx, old)] == [
            (old[1], 2)
        ]
        (live,) = reads.live_entries(tx, new)
        assert sorted(live.postings) == [
            Posting("assets:egera:main", "BTC", Decimal("1.25")),
            Posting("external:egera", "BTC", Decimal("-1.25")),
        ]
        assert live.entry.seq == 4
        assert live.entry.at > NOON
        (kept,) = reads.live_entries(tx, [old[1]])
        assert {posting.balance_after for posting in kept.postings} == {Decimal(2), None}


def test_more_ids_than_a_query_takes_are_asked_in_turns(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        read(tx, begin(tx, "egera"), "egera", "deposits", [Row(str(number)) for number in range(12)])
        wanted = range(-3_000, 3_000)
        assert [one.entry.id for one in reads.live_entries(tx, wanted)] == list(range(1, 13))
        assert [one.entry_id for one in reads.entry_evidence(tx, wanted)] == list(range(1, 13))


def test_the_evidence_of_an_entry_is_its_record_and_its_answer(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        rows = [Row("a"), Row("b")]
        read(tx, begin(tx, "egera"), "egera", "deposits", rows)
        (found,) = reads.entry_evidence(tx, [2, 2])
        assert (found.entry_id, found.source, found.stream, found.pointer) == (2, "egera", "deposits", "/b")
        assert found.data == '{"name":"b","version":1}'
        assert found.answer == sha256(f"egera deposits {rows}".encode())
        record = reads.record_of(tx, 2)
        assert (record.data, record.at, record.quantity) == (found.data, found.at, Decimal(1))


def test_the_evidence_head_is_the_link_of_the_newest_answer(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits")
        read(tx, run, "egera", "trades")
        links = list(reads.answer_links(tx))
        assert [(seq, source) for seq, source, _ in links] == [(1, "egera"), (2, "egera")]
        assert reads.evidence_head(tx) == links[-1][2]


def test_counts_are_of_rows(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        one_of_everything(tx)
        assert reads.counts(tx) == {
            "acts": 1,
            "answers": 5,
            "cells": 1,
            "coverage": 1,
            "entries": 5,
            "facts": 1,
            "links": 1,
            "postings": 10,
            "readings": 5,
            "records": 4,
            "run_ends": 1,
            "runs": 1,
            "snapshots": 1,
            "sources": 2,
        }
