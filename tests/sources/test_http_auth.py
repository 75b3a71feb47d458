"""Tokens are asked for, used, renewed in time, and renewed once when they are refused."""

import re
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from recon.core.contracts import Allowed, Request
from recon.core.errors import ConfigError, SourceError
from recon.sources._http import ApiKeyHeader, Bearer, ClientCredentials, QueryKey
from tests.sources.bench import CANARY, ROWS, Bench, body_of
from tests.sources.hostile import OK, Hostile, Move, hostile, say, send

PRIVATE_AND_PUBLIC = (
    Allowed(method="GET", path="/", action="account/info", why="a test"),
    Allowed(method="GET", path="/stats/.*", why="a test"),
)
UNAUTHORIZED = say(401, b'{"error": "authentication_failed"}')


def token(name: str, *more: str) -> Move:
    """An answer that grants the token ``name``."""
    return say(
        200, ("{" + ", ".join([f'"access_token": "{name}"', '"token_type": "Bearer"', *more]) + "}").encode()
    )


NO_TOKEN = {
    "down": (say(503, b"t-1"), "http_status", 5),
    "hung up": (send(b""), "cut", 5),
    "refused": (say(401), "unauthorized", 1),
    "refused otherwise": (say(400, b'{"error": "invalid_client"}'), "http_status", 1),
    "HTML": (say(200, b"<html>t-1"), "payload", 1),
    "no object": (say(200, b"[]"), "payload", 1),
    "an empty token": (say(200, b'{"access_token": ""}'), "payload", 1),
    "a number": (say(200, b'{"access_token": 7}'), "payload", 1),
    "two lines": (say(200, b'{"access_token": "t-1\\r\\nX: y"}'), "payload", 1),
    "a life in words": (token("t-1", '"expires_in": "soon"'), "payload", 1),
    "a life before birth": (token("t-1", '"expires_in": -1'), "payload", 1),
    "an endless life": (token("t-1", f'"expires_in": {"9" * 400}'), "payload", 1),
}


def test_each_kind_of_credential_goes_where_its_venue_looks_for_it(bench: Bench) -> None:
    secret = SecretStr(CANARY)
    with hostile() as venue:
        bench.rows(venue, auth=Bearer(secret))
        bench.rows(venue, auth=ApiKeyHeader(secret))
        with_key = bench.ask(venue, auth=QueryKey("918872936", secret), allowed=PRIVATE_AND_PUBLIC)
        with_key("rows", Request(method="GET", path="/", params={"method": "account", "action": "info"}))
    bearer, header, query = venue.requests
    assert f"\r\nAuthorization: Bearer {CANARY}\r\n".encode() in bearer
    assert f"\r\nX-API-Key: {CANARY}\r\n".encode() in header
    assert query.startswith(
        b"GET /?method=account&action=info&id=918872936&key=canary-1f%2F9%2B8e HTTP/1.1\r\n"
    )
    assert query.count(b"canary") == 1


def test_a_public_file_is_asked_for_without_the_key(bench: Bench) -> None:
    with hostile() as venue:
        ask = bench.ask(venue, auth=QueryKey("918872936", SecretStr(CANARY)), allowed=PRIVATE_AND_PUBLIC)
        ask("ticker", Request(method="GET", path="/stats/ticker.json"))
    assert venue.requests[0].startswith(b"GET /stats/ticker.json HTTP/1.1\r\n")
    assert b"canary" not in venue.requests[0] and b"918872936" not in venue.requests[0]


def test_a_token_is_asked_for_once_and_used(bench: Bench) -> None:
    with hostile(token("t-1", '"expires_in": 36000'), say()) as venue:
        ask = bench.ask(venue, auth=_credentials(venue))
        ask("rows", ROWS)
        ask("rows", ROWS)
    asked, *used = venue.requests
    head, _, form = asked.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /o/token/ HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Basic " + b64encode(f"recon:{CANARY}".encode()) in head
    assert b"\r\nContent-Type: application/x-www-form-urlencoded" in head
    assert form == b"grant_type=client_credentials&scope=read+write"
    assert [_shown(request) for request in used] == ["Bearer t-1"] * 2


def test_id_and_secret_may_go_into_the_form_instead_of_a_header(bench: Bench) -> None:
    with hostile(token("t-1"), say()) as venue:
        bench.rows(
            venue, auth=ClientCredentials(f"{venue.url}/o/token/", "recon", SecretStr(CANARY), form=True)
        )
    head, _, form = venue.requests[0].partition(b"\r\n\r\n")
    assert b"Authorization" not in head
    assert form == (
        b"grant_type=client_credentials&scope=read+write&client_id=recon&client_secret=canary-1f%2F9%2B8e"
    )
    told = next(iter(bench.answers())).params
    assert told == {"grant_type": "client_credentials", "scope": "read write"}


def test_the_answer_to_a_token_request_is_a_secret_and_never_sealed(bench: Bench) -> None:
    with hostile(say(503, b"t-0"), token("t-1"), say()) as venue:
        bench.rows(venue, auth=_credentials(venue))
    assert bench.attempts() == [("token", 503, None), ("token", 200, None), ("rows", 200, OK)]


