"""Time as it is handed in: no other part of the program asks what time it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Wall time for what is written down, monotonic time for deadlines, and a way to wait."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    def sleeper(self, meanwhile: Callable[[], None]) -> Callable[[float], None]:
        """A way to wait after which ``meanwhile`` is called: it may raise when nobody waits for the rest any more."""

        def sleep(seconds: float) -> None:
            self.sleep(seconds)
            meanwhile()

        return sleep
