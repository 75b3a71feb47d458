"""Where the clock enters the program."""

import time
from datetime import UTC, datetime

from recon.pipeline.clock import Clock

SYSTEM = Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, sleep=time.sleep)