@pytest.mark.parametrize(
    ("life", "holds", "is_over"),
    [("3600", 3539, 3540), ("100", 89, 90), ("0", -1, 0), ('"36000"', 35939, 35940), ("600.0", 539, 540)],
)
def test_a_token_is_renewed_shortly_before_it_expires(
    life: str, holds: int, is_over: int, bench: Bench
) -> None:
    with hostile(token("t-1", f'"expires_in": {life}'), say()) as venue:
        auth = _credentials(venue)
        now = bench.wall.now()
        assert auth.due(now)
        bench.rows(venue, auth=auth)
        assert not auth.due(now + timedelta(seconds=holds))
        assert auth.due(now + timedelta(seconds=is_over))


def test_an_expired_token_is_renewed_before_the_request(bench: Bench) -> None:
    with hostile(token("t-1", '"expires_in": 60'), say(), token("t-2", '"expires_in": 60'), say()) as venue:
        ask = bench.ask(venue, auth=_credentials(venue))
        ask("rows", ROWS)
        bench.wall.sleep(60)
        ask("rows", ROWS)
    assert [_shown(request) for request in venue.requests[1::2]] == ["Bearer t-1", "Bearer t-2"]


def test_a_refused_token_is_renewed_once_and_the_same_request_made_again(bench: Bench) -> None:
    with hostile(token("t-1"), UNAUTHORIZED, token("t-2"), say()) as venue:
        bench.rows(venue, auth=_credentials(venue))
    assert [stream for stream, _, _ in bench.attempts()] == ["token", "rows", "token", "rows"]
    assert [_shown(request) for request in venue.requests[1::2]] == ["Bearer t-1", "Bearer t-2"]
    assert bench.wall.slept == []


def test_a_token_that_expires_mid_history_costs_no_page_and_doubles_none(bench: Bench) -> None:
    pages = [f'{{"success": true, "page": {number}}}'.encode() for number in range(4)]
    moves = [
        token("t-1"),
        say(200, pages[0]),
        say(200, pages[1]),
        UNAUTHORIZED,
        token("t-2"),
        say(200, pages[2]),
    ]
    with hostile(*moves, say(200, pages[3])) as venue:
        ask = bench.ask(venue, auth=_credentials(venue))
        read = [
            body_of(ask("rows", Request(method="GET", path="/rows", params={"page": one})))
            for one in range(4)
        ]
    assert read == pages
    assert [body for _, status, body in bench.attempts() if status == 200 and body] == pages
    assert [request.partition(b" HTTP")[0] for request in venue.requests if b"page=2" in request] == [
        b"GET /rows?page=2"
    ] * 2


def test_a_venue_that_refuses_every_token_is_asked_twice(bench: Bench) -> None:
    moves = [token("t-1"), UNAUTHORIZED, token("t-2"), UNAUTHORIZED, token("t-3"), say()]
    with hostile(*moves) as venue:
        error = _refused(bench, venue)
        assert len(venue.requests) == 4
    assert (error.kind, error.where) == ("unauthorized", f"venue/rows GET {venue.url}/rows")


def test_a_static_secret_that_is_refused_is_told_at_once(bench: Bench) -> None:
    with hostile(UNAUTHORIZED) as venue:
        with pytest.raises(SourceError) as refused:
            bench.rows(venue)
        assert len(venue.requests) == 1
    assert refused.value.kind == "unauthorized"


@pytest.mark.parametrize("answer", NO_TOKEN)
def test_without_a_token_nothing_is_asked(answer: str, bench: Bench) -> None:
    move, kind, tries = NO_TOKEN[answer]
    with hostile(move) as venue:
        error = _refused(bench, venue)
        assert len(venue.requests) == tries
    assert (error.kind, error.where) == (kind, f"venue/token POST {venue.url}/o/token/")
    assert error.next_step
    assert "t-1" not in str(error)


def test_token_and_data_may_lie_on_two_hosts_and_each_sees_its_own_secret_only(bench: Bench) -> None:
    with hostile(token("t-1")) as issuer, hostile() as venue:
        bench.rows(venue, auth=_credentials(issuer))
    assert re.findall(rb"Authorization: (\S+)", issuer.requests[0]) == [b"Basic"]
    assert re.findall(rb"Authorization: (.+)\r", venue.requests[0]) == [b"Bearer t-1"]


@pytest.mark.parametrize("kind", [Bearer, ApiKeyHeader])
@pytest.mark.parametrize(
    "secret", [f"{CANARY}\n", f"{CANARY}\r\nX: y", f"ż{CANARY}", f"{CANARY}\0", f"{CANARY} "]
)
def test_a_secret_no_header_can_carry_is_refused_without_being_quoted(
    kind: Any, secret: str, bench: Bench
) -> None:
    with pytest.raises(ConfigError) as refused:
        bench.ask("https://host.example", auth=kind(SecretStr(secret)))
    assert CANARY not in str(refused.value)


def _credentials(server: Hostile) -> ClientCredentials:
    return ClientCredentials(f"{server.url}/o/token/", "recon", SecretStr(CANARY))


def _shown(request: bytes) -> str:
    [value] = re.findall(r"Authorization: (.+)\r", request.decode())
    return str(value)


def _refused(bench: Bench, venue: Hostile) -> SourceError:
    with pytest.raises(SourceError) as refused:
        bench.rows(venue, auth=_credentials(venue))
    return refused.value
