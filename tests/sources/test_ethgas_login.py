"""ETHGas's session: used as long as it holds, refreshed where it can be, begun anew where a wallet signs."""

import json
import re
import sys
import types
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from recon.core.errors import ConfigError
from recon.demo.venues import Response, as_json
from recon.sources._ethgas_login import Settings
from tests.sources.bench import START, Bench
from tests.sources.wallet import ADDRESS, PAGE, REFRESH, Venue, open_session, refused, signed_by


def jwt(begins: timedelta, ends: timedelta) -> str:
    claims = {"iat": int((START + begins).timestamp()), "exp": int((START + ends).timestamp())}
    return f"e30.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


def test_an_access_token_is_used_as_it_is(bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall)
    with open_session(bench, folder, venue, access_token="file:access", refresh_token="file:refresh") as ask:
        ask("accounts", PAGE)
        ask("accounts", PAGE)
    assert venue.paths() == ["accounts", "accounts"]


@pytest.mark.parametrize("plain", [False, True], ids=["cookie", "body"])
def test_a_refused_token_is_refreshed_once_and_the_same_page_asked_again(
    plain: bool, bench: Bench, folder: Path
) -> None:
    venue = Venue(bench.wall, access_token="another", plain_token=plain)
    with open_session(bench, folder, venue, access_token="file:access", refresh_token="file:refresh") as ask:
        ask("accounts", PAGE)
        ask("accounts", PAGE)
    assert venue.paths() == ["accounts", "login/refresh", "accounts", "accounts"]
    refresh = venue.requests[1]
    assert json.loads(refresh.body) == {"refreshToken": REFRESH}
    assert refresh.headers["cookie"] == f"x_auth_refresh_token={REFRESH}"
    assert "authorization" not in refresh.headers
    assert [(stream, body is None) for stream, _, body in bench.attempts()] == [
        ("accounts", False), ("login", True), ("accounts", False), ("accounts", False),
    ]  # fmt: skip


@pytest.mark.parametrize("plain", [False, True], ids=["cookie", "body"])
def test_a_refresh_token_that_changes_each_time_is_followed(plain: bool, bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall, plain_token=plain)
    with open_session(bench, folder, venue, refresh_token="file:refresh") as ask:
        for _ in range(4):
            ask("accounts", PAGE)
            bench.wall.sleep(3600)
    assert venue.paths() == ["login/refresh", "accounts"] * 4
    assert len({request.body for request in venue.requests[::2]}) == 4
    assert bench.wall.slept == [3600] * 4


def test_a_token_that_says_it_has_ended_is_not_tried(bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall)
    (folder / "access").write_text(jwt(timedelta(hours=-2), timedelta(hours=-1)))
    with open_session(bench, folder, venue, access_token="file:access", refresh_token="file:refresh") as ask:
        ask("accounts", PAGE)
    assert venue.paths() == ["login/refresh", "accounts"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_costs_one_renewal_at_most(minutes: int, bench: Bench, folder: Path) -> None:
    off = timedelta(minutes=minutes)
    venue = Venue(bench.wall, expires_in=300, clock=(START + off).timestamp)
    with open_session(bench, folder, venue, refresh_token="file:refresh") as ask:
        for _ in range(5):
            ask("accounts", PAGE)
    assert venue.paths() == ["login/refresh", *["accounts"] * 5]


def test_without_a_way_to_a_new_token_the_venues_word_stands(bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall, access_token="another")
    with open_session(bench, folder, venue, access_token="file:access") as ask:
        error = refused(ask)
    assert (error.kind, venue.paths()) == ("unauthorized", ["accounts"])


def test_a_venue_that_refuses_every_token_is_given_one_new_one(bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall)
    venue.instead = lambda request: as_json({}, 401) if request.method == "GET" else None
    with open_session(bench, folder, venue, access_token="file:access", **signed_by()) as ask:
        error = refused(ask)
    assert error.kind == "unauthorized"
    assert venue.paths() == ["accounts", "login", "login/verify", "accounts"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (as_json({"success": False, "errorCode": 1, "errorMsgKey": "error.permissionDeny"}), "venue_error"),
        (as_json({}, 401), "unauthorized"),
        (as_json({"success": True, "data": {}}), "payload"),
        (as_json({"success": True, "data": {"accessToken": {"token": 7}}}), "payload"),
        (as_json({"success": True, "data": {"accessToken": "two\r\nlines"}}), "payload"),
        (as_json({"success": True, "data": {"accessToken": "t", "expiresIn": "soon"}}), "payload"),
        (Response(302, {"Location": "http://192.0.2.1/"}, b""), "redirect"),
        (Response(200, {}, b"<html>"), "payload"),
    ],
    ids=["success false", "401", "no token", "a number", "two lines", "odd expiry", "redirect", "HTML"],
)
def test_a_failing_refresh_is_told_and_nothing_asked(
    answer: Response, kind: str, bench: Bench, folder: Path
) -> None:
    venue = Venue(bench.wall)
    venue.instead = lambda request: answer
    with open_session(bench, folder, venue, refresh_token="file:refresh") as ask:
        error = refused(ask)
    assert error.kind == kind
    assert re.match(r"venue/login POST http://127.0.0.1:\d+/api/v1/user/login/refresh", error.where)
    assert error.next_step
    assert venue.paths() == ["login/refresh"]


