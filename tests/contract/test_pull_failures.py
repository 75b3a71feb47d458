"""A venue that is down, lies or babbles costs its own streams and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import BALANCES, VENUES, House, always, dead, house, places, venue_of
from tests.contract.outside import recon

HURRY = {"deadline_s": 1}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, *VENUES) as one:
        one.write(one.settings(*VENUES, egera=HURRY, fuse=HURRY, gas=HURRY))
        yield one


def errors(streams: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {f"{one['source']}/{one['stream']}": one["error"] for one in streams if one["error"]}


def test_one_source_that_is_down_fails_alone(made: House) -> None:
    made.fuse.instead = dead
    found = recon(made.folder, "pull", "--json", code=4).json
    assert found["status"] == "partial"
    assert {one["source"]: one["status"] for one in found["streams"]} == {
        "egera": "ok",
        "fuse": "failed",
        "gas": "ok",
    }
    history, *later = errors(found["streams"]).values()
    assert history["kind"] == "cut" and made.urls["fuse"] in history["message"]
    assert {one["kind"] for one in later} <= {"cut", "timeout"}
    assert places(recon(made.folder, "balances", "--json").json) == [*BALANCES[:2], *BALANCES[4:]]
    made.fuse.mend()
    ran = recon(made.folder, "pull")
    assert "Pull: ok" in ran.stdout and ran.stderr == ""
    assert places(recon(made.folder, "balances", "--json").json) == BALANCES


def test_all_sources_down_is_failed_and_still_four(made: House) -> None:
    for venue in (made.egera, made.fuse, made.gas):
        venue.instead = dead
    ran = recon(made.folder, "pull", code=4)
    assert "Pull: failed" in ran.stdout
    assert {line.partition("/")[0] for line in ran.stderr.splitlines()} == set(VENUES)
    assert recon(made.folder, "balances", "--json").json == []


def test_what_is_no_answer_is_named_for_what_it_is_and_kept_in_the_evidence(made: House) -> None:
    made.egera.instead = always(200, b'{"success": false, "code": 5001, "message": "Wrong id or key"}')
    made.fuse.instead = always(200, b"<html>Please sign in</html>", "text/html")
    made.gas.instead = always(500, b"{}")
    found = recon(made.folder, "pull", "--json", code=4).json
    assert found["status"] == "failed"
    told = errors(found["streams"])
    assert told["egera/wallets"]["kind"] == "venue_error"
    assert "5001: Wrong id or key" in told["egera/wallets"]["message"]
    assert told["fuse/history"]["kind"] == "payload"
    assert "not JSON" in told["fuse/history"]["message"]
    assert told["gas/accounts"]["kind"] == "http_status"
    assert (
        "HTTP 500" in told["gas/accounts"]["message"] and "deadline of 1 s" in told["gas/accounts"]["message"]
    )
    assert recon(made.folder, "verify", "--json").json["evidence"]["answers"] >= 3
    coverage = recon(made.folder, "reconcile", "all", "--json", code=3).json["breaks"]
    assert {one["source"] for one in coverage if one["check"] == "coverage"} == set(VENUES)


def test_an_unknown_source_is_refused_and_one_that_is_named_is_pulled_alone(made: House) -> None:
    refused = recon(made.folder, "pull", "--source", "fuze", "--json", code=2).json["error"]["message"]
    assert "fuze" in refused and "egera, fuse, gas" in refused
    assert not (made.folder / "recon.db").exists()
    found = recon(made.folder, "pull", "--source", "fuse", "--source", "gas", "--json").json
    assert {one["source"] for one in found["streams"]} == {"fuse", "gas"}
    assert venue_of(made.egera).requests == []


def test_a_venue_that_is_asked_gets_reads_only(made: House) -> None:
    recon(made.folder, "run", "2025-Q1", "--quiet")
    for venue in map(venue_of, (made.egera, made.fuse, made.gas)):
        assert venue.requests
        assert venue.violations == []


def test_files_that_were_missing_or_bad_are_no_break_once_mended(tmp_path: Path) -> None:
    header = "timestamp,kind,asset,quantity,balance_after\n"
    with house(tmp_path, "broker"):
        assert "no file matches broker/*.csv" in recon(tmp_path, "pull", code=4).stderr
        (tmp_path / "broker").mkdir()
        bad = tmp_path / "broker" / "january.csv"
        bad.write_text(header + "2025-01-01T00:00:00Z,deposit,BTC,one,1\n")
        (found,) = recon(tmp_path, "run", "2025-01", "--json", code=4).json["reconcile"]["breaks"]
        assert found["check"] == "coverage" and "line 2: column quantity" in found["diagnosis"]["text"]
        bad.unlink()
        (tmp_path / "broker" / "jan.csv").write_text(header + "2025-01-01T00:00:00Z,deposit,BTC,1,1\n")
        assert recon(tmp_path, "run", "2025-01", "--json").json["reconcile"]["breaks"] == []
