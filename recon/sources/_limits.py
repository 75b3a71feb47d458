"""How often a venue may be asked: a budget of requests in a sliding window, which outlives a run."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many requests in any window of this length. They may be spent in one burst."""

    requests: int
    window: timedelta

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.window // timedelta(seconds=1)} s"


class Spending:
    """The newest requests of a budget, oldest first: when all of it is spent, the oldest must leave the window."""

    def __init__(self, budget: Budget, spent: Iterable[datetime], now: datetime) -> None:
        """``spent``: requests of earlier runs. One that a wrong clock dated later than ``now`` counts as made now."""
        self.budget = budget
        self._moments = deque((min(at, now) for at in spent), maxlen=budget.requests)

    def wait(self, now: datetime) -> timedelta:
        """How long the next request must wait; never longer than the window, even when the clock was set back."""
        if len(self._moments) < self.budget.requests:
            return timedelta(0)
        left = self._moments[0] + self.budget.window - now
        return min(max(left, timedelta(0)), self.budget.window)

    def spend(self, now: datetime) -> None:
        """Counts a request that has ended by ``now``: the venue counted it no later than that."""
        self._moments.append(now)
