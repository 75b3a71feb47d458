"""Reconciling large ledgers: the checks from SQLite and PostgreSQL, the evidence, and the diagnosis of many breaks.

``make bench``; RECON_BENCH_SQLITE and RECON_BENCH_POSTGRESQL name other sizes. Each figure is taken in a process of its
own; beside it stands what it is held to on two quiet cores.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from duckdb import DuckDBPyConnection

from recon.checks import Check, Configured, catalogue, run
from recon.checks._ask import Found, ask, count
from recon.core.times import EPOCH, Period
from recon.ledger.copy import load as typed_copy
from recon.pipeline.config import Config, load
from recon.pipeline.match import settle
from recon.pipeline.session import reading
from recon.pipeline.verify import verify_since
from tests.benchmarks._ledgers import CONFIG, fill_postgresql, write_ledger
from tests.benchmarks._measure import measured
from tests.fixtures_pg import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

ROWS = int(os.environ.get("RECON_BENCH_SQLITE", "1000000"))
MORE_ROWS = int(os.environ.get("RECON_BENCH_POSTGRESQL", "10000000"))
BREAKS = 1_000
EVER = Period(name="all", start=None, end=None)
asked = partial(
    run,
    period=EVER,
    sources=[Configured("fuse", "cryptofuse", 3)],
    problems=[],
    verified=0,
    known_at=EPOCH,
)
Answer = TypeVar("Answer")


def timed(what: str, work: Callable[[], Answer]) -> Answer:
    """Does the work and prints what it took."""
    began, processor = time.perf_counter(), time.process_time()
    answer = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - processor
    print(f"    {what:24} {seconds:8.2f} s, {processor:8.2f} s of processors", flush=True)
    return answer


def told(folder: Path) -> Config:
    """The settings; the venue is never asked."""
    os.environ["BENCH_KEY"] = "bench"
    return load(folder / "recon.toml")


def checks(folder: Path) -> int:
    """All but the evidence: the copy, the matching and every check; how many entries there are."""
    config = told(folder)
    with reading(config) as ledger, typed_copy(ledger, tied=False, kept=config.legs) as copy:
        unmatched = settle(config, ledger, copy, None)
        found = {one.check: one for one in asked(copy, unmatched=unmatched)}
    assert not [one for one in found.values() if one.breaks and one.check != "transfers"]
    return found["double_entry"].tested


def both(copy: DuckDBPyConnection, check: Check) -> tuple[list[Found], int]:
    """The question, and the count of what it examined."""
    return ask(copy, check), count(copy, check)


def pieces(folder: Path) -> int:
    """The same piece by piece, and a bare scan of the rows."""
    config = told(folder)
    with reading(config) as ledger, ExitStack() as stack:
        opened = typed_copy(ledger, tied=False, kept=config.legs)
        copy = timed("typed copy", partial(stack.enter_context, opened))
        unmatched = timed("matching", partial(settle, config, ledger, copy, None))
        asked(copy, unmatched=unmatched, names=["evidence"])
        for name, check in catalogue().items():
            timed(name, partial(both, copy, check))
        total = "select sum(quantity), sum(balance_after), max(entry) from legs"
        timed("a bare scan", lambda: copy.execute(total).fetchall())
    return 0


def scan(folder: Path) -> int:
    """What a bare scan needs, the copy made before."""
    config = told(folder)
    with reading(config) as ledger, typed_copy(ledger, tables={"legs"}, kept=config.legs) as copy:
        found = copy.execute("select max(entry), sum(quantity), sum(balance_after) from legs").fetchone()
    assert found is not None
    return int(found[0])


def evidence(folder: Path) -> int:
    """The verification that a reconciliation makes, and how many answers it proved."""
    config = told(folder)
    with reading(config) as ledger, typed_copy(ledger, tied=False, kept=config.legs) as copy:
        found = timed("evidence", partial(verify_since, config, ledger, copy, note=True))
    assert found.ok
    return found.evidence.answers


def diagnosis(folder: Path) -> int:
    """What the breaks cost beside asking: all of it, and the questions alone."""
    config = told(folder)
    with reading(config) as ledger, typed_copy(ledger) as copy:
        found = timed("questions and diagnosis", partial(asked, copy))
        timed("questions alone", lambda: [both(copy, one) for one in catalogue().values()])
    return sum(len(one.breaks) for one in found)


def say(what: str, found: tuple[int, float, int], held_to: str) -> None:
    """One figure, and how busy the machine was."""
    rows, seconds, memory = found
    load_now = os.getloadavg()[0]
    print(f"  {what}: {rows:,} in {seconds:.1f} s, {memory:,} MiB (held to {held_to}; load {load_now:.1f})")


def test_a_ledger_in_sqlite(tmp_path: Path) -> None:
    print(f"\n{ROWS:,} rows in 50 chains, from SQLite")
    write_ledger(tmp_path, ROWS)
    bare = measured(scan, tmp_path)
    say("copy and bare scan", bare, "no figure")
    found = measured(checks, tmp_path)
    say("all checks but evidence", found, "10 s")
    print(f"  beside copy and bare scan: {found[1] / bare[1]:.1f}")
    assert found[0] == ROWS
    measured(pieces, tmp_path)
    say("copy, and evidence in full", measured(evidence, tmp_path), "45 s for the evidence")
    say("copy, and evidence since then", measured(evidence, tmp_path), "5 s for the evidence")


@pytest.mark.postgres
def test_a_ledger_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    print(f"\n{MORE_ROWS:,} rows in 50 chains, from PostgreSQL")
    (tmp_path / "recon.toml").write_text(CONFIG.format(url=postgres_url))
    fill_postgresql(postgres_url, MORE_ROWS)
    for what, held_to in (("cold", "180 s and 4 GB"), ("from the kept copy", "60 s and 4 GB")):
        found = measured(checks, tmp_path)
        say(f"all checks but evidence, {what}", found, held_to)
        assert found[0] == MORE_ROWS
    bare = measured(scan, tmp_path)
    say("copy and bare scan", bare, "no figure")
    print(f"  beside copy and bare scan: {found[1] / bare[1]:.1f}")
    measured(pieces, tmp_path)


def test_many_breaks(tmp_path: Path) -> None:
    print(f"\n{BREAKS:,} rows missing of 100,000")
    write_ledger(tmp_path, 100_000, broken=BREAKS)
    found = measured(diagnosis, tmp_path)
    say("questions and diagnosis, then questions alone", found, "5 s for the diagnosis")
    assert found[0] >= BREAKS
