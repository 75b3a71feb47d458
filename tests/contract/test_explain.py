"""``recon explain``: what stands behind a check or a break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as found:
        del found.fuse.books["history"][1]
        recon(tmp_path, "pull")
        yield found


def test_a_check_is_told_with_its_question_its_sql_and_what_it_finds(made: House) -> None:
    found = recon(made.folder, "explain", "running_balance", "--json").json
    assert set(found) == {"check", "title", "why", "fix", "sql", "tested", "notes", "breaks"}
    assert found["sql"].startswith("--") or found["sql"].lower().startswith("with")
    assert found["tested"] == 8
    (one,) = found["breaks"]
    assert (one["check"], one["source"], one["difference"]) == ("running_balance", "fuse", "-0.25")
    told = recon(made.folder, "explain", "running_balance").stdout
    assert one["id"] in told and "What to do:" in told and "lag(" in told
    record = one["diagnosis"]["records"][0]
    assert f"row {record['pointer']} of the sealed answer {record['answer']}" in told
    assert record["data"] in told


def test_a_break_is_told_with_the_rows_before_and_after_those_it_rests_on(made: House) -> None:
    """The withdrawal of February is gone: the deposit of March does not follow from that of January."""
    (one,) = recon(made.folder, "explain", "running_balance", "--json").json["breaks"]
    assert [(row["entry"], row["quantity"], row["balance_after"], row["cited"]) for row in one["around"]] == [
        ("fuse/1", "1.5", "1.5", True),
        ("fuse/3", "0.5", "1.75", True),
    ]
    told = recon(made.folder, "explain", one["id"]).stdout
    assert "The rows before and after" in told and "What it finds" in told
    assert all(part in told for part in ("fuse/1", "fuse/3", "fuse/main/BTC", "-0.25"))


def test_a_check_that_is_not_asked_for_says_so(made: House) -> None:
    """Prices are asked for by [prices] alone; volumes say over which time they count."""
    found = recon(made.folder, "explain", "prices", "--json").json
    assert (found["tested"], found["breaks"]) == (0, [])
    assert found["notes"] == ["Nobody asked for prices: [prices] in recon.toml names no source."]
    (note,) = recon(made.folder, "explain", "volumes", "--json").json["notes"]
    assert (
        "0.1 BTC were traded" in note
        and "that fits its trades: it counts the amounts bought and sold ever" in note
    )
    assert "bought and sold ever" in recon(made.folder, "explain", "volumes").stdout.replace("\n", " ")


def test_a_break_is_told_alone_with_its_check(made: House) -> None:
    reconciled = recon(made.folder, "reconcile", "2025-Q1", "--json", code=3).json
    (one,) = reconciled["breaks"]
    found = recon(made.folder, "explain", one["id"], "--json").json
    assert found["check"] == one["check"]
    assert [(same["id"], same["opened"]) for same in found["breaks"]] == [(one["id"], one["opened"])]
    assert "It finds nothing." in recon(made.folder, "explain", "unclassified").stdout


def test_what_is_neither_is_refused_with_what_there_is(made: House) -> None:
    refused = recon(made.folder, "explain", "B-000000000000", code=2).stderr
    assert "no open break has this id" in refused and "running_balance" in refused


def test_a_break_that_was_cleared_says_so(made: House) -> None:
    (one,) = recon(made.folder, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    missing = {
        "timestamp": "2025-02-10T10:00:00Z",
        "currency": "BTC",
        "type": "withdrawal",
        "amount": "0.25",
        "balance_after": "1.25",
    }
    made.fuse.books["history"].insert(1, missing)
    recon(made.folder, "run", "2025-Q1")
    assert "has cleared it" in recon(made.folder, "explain", one["id"], code=2).stderr
