"""Named points at which the tests kill the program, to prove that a rerun ends as if it had never been killed."""

import os
import signal
from collections import Counter

ENVIRONMENT = "RECON_FAILPOINT"
"""``NAME:N`` kills the process the N-th time it passes NAME. Unset, as always outside the tests, nothing happens."""

passed: Counter[str] = Counter()
"""How often each point was passed, counted only once armed."""

_armed: str | None = os.environ.get(ENVIRONMENT)


def arm(point: str) -> None:
    """Counts the points from now on, and kills the process at ``NAME:N``."""
    global _armed  # noqa: PLW0603 - one process, one point to die at
    _armed = point
    passed.clear()


def failpoint(name: str) -> None:
    """A place where a crash must do no harm."""
    if _armed is None:
        return
    passed[name] += 1
    if _armed == f"{name}:{passed[name]}":
        os.kill(os.getpid(), signal.SIGKILL)
