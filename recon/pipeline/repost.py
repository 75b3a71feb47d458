"""The ledger held against its evidence: every answer is read and posted again, and the two compared row by row."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from recon.evidence.archive import pulls
from recon.ledger.chain import UNREADABLE, fault
from recon.ledger.reads import Run, newest_entered, runs
from recon.ledger.store import open_ledger
from recon.ledger.told import Line, Place, Readings, Says, entries, looks, records, shown
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.rebuild import repost
from recon.pipeline.session import FINISHED

Problem = tuple[str | None, str, str]
Difference = tuple[Place, str]
_MOST = 20
"""So many rows of a table are named one by one."""
_MISSING = "the evidence gives this row, and the ledger does not have it"
_STRANGE = "the ledger has this row, and the evidence does not give it"


class Compared(NamedTuple):
    """What differs, and how many rows of the ledger were looked at."""

    problems: Sequence[Problem]
    rows: int


class Again:
    """A ledger, and the one that was made of its evidence again, with so many entries ``posted``."""

    def __init__(self, then: Transaction, now: Transaction, posted: int) -> None:
        self.posted, self._then, self._now = posted, then, now

    def records(self) -> Compared:
        """Every version of every record, against the answer it was read from."""
        return _compared(
            lambda rows: _differences(
                _counted(records(self._then, Readings(self._then)), rows),
                records(self._now, Readings(self._now)),
            )
        )

    def entries(self) -> Compared:
        """Every entry with its postings, against the record it was made of."""
        return _compared(lambda rows: _differences(_counted(entries(self._then), rows), entries(self._now)))

    def looks(self) -> Compared:
        """What readings noted beside rows: counts, snapshots, facts, certificates."""
        return _compared(
            lambda rows: _looked(
                _counted(looks(self._then, Readings(self._then)), rows), looks(self._now, Readings(self._now))
            )
        )


@contextmanager
def again(config: Config, tx: Transaction, notify: Callable[[str], None]) -> Iterator[Again]:
    """Makes the ledger again, of its evidence, in a folder of its own that is thrown away afterwards.

    The evidence must have been proved. Raises ConfigError where it holds answers of a source that is not configured.
    """
    every = runs(tx)
    with (
        TemporaryDirectory(prefix="recon-verify-") as folder,
        open_ledger(f"sqlite:///{Path(folder) / 'again.db'}", create=True) as made,
    ):
        posted = repost(config, made, notify, _entered(config, tx, every)).entries
        with made.transaction() as now:
            yield Again(tx, now, posted)


def ended(run: Run) -> bool:
    """Whether a run came to its end, so that all it sealed is posted."""
    return run.status is not None and run.status.startswith(FINISHED)


def _entered(config: Config, tx: Transaction, every: Sequence[Run]) -> dict[str, int]:
    """By source whose newest pull died, or is under way: the newest answer that it posted."""
    newest = {str(note["source"]): int(note["run"]) for note in pulls(config.evidence)}
    died = {one.id for one in every if not ended(one)}
    return {source: newest_entered(tx, source) for source, run in newest.items() if run in died}


def _compared(differences: Callable[[Counter[str]], Iterable[Difference]]) -> Compared:
    rows: Counter[str] = Counter()
    try:
        return Compared(list(_named(differences(rows))), rows.total())
    except UNREADABLE as error:
        return Compared([(None, "ledger", f"what it tells cannot be read: {fault(error)}")], rows.total())


def _counted(lines: Iterable[Line], rows: Counter[str]) -> Iterator[Line]:
    for line in lines:
        rows[line.place[0]] += 1
        yield line


def _differences(then: Iterator[Line], now: Iterator[Line]) -> Iterator[Difference]:
    """Two ledgers' lines in one order, side by side: none is held in memory."""
    left, right = next(then, None), next(now, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.place < right.place):
            assert left is not None
            yield left.place, _STRANGE
            left = next(then, None)
        elif left is None or right.place < left.place:
            yield right.place, _MISSING
            right = next(now, None)
        else:
            if left.says != right.says:
                yield left.place, _told(left.says, right.says)
            left, right = next(then, None), next(now, None)


def _looked(then: Iterable[Line], now: Iterable[Line]) -> Iterator[Difference]:
    """What pulls noted."""
    sides: dict[Place, tuple[list[Line], list[Line]]] = defaultdict(lambda: ([], []))
    for number, lines in enumerate((then, now)):
        for line in lines:
            sides[line.place][number].append(line)
    for place, (here, there) in sorted(sides.items()):
        ours = Counter(tuple(line.says.items()) for line in here)
        theirs = Counter(tuple(line.says.items()) for line in there)
        if len(here) == len(there):
            for one, other in zip((ours - theirs).elements(), (theirs - ours).elements(), strict=True):
                yield place, _told(dict(one), dict(other))
        else:
            yield place, _STRANGE if len(here) > len(there) else _MISSING


def _told(ours: Says, theirs: Says) -> str:
    """What two rows say otherwise."""
    odd = [name for name in theirs if ours.get(name) != theirs[name]]
    return "; ".join(f"{name} is {ours.get(name)!r}, by the evidence {theirs[name]!r}" for name in odd)


def _named(found: Iterable[Difference]) -> Iterator[Problem]:
    """Each row with its place; of many, the first ones, and how many more there are."""
    seen: Counter[tuple[str, str]] = Counter()
    for place, text in found:
        table, source, *key = place
        seen[table, source] += 1
        if seen[table, source] <= _MOST:
            yield source or None, shown([table, *key]), text
    for (table, source), number in seen.items():
        if number > _MOST:
            yield source or None, table, f"{number - _MOST} more rows are not those that the evidence gives"