def test_a_spent_refresh_token_gives_way_to_a_login(bench: Bench, folder: Path) -> None:
    venue = Venue(bench.wall, refresh_token="another")
    with open_session(bench, folder, venue, refresh_token="file:refresh", **signed_by()) as ask:
        ask("accounts", PAGE)
        bench.wall.sleep(3600)
        ask("accounts", PAGE)
    assert venue.paths() == [
        "login/refresh", "login", "login/verify", "accounts", "login/refresh", "accounts",
    ]  # fmt: skip


class Keyring(types.ModuleType):
    """What a keyring does, in memory."""

    def __init__(self, **kept: str) -> None:
        super().__init__("keyring")
        self.kept = kept
        self.broken = False

    def get_password(self, service: str, user: str) -> str | None:
        return self.kept.get(f"{service}_{user}")

    def set_password(self, service: str, user: str, password: str) -> None:
        if self.broken:
            raise RuntimeError(f"locked {password}")
        self.kept[f"{service}_{user}"] = password


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    return made


def test_a_new_refresh_token_is_kept_in_the_keyring_and_tried_first(
    bench: Bench, folder: Path, keyring: Keyring
) -> None:
    venue = Venue(bench.wall)
    settings = {"refresh_token": "file:refresh", "token_cache": "keyring:recon/gas"}
    for _ in range(3):
        with open_session(bench, folder, venue, **settings) as ask:
            ask("accounts", PAGE)
    assert venue.paths() == ["login/refresh", "accounts"] * 3
    assert json.loads(venue.requests[0].body) == {"refreshToken": REFRESH}
    assert keyring.kept["recon_gas"] in venue.refresh_tokens
    assert list(keyring.kept) == ["recon_gas"]


def test_a_kept_token_that_is_spent_gives_way_to_the_configured_one(
    bench: Bench, folder: Path, keyring: Keyring
) -> None:
    keyring.kept["recon_gas"] = "canary-spent"
    venue = Venue(bench.wall)
    settings = {"refresh_token": "file:refresh", "token_cache": "keyring:recon/gas"}
    with open_session(bench, folder, venue, **settings) as ask:
        ask("accounts", PAGE)
    assert venue.paths() == ["login/refresh", "login/refresh", "accounts"]
    assert keyring.kept["recon_gas"] in venue.refresh_tokens


def test_a_keyring_that_does_not_keep_is_told_at_once(bench: Bench, folder: Path, keyring: Keyring) -> None:
    keyring.broken = True
    settings = {"refresh_token": "file:refresh", "token_cache": "keyring:recon/gas"}
    with open_session(bench, folder, Venue(bench.wall), **settings) as ask:
        error = refused(ask)
    assert error.kind == "keyring"
    assert "the keyring does not answer: RuntimeError" in error.what


def test_whoever_looks_is_told_when_the_token_runs_out(bench: Bench, folder: Path) -> None:
    (folder / "access").write_text(jwt(timedelta(0), timedelta(hours=1)))
    venue = Venue(bench.wall, access_token=(folder / "access").read_text())
    with open_session(bench, folder, venue, access_token="file:access", refresh_token="file:refresh") as made:
        ask: Any = made
        assert ask.token_expires == START + timedelta(hours=1)
        bench.wall.sleep(3600)
        ask("accounts", PAGE)
        assert ask.token_expires == START + timedelta(hours=2)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"token_cache": "keyring:a/b"},
        {"address": ADDRESS},
        {"private_key": "env:K"},
        {"signer_command": "sign"},
        {"signer_command": "", "address": ADDRESS},
        {"access_token": "env:A", "address": ADDRESS},
        {"access_token": "env:A", "token_cache": "env:A"},
        {"access_token": "canary"},
        {"private_key": "0x" + "11" * 32, "address": ADDRESS},
        {"private_key": "env:K", "address": "0x12"},
    ],
    ids=str,
)
def test_settings_without_a_way_in_are_refused_by_name(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected") as told:
        Settings(kind="ethgas", base_url="https://host.example/api", **settings)
    assert "canary" not in str(told.value)
    assert "11" * 32 not in str(told.value)


def test_a_session_does_not_describe_its_secrets(bench: Bench, folder: Path) -> None:
    settings = {"access_token": "file:access", "refresh_token": "file:refresh"}
    with open_session(bench, folder, Venue(bench.wall), **settings) as made:
        ask: Any = made
        assert "canary" not in f"{ask!r} {ask.auth!r} {vars(ask.auth)!r}"


def test_a_refresh_token_that_no_cookie_can_carry_is_refused(bench: Bench, folder: Path) -> None:
    (folder / "refresh").write_text("canary; Path=/")
    with (
        pytest.raises(ConfigError) as told,
        open_session(bench, folder, Venue(bench.wall), refresh_token="file:refresh"),
    ):
        pass
    assert told.value.where == "sources.gas.refresh_token"
    assert "canary" not in str(told.value)
