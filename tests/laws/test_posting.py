"""Posting, row by row: what a reading writes of records, entries and postings, to the letter."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from recon.core.answers import Answer
from recon.core.canonical import identity
from recon.core.contracts import Pass, Stream
from recon.core.errors import SourceError
from recon.core.records import GENESIS, Fact, Holding, Posting, Row, Status, merged, moved
from recon.ledger.chain import ChainedEntry, link
from recon.ledger.rows import AnswerRow, ReadingRow, RunRow, SourceRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction
from recon.pipeline.post import Cell, Ids, Reading, Tally, post_facts, post_holdings, post_rows
from recon.sources._rows import never

NOON = datetime(2025, 1, 14, 12, tzinfo=UTC)
HELD, OUT = "assets:venue:main", "external:venue"
DIGEST = "ab" * 32


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/recon.db", create=True) as opened:
        with opened.transaction() as tx:
            tx.append(RunRow, [RunRow(tx.next_id(RunRow), NOON, "pull", "0", "{}")])
            tx.append(SourceRow, [SourceRow(name, "kind", 1) for name in ("other", "venue")])
        yield opened


def row(
    name: str, quantity: str = "1.5", *, status: Status = "settled", minutes: int = 0, data: str = "{}",
    kind: str = "deposit", after: str | None = None, account: str = "main", txid: str = "", address: str = "",
) -> Row:  # fmt: skip
    at, amount = NOON + timedelta(minutes=minutes), Decimal(quantity)
    stated = None if after is None else Decimal(after)
    legs = merged(moved(HELD, OUT, "BTC", amount, stated)) if status == "settled" else ()
    return Row(
        (name,),
        at,
        7 + minutes,
        kind,
        status,
        account,
        "BTC",
        amount,
        data,
        4,
        f"/{name}",
        legs,
        txid,
        address,
    )


def reading(
    tx: Transaction,
    rows: Sequence[Row] = (),
    *,
    stated: int | None = None,
    start: datetime | None = None,
    source: str = "venue",
    stream: str = "rows",
    family: str = "",
    **more: Any,
) -> Reading:
    """A reading of one answer, the number 4, kept as the ledger wants it."""
    number, seq = tx.next_id(ReadingRow), 4
    if number == 1:
        tx.append(
            AnswerRow, [AnswerRow(seq, NOON, source, stream, "GET", "/", "{}", 200, DIGEST, 1, "c" * 64)]
        )
    tx.append(
        ReadingRow,
        [ReadingRow(number, 1, source, stream, family or stream, "ok", NOON, NOON, seq, seq, 1, 0, 0, 0, 0, None, None,
                    None, None, None, None)],
    )  # fmt: skip
    answer = Answer(
        seq=seq, at=NOON, source=source, stream=stream, method="GET", url="/", params={}, status=200, sha256=DIGEST,
        size=1, link="c" * 64, body=lambda: io.BytesIO(b""),
    )  # fmt: skip
    found: dict[str, Any] = {"rows": lambda answers: iter(rows), **more}
    made = Stream(name=stream, read=never, family=family, **found)
    return Reading(number, source, made, Pass(answers=(answer,), stated=stated), start)


def post(
    ledger: Ledger, *rows: Row, touched: Ids | None = None, last: bool = True, **more: Any
) -> tuple[int, ...]:
    """Posts a reading of these rows; how many were seen, new, changed and vanished."""
    with ledger.transaction() as tx:
        tally = post_rows(tx, reading(tx, rows, **more), touched or Ids(), last)
    return tally.seen, tally.new, tally.changed, tally.vanished


def kept(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    """All rows of a table in the order of their ids."""
    columns = METADATA.tables[table].c
    first = columns.id if "id" in columns else columns.entry_id
    with ledger.transaction() as tx:
        return [dict(one) for one in tx.connection.execute(select(*columns).order_by(first)).mappings()]


def places(ledger: Ledger) -> list[tuple[str, int, int, str]]:
    """The name, occurrence, version and status of each record."""
    return [
        (one["pointer"], one["occurrence"], one["version"], one["status"]) for one in kept(ledger, "records")
    ]


def entries(ledger: Ledger) -> list[tuple[int, str, int | None, list[tuple[str, Decimal, Decimal | None]]]]:
    """Each entry's record, kind, the entry it takes back, and postings."""
    legs = kept(ledger, "postings")
    return [
        (
            one["record_id"], one["kind"], one["reverses"],
            [(leg["account"], leg["quantity"], leg["balance_after"]) for leg in legs if leg["entry_id"] == one["id"]],
        )
        for one in kept(ledger, "entries")
    ]  # fmt: skip


