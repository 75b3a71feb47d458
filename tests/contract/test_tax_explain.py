"""recon tax --explain and --compare: the calculation as a person would write it, and what a choice of method does."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.outside import recon
from tests.contract.shelf import Shelf, line, told

LONDON = (
    line("2024-04-10T22:30:00Z", "buy", "10 BTC", "1000 GBP"),
    line("2024-05-01T10:00:00Z", "buy", "4 BTC", "800 GBP", "3 GBP"),
    line("2024-05-01T11:00:00Z", "sell", "3 BTC", "900 GBP"),
    line("2024-05-01T23:30:00Z", "buy", "1 BTC", "150 GBP"),
    line("2024-05-01T12:00:00Z", "sell", "6 BTC", "1500 GBP", "5 GBP"),
    line("2024-05-20T12:00:00Z", "buy", "2 BTC", "500 GBP"),
    line("2024-07-01T12:00:00Z", "sell", "1 BTC", "400 GBP"),
)


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("london"), LONDON, "GBP", "Europe/London")


def spaced(shelf: Shelf, *args: Any) -> str:
    """What people are told, on one line."""
    return " ".join(shelf.ask(*args).stdout.split())


def test_all_of_a_day_in_london_is_named_one_by_one_and_the_pool_before_and_after(london: Shelf) -> None:
    first, second = (london.tax(2024, "uk", "--explain", f"broker-00000000{number}") for number in (3, 5))
    assert first == second, "both are the disposal of that day"
    assert [told(one, "id quantity amount") for one in first["disposal"]["movements"]] == [
        ("broker-000000003", "3", "900"), ("broker-000000005", "6", "1495"),
    ]  # fmt: skip
    assert told(first["disposal"], "quantity proceeds") == ("9", "2395")
    assert [(one["rule"], one["quantity"], one["cost"], [each["id"] for each in one["acquisitions"]]) for one in
            first["matches"]] == [
        ("same day", "4", "803", ["broker-000000002"]),
        ("30 days", "1", "150", ["broker-000000004"]),
        ("30 days", "2", "500", ["broker-000000006"]),
        ("section 104", "2", "200", []),
    ]  # fmt: skip
    pool = first["matches"][-1]["pool"]
    assert pool == {"before": {"quantity": "10", "cost": "1000"}, "after": {"quantity": "8", "cost": "800"}}
    last = london.tax(2024, "uk", "--explain", "broker-000000007")["matches"]
    assert [one["pool"] for one in last] == [
        {"before": {"quantity": "8", "cost": "800"}, "after": {"quantity": "7", "cost": "700"}}
    ]
    said = spaced(london, 2024, "uk", "--explain", "broker-000000005")
    assert "2024-05-02 00:30:00 in Europe/London, 2024-05-01 23:30:00 UTC" in said
    assert "Pool before 10 BTC cost 1000 GBP Pool after 8 BTC cost 800 GBP" in said


def test_the_average_of_a_book_before_and_after(tmp_path: Path) -> None:
    lines = [
        line("2024-01-01", "buy", "1 BTC", "10 USD", account="A"),
        line("2024-01-02", "buy", "2 BTC", "50 USD", account="A"),
        line("2024-01-03", "buy", "1 BTC", "99 USD", account="B"),
        line("2024-01-04", "sell", "1 BTC", "100 USD", account="A"),
        line("2024-01-05", "buy", "1 BTC", "99 USD", account="A"),
        line("2024-01-06", "sell", "3 BTC", "100 USD", account="A"),
    ]
    shelf = Shelf(tmp_path, lines)
    args = ("--method", "average", "--scope", "account", "--explain")
    [first] = shelf.tax(2024, "generic", *args, "broker-000000004")["matches"]
    assert first["pool"] == {
        "before": {"quantity": "3", "cost": "60"},
        "after": {"quantity": "2", "cost": "40"},
    }
    [last] = shelf.tax(2024, "generic", *args, "broker-000000006")["matches"]
    assert last["pool"] == {
        "before": {"quantity": "3", "cost": "139"},
        "after": {"quantity": "0", "cost": "0"},
    }


def test_a_cross_is_told_leg_by_leg_with_ages_and_the_fee_taken_off(tmp_path: Path) -> None:
    lines = [
        line("2024-06-03", "buy", "1 BTC", "60000 USDT", "10 USDT"),
        line("2025-06-04", "sell", "0.5 BTC", "40000 USDT", "20 USDT"),
    ]
    prices = {"sources": ["files"], "parity": {"USDT": "USD"}}
    shelf = Shelf(tmp_path, lines, "PLN", "Europe/Warsaw", prices=prices)
    shelf.prices("USD,PLN,4,2024-06-03T11:00:00Z", "USD,PLN,3.75,2025-06-03T12:00:00Z")
    found = shelf.tax(2025, "generic", "--explain", "broker-000000002")
    worth = found["prices"][0]
    assert told(worth, "of for asset quantity rate amount") == (
        "broker-000000002", "worth", "USDT", "40000", "3.75", "150000",
    )  # fmt: skip
    assert [told(leg, "asset quote source age_s") for leg in worth["legs"]] == [
        ("USDT", "USD", "parity", 0), ("USD", "PLN", "files", 86400),
    ]  # fmt: skip
    assert told(found["disposal"], "proceeds cost gain") == ("149925", "120000", "29925")
    said = spaced(shelf, 2025, "generic", "--explain", "broker-000000002")
    assert "1 USDT x 1 USD/USDT (declared parity) x 3.75 PLN/USD (files of 2025-06-03T12:00:00Z" in said
    assert "USD in PLN is 1 d older" in said and "USD in PLN is 1 h older" in said
    assert "40000 USDT x 3.75 = 150000 PLN" in said and "fee: 20 USDT x 3.75 = 75 PLN" in said
    assert "0.5 of 1 BTC: 120000 of 240000 PLN" in said


def test_the_term_is_told_with_its_dates(tmp_path: Path) -> None:
    lines = [
        line("2024-02-29", "buy", "1 BTC", "100 USD"),
        line("2025-02-28", "sell", "0.5 BTC", "100 USD"),
        line("2025-03-01", "sell", "0.5 BTC", "100 USD"),
    ]
    shelf = Shelf(tmp_path, lines)
    short = spaced(shelf, 2025, "us", "--explain", "broker-000000002")
    assert "Held from 2024-02-29 to 2025-02-28: short term; long from 2025-03-01 on" in short
    [match] = shelf.tax(2025, "us", "--explain", "broker-000000003")["matches"]
    assert told(match, "term long_from") == ("long", "2025-03-01")


def test_the_evidence_named_is_the_row_in_the_sealed_answer(london: Shelf) -> None:
    found = london.tax(2024, "uk", "--explain", "broker-000000007")
    sealed = found["disposal"]["movements"][0]["evidence"]
    assert told(sealed, "source stream kind pointer") == ("broker", "rows.csv", "sell", "/6")
    answer = london.folder / "evidence" / sealed["answer"][:2] / f"{sealed['answer']}.gz"
    assert gzip.decompress(answer.read_bytes()) == (london.folder / "rows.csv").read_bytes()
    assert f"row /6 of the sealed answer {sealed['answer']}" in spaced(
        london, 2024, "uk", "--explain", "broker-000000007"
    )


def test_lots_that_moved_are_told_with_where_they_came_to(tmp_path: Path) -> None:
    move = {"txid": "0xmove"}
    lines = [
        line("2025-01-05", "buy", "2 BTC", "100 USD", account="A"),
        line("2025-02-05", "transfer_out", "1 BTC", fee="0.5 BTC", account="A", **move),
        line("2025-02-05T13:00:00Z", "transfer_in", "1 BTC", account="B", **move),
        line("2025-03-05", "sell", "1 BTC", "100 USD", account="B"),
    ]
    shelf = Shelf(tmp_path, lines, prices={"sources": ["files"]})
    shelf.prices("BTC,USD,80,2025-02-05T00:00:00Z")
    said = spaced(shelf, 2025, "us", "--explain", "broker-000000004")
    assert "2 BTC arrived at broker:A by purchase, against 100 USD" in said and "they left broker:B" in said
    fee = shelf.tax(2025, "us", "--explain", "broker-000000002-fee")
    assert told(fee["disposal"], "activity quantity proceeds cost") == ("transfer fee", "0.5", "40", "25")
    moved = shelf.tax(2025, "us", "--explain", "broker-000000002", code=2)["error"]["message"]
    assert "internal transfer is no disposal" in moved


def test_every_disposal_of_a_year_is_explained_as_it_is_listed(london: Shelf) -> None:
    for rules, method in (("uk", "uk"), ("generic", "average"), ("generic", "lifo"), ("generic", "hifo")):
        year = london.tax(2024, rules, "--method", method)
        by_id: dict[str, list[Any]] = {}
        for row in year["disposals"]:
            by_id.setdefault(row["id"], []).append(row)
        assert by_id
        for name, rows in by_id.items():
            found = london.tax(2024, rules, "--method", method, "--explain", name)
            assert [
                told(one, "rule lot acquired_at quantity proceeds cost gain term") for one in found["matches"]
            ] == [told(row, "rule lot acquired_at quantity proceeds cost gain term") for row in rows]
            assert Decimal(found["disposal"]["gain"]) == sum(Decimal(row["gain"]) for row in rows)
            assert {key: found[key] for key in ("year", "rules", "method", "scope", "currency")} == {
                key: year[key] for key in ("year", "rules", "method", "scope", "currency")
            }


TRADES = (
    line("2023-01-05", "buy", "1 BTC", "20000 USD"),
    line("2024-01-05", "buy", "1 BTC", "60000 USD"),
    line("2024-01-06", "buy", "5 ETH", "10000 USD"),
    line("2024-03-05", "sell", "1 BTC", "50000 USD"),
    line("2024-04-05", "sell", "0.5 BTC", "10000 USD"),
)


def test_methods_stand_side_by_side_and_each_says_what_it_says_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, TRADES)
    found = shelf.tax(2024, "us", "--compare", "fifo,hifo")
    assert [one["method"] for one in found["compared"]] == ["fifo", "hifo"]
    assert [told(one, "proceeds cost gain gains losses held_cost holds") for one in found["compared"]] == [
        ("60000", "50000", "10000", "30000", "20000", "40000", True),
        ("60000", "70000", "-10000", "0", "10000", "20000", True),
    ]  # fmt: skip
    for one in found["compared"]:
        alone = shelf.tax(2024, "us", "--method", one["method"])["summary"]
        assert {key: alone[key] for key in ("disposals", "rows", "quantity", "proceeds", "cost", "gain")} == {
            key: one[key] for key in ("disposals", "rows", "quantity", "proceeds", "cost", "gain")
        }
        assert [term["gain"] for term in one["terms"]] == [term["gain"] for term in alone["terms"]]
        assert [told(held, "asset quantity") for held in one["held"]] == [("BTC", "0.5"), ("ETH", "5")]
        spent = sum(Decimal(held["cost"]) for held in one["held"]) + Decimal(one["cost"])
        assert spent == 90000, "what was paid is in what left or in what is held"
    said = spaced(shelf, 2024, "us", "--compare", "fifo,hifo")
    assert "Gain 10000 -10000" in said and "Cost of what is held 40000 20000" in said
    assert "Gain, long term 30000 0 Gain, short term -20000 -10000" in said


def test_a_comparison_of_what_went_short_is_open(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, [TRADES[0], line("2024-03-05", "sell", "2 BTC", "50000 USD")])
    found = shelf.tax(2024, "us", "--compare", "fifo, lifo", code=3)
    assert all(one["unknown"] == 1 and one["holds"] and one["breaks"] for one in found["compared"])
    people = shelf.ask(2024, "us", "--compare", "fifo,lifo", code=3).stdout
    assert people.count("Open: ") == 1
    assert shelf.ask(2024, "us", "--explain", "broker-000000002", code=3).stdout.count("?") >= 2


def test_what_two_assets_left_by_in_one_entry_has_two_ids(tmp_path: Path) -> None:
    """An adjustment that people enter may take several assets at once."""
    shelf = Shelf(tmp_path, TRADES[:3])
    posts = [
        word
        for leg in ("BTC 0.1", "ETH 1")
        for word in (
            "--post", f"assets:broker:main {leg.replace(' ', ' -')}", "--post", f"adjustments {leg}",
        )
    ]  # fmt: skip
    draft = ("adjust", "draft", "--source", "broker", *posts, "--reason", "network_fee", "--text", "lost key")
    made = recon(tmp_path, "--as", "Anna", *draft, "--at", "2024-06-01", "--json").json
    recon(tmp_path, "--as", "Bob", "adjust", "approve", made["id"], "--quiet")
    rows = shelf.rows(2024, "generic", code=3)
    assert [told(one, "asset activity quantity") for one in rows] == [
        ("BTC", "adjustment", "0.1"), ("ETH", "adjustment", "1"),
    ]  # fmt: skip
    assert len({one["id"] for one in rows}) == 2
    for row in rows:
        found = shelf.tax(2024, "generic", "--explain", row["id"], code=3)
        assert told(found["disposal"], "asset quantity proceeds gain") == (
            row["asset"],
            row["quantity"],
            None,
            None,
        )
        assert "a rule in [rules] can" in found["matches"][0]["lacks"]
        [moved] = found["disposal"]["movements"]
        assert moved["evidence"]["stream"] == "adjustments" and moved["note"] == "lost key"
