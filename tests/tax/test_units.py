"""Laws of units: what is read in columns is what is read row by row, and all of it is the ledger's own."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.lots import Movement, order
from recon.core.prices import FIAT, Lacking
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.match import tie_all
from recon.pipeline.said import heard
from recon.pipeline.tax import TABLES, money_of, wanted
from recon.pipeline.taxed import breaks
from recon.pipeline.units import balances, number, parts, plain_trades, prepare, traded
from recon.pipeline.value import Days, View, movement, of_trades
from tests.tax._ledgers import Line, ledger_of, taxed

FEW = settings(max_examples=max(3, settings().max_examples // 50))
START = datetime(2024, 1, 1, tzinfo=UTC)
UNITS = st.decimals("0.00000001", "1000", places=8).map("{:f}".format)
FEES = st.decimals("0", "2", places=4).map("{:f}".format)
KINDS = (
    "buy",
    "sell",
    "deposit",
    "withdrawal",
    "transfer_in",
    "transfer_out",
    "income",
    "fee",
    "gift",
    "adjustment",
)


@st.composite
def broker(draw: st.DrawFn) -> list[Line]:
    """What a broker's file may hold: trades against money and against coins, fees in either, everything else."""
    return [draw(_line(number)) for number in range(draw(st.integers(1, 12)))]


@st.composite
def _line(draw: st.DrawFn, number: int) -> Line:
    kind = draw(st.sampled_from(("buy", "sell") * 4 + KINDS))
    line = {
        "timestamp": (START + timedelta(hours=draw(st.integers(0, 40)))).isoformat(),
        "kind": kind,
        "account": draw(st.sampled_from("AB")),
        "asset": draw(st.sampled_from(("BTC", "ETH", "WETH"))),
        "quantity": draw(UNITS),
        "id": str(number),
        "note": draw(st.sampled_from(("", "gift to a friend"))),
    }
    if kind in ("buy", "sell") or draw(st.booleans()):
        line |= {"quote_asset": draw(st.sampled_from(("USD", "EUR", "USDT"))), "quote_quantity": draw(UNITS)}
    if draw(st.booleans()):
        line |= {
            "fee_asset": draw(st.sampled_from(("USD", "EUR", "BTC", "BNB"))),
            "fee_quantity": draw(FEES),
        }
    return line


@given(lines=broker())
@FEW
def test_trades_read_in_columns_are_those_read_row_by_row(lines: list[Line]) -> None:
    with _ledger(lines) as (config, ledger):
        assert [*_movements(config, ledger, plain=True)] == [*_movements(config, ledger, plain=False)]


@given(lines=broker(), rules=st.sampled_from(("generic", "us", "uk", "de")))
@FEW
def test_the_units_of_every_rulebook_are_the_ledgers_own(lines: list[Line], rules: str) -> None:
    with _ledger(lines) as (config, ledger):
        _, found = taxed(config, ledger, 2024, rules)
        with typed_copy(ledger) as copy:
            held = {pool: units for pool, units in _held(copy, config).items() if units and pool not in FIAT}
        assert {tie.pool: tie.ledger for tie in found.ties if tie.ledger} == held
        assert all(tie.holds for tie in found.ties)


@pytest.mark.parametrize("rules", ["us", "de"])
def test_units_that_leave_a_place_without_a_lot_and_arrive_are_short_of_one(rules: str) -> None:
    """Where lots go place by place; in one book of all places they never left it."""
    moves = (("buy", "5", "A"), ("transfer_out", "6", "A"), ("transfer_in", "6", "B"))
    lines = [
        {"timestamp": f"2024-03-0{day}T00:00:00+00:00", "kind": kind, "account": account, "asset": "BTC",
         "quantity": units, "id": str(day), "quote_asset": "USD", "quote_quantity": "10"}
        for day, (kind, units, account) in enumerate(moves, 1)
    ]  # fmt: skip
    with _ledger(lines) as (config, ledger):
        _, found = taxed(config, ledger, 2024, rules)
        (tie,) = found.ties
        assert tie.holds
        short = [(movement.id, number(units)) for _, movement, units in found.tally.shorts]
        told = [one.diagnosis.text for one in breaks(found)]
    if rules == "us":
        assert (number(tie.held), short, told) == (5, [], [])
    else:
        assert (number(tie.held), short) == (6, [("broker-000000002", 1)])
        assert "1 BTC left that no lot had, in 1 movement" in told[0]


@given(lines=broker())
@FEW
def test_the_rows_of_a_disposal_sum_to_it(lines: list[Line]) -> None:
    with _ledger(lines) as (config, ledger):
        rows, _ = taxed(config, ledger, 2024, "generic")
        moved = {(one.id, pool): one for pool, one in _movements(config, ledger, plain=False)}
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        whole = sums.setdefault((row.id, row.asset), [0, 0])
        whole[0] += row.quantity
        whole[1] += row.proceeds or 0
    for place, (units, proceeds) in sums.items():
        assert units == -moved[place].quantity
        if moved[place].amount is not None:
            assert proceeds == moved[place].amount


def _ledger(lines: list[Line]) -> AbstractContextManager[tuple[Config, Ledger]]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    return ledger_of(folder, lines, "USD", assets={"WETH": "ETH"})


def _movements(config: Config, ledger: Ledger, *, plain: bool) -> Iterator[tuple[str, Movement]]:
    want = wanted(2024, "generic", None, None)
    money = money_of(config, "USD")
    with typed_copy(ledger, tables=TABLES, money=money if plain else (), tied=False) as copy:
        tie_all(config, ledger, copy)
        prepare(copy, config.pools, money)
        with ledger.transaction() as tx:
            others, said = heard(tx, config, parts(copy))
        lacking = Lacking("there is none")
        view = View(
            rules=want.rules,
            base="USD",
            currency="USD",
            days=Days(config.zone),
            rate=lambda asset, quote, at, rule: lacking,
            said=said,
        )
        found = [(one.pool, movement(view, one)) for one in others]
        for pool, assets in traded(copy, config.pools).items() if plain else ():
            found += [(pool, one) for one in of_trades(view, plain_trades(copy, assets, 2**62), pool)]
    yield from sorted(found, key=lambda one: (one[0], order(one[1])))


def _held(copy: DuckDBPyConnection, config: Config) -> dict[str, int]:
    copy.execute("create temp table plain as select '' as asset, 0.0 as quantity where false")
    return balances(copy, config.pools)
