"""recon prices: fetched from stand-ins of the NBP and the ECB over loopback, imported, stated, listed, rebuilt."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from recon.core.money import text
from recon.demo.venues import Response, serve
from recon.ledger.digest import digest
from recon.ledger.store import open_ledger
from recon.ledger.tables import METADATA
from recon.pipeline.config import load
from recon.pipeline.rebuild import rebuild_into
from recon.pipeline.verify import verify
from tests.contract.house import House, Switched, house
from tests.contract.outside import recon
from tests.sources.banks import Ecb, Nbp, polish, rate

BROKER = "timestamp,kind,account,asset,quantity,quote_asset,quote_quantity\n"
ROWS = (
    "2024-06-01T10:00:00Z,deposit,main,USD,1000,,",
    "2024-06-03T10:00:00Z,buy,main,BTC,0.01,USD,700",
    "2024-06-05T10:00:00Z,deposit,main,USDT,50,,",
)


class Banks:
    """A house of one broker's file, with both banks behind it."""

    def __init__(self, made: House, nbp: Switched, ecb: Switched, urls: dict[str, str]) -> None:
        self.house, self.nbp, self.ecb, self.urls = made, nbp, ecb, urls
        self.folder = made.folder

    def write(self, **prices: Any) -> None:
        self.house.write(self.house.settings("broker") | {"prices": {**self.urls, **prices}})

    def rows(self, *rows: str) -> None:
        (self.folder / "broker").mkdir(exist_ok=True)
        (self.folder / "broker" / "a.csv").write_text(BROKER + "\n".join(rows) + "\n")

    def facts(self, source: str) -> list[tuple[Any, ...]]:
        config = load(self.folder / "recon.toml")
        with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
            fact = METADATA.tables["facts"].c
            asked = fact.id.table.select().where(fact.source == source).order_by(fact.id)
            return [tuple(row)[3:] for row in tx.connection.execute(asked)]

    def worth(self, asset: str, at: str, quote: str = "PLN") -> Any:
        ran = recon(self.folder, "prices", "list", "--asset", asset, "--at", at, "--in", quote, "--json")
        [found] = ran.json["valuations"]
        return found


@contextmanager
def bank_house(folder: Path) -> Iterator[Banks]:
    nbp, ecb = Switched(Nbp()), Switched(Ecb())
    with house(folder, "broker") as made, serve(nbp) as nbp_url, serve(ecb) as ecb_url:
        found = Banks(made, nbp, ecb, {"nbp_url": nbp_url, "ecb_url": ecb_url})
        found.rows(*ROWS)
        yield found


@pytest.fixture
def banks(tmp_path: Path) -> Iterator[Banks]:
    with bank_house(tmp_path) as made:
        yield made


def today() -> date:
    return datetime.now(UTC).date()


def test_rates_are_fetched_once_page_by_page_and_sealed(banks: Banks) -> None:
    banks.write(sources=["nbp"])
    [_, read] = recon(banks.folder, "pull", "--json").json["streams"]
    assert (read["source"], read["stream"], read["status"]) == ("nbp", "rates", "ok")
    asked = [request.path.split("/")[-3:-1] for request in banks.nbp.venue.requests]
    assert len(asked) == read["requests"] > 9
    assert asked[0][0] == "2024-05-18", "two weeks before the first entry"
    for first, last in asked:
        assert (date.fromisoformat(last) - date.fromisoformat(first)).days < 93
    held = {(code, at): value for _, code, quote, value, at, *_ in banks.facts("nbp") if quote == "PLN"}
    assert held["USD", datetime(2024, 5, 30, 22, tzinfo=UTC)] == rate("USD", date(2024, 5, 31))
    banks.nbp.venue.requests.clear()
    answers = len(banks.facts("nbp"))
    assert recon(banks.folder, "prices", "pull", "--json").json["status"] in ("ok", "failed")
    assert len(banks.facts("nbp")) >= answers
    assert len(banks.nbp.venue.requests) <= 1


def test_a_pull_on_a_holiday_asks_for_no_empty_span_and_nothing_held(banks: Banks) -> None:
    """Whatever today is: the last table that the bank has is some days old, and the newest are held."""
    banks.write(sources=["nbp"])
    banks.nbp.venue.until = today() - timedelta(days=3)
    recon(banks.folder, "pull")
    before = len(banks.facts("nbp"))
    recon(banks.folder, "prices", "pull")
    banks.nbp.venue.until = today()
    banks.nbp.venue.requests.clear()
    recon(banks.folder, "prices", "pull")
    assert len(banks.facts("nbp")) >= before
    assert len(banks.nbp.venue.requests) <= 1


