"""On a real PostgreSQL breaks travel to a workbook and back as on SQLite."""

from pathlib import Path

import pytest

from tests.contract.desk import Desk, broken
from tests.contract.outside import recon

pytestmark = pytest.mark.postgres


def test_a_workbook_is_written_filled_in_and_taken_once(tmp_path: Path, postgres_url: str) -> None:
    with broken(tmp_path, postgres_url):
        desk = Desk(tmp_path)
        told = recon(tmp_path, "breaks", "export", "breaks.xlsx", "--json").json
        assert told == {"file": "breaks.xlsx", "breaks": 6}
        done = {"Status": "resolved", "Reason": "rounding", "Resolution": "as agreed"}
        late = {"Owner": "Cleo", "Comment": "too late"}
        rows = desk.fill({"BTC": {"Owner": "Ben", "Comment": "asked"}, "ETH": done, "LTC": late})
        recon(tmp_path, "--as", "Ben", "breaks", "note", desk.life("LTC").id, "--text", "mine")
        taken = ("--as", "Anna", "breaks", "import", "breaks.xlsx", "--json")
        shown = recon(tmp_path, *taken, "--dry-run", code=1).json
        assert not desk.life("BTC").owner
        answer = recon(tmp_path, *taken, code=1).json
        assert answer == shown | {"dry_run": False}
        assert {one["cell"] for one in answer["applied"]} == {
            f"Breaks!{column}{rows[asset]}"
            for asset, columns in (("BTC", "MOQ"), ("ETH", "MNR"))
            for column in columns
        }
        assert [one["break"] for one in answer["refused"]] == [desk.life("LTC").id]
        assert answer["unchanged"] == 3
        assert (desk.life("BTC").owner, desk.life("ETH").status) == ("Ben", "resolved")
        again = recon(tmp_path, *taken, code=1).json
        assert (again["applied"], again["unchanged"]) == ([], 5)
        assert recon(tmp_path, "verify", "--json").json["ok"]
