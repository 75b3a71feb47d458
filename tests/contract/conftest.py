"""What the contract's tests share: a company whose small books were pulled once, and a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.contract.house import VENUES, House, house
from tests.contract.outside import Ran, recon
from tests.fixtures_pg import postgres_server, postgres_url

__all__ = ["company", "postgres_server", "postgres_url", "pulled"]


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """All three venues with the small books. To look at: what changes books or ledger makes its own."""
    with house(tmp_path_factory.mktemp("company"), *VENUES) as made:
        yield made


@pytest.fixture(scope="session")
def pulled(company: House) -> Ran:
    """Its first pull."""
    return recon(company.folder, "--json", "pull")