def test_a_valuation_names_each_leg_and_its_evidence(banks: Banks) -> None:
    banks.write(sources=["trades", "nbp"], parity={"USDT": "USD"})
    recon(banks.folder, "pull")
    found = banks.worth("BTC", "2024-06-03T12:00:00Z")
    assert [leg["source"] for leg in found["legs"]] == ["trades", "nbp"]
    assert found["legs"][0]["value"] == "70000" and found["legs"][0]["age_s"] == 7200
    assert found["legs"][1]["at"] == "2024-05-30T22:00:00Z"
    assert "NBP table A 152/A/NBP/2024 of 2024-05-31, answer " in found["text"]
    assert found["value"] == text(70000 * Decimal(rate("USD", date(2024, 5, 31))))
    tether = banks.worth("USDT", "2024-06-05T12:00:00Z")
    assert [leg["source"] for leg in tether["legs"]] == ["parity", "nbp"]
    assert "declared parity" in tether["text"]
    lacking = banks.worth("BTC", "2024-06-20T12:00:00Z")
    assert lacking["value"] is None and "own trades, BTC in USD: the last before is of" in lacking["lacking"]
    assert lacking["legs"] == [] and "recon prices set" in lacking["lacking"]
    said = recon(banks.folder, "prices", "list", "--at", "2024-06-03").stdout
    assert "1 BTC x 70000 USD/BTC (own trades of 2024-06-03T10:00:00Z, entry " in " ".join(said.split())


def test_a_table_that_was_left_out_is_asked_for_again(banks: Banks) -> None:
    banks.write(sources=["nbp"])
    banks.nbp.venue.without = {date(2024, 5, 31)}
    recon(banks.folder, "pull")
    found = banks.worth("USD", "2024-06-01T12:00:00Z")
    assert "the table of 2024-05-31 is not held (the last before it is of 2024-05-29)" in found["lacking"]
    breaks = recon(banks.folder, "reconcile", "2024-06", "--json", code=3).json["breaks"]
    assert any(one["check"] == "prices" and one["asset"] == "USD" for one in breaks)
    banks.nbp.venue.without = set()
    recon(banks.folder, "prices", "pull")
    assert banks.worth("USD", "2024-06-01T12:00:00Z")["value"] is not None
    after = recon(banks.folder, "reconcile", "2024-06", "--json", code=3).json["breaks"]
    assert not any(one["check"] == "prices" and one["asset"] == "USD" for one in after)


