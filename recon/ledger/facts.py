"""What a ledger knows of facts that were stated, over all pulls, and of the answers that state them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ANSWERS, _FACTS, _READINGS = (METADATA.tables[name] for name in ("answers", "facts", "readings"))
_BATCH = 500
"""As many numbers as a question of any database may name."""


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


def answer_digests(tx: Transaction, lines: Iterable[int]) -> dict[int, str]:
    """The SHA-256 of what these lines of the evidence sealed, by line; those that sealed nothing are left out."""
    answer = _ANSWERS.c
    wanted = sorted(set(lines))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), _BATCH):
        asked = select(answer.seq, answer.sha256).where(answer.seq.in_(wanted[start : start + _BATCH]))
        found |= {seq: digest for seq, digest in tx.connection.execute(asked) if digest}
    return found
