"""A command's hold on the ledger and the evidence: opened together, locked while anything may be written."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from structlog.contextvars import bound_contextvars

from recon import __version__
from recon.core.acts import PROGRAM, Who
from recon.core.canonical import write_json
from recon.evidence.archive import Archive, last_ended
from recon.ledger.acts import head as acts_head
from recon.ledger.reads import ledger_head, newest_entered, sources
from recon.ledger.rows import RunEndRow, RunRow, SourceRow
from recon.ledger.runbook import digest, left
from recon.ledger.store import Ledger, open_ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config, Configured
from recon.pipeline.seals import finish

FINISHED = "finished"
"""How the status of a run begins that came to its end; what came out behind a colon: ``finished: open breaks``."""
INTERRUPTED = "interrupted"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a use case works with.

    ``run`` is the id that logs and ledger share; ``remarks`` say what came out; ``who`` acts.
    """

    config: Config
    ledger: Ledger
    archive: Archive
    clock: Clock
    run: int
    who: Who = PROGRAM
    remarks: list[str] = field(default_factory=list)


@contextmanager
def writing(config: Config, clock: Clock, command: str, who: Who = PROGRAM) -> Iterator[Session]:
    """The ledger locked, a run begun; its end is written with how it ended. Raises LedgerBusy when it is held."""
    with open_ledger(config.ledger_url, create=True, backups=config.folder) as ledger, ledger.lock():
        archive = Archive(config.evidence, clock.now)
        with ledger.transaction() as tx:
            run = tx.next_id(RunRow)
            settings = write_json(config.assumptions())
            tx.append(RunRow, [RunRow(run, clock.now(), command, __version__, settings)])
            known = sources(tx)
            new = [
                SourceRow(one.name, one.source.kind, run) for one in config.sources if one.name not in known
            ]
            tx.append(SourceRow, new)
        finish(ledger, archive, config.folder, run)
        session = Session(config=config, ledger=ledger, archive=archive, clock=clock, run=run, who=who)
        with bound_contextvars(run=run, command=command):
            _LOG.info("run begins")
            status = INTERRUPTED
            try:
                yield session
                status = ": ".join([FINISHED, ", ".join(session.remarks)] if session.remarks else [FINISHED])
            except Exception as error:
                status = f"failed: {type(error).__name__}"
                raise
            finally:
                archive.close()
                _end(session, status)
                _LOG.info("run ends", extra={"result": status})


def note_places(
    config: Config, ledger: Ledger, archive: Archive, run: int, *, later: Collection[str] = ()
) -> None:
    """Notes in the evidence where each source stands, before anything more of any is sealed.

    Also of a source that is not asked now: what a run that died left of it is then known as never entered. Of
    publishers only those that something came from; ``later`` are noted when they are asked.
    """
    with ledger.transaction() as tx:
        known = sources(tx)
    publishers = [one for one in config.publishers if one.name in known and one.name not in later]
    for one in [*config.sources, *publishers]:
        note_place(one, ledger, archive, run)


def note_place(one: Configured, ledger: Ledger, archive: Archive, run: int) -> None:
    """Notes in the evidence where a source stands."""
    with ledger.transaction() as tx:
        entered = newest_entered(tx, one.name)
    archive.begin(run=run, source=one.name, settings=one.settings.shaping(), entered=entered)


def _end(session: Session, status: str) -> None:
    """Writes how the run ended; before that, what it left is noted in the evidence, so that it cannot be altered."""
    ended, run, archive = session.clock.now(), session.run, session.archive
    noted = last_ended(archive.folder)
    after = noted if noted < run else 0  # a ledger that was made anew counts its runs anew
    with session.ledger.transaction() as tx:
        told = {
            "rows": digest(left(tx, after), after, run),
            "entries": ledger_head(tx),
            "acts": acts_head(tx),
        }
    archive.end(run=run, after=after, ended=ended, status=status, left=told)
    with session.ledger.transaction() as tx:
        tx.append(RunEndRow, [RunEndRow(run, ended, status)])


@contextmanager
def reading(config: Config) -> Iterator[Ledger]:
    """The ledger as it stands. Raises LedgerError where there is none yet."""
    with open_ledger(config.ledger_url, create=False) as ledger:
        yield ledger