LIES: dict[str, bytes] = {
    "another day": f"[{Nbp.table(date(2020, 1, 2))}]".encode(),
    "another table": b'[{"table":"C","no":"1","effectiveDate":"2024-06-03","rates":[]}]',
    "no list": b'{"rates":[]}',
    "a zero": b'[{"table":"A","no":"1","effectiveDate":"2024-05-20","rates":[{"code":"USD","mid":0}]}]',
    "a float too long": b'[{"table":"A","no":"1","effectiveDate":"2024-05-20","rates":[{"code":"USD","mid":1e-40}]}]',
    "HTML": b"<html>",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_bank_that_lies_is_a_source_that_failed_and_nothing_of_it_is_taken(banks: Banks, lie: str) -> None:
    banks.write(sources=["nbp"])
    banks.nbp.instead = lambda request: Response(200, {"Content-Type": "application/json"}, LIES[lie])
    found = recon(banks.folder, "pull", "--json", code=4).json
    [read] = [one for one in found["streams"] if one["source"] == "nbp"]
    assert read["status"] == "failed" and read["error"]["kind"] == "payload"
    assert banks.facts("nbp") == []


def test_a_bank_that_is_cut_or_answers_404_fails_and_one_that_throttles_is_asked_again(banks: Banks) -> None:
    banks.write(sources=["nbp"])
    banks.nbp.instead = lambda request: Response(404, {}, b"404 NotFound")
    assert recon(banks.folder, "pull", "--json", code=4).json["status"] == "partial"
    seen: list[str] = []

    def throttled(request: Any) -> Response | None:
        seen.append(request.path)
        if len(seen) == 1:
            return Response(429, {"Retry-After": "0"}, b"{}")
        return Response(200, {"Content-Length": "999999"}, b"[") if len(seen) == 2 else None

    banks.nbp.instead = throttled
    assert recon(banks.folder, "prices", "pull", "--json").json["status"] == "ok"
    assert seen[0] == seen[1] == seen[2]


def test_the_ecb_history_is_sealed_as_a_file_and_newer_days_are_asked_for(banks: Banks) -> None:
    banks.write(sources=["ecb"])
    streams = {one["stream"]: one for one in recon(banks.folder, "pull", "--json").json["streams"]}
    assert streams["history"]["status"] == streams["rates"]["status"] == "ok"
    facts = banks.facts("ecb")
    assert {one[0] for one in facts} == {"history", "rates"}
    assert min(one[4] for one in facts) == datetime(2024, 5, 19, 22, tzinfo=UTC)
    found = banks.worth("USD", "2024-06-01T12:00:00Z")
    assert [(leg["asset"], leg["quote"], leg["inverse"]) for leg in found["legs"]] == [
        ("EUR", "USD", True), ("EUR", "PLN", False),
    ]  # fmt: skip
    assert (found["legs"][0]["value"], found["legs"][1]["value"]) == ("1.0852", "4.2645")
    assert Fraction(int(found["numerator"]), int(found["denominator"])) == Fraction("4.2645") / Fraction(
        "1.0852"
    )
    assert "1 / 1.0852 USD/EUR (ECB reference rates of 2024-05-31, answer " in found["text"]
    count = len(facts)
    recon(banks.folder, "prices", "pull")
    assert [one for one in banks.facts("ecb")[count:] if one[0] == "history"] == []


PRICES = "asset,quote,date,price,note\nBTC,PLN,2024-06-01,270000.5,close\nUSDT,PLN,2024-06-05,3.95,\n"


def test_a_file_is_taken_whole_and_once(banks: Banks) -> None:
    banks.write(sources=["files"])
    recon(banks.folder, "pull")
    (banks.folder / "p.csv").write_text(PRICES)
    done = recon(banks.folder, "prices", "import", "p.csv", "--json").json
    assert (done["file"], done["prices"]) == ("p.csv", 2)
    assert recon(banks.folder, "prices", "import", "p.csv", "--json").json == {
        "file": "p.csv",
        "prices": 0,
        "answer": None,
    }
    assert len(banks.facts("prices")) == 2
    found = banks.worth("BTC", "2024-06-02T12:00:00Z")
    assert found["value"] == "270000.5" and found["legs"][0]["at"] == "2024-05-31T22:00:00Z"
    book = Workbook()
    assert book.active is not None
    for row in (["Asset", "Quote", "Time", "Price"], ["ETH", "PLN", "2024-06-01T00:00:00Z", "15000.10"]):
        book.active.append(row)
    book.save(banks.folder / "p.xlsx")
    assert recon(banks.folder, "prices", "import", "p.xlsx", "--json").json["prices"] == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("BTC,PLN,2024-06-02,-1,", "a price of -1 is none"),
        ("BTC,PLN,2024-06-02,0,", "a price of 0 is none"),
        ("BTC,PLN,2024-06-02,1e5,", "may not carry an exponent"),
        ("BTC,PLN,02.06.2024,1,", "its date '02.06.2024' cannot be read"),
        ("B C,PLN,2024-06-02,1,", "is no asset"),
        ("PLN,PLN,2024-06-02,1,", "has no price in itself"),
        ("BTC,PLN,2024-06-02,1", "4 cells, but the header names 5 columns"),
    ],
)
def test_a_bad_row_stops_the_file_with_its_line(banks: Banks, row: str, said: str) -> None:
    banks.write(sources=["files"])
    recon(banks.folder, "pull")
    (banks.folder / "p.csv").write_text(PRICES + row + "\n")
    ran = recon(banks.folder, "prices", "import", "p.csv", code=2)
    assert "line 4" in ran.stderr and said in ran.stderr
    assert banks.facts("prices") == []


