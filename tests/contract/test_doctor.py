"""Doctor finds what is wrong before a month-end does, tells no secret, and changes nothing."""

import json
import shutil
import socket
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recon.cli._clock import SYSTEM
from recon.core.contracts import Source
from recon.core.registry import catalogue
from recon.evidence.archive import Archive
from recon.pipeline import config
from recon.pipeline.clock import Clock
from recon.pipeline.doctor import Diagnosis, examine
from recon.pipeline.probe import Finding
from tests.contract.house import SECRETS, VENUES, House, always, dead, house, venue_of
from tests.contract.outside import Ran, recon
from tests.contract.test_verify import flip_a_byte


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """A company whose books were pulled, to break."""
    with house(tmp_path, *VENUES) as one:
        (tmp_path / "recon.toml").chmod(0o600)
        recon(tmp_path, "pull", "--quiet")
        yield one


def doctor(folder: Path, *args: str, code: int = 0) -> dict[str, Any]:
    """What doctor says, in JSON; no secret in either form."""
    ran = recon(folder, "doctor", "--json", *args, code=code)
    people = recon(folder, "doctor", *args, code=code)
    for secret in SECRETS.values():
        assert secret not in ran.stdout + ran.stderr + people.stdout + people.stderr
    found: dict[str, Any] = ran.json
    return found


def of_status(found: dict[str, Any], status: str) -> list[str]:
    return [f"{one['about']}: {one['text']}" for one in found["findings"] if one["status"] == status]


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_where_all_is_well_it_says_so_and_changes_nothing(made: House) -> None:
    before = tree(made.folder)
    found = doctor(made.folder)
    assert tree(made.folder) == before
    assert found["ok"] and {one["status"] for one in found["findings"]} == {"ok"}
    about = {one["about"] for one in found["findings"]}
    assert about >= {
        "configuration",
        "file modes",
        "evidence",
        "ledger",
        "last run",
        "disk space",
        "sources.gas.access_token",
    }
    assert about >= {f"sources.{name}" for name in VENUES}
    assert all(set(one) == {"about", "status", "text", "next"} for one in found["findings"])
    assert any("our clock is" in one["text"] for one in found["findings"])


def test_each_source_is_asked_once(made: House) -> None:
    asked = {name: len(venue_of(getattr(made, name)).requests) for name in VENUES}
    recon(made.folder, "doctor", "--quiet")
    for name in VENUES:
        requests = venue_of(getattr(made, name)).requests[asked[name] :]
        assert len([one for one in requests if "token" not in one.path]) == 1, requests


def test_before_the_first_pull_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    with house(tmp_path, "gas") as made:
        (tmp_path / "recon.toml").chmod(0o600)
        found = doctor(tmp_path)
        assert found["ok"] and not of_status(found, "warning")
        assert not (made.folder / "recon.db").exists() and not (made.folder / "evidence").exists()


def test_a_venue_that_is_down_is_an_error_and_the_others_are_asked(made: House) -> None:
    made.write(made.settings(*VENUES, egera={"deadline_s": 1}))
    made.egera.instead = dead
    made.fuse.instead = always(403, b"{}")
    found = doctor(made.folder, code=1)
    assert not found["ok"]
    errors = of_status(found, "error")
    assert [one.partition(": ")[0] for one in errors] == ["sources.egera", "sources.fuse"]
    assert any(
        one.startswith("sources.gas: GET /v1/user/accounts answered") for one in of_status(found, "ok")
    )


