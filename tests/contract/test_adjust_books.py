"""What an adjustment does to balances, checks, reports and a rebuild: on both databases, and when the program dies."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.contract.house import BALANCES, BOOKS, House, house, places
from tests.contract.outside import recon
from tests.contract.packs import pages
from tests.contract.test_adjust import adjust, breaks, draft, head

WHY = ("--reason", "missing_row", "--text", "support confirms it")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Egera, which holds less than its rows say, on each kind of ledger."""
    books = deepcopy(BOOKS)
    books["egera"]["balances"]["BTC"]["active"] = "0.59950000"
    books["egera"]["deposits"]["btc"].pop()
    with house(tmp_path, "egera", books=books) as found:
        if request.param == "postgresql":
            settings = found.settings("egera")
            found.write(settings | {"ledger": {"url": request.getfixturevalue("postgres_url")}})
        yield found


def pull(made: House, **options: Any) -> None:
    recon(made.folder, "pull", "--quiet", **options)


def seal(made: House, period: str) -> None:
    """Closes a period; what is open in it is accepted."""
    found = recon(made.folder, "reconcile", period, "--json", code=3).json["breaks"]
    accepted = [
        word for one in found for word in ("--accept", one["id"], "--reason", "booked by an adjustment")
    ]
    recon(made.folder, "close", period, *accepted, "--quiet")


def rebuilt(made: House) -> dict[str, Any]:
    found = recon(made.folder, "rebuild", "--into", "sqlite:///again.db", "--json").json
    assert isinstance(found, dict) and found["same"]
    return found


@pytest.mark.parametrize("point", ["adjust.sealed:1", "adjust.posted:1"])
def test_killed_anywhere_and_approved_again_it_is_posted_once(made: House, point: str) -> None:
    pull(made)
    made.egera.books["deposits"]["btc"].append(
        {"time": "1743400000", "amount": "0.1", "type": "c", "state": "1"}
    )
    made.egera.books["balances"]["BTC"]["active"] = "0.69950000"
    pull(made, env={"RECON_FAILPOINT": "post.committed:2"}, code=-9)
    name = draft(made)["id"]
    recon(made.folder, "--as", "Bob", "adjust", "approve", name, env={"RECON_FAILPOINT": point}, code=-9)
    assert adjust(made, "list")[0]["state"] == "drafted"
    before = head(made)["entries"]
    adjust(made, "approve", name, by="Cleo")
    assert head(made)["entries"] == before + 1
    assert "was approved by Cleo" in adjust(made, "approve", name, by="Bob", code=2)["error"]["message"]
    pull(made)
    assert breaks(made, 0) == []
    assert rebuilt(made)["entries"] == head(made)["entries"]


def test_nothing_is_dated_into_what_is_sealed_neither_drafted_nor_approved(made: House) -> None:
    pull(made)
    late = draft(made, "--at", "2025-03-15")["id"]
    seal(made, "2025-Q1")
    told = draft(made, "--at", "2025-03-31", code=2)["error"]["message"]
    assert "lies in a sealed period" in told and "2025-04-01 (2025-03-31T22:00:00Z)" in told
    assert "sealed period" in adjust(made, "approve", late, by="Bob", code=2)["error"]["message"]
    adjust(made, "approve", draft(made, "--at", "2025-04-01")["id"], by="Bob")
    pull(made)
    assert breaks(made, 0) == []


def test_it_stands_apart_in_both_reports_with_its_share_of_the_balance(made: House) -> None:
    pull(made)
    adjust(made, "approve", draft(made, "--at", "2025-03-15")["id"], by="Bob")
    pull(made)
    recon(made.folder, "report", "all", "2025-Q1", "--out", "out", "--quiet")
    book = load_workbook(made.folder / "out" / "accountant-2025-Q1.xlsx")
    sheet = [[str(cell) for cell in row] for row in book["Adjustments"].iter_rows(values_only=True)]
    told = [row for row in sheet if "network_fee" in row]
    assert len(told) == 2 and all("Anna" in row and "Bob" in row for row in told)
    page = pages(made.folder / "out" / "audit-2025-Q1")
    assert "Adjustments" in page and "the chain took it" in page
    (row,) = [
        [str(cell) for cell in row]
        for row in book["Balance proof"].iter_rows(values_only=True)
        if "BTC" in row
    ]
    assert "-0.0005" in row


def test_a_month_whose_difference_was_booked_is_clean(made: House) -> None:
    pull(made)
    (found,) = breaks(made, 3, "2025-Q1")
    adjust(made, "approve", draft(made, "--break", found["id"], "--at", "2025-03-15")["id"], by="Bob")
    pull(made)
    assert breaks(made, 0, "2025-Q1") == []


@pytest.mark.parametrize(
    ("source", "gone", "posts", "at"),
    [
        ("fuse", ("history", 1), ("assets:fuse:main BTC -0.25", "external:fuse BTC 0.25"), "2025-02-10"),
        ("gas", ("txs", 4), ("assets:gas:129 ETH -0.005", "fees:gas ETH 0.005"), "2025-01-15"),
    ],
)
def test_where_the_venue_states_balances_its_chain_of_rows_is_left_as_it_is(
    tmp_path: Path, source: str, gone: tuple[str, int], posts: tuple[str, ...], at: str
) -> None:
    books = deepcopy(BOOKS)
    del books[source][gone[0]][gone[1]]
    with house(tmp_path, source, books=books) as made:
        pull(made)
        before = breaks(made, 3)
        stated = [word for post in posts for word in ("--post", post)]
        name = adjust(made, "draft", "--source", source, *stated, *WHY, "--at", at)["id"]
        adjust(made, "approve", name, by="Bob")
        pull(made)
        chain = [one["id"] for one in before if one["check"] == "running_balance"]
        assert [one["id"] for one in breaks(made, 3 if chain else 0)] == chain
        assert [one["id"] for one in breaks(made, 0, "2025-02")] == []
        held = places(recon(tmp_path, "balances", "--json").json)
        assert held == [one for one in BALANCES if one[0] == source]
        rebuilt(made)
