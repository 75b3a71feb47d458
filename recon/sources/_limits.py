"""How often a venue may be asked: budgets of requests in a sliding window, which outlive a run."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many requests in any window of this length. They may be spent in one burst.

    ``path``: a regular expression for the whole path behind base_url of those that it is for.
    """

    requests: int
    window: timedelta
    path: str = ".*"

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.window // timedelta(seconds=1)} s"


class Spending:
    """The newest requests of a budget, oldest first: when all of it is spent, the oldest must leave the window."""

    def __init__(self, budget: Budget, spent: Sequence[datetime]) -> None:
        """``spent``: requests of earlier runs, and of sources that asked the same host before.

        It is looked at with the first question, for until then others may add to it. It does not tell what was asked,
        so each counts against every budget.
        """
        self.budget = budget
        self._spent = spent
        self._moments: deque[datetime] | None = None

    def covers(self, path: str) -> bool:
        """Whether a request of this path counts."""
        return re.fullmatch(self.budget.path, path) is not None

    def wait(self, now: datetime) -> timedelta:
        """How long the next request must wait; never longer than the window, even when the clock was set back."""
        moments = self._until(now)
        if len(moments) < self.budget.requests:
            return timedelta(0)
        left = moments[0] + self.budget.window - now
        return min(max(left, timedelta(0)), self.budget.window)

    def spend(self, now: datetime) -> None:
        """Counts a request that has ended by ``now``: the venue counted it no later than that."""
        self._until(now).append(now)

    def left(self, now: datetime) -> int:
        """How many requests may be made now."""
        return self.budget.requests - sum(at > now - self.budget.window for at in self._until(now))

    def _until(self, now: datetime) -> deque[datetime]:
        """A request that a wrong clock dated later than ``now`` counts as made now."""
        if self._moments is None:
            self._moments = deque(sorted(min(at, now) for at in self._spent), maxlen=self.budget.requests)
        return self._moments
