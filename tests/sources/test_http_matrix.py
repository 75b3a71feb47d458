"""What the fault matrix adds: names that do not resolve, clocks that differ, memory, and redirects to anywhere."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from recon.core.errors import SourceError
from recon.sources._auth import Auth
from recon.sources._http import ApiKeyHeader, Bearer, ClientCredentials, QueryKey
from recon.sources._limits import Budget
from tests.sources.bench import CANARY, ROWS, START, Bench, body_of
from tests.sources.hostile import OK, Hostile, bomb, drip, hostile, reset, say, send

SECRET = SecretStr(CANARY)
BODIES = {
    "latin-1": '{"success": true, "name": "Łódź"}'.encode("iso-8859-2"),
    "UTF-16": '{"success": true}'.encode("utf-16"),
    "half a character": b'{"success": true, "name": "\xc5"}',
    "half a surrogate pair": b'{"success": true, "name": "\\ud83d"}',
    "nothing": b"",
    "white space": b" \n",
    "a login page": b"<html><form action='/login'>",
    "two documents": OK + OK,
    "not a number": b'{"success": true, "amount": NaN}',
    "an abyss": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_json_is_refused_and_kept(body: str, bench: Bench) -> None:
    with hostile(say(200, BODIES[body], "Content-Type: application/json")) as venue:
        error = _refused(bench, venue)
        assert len(venue.requests) == 1
    assert error.kind == "payload"
    assert bench.attempts() == [("rows", 200, BODIES[body])]


def test_a_byte_order_mark_is_no_fault_and_is_kept(bench: Bench) -> None:
    with hostile(say(200, b"\xef\xbb\xbf" + OK)) as venue:
        assert body_of(bench.rows(venue)) == b"\xef\xbb\xbf" + OK


def test_an_answer_that_breaks_off_in_the_middle_is_tried_again(bench: Bench) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK[:9]))
        reset(connection)

    with hostile(half, half, say()) as venue:
        assert body_of(bench.rows(venue)) == OK
        assert len(venue.requests) == 3


def test_a_name_that_does_not_resolve_is_told_after_five_tries(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = _refused(bench, "https://venue.example")
    assert (error.kind, len(bench.attempts())) == ("connect", 5)
    assert "Name or service not known" in error.what


def test_a_name_server_that_does_not_answer_cannot_outlast_the_deadline(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.wall.counts_real_time = True
    woken = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: woken.wait(20))
    began = time.monotonic()
    error = _refused(bench, "https://venue.example", deadline_s=0.3)
    woken.set()
    assert 0.2 < time.monotonic() - began < 2
    assert error.kind == "timeout"


def test_a_host_with_a_dead_address_is_reached_at_its_next_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = socket.getaddrinfo
    with hostile() as venue:

        def two(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
            if host != "venue.localhost":
                return known(host, port, *args, **kwargs)
            return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]

        monkeypatch.setattr(socket, "getaddrinfo", two)
        monkeypatch.setattr("recon.sources._guard.LOOPBACK", ("venue.localhost",))
        bench.rows(venue.url.replace("127.0.0.1", "venue.localhost"))
        assert len(venue.requests) == 1


def test_a_connection_that_nobody_takes_cannot_outlast_the_deadline(bench: Bench) -> None:
    bench.wall.counts_real_time = True
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(full.getsockname())
        began = time.monotonic()
        error = _refused(bench, f"http://127.0.0.1:{full.getsockname()[1]}", deadline_s=0.3)
        took = time.monotonic() - began
        for one in waiting:
            one.close()
    assert (error.kind, 0.2 < took < 2) == ("timeout", True)


@pytest.mark.parametrize("hours", [-1000, -1, 0, 1, 1000])
def test_a_retry_date_is_read_by_the_venues_own_clock(hours: int, bench: Bench) -> None:
    told, again = (_http_date(timedelta(hours=hours, seconds=seconds)) for seconds in (0, 9))
    with hostile(say(429, OK, f"Date: {told}", f"Retry-After: {again}"), say()) as venue:
        bench.rows(venue)
    assert bench.wall.slept == [9]


def test_every_throttle_is_sealed_and_paid_for(bench: Bench) -> None:
    budget = Budget(requests=10, window=timedelta(minutes=10))
    with hostile(say(429, OK, "Retry-After: 1"), say(429, OK, "Retry-After: -1"), say()) as venue:
        ask: Any = bench.ask(venue, budgets=[budget])
        ask("rows", ROWS)
    assert [status for _, status, _ in bench.attempts()] == [429, 429, 200]
    assert ask.budget_left == 7


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_whoever_looks_is_told_how_far_the_clocks_are_apart(minutes: int, bench: Bench) -> None:
    with hostile(say(200, OK, f"Date: {_http_date(timedelta(minutes=minutes))}")) as venue:
        ask: Any = bench.ask(venue)
        assert not ask.clock_offset
        ask("rows", ROWS)
    assert abs(ask.clock_offset + timedelta(minutes=minutes)) <= timedelta(seconds=1)


@pytest.mark.parametrize(
    "date", ["", "now", "Sat, 99 Mar 2025 12:00:00 GMT", "Sat, 01 Mar 99999 12:00:00 GMT"]
)
def test_a_date_that_cannot_be_read_says_nothing(date: str, bench: Bench) -> None:
    with hostile(say(200, OK, f"Date: {date}")) as venue:
        ask: Any = bench.ask(venue)
        ask("rows", ROWS)
    assert ask.clock_offset is None


@pytest.mark.parametrize("off", [-10, 10])
def test_a_token_lives_as_long_as_it_says_whatever_the_clocks(off: int, bench: Bench) -> None:
    bench.wall.at += timedelta(minutes=off)
    grant = say(200, b'{"access_token": "t-1", "expires_in": 300}', f"Date: {_http_date(timedelta(0))}")
    with hostile(grant, say(), say(), grant, say()) as venue:
        auth = ClientCredentials(f"{venue.url}/o/token/", "recon", SECRET)
        ask = bench.ask(venue, auth=auth, deadline_s=1000)
        for _ in range(3):
            ask("rows", ROWS)
            bench.wall.sleep(200)
    asked = [request.partition(b" /")[0] for request in venue.requests]
    assert asked == [b"POST", b"GET", b"GET", b"POST", b"GET"]


def test_a_clock_that_jumps_back_lengthens_no_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is kept by a clock that never jumps."""
    hours = count()
    monkeypatch.setattr(bench.wall, "now", lambda: START - timedelta(hours=next(hours)))
    monkeypatch.setattr(bench.wall, "monotonic", time.monotonic)
    began = time.monotonic()
    with hostile(drip(b"HTTP/1.1 200 OK\r\n\r\n")) as venue:
        budget = Budget(requests=9, window=timedelta(minutes=1))
        assert _refused(bench, venue, deadline_s=0.3, budgets=[budget]).kind == "timeout"
    assert 0.2 < time.monotonic() - began < 1.3
    assert next(hours) > 2


