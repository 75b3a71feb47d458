"""On a real PostgreSQL a closed tax year holds as on SQLite."""

from pathlib import Path

import pytest

from tests.contract.house import house
from tests.contract.outside import recon
from tests.contract.test_closed_years import ROWS, bridged, came_late, closed, pull, settings, taxed

pytestmark = pytest.mark.postgres


def test_a_closed_year_holds(tmp_path: Path, postgres_url: str) -> None:
    with house(tmp_path, "broker") as made:
        made.write(settings(made, ledger={"url": postgres_url}))
        pull(made, *ROWS)
        closed(made)
        first = taxed(made)
        came_late(made)
        assert taxed(made) == first
        (found,) = bridged(made)
        assert [one["gain"] for one in found["effects"]] == ["1002.5", "500", "0"]
        recon(made.folder, "rebuild", "--into", "sqlite:///again.db", "--quiet")
        made.write(settings(made, ledger={"url": "sqlite:///again.db"}))
        assert taxed(made) == first
