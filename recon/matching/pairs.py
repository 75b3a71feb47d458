"""Which row that was sent and which that was received are one transfer: one to one, and never guessed."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class Edge(NamedTuple):
    """A row sent and a row received that may be one transfer. ``fits``: what arrived is what was sent, less a fee."""

    sent: int
    received: int
    fits: bool = True


class Cluster(NamedTuple):
    """Rows that may be one another's and cannot be told apart. ``fits``: some amounts would do."""

    sent: tuple[int, ...]
    received: tuple[int, ...]
    fits: bool


class Decision(NamedTuple):
    """The pairs, each row in one at most, and what is left between rows that have no pair."""

    pairs: tuple[tuple[int, int], ...]
    left: tuple[Cluster, ...]


def decide(edges: Iterable[Edge]) -> Decision:
    """Two rows are a pair if neither could be another's.

    The order of the edges does not matter, and neither does a row that shares no edge with these.
    """
    every = set(edges)
    fitting = {one for one in every if one.fits}
    senders, receivers = (
        Counter(one.sent for one in fitting),
        Counter(one.received for one in fitting),
    )
    sure = sorted(one for one in fitting if senders[one.sent] == receivers[one.received] == 1)
    sent, received = {one.sent for one in sure}, {one.received for one in sure}
    left = [one for one in every if one.sent not in sent and one.received not in received]
    return Decision(tuple((one.sent, one.received) for one in sure), clusters(left))


def clusters(edges: Iterable[Edge]) -> tuple[Cluster, ...]:
    """Rows that hang together through any edges."""
    roots: dict[tuple[str, int], tuple[str, int]] = {}

    def root(row: tuple[str, int]) -> tuple[str, int]:
        while (above := roots.setdefault(row, row)) != row:
            roots[row] = row = roots[above]
        return row

    every = sorted(set(edges))
    for one in every:
        roots[root(("received", one.received))] = root(("sent", one.sent))
    parts: dict[tuple[str, int], list[Edge]] = {}
    for one in every:
        parts.setdefault(root(("sent", one.sent)), []).append(one)
    found = [
        Cluster(
            tuple(sorted({one.sent for one in part})),
            tuple(sorted({one.received for one in part})),
            any(one.fits for one in part),
        )
        for part in parts.values()
    ]
    return tuple(sorted(found))
