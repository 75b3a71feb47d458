"""Killed at any point and run again, a pull ends in the same ledger as one that was never killed."""

import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recon.demo import cryptofuse, egera, ethgas
from recon.demo.venues import load_all, serve
from tests.e2e import killed

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.e2e.killed"])

POINTS = (
    "evidence.body-written", "evidence.body-sealed", "evidence.line-written", "ledger.appended", "post.answers-written",
    "post.chunk-written", "post.rows-written", "post.reading-written", "post.before-commit", "ledger.before-commit",
    "ledger.committed", "post.committed",
)  # fmt: skip
WHICH = {"first": 0, "middle": 0.5, "last": 1}


class Outcome(NamedTuple):
    exit_code: int
    passed: dict[str, int]
    status: str
    digest: str
    new: int
    problems: list[Any]


def run(config: Path, point: str = "never") -> Outcome:
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=killed.run_pull, args=(config, point, theirs))
    process.start()
    theirs.close()
    try:
        said = ours.recv()
    except EOFError:
        said = ({}, "", "", 0, [])
    process.join(60)
    assert process.exitcode is not None
    return Outcome(process.exitcode, *said)


@pytest.fixture(scope="module")
def venues() -> Iterator[dict[str, str]]:
    """The sample books cut down to a few rows each, pending and settled, several pages of them."""
    books = load_all()
    books["egera"]["trades"] = books["egera"]["trades"][:40]
    books["cryptofuse"]["history"] = books["cryptofuse"]["history"][:145]
    books["ethgas"]["txs"] = books["ethgas"]["txs"][-240:]
    with ExitStack() as stack:
        yield {
            "egera": stack.enter_context(serve(egera.Egera(books["egera"]))),
            "fuse": stack.enter_context(serve(cryptofuse.CryptoFuse(books["cryptofuse"]))),
            "gas": stack.enter_context(serve(ethgas.EthGas(books["ethgas"]))),
        }


def configure(folder: Path, venues: dict[str, str], ledger_url: str) -> Path:
    for name, secret in {
        "egera": egera.KEY,
        "fuse": cryptofuse.CLIENT_SECRET,
        "gas": ethgas.ACCESS_TOKEN,
    }.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(secret)
    (folder / "broker.csv").write_text(
        "timestamp,kind,asset,quantity,balance_after,id\n"
        "2025-01-01T00:00:00Z,deposit,BTC,1,1,a\n"
        "2025-01-02T00:00:00Z,withdrawal,BTC,0.25,0.75,b\n"
    )
    path = folder / "recon.toml"
    path.write_text(f"""
[entity]
name = "Killed"
timezone = "Europe/Warsaw"
base_currency = "PLN"
[ledger]
url = "{ledger_url}"
[evidence]
path = "evidence"
[sources.broker]
kind = "csv"
path = "*.csv"
[sources.egera]
kind = "egera"
base_url = "{venues["egera"]}"
account_id = "{egera.ACCOUNT_ID}"
key = "file:egera"
currencies = ["PLN", "BTC"]
[sources.fuse]
kind = "cryptofuse"
base_url = "{venues["fuse"]}/api/v1"
token_url = "{venues["fuse"]}/o/token/"
client_id = "{cryptofuse.CLIENT_ID}"
client_secret = "file:fuse"
[sources.gas]
kind = "ethgas"
base_url = "{venues["gas"]}/api"
access_token = "file:gas"
[[opening]]
source = "broker"
asset = "ETH"
quantity = "2"
""")
    return path


@pytest.fixture(scope="module")
def reference(venues: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("never-killed")
    outcome = run(configure(folder, venues, "sqlite:///recon.db"))
    assert (outcome.exit_code, outcome.status, outcome.problems) == (0, "ok", [])
    return outcome


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_pull_run_again_ends_as_if_never_killed(
    tmp_path: Path, venues: dict[str, str], reference: Outcome, point: str, which: str
) -> None:
    killed_and_run_again(configure(tmp_path, venues, "sqlite:///recon.db"), reference, point, which)


@pytest.mark.postgres
@pytest.mark.parametrize(("point", "which"), [*zip(POINTS, cycle(WHICH), strict=False)])
def test_on_postgresql_too(
    tmp_path: Path, venues: dict[str, str], reference: Outcome, postgres_url: str, point: str, which: str
) -> None:
    killed_and_run_again(configure(tmp_path, venues, postgres_url), reference, point, which)


def killed_and_run_again(config: Path, reference: Outcome, point: str, which: str) -> None:
    times = reference.passed[point]
    turn = max(1, round(times * WHICH[which]))
    assert run(config, f"{point}:{turn}").exit_code == -9
    again = run(config)
    assert (again.exit_code, again.status, again.problems) == (0, "ok", [])
    assert again.digest == reference.digest
    assert run(config).new == 0


def test_every_point_is_passed_and_they_are_more_than_thirty(reference: Outcome) -> None:
    assert set(POINTS) <= set(reference.passed)
    turns = {(point, which) for point in POINTS for which in WHICH if reference.passed[point] >= len(WHICH)}
    assert len(turns) >= 30
