"""A ledger rebuilt from the evidence alone has the head of the ledger in use, whatever venues and runs went through."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recon.core.errors import EvidenceError, LedgerError
from recon.ledger.digest import digest
from recon.ledger.reads import ledger_head
from recon.ledger.store import open_ledger
from recon.pipeline.config import load
from recon.pipeline.proof import prove
from recon.pipeline.rebuild import Comparison, rebuild_into
from tests.contract.house import VENUES, House, always, dead, house
from tests.contract.outside import recon

CSV = "timestamp,kind,asset,quantity,id\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES, "broker") as found:
        (tmp_path / "broker").mkdir()
        yield found


def pull(made: House, **options: Any) -> None:
    recon(made.folder, "pull", "--quiet", **options)


def rebuilt(made: House, name: str = "again.db", *, explain: bool = False) -> Comparison:
    config = load(made.folder / "recon.toml")
    found = rebuild_into(config, f"sqlite:///{name}", lambda text: None, explain=explain)
    digests = []
    for url in (config.ledger_url, f"sqlite:///{made.folder / name}"):
        with open_ledger(url, create=False) as ledger:
            assert prove(replace(config, ledger_url=url), ledger, lambda: 0.0).problems == []
            with ledger.transaction() as tx:
                digests.append((ledger_head(tx), digest(tx)))
    assert digests[0] == digests[1]
    assert found.same
    return found


def file(made: House, name: str, *rows: str) -> None:
    (made.folder / "broker" / name).write_text(CSV + "".join(f"{row}\n" for row in rows))


def test_a_history_that_grew_changed_and_lost_rows_is_rebuilt_to_the_same_head(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,x", "2025-01-02T00:00:00Z,deposit,BTC,2,")
    pull(made)
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    made.fuse.books["history"].insert(
        0,
        {
            "timestamp": "2025-03-06T00:00:00Z",
            "currency": "BTC",
            "type": "deposit",
            "amount": "1",
            "balance_after": "2.75",
        },
    )
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,5,x", "2025-01-02T00:00:00Z,deposit,BTC,2,")
    file(made, "b.csv", "2025-01-02T00:00:00Z,deposit,BTC,2,", "2025-01-02T00:00:00Z,deposit,BTC,2,")
    pull(made)
    del made.fuse.books["history"][1]
    (made.folder / "broker" / "a.csv").unlink()
    pull(made)
    pull(made)
    found = rebuilt(made)
    assert found.rebuilt.entries > 15


def test_failures_of_any_kind_leave_evidence_that_is_read_as_it_was_then(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,one,")
    made.egera.instead = always(200, b'{"success": false, "code": 5001, "message": "Wrong id or key"}')
    made.fuse.instead = always(200, b"<html>Please sign in</html>", "text/html")
    made.gas.instead = dead
    made.write(made.settings(*VENUES, "broker", **{name: {"deadline_s": 1} for name in VENUES}))
    pull(made, code=4)
    for venue in (made.egera, made.fuse, made.gas):
        venue.mend()
    pull(made, code=4)
    failing = {"deposits": 3}

    def once_in_a_while(request: Any) -> Any:
        if request.query.get("action") == "deposits" and failing["deposits"]:
            failing["deposits"] -= 1
            return always(503, b"busy")(request)
        return None

    made.egera.instead = once_in_a_while
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    made.write(made.settings(*VENUES, "broker"))
    pull(made)
    assert rebuilt(made).rebuilt.entries > 10


def test_settings_are_those_of_then(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    pull(made)
    made.egera.books["trades"].append({**made.egera.books["trades"][0], "time_close": 1740000009})
    settings = made.settings(
        *VENUES, "broker", egera={"fee_currency": "received", "rounding": "down"}, fuse={"page_size": 2}
    )
    made.write(settings | {"opening": [{"source": "fuse", "asset": "SOL", "quantity": "3"}]})
    pull(made)
    made.write(made.settings(*VENUES, "broker", egera={"fee_unit": "percent"}))
    rebuilt(made)


def test_evidence_from_before_pulls_were_noted_is_rebuilt_too(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    pull(made)
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,", "2025-01-01T00:00:00Z,deposit,BTC,2,")
    pull(made)
    (made.folder / "evidence" / "pulls.jsonl").unlink()
    (made.folder / "evidence" / "runs.jsonl").unlink()
    rebuilt(made)


def test_a_row_of_the_ledger_that_the_evidence_does_not_hold_is_explained(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    pull(made)
    config = load(made.folder / "recon.toml")
    made.fuse.books["history"][0]["amount"] = "0.5"
    with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
        tx.connection.exec_driver_sql("DROP TRIGGER postings_no_update")
        tx.connection.exec_driver_sql(
            "UPDATE postings SET account = 'fees:fuse' WHERE account = 'external:fuse' AND asset = 'USDTERC20'"
        )
        tx.connection.exec_driver_sql("DROP TRIGGER records_no_update")
        tx.connection.exec_driver_sql("UPDATE records SET kind = 'gift' WHERE source = 'broker'")
    ran = recon(made.folder, "rebuild", "--into", "sqlite:///again.db", "--explain", "--json")
    found = {one["source"]: one for one in ran.json["differences"]}
    assert set(found) == {"fuse", "broker"}
    assert "posting rules" in found["fuse"]["why"]
    assert [posting[0] for posting in found["fuse"]["then"]] == ["assets:fuse:main", "fees:fuse"]
    assert [posting[0] for posting in found["fuse"]["now"]] == ["assets:fuse:main", "external:fuse"]
    assert json.loads(found["fuse"]["data"])["currency"] == "USDTERC20"
    assert "kind: 'deposit' instead of 'gift'" in found["broker"]["why"]
    told = recon(made.folder, "rebuild", "--into", "sqlite:///more.db", "--explain")
    assert "fees:fuse" in told.stdout and "external:fuse" in told.stdout


def test_a_head_that_differs_ends_in_five(made: House) -> None:
    pull(made, code=4)
    config = load(made.folder / "recon.toml")
    with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
        tx.connection.exec_driver_sql("DROP TRIGGER entries_no_update")
        tx.connection.exec_driver_sql(f"UPDATE entries SET hash = '{'0' * 64}' WHERE source = 'gas'")
    ran = recon(made.folder, "rebuild", "--into", "sqlite:///again.db", code=5)
    assert "the two differ" in ran.stdout


def test_a_place_that_is_taken_and_evidence_that_is_not_whole_are_refused(made: House) -> None:
    pull(made, code=4)
    config = load(made.folder / "recon.toml")
    rebuilt(made)
    with pytest.raises(LedgerError, match="there is a ledger already"):
        rebuild_into(config, "sqlite:///again.db", lambda text: None, explain=False)
    assert "ledger in use" in recon(made.folder, "rebuild", "--into", "sqlite:///recon.db", code=2).stderr
    notes = made.folder / "evidence" / "pulls.jsonl"
    kept = notes.read_text()
    notes.write_text(kept.replace('"run":1', '"run":7'))
    with pytest.raises(EvidenceError, match="a note is missing, added, moved or changed"):
        rebuild_into(config, "sqlite:///third.db", lambda text: None, explain=False)
    notes.write_text(kept)
    body = next(path for path in (made.folder / "evidence").rglob("*.gz"))
    body.unlink()
    with pytest.raises(EvidenceError, match="missing from the archive"):
        rebuild_into(config, "sqlite:///fourth.db", lambda text: None, explain=False)


def test_neither_a_venue_nor_a_secret_is_needed(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    pull(made)
    for name in VENUES:
        (made.folder / name).unlink()
    before = [deepcopy(venue.venue.requests) for venue in (made.egera, made.fuse, made.gas)]
    rebuilt(made)
    assert [venue.venue.requests for venue in (made.egera, made.fuse, made.gas)] == before


def test_a_ledger_that_was_rebuilt_is_rebuilt_again_though_its_runs_are_counted_anew(made: House) -> None:
    pull(made, code=4)
    for _ in range(3):
        recon(made.folder, "reconcile", "2025-Q1", code=3)
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    pull(made, code=4)
    rebuilt(made, "second.db")
    settings = made.settings(*VENUES, "broker") | {"ledger": {"url": "sqlite:///second.db"}}
    made.write(settings)
    made.egera.books["deposits"]["btc"][1]["state"] = "2"
    pull(made, code=4)
    pull(made, code=4)
    rebuilt(made, "third.db")


def test_a_file_that_was_listed_and_not_read_is_told_by_the_evidence(made: House) -> None:
    file(made, "a.csv", "2025-01-01T00:00:00Z,deposit,BTC,1,")
    file(made, "b.csv", "2025-01-01T00:00:00Z,deposit,BTC,2,")
    pull(made)
    (made.folder / "broker" / "b.csv").unlink()
    settings = made.settings(*VENUES, "broker")
    settings["sources"]["broker"]["path"] = "broker/*"
    made.write(settings)
    (made.folder / "broker" / "c.xls").write_bytes(b"old")
    pull(made, code=4)
    (made.folder / "broker" / "c.xls").unlink()
    (made.folder / "broker" / "d.csv").symlink_to("d.csv")
    pull(made)
    rebuilt(made)
