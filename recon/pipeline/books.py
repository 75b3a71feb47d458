"""Reads from the ledger, once, everything that a period's reports say. No clock: the same ledger, the same books."""

from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from recon import __version__
from recon.core.answers import Answer
from recon.core.books import BalanceProof, Books, RegisteredBreak, Signature, SourceRead
from recon.core.breaks import CheckResult
from recon.core.seals import CLOSED, SIGNED, Seal, document_of
from recon.core.times import EPOCH, Period, from_iso, said_text
from recon.evidence.archive import answers
from recon.ledger.acts import acts
from recon.ledger.reads import evidence_head, latest_readings, ledger_head, runs
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.adjusted import posted_adjustments
from recon.pipeline.config import Config, Configured
from recon.pipeline.copied import copied
from recon.pipeline.coverage import certify
from recon.pipeline.holdings import holdings
from recon.pipeline.policies import policies
from recon.pipeline.reconcile import examine, registered, withheld
from recon.pipeline.seals import seals


@contextmanager
def books(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult] | None = None
) -> Iterator[Books]:
    """The books of one period, for as long as the block takes: what is too long to hold lies in files until then.

    Moments are aware UTC; quantities exact. ``results``: where the checks ran already.
    """
    if results is None:
        results = examine(config, ledger, period)
    with ExitStack() as files:
        yield _read(config, ledger, period, results, files)


def _read(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult], files: ExitStack
) -> Books:
    folder = Path(files.enter_context(TemporaryDirectory(prefix="recon-books-")))
    found = copied(config, ledger, period, results, folder)
    with ledger.transaction() as tx:
        readings = latest_readings(tx)
        as_of = max((one.ended_at for one in readings), default=None)
        state = registered(tx, period, results, as_of or EPOCH)
        head, sealed = ledger_head(tx), evidence_head(tx)
        certified = certify(tx, config, period)
        adjusted = posted_adjustments(tx, [one.name for one in config.sources], period.end)
        standing = seals(tx)
        signatures = _signatures(tx, standing, period)
        run = _run(tx, max((one.run_id for one in readings), default=0))
    valued = holdings(config, ledger, period, as_of, found.posted, files)
    breaks = [
        one._replace(chain=found.chains.get(one.found.id, ()), value=found.worth.get(one.found.id))
        for one in state.breaks
    ]
    needed = found.digests | {one.answer for one in found.prior_items} | {one.answer for one in valued.prices}
    needed |= {record.answer for one in breaks for record in one.evidence}
    needed |= {digest for one in adjusted for digest in one.attachments}
    since, behind = _sealed(config, needed)
    return Books(
        entity=config.entity.name,
        zone=config.entity.timezone,
        base_currency=config.entity.base_currency,
        period=period,
        as_of=as_of,
        version=__version__,
        head=head,
        evidence_head=sealed,
        assumptions=config.assumptions(),
        sources=[_source(one, since.get(one.name)) for one in config.sources],
        withheld=withheld(config),
        roll_forward=found.roll_forward,
        against=found.against,
        balances=_explained(found.proofs, breaks, results),
        transactions=found.transactions,
        transfers=found.transfers,
        prior_items=found.prior_items,
        adjustments=adjusted,
        coverage=certified.cells,
        seconds=certified.seconds,
        checks=results,
        breaks=breaks,
        curves=found.curves,
        answers=behind,
        clean=state.clean,
        seals=standing,
        postings=found.postings,
        trial_balance=valued.trial,
        positions=valued.positions,
        gains=valued.gains,
        open_lots=valued.open_lots,
        earned=valued.earned,
        prices=valued.prices,
        policies=policies(config, valued.method, valued.linked),
        run=run,
        signatures=signatures,
    )


def _source(one: Configured, since: datetime | None) -> SourceRead:
    kind, settings = one.source, one.settings
    return SourceRead(one.name, kind.title, kind.address(settings), kind.known_as(settings), since)


def _sealed(config: Config, needed: Container[str]) -> tuple[dict[str, datetime], dict[str, Answer]]:
    """When each source was first read, and the sealed answers of these digests: one walk along the chain."""
    since: dict[str, datetime] = {}
    sealed: dict[str, Answer] = {}
    for one in answers(config.evidence):
        since.setdefault(one.source, one.at)
        if one.sha256 is not None and one.sha256 in needed:
            sealed[one.sha256] = one
    return since, sealed


def _signatures(tx: Transaction, standing: Sequence[Seal], period: Period) -> list[Signature]:
    """Who put the seal of the period, and who signed it; nobody while it is open."""
    hashes = {one.hash for one in standing if one.period.name == period.name}
    steps = [document_of(one.facts) for one in acts(tx, "period")]
    return [
        Signature(one["act"], one["by"]["person"], one["by"]["account"], from_iso(one["at"]))
        for one in steps
        if one["act"] in (CLOSED, SIGNED) and one["seal"] in hashes
    ]


def _run(tx: Transaction, number: int) -> str:
    """The run that brought the newest rows: its number, what it was, and when it began."""
    return next(
        (f"{one.id}: {one.command}, {said_text(one.started_at)}" for one in runs(tx) if one.id == number), ""
    )


def _explained(
    proofs: Sequence[BalanceProof], breaks: Sequence[RegisteredBreak], results: Sequence[CheckResult]
) -> list[BalanceProof]:
    """Each difference with the breaks of its place; those of a later period where only these make it."""
    ids: dict[tuple[str | None, ...], tuple[str, ...]] = {}
    for result in results:
        for where, later in result.later:
            ids[where] = (*ids.get(where, ()), *later)
    for one in breaks:
        place = (one.found.source, one.found.account, one.found.asset)
        ids[place] = (*ids.get(place, ()), one.found.id)
    return [one._replace(breaks=ids.get(one[:3], ()) if one.difference else ()) for one in proofs]
