"""What is not read whole takes nothing away, and a venue that says no in its own way is understood."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recon.demo.venues import Request, Response, as_json
from tests.contract.house import BALANCES, VENUES, House, always, house, places
from tests.contract.outside import recon

HEADER = "timestamp,kind,asset,quantity,id,note\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as found:
        yield found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "broker") as found:
        (tmp_path / "broker").mkdir()
        yield found


def file(made: House, name: str, *rows: str) -> None:
    (made.folder / "broker" / name).write_text(HEADER + "".join(f"{row}\n" for row in rows))


def test_a_list_that_is_shorter_than_the_venue_counts_takes_no_row_back(made: House) -> None:
    recon(made.folder, "pull")
    rows = made.fuse.books["history"]
    cut = {"history": rows[:2], "total": len(rows), "limit": 100, "offset": 0}

    def short(request: Request) -> Response | None:
        if not request.path.endswith("/history/"):
            return None
        return as_json(cut if request.query["offset"] == "0" else cut | {"history": []})

    made.fuse.instead = short
    found = recon(made.folder, "pull", "--json").json["streams"]
    (history,) = [one for one in found if (one["source"], one["stream"]) == ("fuse", "history")]
    assert (history["outcome"], history["seen"], history["vanished"]) == ("incomplete", 2, 0)
    assert places(recon(made.folder, "balances", "--json").json) == BALANCES
    breaks = recon(made.folder, "reconcile", "all", "--json", code=3).json["breaks"]
    (found,) = [one for one in breaks if one["check"] == "coverage"]
    assert (found["expected"], found["actual"]) == ("2", "4")


@pytest.mark.parametrize(
    "refusal",
    [
        always(404, b"<h1>Not Found</h1>", "text/html"),
        always(200, b'{"success": false, "message": "unknown"}'),
        always(200, b'{"error": {"code": "not_found", "message": "no such page"}}'),
        always(400, b"{}"),
        always(403, b""),
        always(501, b"{}"),
    ],
    ids=["404", "success-false", "error", "400", "403", "501"],
)
def test_a_venue_that_serves_the_books_alone_is_pulled_whole(made: House, refusal: object) -> None:
    served = {"getwalletsstatus", "info", "history", "deposits", "withdrawals"}
    paths = {"/o/token/", "/api/v1/user/balances/", "/api/v1/user/balances/history/", "/api/v1/user/accounts"}

    def answer(request: Request) -> Response | None:
        known = request.query.get("action") in served or request.path in paths
        known |= request.path.startswith("/api/v1/user/account/") and request.path.endswith("/txs")
        return None if known and request.path != "/api/v1/user/account/txs" else refusal(request)  # type: ignore[operator]

    for venue in (made.egera, made.fuse, made.gas):
        venue.instead = answer
    for _ in range(2):
        assert recon(made.folder, "pull", "--json").json["status"] == "ok"
    assert recon(made.folder, "reconcile", "2025-Q1", "--json").json["clean"]
    assert places(recon(made.folder, "balances", "--json").json) == BALANCES


def test_a_file_whose_name_is_no_text_takes_no_other_file_back(broker: House) -> None:
    file(broker, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,,")
    file(broker, "c.csv", "2025-01-01T00:00:00Z,deposit,BTC,5,,")
    recon(broker.folder, "pull")
    odd = bytes(broker.folder / "broker") + b"/b\xff.csv"
    with open(odd, "wb") as new:  # noqa: PTH123 - a path is text
        new.write(HEADER.encode())
    assert "no text" in recon(broker.folder, "pull", code=4).stderr
    assert [one["quantity"] for one in recon(broker.folder, "balances", "--json").json] == ["6"]


def test_two_files_that_tell_one_id_otherwise_are_told_and_do_not_take_turns(broker: House) -> None:
    file(broker, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,x,first")
    file(broker, "b.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,x,second")
    assert "another file of this pull has a row of the same id" in recon(broker.folder, "pull", code=4).stderr
    again = recon(broker.folder, "pull", "--json", code=4).json["streams"]
    assert [(one["new"], one["changed"], one["vanished"]) for one in again] == [(0, 0, 0)] * 2


def test_a_start_that_is_moved_later_takes_nothing_back(broker: House) -> None:
    file(broker, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,,", "2025-03-01T00:00:00Z,deposit,BTC,2,,")
    recon(broker.folder, "pull")
    broker.write(broker.settings("broker", broker={"start": "2025-02-01T00:00:00Z"}))
    (found,) = recon(broker.folder, "pull", "--json").json["streams"]
    assert (found["seen"], found["vanished"]) == (2, 0)
    assert [one["quantity"] for one in recon(broker.folder, "balances", "--json").json] == ["3"]


def test_a_last_look_that_fails_is_the_balances_error_and_nothing_is_read_anew(made: House) -> None:
    seen = {"info": 0}

    def answer(request: Request) -> Response | None:
        seen["info"] += request.query.get("action") == "info"
        late = seen["info"] == 2 and request.query.get("action") == "history"
        return Response(401, {}, b"{}") if late else None

    made.egera.instead = answer
    found = recon(made.folder, "pull", "--json", code=4).json["streams"]
    assert [one["stream"] for one in found if one["error"]] == ["balances"]
    assert seen["info"] == 2


def test_what_is_optional_keeps_no_balances_away(made: House) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response | None:
        asked.append(request.path.rpartition("/v1")[2])
        return Response(429, {"Retry-After": "3600"}, b"{}") if request.path.endswith("/payments/") else None

    made.fuse.instead = answer
    found = recon(made.folder, "pull", "--json", code=4).json["streams"]
    assert [(one["source"], one["stream"]) for one in found if one["error"]] == [("fuse", "payments")]
    (balances,) = [one for one in found if (one["source"], one["stream"]) == ("fuse", "balances")]
    assert (balances["status"], balances["seen"]) == ("ok", 3)
    history = [place for place, path in enumerate(asked) if path == "/user/balances/history/"]
    assert len(history) == 2 and history[-1] < asked.index("/payments/"), "the last look waits for nothing"
