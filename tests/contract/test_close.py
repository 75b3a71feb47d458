"""A close that holds: what stands in its way, what it seals, who signs it, and how it is opened again."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from recon.core.canonical import write_json
from recon.ledger.store import open_ledger
from recon.pipeline.config import load
from tests.contract.house import BOOKS, VENUES, House, house
from tests.contract.outside import recon

HEADER = "timestamp,kind,account,asset,quantity,balance_after,id\n"
JANUARY = (
    "2025-01-05T10:00:00Z,deposit,main,BTC,2,2,a",
    "2025-01-20T10:00:00Z,withdrawal,main,BTC,0.5,1.5,b",
)
FEBRUARY = ("2025-02-05T10:00:00Z,deposit,main,BTC,1,2.5,c",)
LATE = "2025-01-06T10:00:00Z,deposit,main,ETH,3,3,x"
ANNA, BERT = ("--as", "Anna"), ("--as", "Bert")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """A broker with two sound months."""
    with house(tmp_path, "broker") as one:
        write(one, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        yield one


def write(made: House, *rows: str) -> None:
    (made.folder / "broker").mkdir(exist_ok=True)
    (made.folder / "broker" / "rows.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))


def pull(made: House, *rows: str) -> None:
    write(made, *rows)
    recon(made.folder, "pull", "--quiet")


def closed(made: House, period: str, *more: str, code: int = 0) -> Any:
    return recon(made.folder, *ANNA, "close", period, *more, "--json", code=code).json


def kinds(answer: Any) -> list[str]:
    return [one["kind"] for one in answer["obstacles"]]


def document(answer: Any) -> dict[str, Any]:
    """The seal as its file tells it, once its hash is found right."""
    found: dict[str, Any] = json.loads(Path(answer["file"]).read_text())
    rest = {name: value for name, value in found.items() if name != "seal"}
    assert hashlib.sha256(write_json(rest).encode()).hexdigest() == found["seal"] == answer["seal"]
    return found


def entries(made: House) -> list[tuple[str, str]]:
    """Each entry's own moment and its record's."""
    with (
        open_ledger(load(made.folder / "recon.toml").ledger_url, create=False) as ledger,
        ledger.transaction() as tx,
    ):
        rows = tx.connection.exec_driver_sql(
            "SELECT e.at, r.at FROM entries AS e JOIN records AS r ON r.id = e.record_id ORDER BY e.id"
        )
        return [(str(row[0])[:10], str(row[1])[:10]) for row in rows]


def rebuilt(made: House, name: str = "again") -> Any:
    found = recon(made.folder, "rebuild", "--into", f"sqlite:///{name}.db", "--json").json
    assert found["same"], found
    return found


def test_a_close_seals_balances_entries_breaks_settings_and_reports_under_one_hash(made: House) -> None:
    answer = closed(made, "2025-01")
    told = document(answer)
    assert answer["closed"] and answer["obstacles"] == [] and told["previous"] == ""
    assert told["by"]["person"] == "Anna" and told["by"]["account"] != ""
    assert (told["starts_at"], told["ends_at"]) == (
        "2024-12-31T23:00:00.000000Z",
        "2025-01-31T23:00:00.000000Z",
    )
    assert told["balances"] == [
        {"account": "assets:broker:main", "asset": "BTC", "quantity": "1.5"},
        {"account": "external:broker", "asset": "BTC", "quantity": "-1.5"},
    ]
    assert [(one["source"], one["seq"]) for one in told["newest"]] == [("broker", 3)]
    assert set(told["reports"]) == {
        "accountant-2025-01.xlsx", "audit-2025-01.zip", "audit-2025-01/manifest.sha256",
        "confirmation-2025-01.xlsx", "confirmation-2025-01.html",
    }  # fmt: skip
    assert told["settings"]["sources"]["broker"]["kind"] == "csv"
    assert Path(answer["file"]).stat().st_mode & 0o777 == 0o600
    line = json.loads((made.folder / "evidence" / "chain.jsonl").read_text().splitlines()[-1])
    assert (line["source"], line["stream"], line["request"]["method"], line["request"]["url"]) == (
        "recon",
        "periods",
        "FILE",
        "seals/2025-01",
    )
    assert line["sha256"] == hashlib.sha256(Path(answer["file"]).read_bytes()).hexdigest()
    assert line["prev"] == told["evidence"]["link"] and line["seq"] == told["evidence"]["seq"] + 1
    assert recon(made.folder, "verify", "--json").json["ok"]
    second = document(closed(made, "2025-02"))
    assert second["previous"] == told["seal"]
    rebuilt(made)


def test_everything_that_stands_in_the_way_is_told_at_once(made: House) -> None:
    pull(
        made,
        *JANUARY,
        "2025-02-05T10:00:00Z,deposit,main,BTC,1,9,c",
        "2025-02-06T10:00:00Z,deposit,main,BTC,1,11,d",
    )
    (made.folder / "broker" / "rows.csv").write_text("nonsense\n")
    recon(made.folder, "pull", "--quiet", code=4)
    answer = closed(made, "2099-02", "--accept", "B-000000000000", "--reason", "no such", code=3)
    assert not answer["closed"] and answer["seal"] is None
    assert {"order", "time", "coverage", "accept", "break"} == set(kinds(answer))
    assert not (made.folder / "seals").exists()
    people = recon(made.folder, "close", "2099-02", code=3).stdout
    assert "2025-01, or a longer period that begins with it, comes first" in people
    assert "--accept BREAK --reason TEXT" in people


def test_a_close_out_of_turn_tells_all_and_leaves_the_register_as_it_was(made: House) -> None:
    broken = FEBRUARY[0].replace("1,2.5", "1,9"), "2025-02-06T10:00:00Z,deposit,main,BTC,1,11,d"
    pull(made, *JANUARY, *broken)
    assert kinds(closed(made, "2025-02", code=3)) == ["order", "break", "break"]
    assert kinds(closed(made, "2099-01", code=2)) == ["order", "time"]
    assert register(made) == []
    assert closed(made, "2025-01")["closed"]
    assert kinds(closed(made, "2025-01", code=2)) == ["order"]
    assert register(made) == []
    told = kinds(closed(made, "2025-02", code=3))
    assert told == ["break", "break"] and len(register(made)) == 2


def register(made: House) -> list[Any]:
    """The breaks that are registered, in whatever state."""
    every = [word for one in ("open", "assigned", "resolved", "cleared") for word in ("--status", one)]
    found: list[Any] = recon(made.folder, "breaks", "list", *every, "--json").json["breaks"]
    return found


def test_what_is_open_is_accepted_one_by_one_with_a_reason_that_is_sealed(made: House) -> None:
    odd = "2025-01-06T10:00:00Z,deposit,main,{},1,2,{}".format
    pull(made, *JANUARY, odd("ETH", "x"), odd("LTC", "y"), *FEBRUARY)
    refused = closed(made, "2025-01", code=3)
    first, second = (one["name"] for one in refused["obstacles"])
    assert kinds(refused) == ["break", "break"]
    (left,) = closed(made, "2025-01", "--accept", first, "--reason", "known", code=3)["obstacles"]
    assert left["name"] == second
    for wrong in (
        ("--accept", first),
        ("--reason", "x"),
        ("--accept", first, "--accept", first, "--reason", "x", "--reason", "y"),
        ("--accept", first, "--reason", " "),
    ):
        assert "--accept BREAK --reason TEXT" in recon(made.folder, "close", "2025-01", *wrong, code=2).stderr
    both = ("--accept", first, "--reason", "known", "--accept", second, "--reason", "asked the broker")
    told = document(closed(made, "2025-01", *both))
    assert told["accepted"] == sorted(
        [{"break": first, "reason": "known"}, {"break": second, "reason": "asked the broker"}],
        key=lambda one: one["break"],
    )
    assert {(one["id"], one["status"]) for one in told["breaks"]} == {(first, "open"), (second, "open")}


def test_periods_follow_one_another_and_are_sealed_once(made: House) -> None:
    assert kinds(closed(made, "2025-02", code=2)) == ["order"]
    assert "has no end" in recon(made.folder, "close", "all", code=2).stderr
    closed(made, "2025-01")
    assert closed(made, "2025-01", code=2)["obstacles"][0]["text"] == "2025-01 is sealed already"
    assert kinds(closed(made, "2025-03", code=2)) == ["order"]
    assert "reaches into" in closed(made, "2025-Q1", code=2)["obstacles"][0]["text"]
    closed(made, "2025-02")


def test_a_stated_opening_does_not_make_the_first_close_begin_in_its_year(made: House) -> None:
    settings = made.settings("broker") | {
        "opening": [{"source": "broker", "asset": "LTC", "quantity": "7", "account": "main"}]
    }
    made.write(settings)
    recon(made.folder, "pull", "--quiet")
    told = document(closed(made, "2025-01"))
    assert {"account": "assets:broker:main", "asset": "LTC", "quantity": "7"} in told["balances"]


def test_sealed_means_that_late_rows_are_dated_behind_it_and_a_rebuild_dates_them_alike(made: House) -> None:
    before = closed(made, "2025-01")
    pull(made, *JANUARY, LATE, *FEBRUARY)
    assert entries(made)[-1] == ("2025-01-31", "2025-01-06")
    rebuilt(made, "one")
    pull(made, JANUARY[0], LATE, *FEBRUARY)
    assert entries(made)[-1][0] == "2025-01-31"
    rebuilt(made, "two")
    reopened = recon(made.folder, *BERT, "reopen", "2025-01", "--reason", "a late row", "--json").json
    assert reopened["seal"] == before["seal"] and reopened["by"]["person"] == "Bert"
    pull(made, JANUARY[0], "2025-01-07T10:00:00Z,deposit,main,LTC,4,4,y", LATE, *FEBRUARY)
    assert entries(made)[-1] == ("2025-01-07", "2025-01-07")
    again = document(closed(made, "2025-01", *accepting(closed(made, "2025-01", code=3))))
    assert again["supersedes"] == before["seal"] and again["previous"] == ""
    assert {"account": "assets:broker:main", "asset": "LTC", "old": "0", "new": "4"} in again["moved"]
    assert Path(before["file"]).exists()
    pull(made, JANUARY[0], "2025-01-08T10:00:00Z,deposit,main,SOL,4,4,z", LATE, *FEBRUARY)
    assert ("2025-01-31", "2025-01-08") in entries(made)
    rebuilt(made, "three")
    assert recon(made.folder, "verify", "--json").json["ok"]


def accepting(refused: Any) -> list[str]:
    """Accepts all that is open."""
    return [
        word
        for one in refused["obstacles"]
        if one["kind"] == "break"
        for word in ("--accept", one["name"], "--reason", "seen")
    ]


def test_only_the_newest_sealed_period_is_opened_again_and_only_with_a_reason(made: House) -> None:
    assert "is not sealed" in recon(made.folder, "reopen", "2025-01", "--reason", "x", code=2).stderr
    closed(made, "2025-01")
    closed(made, "2025-02")
    assert "is sealed on top" in recon(made.folder, "reopen", "2025-01", "--reason", "x", code=2).stderr
    recon(made.folder, "reopen", "2025-02", code=2)
    recon(made.folder, "reopen", "2025-02", "--reason", " ", code=2)
    recon(made.folder, "reopen", "2025-02", "--reason", "x")
    recon(made.folder, "reopen", "2025-01", "--reason", "x")
    closed(made, "2025-01")


def test_a_second_person_signs_once(made: House) -> None:
    assert "is not sealed" in recon(made.folder, *BERT, "sign", "2025-01", code=2).stderr
    seal = closed(made, "2025-01")["seal"]
    assert "a second person" in recon(made.folder, "--as", " anna ", "sign", "2025-01", code=2).stderr
    signed = recon(made.folder, *BERT, "sign", "2025-01", "--json").json
    assert signed["seal"] == seal and signed["by"]["person"] == "Bert"
    assert "signed this seal" in recon(made.folder, *BERT, "sign", "2025-01", code=2).stderr
    recon(made.folder, "--as", "Carla", "sign", "2025-01")
    rebuilt(made)


@pytest.mark.parametrize("place", ["seals.line-sealed", "seals.file-written"])
def test_a_close_that_dies_half_way_is_finished_by_the_next_command_that_writes(
    made: House, place: str
) -> None:
    died(made, place)
    pull(made, *JANUARY, LATE, *FEBRUARY)
    assert entries(made)[-1] == ("2025-01-31", "2025-01-06")
    assert len(list((made.folder / "seals").iterdir())) == 1
    assert kinds(closed(made, "2025-01", code=2)) == ["order"]
    rebuilt(made)


def test_a_close_that_dies_before_its_seal_is_none(made: House) -> None:
    died(made, "evidence.body-sealed")
    pull(made, *JANUARY, LATE, *FEBRUARY)
    assert entries(made)[-1] == ("2025-01-06", "2025-01-06")
    closed(made, "2025-01")
    rebuilt(made)


def died(made: House, place: str) -> None:
    recon(made.folder, "close", "2025-01", code=-9, env={"RECON_FAILPOINT": f"{place}:1"})


def test_the_name_of_the_programs_own_source_is_kept_for_it(made: House) -> None:
    settings = made.settings("broker")
    made.write(settings | {"sources": {"recon": settings["sources"]["broker"]}})
    assert "sources.recon" in recon(made.folder, "pull", code=2).stderr


def test_venues_are_closed_month_by_month(tmp_path: Path) -> None:
    with house(tmp_path, *VENUES) as made:
        made.egera.books["deposits"]["btc"].pop()
        recon(tmp_path, "pull", "--quiet")
        for month in ("2025-01", "2025-02", "2025-03"):
            answer = closed(made, month)
            assert answer["closed"], answer
        rebuilt(made)


def test_a_running_balance_that_breaks_in_march_is_one_break_and_does_not_hold_up_january(
    tmp_path: Path,
) -> None:
    books = deepcopy(BOOKS)
    march = {"timestamp": "2025-03-05T09:30:00Z", "currency": "BTC", "type": "deposit", "amount": "0.5"}
    books["fuse"]["history"][0] = march | {"balance_after": "2.75"}
    books["fuse"]["balances"]["account"]["BTC"] = "2.75"
    with house(tmp_path, "fuse", books=books) as made:
        recon(tmp_path, "pull", "--quiet")
        assert closed(made, "2025-01")["closed"]
        assert register(made) == []
        report = recon(tmp_path, "report", "accountant", "2025-01", "--out", "out", "--json").json["files"][0]
        (left,) = closed(made, "2025-02", code=3)["obstacles"]
        closed(made, "2025-02", "--accept", left["name"], "--reason", "the row may be of either month")
        assert kinds(closed(made, "2025-03", code=3)) == ["break"]
        recon(tmp_path, "reconcile", "all", "--quiet", code=3)
        (found,) = register(made)
        assert (found["id"], found["check"], found["difference"]) == (left["name"], "running_balance", "1")
        rows = load_workbook(tmp_path / report, data_only=True)["Balance proof"].iter_rows(values_only=True)
        assert [row[:3] for row in rows if found["id"] in row] == [("fuse", "main", "BTC")]


@pytest.mark.parametrize("facts", ["{}", "[1]", '{"act":"reopened"}', "[" * 10_000])
def test_what_the_ledger_tells_of_a_seal_cannot_be_altered_unseen(made: House, facts: str) -> None:
    closed(made, "2025-01")
    with closing(sqlite3.connect(made.folder / "recon.db")) as ledger, ledger:
        ledger.execute("DROP TRIGGER acts_no_update")
        ledger.execute("UPDATE acts SET facts = ? WHERE about = 'period'", [facts])
    found = recon(made.folder, "verify", "--json", code=5).json["problems"]
    assert {one["place"] for one in found} == {"acts", "seals"}
    told = recon(made.folder, "bridge", "2025-01", code=1).stderr
    assert "altered" in told and "recon verify" in told
