"""recon tax from outside: a year's disposals and sums, what is open, what rules and choices change, and exit codes."""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.contract.house import House
from tests.contract.outside import Ran, recon
from tests.contract.shelf import Line, Shelf, line, told
from tests.tax._cases import rows as case_rows

TWO_LOTS = (
    line("2023-01-05", "buy", "1 BTC", "20000 USD", "7 USD"),
    line("2024-02-05", "buy", "2 BTC", "70000 USD"),
    line("2024-03-05", "sell", "1.7 BTC", "90000 USD", "11 USD"),
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Two purchases and a sale. To look at."""
    return Shelf(tmp_path_factory.mktemp("clean"), TWO_LOTS)


def test_the_answer_is_one_document_of_the_year_its_rows_and_its_sums(clean: Shelf) -> None:
    found = clean.tax(2024, "us")
    assert told(found, "year rules method scope currency") == (2024, "us", "fifo", "universal", "USD")
    assert [told(one, "acquired_at quantity term lot") for one in found["disposals"]] == [
        ("2023-01-05T12:00:00Z", "1", "long", "broker-000000001"),
        ("2024-02-05T12:00:00Z", "0.7", "short", "broker-000000002"),
    ]
    assert told(found["summary"], "disposals rows proceeds cost gain unknown") == (
        2,
        2,
        "89989",
        "44507",
        "45482",
        0,
    )
    assert [tie["holds"] for tie in found["summary"]["ties"]] == [True]
    assert told(found["summary"]["ties"][0], "acquired disposed held ledger") == ("3", "1.7", "1.3", "1.3")


def test_the_summary_alone_is_the_same_summary(clean: Shelf) -> None:
    whole, short = clean.tax(2024, "us"), clean.tax(2024, "us", "--summary")
    assert short["disposals"] == [] and whole["disposals"]
    assert short == whole | {"disposals": []}


def test_the_rows_of_a_disposal_sum_to_it_to_the_last_digit(tmp_path: Path) -> None:
    """Thirds have no end: what each row is rounded by, another makes up for."""
    lines = [
        line(f"2024-01-0{day}", "buy", f"0.00000{day} BTC", "1 USD", "0.000001 USD") for day in (1, 2, 3)
    ]
    sale = line("2024-02-01", "sell", "0.000006 BTC", "7.000000000000000001 USD", "0.000003 USD")
    for method in ("fifo", "lifo", "hifo", "lofo"):
        folder = tmp_path / method
        folder.mkdir()
        found = Shelf(folder, [*lines, sale]).rows(2024, "generic", "--method", method)
        assert len(found) == 3
        assert sum(Decimal(one["proceeds"]) for one in found) == Decimal("6.999997000000000001")
        assert sum(Decimal(one["cost"]) for one in found) == Decimal("3.000003")
        assert all(Decimal(one["gain"]) == Decimal(one["proceeds"]) - Decimal(one["cost"]) for one in found)
        assert all(len(one["proceeds"].partition(".")[2]) <= 18 for one in found)


def test_two_runs_give_the_same_bytes(clean: Shelf) -> None:
    for args in ((), ("--json",), ("--json", "--compare", "fifo,hifo"), ("--explain", "broker-000000003")):
        assert clean.ask(2024, "us", *args).stdout == clean.ask(2024, "us", *args).stdout


@pytest.mark.parametrize(
    ("year", "args", "said"),
    [
        ("2024", ("--rules", "fr"), "us"),
        ("2024", ("--rules", "us", "--method", "average"), "hifo"),
        ("2024", ("--rules", "us", "--method", "nonsense"), "fifo"),
        ("2024", ("--rules", "us", "--scope", "source"), "account"),
        ("2024", ("--rules", "us", "--scope", "nonsense"), "universal"),
        ("2024", ("--rules", "pl", "--method", "fifo"), "no lots"),
        ("2024", (), "--rules"),
        ("1999", ("--rules", "us"), "2009"),
        ("next", ("--rules", "us"), "YEAR"),
        ("2010", ("--rules", "us"), "not known before"),
        ("2024", ("--rules", "us", "--compare", "fifo,average"), "average"),
        ("2024", ("--rules", "us", "--compare", ""), "fifo"),
        ("2024", ("--rules", "pl", "--compare", "fifo"), "no lots"),
        ("2024", ("--rules", "us", "--compare", "fifo", "--method", "fifo"), "--method"),
        ("2024", ("--rules", "us", "--compare", "fifo", "--explain", "x"), "--explain"),
        ("2024", ("--rules", "us", "--explain", "nothing"), "recon tax"),
        ("2024", ("--rules", "us", "--explain", "broker-000000001"), "arrived"),
        ("2023", ("--rules", "us", "--explain", "broker-000000003"), "tax year 2024"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(
    clean: Shelf, year: str, args: tuple[str, ...], said: str
) -> None:
    ran = recon(clean.folder, "tax", year, *args, "--json", code=2)
    assert said in ran.json["error"]["message"]


def test_a_short_disposal_keeps_its_row_and_the_break_names_the_first_moment_and_the_cure(
    tmp_path: Path,
) -> None:
    lines = [
        line("2024-01-05", "buy", "1 BTC", "40000 USD"),
        line("2024-02-05", "sell", "1.5 BTC", "90000 USD"),
        line("2024-03-05", "sell", "0.5 BTC", "30000 USD"),
    ]
    shelf = Shelf(tmp_path, lines)
    found = shelf.tax(2024, "generic", code=3)
    assert [told(one, "rule quantity proceeds") for one in found["disposals"]] == [
        ("fifo", "1", "60000"), ("short", "0.5", "30000"), ("short", "0.5", "30000"),
    ]  # fmt: skip
    assert all(one["lacks"] for one in found["disposals"][1:]) and found["disposals"][0]["lacks"] is None
    assert told(found["summary"], "proceeds cost gain unknown") == ("60000", "40000", "20000", 2)
    [one] = found["summary"]["breaks"]
    assert told(one, "severity source account asset at") == (
        "error",
        "broker",
        "main",
        "BTC",
        "2024-02-05T12:00:00Z",
    )
    said = one["diagnosis"]["text"]
    assert "1 BTC left that no lot had, in 2 movements" in said
    assert "2024-02-05 12:00:00 UTC" in said and "broker-000000002" in said and "[[opening]]" in said
    people = shelf.ask(2024, "generic", code=3).stdout
    [row] = [text for text in people.splitlines() if "broker-000000003" in text and "short" in text]
    assert row.split()[-2:] == ["?", "?"], "what is not known is no zero"
    opened = {"source": "broker", "account": "main", "asset": "BTC", "quantity": "1", "cost": "10000"}
    shelf.set(opening=[opened])
    recon(tmp_path, "pull", "--quiet")
    cured = shelf.tax(2024, "generic")
    assert cured["summary"]["breaks"] == [] and cured["summary"]["cost"] == "50000"


def test_what_lacks_a_price_is_open_and_told_on_its_row(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, [*TWO_LOTS, line("2024-04-05", "sell", "0.1 BTC", "5000 EUR")])
    found = shelf.tax(2024, "us", code=3)
    assert "no price of EUR in USD" in found["disposals"][-1]["lacks"]
    [one] = found["summary"]["breaks"]
    assert told(one, "check severity asset") == ("prices", "warning", "BTC")
    assert "broker-000000004" in one["diagnosis"]["text"] and "recon prices" in one["diagnosis"]["text"]
    assert shelf.tax(2023, "us")["summary"]["breaks"] == [], (
        "what comes later is no matter of an earlier year"
    )
    shelf.set(prices={"sources": ["files"]})
    shelf.prices("EUR,USD,1.1,2024-04-05T00:00:00Z")
    assert shelf.rows(2024, "us")[-1]["proceeds"] == "5500"


def test_a_pool_with_an_unknown_cost_names_the_first_cause(tmp_path: Path) -> None:
    lines = [
        line("2024-01-05", "buy", "1 BTC", "5000 EUR"),
        line("2024-04-05", "sell", "0.1 BTC", "5000 USD"),
    ]
    [row] = Shelf(tmp_path, lines).rows(2024, "generic", "--method", "average", code=3)
    assert "first broker-000000001: no price of EUR in USD" in row["lacks"]


def test_what_left_on_one_day_lacks_an_amount_where_one_part_of_it_does(tmp_path: Path) -> None:
    lines = [
        line("2024-05-01", "buy", "3 BTC", "300 GBP"),
        line("2024-05-05T10:00:00Z", "sell", "1 BTC", "500 GBP"),
        line("2024-05-05T11:00:00Z", "sell", "1 BTC", "500 EUR"),
    ]
    shelf = Shelf(tmp_path, lines, "GBP", "Europe/London")
    [row] = shelf.rows(2024, "uk", code=3)
    assert "not all that left on this day has a known amount" in row["lacks"]
    said = " ".join(shelf.ask(2024, "uk", "--explain", row["id"], code=3).stdout.split())
    assert "no price of EUR in GBP" in said and "Proceeds 500 GBP" in said


OUT = line("2024-05-05", "withdrawal", "0.5 BTC", "30000 USD", note="to Jo, invoice 7")


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ("payment", [("payment", "30000", "10003.5", True)]),
        ("gift given", [("gift given", "30000", "10003.5", False)]),
        ("internal transfer", []),
    ],
)
def test_a_rule_says_what_a_withdrawal_was_and_the_choice_is_visible(
    activity: str, expected: list[tuple[str, ...]], tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path, [TWO_LOTS[0], OUT], rules={"jo": {"activity": activity, "note": "to Jo"}})
    found = shelf.tax(2024, "us")
    assert [told(one, "activity proceeds cost taxed") for one in found["disposals"]] == expected
    assert found["summary"]["rules"] == {"jo": 1} and found["summary"]["breaks"] == []
    assert [tie["holds"] for tie in found["summary"]["ties"]] == [True]
    assert "[rules] jo says what 1 movement was" in shelf.ask(2024, "us").stdout
    if expected:
        [moved] = shelf.tax(2024, "us", "--explain", "broker-000000002")["disposal"]["movements"]
        assert told(moved, "ruled_by note activity") == ("jo", "to Jo, invoice 7", activity)
        assert "[rules] jo" in shelf.ask(2024, "us", "--explain", "broker-000000002").stdout
    else:
        assert (
            "no disposal"
            in shelf.tax(2024, "us", "--explain", "broker-000000002", code=2)["error"]["message"]
        )


def test_a_withdrawal_without_a_rule_is_open(tmp_path: Path) -> None:
    bare = {name: text for name, text in OUT.items() if not name.startswith("quote")}
    shelf = Shelf(tmp_path, [TWO_LOTS[0], bare])
    found = shelf.tax(2024, "us", code=3)
    assert "a rule in [rules] can" in found["disposals"][0]["lacks"]
    shelf.set(rules={"jo": {"activity": "payment", "amount": "0.5"}})
    assert "no price of BTC in USD" in shelf.rows(2024, "us", code=3)[0]["lacks"]


def test_a_law_without_lots_counts_what_was_paid_with_and_what_nobody_knows(tmp_path: Path) -> None:
    lines = [
        line("2024-01-05", "buy", "2 BTC", "1000 PLN"),
        line("2024-02-05", "withdrawal", "0.5 BTC", "400 PLN", note="lunch"),
        line("2024-02-06", "withdrawal", "0.1 BTC"),
        line("2024-02-07", "sell", "1 BTC", "900 PLN", "5 PLN"),
    ]
    shelf = Shelf(
        tmp_path, lines, "PLN", "Europe/Warsaw", rules={"lunch": {"activity": "payment", "note": "lunch"}}
    )
    found = shelf.tax(2024, "pl", code=3)
    assert [told(one, "activity proceeds") for one in found["disposals"]] == [
        ("payment", "400"), ("withdrawal to outside", "0"), ("sale", "895"),
    ]  # fmt: skip
    assert "nobody said" in found["disposals"][1]["lacks"]
    assert [(tie["acquired"], tie["disposed"], tie["holds"]) for tie in found["summary"]["ties"]] == [
        ("2", "1.6", True)
    ]
    assert told(found["summary"], "disposals proceeds unknown") == (2, "1295", 1)
    forms = {one["title"]: one["value"] for one in found["summary"]["forms"]}
    assert forms["Przychód"] == "1300.00"
    assert "1" in [value for title, value in forms.items() if title.startswith("Rows in no figure")]
    assert shelf.tax(2024, "pl", "--summary", code=3) == found | {"disposals": []}
    assert told(shelf.tax(2024, "pl", "--explain", "broker-000000002")["disposal"], "proceeds cost") == (
        "400",
        None,
    )


def chosen(shelf: Shelf, text: str) -> None:
    (shelf.folder / "choices.csv").write_text(text)
    shelf.set(tax={"choices": "choices.csv"})


def test_lots_that_were_chosen_go_and_choices_that_cannot_be_met_are_told(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, TWO_LOTS)
    chosen(
        shelf,
        "disposal,lot,quantity\nbroker-000000003,broker-000000002,1.2\nbroker-000000003,broker-000000001,9\n"
        "broker-000000009,broker-000000001,1\n",
    )
    found = shelf.tax(2024, "generic", "--method", "specific")
    assert [told(one, "rule lot quantity") for one in found["disposals"]] == [
        ("specific", "broker-000000002", "1.2"), ("specific", "broker-000000001", "0.5"),
    ]  # fmt: skip
    assert [told(one, "disposal lot quantity") for one in found["summary"]["unmet"]] == [
        ("broker-000000003", "broker-000000001", "8.5"), ("broker-000000009", "broker-000000001", "1"),
    ]  # fmt: skip
    assert "Not followed" in shelf.ask(2024, "generic", "--method", "specific").stdout


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("disposal,lot\nx,y\n", "choices.csv:1: it has no column quantity"),
        ("disposal,lot,quantity\nx,y,1\nx,y,1e3\n", "choices.csv:3: column quantity"),
        ("disposal,lot,quantity\nx,y\n", "choices.csv:2: column quantity"),
        ("disposal,lot,quantity\n,y,1\n", "choices.csv:2: column disposal"),
        ("disposal,lot,quantity\nx,,1\n", "choices.csv:2: column lot"),
        ("disposal,lot,quantity\nx,y,0\n", "choices.csv:2: column quantity"),
        (None, "choices.csv: the file cannot be read"),
    ],
)
def test_a_bad_file_of_choices_is_a_usage_error_that_names_line_and_column(
    text: str | None, where: str, clean: Shelf
) -> None:
    chosen(clean, text or "")
    if text is None:
        (clean.folder / "choices.csv").unlink()
    try:
        ran = clean.ask(2024, "generic", "--method", "specific", "--json", code=2)
        assert where in ran.json["error"]["message"]
    finally:
        clean.set()


def test_pit_38_of_the_worked_case_with_rates_from_a_file(tmp_path: Path) -> None:
    lines = [
        line("2024-02-01", "buy", "0.5 BTC", "10000 EUR"),
        line("2024-06-01", "sell", "0.5 BTC", "12500 EUR"),
    ]
    shelf = Shelf(tmp_path, lines, "PLN", "Europe/Warsaw", prices={"sources": ["files"]})
    shelf.prices("EUR,PLN,4.35,2024-01-31T12:00:00+01:00", "EUR,PLN,4.45,2024-05-31T12:00:00+02:00")
    found = shelf.tax(2024, "pl")
    figures = {one["box"]: one["value"] for one in found["summary"]["forms"]}
    stated = {
        row["key"]: row["value"] for row in case_rows("other/yearly.csv") if row["case"] == "pl_gain_2024"
    }
    assert (
        figures["34"] == f"{Decimal(stated['revenue_pln']):.2f}"
        and figures["35"] == f"{stated['cost_pln']}.00"
    )
    assert figures["37"] == f"{stated['income_pln']}.00" and figures["41"] == stated["tax_19pct"]
    assert figures["43"] == stated["tax_rounded"]
    said = " ".join(shelf.ask(2024, "pl", "--explain", "broker-000000002").stdout.split())
    assert "1 EUR x 4.45 PLN/EUR" in said and "12500 EUR x 4.45 = 55625 PLN" in said


def test_pit_38_takes_a_swap_of_tokens_for_neutral(tmp_path: Path) -> None:
    lines = [
        line("2024-01-02", "buy", "1 BTC", "40000 PLN"),
        line("2024-06-01", "buy", "15 ETH", "1 BTC"),
        line("2024-12-01", "sell", "15 ETH", "60000 PLN"),
    ]
    shelf = Shelf(tmp_path, lines, "PLN", "Europe/Warsaw")
    found = shelf.tax(2024, "pl")
    assert [told(one, "asset activity proceeds") for one in found["disposals"]] == [("ETH", "sale", "60000")]
    figures = {one["box"]: one["value"] for one in found["summary"]["forms"]}
    assert [figures[box] for box in ("34", "35", "37", "41")] == [
        "60000.00",
        "40000.00",
        "20000.00",
        "3800.00",
    ]


SWAP = (
    line("2024-01-05", "buy", "1 BTC", "40000 USD"),
    line("2024-02-05", "buy", "10 ETH", "0.5 BTC", "0.1 ETH"),
)


def test_a_swap_is_worth_what_the_prices_say_of_what_was_received(tmp_path: Path) -> None:
    """Its fee in kind is a disposal of its own, at the same price."""
    shelf = Shelf(tmp_path, SWAP, prices={"sources": ["files"]})
    shelf.prices("ETH,USD,3000,2024-02-05T00:00:00Z", "BTC,USD,65000,2024-02-05T00:00:00Z")
    bitcoin, ether = shelf.rows(2024, "generic")
    assert told(bitcoin, "id asset proceeds cost") == ("broker-000000002", "BTC", "29700", "20000")
    assert told(ether, "id asset proceeds cost") == ("broker-000000002-fee", "ETH", "300", "300")
    told_of = shelf.tax(2024, "generic", "--explain", "broker-000000002")
    assert [told(one, "for asset rate amount") for one in told_of["prices"]] == [
        ("worth", "ETH", "3000", "30000"), ("fee", "ETH", "3000", "300"),
    ]  # fmt: skip


def test_a_swap_that_nothing_prices_is_open_on_both_sides(tmp_path: Path) -> None:
    lines = [*SWAP, line("2024-03-05", "sell", "1 ETH", "3000 USD")]
    found = Shelf(tmp_path, lines).tax(2024, "generic", code=3)
    lacking = Counter(one["asset"] for one in found["disposals"] if one["lacks"])
    assert lacking == {"BTC": 1, "ETH": 2}
    assert {one["asset"] for one in found["summary"]["breaks"]} == {"BTC", "ETH"}


HOSTILE = (
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "\x1b[31mred",
    "[red]x[/red]",
    "\u202etxt",
    "a\r\nb",
)


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    lines: list[Line] = [line("2024-01-05", "buy", "9 A:B.C-D_E", "40000 USD", note=HOSTILE[0])]
    lines += [
        line(f"2024-02-0{number}", "withdrawal", "1 A:B.C-D_E", "7 USD", note=text, account="main")
        for number, text in enumerate(HOSTILE, 1)
    ]
    shelf = Shelf(tmp_path, lines, rules={"odd": {"activity": "payment", "direction": "out"}})
    found = shelf.rows(2024, "generic")
    assert len(found) == len(HOSTILE)
    for one, text in zip(found, HOSTILE, strict=True):
        [moved] = shelf.tax(2024, "generic", "--explain", one["id"])["disposal"]["movements"]
        assert moved["note"].split() == text.split()
        seen = [shelf.ask(2024, "generic", "--explain", one["id"]), shelf.ask(2024, "generic")]
        assert all(each.isprintable() or each == "\n" for ran in seen for each in ran.stdout + ran.stderr)


def test_codes_that_no_file_may_hold_come_from_a_venue_into_suspense_and_are_open(
    company: House, pulled: Ran
) -> None:
    """The venues' small books: deposits from outside without a cost, a trade, interest."""
    for rules in ("generic", "us", "uk", "de", "pl"):
        ran = recon(company.folder, "tax", "2025", "--rules", rules, "--json", code=3)
        assert all(tie["holds"] for tie in ran.json["summary"]["ties"]), rules
        assert all(re.fullmatch(r"B-[0-9a-f]{12}", one["id"]) for one in ran.json["summary"]["breaks"])
        people = recon(company.folder, "tax", "2025", "--rules", rules, code=3)
        assert "Open: " in people.stdout
    assert recon(company.folder, "tax", "2025", "--rules", "us", "--quiet", code=3).stdout == ""
