"""The register of breaks: lives that last for months, and what people do about them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from recon.pipeline.breaks import Asked, register
from recon.pipeline.config import load
from recon.pipeline.session import reading
from tests.contract.house import House, house
from tests.contract.outside import recon

BOOKS: dict[str, Any] = {
    "egera": {
        "balances": {"BTC": {"active": "1.99950000", "inactive": "0.00000000"}},
        "deposits": {"btc": [{"time": "1736000000", "amount": "2.00000000", "type": "0xaa11", "state": "1"}]},
    }
}
"""The venue holds 0.0005 less than its rows say: a fee it lists no row for."""
TEXT = "network fee of the withdrawal, see the statement"


@contextmanager
def broken(folder: Path) -> Iterator[House]:
    """A house whose one break is in the register."""
    with house(folder, "egera", books=json.loads(json.dumps(BOOKS))) as one:
        recon(folder, "pull", "--quiet")
        recon(folder, "reconcile", "all", "--quiet", code=3)
        yield one


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with broken(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that write nothing."""
    with broken(tmp_path_factory.mktemp("untouched")) as one:
        yield one


def listed(made: House, *asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recon(made.folder, "breaks", "list", *asked, "--json").json["breaks"]
    return found


def only(made: House) -> dict[str, Any]:
    (one,) = listed(made, "--status", "all")
    return one


def acts(made: House, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recon(made.folder, "breaks", "show", name, "--json").json["acts"]
    return found


def holds(made: House, amount: str) -> None:
    """What the venue says it holds from the next pull on."""
    made.egera.books["balances"]["BTC"]["active"] = amount
    recon(made.folder, "pull", "--quiet")


def resolved(made: House) -> str:
    name: str = only(made)["id"]
    (made.folder / "statement.pdf").write_bytes(b"fee 0.0005")
    recon(
        made.folder, "--as", "Anna", "breaks", "resolve", name, "--reason", "network_fee", "--text", TEXT,
        "--evidence", "statement.pdf",
    )  # fmt: skip
    return name


def test_a_break_is_listed_with_its_age_its_cause_and_who_owns_it(made: House) -> None:
    one = only(made)
    assert (one["check"], one["status"], one["difference"], one["owner"]) == (
        "closing_balance",
        "open",
        "-0.0005",
        None,
    )
    recon(made.folder, "--as", "Anna", "breaks", "assign", one["id"], "--to", "Ben")
    recon(made.folder, "--as", "Ben", "breaks", "note", one["id"], "--text", "asked the venue")
    one = only(made)
    assert (one["status"], one["owner"]) == ("assigned", "Ben")
    told = acts(made, one["id"])
    assert [each["act"] for each in told] == ["opened", "assigned", "noted"]
    assert [each.get("person") for each in told] == [None, "Anna", "Ben"]
    assert all(each["account"] for each in told[1:])
    assert told[2]["text"] == "asked the venue"
    register = recon(made.folder, "breaks", "list", "--json").json
    assert [line["breaks"] for line in register["ageing"]] == [1, 0, 0, 0]
    assert [(line["cause"], line["breaks"]) for line in register["causes"]] == [("missing_record", 1)]
    assert one["id"] in recon(made.folder, "breaks", "list").stdout
    assert "asked the venue" in recon(made.folder, "breaks", "show", one["id"]).stdout


def test_the_list_is_narrowed_by_what_is_asked(untouched: House) -> None:
    config = load(untouched.folder / "recon.toml")
    now = datetime(2100, 1, 1, tzinfo=UTC)
    everything = Asked()
    with reading(config) as ledger:
        for asked, many in (
            (everything, 1),
            (everything._replace(sources=["egera"], checks=["closing_balance"], owners=[""]), 1),
            (everything._replace(sources=["fuse"]), 0),
            (everything._replace(checks=["transfers"]), 0),
            (everything._replace(owners=["Ben"]), 0),
            (everything._replace(statuses=["resolved"]), 0),
            (everything._replace(age=20_000), 1),
            (everything._replace(age=40_000), 0),
            (everything._replace(value=Decimal(1)), 0),
        ):
            assert len(register(config, ledger, now, asked).breaks) == many, asked
        assert [line["breaks"] for line in register(config, ledger, now, everything).ageing()] == [0, 0, 0, 1]


def test_what_is_resolved_is_carried_forward_and_open_again_when_its_difference_moves(made: House) -> None:
    name = resolved(made)
    assert recon(made.folder, "reconcile", "all", "--json").json["clean"] is True
    (carried,) = listed(made)
    assert (carried["status"], carried["reason"], carried["difference"]) == (
        "resolved",
        "network_fee",
        "-0.0005",
    )
    assert "resolved as network_fee" in recon(made.folder, "reconcile", "all").stdout
    recon(made.folder, "pull", "--quiet")
    assert recon(made.folder, "reconcile", "all", "--json").json["breaks"][0]["status"] == "resolved"
    holds(made, "1.99900000")
    found = recon(made.folder, "reconcile", "all", "--json", code=3).json["breaks"]
    assert {one["status"] for one in found} <= {"open", "resolved"}
    assert "open" in {one["status"] for one in found}
    assert acts(made, name)[1]["evidence"][0]["name"] == "statement.pdf"
    recon(made.folder, "verify", "--quiet")


def test_what_the_data_clears_is_cleared_and_comes_back_as_the_same_break(made: House) -> None:
    name = resolved(made)
    made.egera.books["withdrawals"] = {
        "btc": [{"time": "1736000100", "amount": "0.00050000", "tx": "0xbb", "address": "a", "state": "1"}]
    }
    recon(made.folder, "pull", "--quiet")
    assert recon(made.folder, "reconcile", "all", "--json").json["breaks"] == []
    assert only(made)["status"] == "cleared"
    assert listed(made) == []
    recon(made.folder, "breaks", "assign", name, "--to", "Ben", code=2)
    recon(made.folder, "breaks", "note", name, "--text", "gone", code=0)
    assert [one["act"] for one in acts(made, name)] == ["opened", "resolved", "cleared", "noted"]


def test_what_is_expected_to_go_stays_open_until_it_has(made: House) -> None:
    name = only(made)["id"]
    recon(
        made.folder, "breaks", "resolve", name, "--reason", "timing", "--text", "paid out on Monday",
        "--due", "2025-02-03",
    )  # fmt: skip
    one = only(made)
    assert (one["status"], one["due"], one["overdue"], one["reason"]) == (
        "open",
        "2025-02-03",
        True,
        "timing",
    )
    recon(made.folder, "reconcile", "all", "--quiet", code=3)
    assert "overdue" in recon(made.folder, "breaks", "list").stdout


def test_people_open_a_break_again(made: House) -> None:
    name = resolved(made)
    recon(made.folder, "breaks", "reopen", name, "--text", "the statement is of another account")
    assert only(made)["status"] == "open"
    recon(made.folder, "breaks", "reopen", name, "--text", "twice", code=2)


def test_what_cannot_be_done_is_told_and_nothing_is_written(untouched: House) -> None:
    before = only(untouched)
    for asked, said in (
        (["assign", "B-000000000000", "--to", "Ben"], "no break has this id"),
        (["resolve", "{}", "--reason", "network_fee", "--text", "x"], "--evidence"),
        (["resolve", "{}", "--reason", "because", "--text", "x"], "because"),
        (["resolve", "{}", "--reason", "network_fee", "--text", "x", "--evidence", "gone.pdf"], "gone.pdf"),
        (["resolve", "{}", "--reason", "timing", "--text", "x", "--due", "soon"], "soon"),
        (["list", "--value", "1e3"], "1e3"),
        (["show", "B-1"], "recon breaks list"),
    ):
        ran = recon(untouched.folder, "breaks", *(one.format(before["id"]) for one in asked), code=2)
        assert said in ran.stderr
    assert only(untouched)["version"] == before["version"]


def test_what_people_did_cannot_be_changed_unseen(made: House) -> None:
    recon(made.folder, "--as", "Anna", "breaks", "assign", only(made)["id"], "--to", "Ben")
    with closing(sqlite3.connect(made.folder / "recon.db")) as ledger, ledger:
        ledger.execute("DROP TRIGGER acts_no_update")
        ledger.execute("UPDATE acts SET person = 'Eva' WHERE act = 'assigned'")
    (problem,) = recon(made.folder, "verify", "--json", code=5).json["problems"]
    assert problem["place"] == "acts" and "assigned" in problem["text"]