def test_a_stated_price_counts_once_another_person_approved_it(banks: Banks) -> None:
    banks.write(sources=["nbp"])
    recon(banks.folder, "pull")
    at = "2024-06-05T10:00:00Z"
    stated = recon(
        banks.folder,
        "--as",
        "Anna",
        "prices",
        "set",
        "usdt",
        "pln",
        at,
        "3.9",
        "--reason",
        "broker's note",
        "--json",
    ).json
    assert stated["state"] == "drafted" and stated["approved"] is None
    assert banks.worth("USDT", "2024-06-05T12:00:00Z")["value"] is None
    name = stated["id"]
    refused = recon(banks.folder, "--as", " ANNA ", "prices", "approve", name, code=2)
    assert "another person must approve it" in refused.stderr
    approved = recon(banks.folder, "--as", "Ben", "prices", "approve", name, "--json").json
    assert approved["approved"]["person"] == "Ben" and approved["state"] == "approved"
    assert (
        "was approved by Ben" in recon(banks.folder, "--as", "Eva", "prices", "approve", name, code=2).stderr
    )
    found = banks.worth("USDT", "2024-06-05T12:00:00Z")
    assert found["value"] == "3.9" and found["legs"][0]["source"] == "manual"
    listed = recon(banks.folder, "prices", "list", "--json").json
    assert listed["stated"] == [approved]
    assert "broker's note. Stated by Anna, approved by Ben." in recon(banks.folder, "prices", "list").stdout


def test_the_rebuilt_ledger_has_the_same_facts(banks: Banks) -> None:
    banks.write(sources=["trades", "nbp", "ecb", "files"])
    banks.nbp.venue.without = {date(2024, 7, 1)}
    recon(banks.folder, "pull")
    (banks.folder / "p.csv").write_text(PRICES)
    recon(banks.folder, "prices", "import", "p.csv")
    made = recon(
        banks.folder, "--as", "A", "prices", "set", "ETH", "PLN", "2024-06-01", "1", "--reason", "x", "--json"
    )
    recon(banks.folder, "--as", "B", "prices", "approve", made.json["id"])
    banks.nbp.venue.without = set()
    banks.rows("2024-03-01T10:00:00Z,deposit,main,USD,5,,", *ROWS)
    recon(banks.folder, "pull")
    config = load(banks.folder / "recon.toml")
    found = rebuild_into(config, "sqlite:///again.db", lambda text: None, explain=False)
    assert found.same
    told = []
    for url in (config.ledger_url, f"sqlite:///{banks.folder / 'again.db'}"):
        with open_ledger(url, create=False) as ledger:
            assert verify(ledger, config.evidence).problems == []
            with ledger.transaction() as tx:
                facts = METADATA.tables["facts"].c
                columns = [one for one in facts if one.name not in ("id", "reading_id")]
                rows = tx.connection.execute(facts.id.table.select().with_only_columns(*columns))
                told.append((digest(tx), sorted(map(tuple, rows))))
    assert told[0] == told[1]
    assert {one[0] for one in told[0][1]} == {"ecb", "nbp", "prices"}


def test_doctor_asks_the_banks_and_coverage_tells_of_them(banks: Banks) -> None:
    banks.write(sources=["nbp", "ecb"])
    recon(banks.folder, "pull")
    findings = recon(banks.folder, "doctor", "--json").json["findings"]
    assert {one["about"] for one in findings if one["about"].startswith("prices.")} == {
        "prices.nbp",
        "prices.ecb",
    }
    cells = recon(banks.folder, "coverage", "2024-06", "--json").json["cells"]
    assert {"nbp", "ecb"} <= {one["source"] for one in cells}
    assert not any(one["grey"] for one in cells)
    rights = recon(banks.folder, "doctor", "--permissions", "--json").json["permissions"]
    assert {one["source"] for one in rights} >= {"nbp", "ecb"}


def test_what_cannot_be_fetched_or_configured_is_told(banks: Banks) -> None:
    banks.write(sources=["trades"])
    recon(banks.folder, "pull")
    assert "neither nbp nor ecb is named" in recon(banks.folder, "prices", "pull", code=2).stderr
    settings = banks.house.settings("broker")
    banks.house.write({**settings, "sources": {"nbp": settings["sources"]["broker"]}})
    assert "this one is kept for prices" in recon(banks.folder, "pull", code=2).stderr
    for url in ("http://example.com", "ftp://127.0.0.1"):
        banks.write(sources=["nbp"], nbp_url=url)
        assert "expected https://" in recon(banks.folder, "pull", code=2).stderr


def test_the_stand_in_knows_the_holidays() -> None:
    assert polish(date(2025, 12, 24)) and not polish(date(2024, 12, 24))
    assert polish(date(2025, 4, 21)) and polish(date(2024, 5, 30))