def test_a_settled_row_is_kept_and_posted_with_every_field(ledger: Ledger) -> None:
    found = row("a", "1.5", after="9", minutes=3, data='{"a":1}', kind="gift", txid="0xAB", address="bc1")
    assert post(ledger, found, family="files") == (1, 1, 0, 0)
    (record,) = kept(ledger, "records")
    assert record == {
        "id": 1, "reading_id": 1, "source": "venue", "stream": "rows", "family": "files", "key": identity(("a",)),
        "occurrence": 0, "version": 1, "status": "settled", "kind": "gift", "at": NOON + timedelta(minutes=3),
        "account": "main", "asset": "BTC", "quantity": Decimal("1.5"), "data": '{"a":1}', "answer_seq": 4,
        "pointer": "/a", "txid": "0xAB", "address": "bc1",
    }  # fmt: skip
    chained = ChainedEntry(
        "venue",
        1,
        NOON + timedelta(minutes=3),
        10,
        "gift",
        identity(("a",)),
        0,
        1,
        DIGEST,
        "/a",
        0,
        found.postings,
    )
    (entry,) = kept(ledger, "entries")
    assert entry == {
        "id": 1, "source": "venue", "seq": 1, "at": NOON + timedelta(minutes=3), "ordinal": 10, "kind": "gift",
        "record_id": 1, "reverses": None, "hash": link(GENESIS, chained)[1],
    }  # fmt: skip
    assert entries(ledger) == [(1, "gift", None, [(HELD, Decimal("1.5"), 9), (OUT, Decimal("-1.5"), None)])]


def test_a_pending_row_is_kept_and_not_posted_until_it_settles(ledger: Ledger) -> None:
    assert post(ledger, row("a", status="pending")) == (1, 1, 0, 0)
    assert places(ledger) == [("/a", 0, 1, "pending")]
    assert entries(ledger) == []
    assert kept(ledger, "records")[0]["txid"] is kept(ledger, "records")[0]["address"] is None
    assert post(ledger, row("a")) == (1, 0, 1, 0)
    assert places(ledger)[1:] == [("/a", 0, 2, "settled")]
    assert [one[:3] for one in entries(ledger)] == [(2, "deposit", None)]


def test_what_is_read_again_changes_nothing_and_true_twins_are_counted(ledger: Ledger) -> None:
    assert post(ledger, row("a"), row("a"), row("b")) == (3, 3, 0, 0)
    assert [place[:2] for place in places(ledger)] == [("/a", 0), ("/a", 1), ("/b", 0)]
    assert post(ledger, row("b"), row("a"), row("a")) == (3, 0, 0, 0)
    assert post(ledger, row("a"), row("b"), row("a"), row("a")) == (4, 1, 0, 0)
    assert places(ledger)[3:] == [("/a", 2, 1, "settled")]
    assert len(entries(ledger)) == 4


def test_a_change_takes_the_entry_back_as_it_was_and_posts_the_row_anew(ledger: Ledger) -> None:
    post(ledger, row("a", "1.5", after="9", kind="k" * 200), row("b"))
    assert post(ledger, row("a", "2", after="8", minutes=5), row("b")) == (2, 0, 1, 0)
    assert post(ledger, row("a", "3", minutes=6), row("b")) == (2, 0, 1, 0)
    assert places(ledger)[2:] == [("/a", 0, 2, "settled"), ("/a", 0, 3, "settled")]
    back = kept(ledger, "entries")[2]
    assert (back["at"], back["ordinal"], back["seq"]) == (NOON, 7, 3)
    assert entries(ledger)[2:] == [
        (
            3,
            ("reversal: " + "k" * 200)[:200],
            1,
            [(HELD, Decimal("-1.5"), None), (OUT, Decimal("1.5"), None)],
        ),
        (3, "deposit", None, [(HELD, 2, 8), (OUT, -2, None)]),
        (4, "reversal: deposit", 4, [(HELD, -2, None), (OUT, 2, None)]),
        (4, "deposit", None, [(HELD, 3, None), (OUT, -3, None)]),
    ]


