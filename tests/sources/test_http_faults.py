"""What a network and a broken venue do to a request, on real sockets."""

import gzip
import time
import tracemalloc

import pytest

from recon.core.contracts import Request
from recon.core.errors import SourceError
from tests.sources.bench import ROWS, START, Bench, body_of
from tests.sources.hostile import OK, Move, bomb, drip, flood, hostile, reset, say, send

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
NAMED_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0"
"""Then follows a file's name, which unfolds into nothing, up to a zero byte that may never come."""
FAULTS_OF_THE_MOMENT = {
    "connection reset": (reset, "cut"),
    "hung up before a word": (send(b""), "cut"),
    "hung up in the headers": (send(b"HTTP/1.1 200 OK\r\nContent-Le"), "cut"),
    "no HTTP at all": (send(b"220 smtp.example ESMTP\r\n"), "cut"),
    "body cut by length": (say(200, OK, length=len(OK) + 1), "cut"),
    "body cut in a chunk": (send(CHUNKED + b"1c\r\n" + OK[:10]), "cut"),
    "body without the last chunk": (send(CHUNKED + b"%x\r\n%b\r\n" % (len(OK), OK)), "cut"),
    "compressed body cut": (say(200, gzip.compress(OK)[:-9], "Content-Encoding: gzip"), "cut"),
    "headers without an end": (send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), "cut"),
    "HTTP 500": (say(500), "http_status"),
    "HTTP 502 in HTML": (say(502, b"<html>Bad Gateway</html>"), "http_status"),
    "HTTP 503": (say(503), "http_status"),
    "HTTP 429": (say(429), "rate_limit"),
    "busy": (say(200, b'{"success": false, "code": "22", "message": "busy"}'), "venue_error"),
}
FINAL_FAULTS = {
    "HTML instead of JSON": (say(200, b"<!doctype html><title>Log in</title>"), "payload"),
    "an empty body": (say(200, b""), "payload"),
    "JSON cut by closing": (send(b"HTTP/1.1 200 OK\r\n\r\n" + OK[:-1]), "payload"),
    "a name twice": (say(200, b'{"success": true, "success": true}'), "payload"),
    "damaged compression": (say(200, b"\x1f\x8b" + OK, "Content-Encoding: gzip"), "payload"),
    "bytes after the compression": (say(200, gzip.compress(OK) + b"!", "Content-Encoding: gzip"), "payload"),
    "compression not asked for": (say(200, OK, "Content-Encoding: br"), "payload"),
    "success false": (say(200, b'{"success": false, "code": 5051, "message": "no"}'), "venue_error"),
    "HTTP 204": (send(b"HTTP/1.1 204 No Content\r\n\r\n", hang_up=False), "http_status"),
    "HTTP 304": (send(b"HTTP/1.1 304 Not Modified\r\n\r\n", hang_up=False), "redirect"),
    "HTTP 400": (say(400), "http_status"),
    "HTTP 401": (say(401), "unauthorized"),
    "HTTP 403": (say(403, b'{"success": false, "code": 1, "message": "no right"}'), "http_status"),
    "HTTP 404": (say(404, b"<html>"), "http_status"),
    "a gzip bomb": (bomb(64), "too_large"),
    "a body without an end": (send(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (17 << 20)), "too_large"),
}


def test_an_answer_that_counts_is_sealed_as_received_and_returned(bench: Bench) -> None:
    with hostile(say(200, OK)) as venue:
        answer = bench.ask(venue)("rows", Request(method="GET", path="/rows", params={"a": "1 2"}))
    assert (answer.stream, answer.method, answer.status) == ("rows", "GET", 200)
    assert (answer.url, dict(answer.params)) == (f"{venue.url}/rows", {"a": "1 2"})
    assert body_of(answer) == OK
    assert venue.requests[0].startswith(b"GET /rows?a=1+2 HTTP/1.1\r\n")


