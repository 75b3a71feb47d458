"""Venues are read side by side, sources at one host one after another; a fault in one thread ends the whole pull."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recon.core.errors import EvidenceError
from recon.demo.venues import Request, Response
from recon.evidence.archive import Archive, answers
from recon.ledger.reads import ledger_head, runs
from recon.ledger.store import open_ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.session import writing
from tests.contract.house import VENUES, House, house

CLOCK = Clock(now=lambda: datetime.now(UTC), monotonic=lambda: 0.0, sleep=lambda seconds: None)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as found:
        yield found


def pulled(made: House) -> Pulled:
    config = load(made.folder / "recon.toml")
    with writing(config, CLOCK, "pull") as session:
        return pull(config, session.ledger, session.archive, CLOCK, session.run)


class Meeting:
    """Lets nobody's first request pass until as many venues as it was told of were asked."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=20)
        self.met: set[int] = set()

    def at(self, number: int) -> Any:
        def answer(request: Request) -> Response | None:
            if number not in self.met:
                self.met.add(number)
                self.barrier.wait()
            return None

        return answer


def test_every_venue_is_asked_before_any_has_answered(made: House) -> None:
    meeting = Meeting(3)
    for number, venue in enumerate((made.egera, made.fuse, made.gas)):
        venue.instead = meeting.at(number)
    found = pulled(made)
    assert found.status == "ok"
    assert list(dict.fromkeys(one.source for one in found.streams)) == list(VENUES)


def test_two_sources_at_one_host_are_never_asked_at_once(made: House) -> None:
    settings = made.settings(*VENUES)
    settings["sources"]["egera2"] = settings["sources"]["egera"]
    made.write(settings)
    guard = threading.Lock()
    at_once = 0

    def answer(request: Request) -> Response | None:
        nonlocal at_once
        at_once += not guard.acquire(blocking=False)
        threading.Event().wait(0.005)
        guard.release()
        return None

    made.egera.instead = answer
    assert pulled(made).status == "ok"
    assert at_once == 0
    order = [line.source for line in answers(made.folder / "evidence") if line.source.startswith("egera")]
    assert order == sorted(order) and set(order) == {"egera", "egera2"}


def test_side_by_side_or_alone_the_ledger_is_the_same(tmp_path: Path) -> None:
    heads = []
    for how in ("together", "alone"):
        (tmp_path / how).mkdir()
        with house(tmp_path / how, *VENUES) as made:
            config = load(made.folder / "recon.toml")
            for only in [()] if how == "together" else [(name,) for name in reversed(VENUES)]:
                with writing(config, CLOCK, "pull") as session:
                    pull(config, session.ledger, session.archive, CLOCK, session.run, only=only)
            with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
                heads.append(ledger_head(tx))
    assert heads[0] == heads[1]


def test_a_fault_of_the_program_in_one_thread_ends_the_pull_and_the_run_is_failed(made: House) -> None:
    config = load(made.folder / "recon.toml")

    def broken(name: str, settings: Any, known: Any) -> Any:
        raise ZeroDivisionError

    (egera, *others) = config.sources
    egera = replace(egera, source=replace(egera.source, streams=broken))
    config = replace(config, sources=[egera, *others])
    with pytest.raises(ZeroDivisionError), writing(config, CLOCK, "pull") as session:
        pull(config, session.ledger, session.archive, CLOCK, session.run)
    with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
        assert str(runs(tx)[-1].status).startswith("failed")
    assert not [thread for thread in threading.enumerate() if thread.name in VENUES]


def test_nothing_is_sealed_once_the_run_is_over(tmp_path: Path) -> None:
    archive = Archive(tmp_path, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    archive.close()
    with pytest.raises(EvidenceError, match="closed"):
        archive.seal(source="s", stream="t", method="GET", url="/", params={}, status=None, body=None)
    assert list(answers(tmp_path)) == []
