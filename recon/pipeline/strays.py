"""Movements that have not found their other half, told so that people can find it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from recon.checks import Stray
from recon.core.money import exact
from recon.core.times import said_text
from recon.matching.pairs import Cluster
from recon.pipeline.candidates import Crowd
from recon.pipeline.movements import Movement

_MOST = 10
"""So many rows of a side are told one by one."""


def undecided(left: Iterable[Cluster], rows: Mapping[int, Movement]) -> Iterator[Stray]:
    """Rows of which several may belong together, and two of one hash whose amounts do not."""
    for one in left:
        sent = sorted((rows[record] for record in one.sent), key=_earliest)
        received = sorted((rows[record] for record in one.received), key=_earliest)
        if not one.fits and len(sent) == len(received) == 1:
            yield _apart(sent[0], received[0])
            continue
        text = (
            "it may be one transfer with more than one row, and nothing says with which, so that none is paired. "
            f"Sent: {_listed(sent)}. Received: {_listed(received)}"
        )
        yield Stray(
            sent[0].entry, received[0].entry, sent[0].asset, None, None, None, f"tie {sent[0].name}", text
        )


def crowded(crowds: Iterable[Crowd], rows: Mapping[int, Movement]) -> Iterator[Stray]:
    """Amounts that are sent and received so often that no row can be told from another."""
    for one in crowds:
        first = rows[one.first]
        text = (
            f"{one.sent} rows sent and {one.received} received of about this amount could be one another's, so that "
            "none is paired. Hashes, or the addresses of one's own, would tell them apart"
        )
        yield Stray(first.entry, None, first.asset, None, None, None, f"crowd {first.name}", text)


def lost(rows: Iterable[Movement], window: timedelta) -> Iterator[Stray]:
    """What went to an address of one's own, and arrived nowhere."""
    for one in rows:
        until = one.at + window
        text = (
            "sent to an address of one's own, and no row that was received anywhere pairs with it. "
            f"It is expected until {said_text(until)}"
        )
        yield Stray(one.entry, None, one.asset, None, None, until, f"lost {one.name}", text)


def alone(rows: Iterable[Movement], window: timedelta) -> Iterator[Stray]:
    """One side of a move inside a source, without the other."""
    for one in rows:
        until = one.at + window
        way, other = ("arrived", "left") if one.quantity > 0 else ("left", "arrived")
        text = (
            f"it {way} within the source ({one.kind}), and no row says where it {other}. "
            f"The other row is expected until {said_text(until)}"
        )
        yield Stray(one.entry, None, one.asset, None, None, until, f"alone {one.name}", text)


def parted(pairs: Iterable[tuple[int, int, int]], rows: Mapping[int, Movement]) -> Iterator[Stray]:
    """Transfers whose rows no longer say what they said when they were paired, with the entry that was taken back."""
    for *pair, taken_back in pairs:
        first, *others = [rows[record] for record in pair if record in rows]
        text = (
            "it was one transfer with another row, and since then the venue or the file has changed or taken back one "
            "of the two, so that neither counts as a transfer any more. Still posted: "
            f"{_listed([first, *others])}"
        )
        yield Stray(first.entry, taken_back, first.asset, None, None, None, f"parted {first.name}", text)


def _apart(sent: Movement, received: Movement) -> Stray:
    """``expected`` is what was sent: all of it, or less a fee that is stated, should have come."""
    with exact():
        expected = sent.quantity.copy_negate()
    less = "less" if received.quantity < expected else "more"
    text = (
        f"{less} arrived than was sent under the same hash, beyond any fee that is stated: {_listed([sent])}"
    )
    return Stray(
        received.entry, sent.entry, received.asset, expected, received.quantity, None, f"of {sent.name}", text
    )


def _listed(rows: Sequence[Movement]) -> str:
    told = [
        f"{said_text(one.at)} {one.source} {one.account} {one.quantity:.18f} {one.asset} ({one.kind}, {one.name})"
        for one in rows[:_MOST]
    ]
    return "; ".join(told) + (f"; and {len(rows) - _MOST} more" if len(rows) > _MOST else "")


def _earliest(one: Movement) -> tuple[datetime, int]:
    return one.at, one.record
