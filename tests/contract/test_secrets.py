"""A secret leaves the program for its venue only: no output, file or row holds one, in any form, whatever happens."""

import gzip
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from recon.demo.venues import Request, Response, as_json
from recon.sources._ethgas_login import eth_account
from tests.contract.house import VENUES, House, always, house
from tests.contract.outside import Ran, recon

CANARIES = {
    "egera": "canary-Eg/1+8=e",
    "fuse": "canary-Fu 2&7=?f",
    "gas": "canary-Ga%3:9#g",
    "refresh": "canary-Re/4+6=r",
    "wallet": "0x" + "ca7a5f" * 10 + "ca7a",
}
"""What lies in the files of the same name."""
PASSWORD = "canary-Pg/5:0@p"
ADDRESS = "0x" + "1" * 40
SIGNATURE = "0x" + "5c" * 65
SIGNER = f"""
from pathlib import Path
import sys
assert "canary" not in sys.stdin.read()
with open("processes", "ab") as seen:
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            seen.write(one.read_bytes())
        except OSError:
            pass
print("{SIGNATURE}")
"""
Instead = Callable[[Request], Response | None]
PASSES = "demo-fuse-token"
"""What every token of the CryptoFuse stand-in begins with."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """A house in which every secret is a canary, and a refused session is begun anew by a signer."""
    with house(tmp_path, *VENUES) as one:
        (tmp_path / "signer.py").write_text(SIGNER)
        login = {"address": ADDRESS, "signer_command": [sys.executable, "signer.py"]}
        gas = {"refresh_token": "file:refresh", **login}
        _furnish(one, gas)
        one.gas.venue.accepts = lambda addr, typed, signature: signature == SIGNATURE
        yield one


def _furnish(one: House, gas: Mapping[str, object]) -> None:
    hurry = {"deadline_s": 3}
    one.write(one.settings(*VENUES, egera=hurry, fuse=hurry, gas={"deadline_s": 3, **gas}))
    for name, canary in CANARIES.items():
        (one.folder / name).touch(mode=0o600)
        (one.folder / name).write_text(canary)
    one.egera.venue.key = CANARIES["egera"]
    one.fuse.venue.client = ("recon", CANARIES["fuse"])
    one.gas.venue.access_token = CANARIES["gas"]
    one.gas.venue.refresh_tokens = {CANARIES["refresh"]: 1e12}


def forms(*more: str) -> list[bytes]:
    found = {PASSES, SIGNATURE, CANARIES["wallet"].removeprefix("0x")}
    for canary in (*CANARIES.values(), PASSWORD, *more):
        found |= {canary, quote(canary), quote(canary, safe=""), quote_plus(canary)}
        found |= {b64encode(text.encode()).decode() for text in (canary, f"recon:{canary}", f":{canary}")}
        found |= {_within_base64(canary, before) for before in range(3)}
    return [one.encode() for one in found]


def _within_base64(text: str, before: int) -> str:
    """The characters that stand for the text alone, wherever it lies in a longer one."""
    whole = b64encode(bytes(before) + text.encode()).decode().rstrip("=")
    return whole[(before * 8 + 5) // 6 : (before + len(text)) * 8 // 6]


def contents(folder: Path, *, bodies: bool) -> Iterator[tuple[str, bytes]]:
    """Every file but the secrets themselves, unpacked where it is packed."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in CANARIES or path.suffix == ".py":
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
    issued = [*made.gas.venue.access_tokens, *made.gas.venue.refresh_tokens]
    leaks = [(place, form) for place, data in found for form in forms(*issued) if form in data]
    assert not leaks


def test_no_secret_is_left_behind_when_all_goes_well(made: House) -> None:
    assert_no_canary(made, run(made, 0))
    assert any(CANARIES["egera"] == one.query.get("key") for one in made.egera.venue.requests)


