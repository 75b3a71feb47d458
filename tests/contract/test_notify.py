"""Notices: sent over real HTTP to a stand-in on loopback, when they are asked for, with counts and ids and no more."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recon.cli._clock import SYSTEM
from recon.demo.venues import Request, Response, as_json, serve
from recon.pipeline.config import load
from recon.pipeline.session import writing
from tests.contract.house import SECRETS, House, always, house
from tests.contract.outside import recon

CANARY = "canary-In-1Tmb0x"


class Inbox:
    """Takes notices, or with another status refuses them."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 200

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return as_json({}, self.status)

    @property
    def notices(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.requests]


@contextmanager
def watched(folder: Path, **switches: bool) -> Iterator[tuple[House, Inbox]]:
    """A company of two venues that has its notices sent to an inbox."""
    inbox = Inbox()
    with house(folder, "fuse", "gas") as made, serve(inbox) as url:
        (folder / "inbox").touch(mode=0o600)
        (folder / "inbox").write_text(f"{url.replace('http', 'json')}/{CANARY}")
        settings = made.settings("fuse", "gas", fuse={"deadline_s": 2}, gas={"deadline_s": 2})
        nightly = {"steps": ["pull", "reconcile"], "cron": "0 3 * * *", "period": "2025-Q1"}
        made.write(settings | {"notify": {"url": "file:inbox"} | switches, "jobs": {"nightly": nightly}})
        yield made, inbox


def test_new_breaks_are_told_once_with_their_ids_and_never_with_amounts_or_secrets(tmp_path: Path) -> None:
    with watched(tmp_path) as (made, inbox):
        made.fuse.books["balances"]["account"]["BTC"] = "1.75000001"
        made.gas.books["accounts"][0]["tokens"][0]["quantity"] = "6.125"
        found = recon(tmp_path, "run", "2025-Q1", "--json", code=3).json["reconcile"]["breaks"]
        recon(tmp_path, "run", "2025-Q1", code=3)
        (told,) = inbox.notices
        assert told["title"] == "recon run, run 1: 2 new breaks"
        assert told["type"] == "warning" and inbox.requests[0].path == f"/{CANARY}"
        assert told["message"].splitlines() == [
            "Example Sp. z o.o., 2025-Q1",
            f"New breaks: {', '.join(one['id'] for one in found)}",
            "Open errors and warnings: 2",
        ]
        stated = [one[key] for one in found for key in ("expected", "actual", "difference")]
        amounts = [one for one in stated if "." in one]  # an id may well hold the 6 that is the sixth of them
        assert len(found) == 2 and len(amounts) == 5
        for unwanted in (*amounts, *SECRETS.values(), CANARY, "BTC", "1.75"):
            assert unwanted not in told["title"] + told["message"]


def test_sources_that_were_not_pulled_whole_are_named_each_time_also_for_a_job(tmp_path: Path) -> None:
    with watched(tmp_path) as (made, inbox):
        made.gas.instead = always(401, b"{}")
        for _ in range(2):
            recon(tmp_path, "schedule", "run", "nightly", code=4)
        first, second = inbox.notices
        assert first["title"] == "recon job nightly, run 1: 1 source not pulled whole"
        assert second["title"] == "recon job nightly, run 2: 1 source not pulled whole"
        assert "Not pulled whole: gas" in first["message"] and first["type"] == "failure"


def test_a_run_that_does_not_come_to_its_end_is_told_without_details(tmp_path: Path) -> None:
    with watched(tmp_path) as (_, inbox):
        with writing(load(tmp_path / "recon.toml"), SYSTEM, "somebody else"):
            recon(tmp_path, "schedule", "run", "nightly", code=6)
        (tmp_path / "reports-out").touch()
        recon(tmp_path, "run", "2025-Q1", code=1)
        busy, broken = inbox.notices
        assert (busy["title"], broken["title"]) == ("recon job nightly: failed", "recon run, run 2: failed")
        assert "Cause: LedgerBusy" in busy["message"] and "Cause: ReconError" in broken["message"]
        assert str(tmp_path) not in broken["message"]


def test_a_finished_run_is_told_where_that_is_asked_for_and_a_pull_alone_never(tmp_path: Path) -> None:
    with watched(tmp_path, on_finished=True) as (_, inbox):
        recon(tmp_path, "pull")
        assert inbox.notices == []
        recon(tmp_path, "run", "2025-Q1")
        (told,) = inbox.notices
        assert told["title"] == "recon run, run 2: finished" and told["type"] == "success"


@pytest.mark.parametrize(("switch", "code"), [("on_failure", 4), ("on_breaks", 3), ("on_finished", 0)])
def test_what_is_off_is_not_told(tmp_path: Path, switch: str, code: int) -> None:
    with watched(tmp_path, **{switch: False}) as (made, inbox):
        if switch == "on_failure":
            made.gas.instead = always(401, b"{}")
            recon(tmp_path, "pull", code=4)
            recon(tmp_path, "reconcile", "2025-Q1", code=3)  # its breaks are not new to the run below
        if switch == "on_breaks":
            made.fuse.books["balances"]["account"]["BTC"] = "1.8"
        recon(tmp_path, "schedule", "run", "nightly", code=code)
        assert inbox.notices == []


@pytest.mark.parametrize("fault", ["refused", "unreachable", "nonsense", "missing"])
def test_a_notice_that_cannot_be_sent_is_a_warning_and_changes_nothing_else(
    tmp_path: Path, fault: str
) -> None:
    with watched(tmp_path, on_finished=True) as (_, inbox):
        if fault == "refused":
            inbox.status = 500
        elif fault == "missing":
            (tmp_path / "inbox").unlink()
        else:
            address = {"unreachable": f"json://127.0.0.1:9/{CANARY}", "nonsense": f"nonsense://{CANARY}"}[
                fault
            ]
            (tmp_path / "inbox").write_text(address)
        for level in ("warning", "debug"):
            ran = recon(tmp_path, "--log-level", level, "schedule", "run", "nightly", "--json")
            told = [json.loads(line) for line in ran.stderr.splitlines()]
            assert [one["level"] for one in told if "could not be sent" in one["event"]] == ["warning"]
            assert CANARY not in ran.stderr + ran.stdout
            assert "Sent JSON" not in ran.stderr


def test_without_the_extra_the_warning_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "apprise.py").write_text("raise ImportError('not here')\n")
    with watched(tmp_path, on_finished=True) as (_, inbox):
        root = Path(__file__).parents[2]
        ran = recon(tmp_path, "run", "2025-Q1", env={"PYTHONPATH": f"{tmp_path / 'shadow'}:{root}"})
        assert "pip install 'recon-ledger[notify]'" in ran.stderr and inbox.notices == []