def test_a_row_that_goes_is_taken_back_and_may_return(ledger: Ledger) -> None:
    post(ledger, row("a", "1.5", after="9", data='{"a":1}', kind="gift", minutes=2))
    assert post(ledger, row("b")) == (1, 1, 0, 1)
    gone = kept(ledger, "records")[2]
    assert (gone["kind"], gone["at"], gone["quantity"]) == (
        "gift",
        NOON + timedelta(minutes=2),
        Decimal("1.5"),
    )
    assert (gone["data"], gone["answer_seq"], gone["pointer"], gone["account"]) == ('{"a":1}', 4, "", "main")
    assert (gone["status"], gone["version"], gone["asset"], gone["key"]) == (
        "vanished",
        2,
        "BTC",
        identity(("a",)),
    )
    assert entries(ledger)[2] == (
        3,
        "reversal: gift",
        1,
        [(HELD, Decimal("-1.5"), None), (OUT, Decimal("1.5"), None)],
    )
    assert post(ledger, row("b")) == (1, 0, 0, 0)
    assert post(ledger, row("b"), row("a")) == (2, 0, 1, 0)
    assert [one[:3] for one in entries(ledger)[3:]] == [(4, "deposit", None)]


def test_the_chain_of_a_source_goes_on_and_knows_nothing_of_others(ledger: Ledger) -> None:
    post(ledger, row("a"))
    post(ledger, row("x"), source="other", stream="else")
    post(ledger, row("a", "2"))
    found = kept(ledger, "entries")
    assert [(one["source"], one["seq"]) for one in found] == [
        ("venue", 1),
        ("other", 1),
        ("venue", 2),
        ("venue", 3),
    ]
    back = (Posting(HELD, "BTC", Decimal("-1.5")), Posting(OUT, "BTC", Decimal("1.5")))
    key = identity(("a",))
    chained = ChainedEntry("venue", 2, NOON, 7, "reversal: deposit", key, 0, 2, DIGEST, "/a", 1, back)
    assert found[2]["hash"] == link(found[0]["hash"], chained)[1]


def test_nothing_before_the_start_is_posted_and_nothing_posted_is_taken_back_for_it(ledger: Ledger) -> None:
    start = NOON + timedelta(minutes=5)
    assert post(ledger, row("early", minutes=4), row("edge", minutes=5), start=start) == (2, 1, 0, 0)
    later = start + timedelta(minutes=1)
    assert post(ledger, row("early", minutes=4), row("edge", minutes=5), start=later) == (2, 0, 0, 0)
    assert [place[0] for place in places(ledger)] == ["/edge"]


@pytest.mark.parametrize(("stated", "gone"), [(None, 1), (1, 1), (0, 1), (2, 0)])
def test_a_list_shorter_than_the_venue_counts_takes_nothing_back(
    ledger: Ledger, stated: int, gone: int
) -> None:
    post(ledger, row("a"), row("b"))
    assert post(ledger, row("a"), stated=stated) == (1, 0, 0, gone)


def test_files_of_one_family_are_one_list_and_may_not_contradict(ledger: Ledger) -> None:
    touched = Ids()
    assert post(ledger, row("a"), touched=touched, last=False, stream="1", family="f") == (1, 1, 0, 0)
    assert post(ledger, row("b"), touched=touched, stream="2", family="f") == (1, 1, 0, 0)
    touched = Ids()
    assert post(ledger, row("a", "2"), touched=touched, last=False, stream="1", family="f") == (1, 0, 1, 0)
    with pytest.raises(SourceError) as refused:
        post(ledger, row("a", "3"), touched=touched, stream="2", family="f")
    assert refused.value.kind == "bad_row"
    assert refused.value.what == "row /a: another file of this pull has a row of the same id with other cells"
    assert refused.value.where == "2"
    assert refused.value.next_step == "Keep the file that is right; nothing of this one was posted"
    assert post(ledger, touched=touched, stream="2", family="f") == (0, 0, 0, 1)


