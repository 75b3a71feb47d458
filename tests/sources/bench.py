"""One source under test: the real evidence, and a clock that only sleeping moves."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from recon.core.answers import Answer
from recon.core.contracts import Allowed, Ask, Request, World
from recon.evidence.archive import Archive, answers
from recon.sources._http import Bearer, Verdict, http
from tests.sources.hostile import Hostile

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
CANARY = "canary-1f/9+8e"
ROWS = Request(method="GET", path="/rows")


class Wall:
    """A clock that stands still unless somebody sleeps, and writes every sleep down."""

    def __init__(self) -> None:
        self.at = START
        self.slept: list[float] = []
        self.counts_real_time = False

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds() + (time.monotonic() if self.counts_real_time else 0)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class Bench:
    """A source called ``venue``, that may ask for ``/rows``."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.wall = Wall()
        self.spent: Sequence[datetime] = ()
        self._stack = stack
        self._folder = folder
        self._archive = Archive(folder, self.wall.now)

    def ask(self, server: Hostile | str, **changes: Any) -> Ask:
        world = World(
            seal=partial(self._archive.seal, source="venue"),
            now=self.wall.now,
            monotonic=self.wall.monotonic,
            sleep=self.wall.sleep,
            folder=self._folder,
            spent=self.spent,
        )
        settings: dict[str, Any] = {
            "source": "venue",
            "base_url": server if isinstance(server, str) else server.url,
            "allowed": (Allowed(method="GET", path="/rows", why="a test"),),
            "auth": Bearer(SecretStr(CANARY)),
            "world": world,
            "deadline_s": 120,
            "judge": judge,
        }
        return self._stack.enter_context(http(**(settings | changes)))

    def rows(self, server: Hostile | str, **changes: Any) -> Answer:
        return self.ask(server, **changes)("rows", ROWS)

    def answers(self) -> list[Answer]:
        """Every attempt that was sealed, oldest first."""
        return list(answers(self._folder))

    def attempts(self) -> list[tuple[str, int | None, bytes | None]]:
        """Stream, status and body of every attempt that was sealed, oldest first."""
        return [(one.stream, one.status, body_of(one)) for one in self.answers()]


def body_of(answer: Answer) -> bytes | None:
    if answer.sha256 is None:
        return None
    with answer.body() as body:
        return body.read()


def judge(value: Any) -> Verdict | None:
    if value.get("success"):
        return None
    return Verdict(text=f"code {value.get('code')}: {value.get('message')}", retry=value.get("code") == "22")
