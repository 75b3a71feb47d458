"""Entries made by people, from outside: drafted by one, approved by another, sealed, posted, taken back, rebuilt."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recon.evidence.archive import answers
from tests.contract.house import BALANCES, House, house, places
from tests.contract.outside import Ran, recon

FEE = ("--post", "assets:egera:main BTC -0.0005", "--post", "fees:egera BTC 0.0005")
WHY = ("--reason", "network_fee", "--text", "the chain took it; see the answer of support")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """Egera pulled once, with nothing open."""
    with house(tmp_path, "egera") as found:
        found.egera.books["deposits"]["btc"].pop()
        found.egera.books.pop("volumes", None)
        recon(tmp_path, "pull", "--quiet")
        yield found


def adjust(made: House, *args: str, by: str = "Anna", code: int = 0) -> Any:
    return recon(made.folder, "--as", by, "adjust", *args, "--json", code=code).json


def draft(made: House, *more: str, posts: tuple[str, ...] = FEE, code: int = 0, by: str = "Anna") -> Any:
    return adjust(made, "draft", "--source", "egera", *posts, *WHY, *more, code=code, by=by)


def breaks(made: House, code: int, period: str = "all") -> list[dict[str, Any]]:
    found = recon(made.folder, "reconcile", period, "--json", code=code).json
    listed: list[dict[str, Any]] = found["breaks"]
    return listed


def head(made: House) -> Any:
    return recon(made.folder, "verify", "--json").json["ledger"]


def test_a_fee_that_no_row_tells_of_is_booked_by_two_people_and_clears_its_break(made: House) -> None:
    made.egera.books["balances"]["BTC"]["active"] = "0.59950000"
    recon(made.folder, "pull", "--quiet")
    (found,) = breaks(made, 3)
    assert (found["check"], found["difference"]) == ("closing_balance", "-0.0005")
    letter = made.folder / "answer.eml"
    letter.write_bytes(b"Dear customer\r\n\xff the fee was 0.0005 BTC")
    drafted = draft(made, "--break", found["id"], "--attach", str(letter))
    assert (drafted["state"], drafted["break"]) == ("drafted", found["id"])
    assert drafted["attachments"] == [
        {"url": "answer.eml", "sha256": hashlib.sha256(letter.read_bytes()).hexdigest(), "bytes": 39}
    ]
    assert drafted["prepared"]["person"] == "Anna" and drafted["approved"] is None
    approved = adjust(made, "approve", drafted["id"], by="Bob")
    assert (approved["state"], approved["approved"]["person"]) == ("approved", "Bob")
    recon(made.folder, "pull", "--quiet")
    assert breaks(made, 0) == []
    assert places(recon(made.folder, "balances", "--json").json)[0] == ("egera", "main", "BTC", "0.5995")
    assert adjust(made, "list") == [approved]


def test_a_draft_posts_nothing_whatever_else_is_done(made: House) -> None:
    made.egera.books["balances"]["BTC"]["active"] = "0.59950000"
    before = head(made)
    recon(made.folder, "pull", "--quiet")
    (found,) = breaks(made, 3)
    draft(made, "--break", found["id"])
    recon(made.folder, "pull", "--quiet")
    recon(made.folder, "reconcile", "all", "--quiet", code=3)
    recon(made.folder, "explain", found["id"], "--quiet")
    assert head(made) == before


def test_no_quantity_comes_from_a_difference(made: House) -> None:
    made.egera.books["balances"]["BTC"]["active"] = "0.59950000"
    recon(made.folder, "pull", "--quiet")
    (found,) = breaks(made, 3)
    adjust(made, "draft", "--source", "egera", "--break", found["id"], *WHY, code=2)
    for quantity in ("", found["id"]):
        draft(
            made,
            posts=("--post", f"assets:egera:main BTC {quantity}", "--post", "fees:egera BTC 0.0005"),
            code=2,
        )
    assert adjust(made, "list") == []
    told = recon(made.folder, "adjust", "draft", "--help").stdout
    assert {word for word in told.split() if word.startswith("--")} == {
        "--source", "--post", "--at", "--reason", "--text", "--break", "--attach", "--json", "--quiet", "--help",
    }  # fmt: skip


def test_what_is_no_entry_is_refused_with_what_to_do(made: House) -> None:
    slip = ("--post", "assets:egera:mian BTC -1", "--post", "fees:egera BTC 1")
    for posts, told in ((FEE[:2], "add up to -0.0005"), (slip, "are: assets:egera:main")):
        assert told in draft(made, posts=posts, code=2)["error"]["message"]
    for more, told in (
        (("--break", "B-000000000000"), "there is no break B-000000000000"),
        (("--attach", "missing.pdf"), "there is no such file"),
        (("--attach", "evidence"), "there is no such file"),
        (("--at", "yesterday"), "is neither a moment nor a day"),
        (("--at", "2031-01-01"), "has not come yet"),
        (("--reason", "because"), "is not one of"),
        (("--text", "  "), "it says nothing"),
        (("--source", "fuse"), "there is no source 'fuse'"),
    ):
        assert told in draft(made, *more, code=2)["error"]["message"], more
    for command in (("approve", "A-000000000000"), ("reverse", "A-000000000000", *WHY)):
        assert "there is no adjustment" in adjust(made, *command, code=2)["error"]["message"]
    assert adjust(made, "list") == []
    assert {one.stream for one in answers(made.folder / "evidence")}.isdisjoint(
        {"adjustments", "attachments"}
    )


def test_who_prepared_it_cannot_approve_it_under_any_spelling(made: House) -> None:
    name = draft(made)["id"]
    for same in ("Anna", "anna", " ANNA "):
        told = adjust(made, "approve", name, by=same, code=2)["error"]["message"]
        assert "another person must approve it" in told
    assert recon(made.folder, "adjust", "list", "--json").json[0]["state"] == "drafted"
    found = adjust(made, "approve", name, by="Bob")
    assert found["prepared"]["account"] == found["approved"]["account"]
    before = head(made)
    assert "it was approved by Bob" in adjust(made, "approve", name, by="Cleo", code=2)["error"]["message"]
    assert head(made) == before


def test_it_is_taken_back_once_and_again_by_two_people(made: House) -> None:
    name = draft(made)["id"]
    told = adjust(made, "reverse", name, *WHY, code=2)["error"]["message"]
    assert "it was never posted" in told
    adjust(made, "approve", name, by="Bob")
    back = adjust(
        made, "reverse", name, "--reason", "venue_error", "--text", "the venue paid it back", by="Bob"
    )
    assert [one["quantity"] for one in back["postings"]] == ["0.0005", "-0.0005"]
    assert (back["reverses"], back["reason"]) == (name, "venue_error")
    assert "has a reversal that waits" in adjust(made, "reverse", name, *WHY, code=2)["error"]["message"]
    assert "another person must" in adjust(made, "approve", back["id"], by="Bob", code=2)["error"]["message"]
    assert places(recon(made.folder, "balances", "--json").json)[0][3] == "0.5995"
    adjust(made, "approve", back["id"], by="Anna")
    assert places(recon(made.folder, "balances", "--json").json) == BALANCES[:2]
    assert "it is reversed" in adjust(made, "reverse", name, *WHY, code=2)["error"]["message"]
    assert [(one["state"], one["reversed_by"]) for one in adjust(made, "list")] == [
        ("reversed", back["id"]), ("approved", None),
    ]  # fmt: skip
    shown = recon(made.folder, "adjust", "list").stdout
    assert f"reversed by {back['id']}" in " ".join(shown.split()) or back["id"] in shown


def test_a_plain_day_is_its_last_moment_on_the_entitys_clock(made: House) -> None:
    assert draft(made, "--at", "2025-03-31")["at"] == "2025-03-31T21:59:59.999999Z"
    assert draft(made, "--at", "2025-03-31T10:00:00+02:00")["at"] == "2025-03-31T08:00:00Z"
    twice = draft(made, "--at", "2025-03-31")["id"], draft(made, "--at", "2025-03-31")["id"]
    assert twice[0] != twice[1]


def test_what_was_approved_is_sealed_whole_and_rebuilt_at_its_place(made: House) -> None:
    letter = made.folder / "letter.txt"
    letter.write_text("paid")
    name = draft(made, "--attach", "letter.txt")["id"]
    made.egera.books["deposits"]["btc"].append(
        {"time": "1743300000", "amount": "0.25000000", "type": "bb22", "state": "1"}
    )
    recon(made.folder, "pull", "--quiet")
    adjust(made, "approve", name, by="Bob")
    made.egera.books["deposits"]["btc"].append(
        {"time": "1743400000", "amount": "0.5", "type": "cc33", "state": "1"}
    )
    pulled = recon(made.folder, "pull", "--json").json
    assert not {"adjustments", "attachments"} & {one["stream"] for one in pulled["streams"]}
    assert sum(one["vanished"] + one["changed"] for one in pulled["streams"]) == 0
    assert "adjustments" not in recon(made.folder, "coverage", "all", "--json").stdout
    (line,) = [one for one in answers(made.folder / "evidence") if one.stream == "adjustments"]
    assert (line.method, line.url) == ("FILE", f"adjustments/{name}")
    with line.body() as body:
        sealed = json.loads(body.read())
    assert (sealed["id"], sealed["prepared"]["person"], sealed["approved"]["person"]) == (name, "Anna", "Bob")
    found = recon(made.folder, "rebuild", "--into", "sqlite:///again.db", "--json").json
    assert found["same"] and found["entries"] == head(made)["entries"]


def test_the_text_for_people_says_what_comes_next(made: House) -> None:
    said: Ran = recon(made.folder, "--as", "Anna", "adjust", "draft", "--source", "egera", *FEE, *WHY)
    name = said.stdout.split()[0]
    assert f"recon --as NAME adjust approve {name}" in said.stdout
    assert "is posted as egera/" in recon(made.folder, "--as", "Bob", "adjust", "approve", name).stdout
    assert "network_fee" in recon(made.folder, "adjust", "list").stdout
