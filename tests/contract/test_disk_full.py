"""A disk that is full ends a pull in words; what was kept is whole, and a rerun ends as if there had been room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recon.ledger.digest import digest
from recon.ledger.store import open_ledger
from tests.contract.house import BALANCES, VENUES, House, house, places
from tests.contract.outside import recon

# Where a module's compiled form cannot be written whole, it must not be written at all.
PLAIN = {"PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of a program begun now may grow beyond ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def digest_of(made: House) -> str:
    with (
        open_ledger(f"sqlite:///{made.folder / 'recon.db'}", create=False) as ledger,
        ledger.transaction() as tx,
    ):
        return digest(tx)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    with house(tmp_path_factory.mktemp("reference"), *VENUES) as made:
        recon(made.folder, "pull")
        return digest_of(made)


@pytest.mark.parametrize("kibibytes", [1, 9, 130, 700])
def test_a_pull_that_runs_out_of_room_is_completed_by_the_next(
    tmp_path: Path, reference: str, kibibytes: int
) -> None:
    with house(tmp_path, *VENUES) as made:
        with room_for(kibibytes * 1024):
            ran = recon(made.folder, "pull", "--json", code=1, env=PLAIN)
        said = ran.json["error"]["message"]
        assert "recon itself failed" not in said and "Traceback" not in ran.stderr
        assert any(word in said for word in ("too large", "full", "disk I/O")), said
        recon(made.folder, "pull")
        assert places(recon(made.folder, "balances", "--json").json) == BALANCES
        assert recon(made.folder, "verify", "--json").json["ok"]
        assert digest_of(made) == reference


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    with house(tmp_path, *VENUES) as made:
        made.write(made.settings(*VENUES) | {"evidence": {"path": "/proc/recon-evidence"}})
        ran = recon(made.folder, "pull", code=1)
        assert "/proc/recon-evidence" in ran.stderr and "cannot be written" in ran.stderr
        made.write(made.settings(*VENUES) | {"ledger": {"url": "sqlite:////proc/recon.db"}})
        assert "/proc/recon.db" in recon(made.folder, "pull", code=1).stderr
