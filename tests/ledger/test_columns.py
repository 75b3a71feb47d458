"""Numbers and moments come back from either database as they went in, and nothing else gets in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateTable

from recon.core.errors import NumberRefused
from recon.ledger.columns import Exact, Moment
from recon.ledger.rows import TABLE_OF, PostingRow, RunEndRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from tests.ledger.books import begin, read, rolled_back

SCRATCH = Table("scratch", MetaData(), Column("n", Exact), Column("m", Moment))
EDGE = Decimal("999999999999999999.999999999999999999")
CANONICAL = re.compile(r"(?!-0\Z)-?(0|[1-9][0-9]{0,17})(\.[0-9]{0,17}[1-9])?\Z")

one_ledger_for_all_examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
numbers = st.integers(1 - 10**36, 10**36 - 1).map(lambda units: Decimal(f"{units}e-18")) | st.integers(
    -(10**18) + 1, 10**18 - 1
).map(Decimal)
moments = st.datetimes(
    min_value=datetime(2009, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)


def through(ledger: Ledger, column: str, value: Any) -> Any:
    with rolled_back(ledger) as tx:
        tx.connection.execute(CreateTable(SCRATCH))
        tx.connection.execute(insert(SCRATCH).values({column: value}))
        return tx.connection.scalar(select(SCRATCH.c[column]))


@one_ledger_for_all_examples
@given(number=numbers)
@example(number=EDGE)
@example(number=EDGE.copy_negate())
@example(number=Decimal("1e-18"))
@example(number=Decimal("-1e-18"))
@example(number=Decimal("-0.000"))
@example(number=Decimal("1E+17"))
def test_a_number_comes_back_to_the_last_digit(ledger: Ledger, number: Decimal) -> None:
    assert through(ledger, "n", number) == number


@one_ledger_for_all_examples
@given(moment=moments)
@example(moment=datetime(2025, 3, 30, 2, 30, tzinfo=UTC))
@example(moment=datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC))
def test_a_moment_comes_back_in_utc_to_the_microsecond(ledger: Ledger, moment: datetime) -> None:
    back = through(ledger, "m", moment)
    assert back == moment.astimezone(UTC)
    assert back.tzinfo is UTC


def test_nothing_stays_nothing(ledger: Ledger) -> None:
    assert through(ledger, "n", None) is None
    assert through(ledger, "m", None) is None


@pytest.mark.parametrize(
    "odd",
    [
        0.1,
        1,
        "1",
        True,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1e18"),
        Decimal("1e-19"),
        Decimal("1000000000000000000.000000000000000001"),
    ],
    ids=repr,
)
def test_a_float_and_whatever_else_is_no_fitting_decimal_is_refused(ledger: Ledger, odd: Any) -> None:
    with pytest.raises(StatementError, match="NumberRefused"):
        through(ledger, "n", odd)
    with pytest.raises(NumberRefused), ledger.transaction() as tx:
        tx.append(PostingRow, [PostingRow(1, "assets:egera:main", "BTC", odd, None)])


def test_a_moment_without_a_zone_is_refused(ledger: Ledger) -> None:
    naive = datetime(2025, 1, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="no time zone"):
        through(ledger, "m", naive)
    with pytest.raises(ValueError, match="no time zone"), ledger.transaction() as tx:
        tx.append(RunEndRow, [RunEndRow(1, naive, "ok")])


def test_a_moment_of_another_zone_is_kept_in_utc(ledger: Ledger) -> None:
    warsaw = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert through(ledger, "m", warsaw) == datetime(2024, 12, 31, 23, tzinfo=UTC)


@one_ledger_for_all_examples
@given(numbers=st.lists(numbers, max_size=30))
def test_numbers_appended_in_bulk_come_back_to_the_last_digit(ledger: Ledger, numbers: list[Decimal]) -> None:
    with rolled_back(ledger) as tx:
        read(tx, begin(tx, "egera"), "egera", "balances", holdings=[("main", "BTC", n) for n in numbers])
        kept = METADATA.tables["snapshots"].c
        assert list(tx.connection.scalars(select(kept.total).order_by(kept.id))) == numbers


@pytest.fixture(scope="module")
def sqlite_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/recon.db", create=True) as ledger:
        yield ledger


@given(
    written=st.text("0123456789.-+eE \0x", max_size=40)
    | st.from_regex(r"-?0?[0-9]{1,20}\.?[0-9]{0,20}", fullmatch=True)
)
@example(written="0")
@example(written="-0")
@example(written="0.0")
@example(written="1\0")
@example(written="999999999999999999.999999999999999999")
@example(written="-0.000000000000000001")
@example(written="1000000000000000000")
@example(written="0.0000000000000000001")
def test_sqlite_itself_takes_no_text_but_a_canonical_number_in_bounds(
    sqlite_ledger: Ledger, written: str
) -> None:
    with rolled_back(sqlite_ledger) as tx:
        reading = read(tx, begin(tx, "egera"), "egera", "balances", holdings=[])
        insert_snapshot = (
            "INSERT INTO snapshots "
            "SELECT 1, ?, 'egera', 'main', 'BTC', ended_at, ?, '0', first_seq, '' FROM readings"
        )
        if CANONICAL.match(written):
            tx.connection.exec_driver_sql(insert_snapshot, (reading, written))
        else:
            with pytest.raises(IntegrityError, match="ck_snapshots_total"):
                tx.connection.exec_driver_sql(insert_snapshot, (reading, written))


@pytest.mark.postgres
@pytest.mark.parametrize("number", ["NaN", "1000000000000000000", "-99999999999999999999"])
def test_postgresql_itself_takes_no_number_out_of_bounds(postgres_url: str, number: str) -> None:
    with open_ledger(postgres_url, create=True) as ledger, rolled_back(ledger) as tx:
        read(tx, begin(tx, "egera"), "egera", "balances", holdings=[])
        with pytest.raises(IntegrityError, match="ck_snapshots_total"):
            tx.connection.exec_driver_sql(
                f"INSERT INTO snapshots SELECT 1, id, 'egera', 'main', 'BTC', ended_at, '{number}', 0, first_seq, '' "
                "FROM readings"
            )


@pytest.mark.parametrize(
    "written", ["2025-01-14T12:00:00Z", "2025-01-14 12:00:00.000000Z", "2025-01-14T12:00:00.000000+00:00", ""]
)
def test_sqlite_itself_takes_no_moment_of_another_form(sqlite_ledger: Ledger, written: str) -> None:
    with rolled_back(sqlite_ledger) as tx, pytest.raises(IntegrityError, match="ck_runs_started_at"):
        tx.connection.exec_driver_sql("INSERT INTO runs VALUES (1, ?, '', '', '')", (written,))


def test_every_row_type_has_the_columns_of_its_table() -> None:
    assert {table: tuple(kind.__annotations__) for kind, table in TABLE_OF.items()} == {
        name: tuple(table.columns.keys()) for name, table in METADATA.tables.items()
    }
