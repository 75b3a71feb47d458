"""Two at once, Ctrl-C, SIGTERM: the second is told who holds the ledger, and an ended run is finished by the next."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from recon.demo.venues import Request
from tests.contract.house import BALANCES, VENUES, House, house, places
from tests.contract.outside import ended, recon, started


@contextmanager
def slow_pull(made: House, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A pull that waits for the last venue's answer; the others are read and posted."""
    asked, go_on = Event(), Event()

    def wait(request: Request) -> None:
        asked.set()
        go_on.wait(60)

    made.gas.instead = wait
    try:
        with started(made.folder, *args) as process:
            assert asked.wait(60)
            # the other two are read side by side with it, and posted
            while places(recon(made.folder, "balances", "--json").json) != BALANCES[:4]:
                assert process.poll() is None
            yield process
    finally:
        go_on.set()
        made.gas.mend()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_after_a_signal_a_rerun_completes_and_doubles_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with house(tmp_path, *VENUES) as made:
        args = ("pull", "--json")
        with slow_pull(made, *args) as process:
            process.send_signal(number)
            ran = ended(process, *args, code=code)
        assert "Run the command again" in ran.stderr
        streams = recon(tmp_path, "pull", "--json").json["streams"]
        assert {one["source"] for one in streams if one["new"]} == {"gas"}
        assert places(recon(tmp_path, "balances", "--json").json) == BALANCES


def test_while_one_run_holds_the_ledger_others_may_read_but_not_write(tmp_path: Path) -> None:
    with house(tmp_path, *VENUES) as made, slow_pull(made, "pull") as process:
        refused = recon(tmp_path, "reconcile", "all", "--json", code=6).json["error"]
        assert refused["kind"] == "LedgerBusy"
        assert f"process {process.pid}" in refused["message"]
        assert places(recon(tmp_path, "balances", "--json").json) == BALANCES[:4]
