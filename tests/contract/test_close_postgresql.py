"""On a real PostgreSQL a close holds as on SQLite: the database refuses what is dated into it."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from recon.ledger.store import open_ledger
from tests.contract.house import house
from tests.contract.outside import recon
from tests.contract.test_close import (
    BERT,
    FEBRUARY,
    JANUARY,
    LATE,
    closed,
    document,
    entries,
    pull,
    rebuilt,
    write,
)
from tests.contract.test_late import bridged, digests

pytestmark = pytest.mark.postgres


def test_a_close_holds(tmp_path: Path, postgres_url: str) -> None:
    with house(tmp_path, "broker") as made:
        made.write(made.settings("broker") | {"ledger": {"url": postgres_url}})
        write(made, *JANUARY, *FEBRUARY)
        recon(tmp_path, "pull", "--quiet")
        told = document(closed(made, "2025-01"))
        assert told["balances"][0] == {"account": "assets:broker:main", "asset": "BTC", "quantity": "1.5"}
        recon(tmp_path, *BERT, "sign", "2025-01")
        first = digests(made, "one")
        with (
            open_ledger(postgres_url, create=False) as ledger,
            pytest.raises(DBAPIError, match="dated into a sealed period"),
            ledger.transaction() as tx,
        ):
            tx.connection.exec_driver_sql(
                "INSERT INTO entries SELECT id + 90, source, seq + 90, at, ordinal, kind, record_id, NULL, hash "
                "FROM entries WHERE id = 1"
            )
        pull(made, *JANUARY, LATE, *FEBRUARY)
        assert entries(made)[-1] == ("2025-01-31", "2025-01-06")
        assert bridged(made)["assets:broker:main", "ETH"]["late"] == "3"
        assert "1 item posted in it" in recon(tmp_path, "reconcile", "2025-02").stdout
        assert digests(made, "two") == first
        closed(made, "2025-02")
        rebuilt(made)
        assert recon(tmp_path, "verify", "--json").json["ok"]