def test_no_secret_is_left_behind_by_a_session_that_is_renewed(made: House) -> None:
    """Nor in the arguments of any process: the signer looks at all of them."""
    made.gas.venue.access_token = "token-of-nobody"
    made.gas.venue.refresh_tokens = {}
    assert_no_canary(made, run(made, 0))
    asked = [one.path.rpartition("/v1/user/")[2] for one in made.gas.venue.requests if one.method == "POST"]
    assert asked == ["login/refresh", "login", "login/verify"]
    assert b"signer.py" in (made.folder / "processes").read_bytes()


def test_a_private_key_signs_and_is_left_behind_nowhere(tmp_path: Path) -> None:
    if not find_spec("eth_account"):
        pytest.skip("the extra 'ethgas' is not installed")
    account, _ = eth_account()
    with house(tmp_path, *VENUES) as made:
        address = account.from_key(CANARIES["wallet"]).address
        _furnish(made, {"address": address, "private_key": "file:wallet"})
        made.gas.venue.accepts = lambda addr, typed, signature: bool(addr == address)
        made.gas.venue.access_token = "token-of-nobody"
        assert_no_canary(made, run(made, 0))
        assert made.gas.venue.issued == 2


@pytest.mark.parametrize("command", [["balances"], ["doctor"], ["run"]], ids=lambda one: one[0])
def test_the_password_of_a_database_that_does_not_answer_is_left_behind_nowhere(
    command: list[str], made: House
) -> None:
    settings = made.settings(*VENUES)
    password = quote(PASSWORD, safe="")
    settings["ledger"] = {"url": f"postgresql+psycopg://books:{password}@127.0.0.1:1/books"}
    made.write(settings)
    ran = recon(made.folder, "--log-level", "debug", *command, "--json", code=1)
    (made.folder / "recon.toml").unlink()
    told = (ran.stdout + ran.stderr).encode()
    assert not [form for form in forms() if form in told]


HTML = always(200, b"<html>Sign in</html>", "text/html")
UNAUTHORIZED = always(401, b'{"success": false, "error": "unauthorized"}')
CUT: Instead = lambda request: Response(200, {"Content-Length": "99"}, b'{"success": true')  # noqa: E731


@pytest.mark.parametrize(
    "failing",
    [(HTML, UNAUTHORIZED, CUT), (UNAUTHORIZED, CUT, HTML), (CUT, HTML, UNAUTHORIZED)],
    ids=["1", "2", "3"],
)
def test_no_secret_is_left_behind_when_venues_fail(made: House, failing: tuple[Instead, ...]) -> None:
    made.egera.instead, made.fuse.instead, made.gas.instead = failing
    assert_no_canary(made, run(made, 4))


def repeat(request: Request) -> Response | None:
    """Tells back whatever it was sent, as debug pages do; grants tokens, so that these are told back too."""
    if request.path == "/o/token/":
        return None
    return as_json(_told(request))


def down(request: Request) -> Response:
    """The same with a status that says so, also to those who ask for a token or log in."""
    return as_json(_told(request), 500)


def _told(request: Request) -> dict[str, object]:
    shown = (
        request.query.get("key"),
        request.headers.get("authorization"),
        str(request.query),
        str(request.headers),
        request.body.decode(),
    )
    told = " ".join(map(str, shown))
    return {"success": False, "code": 7, "message": told, "error": told, "errorMsgKey": told}


def redirect(request: Request) -> Response | None:
    """Sends on, with the secret in the address."""
    target = (
        f"http://192.0.2.1/?key={quote(request.query.get('key', ''))}&{request.headers.get('authorization')}"
    )
    return Response(302, {"Location": target}, b"{}")


@pytest.mark.parametrize(
    "failing",
    [(repeat, redirect, down), (redirect, down, repeat), (down, repeat, redirect)],
    ids=["1", "2", "3"],
)
def test_a_secret_that_a_venue_tells_back_stays_in_the_sealed_answer(
    made: House, failing: tuple[Instead, ...]
) -> None:
    made.egera.instead, made.fuse.instead, made.gas.instead = failing
    assert_no_canary(made, run(made, 4), bodies=False)
