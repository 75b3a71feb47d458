"""The coverage certificate of a period: what was asked of each source, and what became of it, cell by cell."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.core.books import Coverage, Second
from recon.core.contracts import Latest
from recon.core.money import parse, text
from recon.core.times import EPOCH, Period, short_text
from recon.ledger.reads import (
    Certificate,
    cells,
    certificates,
    latest_facts,
    latest_holdings,
    latest_places,
    records_in_force,
    runs,
)
from recon.ledger.rows import END
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config

_SETTLED = {"whole", "empty", "not_served", "not_queried"}
Place = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Certified:
    """The certificate of one period, sorted by source and stream, and what venues said a second time, by source."""

    period: Period
    cells: Sequence[Coverage]
    seconds: Sequence[tuple[str, Second]]

    @property
    def whole(self) -> bool:
        """Nothing is grey: all that was to be asked was answered whole, since the period ended."""
        return not any(one.grey for one in self.cells)

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "period": self.period.name,
            "whole": self.whole,
            "cells": [
                {name: short_text(value) if isinstance(value, datetime) else value for name, value in told}
                for told in (one._asdict().items() for one in self.cells)
            ],
            "second_readings": [
                {"source": source, **one._asdict(), "books": text(one.books), "second": text(one.second)}
                for source, one in self.seconds
            ],
        }


def second_readings(tx: Transaction, config: Config) -> list[tuple[str, Second]]:
    """What each source's venue says a second time, beside what the books rest on."""
    found: list[tuple[str, Second]] = []
    for one in config.sources:
        if one.source.seconds:
            latest = Latest(
                counts=records_in_force(tx, one.name),
                facts=latest_facts(tx, one.name),
                # in the one written form, whatever scale the database gives them
                held={at: parse(text(total)) for at, total in latest_holdings(tx, one.name).items()},
            )
            found += [(one.name, second) for second in one.source.seconds(latest)]
    return found


def certify(tx: Transaction, config: Config, period: Period) -> Certified:
    """Each stream that its source named since it was last read to its end, by the reading that tells most."""
    known_at = max((run.started_at for run in runs(tx)), default=EPOCH)
    history: dict[Place, list[Certificate]] = defaultdict(list)
    ended: dict[str, int] = defaultdict(int)
    for one in certificates(tx):
        if one.stream == END:
            ended[one.source] = one.run_id
        else:
            history[one.source, one.stream].append(one)
    over = None if period.end is None or period.end > known_at else period.end
    chosen = [
        _telling(history[place], over)
        for place in sorted(history)
        if history[place][-1].run_id >= ended[place[0]]
    ]
    listed = cells(tx, [one.id for one in chosen])
    places: dict[str, set[Place]] = {source: set(held) for source, held in latest_places(tx).items()}
    for one in chosen:
        places.setdefault(one.source, set()).update(listed.get(one.id, {}))
    return Certified(
        period=period,
        cells=[
            cell for one in chosen for cell in _cells(one, listed.get(one.id, {}), places[one.source], over)
        ],
        seconds=second_readings(tx, config),
    )


def _telling(history: Sequence[Certificate], over: datetime | None) -> Certificate:
    """The newest; of a period that is over, the newest that was settled since, where there is one."""
    settled = [one for one in history if over is not None and one.outcome in _SETTLED and one.until >= over]
    return settled[-1] if settled else history[-1]


def _cells(
    one: Certificate,
    listed: dict[Place, tuple[int, datetime, datetime]],
    places: set[Place],
    over: datetime | None,
) -> Iterator[Coverage]:
    """A line for each account and asset the stream listed or might have listed; one for a stream that lists none."""
    status, reason = one.outcome, one.reason
    if over is not None and status in ("whole", "empty", "not_served") and one.until < over:
        status, reason = "incomplete", "read before the period ended"
    might = {
        (account, asset)
        for account, asset in places
        if listed and account and one.account in ("", account) and one.asset in ("", asset)
    }
    for account, asset in sorted(might | set(listed)) or [(one.account, one.asset)]:
        rows, first, last = listed.get((account, asset), (0 if listed else one.seen, None, None))
        yield Coverage(
            source=one.source,
            stream=one.stream,
            account=account,
            asset=asset,
            status="empty" if status == "whole" and not rows else status,
            grey=status == "incomplete",
            since=one.since,
            until=one.until,
            requests=one.requests,
            pages=one.pages,
            rows=rows,
            stated=one.stated,
            first=first,
            last=last,
            throttles=one.throttles,
            retries=one.retries,
            reason=reason,
            stopped_at=one.stopped_at,
        )
