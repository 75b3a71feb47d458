"""``recon coverage``: every cell says what was asked and what became of it; no grey one passes for a clean period."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recon.demo.venues import Request, Response
from tests.contract.house import VENUES, House, always, house
from tests.contract.outside import recon
from tests.contract.packs import pages

KEYS = {
    "source", "stream", "account", "asset", "status", "grey", "since", "until", "requests", "pages", "rows", "stated",
    "first", "last", "throttles", "retries", "reason", "stopped_at",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as found:
        yield found


def cells(made: House, period: str = "2025-Q1") -> dict[tuple[str, ...], dict[str, Any]]:
    found = recon(made.folder, "coverage", period, "--json").json
    assert found["whole"] == (not any(one["grey"] for one in found["cells"]))
    assert all(set(one) == KEYS for one in found["cells"])
    return {
        tuple(one[key] for key in ("source", "stream", "account", "asset")): one for one in found["cells"]
    }


def only(action: str, response: Any) -> Any:
    def answer(request: Request) -> Response | None:
        found: Response = response(request)
        return found if action in (request.query.get("action"), request.path) else None

    return answer


def test_a_whole_pull_leaves_no_grey_cell_and_names_what_was_empty(made: House) -> None:
    recon(made.folder, "pull")
    found = cells(made)
    assert not any(one["grey"] for one in found.values())
    bitcoin = found["fuse", "history", "main", "BTC"]
    assert (bitcoin["status"], bitcoin["rows"], bitcoin["stated"]) == ("whole", 3, 4)
    assert (bitcoin["first"], bitcoin["last"]) == ("2025-01-10T10:00:00Z", "2025-03-05T09:30:00Z")
    assert (bitcoin["requests"], bitcoin["pages"], bitcoin["throttles"], bitcoin["retries"]) == (1, 1, 0, 0)
    assert found["fuse", "history", "main", "ETH"]["status"] == "empty"
    assert found["egera", "withdrawals/BTC", "main", "BTC"]["status"] == "empty"
    assert found["egera", "logins", "main", ""]["status"] == "not_queried"
    told = recon(made.folder, "coverage", "2025-Q1").stdout
    assert "Everything that was to be asked was answered whole." in told
    assert "egera/logins is not queried: login_history is off" in told


def test_what_the_venue_does_not_serve_is_told_and_is_no_failure(made: House) -> None:
    made.egera.instead = only("affiliate", always(404, b"{}"))
    ran = recon(made.folder, "pull", "--json")
    (stream,) = [one for one in ran.json["streams"] if one["stream"] == "affiliate"]
    assert (stream["status"], stream["error"], stream["outcome"]) == ("ok", None, "not_served")
    cell = cells(made)["egera", "affiliate", "main", ""]
    assert (cell["status"], cell["grey"]) == ("not_served", False)
    assert "HTTP 404" in cell["reason"]
    assert recon(made.folder, "reconcile", "2025-Q1", "--json").json["clean"]


def test_what_was_served_once_and_then_refused_is_a_failure(made: House) -> None:
    recon(made.folder, "pull")
    made.egera.instead = only("affiliate", always(404, b"{}"))
    ran = recon(made.folder, "pull", "--json", code=4)
    assert [one["stream"] for one in ran.json["streams"] if one["error"]] == ["affiliate"]
    assert cells(made, "all")["egera", "affiliate", "main", ""]["grey"]
    # The first quarter was over when it was last read whole.
    assert not cells(made)["egera", "affiliate", "main", ""]["grey"]


def test_a_throttled_stream_tells_its_throttles_and_retries(made: House) -> None:
    left = {"history": 2}

    def throttle(request: Request) -> Response | None:
        if request.path.endswith("/history/") and left["history"]:
            left["history"] -= 1
            return Response(429, {"Retry-After": "0"}, b"{}")
        return None

    made.fuse.instead = throttle
    recon(made.folder, "pull")
    cell = cells(made)["fuse", "history", "main", "BTC"]
    assert (cell["requests"], cell["throttles"], cell["retries"], cell["status"]) == (3, 2, 2, "whole")


def test_a_source_that_stopped_leaves_grey_cells_and_no_clean_period(made: House) -> None:
    made.egera.instead = always(401, b"{}")
    recon(made.folder, "pull", code=4)
    found = cells(made)
    grey = {place[1]: one for place, one in found.items() if one["grey"]}
    assert {place[0] for place, one in found.items() if one["grey"]} == {"egera"}
    assert grey["wallets"]["stopped_at"].startswith("GET / ")
    assert '"action":"getwalletsstatus"' in grey["wallets"]["stopped_at"]
    assert grey["balances"]["reason"] == "not asked, since the source stopped at wallets"
    told = recon(made.folder, "coverage", "2025-Q1").stdout
    assert "prove nothing of this period" in told
    reconciled = recon(made.folder, "reconcile", "2025-Q1", "--json", code=3).json
    assert not reconciled["clean"]
    assert {one["check"] for one in reconciled["breaks"]} == {"coverage"}


def test_before_the_first_pull_nothing_was_asked(made: House) -> None:
    made.write(made.settings("egera"))
    assert "no ledger yet" in recon(made.folder, "coverage", code=1).stderr


def test_the_certificate_stands_in_every_report(made: House) -> None:
    recon(made.folder, "pull")
    recon(made.folder, "report", "all", "2025-Q1", "--out", "out")
    page = pages(made.folder / "out" / "audit-2025-Q1")
    assert "withdrawals/BTC" in page and "not queried" in page
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(made.folder / "out" / "accountant-2025-Q1.xlsx"))
    rows = book.get_sheet_by_name("Coverage").to_python()
    assert ["egera", "logins", "main", "", "not queried"] in [[*map(str, row[:5])] for row in rows]


def test_second_readings_stand_beside_the_books_and_agree(made: House) -> None:
    recon(made.folder, "pull")
    found = recon(made.folder, "coverage", "2025-Q1", "--json").json["second_readings"]
    told = {(one["source"], one["about"], one["stream"]): one for one in found}
    assert told["gas", "transactions of account 128", "txs"]["second"] == "2"
    assert told["gas", "ETH of account 129", "account/129"]["books"] == "3.495"
    assert all(one["agrees"] for one in found)
    assert "Second readings" in recon(made.folder, "coverage", "2025-Q1").stdout


def test_a_row_that_only_the_list_of_all_accounts_shows_is_a_break(made: House) -> None:
    made.gas.instead = only(
        "/api/v1/user/account/128/txs",
        always(
            200,
            json.dumps({"success": True, "data": {"txs": made.gas.books["txs"][:1]}}).encode(),
            "application/json",
        ),
    )
    recon(made.folder, "pull")
    found = recon(made.folder, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    (one,) = [one for one in found if one["check"] == "coverage"]
    assert (one["source"], one["expected"], one["actual"], one["difference"]) == ("gas", "1", "2", "1")
    assert "transactions of account 128 by stream txs" in one["diagnosis"]["text"]


def test_an_account_that_shows_another_balance_when_asked_alone_is_a_break(made: House) -> None:
    alone = {
        "accountId": 128,
        "tokens": [{"tokenId": 1, "code": "ETH", "quantity": "5", "lockedQuantity": "0"}],
    }
    body = json.dumps({"success": True, "data": {"account": alone}}).encode()
    made.gas.instead = only("/api/v1/user/account/128", always(200, body, "application/json"))
    recon(made.folder, "pull")
    found = recon(made.folder, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    assert [(one["check"], one["expected"], one["actual"]) for one in found] == [("coverage", "6", "5")]


def test_counts_whose_meaning_is_not_documented_are_shown_and_are_no_break(made: House) -> None:
    made.fuse.books["balances"]["statistics"] = {"total_deposits": 1234, "total_withdrawals": 456}
    recon(made.folder, "pull")
    found = recon(made.folder, "coverage", "2025-Q1", "--json").json["second_readings"]
    (one,) = [one for one in found if one["about"] == "deposits" and one["stream"] == "totals"]
    assert (one["books"], one["second"], one["agrees"], one["binding"]) == ("3", "1234", False, False)
    assert recon(made.folder, "reconcile", "2025-Q1", "--json").json["clean"]
