"""Takes the figures of a piece of work in a process of its own."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from recon.pipeline.clock import Clock

CLOCK = Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, sleep=time.sleep)


def _measured(work: Callable[[Path], int], folder: Path, answer: Connection) -> None:
    started = time.perf_counter()
    rows = work(folder)
    seconds = time.perf_counter() - started
    answer.send((rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def measured(work: Callable[[Path], int], folder: Path) -> tuple[int, Any, int]:
    """Rows, seconds and peak MiB of ``work`` in a fresh process, its imports done before."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=_measured, args=(work, folder, theirs))
    process.start()
    theirs.close()
    found: tuple[int, Any, int] = ours.recv()
    process.join()
    return found