@pytest.mark.parametrize(
    ("move", "kind"),
    [
        (bomb(200), "too_large"),
        (send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 << 20) + b"\r\n\r\n{}"), "cut"),
        (send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (1 << 18) + b"\r\n{}"), "cut"),
        (send(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (40 << 20)), "too_large"),
    ],
    ids=["200 MB from 195 kB", "a header of 2 MB", "a quarter of a million headers", "40 MB"],
)
def test_a_flood_costs_little_memory(move: Any, kind: str, bench: Bench) -> None:
    before = _peak_mib(afresh=True)
    with hostile(move) as venue:
        assert _refused(bench, venue).kind == kind
    assert _peak_mib() - before < 64


def test_a_long_text_is_taken_whole(bench: Bench) -> None:
    body = b'{"success": true, "note": "' + b"x" * (10 << 20) + b'"}'
    before = _peak_mib(afresh=True)
    with hostile(say(200, body)) as venue:
        assert body_of(bench.rows(venue)) == body
    assert _peak_mib() - before < 96


LOCATIONS = [
    "https://elsewhere.example/", "http://127.0.0.1/", "https://127.0.0.1:443/", "http://169.254.169.254/latest/",
    "//169.254.169.254/", "http://[::1]/", "file:///etc/passwd", "/rows", "rows?again", "", "http://[", "\\\\evil",
]  # fmt: skip
AUTHS: dict[str, Auth] = {
    "bearer": Bearer(SECRET),
    "header": ApiKeyHeader(SECRET),
    "query": QueryKey("918872936", SECRET),
}


@pytest.fixture
def decoy() -> Iterator[Hostile]:
    with hostile() as server:
        yield server
        assert (server.connections, server.requests) == (0, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["decoy", *LOCATIONS])
def test_nobody_is_asked_where_a_redirect_points(
    status: int, location: str, bench: Bench, decoy: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[tuple[Any, ...]] = []
    monkeypatch.setattr(socket, "create_connection", _counted(reached, socket.create_connection))
    target = f"{decoy.url}/?key={CANARY}" if location == "decoy" else location
    with hostile(say(status, b"", f"Location: {target}")) as honest:
        for auth in AUTHS.values():
            error = _refused(bench, honest, auth=auth)
            assert (error.kind, CANARY in str(error)) == ("redirect", False)
        oauth = ClientCredentials(f"{honest.url}/o/token/", "recon", SECRET)
        assert _refused(bench, honest, auth=oauth).kind == "redirect"
        assert len(honest.requests) == 4
        assert reached == [("127.0.0.1", honest.port)] * 4


def _http_date(offset: timedelta) -> str:
    return (START + offset).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _peak_mib(*, afresh: bool = False) -> float:
    """The most memory this process has held, since it was last asked afresh."""
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    [kib] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) / 1024


def _counted(reached: list[Any], connect: Any) -> Any:
    def counting(address: Any, *rest: Any, **more: Any) -> Any:
        reached.append(address)
        return connect(address, *rest, **more)

    return counting


def _refused(bench: Bench, server: Hostile | str, **changes: Any) -> SourceError:
    with pytest.raises(SourceError) as raised:
        bench.rows(server, **changes)
    return raised.value
