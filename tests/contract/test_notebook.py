"""recon.open: frames that say what the commands say, exactly, in the columns that the documentation names."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recon import open as open_books
from recon.core.errors import ConfigError, LedgerError, NoLedger
from recon.core.money import text, total
from recon.core.times import short_text
from recon.notebook import Notebook
from recon.pipeline.frames import DTYPES, SCHEMA, Field
from tests.contract.house import BALANCES, VENUES, House, house
from tests.contract.outside import ROOT, recon
from tests.contract.shelf import Shelf, line

LARGEST = "999999999999999999.999999999999999999"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Books with one deposit that the ledger lacks, reconciled. To look at."""
    with house(tmp_path_factory.mktemp("books"), *VENUES) as one:
        one.egera.books["deposits"]["pln"].clear()
        recon(one.folder, "pull", "--quiet")
        recon(one.folder, "reconcile", "2025-Q1", "--quiet", code=3)
        yield one


@pytest.fixture(scope="module")
def ours(made: House) -> Notebook:
    found = open_books(made.folder / "recon.toml")
    assert isinstance(found, Notebook)
    return found


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Two years of purchases and sales, a gift that nothing values, and prices from a file."""
    made = Shelf(
        tmp_path_factory.mktemp("traded"),
        (
            line("2023-01-05", "buy", "1 BTC", "20000 USD", "7 USD"),
            line("2024-02-05", "buy", "2 BTC", "70000 USD"),
            line("2024-03-05", "sell", "1.7 BTC", "90000 USD", "11 USD"),
            line("2024-04-05", "income", "3 ETH"),
            line("2024-04-06", "sell", "1 ETH", "3000 USD"),
        ),
    )
    made.prices("ETH,USD,3000.5,2024-04-07T00:00:00Z")
    return made


def frames(books: Notebook) -> dict[str, pd.DataFrame]:
    return {name: getattr(books, name)() for name in SCHEMA}


def told(value: Any) -> Any:
    """A cell as a JSON answer would state it."""
    if pd.isna(value):
        return None
    if isinstance(value, Decimal):
        return text(value)
    return short_text(value) if isinstance(value, datetime) else value


def rows(frame: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(map(told, row)) for row in frame[list(names)].itertuples(index=False)]


def decimals(frame: pd.DataFrame, column: str) -> list[Decimal]:
    return [one for one in frame[column].tolist() if not pd.isna(one)]


def test_balances_are_those_of_the_command_now_and_at_a_moment(made: House, ours: Notebook) -> None:
    columns = ("source", "account", "asset", "quantity")
    now = recon(made.folder, "balances", "--json").json
    assert rows(ours.balances(), *columns) == [tuple(one[name] for name in columns) for one in now]
    at = datetime(2025, 2, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    then = recon(made.folder, "balances", "--at", at.isoformat(), "--json").json
    for stated in (at, at.isoformat(), pd.Timestamp(at)):
        assert rows(ours.balances(at=stated), *columns) == [
            tuple(one[name] for name in columns) for one in then
        ]
    assert then != now


def test_the_pool_of_a_balance_is_that_of_the_configuration(tmp_path: Path) -> None:
    made = Shelf(
        tmp_path,
        [line("2024-01-05", "deposit", "5 USDTERC20"), line("2024-01-05", "deposit", "2 BTC")],
        assets={"USDTERC20": "USDT"},
    )
    found = open_books(made.folder / "recon.toml").balances()
    assert rows(found, "asset", "pool") == [("BTC", "BTC"), ("USDTERC20", "USDT")]


def test_breaks_are_those_of_the_register(made: House, ours: Notebook) -> None:
    listed = recon(made.folder, "breaks", "list", "--status", "all", "--json").json["breaks"]
    columns = [
        "id", "check", "severity", "status", "source", "account", "asset", "at", "expected", "actual",
        "difference", "value", "opened", "age_days", "owner", "due", "overdue",
    ]  # fmt: skip
    found = ours.breaks()
    assert rows(found, *columns) == [tuple(one[name] for name in columns) for one in listed]
    assert listed and found["text"].tolist() == [one["diagnosis"]["text"] for one in listed]
    pd.testing.assert_frame_equal(ours.breaks("2025-Q1"), found)
    assert ours.breaks("2019").empty


def test_entries_balance_and_add_up_to_the_balances_to_the_last_digit(ours: Notebook) -> None:
    entries = ours.entries()
    by_entry = entries.groupby(["entry", "asset"])["quantity"].sum()
    assert not by_entry.empty and (by_entry == 0).all()
    held = entries[(entries.account_class == "assets") & entries.counted]
    summed = held.groupby(["source", "place", "asset"], as_index=False)["quantity"].sum()
    found = rows(summed[summed.quantity != 0], "source", "place", "asset", "quantity")
    assert found == rows(ours.balances(), "source", "account", "asset", "quantity")
    assert [one for one in BALANCES if one[2] != "PLN"] == [one for one in found if one[2] != "PLN"]


def test_an_entry_leads_to_the_sealed_answer_that_holds_its_row(made: House, ours: Notebook) -> None:
    sealed = {path.stem for path in (made.folder / "evidence").glob("*/*.gz")}
    entries = ours.entries()
    assert set(entries.answer) <= sealed
    assert entries.pointer.str.startswith("/").all()


def test_a_period_holds_the_entries_of_its_days_in_the_entitys_zone(tmp_path: Path) -> None:
    made = Shelf(
        tmp_path,
        (
            line("2025-01-31T22:59:59Z", "deposit", "1 BTC", id="january"),
            line("2025-01-31T23:00:00Z", "deposit", "2 BTC", id="february"),
        ),
        zone="Europe/Warsaw",
    )
    books = open_books(made.folder / "recon.toml")

    def moved(*period: str) -> list[str]:
        found = books.entries(*period)
        return [text(one) for one in decimals(found[found.account_class == "assets"], "quantity")]

    assert (moved("2025-01"), moved("2025-02"), moved()) == (["1"], ["2"], ["1", "2"])


def test_lots_are_the_disposals_of_the_tax_command_with_nothing_taken_for_zero(traded: Shelf) -> None:
    books = open_books(traded.folder / "recon.toml")
    told_by_command = traded.tax(2024, "us", "--method", "hifo", code=3)["disposals"]
    lots = books.lots(rules="us", year=2024, method="hifo")
    names = {"disposal": "id", "account": "account", "asset": "asset", "lot": "lot", "quantity": "quantity"}
    names |= {name: name for name in ("acquired_at", "disposed_at", "term", "activity", "rule", "taxed")}
    sold = lots[lots.state == "disposed"]
    assert rows(sold, *names) == [tuple(one[name] for name in names.values()) for one in told_by_command]
    amounts = rows(sold, "proceeds", "cost", "gain")
    for row, one in zip(amounts, told_by_command, strict=True):
        known = tuple(one[name] for name in ("proceeds", "cost", "gain"))
        assert row == known if one["lacks"] is None else None in row
    assert any(one["lacks"] for one in told_by_command)


def test_lots_show_what_was_held_at_the_end_of_the_year(traded: Shelf) -> None:
    books = open_books(traded.folder / "recon.toml")

    def held(**asked: Any) -> list[tuple[Any, ...]]:
        found = books.lots(**asked)
        return rows(found[found.state == "held"], "asset", "lot", "quantity", "cost", "currency")

    before = [("BTC", "broker-000000001", "1", "20007", "USD")]
    assert held(year=2023) == before
    assert held(year=2024) == [
        ("BTC", "broker-000000002", "1.3", "45500", "USD"),
        ("ETH", "broker-000000004", "2", None, "USD"),
    ]


def test_without_a_year_lots_are_those_of_the_year_of_the_newest_movement(traded: Shelf) -> None:
    books = open_books(traded.folder / "recon.toml")
    pd.testing.assert_frame_equal(books.lots(), books.lots(year=2024))
    pd.testing.assert_frame_equal(books.lots(rules="uk"), books.lots(rules="uk", year=2024))


def test_prices_are_all_that_are_held(traded: Shelf) -> None:
    listed = recon(traded.folder, "prices", "list", "--json").json["prices"]
    found = open_books(traded.folder / "recon.toml").prices()
    by_pair = found.groupby(["source", "asset", "quote"])
    assert {pair: len(of_pair) for pair, of_pair in by_pair} == {
        (one["source"], one["asset"], one["quote"]): one["prices"] for one in listed
    }
    newest = {pair: rows(of_pair, "at", "price", "where")[-1] for pair, of_pair in by_pair}
    assert newest == {
        (one["source"], one["asset"], one["quote"]): (one["last"], one["value"], one["where"])
        for one in listed
    }


def test_sums_groups_differences_and_products_lose_no_digit(tmp_path: Path) -> None:
    """Past 28 digits objects would be rounded, and past 38 a decimal of 128 bits would be another number."""
    lines = [line("2025-01-01", "deposit", f"{LARGEST} BIG", account=f"a{n}", id=str(n)) for n in range(120)]
    made = Shelf(tmp_path, [*lines, line("2025-01-01", "deposit", "0.000000000000000001 BIG", account="b")])
    held = open_books(made.folder / "recon.toml").balances()
    exact = total([Decimal(LARGEST)] * 120)
    assert exact == Decimal("119999999999999999999.999999999999999880")
    assert held.quantity.sum() == total([exact, Decimal("1E-18")])
    assert held.groupby("asset").quantity.sum().tolist() == [total([exact, Decimal("1E-18")])]
    pivot = held.pivot_table(index="asset", values="quantity", aggfunc="sum")
    assert pivot.quantity.tolist() == [total([exact, Decimal("1E-18")])]
    assert (held.quantity - held.quantity).tolist() == [Decimal(0)] * 121
    product = (held.quantity * held.quantity).tolist()[-1]
    assert product == Decimal("1E-36")


@pytest.mark.parametrize("frame", SCHEMA)
def test_a_frame_has_the_columns_and_types_that_are_stated_also_when_it_is_empty(
    frame: str, ours: Notebook, tmp_path: Path
) -> None:
    empty = Shelf(tmp_path, [])
    for books in (ours, open_books(empty.folder / "recon.toml")):
        found = getattr(books, frame)()
        assert {name: str(kind) for name, kind in found.dtypes.items()} == {
            field.name: DTYPES[field.kind] for field in SCHEMA[frame]
        }
        assert list(found.columns) == [field.name for field in SCHEMA[frame]]
        assert found.index.equals(pd.RangeIndex(len(found)))
    assert found.empty


def test_a_cell_is_missing_only_in_a_column_that_says_when(traded: Shelf, ours: Notebook) -> None:
    for books in (ours, open_books(traded.folder / "recon.toml")):
        for name, found in frames(books).items():
            missing = {str(column) for column in found if found[column].isna().any()}
            assert missing <= {field.name for field in SCHEMA[name] if field.missing}, name


def test_looking_changes_no_file_and_a_pull_may_run_meanwhile(tmp_path: Path) -> None:
    def files() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    made = Shelf(tmp_path, [line("2025-01-01", "deposit", "1 BTC", id="a")])
    before = files()
    with open_books(made.folder / "recon.toml") as books:
        frames(books)
        assert files() == before
        with (tmp_path / "rows.csv").open("a", encoding="utf-8") as file:
            file.write("2025-01-02T00:00:00Z,deposit,,BTC,2,,,,,,b,\n")
        assert recon(tmp_path, "pull", "--json").json["status"] == "ok"
        assert [text(one) for one in decimals(books.balances(), "quantity")] == ["3"]


def test_the_configuration_is_found_as_the_commands_find_it(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.folder)
    assert len(open_books().balances()) == len(open_books("recon.toml").balances()) > 0
    monkeypatch.chdir(made.folder.parent)
    monkeypatch.setenv("RECON_CONFIG", str(made.folder / "recon.toml"))
    assert not open_books().balances().empty


def test_what_is_wrong_is_told_as_the_commands_tell_it(made: House, ours: Notebook, tmp_path: Path) -> None:
    refused: Mapping[str, Any] = {
        "Make one with: recon init": lambda: open_books(tmp_path / "none.toml"),
        "'January' is not a period": lambda: ours.entries("January"),
        "2025-Q5": lambda: ours.breaks("2025-Q5"),
        "it has no time zone": lambda: ours.balances(at="2025-01-31T23:00:00"),
        "Give one like 2025-01-31T23:00:00Z": lambda: ours.balances(at=datetime(2025, 1, 31)),  # noqa: DTZ001
        "'5' is not a moment": lambda: ours.balances(at="5"),
        "5 is not a moment": lambda: ours.balances(at=5),  # type: ignore[arg-type]
        "generic": lambda: ours.lots(rules="fr"),
        "--method": lambda: ours.lots(rules="us", year=2025, method="average"),
        "Give the year in which it begins": lambda: ours.lots(year=25),
    }
    for words, ask in refused.items():
        with pytest.raises(ConfigError, match=re.escape(words)):
            ask()
    (tmp_path / "recon.toml").write_bytes((made.folder / "recon.toml").read_bytes())
    with pytest.raises(NoLedger, match=r"there is no ledger yet.*Run recon pull first"):
        open_books(tmp_path / "recon.toml")
    assert not (tmp_path / "recon.db").exists()


def test_a_number_that_no_frame_can_hold_is_refused_and_not_rounded(tmp_path: Path) -> None:
    rows_of = [line("2025-01-01", "deposit", f"{LARGEST} BIG", id=str(number)) for number in range(11)]
    made = Shelf(tmp_path, rows_of)
    with pytest.raises(LedgerError, match="more than 19 digits"):
        open_books(made.folder / "recon.toml").balances()


def shown(fields: tuple[Field, ...]) -> str:
    lines = ["| column | dtype | meaning | missing |", "| --- | --- | --- | --- |"]
    lines += [f"| `{one.name}` | `{DTYPES[one.kind]}` | {one.meaning} | {one.missing} |" for one in fields]
    return "\n".join(lines)


@pytest.mark.parametrize("frame", SCHEMA)
def test_the_documentation_prints_the_columns(frame: str) -> None:
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert shown(tuple(SCHEMA[frame])) in page, f"docs/notebooks.md lacks:\n{shown(tuple(SCHEMA[frame]))}"


@pytest.mark.postgres
def test_on_postgresql_the_frames_are_the_same(tmp_path: Path, postgres_url: str) -> None:
    lines = [
        line("2024-01-05", "buy", "2 BTC", "70000 USD"),
        line("2024-02-05", "sell", "1 BTC", "90000 USD"),
    ]
    found = []
    for name, url in (("lite", "sqlite:///recon.db"), ("post", postgres_url)):
        (tmp_path / name).mkdir()
        made = Shelf(tmp_path / name, lines, ledger={"url": url})
        found.append(frames(open_books(made.folder / "recon.toml")))
    for name in SCHEMA:
        pd.testing.assert_frame_equal(found[0][name], found[1][name])
    assert not found[0]["entries"].empty and not found[0]["lots"].empty
