"""The settings every source takes: what is refused, and where a secret may come from. No message shows a secret."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from recon.core.contracts import Source
from recon.core.errors import ConfigError
from recon.core.registry import catalogue
from recon.sources._settings import resolve

SECRET = "sk-live-4f9a8b:7c6d/5e"
TABLES: dict[str, dict[str, Any]] = {
    "egera": {"base_url": "https://api.egera.com", "account_id": "918872936", "key": "env:EGERA_KEY"},
    "cryptofuse": {"base_url": "https://api.cryptofuse.io/api/v1", "api_key": "env:FUSE_API_KEY"},
    "ethgas": {"base_url": "https://mainnet.app.ethgas.com/api", "access_token": "env:ETHGAS_TOKEN"},
    "csv": {"path": "broker/*.csv"},
}
OVER_HTTP = [kind for kind in TABLES if kind != "csv"]
SOURCES = catalogue("recon.sources", "SOURCE", Source)


def settings(table_of: str, **changes: Any) -> Any:
    return SOURCES[table_of].settings(**{"kind": table_of, **TABLES[table_of], **changes})


def refused(table_of: str, **changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(table_of, **changes)
    assert caught.value.errors(include_url=False, include_input=False)[0]["loc"][0] in changes
    return str(caught.value)


def test_every_kind_of_source_is_tried_here() -> None:
    assert {kind for kind, source in SOURCES.items() if not source.publisher} == set(TABLES)


@pytest.mark.parametrize("kind", TABLES)
def test_the_smallest_table_is_taken_with_the_defaults_of_the_contract(kind: str) -> None:
    found = settings(kind)
    assert (found.start, found.unsettled_days) == (None, 3)
    if kind in OVER_HTTP:
        assert (found.deadline_s, found.page_size) == (120, None)


@pytest.mark.parametrize("kind", TABLES)
def test_an_unknown_key_is_refused(kind: str) -> None:
    assert "Extra inputs are not permitted" in refused(kind, colour="red")


@pytest.mark.parametrize("kind", TABLES)
def test_a_missing_key_is_refused_by_name(kind: str) -> None:
    for key in TABLES[kind]:
        given = {name: value for name, value in TABLES[kind].items() if name != key}
        with pytest.raises(ValidationError, match=r"Field required|expected (token_url|access_token)"):
            SOURCES[kind].settings(kind=kind, **given)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("egera", "key"),
        ("cryptofuse", "api_key"),
        ("cryptofuse", "client_secret"),
        ("ethgas", "access_token"),
        ("ethgas", "refresh_token"),
    ],
)
@pytest.mark.parametrize(
    "literal", [SECRET, f"environment:{SECRET}", f"keyring:{SECRET.replace('/', '')}", "env:", ""]
)
def test_a_literal_secret_is_refused_and_not_shown(kind: str, key: str, literal: str) -> None:
    told = refused(kind, **{key: literal})
    assert "expected a reference to a secret (env:NAME, file:PATH or keyring:SERVICE/USER)" in told
    assert "4f9a8b" not in told


def test_a_secret_of_another_type_is_refused_and_not_shown() -> None:
    assert "4918" not in refused("egera", key=49181716)
    assert "4f9a8b" not in refused("egera", key=[SECRET])


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "url",
    [
        "http://api.egera.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://api.egera.com",
        "api.egera.com",
        "https://",
        "https:///path",
        "",
        "https://user@api.egera.com",
        "https://user:4f9a8b@api.egera.com",
        "https://api.egera.com?key=4f9a8b",
        "https://api.egera.com/#4f9a8b",
        "https://[::1",
    ],
)
def test_an_address_is_https_and_carries_no_user_query_or_fragment(kind: str, url: str) -> None:
    assert "4f9a8b" not in refused(kind, base_url=url)


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1/api", "http://[::1]:8080", "https://a.b"]
)
def test_plain_http_is_taken_on_loopback_only(kind: str, url: str) -> None:
    assert settings(kind, base_url=url).base_url == url


def test_a_slash_at_the_end_of_an_address_changes_nothing() -> None:
    assert settings("egera", base_url="https://a.example/api/").base_url == "https://a.example/api"
    oauth = {
        "api_key": None,
        "client_id": "recon",
        "client_secret": "env:S",
        "token_url": "https://a.example/o/token/",
    }
    assert settings("cryptofuse", **oauth).token_url == "https://a.example/o/token/"


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2025-01-01T01:00:00+01:00", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_start_is_a_date_or_a_moment_with_its_zone(kind: str, written: str, moment: datetime) -> None:
    assert settings(kind, start=tomllib.loads(f"at = {written}")["at"]).start == moment


@pytest.mark.parametrize("written", ["2025-01-01T00:00:00", "01:00:00", "'soon'", "true"])
def test_a_start_without_a_zone_or_of_another_kind_is_refused(written: str) -> None:
    refused("csv", start=tomllib.loads(f"at = {written}")["at"])


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("egera", "unsettled_days", -1),
        ("egera", "deadline_s", 0),
        ("egera", "deadline_s", -5),
        ("cryptofuse", "page_size", 0),
        ("ethgas", "page_size", 1.5),
        ("egera", "fee_currency", "base"),
        ("egera", "fee_unit", "permille"),
        ("egera", "rounding", "ceiling"),
        ("egera", "account_id", 918872936),
        ("csv", "columns", "none"),
        ("csv", "page_size", 5),
    ],
)
def test_a_value_outside_its_range_is_refused(kind: str, key: str, value: Any) -> None:
    refused(kind, **{key: value})


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings("csv").path = "other"


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EGERA_KEY", SECRET)
    found = resolve("env:EGERA_KEY", "sources.egera.key", tmp_path)
    assert found.get_secret_value() == SECRET
    assert SECRET not in f"{found} {found!r}"


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_that_is_not_set_is_missed_by_name(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EGERA_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("EGERA_KEY", value)
    with pytest.raises(ConfigError) as caught:
        resolve("env:EGERA_KEY", "sources.egera.key", tmp_path)
    assert str(caught.value) == (
        "sources.egera.key: the secret env:EGERA_KEY is not set. Set the environment variable EGERA_KEY"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_comes_from_a_file_that_only_its_owner_reads(mode: int, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    secret.chmod(mode)
    assert resolve("file:key", "sources.egera.key", tmp_path).get_secret_value() == SECRET
    assert resolve(f"file:{secret}", "sources.egera.key", Path("elsewhere")).get_secret_value() == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o601])
def test_a_secret_file_that_others_may_use_is_refused(mode: int, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(SECRET, encoding="utf-8")
    secret.chmod(mode)
    with pytest.raises(ConfigError, match=r"others can read the secret in .*key\. Run: chmod 600") as caught:
        resolve("file:key", "sources.egera.key", tmp_path)
    assert "4f9a8b" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: "), (b" \n", "is not set"), (b"\xff4f9a8b", "cannot be read: ")],
    ids=["missing", "empty", "not text"],
)
def test_a_secret_file_that_holds_no_secret_is_told_by_name(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
        (tmp_path / "key").chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        resolve("file:key", "sources.egera.key", tmp_path)
    assert told in str(caught.value)
    assert "sources.egera.key" in str(caught.value)
    assert "4f9a8b" not in str(caught.value)