def test_of_one_identity_more_rows_than_known_are_changes_first_and_then_new(ledger: Ledger) -> None:
    post(ledger, row("a", data="1"))
    assert post(ledger, row("a", data="2"), row("a", data="3")) == (2, 1, 1, 0)
    assert places(ledger)[1:] == [("/a", 0, 2, "settled"), ("/a", 1, 1, "settled")]
    assert post(ledger, row("a", data="3"), row("a", data="2")) == (2, 0, 0, 0)
    assert post(ledger, *(row("a", data=f"{number}") for number in range(4, 9))) == (5, 3, 2, 0)
    assert post(ledger) == (0, 0, 0, 5)


def test_thousands_of_rows_are_written_in_parts_and_read_back_as_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recon.pipeline.post._CHUNK", 3)
    passed: list[str] = []
    monkeypatch.setattr("recon.pipeline.post.failpoint", passed.append)
    rows = [row(f"{number}") for number in range(7)]
    assert post(ledger, *rows) == (7, 7, 0, 0)
    assert passed == ["post.chunk-written"] * 3 + ["post.rows-written"]
    assert len(kept(ledger, "records")) == len(kept(ledger, "entries")) == 7
    assert post(ledger, *rows) == (7, 0, 0, 0)


def test_a_tally_counts_each_place_and_asset_a_row_moves() -> None:
    trade = row("a")._replace(
        postings=(*moved(HELD, "trading", "BTC", Decimal(1)), *moved(HELD, "trading", "EUR", Decimal(-5)))
    )
    tally = Tally()
    assert (tally.first, tally.last, tally.seen) == (None, None, 0)
    moments = [NOON + timedelta(minutes=minutes) for minutes in (3, 1, 2, 9, 3)]
    for at in moments:
        tally.meet(trade._replace(at=at))
    tally.meet(row("b", minutes=20, account="sub"))
    low, high = moments[1], moments[3]
    assert tally.cells == {
        ("main", "BTC"): Cell(5, low, high),
        ("main", "EUR"): Cell(5, low, high),
        ("sub", "BTC"): Cell(1, NOON + timedelta(minutes=20), NOON + timedelta(minutes=20)),
    }
    assert (tally.seen, tally.first, tally.last) == (6, low, NOON + timedelta(minutes=20))


@given(st.sets(st.integers(0, 200)))
def test_ids_hold_what_was_put_in_and_nothing_else(numbers: set[int]) -> None:
    ids = Ids()
    for number in numbers:
        ids.add(number)
    assert {number for number in range(220) if number in ids} == numbers
    assert len(ids._bits) == (max(numbers) // 8 + 1 if numbers else 0)


def test_what_a_venue_holds_and_what_else_it_states_are_kept_with_every_field(ledger: Ledger) -> None:
    holdings = [Holding("main", "BTC", Decimal("1.5"), Decimal("0.5"), NOON, 4, "/0"),
                Holding("sub", "EUR", Decimal(2), Decimal(0), NOON, 4, "/1")]  # fmt: skip
    facts = [Fact("BTC", "price", "9.5", NOON, 4, "/p"), Fact("fees", "maker", "30", NOON, 4, "/m")]
    with ledger.transaction() as tx:
        found = reading(tx, rows=(), stream="balances", holdings=lambda answers: iter(holdings))
        assert post_holdings(tx, found) == Tally(seen=2)
        other = reading(tx, stream="prices", facts=lambda answers: iter(facts), seen=lambda answers: 9)
        assert post_facts(tx, other) == Tally(seen=9)
    assert kept(ledger, "snapshots") == [
        {
            "id": number, "reading_id": 1, "source": "venue", "account": held.account, "asset": held.asset,
            "at": NOON, "total": held.total, "locked": held.locked, "answer_seq": 4, "pointer": held.pointer,
        }
        for number, held in enumerate(holdings, start=1)
    ]  # fmt: skip
    assert kept(ledger, "facts") == [
        {
            "id": number, "reading_id": 2, "source": "venue", "stream": "prices", "subject": fact.subject,
            "name": fact.name, "value": fact.value, "at": NOON, "answer_seq": 4, "pointer": fact.pointer,
        }
        for number, fact in enumerate(facts, start=1)
    ]  # fmt: skip


def test_numbers_are_posted_whole_whatever_context_is_in_force(ledger: Ledger) -> None:
    long = "123456789012345678.123456789012345678"
    post(ledger, row("a", long))
    post(ledger)
    assert [leg["quantity"] for leg in kept(ledger, "postings")] == [
        Decimal(sign + long) for sign in ("", "-", "-", "")
    ]
