"""A session with the ETHGas stand-in: its clock is the test's, and every secret a canary."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recon.core.contracts import Allowed, Ask, Request, World
from recon.core.errors import SourceError
from recon.demo import ethgas
from recon.demo.venues import Request as Asked
from recon.demo.venues import Response, serve
from recon.sources._ethgas_login import Settings, session
from recon.sources._http import Verdict
from tests.sources.bench import Bench, Wall

ADDRESS = "0x" + "aB" * 20
SIGNATURE = "0x" + "5c" * 65
ACCESS, REFRESH = "canary-access-1", "canary-refresh-1"
PAGE = Request(method="GET", path="/v1/user/accounts")
ALLOWED = (Allowed(method="GET", path="/v1/user/accounts", why="a test"),)
SIGNER = f"import sys; sys.stdin.read(); print('{SIGNATURE}')"


class Venue(ethgas.EthGas):
    """Its clock is the test's, and its answers can be made otherwise."""

    def __init__(self, wall: Wall, **changes: Any) -> None:
        self.signed: list[tuple[str, str, str]] = []
        self.instead: Callable[[Asked], Response | None] = lambda request: None
        settings = {
            "access_token": ACCESS,
            "refresh_token": REFRESH,
            "accepts": self._sees,
            "clock": lambda: wall.now().timestamp(),
        }
        super().__init__({"accounts": []}, **{**settings, **changes})

    def _sees(self, *proof: str) -> bool:
        self.signed.append((proof[0], proof[1], proof[2]))
        return proof[2] == SIGNATURE

    def reply(self, request: Asked) -> Response:
        found = self.instead(request)
        return super().reply(request) if found is None else found

    def paths(self) -> list[str]:
        return [request.path.removeprefix("/api/v1/user/") for request in self.requests]


@contextmanager
def open_session(bench: Bench, folder: Path, venue: Venue, **settings: Any) -> Iterator[Ask]:
    with serve(venue) as url:
        table = Settings(kind="ethgas", base_url=f"{url}/api", **settings)
        world = World(
            seal=lambda **attempt: pytest.fail("the bench seals"),
            now=bench.wall.now,
            monotonic=bench.wall.monotonic,
            sleep=bench.wall.sleep,
            folder=folder,
        )
        yield bench.ask(
            table.base_url,
            allowed=ALLOWED,
            auth=session("gas", table, world),
            judge=judge,
            deadline_s=100_000,
        )


def judge(value: Any) -> Verdict | None:
    return None if value.get("success") else Verdict(text=str(value.get("errorMsgKey")))


def signed_by(code: str = SIGNER) -> dict[str, Any]:
    return {"address": ADDRESS, "signer_command": [sys.executable, "-c", code]}


def refused(ask: Ask) -> SourceError:
    with pytest.raises(SourceError) as told:
        ask("accounts", PAGE)
    return told.value
