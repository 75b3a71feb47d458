"""What a wallet signs for ETHGas, who signs it, and what is never signed."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from recon.core.errors import ConfigError
from recon.demo import ethgas
from recon.demo.venues import as_json
from recon.sources._ethgas_login import check_login_text, eth_account
from recon.sources._reply import Fault
from tests.sources.bench import Bench
from tests.sources.wallet import ADDRESS, PAGE, SIGNATURE, SIGNER, Venue, open_session, refused, signed_by


@pytest.mark.parametrize("plain", [False, True], ids=["object", "text"])
def test_a_login_is_signed_by_the_command(plain: bool, bench: Bench, folder: Path) -> None:
    code = f"import sys, pathlib; pathlib.Path('seen').write_text(sys.stdin.read()); print('{SIGNATURE}')"
    venue = Venue(bench.wall, plain_token=plain)
    with open_session(bench, folder, venue, **signed_by(code)) as ask:
        ask("accounts", PAGE)
    [(addr, typed, signature)] = venue.signed
    assert (addr, signature) == (ADDRESS, SIGNATURE)
    assert (folder / "seen").read_text() == typed
    assert venue.paths() == ["login", "login/verify", "accounts"]
    told = [dict(one.params) for one in bench.answers()]
    assert told == [{"addr": ADDRESS}, {"addr": ADDRESS}, {}]


def test_a_command_line_may_be_one_text(bench: Bench, folder: Path) -> None:
    (folder / "sign er.py").write_text(SIGNER)
    venue = Venue(bench.wall)
    command = f"{sys.executable} 'sign er.py'"
    with open_session(bench, folder, venue, address=ADDRESS, signer_command=command) as ask:
        ask("accounts", PAGE)
    assert len(venue.signed) == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('canary-out')", "printed no signature"),
        ("print('0x1234')", "printed no signature"),
        ("import sys; sys.exit('canary-err')", "ended with code 1"),
        ("import time; time.sleep(60)", "did not answer within 0.5 s"),
    ],
)
def test_a_signer_that_does_not_sign_is_told_without_a_word_of_it(
    code: str, told: str, bench: Bench, folder: Path
) -> None:
    venue = Venue(bench.wall)
    settings = {**signed_by(code), **({"deadline_s": 0.5} if "sleep" in code else {})}
    with open_session(bench, folder, venue, **settings) as ask:
        error = refused(ask)
    assert error.kind == "signer"
    assert told in error.what
    assert "canary" not in str(error)
    assert venue.paths() == ["login"]


def test_a_signer_that_is_not_there_is_told(bench: Bench, folder: Path) -> None:
    with open_session(
        bench, folder, Venue(bench.wall), address=ADDRESS, signer_command=["./no-such-signer"]
    ) as ask:
        assert "cannot be started: No such file or directory" in refused(ask).what


def _eth_account() -> tuple[Any, Any]:
    if not find_spec("eth_account"):
        pytest.skip("the extra 'ethgas' is not installed")
    return eth_account()


def test_the_signing_library_leaves_the_limit_of_recursion_as_it_was() -> None:
    """With it raised, one deeply nested answer would end the program instead of being refused."""
    code = (
        "import sys; from recon.sources._ethgas_login import eth_account; before = sys.getrecursionlimit();"
        "eth_account(); sys.exit(before != sys.getrecursionlimit())"
    )
    _eth_account()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_key_signs_where_the_extra_is_there(bench: Bench, folder: Path) -> None:
    account, encode_typed_data = _eth_account()

    def accepts(addr: str, typed: str, signature: str) -> bool:
        message = encode_typed_data(full_message=json.loads(typed))
        return bool(account.recover_message(message, signature=signature) == addr)

    address = account.from_key("0x" + "11" * 32).address
    venue = Venue(bench.wall, accepts=accepts)
    with open_session(bench, folder, venue, address=address, private_key="file:key") as ask:
        ask("accounts", PAGE)
    assert venue.paths() == ["login", "login/verify", "accounts"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("0x" + "22" * 32, "not that of the address"),
        ("canary-key", "cannot sign"),
        ("0xcanary", "cannot sign"),
    ],
)
def test_a_key_that_is_wrong_is_told_without_being_quoted(
    key: str, told: str, bench: Bench, folder: Path
) -> None:
    _eth_account()
    (folder / "key").write_text(key)
    with open_session(bench, folder, Venue(bench.wall), address=ADDRESS, private_key="file:key") as ask:
        error = refused(ask)
    assert told in error.what
    while error:
        assert key not in f"{error} {error.args}"
        error = error.__context__  # type: ignore[assignment]


def test_a_key_without_the_extra_is_a_configuration_error(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "eth_account", raising=False)
    sys.path_importer_cache.clear()
    with (
        pytest.raises(ConfigError, match="needs the extra 'ethgas'") as told,
        open_session(bench, folder, Venue(bench.wall), address=ADDRESS, private_key="file:key"),
    ):
        pass
    assert told.value.where == "sources.gas.private_key"


def text(**changes: Any) -> str:
    value = json.loads(ethgas._typed_data("52d70001"))
    return json.dumps({**value, **changes})


def test_a_login_is_signed() -> None:
    check_login_text(text())
    check_login_text(text(domain={"name": "ETHGas Login", "version": "1", "chainId": 1}))


MEMBERS = [
    "spender",
    "value",
    "amount",
    "permitted",
    "orderHash",
    "maxAmount",
    "allowance",
    "recipient_transfer",
]


@pytest.mark.parametrize(
    "typed",
    [
        text(domain={"name": "ETHGas Login", "verifyingContract": "0x" + "c0" * 20}),
        text(domain={"name": "ETHGas Login", "verifyingContract": 0}),
        text(primaryType="Permit"),
        text(primaryType="OrderComponents"),
        text(types={"data": [{"name": "hash", "type": "string"}], "PermitSingle": []}),
        *(text(types={"data": [{"name": name, "type": "uint256"}]}) for name in MEMBERS),
        text(types={"data": [{"name": 7, "type": "string"}]}),
        text(types=[]),
        text(types={"data": 7}),
        text(types={"data": ["x"]}),
        text(domain=None),
        "{}",
        "[]",
        "sign this",
        "",
        '{"types": {}, "types": {}, "domain": {}, "primaryType": "data"}',
        "\ud800",
    ],
)
def test_nothing_but_a_login_is_signed(typed: str) -> None:
    with pytest.raises(Fault) as told:
        check_login_text(typed)
    assert told.value.kind == "unsafe"


def test_what_is_not_signed_never_reaches_the_signer(bench: Bench, folder: Path) -> None:
    challenge = {"status": "verify", "eip712Message": text(primaryType="Permit"), "nonceHash": "52d70001"}
    venue = Venue(bench.wall)
    venue.instead = lambda request: as_json({"success": True, "data": challenge})
    with open_session(bench, folder, venue, **signed_by("open('signed', 'w')")) as ask:
        error = refused(ask)
    assert (error.kind, venue.paths()) == ("unsafe", ["login"])
    assert not (folder / "signed").exists()


def test_signing_costs_nothing_until_it_is_needed() -> None:
    code = "import recon.sources._ethgas_login, sys; sys.exit('eth_account' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