def test_a_compressed_answer_is_sealed_as_what_it_says(bench: Bench) -> None:
    with hostile(say(200, gzip.compress(OK), "Content-Encoding: GZip")) as venue:
        assert body_of(bench.rows(venue)) == OK


@pytest.mark.parametrize("fault", FAULTS_OF_THE_MOMENT)
def test_a_fault_of_the_moment_is_tried_again(fault: str, bench: Bench) -> None:
    move, _ = FAULTS_OF_THE_MOMENT[fault]
    with hostile(move, move, say(200, OK)) as venue:
        assert body_of(bench.rows(venue)) == OK
        assert len(venue.requests) == 3
    assert bench.wall.slept == [0.5, 1]
    assert [status for _, status, _ in bench.attempts()][2:] == [200]


@pytest.mark.parametrize("fault", FAULTS_OF_THE_MOMENT)
def test_a_fault_that_lasts_is_tried_five_times_and_then_told(fault: str, bench: Bench) -> None:
    move, kind = FAULTS_OF_THE_MOMENT[fault]
    with hostile(move) as venue:
        error = _refused(bench, venue.url)
        assert len(venue.requests) == 5
    assert error.kind == kind
    assert "(5 tries)" in error.what
    assert bench.wall.slept == [0.5, 1, 2, 4]
    assert len(bench.attempts()) == 5


@pytest.mark.parametrize("fault", FINAL_FAULTS)
def test_a_fault_that_would_come_again_is_told_at_once(fault: str, bench: Bench) -> None:
    move, kind = FINAL_FAULTS[fault]
    with hostile(move) as venue:
        error = _refused(bench, venue.url)
        assert len(venue.requests) == 1
    assert (error.kind, bench.wall.slept) == (kind, [])
    assert error.where == f"venue/rows GET {venue.url}/rows"
    assert error.next_step


def test_what_is_refused_is_sealed_before_it_is_judged(bench: Bench) -> None:
    html = b"<html>maintenance</html>"
    with hostile(say(200, html)) as venue:
        error = _refused(bench, venue.url)
    [(_, status, body)] = bench.attempts()
    assert (status, body) == (200, html)
    assert error.next_step.startswith("The answer is kept in the evidence as ")


def test_half_an_answer_is_no_answer(bench: Bench) -> None:
    with hostile(say(200, OK, length=len(OK) + 1), say()) as venue:
        bench.rows(venue)
    assert [(status, body) for _, status, body in bench.attempts()] == [(None, None), (200, OK)]


def test_nobody_listening_is_told_after_five_tries(bench: Bench) -> None:
    with hostile() as venue:
        pass
    error = _refused(bench, venue.url)
    assert error.kind == "connect"
    assert [attempt[1:] for attempt in bench.attempts()] == [(None, None)] * 5


def test_a_venue_says_in_an_error_status_what_it_misses(bench: Bench) -> None:
    with hostile(say(403, b'{"success": false, "code": 1, "message": "no right"}')) as venue:
        assert "HTTP 403: code 1: no right" in str(_refused(bench, venue.url))


def test_a_long_winded_venue_is_cut_short_and_cannot_draw_on_the_screen(bench: Bench) -> None:
    message = b'{"success": false, "message": "\\u001b[2J\\u202e' + b"x" * 10_000 + b'"}'
    with hostile(say(200, message)) as venue:
        text = str(_refused(bench, venue.url))
    assert text.isprintable()
    assert len(text) < 500


def test_a_gzip_bomb_costs_little_memory(bench: Bench) -> None:
    with hostile(bomb(200)) as venue:
        tracemalloc.start()
        try:
            assert _refused(bench, venue.url).kind == "too_large"
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 48 << 20


