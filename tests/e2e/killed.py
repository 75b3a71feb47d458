"""A pull in a process of its own, to be killed at a named point. A fork server imports it, so it starts fast."""

from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from recon.core import failpoints
from recon.ledger.digest import digest
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.pull import pull
from recon.pipeline.session import writing
from recon.pipeline.verify import verify

CLOCK = Clock(now=lambda: datetime(2026, 1, 2, tzinfo=UTC), monotonic=lambda: 0.0, sleep=lambda seconds: None)


def run_pull(config: Path, point: str, answer: Connection) -> None:
    """Pulls once; sends the points passed, the digest, what was new, and every problem that verify finds."""
    failpoints.arm(point)
    loaded = load(config)
    with writing(loaded, CLOCK, "pull") as session:
        pulled = pull(loaded, session.ledger, session.archive, CLOCK, session.run)
        with session.ledger.transaction() as tx:
            made = digest(tx)
        problems = verify(session.ledger, loaded.evidence).problems
    new = sum(one.tally.new + one.tally.changed + one.tally.vanished for one in pulled.streams)
    answer.send((dict(failpoints.passed), pulled.status, made, new, problems))
