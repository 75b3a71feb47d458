"""The typed copy holds what the ledger holds, to the last digit and moment, under the types that the checks rely on."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recon.core.records import Posting
from recon.ledger.copy import TABLES, load
from recon.ledger.reads import record_of
from recon.ledger.rows import LinkRow, ReadingRow
from recon.ledger.store import Ledger, open_ledger
from tests.ledger.books import NOON, Row, begin, enter, one_of_everything, read

EXACT, MOMENT = "DECIMAL(36,18)", "TIMESTAMP"
SCHEMA = {
    "legs": {
        "entry": "BIGINT", "number": "BIGINT",
        "source": "VARCHAR", "account": "VARCHAR", "ledger_account": "VARCHAR", "class": "VARCHAR",
        "asset": "VARCHAR", "quantity": EXACT, "balance_after": EXACT, "at": MOMENT, "ordinal": "BIGINT",
        "turn": "BIGINT", "kind": "VARCHAR", "record": "BIGINT", "txid": "VARCHAR", "address": "VARCHAR",
        "by_hand": "BOOLEAN", "live": "BOOLEAN", "counted": "BOOLEAN", "origin": "BIGINT",
        "stated_at": MOMENT, "counted_until": MOMENT,
    },
    "pending": {
        "record": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "account": "VARCHAR", "asset": "VARCHAR",
        "quantity": EXACT, "at": MOMENT, "kind": "VARCHAR",
    },
    "readings": {
        "reading": "BIGINT", "run": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "status": "VARCHAR",
        "started_at": MOMENT, "ended_at": MOMENT, "requests": "BIGINT", "seen": "BIGINT", "stated": "BIGINT",
        "first_at": MOMENT, "last_at": MOMENT, "error_kind": "VARCHAR", "error_message": "VARCHAR",
    },
    "snapshots": {
        "snapshot": "BIGINT", "reading": "BIGINT", "source": "VARCHAR", "account": "VARCHAR", "asset": "VARCHAR",
        "at": MOMENT, "total": EXACT, "locked": EXACT, "entry_cut": "BIGINT",
    },
    "looks": {
        "reading": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "at": MOMENT, "entry_cut": "BIGINT",
    },
    "coverage": {
        "certificate": "BIGINT", "run": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "outcome": "VARCHAR",
        "reason": "VARCHAR", "until": MOMENT,
    },
    "facts": {
        "fact": "BIGINT", "reading": "BIGINT", "run": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR",
        "subject": "VARCHAR", "name": "VARCHAR", "value": "VARCHAR", "at": MOMENT, "seq": "BIGINT",
        "pointer": "VARCHAR",
    },
    "beside": {
        "record": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "account": "VARCHAR", "asset": "VARCHAR",
        "quantity": EXACT, "at": MOMENT, "kind": "VARCHAR", "txid": "VARCHAR", "address": "VARCHAR",
    },
    "reversals": {
        "entry": "BIGINT", "reversed": "BIGINT", "stream": "VARCHAR", "status": "VARCHAR", "at": MOMENT,
    },
    "behind": {"link": "BIGINT", "since": MOMENT},
    "links": {
        "link": "BIGINT", "kind": "VARCHAR", "basis": "VARCHAR", "one_record": "BIGINT", "other_record": "BIGINT",
        "fee": EXACT,
    },
    "ties": {
        "link": "BIGINT", "kind": "VARCHAR", "sent": "BIGINT", "asset": "VARCHAR", "received": "BIGINT",
        "other_asset": "VARCHAR", "fee": EXACT,
    },
}  # fmt: skip


def rows(copy: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return copy.execute(query).fetchall()


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_the_tables_have_the_types_the_checks_rely_on(ledger: Ledger, filled: bool) -> None:
    if filled:
        with ledger.transaction() as tx:
            one_of_everything(tx)
    with load(ledger) as copy:
        found = {
            table: {row[0]: row[1] for row in rows(copy, f"DESCRIBE {table}")}
            for (table,) in rows(copy, "SHOW TABLES")
        }
        sizes = {table: rows(copy, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    assert found == SCHEMA
    assert set(SCHEMA) == TABLES | {"behind", "ties"}
    assert sizes == (
        {**dict.fromkeys(TABLES, 1), "legs": 10, "pending": 0, "readings": 5, "beside": 0}
        if filled
        else dict.fromkeys(TABLES, 0)
    )


def test_only_the_tables_asked_for_are_copied(ledger: Ledger) -> None:
    for asked in ({"legs"}, {"pending", "looks"}, set[str]()):
        with load(ledger, tables=asked) as copy:
            assert {name for (name,) in rows(copy, "SELECT table_name FROM duckdb_tables()")} == asked


# The strategy adds the zone itself.
BEGINNING, END = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001
EDGE = "999999999999999999.999999999999999999"
numbers = st.integers(1 - 10**36, 10**36 - 1).map(lambda units: Decimal(f"{units}e-18"))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantities=st.lists(numbers, min_size=1, max_size=20),
    moment=st.datetimes(BEGINNING, END, timezones=st.just(UTC)),
)
@example(
    quantities=[Decimal(EDGE), Decimal("-" + EDGE), Decimal("1e-18"), Decimal("-1e-18"), Decimal(0)],
    moment=datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
)
def test_numbers_and_moments_come_through_to_the_last_digit(
    ledger: Ledger, quantities: list[Decimal], moment: datetime
) -> None:
    with ledger.transaction() as tx:
        run = begin(tx)
        if run == 1:
            read(tx, begin(tx, "egera"), "egera", "deposits", [Row("a", status="pending")])
        record = record_of(tx, 1)._replace(at=moment)
        entries = [
            enter(
                tx,
                record,
                "ab" * 32,
                [Posting("assets:egera:main", "BTC", n, n), Posting("trading", "BTC", n.copy_negate())],
            )
            for n in quantities
        ]
    moment = moment.replace(tzinfo=None)
    with load(ledger, tables={"legs"}) as copy:
        legs = "SELECT quantity, balance_after, l.at FROM legs AS l WHERE entry >= {} AND {} ORDER BY entry"
        assert rows(copy, legs.format(entries[0].id, "account = 'main'")) == [
            (n, n, moment) for n in quantities
        ]
        assert rows(copy, legs.format(entries[0].id, "class = 'trading'")) == [
            (n.copy_negate(), None, moment) for n in quantities
        ]


def test_a_leg_names_its_place_and_its_class(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "fuse")
        read(
            tx,
            run,
            "fuse",
            "history",
            [Row("a", place="sub"), Row("b", place="IBKR:U1:cash", balance_after=Decimal(1))],
        )
    with load(ledger, tables={"legs"}) as copy:
        assert rows(
            copy,
            "SELECT entry, source, account, ledger_account, class, balance_after, live FROM legs ORDER BY 1, 4",
        ) == [
            (1, "fuse", "sub", "assets:fuse:sub", "assets", None, True),
            (1, "fuse", None, "external:fuse", "external", None, True),
            (2, "fuse", "IBKR:U1:cash", "assets:fuse:IBKR:U1:cash", "assets", Decimal(1), True),
            (2, "fuse", None, "external:fuse", "external", None, True),
        ]


def test_a_reversal_and_what_it_reverses_are_not_live(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits", [Row("a"), Row("b")])
        read(tx, run, "egera", "deposits", [Row("a", Decimal(2), version=2)])
    with load(ledger, tables={"legs"}) as copy:
        live = rows(
            copy,
            "SELECT entry, kind, bool_and(live), bool_or(live), sum(quantity) FROM legs GROUP BY ALL ORDER BY 1",
        )
    assert live == [
        (1, "deposit", False, False, 0),
        (2, "deposit", True, True, 0),
        (3, "reversal", False, False, 0),
        (4, "deposit", True, True, 0),
    ]


def test_pending_is_what_the_newest_version_says(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        waiting = [
            Row(name, Decimal("1.5"), status="pending") for name in ("settles", "stays", "goes", "waits on")
        ]
        read(tx, run, "egera", "deposits", [*waiting, Row("waits on", occurrence=1)])
        read(
            tx,
            run,
            "egera",
            "deposits",
            [
                Row("settles", version=2),
                Row("goes", version=2, status="vanished"),
                Row("waits on", Decimal(3), version=2, status="pending"),
            ],
        )
    with load(ledger, tables={"pending"}) as copy:
        assert rows(
            copy, "SELECT record, source, stream, account, asset, quantity, kind FROM pending ORDER BY 1"
        ) == [
            (2, "egera", "deposits", "main", "BTC", Decimal("1.5"), "deposit"),
            (8, "egera", "deposits", "main", "BTC", Decimal(3), "deposit"),
        ]


def test_a_look_that_found_nothing_is_still_a_look(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "fuse", "gas")
        read(tx, run, "gas", "txs", [Row("x")])
        read(tx, run, "fuse", "wallet", holdings=[])
        read(tx, run, "fuse", "history", [Row("a"), Row("b")])
        read(tx, run, "gas", "txs", [Row("y")])
        read(tx, run, "fuse", "wallet", holdings=[("main", "BTC", Decimal(2)), ("sub", "BTC", Decimal(0))])
    with load(ledger) as copy:
        moment = NOON.replace(tzinfo=None)
        assert rows(copy, "SELECT * FROM looks ORDER BY reading") == [
            (2, "fuse", "wallet", moment, 0),
            (5, "fuse", "wallet", moment, 3),
        ]
        assert rows(
            copy, "SELECT snapshot, reading, account, total, entry_cut FROM snapshots ORDER BY 1"
        ) == [
            (1, 5, "main", Decimal(2), 3),
            (2, 5, "sub", Decimal(0), 3),
        ]
        held = rows(
            copy, "SELECT sum(quantity) FROM legs WHERE source = 'fuse' AND class = 'assets' AND entry <= 3"
        )
        assert held == [(Decimal(2),)]


def test_a_reading_comes_with_its_gaps(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "trades", error="timeout")
        whole = read(tx, run, "egera", "trades", [Row("a")])
        row = ReadingRow(
            tx.next_id(ReadingRow), run, "egera", "deposits", "deposits", "ok", NOON, NOON, None, None, 3, 5, 0, 0, 0,
            5, NOON, NOON.replace(microsecond=1), None, None, None,
        )  # fmt: skip
        tx.append(ReadingRow, [row])
    with load(ledger, tables={"readings"}) as copy:
        found = rows(
            copy,
            "SELECT reading, status, stated, first_at, last_at, error_kind, error_message "
            "FROM readings ORDER BY 1",
        )
    noon = NOON.replace(tzinfo=None)
    assert found == [
        (1, "failed", None, None, None, "timeout", "timeout"),
        (whole, "ok", None, None, None, None, None),
        (3, "ok", 5, noon, noon.replace(microsecond=1), None, None),
    ]


def test_a_copy_is_refused_while_a_transaction_is_open(ledger: Ledger) -> None:
    with ledger.transaction(), pytest.raises(AssertionError), load(ledger):
        pass


def test_what_is_appended_after_a_copy_is_there_for_every_process(url: str, ledger: Ledger) -> None:
    """Two SQLite libraries in one process once lost what the first wrote after the second had closed the file."""
    with ledger.transaction() as tx:
        one_of_everything(tx)
    for expected in (10, 20, 30):
        with load(ledger, tables={"legs"}) as copy:
            assert rows(copy, "SELECT count(*) FROM legs") == [(expected,)]
        with ledger.transaction() as tx:
            for number in range(5):
                read(tx, 1, "egera", "more", [Row(f"{expected}-{number}")])
    asked = (
        "from recon.ledger.store import open_ledger; from recon.ledger.reads import counts\n"
        f"with open_ledger({url!r}, create=False) as ledger, ledger.transaction() as tx: print(counts(tx)['postings'])"
    )
    assert subprocess.check_output([sys.executable, "-c", asked], text=True).split() == ["40"]


def test_no_extension_is_fetched_or_loaded_unasked(ledger: Ledger) -> None:
    with load(ledger) as copy:
        settings = rows(
            copy, "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'"
        )
    assert dict(settings) == {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def test_a_copy_while_another_run_writes_is_one_state_of_the_ledger(url: str, ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        begin(tx, "egera")
    writer = f"""