def test_a_venue_that_never_answers_holds_nobody_up(made: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        settings = made.settings(*VENUES, gas={"base_url": url, "deadline_s": 2})
        made.write(settings)
        begun = time.monotonic()
        ran = recon(made.folder, "doctor", "--json", code=1)
        assert time.monotonic() - begun < 20
    assert "deadline of 2 s" in ran.stdout


def _altered_answer(made: House) -> None:
    flip_a_byte(min((made.folder / "evidence").glob("*/*.gz")))


def _forgotten_answer(made: House) -> None:
    chain = made.folder / "evidence" / "chain.jsonl"
    chain.write_bytes(b"".join(chain.read_bytes().splitlines(keepends=True)[:-1]))


def _torn_ledger(made: House) -> None:
    path = made.folder / "recon.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    pages = bytearray(path.read_bytes())
    pages[16384 * 3 : 16384 * 40] = bytes(16384 * 37)
    path.write_bytes(pages[: path.stat().st_size])


def _no_ledger_at_all(made: House) -> None:
    (made.folder / "recon.db").write_text("hello")


def _mode(name: str, mode: int) -> Callable[[House], None]:
    return lambda made: (made.folder / name).chmod(mode)


FAULTS: dict[str, tuple[Callable[[House], Any], str, str]] = {
    "a secret is gone": (lambda made: (made.folder / "gas").unlink(), "error", "gas.access_token: the secret file"),
    "a secret is empty": (lambda made: (made.folder / "gas").write_text(""), "error", "file:gas is not set"),
    "others can read a secret": (_mode("gas", 0o644), "error", "others can read the secret"),
    "others can read recon.toml": (_mode("recon.toml", 0o644), "warning", "others can read"),
    "others can change recon.toml": (_mode("recon.toml", 0o620), "error", "others can change"),
    "others can read the ledger": (_mode("recon.db", 0o640), "warning", "recon.db (640)"),
    "others can read the evidence": (_mode("evidence", 0o755), "warning", "evidence (755)"),
    "an answer was altered": (_altered_answer, "error", "evidence: chain.jsonl:"),
    "the chain lost its end": (_forgotten_answer, "error", "ledger: 1 of its answers are not those of the evidence"),
    "the ledger's pages are gone": (_torn_ledger, "error", "ledger: "),
    "the ledger is something else": (_no_ledger_at_all, "error", "ledger: "),
    "the evidence is gone": (lambda made: shutil.rmtree(made.folder / "evidence"), "error", "not those of"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_the_rest_is_looked_at(made: House, fault: str) -> None:
    break_it, status, said = FAULTS[fault]
    break_it(made)
    found = doctor(made.folder, code=1 if status == "error" else 0)
    wrong = [one for one in found["findings"] if one["status"] != "ok"]
    assert any(said in one for one in of_status(found, status)), wrong
    assert all(one["next"] for one in wrong)
    assert any(one.startswith("disk space") for one in of_status(found, "ok"))


def test_a_configuration_that_does_not_read_is_a_usage_error(made: House) -> None:
    (made.folder / "recon.toml").write_text("[entity]\nname = 1\n")
    assert "entity.name" in recon(made.folder, "doctor", "--json", code=2).json["error"]["message"]


class At(NamedTuple):
    """A diagnosis in this process, at another time than now."""

    made: House
    later: timedelta = timedelta(0)

    def examine(self) -> list[Finding]:
        clock = Clock(now=lambda: SYSTEM.now() + self.later, monotonic=SYSTEM.monotonic, sleep=SYSTEM.sleep)
        found: Diagnosis = examine(config.load(self.made.folder / "recon.toml"), clock)
        assert found.ok, found
        return [one for one in found.findings if one.status == "warning"]


def test_a_clock_that_is_wrong_and_a_run_that_is_old_are_warned_of(made: House) -> None:
    warned = At(made, timedelta(days=36)).examine()
    said = [one.text for one in warned]
    assert len([one for one in said if "s ahead of the venue's" in one]) == len(VENUES)
    assert any(one.about == "last run" and "more than 35 days ago" in one.text for one in warned)
    assert not At(made, timedelta(seconds=20)).examine()
    behind = At(made, timedelta(seconds=-40)).examine()
    assert [
        one.text
        for one in behind
        if "40 s behind" in one.text or "41 s behind" in one.text or "39 s" in one.text
    ]


def test_a_token_that_ends_soon_and_cannot_be_renewed_is_warned_of(made: House) -> None:
    made.gas.instead = always(200, b'{"success":true,"data":{"accounts":[]}}')
    for hours, warned in ((1, True), (30, False)):
        expires = int((datetime.now(UTC) + timedelta(hours=hours)).timestamp())
        claims = urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
        (made.folder / "gas").write_text(f"e30.{claims}.c2lnbmF0dXJl")
        found = [one for one in At(made).examine() if "cannot be renewed" in one.text]
        assert bool(found) == warned, hours


def test_a_budget_that_is_nearly_spent_is_warned_of(made: House) -> None:
    archive = Archive(made.folder / "evidence", SYSTEM.now)
    url = f"{made.urls['egera']}/"
    for _ in range(255):
        archive.seal(source="egera", stream="x", method="GET", url=url, params={}, status=None, body=None)
    [warned] = [one for one in At(made).examine() if "left of 300 requests" in one.text]
    assert warned.about == "sources.egera"


def test_a_key_that_can_sign_anything_is_warned_of(made: House) -> None:
    settings = made.settings("gas", gas={"address": "0x" + "1" * 40, "private_key": "file:gas"})
    found = examine(config.load(made.write(settings)), SYSTEM).findings
    [warned] = [one for one in found if "private_key lets" in one.text]
    assert warned.status == "warning" and "signer_command" in warned.next


def test_little_room_is_warned_of(made: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1000 << 20))
    [warned] = At(made).examine()
    assert (warned.about, warned.text[:18]) == ("disk space", "1,000 MiB are free")


def test_files_are_shown_as_they_would_be_read(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    rows = "timestamp,kind,asset,quantity\n" + "".join(
        f"2025-01-0{day}T00:00:00Z,deposit,BTC,{day}\n" for day in range(1, 10)
    )
    (tmp_path / "broker" / "good.csv").write_text(rows)
    (tmp_path / "broker" / "bad.csv").write_text(rows.replace("deposit", "gamble"))
    with house(tmp_path, "broker") as made:
        loaded = config.load(made.folder / "recon.toml")
        found = examine(loaded, SYSTEM).findings
    [good] = [one for one in found if "good.csv" in one.about]
    assert "deposit main BTC 1" in good.text and len(good.text.split("\n")) == 6
    assert [one.about for one in found if "gamble" in one.text] == ["sources.broker broker/bad.csv"]


def test_permissions_are_the_lists_that_the_guard_holds_and_nobody_is_asked(
    company: House, pulled: Ran
) -> None:
    asked = {name: len(venue_of(getattr(company, name)).requests) for name in VENUES}
    told = recon(company.folder, "doctor", "--permissions", "--json").json
    assert asked == {name: len(venue_of(getattr(company, name)).requests) for name in VENUES}
    kinds = catalogue("recon.sources", "SOURCE", Source)
    for kind in ("egera", "cryptofuse", "ethgas"):
        listed = {
            (one["method"], one["path"], one["action"]) for one in told["permissions"] if one["kind"] == kind
        }
        allowed = {*kinds[kind].allowed, *kinds[kind].logins}
        assert listed == {(one.method, one.path, one.action) for one in allowed}
    posts = {(one["source"], one["path"]) for one in told["permissions"] if one["method"] == "POST"}
    assert {path for source, path in posts if source == "fuse"} == {
        "(token_url)",
        "/wallets/transfer-history/",
    }
    assert any("redirects are not followed" in one for one in told["refused"])
    people = recon(company.folder, "doctor", "--permissions").stdout
    assert "Refused by design" in people and "account/getwalletsstatus" in people


def test_a_server_that_does_not_answer_is_told(made: House) -> None:
    settings = made.settings("gas") | {
        "ledger": {"url": "postgresql+psycopg://recon:hunter22@127.0.0.1:1/books"}
    }
    made.write(settings)
    ran = recon(made.folder, "doctor", "--json", code=1)
    assert any(
        one.startswith("ledger: postgresql://recon@127.0.0.1:1/books") for one in of_status(ran.json, "error")
    )
    assert "hunter22" not in ran.stdout + ran.stderr


@pytest.mark.postgres
def test_a_ledger_on_a_server_is_looked_at_too(made: House, postgres_url: str) -> None:
    made.write(made.settings("gas") | {"ledger": {"url": postgres_url}, "evidence": {"path": "other"}})
    assert "ledger: there is none yet; the first pull makes it" in of_status(doctor(made.folder), "ok")
    recon(made.folder, "pull", "--quiet")
    assert any(one.startswith("ledger: 5 entries") for one in of_status(doctor(made.folder), "ok"))
