"""A movement that several sources hold: which of their rows counts."""

from collections.abc import Collection
from typing import NamedTuple


class Copy(NamedTuple):
    """A source's row of a movement. ``tied``: it is one half of a transfer already."""

    record: int
    source: str
    from_file: bool
    tied: bool = False


def told_once(
    rows: Collection[Copy], first: Collection[int] = (), second: Collection[int] = ()
) -> list[tuple[int, int]]:
    """New links that make one row count: of each, the second does not. They make a chain, whose head counts.

    ``rows`` are those of one movement; ``first`` and ``second`` the records that have this place in a link already.
    What a venue's interface told counts before what a file tells, then the source whose name comes first: which of two
    sources was read first is chance. But a row that is tied to the other half of its transfer stays. A movement that
    one source holds twice is left to the check of duplicates.
    """
    if len({one.source for one in rows}) < len(rows):
        return []
    linked = [one for one in rows if one.record in first or one.record in second]
    chain = sorted(linked, key=lambda one: (one.record in second, one.record not in first, one.record))
    links = []
    for one in sorted(set(rows) - set(linked), key=lambda one: (*_rank(one), one.source)):
        if not chain:
            chain = [one]
        elif _rank(one) < _rank(chain[0]) and chain[0].record not in second:
            links.append((one.record, chain[0].record))
            chain.insert(0, one)
        elif chain[-1].record not in first:
            links.append((chain[-1].record, one.record))
            chain.append(one)
    return links


def _rank(one: Copy) -> tuple[bool, bool]:
    return not one.tied, one.from_file
