"""One run at a time: a second is refused at once and told who holds the ledger, and a killed one holds nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from recon.core.errors import LedgerBusy
from recon.ledger.copy import load
from recon.ledger.reads import counts
from recon.ledger.store import Ledger, open_ledger

HOLDER = """
import sys
from recon.ledger.store import open_ledger
with open_ledger(sys.argv[1], create=True) as ledger, ledger.lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the ledger until it is killed or its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_who_holds_it(
    ledger: Ledger, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(LedgerBusy, match=rf"process {holder.pid}\b.*since 20\d\d-") as busy, ledger.lock():
        pass
    assert busy.value.exit_code == 6
    assert busy.value.next_step


def test_what_another_run_holds_can_be_read(ledger: Ledger, holder: subprocess.Popen[str]) -> None:
    with ledger.transaction() as tx:
        assert counts(tx)["runs"] == 0


def test_a_killed_holder_holds_nothing(ledger: Ledger, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    for _ in range(100):
        try:
            with ledger.lock():
                return
        except LedgerBusy:
            # A server needs a moment to see that its client is gone.
            assert "postgresql" in ledger.where
            signal.sigtimedwait([signal.SIGALRM], 0.1)
    pytest.fail("the lock outlived its holder")


def test_a_lock_that_was_given_back_can_be_had_again(ledger: Ledger, holder: subprocess.Popen[str]) -> None:
    holder.communicate("")
    for _ in range(3):
        with ledger.lock():
            pass


def test_a_process_cannot_hold_a_ledger_twice(ledger: Ledger) -> None:
    with ledger.lock(), pytest.raises(LedgerBusy, match=rf"process {os.getpid()}\b"), ledger.lock():
        pass
    with ledger.lock():
        pass


def test_a_run_that_fails_gives_the_lock_back(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.lock():
        raise ZeroDivisionError
    with ledger.lock():
        pass


@pytest.mark.postgres
def test_a_run_that_looked_at_a_copy_leaves_no_session_on_the_server(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        with open_ledger(postgres_url, create=True) as ledger, ledger.lock(), load(ledger):
            pass
        left = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name LIKE 'recon process%'"
        )
        for _ in range(30):
            if server.execute(left).fetchone() == (0,):
                return
            signal.sigtimedwait(
                [signal.SIGALRM], 0.1
            )  # a server needs a moment to see that its client is gone
    pytest.fail("a session is left")
