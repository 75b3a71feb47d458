"""Many values kept in a temporary file: written once, and then read anew as often as they are walked.

What a query gives is kept by recon.pipeline.on_disk instead, as the engine writes it.
"""

import json
import os
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
FEW = 20_000
"""As many are held once they were read."""
_AT_ONCE = 2_000


class Walked(Collection[T], ABC):
    """Values that are read anew each time that they are walked, but for a few, which are held."""

    _few: list[T] | None = None

    def __iter__(self) -> Iterator[T]:
        if len(self) > FEW:
            return self._read()
        if self._few is None:
            self._few = [*self._read()]
        return iter(self._few)

    def __contains__(self, value: object) -> bool:
        return any(one == value for one in self)

    @abstractmethod
    def _read(self) -> Iterator[T]: ...


class Spool(Walked[T]):
    """Values as lines of JSON, in the order in which they were added; ``thaw`` makes one of its members again.

    The file is gone once the block is left.
    """

    def __init__(self, thaw: Callable[[list[Any]], T]) -> None:
        self._thaw = thaw
        self._file = TemporaryFile()  # noqa: SIM115 - closed when the block is left
        self._ends = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, members: Sequence[Any]) -> None:
        """One more. Its members are what JSON knows."""
        self._ends.append(self._ends[-1] + self._file.write(json.dumps(members).encode() + b"\n"))

    def whole(self) -> Self:
        """All were added."""
        self._file.flush()
        return self

    def __len__(self) -> int:
        return len(self._ends) - 1

    def _read(self) -> Iterator[T]:
        for first in range(0, len(self), _AT_ONCE):
            yield from self.slice(first, min(first + _AT_ONCE, len(self)))

    def slice(self, first: int, after: int) -> list[T]:
        """Those from one place until before another."""
        start, end = self._ends[first], self._ends[after]
        lines = os.pread(self._file.fileno(), end - start, start).splitlines()
        return [self._thaw(json.loads(line, parse_float=Decimal, parse_int=int)) for line in lines]

    def pick(self, places: Sequence[int]) -> "Picked[T]":
        """Those at these places, in the order of the places."""
        return Picked(self, places)


class Picked(Generic[T]):
    """Some of a spool's values."""

    def __init__(self, spool: Spool[T], places: Sequence[int]) -> None:
        self._spool = spool
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self), _AT_ONCE):
            some = self._places[start : start + _AT_ONCE]
            first, after = min(some), max(some) + 1
            if after - first <= 2 * len(some):
                block = self._spool.slice(first, after)
                yield from (block[place - first] for place in some)
            else:
                for place in some:
                    yield from self._spool.slice(place, place + 1)

    def __contains__(self, value: object) -> bool:
        return any(one == value for one in self)
