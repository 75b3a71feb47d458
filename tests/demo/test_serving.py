"""The loopback server that all stand-in venues share."""

import json
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from threading import Thread

import pytest

from recon.demo import venues
from recon.demo.egera import ACCOUNT_ID, KEY, Egera
from recon.demo.venues import Request, Response, load, load_all, sample_path, serve

ROWS = [
    {"time": "1735807272", "amount": "400.00", "type": "FT1", "state": "1"},
    {"time": "1735807273", "amount": "400.00", "type": "FT2", "state": "1"},
    {"time": "1735807274", "amount": "0.01", "type": "FT3", "state": "0"},
]
DEPOSITS = f"/?method=account&action=deposits&currency=pln&id={ACCOUNT_ID}&key={KEY}"


def connect(url: str) -> HTTPConnection:
    return HTTPConnection(url.removeprefix("http://"), timeout=5)


def exchange(connection: HTTPConnection) -> bytes:
    connection.request("GET", DEPOSITS)
    return connection.getresponse().read()


def test_a_venue_made_of_three_rows_serves_them_and_remembers_the_whole_request() -> None:
    venue = Egera({"deposits": {"pln": ROWS}})
    with serve(venue) as url:
        connection = connect(url)
        connection.request("GET", DEPOSITS, headers={"X-Trace": "seven"})
        answer = connection.getresponse()
        assert json.loads(answer.read()) == {"success": True, "history": ROWS}
        assert answer.getheader("Content-Type") == "application/json"
        connection.close()
    (request,) = venue.requests
    assert (request.method, request.path) == ("GET", "/")
    assert (request.query["key"], request.headers["x-trace"]) == (KEY, "seven")


def test_one_connection_carries_many_requests() -> None:
    with serve(Egera({})) as url:
        connection = connect(url)
        connection.connect()
        socket = connection.sock
        for _ in range(50):
            exchange(connection)
        assert connection.sock is socket
        connection.close()


def test_a_body_that_is_sent_arrives() -> None:
    venue = Egera({})
    with serve(venue) as url:
        connection = connect(url)
        connection.request("POST", "/", body="action=withdrawal")
        connection.getresponse().read()
        connection.close()
    assert venue.requests[0].body == b"action=withdrawal"
    assert venue.violations == venue.requests


def test_a_subclass_may_cut_an_answer() -> None:
    class Cut(Egera):
        def answer(self, request: Request) -> Response:
            whole = super().answer(request)
            headers = {**whole.headers, "Content-Length": str(len(whole.body))}
            return Response(whole.status, headers, whole.body[:10])

    with serve(Cut({"deposits": {"pln": ROWS}})) as url:
        connection = connect(url)
        with pytest.raises(IncompleteRead):
            exchange(connection)
        connection.close()


def test_a_subclass_may_hang_up() -> None:
    class Silent(Egera):
        def answer(self, request: Request) -> Response:
            raise ConnectionResetError

    with serve(Silent({})) as url:
        connection = connect(url)
        with pytest.raises(ConnectionError):
            exchange(connection)
        connection.close()


def test_a_stopped_venue_answers_nobody_not_even_on_an_open_connection() -> None:
    with serve(Egera({})) as url:
        connection = connect(url)
        exchange(connection)
    with pytest.raises(ConnectionError):
        exchange(connection)
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        connect(url).connect()


def test_clients_are_answered_at_the_same_time() -> None:
    venue = Egera({"deposits": {"pln": ROWS}})

    def ask(url: str) -> None:
        connection = connect(url)
        for _ in range(20):
            assert exchange(connection)
        connection.close()

    with serve(venue) as url:
        idle = connect(url)
        idle.connect()
        threads = [Thread(target=ask, args=(url,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        idle.close()
    assert len(venue.requests) == 100


def test_the_sample_data_load_from_a_checkout() -> None:
    assert load_all() == {name: load(sample_path() / f"{name}.json") for name in venues.VENUES}


def test_the_sample_data_load_from_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "recon" / "demo" / "venues.py"
    packed = module.parent / "sample_data"
    packed.mkdir(parents=True)
    monkeypatch.setattr(venues, "__file__", str(module))
    with pytest.raises(FileNotFoundError, match="no sample data"):
        sample_path()
    (packed / "egera.json").write_text("{}", encoding="utf-8")
    assert sample_path() == packed