from recon.ledger.store import open_ledger
from tests.ledger.books import Row, read
with open_ledger({url!r}, create=False) as ledger:
    for number in range(25):
        with ledger.transaction() as tx:
            read(tx, 1, "egera", "deposits", [Row("a", version=number + 1)])
"""
    with subprocess.Popen([sys.executable, "-c", writer]) as other:
        sizes: list[int] = []
        while other.poll() is None or not sizes:
            with load(ledger) as copy:
                ((entries, reversals, live, amiss),) = rows(
                    copy,
                    "SELECT count(DISTINCT entry), count(DISTINCT entry) FILTER (WHERE kind = 'reversal'), "
                    "count(DISTINCT entry) FILTER (WHERE live), sum(quantity) FROM legs",
                )
                assert (live, amiss or 0) == (entries - 2 * reversals, 0)
                sizes.append(entries)
    assert other.returncode == 0
    assert sizes == sorted(sizes)


def test_a_copy_of_a_ledger_whose_run_was_killed_has_all_that_was_committed(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/recon.db"
    killed = f"""
import os, signal
from recon.ledger.store import open_ledger
from tests.ledger.books import one_of_everything
with open_ledger({url!r}, create=True) as ledger:
    with ledger.transaction() as tx:
        one_of_everything(tx)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    with open_ledger(url, create=False) as ledger, load(ledger, tables={"legs"}) as copy:
        assert rows(copy, "SELECT count(*) FROM legs") == [(10,)]


