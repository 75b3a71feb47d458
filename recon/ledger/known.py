"""What is known of one family's records, for telling which rows of a new reading are new, changed or vanished.

Held in columns sorted by key instead of rows in a dict: a million records take some 130 MB, not 500.
"""

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from recon.core.money import text
from recon.core.times import moment_text
from recon.ledger.rows import CHUNK
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_WIDTH = 32
_STATUSES = ("settled", "pending", "vanished")


class Known(NamedTuple):
    """The newest version of a record; ``digest`` is its ``content_digest``."""

    record_id: int
    key: str
    occurrence: int
    version: int
    status: str
    digest: bytes


def content_digest(
    data: str, status: str, kind: str, at: datetime, account: str, asset: str, quantity: Decimal
) -> bytes:
    """What two versions are compared by: the row as received, and what was made of it.

    The latter may change alone: what a row moved may follow from the rows around it, or from another answer.
    """
    made = f"{status}\n{kind}\n{moment_text(at)}\n{account}\n{asset}\n{text(quantity)}\n{data}"
    return hashlib.sha256(made.encode()).digest()


class KnownRecords:
    """The newest versions of a family's records, each matched at most once with a row of a complete reading."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._digests = bytearray()
        self._statuses = bytearray()
        self._record_ids = array("q")
        self._versions = array("q")
        self._matched = bytearray()
        self._twins: dict[bytes, int] = {}

    def holds(self, key: str) -> bool:
        """Whether any record has this key."""
        wanted = bytes.fromhex(key)
        place = bisect_left(self._keys, wanted)
        return place < len(self) and self._keys[place] == wanted

    def repeated(self, key: str, digest: bytes) -> int | None:
        """The id of a record that a row repeats to the letter; None where every such record has its row already."""
        for place in self._places(key):
            known = self._known(place)
            if not self._matched[place] and known.digest == digest and known.status != "vanished":
                self._matched[place] = 1
                return known.record_id
        return None

    def unmatched(self, key: str) -> Known | None:
        """A record with this key that has no row yet, one in force rather than a vanished one; it has one now."""
        vanished = _STATUSES.index("vanished")
        free = [place for place in self._places(key) if not self._matched[place]]
        if not free:
            return None
        place = min(free, key=lambda one: self._statuses[one] == vanished)
        self._matched[place] = 1
        return self._known(place)

    def next_occurrence(self, key: str) -> int:
        """The occurrence of one more record with this key."""
        wanted = bytes.fromhex(key)
        occurrence = self._twins.get(wanted, len(self._places(key)))
        self._twins[wanted] = occurrence + 1
        return occurrence

    def in_force(self) -> Iterator[Known]:
        """Every record that has not vanished."""
        for place in range(len(self)):
            known = self._known(place)
            if known.status != "vanished":
                yield known

    def _places(self, key: str) -> range:
        wanted = bytes.fromhex(key)
        return range(bisect_left(self._keys, wanted), bisect_right(self._keys, wanted))

    def __len__(self) -> int:
        return len(self._keys)

    def _known(self, place: int) -> Known:
        return Known(
            self._record_ids[place],
            self._keys[place].hex(),
            place - bisect_left(self._keys, self._keys[place]),
            self._versions[place],
            _STATUSES[self._statuses[place]],
            bytes(self._digests[place * _WIDTH : (place + 1) * _WIDTH]),
        )

    def add(self, key: bytes, known: Known, *, newer: bool) -> None:
        """Adds a record behind the last one held, or a newer version in the last one's place."""
        if newer:
            del (
                self._keys[-1],
                self._record_ids[-1],
                self._versions[-1],
                self._statuses[-1],
                self._matched[-1],
            )
            del self._digests[-_WIDTH:]
        self._keys.append(key)
        self._digests += known.digest
        self._statuses.append(_STATUSES.index(known.status))
        self._record_ids.append(known.record_id)
        self._versions.append(known.version)
        self._matched.append(0)


def known_records(tx: Transaction, source: str, family: str) -> KnownRecords:
    """All that is known of a family, read through and held once."""
    record = METADATA.tables["records"].c
    rows = tx.connection.execute(
        select(record.key, record.occurrence, record.version, record.id, record.data, record.status)
        .add_columns(record.kind, record.at, record.account, record.asset, record.quantity)
        .where(record.source == source, record.family == family)
        .order_by(record.key, record.occurrence, record.version)
        .execution_options(yield_per=CHUNK)
    )
    held = KnownRecords()
    last: tuple[str, int] | None = None
    for key, occurrence, version, record_id, data, status, *made in rows:
        digest = content_digest(data, status, *made)
        known = Known(record_id, key, occurrence, version, status, digest)
        held.add(bytes.fromhex(key), known, newer=last == (key, occurrence))
        last = key, occurrence
    return held
