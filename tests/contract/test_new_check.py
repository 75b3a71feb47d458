"""A check is added as one file: nothing else names it, and every command knows it."""

import shutil
from pathlib import Path

from tests.contract.outside import ROOT, recon

CONFIG = """[entity]
name = "House"
timezone = "UTC"
base_currency = "EUR"
[ledger]
url = "sqlite:///recon.db"
[evidence]
path = "evidence"
[sources.broker]
kind = "csv"
path = "rows.csv"
"""
LUCKY = """-- title: Lucky quantities
-- severity: warning
-- why: A row of exactly seven units is worth a second look, since this house has been unlucky with them.
-- fix: Look at the row, and ask whoever entered it whether seven was meant.
-- reads: legs

select
    l.source as source,
    l.account as account,
    l.asset as asset,
    l.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'entry ' || cast(l.number as string) as anchor,
    'unexplained' as kind,
    'a row moves exactly seven units' as text,
    l.entry as entry
from legs as l
where l.class = 'assets' and l.live and l.quantity = 7;

select count(*) as examined
from legs as l
where l.class = 'assets' and l.live;
"""


def test_a_check_added_as_a_file_runs_without_another_line(tmp_path: Path) -> None:
    program, work = tmp_path / "program", tmp_path / "work"
    for room in ("recon", "reports"):
        shutil.copytree(ROOT / room, program / room, ignore=shutil.ignore_patterns("__pycache__"))
    (program / "recon/checks/lucky.sql").write_text(LUCKY)
    work.mkdir()
    (work / "recon.toml").write_text(CONFIG)
    (work / "rows.csv").write_text(
        "timestamp,kind,asset,quantity,balance_after\n"
        "2025-01-01T00:00:00Z,deposit,BTC,7,7\n"
        "2025-01-02T00:00:00Z,deposit,BTC,2,9\n"
    )
    env = {"PYTHONPATH": str(program)}
    recon(work, "pull", env=env)
    told = recon(work, "reconcile", "2025-01", code=3, env=env).stdout
    assert "not clean. 1 warning open; 14 checks" in told
    found = recon(work, "explain", "lucky", "--json", env=env).json
    assert (found["title"], found["tested"], len(found["breaks"])) == ("Lucky quantities", 2, 1)
    assert found["breaks"][0]["diagnosis"]["records"][0]["data"]
    assert not (ROOT / "recon/checks/lucky.sql").exists()