@pytest.mark.parametrize(
    "move",
    [
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX: "),
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(CHUNKED + b"0000000000000000"),
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", hang_up=False),
        send(b"", hang_up=False),
        flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
        flood(NAMED_GZIP, b"x" * 9999),
    ],
    ids=[
        "dripped status",
        "dripped headers",
        "dripped body",
        "dripped chunk size",
        "silent body",
        "silence",
        "interim answers",
        "compressed nothing",
    ],
)
def test_nothing_outlasts_the_deadline(move: Move, bench: Bench) -> None:
    bench.wall.counts_real_time = True
    with hostile(move) as venue:
        began = time.monotonic()
        error = _refused(bench, venue.url, deadline_s=0.3)
        assert 0.2 < time.monotonic() - began < 5
    assert error.kind == "timeout"
    assert "deadline of 0.3 s" in error.what
    assert len(bench.attempts()) == 1


def test_the_deadline_is_for_all_questions_and_begins_with_the_first(bench: Bench) -> None:
    with hostile() as venue:
        ask = bench.ask(venue, deadline_s=100)
        bench.wall.sleep(1000)
        ask("rows", ROWS)
        bench.wall.sleep(99)
        ask("rows", ROWS)
        bench.wall.sleep(1)
        with pytest.raises(SourceError, match="deadline of 100 s has passed"):
            ask("rows", ROWS)
        assert len(venue.requests) == len(bench.attempts()) == 2


def test_a_try_that_would_come_after_the_deadline_is_not_waited_for(bench: Bench) -> None:
    with hostile(say(503)) as venue:
        error = _refused(bench, venue.url, deadline_s=3)
    assert error.kind == "http_status"
    assert "the next try, 2 s from now, would come after the deadline of 3 s" in error.what
    assert bench.wall.slept == [0.5, 1]


@pytest.mark.parametrize(
    ("stated", "slept"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0.5),
        ("Sat, 01 Mar 2025 12:00:09 GMT", 9),
        ("Sat, 01 Mar 2025 14:00:09 +0200", 9),
        ("Sat, 01 Mar 2025 12:00:09 -0000", 9),
        ("Sat, 01 Mar 2025 11:00:00 GMT", 0.5),
        ("-7", 0.5),
        ("7.5", 0.5),
        ("soon", 0.5),
        ("Sat, 99 Mar 2025 12:00:09 GMT", 0.5),
        ("Sat, 01 Mar 99999999999 12:00:09 GMT", 0.5),
        ("", 0.5),
    ],
)
def test_a_venue_says_how_long_to_wait(stated: str, slept: float, bench: Bench) -> None:
    with hostile(say(429, OK, f"Retry-After: {stated}"), say()) as venue:
        bench.rows(venue)
    assert bench.wall.slept == [slept]


@pytest.mark.parametrize("stated", ["120", "1000000000", "9" * 5000, "Sat, 01 Mar 2026 12:00:00 GMT"])
def test_a_wait_beyond_the_deadline_is_told_at_once(stated: str, bench: Bench) -> None:
    with hostile(say(429, OK, f"Retry-After: {stated}")) as venue:
        error = _refused(bench, venue.url)
        assert len(venue.requests) == 1
    assert error.kind == "rate_limit"
    assert "would come after the deadline of 120 s" in error.what
    assert bench.wall.at == START


def test_connections_are_kept(bench: Bench) -> None:
    with hostile() as venue:
        ask = bench.ask(venue)
        for _ in range(20):
            ask("rows", ROWS)
        assert venue.connections == 1


def test_a_connection_that_the_venue_closed_meanwhile_is_opened_anew(bench: Bench) -> None:
    closing = send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK))
    with hostile(closing) as venue:
        ask = bench.ask(venue)
        for _ in range(5):
            ask("rows", ROWS)
            time.sleep(0.01)
        assert venue.connections == 5
    assert bench.wall.slept == []


def _refused(bench: Bench, url: str, **changes: float) -> SourceError:
    with pytest.raises(SourceError) as raised:
        bench.rows(url, **changes)
    return raised.value
