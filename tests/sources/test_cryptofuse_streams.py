"""CryptoFuse: which streams there are, what they may ask, and by which credential."""

from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from pydantic import ValidationError

from recon.core.contracts import Request, World
from recon.core.errors import SourceError
from recon.demo.cryptofuse import CLIENT_ID, CLIENT_SECRET, CryptoFuse
from recon.demo.venues import load_all, serve
from recon.evidence.archive import Archive
from recon.sources.cryptofuse import SOURCE, Settings
from tests.sources.bench import Wall, body_of
from tests.sources.drive import as_bytes, booked, drive, fails, held, of_cryptofuse

HELD = {"account": {"ETH": "1.5"}, "sub_accounts": {}, "statistics": {}}


def settings() -> Settings:
    stated = {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
    return Settings.model_validate(stated)


def test_the_balances_follow_the_books_and_are_asked_also_when_all_else_failed() -> None:
    def reply(request: Request) -> bytes:
        return as_bytes(HELD) if request.path == "/user/balances/" else fails(request)

    reads = drive(SOURCE, settings(), reply)
    assert isinstance(reads["history"].error, SourceError)
    assert [one.total for one in reads["balances"].holdings()] == [Decimal("1.5")]
    assert next(iter(reads)) == "history"
    assert [*reads][:5] == ["history", "currencies", "wallets", "totals", "balances"]


def test_a_stream_says_what_it_is_about_and_the_books_alone_are_waited_for() -> None:
    streams = [
        read.stream for read in drive(SOURCE, settings(), of_cryptofuse(load_all()["cryptofuse"])).values()
    ]
    assert {one.name for one in streams if one.beside} == {"payments", "withdrawals", "transactions"}
    assert {one.name for one in streams if not one.optional} == {"history", "totals", "balances"}
    assert {one.name: one.account for one in streams if one.rows} == {
        "history": "main", "payments": "main", "withdrawals": "main", "transactions": "main",
        "transfers/w_7ee943be1cf0": "sub",
    }  # fmt: skip
    assert {one.name: one.asset for one in streams if one.asset} == {
        f"rates/{code}": code for code in ("BTC", "ETH", "USDCERC20", "USDTERC20")
    }


def test_whatever_is_asked_is_on_the_allow_list() -> None:
    asked = [
        request
        for read in drive(SOURCE, settings(), of_cryptofuse(load_all()["cryptofuse"])).values()
        for request in read.asked
    ]
    for request in asked:
        (rule,) = [one for one in SOURCE.allowed if (one.method, one.path) == (request.method, request.path)]
        assert rule.body >= (set(request.params) if request.method == "POST" else set())
    assert {(one.method, one.path) for one in SOURCE.allowed} == {(one.method, one.path) for one in asked}
    assert [one.path for one in SOURCE.allowed if one.method != "GET"] == ["/wallets/transfer-history/"]


@pytest.mark.parametrize("client_auth", ["basic", "form"])
def test_over_the_wire_all_is_read_by_either_way_of_asking_for_a_token(
    client_auth: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSE_SECRET", CLIENT_SECRET)
    venue = CryptoFuse(load_all()["cryptofuse"])
    wall = Wall()
    archive = Archive(tmp_path, wall.now)
    world = World(
        seal=partial(archive.seal, source="venue"), now=wall.now, monotonic=wall.monotonic, sleep=wall.sleep,
        folder=tmp_path,
    )  # fmt: skip
    with serve(venue) as url:
        stated = {"kind": "cryptofuse", "base_url": f"{url}/api/v1", "token_url": f"{url}/o/token/",
                  "client_id": CLIENT_ID, "client_secret": "env:FUSE_SECRET", "client_auth": client_auth}  # fmt: skip
        configured = Settings.model_validate(stated)
        with SOURCE.connect("venue", configured, world) as ask:
            reads = drive(SOURCE, configured, lambda request: body_of(ask("any", request)) or b"")
    assert [name for name, read in reads.items() if read.error] == []
    assert booked(reads) == held(reads["balances"].holdings())
    assert len(reads["transfers/w_7ee943be1cf0"].rows()) == 3
    assert venue.violations == []
    assert venue.issued == 1


OAUTH = {"token_url": "https://a.example/o/token/", "client_id": "recon", "client_secret": "env:S"}


@pytest.mark.parametrize(
    ("credentials", "good"),
    [({"api_key": "env:K"}, True), (OAUTH, True), ({}, False), (OAUTH | {"api_key": "env:K"}, False),
     (OAUTH | {"client_auth": "form"}, True), (OAUTH | {"client_auth": "basic"}, True),
     ({"api_key": "env:K", "client_auth": "form"}, False),
     ({"client_id": "recon", "client_secret": "env:S"}, False), ({"api_key": "env:K", "client_id": "recon"}, False)],
    ids=repr,
)  # fmt: skip
def test_there_is_exactly_one_credential(credentials: dict[str, str], good: bool) -> None:
    stated = {"kind": "cryptofuse", "base_url": "https://a.example", **credentials}
    if good:
        Settings.model_validate(stated)
    else:
        with pytest.raises(
            ValidationError, match="expected token_url, client_id and client_secret, or api_key alone"
        ):
            Settings.model_validate(stated)