def test_a_transfer_moves_through_transit_less_its_fee(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera", "fuse")
        read(tx, run, "egera", "withdrawals", [Row("out", Decimal(-10))])
        read(tx, run, "fuse", "deposits", [Row("in", Decimal("9.9"))])
        one, other = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars()
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, "transfer", "txid", one, other)])
    with load(ledger) as copy:
        found = rows(
            copy,
            "SELECT source, ledger_account, class, quantity FROM legs ORDER BY source, quantity, ledger_account",
        )
    assert found == [
        ("egera", "assets:egera:main", "assets", Decimal(-10)),
        ("egera", "fees:egera", "fees", Decimal("0.1")),
        ("egera", "transit", "transit", Decimal("9.9")),
        ("fuse", "transit", "transit", Decimal("-9.9")),
        ("fuse", "assets:fuse:main", "assets", Decimal("9.9")),
    ]


def test_a_link_holds_while_both_its_rows_are_posted(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera", "csv")
        read(tx, run, "egera", "deposits", [Row("api")])
        read(tx, run, "csv", "file", [Row("line")])
        one, other = tx.connection.exec_driver_sql("SELECT id FROM records ORDER BY id").scalars()
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, "same", "txid", one, other)])

    def counted() -> list[tuple[Any, ...]]:
        with load(ledger) as copy:
            return rows(copy, "SELECT DISTINCT source FROM legs WHERE counted AND live ORDER BY source")

    assert counted() == [("egera",)]
    with ledger.transaction() as tx:
        read(tx, run, "egera", "deposits", [Row("api", status="vanished", version=2)])
    assert counted() == [("csv",)]


def test_a_row_that_changes_is_still_the_same_record(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits", [Row("a"), Row("b")])
        read(tx, run, "egera", "deposits", [Row("a", Decimal(2), version=2)])
        first = tx.connection.exec_driver_sql("SELECT min(id) FROM records").scalar()
    with load(ledger) as copy:
        found = rows(
            copy, "SELECT record, quantity FROM legs WHERE class = 'assets' AND live ORDER BY record"
        )
        reversed_rows = rows(copy, "SELECT stream, status FROM reversals")
    assert found == [(first, Decimal(2)), (found[1][0], Decimal(1))]
    assert reversed_rows == [("deposits", "settled")]
