"""Logs: each run has an id that every line and the ledger share; a line holds no secret, whoever logs it."""

import json
import os
import pty
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from recon.ledger.reads import runs
from recon.ledger.store import open_ledger
from tests.contract.house import House, house
from tests.contract.outside import PROGRAM, ROOT, recon

CANARY = "canary-L0g/1+8=e"
LEAKY = """
import logging, os
from pathlib import Path
from recon.cli._logging import start
from recon.sources._settings import resolve

start("debug")
secret = resolve("env:CANARY", "key", Path.cwd()).get_secret_value()
log = logging.getLogger("recon.anything")
log.warning("plain %s", secret, extra={"nested": {"list": [secret, b"x", 1, None]}, "url": os.environ["QUOTED"]})
log.info("basic %s", os.environ["BASIC"])
logging.getLogger("sqlalchemy.engine").info("a library says %s", secret)
for name in ("urllib3.connectionpool", "requests", "apprise", "httpcore2.http11"):
    logging.getLogger(name).debug("UNWANTED")
try:
    raise ValueError(f"raised with {secret}")
except ValueError:
    log.exception("failed")
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "gas", "fuse") as one:
        yield one


def lines(stderr: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.splitlines()]


def test_every_line_of_a_run_carries_its_id_and_the_ledger_knows_it_by_the_same(made: House) -> None:
    recon(made.folder, "pull")
    ran = recon(made.folder, "--log-level", "info", "run", "2025-Q1", "--json")
    told = lines(ran.stderr)
    assert {(one["run"], one["command"]) for one in told} == {(2, "run")} and ran.json["run"] == 2
    assert told[0]["event"] == "run begins" and told[-1]["event"] == "run ends"
    assert told[-1]["result"] == "finished"
    assert [one["step"] for one in told if one["event"] == "step begins"] == ["pull", "reconcile", "report"]
    assert all(one["timestamp"].endswith("Z") and one["logger"].startswith("recon.") for one in told)
    with open_ledger(f"sqlite:///{made.folder}/recon.db", create=False) as ledger, ledger.transaction() as tx:
        assert [(one.id, one.command, one.status) for one in runs(tx)] == [
            (1, "pull", "finished"),
            (2, "run", "finished"),
        ]


def test_at_debug_every_line_is_json_whichever_library_wrote_it(made: House) -> None:
    ran = recon(made.folder, "run", "2025-Q1", "--json", env={"RECON_LOG_LEVEL": "debug"})
    told = lines(ran.stderr)
    assert {"alembic", "recon"} <= {one["logger"].split(".")[0] for one in told}
    assert len({one["run"] for one in told if "run" in one}) == 1


def test_a_clean_run_logs_nothing_unless_asked(made: House) -> None:
    assert recon(made.folder, "run", "2025-Q1", "--json").stderr == ""


def leak(stderr: int) -> None:
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "CANARY": CANARY,
        "QUOTED": f"https://x/?key={quote(CANARY, safe='')}",
        "BASIC": b64encode(f"recon:{CANARY}".encode()).decode(),
    }
    subprocess.run([sys.executable, "-c", LEAKY], env=env, stderr=stderr, check=True)


def assert_no_canary(text: str) -> None:
    assert text.count("***") >= 6
    for form in (CANARY, quote(CANARY), quote(CANARY, safe=""), b64encode(CANARY.encode()).decode()[:-4]):
        assert form not in text
    assert b64encode(f"recon:{CANARY}".encode()).decode()[8:-4] not in text
    assert "UNWANTED" not in text


def test_no_line_holds_a_secret_that_was_resolved(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        leak(log.fileno())
    text = (tmp_path / "log").read_text()
    assert_no_canary(text)
    told = lines(text)
    assert told[0]["nested"] == {"list": ["***", "b'x'", 1, None]}
    assert "ValueError: raised with ***" in told[-1]["exception"]


def test_on_a_terminal_lines_are_for_people_and_hold_no_secret_either() -> None:
    ours, theirs = pty.openpty()
    leak(theirs)
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert_no_canary(text.decode())
    assert "ValueError: raised with ***" in text.decode() and '{"' not in text.decode()


def test_the_version_is_told_at_once_and_without_the_libraries_of_logs_and_jobs() -> None:
    asked = "import sys, recon.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, text=True).split()
    assert not {"structlog", "apscheduler", "apprise", "rich"} & set(loaded)
    best = 9.0
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([*PROGRAM, "--version"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - started)
    assert best < 0.3
