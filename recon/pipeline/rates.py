"""Which days of NBP and ECB rates are to be asked for: from the ledger's first entry on, those that are not held."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from recon.core.times import local_day
from recon.ledger.facts import fact_moments
from recon.ledger.reads import earliest_posted, sources
from recon.ledger.rows import SourceRow
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config, Configured
from recon.sources import ecb, nbp
from recon.valuation import ecb_due, nbp_due

FETCHED = ("ecb", "nbp")
"""The words of [prices] sources whose prices are asked for."""
_RECENT = timedelta(days=30)
"""Days as near as this are asked of the ECB alone; for older ones the packaged history is read first."""


def fetched(config: Config) -> list[Configured]:
    """The publishers that [prices] names and that are asked for prices."""
    return [one for one in config.publishers if one.name in FETCHED and one.name in config.prices.named]


def planned(config: Config, ledger: Ledger, now: datetime) -> list[Configured]:
    """These publishers with the days that each is to be asked for; none while the ledger has no entry."""
    found = []
    with ledger.transaction() as tx:
        earliest = earliest_posted(tx, "")
        for one in fetched(config):
            days = {} if earliest is None else _days(tx, one, earliest, now)
            found.append(replace(one, settings=one.settings.model_copy(update=days)))
    return found


def latest_days(config: Config, now: datetime) -> list[Configured]:
    """These publishers asked for the last two weeks: what shows that they answer."""
    today = now.date()
    spans = ((today - timedelta(days=14), today),)
    return [
        replace(one, settings=one.settings.model_copy(update={"spans": spans})) for one in fetched(config)
    ]


def known(tx: Transaction, run: int, one: Configured) -> None:
    """Notes a publisher in the ledger, the first time that something of it comes."""
    if one.name not in sources(tx):
        tx.append(SourceRow, [SourceRow(one.name, one.source.kind, run)])


def _days(tx: Transaction, one: Configured, earliest: datetime, now: datetime) -> dict[str, object]:
    zone, due = (nbp.ZONE, nbp_due) if one.name == "nbp" else (ecb.ZONE, ecb_due)
    held: set[date] = {local_day(at, zone) for at in fact_moments(tx, one.name)}
    today = local_day(now, zone)
    spans = tuple(due(held, local_day(earliest, zone), today))
    if one.name == "nbp":
        return {"spans": spans}
    return {"spans": spans, "history": any(first < today - _RECENT for first, _ in spans)}
