"""The monthly batch: pull, reconcile, reports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recon.core.times import Period
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.reconcile import Reconciled, reconcile
from recon.pipeline.report import report_names, write_reports
from recon.pipeline.session import Session


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the batch brought, found and wrote."""

    pulled: Pulled
    reconciled: Reconciled
    files: list[Path]


def run_batch(session: Session, period: Period, out: Path, notify: Callable[[str], None]) -> Batch:
    """A source that fails does not stop the rest: what was pulled is reconciled and reported."""
    pulled = pull(session.config, session.ledger, session.archive, session.clock, session.run, notify=notify)
    notify("reconciling")
    reconciled = reconcile(session, period)
    files = write_reports(session.config, session.ledger, period, report_names(), out, notify)
    return Batch(pulled=pulled, reconciled=reconciled, files=files)
