"""No secret shows in a log, an error, a chain of errors, the evidence or an object's own description."""

import json
import logging
import re
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr

from recon.core.contracts import Request
from recon.core.errors import ForbiddenRequest, SourceError
from recon.evidence.archive import answers
from recon.sources._auth import Auth
from recon.sources._ethgas_login import Session
from recon.sources._http import ApiKeyHeader, Bearer, ClientCredentials, QueryKey
from tests.sources.bench import CANARY, ROWS, Bench
from tests.sources.hostile import OK, Move, hostile, reset, say, send

TOKEN = "canary-token-77"
COOKIE = "canary-cookie-88"
GRANT = say(
    200, json.dumps({"access_token": TOKEN, "accessToken": TOKEN}).encode(), f"Set-Cookie: a={COOKIE}"
)
FORMS = {CANARY, quote(CANARY, safe=""), quote_plus(CANARY), b64encode(f"recon:{CANARY}".encode()).decode()}
ECHO = json.dumps({"success": False, "message": f"{CANARY} {quote_plus(CANARY)} is wrong"}).encode()

AUTHS: dict[str, Callable[[str], Auth]] = {
    "query": lambda url: QueryKey("918872936", SecretStr(CANARY)),
    "bearer": lambda url: Bearer(SecretStr(CANARY)),
    "header": lambda url: ApiKeyHeader(SecretStr(CANARY)),
    "credentials": lambda url: ClientCredentials(f"{url}/o/token/", "recon", SecretStr(CANARY)),
    "form": lambda url: ClientCredentials(f"{url}/o/token/", "recon", SecretStr(CANARY), form=True),
    "session": lambda url: Session(url, refresh_tokens=[SecretStr(CANARY)]),
}
ASKED_FOR = {"credentials", "form", "session"}
MOVES: dict[str, Move] = {
    "whole": say(200, OK, f"Set-Cookie: session={COOKIE}; HttpOnly"),
    "reset": reset,
    "cut": say(200, OK, f"Set-Cookie: session={COOKIE}", length=999),
    "not HTTP": send(f"{CANARY}\r\n".encode()),
    "bad header": send(f"HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n".encode()),
    "unauthorized": say(401, ECHO),
    "error": say(200, ECHO),
    "down": say(503, ECHO, f"Set-Cookie: session={COOKIE}"),
    "later": say(429, ECHO, f"Retry-After: 9999999{COOKIE}"),
    "redirect": say(302, b"", f"Location: https://elsewhere.example/?key={quote_plus(CANARY)}"),
    "HTML": say(200, b"<html>" + CANARY.encode()),
    "compressed": say(200, ECHO, f"Content-Encoding: {CANARY}"),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("auth", AUTHS)
def test_no_secret_shows_whatever_the_venue_does(
    auth: str,
    move: str,
    bench: Bench,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpcore2.http11", "httpcore2.connection", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    told = ""
    with hostile(*[GRANT] * (auth in ASKED_FOR), MOVES[move]) as venue:
        try:
            bench.rows(venue, auth=AUTHS[auth](venue.url))
        except SourceError as error:
            told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
            told += _all_the_chain(error)
    assert bool(told) == (move != "whole")
    assert any("connect_tcp" in record.getMessage() for record in caplog.records), "nothing was logged at all"
    _clean(told)
    _clean(caplog.text)
    _clean("".join(capfd.readouterr()))
    _clean((tmp_path / "evidence" / "chain.jsonl").read_text())


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("auth", sorted(ASKED_FOR))
def test_no_secret_shows_whatever_happens_to_a_request_for_a_token(
    auth: str, move: str, bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with hostile(MOVES[move]) as venue, pytest.raises(SourceError) as refused:
        bench.rows(venue, auth=AUTHS[auth](venue.url))
    told = traceback.TracebackException.from_exception(refused.value, capture_locals=True).format()
    _clean("".join(told) + _all_the_chain(refused.value) + caplog.text)
    _clean((tmp_path / "evidence" / "chain.jsonl").read_text())
    assert {one.sha256 for one in bench.answers()} == {None}


@pytest.mark.parametrize("auth", AUTHS)
def test_a_forbidden_request_quotes_no_secret(auth: str, bench: Bench) -> None:
    with pytest.raises(ForbiddenRequest) as refused:
        bench.ask("https://host.example", auth=AUTHS[auth]("https://host.example"))(
            "rows", Request(method="GET", path="/withdraw", params={"key": "x"})
        )
    _clean("".join(traceback.format_exception(refused.value)))


@pytest.mark.parametrize("auth", AUTHS)
def test_a_credential_does_not_describe_itself(auth: str, bench: Bench) -> None:
    made = AUTHS[auth]("https://host.example")
    ask = bench.ask("https://host.example", auth=made)
    _clean(repr(made) + str(made) + repr(vars(made)) + repr(ask))


def test_a_token_that_the_venue_repeats_is_not_told(bench: Bench) -> None:
    echo = say(403, ECHO.replace(b" is wrong", f" {TOKEN} is wrong".encode()))
    with hostile(GRANT, echo) as venue, pytest.raises(SourceError) as refused:
        bench.rows(venue, auth=AUTHS["credentials"](venue.url))
    assert re.search(r"HTTP 403: code None: [* ]+ is wrong", str(refused.value))


def test_a_cookie_is_not_kept(bench: Bench) -> None:
    with hostile(say(200, OK, f"Set-Cookie: session={COOKIE}")) as venue:
        ask = bench.ask(venue)
        ask("rows", ROWS)
        ask("rows", ROWS)
    assert b"cookie" not in b"".join(venue.requests).lower()


def test_the_evidence_names_a_request_without_its_secret(bench: Bench, tmp_path: Path) -> None:
    with hostile() as venue:
        ask = bench.ask(venue, auth=QueryKey("918872936", SecretStr(CANARY)))
        ask("rows", Request(method="GET", path="/rows", params={"currency": "btc"}))
    [answer] = answers(tmp_path / "evidence")
    assert (answer.url, dict(answer.params)) == (f"{venue.url}/rows", {"currency": "btc"})


def _all_the_chain(error: BaseException | None) -> str:
    """Also what ``raise from None`` only hides."""
    text = ""
    while error:
        text += f"{error} {error!r} {error.args!r}\n"
        error = error.__cause__ or error.__context__
    return text


def _clean(text: str) -> None:
    shown = [secret for secret in {*FORMS, TOKEN, COOKIE} if secret in text]
    assert not shown, re.sub("canary", "CANARY", text)[-2000:]


def test_the_search_for_secrets_finds_one() -> None:
    for form in FORMS:
        with pytest.raises(AssertionError):
            _clean(f"x{form}x")
