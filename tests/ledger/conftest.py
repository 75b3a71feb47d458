"""Every test that asks for ``url`` or ``ledger`` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recon.ledger.store import Ledger, open_ledger
from tests.fixtures_pg import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a place where no ledger is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/recon.db"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with open_ledger(url, create=True) as opened:
        yield opened
