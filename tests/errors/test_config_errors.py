"""What is wrong with recon.toml or a secret: exit code 2, file and key named, what was expected, nothing done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import House, house
from tests.contract.outside import recon

SOURCES = ("egera", "fuse", "gas", "broker")
LITERAL = "hunter2-literal-secret"
Settings = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("errors"), *SOURCES) as one:
        yield one


def refused(made: House, text: str) -> str:
    """The message about this recon.toml; nothing was written, and no venue was asked."""
    (made.folder / "recon.toml").write_text(text, encoding="utf-8")
    before = sorted(made.folder.rglob("*"))
    ran = recon(made.folder, "pull", "--json", code=2)
    assert sorted(made.folder.rglob("*")) == before
    assert not made.egera.venue.requests and not made.fuse.venue.requests and not made.gas.venue.requests
    message: str = ran.json["error"]["message"]
    assert ran.stderr == f"Error: {message}\n"
    assert LITERAL not in ran.stdout + ran.stderr
    return message


def written(made: House, settings: Settings) -> str:
    made.write(settings)
    return (made.folder / "recon.toml").read_text(encoding="utf-8")


def faulty(made: House, *changes: tuple[str, Any]) -> str:
    """The message about a good configuration with these keys set (None: taken out)."""
    settings = made.settings(*SOURCES)
    for place, value in changes:
        *tables, key = place.split(".")
        table = settings
        for name in tables:
            table = table.setdefault(name, {})
        if value is None:
            del table[key]
        else:
            table[key] = value
    return refused(made, written(made, settings))


def says(message: str, *lines: str) -> None:
    """The message names the file, and has a line for each fault."""
    assert "recon.toml: " in message and "docs/contract.md" in message
    for line in lines:
        assert line in message, f"{line!r} is not in:\n{message}"


def test_every_unknown_key_is_named_at_once(made: House) -> None:
    places = (
        "colour", "entity.nmae", "ledger.path", "evidence.folder", "reports.out", "sources.egera.acount_id",
        "sources.fuse.secret", "sources.gas.token", "sources.broker.deadline_s",
    )  # fmt: skip
    message = faulty(made, *((place, "x") for place in places))
    says(message, *(f"{place}: unknown key" for place in places))


def test_every_missing_key_is_named_at_once(made: House) -> None:
    places = (
        "entity.name", "entity.timezone", "entity.base_currency", "ledger.url", "evidence.path",
        "sources.egera.key", "sources.egera.account_id", "sources.egera.base_url", "sources.broker.path",
    )  # fmt: skip
    without = ("sources.fuse.client_secret", "sources.gas.access_token")
    message = faulty(made, *((place, None) for place in (*places, *without)))
    says(message, *(f"{place}: missing" for place in places))
    says(message, "sources.fuse: expected token_url, client_id and client_secret, or api_key alone")
    says(
        message,
        "sources.gas: expected access_token, refresh_token, or address with signer_command or private_key",
    )


def test_every_bad_value_is_named_with_what_was_expected(made: House) -> None:
    message = faulty(
        made,
        ("entity.timezone", "Mars/Olympus"),
        ("entity.base_currency", "zł oty"),
        ("ledger.url", "mysql://localhost/recon"),
        ("sources.egera.base_url", "http://api.egera.com"),
        ("sources.egera.key", LITERAL),
        ("sources.egera.fee_currency", "base"),
        ("sources.egera.deadline_s", 0),
        ("sources.fuse.client_secret", f"secret:{LITERAL}"),
        ("sources.fuse.token_url", "http://192.0.2.1/o/token/"),
        ("sources.gas.access_token", f"{LITERAL}=="),
        ("sources.gas.unsettled_days", -1),
        ("sources.gas.base_url", f"https://user:{LITERAL}@gas.example/api"),
        ("sources.broker.start", "yesterday"),
        ("assets", {"BTC 1": "BTC"}),
    )
    says(
        message,
        "entity.timezone: expected the name of a time zone, like Europe/Warsaw",
        "entity.base_currency: expected an asset",
        "ledger.url: expected sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE",
        "sources.egera.base_url: expected https:// (plain http only for a loopback address)",
        "sources.egera.key: expected a reference to a secret (env:NAME, file:PATH or keyring:SERVICE/USER)",
        "sources.egera.fee_currency: expected 'quote' or 'received'",
        "sources.egera.deadline_s: expected greater than 0",
        "sources.fuse.client_secret: expected a reference to a secret",
        "sources.fuse.token_url: expected https://",
        "sources.gas.access_token: expected a reference to a secret",
        "sources.gas.unsettled_days: expected greater than or equal to 0",
        "sources.gas.base_url: expected https://HOST/PATH without user",
        "sources.broker.start: expected",
        "assets.BTC 1: expected an asset",
    )


def test_sources_that_do_not_exist_are_named_with_those_that_do(made: House) -> None:
    openings = [{"source": "brokr", "asset": "BTC", "quantity": "1"}]
    message = faulty(
        made, ("sources.egera.kind", "egerra"), ("sources.gas.kind", None), ("opening", openings)
    )
    says(
        message,
        "sources.egera.kind: 'egerra' is unknown, expected one of cryptofuse, csv, egera, ethgas",
        "sources.gas.kind: is missing, expected one of cryptofuse, csv, egera, ethgas",
        "'brokr'",
    )


def test_openings_are_looked_at_key_by_key(made: House) -> None:
    openings = [
        {"source": "broker", "asset": "B T C", "quantity": "1.5.0", "at": "2025-01-01", "colour": "red"},
        {"source": "broker", "asset": "BTC"},
    ]
    says(
        faulty(made, ("opening", openings)),
        "opening.0.asset: expected an asset",
        "opening.0.quantity: expected a decimal string",
        "opening.0.at: ",
        "opening.0.colour: unknown key",
        "opening.1.quantity: missing",
    )


def test_tables_that_are_no_tables_are_named(made: House) -> None:
    text = (
        'entity = "x"\nsources = 3\nassets = []\nopening = "none"\n[ledger]\nurl = 5\n[evidence]\npath = ""\n'
    )
    says(
        refused(made, text),
        "entity: ",
        "sources: ",
        "assets: ",
        "opening: ",
        "ledger.url: ",
        "evidence.path: ",
    )
    named = refused(made, written(made, made.settings("gas")).replace("[sources.gas]", '[sources."Gas/1"]'))
    says(named, "sources.Gas/1: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[entity\nname = "x"', "not TOML"),
        (f'[sources.egera]\nkey = "{LITERAL}"\nkey = "{LITERAL}"', "not TOML"),
        ("", "entity: missing"),
    ],
    ids=["syntax", "a key twice", "empty"],
)
def test_a_file_that_is_no_configuration_is_named(made: House, text: str, words: str) -> None:
    message = refused(made, text)
    assert str(made.folder / "recon.toml") in message and words in message


def test_a_file_that_cannot_be_read_as_text_or_is_not_there_is_named(made: House, tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_bytes(b"[entity]\nname = '\xff'\n")
    assert "recon.toml" in recon(tmp_path, "balances", code=2).stderr
    (tmp_path / "recon.toml").unlink()
    ran = recon(tmp_path, "balances", code=2)
    assert str(tmp_path / "recon.toml") in ran.stderr and "recon init" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def unset(made: House) -> Settings:
    return made.settings("egera", egera={"key": "env:NO_SUCH_KEY"})


def empty(made: House) -> Settings:
    (made.folder / "empty").touch(mode=0o600)
    return made.settings("egera", egera={"key": "file:empty"})


def absent(made: House) -> Settings:
    return made.settings("egera", egera={"key": "file:nowhere"})


def open_to_others(made: House) -> Settings:
    path = made.folder / "shared"
    path.write_text(LITERAL)
    path.chmod(0o644)
    return made.settings("egera", egera={"key": "file:shared"})


def two_lines(made: House) -> Settings:
    path = made.folder / "torn"
    path.touch(mode=0o600)
    path.write_text(f"{LITERAL}\nand more")
    return made.settings("gas", gas={"access_token": "file:torn"})


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (unset, ("sources.egera.key", "env:NO_SUCH_KEY", "Set the environment variable NO_SUCH_KEY")),
        (empty, ("sources.egera.key", "file:empty is not set")),
        (absent, ("sources.egera.key", "nowhere", "cannot be read")),
        (open_to_others, ("sources.egera.key", "others can read", "chmod 600")),
        (two_lines, ("sources.gas", "character that no request can carry")),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_secret_that_cannot_be_used_is_named_by_its_reference(
    tmp_path: Path, prepare: Callable[[House], Settings], words: tuple[str, ...]
) -> None:
    with house(tmp_path, "egera") as made:
        made.write(prepare(made))
        ran = recon(tmp_path, "pull", code=2)
        assert ran.stdout == "" and ran.stderr.count("\n") == 1
        assert all(word in ran.stderr for word in words), ran.stderr
        assert LITERAL not in ran.stderr
        assert not made.egera.venue.requests and not made.gas.venue.requests
        assert not list(tmp_path.glob("**/*.gz"))
