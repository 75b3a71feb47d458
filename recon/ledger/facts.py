"""What a ledger knows of facts that were stated, over all pulls."""

from datetime import datetime

from sqlalchemy import select

from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ANSWERS, _FACTS, _READINGS = (METADATA.tables[name] for name in ("answers", "facts", "readings"))


def fact_moments(tx: Transaction, source: str) -> list[datetime]:
    """The moments of which a source ever stated something."""
    fact = _FACTS.c
    return list(tx.connection.scalars(select(fact.at).distinct().where(fact.source == source)))


def entered_bodies(tx: Transaction, source: str, stream: str) -> set[str | None]:
    """The digests of the answers that a source's entered readings of a stream rest on."""
    answer, reading = _ANSWERS.c, _READINGS.c
    read = answer.seq.between(reading.first_seq, reading.last_seq)
    found = select(answer.sha256).where(
        reading.source == source,
        reading.stream == stream,
        answer.source == source,
        answer.stream == stream,
        read,
    )
    return set(tx.connection.scalars(found))
