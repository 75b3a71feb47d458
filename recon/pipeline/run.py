"""The monthly batch, whole or in part: pull, reconcile, reports; and the notice of how it went."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recon.core.times import Period
from recon.ledger.acts import acts
from recon.pipeline import notices
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.reconcile import Reconciled, reconcile
from recon.pipeline.report import report_names, write_reports
from recon.pipeline.session import Session, writing

STEPS = ("pull", "reconcile", "report")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the batch brought, found and wrote; a step left out brought nothing. ``opened`` are ids of new breaks."""

    run: int
    pulled: Pulled
    reconciled: Reconciled
    files: list[Path]
    opened: list[str]


def run_batch(
    session: Session,
    period: Period,
    out: Path,
    notify: Callable[[str], None],
    *,
    steps: Sequence[str] = STEPS,
    sources: Sequence[str] = (),
) -> Batch:
    """Does the steps in their order. A source that fails does not stop the rest: what was pulled is reconciled."""
    config, ledger, run = session.config, session.ledger, session.run
    pulled = Pulled(run=run, streams=[])
    reconciled = Reconciled(period=period, results=[], breaks=[])
    files: list[Path] = []
    opened: list[str] = []
    for step in steps:
        _LOG.info("step begins", extra={"step": step, "period": period.name})
        if step == "pull":
            pulled = pull(config, ledger, session.archive, session.clock, run, only=sources, notify=notify)
            if pulled.status != "ok":
                session.remarks.append("incomplete")
        elif step == "reconcile":
            notify("reconciling")
            reconciled = reconcile(session, period)
            opened = _opened(session, reconciled)
            if not reconciled.clean:
                session.remarks.append("open breaks")
        else:
            files = write_reports(config, ledger, period, report_names(), out, notify)
    return Batch(run=run, pulled=pulled, reconciled=reconciled, files=files, opened=opened)


def run_and_tell(
    config: Config,
    clock: Clock,
    command: str,
    period: Period,
    notify: Callable[[str], None],
    *,
    steps: Sequence[str] = STEPS,
    sources: Sequence[str] = (),
) -> Batch:
    """A run of its own that does the steps, and the notice that [notify] asks for, once the ledger is free again."""
    run: int | None = None
    try:
        with writing(config, clock, command) as session:
            run = session.run
            batch = run_batch(session, period, config.reports, notify, steps=steps, sources=sources)
    except Exception as error:
        notices.failed(config, command, run, type(error).__name__)
        raise
    notices.ended(config, command, batch.pulled, batch.reconciled, batch.opened)
    return batch


def _opened(session: Session, found: Reconciled) -> list[str]:
    """The errors and warnings that this run has met first, or again after they were cleared."""
    with session.ledger.transaction() as tx:
        events = [one for one in acts(tx, "break") if one.run_id == session.run]
    turned = {one.name for one in events if one.act in {"opened", "reopened"}}
    grave = (one.found for one in found.breaks if one.found.severity != "info")
    return [one.id for one in grave if one.id in turned]
