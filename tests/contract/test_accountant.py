"""The accountant's workbook over real ledgers: what it says by hand, and what holds of every one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from recon.core.books import Books
from recon.core.document import Live
from recon.core.holdings import Position, Stock
from recon.core.money import exact, total
from recon.core.times import period
from recon.demo.egera import ACCOUNT_ID
from recon.evidence.archive import answers
from recon.ledger.store import Ledger, open_ledger
from recon.pipeline.books import books
from recon.pipeline.config import Config, load
from recon.pipeline.on_disk import OnDisk
from reports import accountant
from tests.contract.house import House, house
from tests.contract.outside import Ran, recon
from tests.contract.test_close import ANNA, BERT, FEBRUARY, JANUARY, closed, pull, write
from tests.reports.test_builders import column, tables
from tests.reports.test_controls import document_rows, failed, lives, reckon
from tests.tax._ledgers import Line, ledger_of, of_its_price, taxed

D = Decimal
NOTHING = Stock()
TRADED: dict[str, Any] = {"prices": {"sources": ["trades"], "max_age_days": 60}}
OPEN = {"Breaks: open errors and warnings", "Balance proof: differences that no break explains"}


def line(at: str, kind: str, asset: str, quantity: str, *paid: str, **more: str) -> Line:
    names = ("quote_asset", "quote_quantity", "fee_asset", "fee_quantity")
    row = {
        "timestamp": f"{at}T12:00:00Z",
        "kind": kind,
        "account": "main",
        "asset": asset,
        "quantity": quantity,
    }
    return {**row, **dict(zip(names, paid, strict=False)), "id": f"{at}{kind}", **more}


LINES = [
    line("2024-12-10", "buy", "BTC", "2", "PLN", "100000", "PLN", "100"),
    line("2024-12-20", "deposit", "ETH", "5"),
    line("2025-01-05", "sell", "BTC", "0.5", "PLN", "40000", "PLN", "40"),
    line("2025-01-10", "income", "ETH", "0.1", "PLN", "1000"),
    line("2025-01-12", "buy", "BTC", "1", "PLN", "70000", "BTC", "0.001"),
    line("2025-01-20", "withdrawal", "BTC", "0.2"),
    line("2025-02-03", "sell", "BTC", "0.3", "PLN", "24000"),
]  # fmt: skip


@contextmanager
def opened(config: Config, ledger: Ledger, name: str) -> Iterator[Books]:
    asked = period(name, config.zone, datetime(2026, 6, 1, tzinfo=UTC))
    with books(config, ledger, asked) as content:
        yield content


def position(content: Books, asset: str) -> Position:
    [found] = [one for one in content.positions if one.asset == asset]
    return found


def test_a_month_by_hand(tmp_path: Path) -> None:
    with (
        ledger_of(tmp_path, LINES, "PLN", "Europe/Warsaw", **TRADED) as (config, ledger),
        opened(config, ledger, "2025-01") as content,
    ):
        btc, eth = position(content, "BTC"), position(content, "ETH")
        assert (btc.opening, btc.added) == (Stock(D(2), D(100_100), D(0)), Stock(D(1), D(70_070), D(0)))
        assert (btc.disposed, btc.closing) == (
            Stock(D("0.701"), D("35085.05"), D(0)),
            Stock(D("2.299"), D("135084.95"), D(0)),
        )
        # 39960 for half a coin that cost 25025, 70 for the fee that cost 50.05; nobody knows what 0.2 brought
        assert (btc.proceeds, btc.realised, btc.unpriced) == (40_030, D("14954.95"), 10_010)
        assert (btc.opening_price, btc.opening_value) == (50_000, 100_000)
        assert (btc.closing_price, btc.closing_value) == (70_000, D("160930"))
        assert (btc.ledger, btc.unknown) == (D("2.299"), 1)
        assert (eth.opening, eth.added) == (Stock(D(5), D(0), D(5)), Stock(D("0.1"), D(1_000), D(0)))
        assert (eth.closing, eth.closing_value, eth.uncosted_value) == (
            Stock(D("5.1"), D(1_000), D(5)),
            None,
            None,
        )
        assert (
            "no price of ETH in PLN" in eth.lacks
            and "nobody said what this deposit from outside was" in eth.lacks
        )
        assert [(one.asset, one.activity, one.gain, one.lot) for one in content.gains] == [
            ("BTC", "sale", 14_935, "broker/1"),
            ("BTC", "fee", D("19.95"), "broker/1"),
            ("BTC", "withdrawal to outside", None, "broker/1"),
        ]
        assert [[*one.prices] for one in content.gains] == [[], [], []], "money was paid for each of them"
        assert [(one.account, one.asset, one.units, one.value) for one in content.earned] == [
            ("fees:broker", "BTC", D("0.001"), 70),
            ("fees:broker", "PLN", 40, 40),
            ("income:other", "ETH", D("0.1"), 1_000),
        ]
        assert [(one.asset, one.value, one.source, one.where) for one in content.prices] == [
            ("BTC", 50_000, "trades", "broker/1"),
            ("BTC", 70_000, "trades", "broker/5"),
        ]
        assert failed(content) <= OPEN


def test_a_source_is_told_with_where_it_is_read_the_account_there_and_since_when(
    company: House, pulled: Ran
) -> None:
    config = load(company.folder / "recon.toml")
    with open_ledger(config.ledger_url, create=False) as ledger, opened(config, ledger, "2025-01") as content:
        first = min(one.at for one in answers(config.evidence) if one.source == "egera")
        rows = {str(row[0]): [*row[1:5]] for row in tables(accountant.build(content))["sources"].rows}
        assert rows["egera"] == ["Egera", company.urls["egera"], ACCOUNT_ID, first]
        assert rows["gas"][1:3] == [f"{company.urls['gas']}/api", ""]


def test_a_gain_names_the_prices_that_its_proceeds_and_its_cost_rest_on(tmp_path: Path) -> None:
    lines = [
        line("2025-01-02", "buy", "BTC", "1", "PLN", "100"),
        line("2025-01-03", "buy", "ETH", "1", "PLN", "10"),
        line("2025-01-04", "sell", "BTC", "0.5", "ETH", "6"),
        line("2025-01-05", "sell", "ETH", "2", "PLN", "30"),
        line("2025-01-06", "sell", "ETH", "3", "BTC", "0.2"),
    ]
    with (
        ledger_of(tmp_path, lines, "PLN", "Europe/Warsaw", **TRADED) as (config, ledger),
        opened(config, ledger, "2025-01") as content,
    ):
        rests = [
            (one.asset, one.quantity, one.proceeds, one.cost, {content.prices[at].where for at in one.prices})
            for one in content.gains
        ]
        assert rests == [
            ("BTC", D("0.5"), 60, 50, {"broker/2"}),  # for 6 ETH at 10
            ("ETH", 1, 15, 10, set()),  # money on both sides
            ("ETH", 1, 15, 10, {"broker/2"}),  # of those that came at 10
            ("ETH", 3, 20, 30, {"broker/1", "broker/2"}),  # for 0.2 BTC at 100
        ]


def test_values_follow_the_price_of_the_last_moment_and_say_so_where_there_is_none(tmp_path: Path) -> None:
    with (
        ledger_of(tmp_path, LINES, "PLN", "Europe/Warsaw") as (config, ledger),
        opened(config, ledger, "2025-01") as content,
    ):
        btc = position(content, "BTC")
        assert (btc.closing_price, btc.closing_value, btc.opening_value) == (None, None, None)
        assert "[prices] names no source at all" in btc.lacks
        assert btc.closing.cost == D("135084.95"), "what was paid needs no price"
        trial = {one.account: one for one in content.trial_balance if one.asset == "PLN"}
        assert trial["assets:broker:main"].value == trial["assets:broker:main"].closing
        assert content.policies["Order of prices"].startswith("none named")
        assert failed(content) <= OPEN


def test_a_price_that_people_stated_is_told_with_its_answer_and_who_approved_it(tmp_path: Path) -> None:
    with ledger_of(tmp_path, LINES, "PLN", "Europe/Warsaw"):
        pass
    said = "set", "ETH", "PLN", "2025-01-31T20:00:00Z", "9000", "--reason", "broker's statement"
    draft = recon(tmp_path, *ANNA, "prices", *said, "--json").json
    recon(tmp_path, *BERT, "prices", "approve", draft["id"], "--json")
    config = load(tmp_path / "recon.toml")
    with open_ledger(config.ledger_url, create=False) as ledger, opened(config, ledger, "2025-01") as content:
        [one] = content.prices
        assert (one.asset, one.value, one.source, one.approved_by) == ("ETH", 9_000, "manual", "Bert")
        assert one.answer in content.answers
        assert position(content, "ETH").closing_value == 900
        every = tables(accountant.build(content))
        assert [len(every[key].rows) for key in ("prices", "stated_prices")] == [0, 1]


def test_what_was_chosen_stands_on_the_cover_and_so_does_what_holds_where_nothing_was(tmp_path: Path) -> None:
    prices = {
        "sources": ["files", "trades"],
        "parity": {"USDT": "USD", "USDC": "USD"},
        "assets": {"ETH": {"sources": ["venues"]}},
    }
    pooled: dict[str, Any] = {"prices": prices, "assets": {"USDTERC20": "USDT"}}
    with (
        ledger_of(tmp_path, LINES, "PLN", "Europe/Warsaw", **pooled) as (config, ledger),
        opened(config, ledger, "2025-01") as content,
    ):
        told = content.policies
        assert (told["Order of prices"], told["Order of prices, ETH"]) == ("files, trades", "venues")
        assert (told["Worth of one USDT"], told["Worth of one USDC"]) == ("1 USD", "1 USD")
        assert told["Assets counted as one"] == "USDTERC20 as USDT"
        assert told["Cost of what leaves"] == "First in, first out"
        assert told["Own transfers"] == "arrive within 72 hours, less 0 at most"
        assert "disposal without known proceeds" in told["Lots, to outside"]
        rows = tables(accountant.build(content))["policies"].rows
        assert [*map(tuple, rows)] == [*told.items()]


def laws(content: Books) -> None:
    """What holds of every ledger: each control is zero, each live figure is its sum, twice the same."""
    assert failed(content) <= OPEN
    document = accountant.build(content)
    with exact():
        assert all(live.value == reckon(live, document) for live in lives(document))
        for one in content.positions:
            assert one.opening.cost + one.added.cost == one.disposed.cost + one.closing.cost
            assert one.opening.units + one.added.units == one.disposed.units + one.closing.units
            assert one.opening.uncosted + one.added.uncosted == one.disposed.uncosted + one.closing.uncosted
    assert len(content.postings) == len([*content.postings])
    assert document_rows(content) == document_rows(content)


@pytest.mark.parametrize("case", ["crypto_example", "test_data2", "test_many_year_data"])
def test_the_laws_hold_year_by_year_and_years_meet(case: str, tmp_path: Path) -> None:
    lines = of_its_price(case)
    years = sorted({row["timestamp"][:4] for row in lines})
    with ledger_of(tmp_path, lines, "USD", **TRADED) as (config, ledger):
        before: dict[str, Stock] = {}
        for year in years:
            with opened(config, ledger, year) as content:
                laws(content)
                found, _ = taxed(config, ledger, int(year), "generic")
                known = [D(one.gain).scaleb(-18) for one in found if one.taxed and one.gain is not None]
                assert total(one.gain for one in content.gains if one.gain is not None) == total(known)
                assert {one.asset: one.opening for one in content.positions if any(one.opening)} == before
                before = {one.asset: one.closing for one in content.positions if any(one.closing)}
        with opened(config, ledger, "all") as content:
            laws(content)
            assert {one.asset: one.closing for one in content.positions if any(one.closing)} == before


@pytest.mark.parametrize("name", ["2025-02", "2025-Q1", "all"])
def test_the_laws_hold_of_books_from_three_venues(company: House, pulled: Ran, name: str) -> None:
    config = load(company.folder / "recon.toml")
    with open_ledger(config.ledger_url, create=False) as ledger, opened(config, ledger, name) as content:
        laws(content)
        assert content.run.startswith("1: pull, ")


def test_what_came_late_for_a_sealed_period_is_told_apart_and_no_control_fails(tmp_path: Path) -> None:
    with house(tmp_path, "broker") as made:
        write(made, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        closed(made, "2025-01")
        pull(made, JANUARY[0], JANUARY[1].replace("0.5,1.5", "0.25,1.75"), FEBRUARY[0].replace("2.5", "2.75"))
        config = load(tmp_path / "recon.toml")
        with open_ledger(config.ledger_url, create=False) as ledger:
            for name, late, ledger_holds in (("2025-01", D("0.25"), D("1.5")), ("2025-02", D(0), D("2.75"))):
                with opened(config, ledger, name) as content:
                    laws(content)
                    one = position(content, "BTC")
                    assert (one.late, one.ledger) == (late, ledger_holds)


def test_who_closed_prepared_who_signed_approved_and_an_open_period_has_lines_to_sign(tmp_path: Path) -> None:
    with house(tmp_path, "broker") as made:
        write(made, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        seal = closed(made, "2025-01")["seal"]
        recon(tmp_path, *BERT, "sign", "2025-01")
        config = load(tmp_path / "recon.toml")
        with open_ledger(config.ledger_url, create=False) as ledger:
            with opened(config, ledger, "2025-01") as content:
                every = tables(accountant.build(content))
                assert column(every["sign_off"], "Name") == ["Anna", "", "Bert"]
                facts: dict[str, Any] = {
                    fact.name: fact.value for fact in accountant.build(content).sections[0].facts
                }
                assert facts["seal"] == seal
            with opened(config, ledger, "2025-02") as content:
                assert column(tables(accountant.build(content))["sign_off"], "Name") == ["", "", ""]


def test_the_files_behind_the_books_end_with_their_block(tmp_path: Path) -> None:
    with ledger_of(tmp_path, LINES, "PLN") as (config, ledger):
        with opened(config, ledger, "2025-01") as content:
            rows = content.postings
            assert isinstance(rows, OnDisk) and rows.path.exists()
            assert [*rows] == [*rows] and next(iter(rows)) in rows
        assert not rows.path.parent.exists()


def test_live_figures_are_there_at_all(tmp_path: Path) -> None:
    with ledger_of(tmp_path, LINES, "PLN") as (config, ledger), opened(config, ledger, "2025-01") as content:
        controls = tables(accountant.build(content))["controls"]
        assert len(controls.rows) > 60
        assert all(isinstance(cell, Live) for cell in column(controls, "Must be zero"))
