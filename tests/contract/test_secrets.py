"""A secret leaves the program for its venue only: no output, file or row holds one, in any form, whatever happens."""

import gzip
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from recon.demo.venues import Request, Response, as_json
from tests.contract.house import VENUES, House, always, dead, house
from tests.contract.outside import Ran, recon

CANARIES = {"egera": "canary-Eg/1+8=e", "fuse": "canary-Fu 2&7=?f", "gas": "canary-Ga%3:9#g"}
Instead = Callable[[Request], Response | None]
PASSES = "demo-fuse-token"
"""What every token of the CryptoFuse stand-in begins with."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as one:
        hurry = {"deadline_s": 1}
        one.write(one.settings(*VENUES, egera=hurry, fuse=hurry, gas=hurry))
        for name, canary in CANARIES.items():
            (tmp_path / name).write_text(canary)
        one.egera.venue.key = CANARIES["egera"]
        one.fuse.venue.client = ("recon", CANARIES["fuse"])
        one.gas.venue.access_token = CANARIES["gas"]
        yield one


def forms() -> list[bytes]:
    found = {PASSES}
    for canary in CANARIES.values():
        found |= {canary, quote(canary), quote(canary, safe=""), quote_plus(canary)}
        found |= {b64encode(text.encode()).decode() for text in (canary, f"recon:{canary}", f":{canary}")}
    return [one.encode() for one in found]


def contents(folder: Path, *, bodies: bool) -> Iterator[tuple[str, bytes]]:
    """Every file but the secrets themselves, unpacked where it is packed."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in CANARIES:
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data) if bodies else b""
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as packed:
                data = b"".join(packed.read(name) for name in packed.namelist())
        yield path.relative_to(folder).as_posix(), data


def run(made: House, code: int) -> Ran:
    """The whole batch, as talkative as can be."""
    return recon(made.folder, "--log-level", "debug", "run", "2025-Q1", "--json", code=code)


def assert_no_canary(made: House, ran: Ran, *, bodies: bool = True) -> None:
    found = [("stdout", ran.stdout.encode()), ("stderr", ran.stderr.encode())]
    found += contents(made.folder, bodies=bodies)
    assert len(found) > 5
    leaks = [(place, form) for place, data in found for form in forms() if form in data]
    assert not leaks


def test_no_secret_is_left_behind_when_all_goes_well(made: House) -> None:
    assert_no_canary(made, run(made, 0))
    assert any(CANARIES["egera"] == one.query.get("key") for one in made.egera.venue.requests)


HTML = always(200, b"<html>Sign in</html>", "text/html")
UNAUTHORIZED = always(401, b'{"success": false, "error": "unauthorized"}')
UNAVAILABLE = always(503, b"{}")


@pytest.mark.parametrize(
    "failing",
    [(HTML, UNAUTHORIZED, UNAVAILABLE), (UNAUTHORIZED, dead, HTML), (dead, HTML, UNAUTHORIZED)],
    ids=["1", "2", "3"],
)
def test_no_secret_is_left_behind_when_venues_fail(made: House, failing: tuple[Instead, ...]) -> None:
    made.egera.instead, made.fuse.instead, made.gas.instead = failing
    assert_no_canary(made, run(made, 4))


def repeat(request: Request) -> Response | None:
    """Tells back whatever it was sent, as debug pages do; grants tokens, so that these are told back too."""
    if request.path == "/o/token/":
        return None
    shown = (
        request.query.get("key"),
        request.headers.get("authorization"),
        str(request.query),
        str(request.headers),
    )
    told = {"success": False, "code": 7, "message": shown[0], "error": " ".join(map(str, shown))}
    return as_json(told)


def redirect(request: Request) -> Response | None:
    """Sends on, with the secret in the address."""
    target = (
        f"http://192.0.2.1/?key={quote(request.query.get('key', ''))}&{request.headers.get('authorization')}"
    )
    return Response(302, {"Location": target}, b"{}")


@pytest.mark.parametrize(
    "failing", [(repeat, redirect, repeat), (redirect, repeat, redirect)], ids=["1", "2"]
)
def test_a_secret_that_a_venue_tells_back_stays_in_the_sealed_answer(
    made: House, failing: tuple[Instead, ...]
) -> None:
    made.egera.instead, made.fuse.instead, made.gas.instead = failing
    assert_no_canary(made, run(made, 4), bodies=False)
