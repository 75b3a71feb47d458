"""A company whose venues change, fail and lie while it pulls, and a program that dies; what its ledger then holds."""

import json
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from recon.core import failpoints
from recon.core.records import GENESIS
from recon.demo.venues import Request, Response, as_json, serve
from recon.evidence.archive import CHAIN, PULLS, RUNS, Archive, answers
from recon.ledger.digest import digest
from recon.ledger.store import open_ledger
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.proof import prove
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.rebuild import Comparison, rebuild_into
from recon.pipeline.session import writing
from recon.pipeline.verify import verify
from tests.contract.house import toml
from tests.laws._held import Held, held
from tests.laws._histories import SECRET, Change, History, Row, Stage

MEMORY = Path("/dev/shm")
FILES = "files"
BAD_LINE = "some day,deposit,X,1"
THREADS = {"egera": "venue", "fuse": "venue", "gas": "venue", FILES: FILES, "bank": FILES, "broker": FILES}
HEADER = ("timestamp", "kind", "asset", "quantity")


class Killed(BaseException):
    """The program is dead."""


class Fate(str):
    """A failpoint's name that kills at the ``turn``-th point that a thread passes; the dead do nothing more.

    ``thread`` is "venue" or "files" for the one that reads them, and empty for the one that posts.
    """

    __slots__ = ("dead", "left", "thread", "turn")
    thread: str
    turn: int
    left: int
    dead: bool

    def __new__(cls, thread: str, turn: int) -> Self:
        made = super().__new__(cls, f"{thread or 'posting'}:{turn}")
        made.thread, made.turn, made.left, made.dead = thread, turn, turn, False
        return made

    def again(self) -> "Fate":
        """The same, not met yet."""
        return Fate(self.thread, self.turn)

    def __eq__(self, other: object) -> bool:
        """Asked at each point."""
        name = threading.current_thread().name
        self.left -= THREADS.get(name, "") == self.thread
        if self.dead or self.left <= 0:
            self.dead = True
            raise Killed
        return False

    __hash__ = str.__hash__


@contextmanager
def fated(fate: Fate | None) -> Iterator[None]:
    """A program under its fate; without one, it lives."""
    failpoints._armed = fate
    try:
        yield
    finally:
        failpoints._armed = None


class Failure(NamedTuple):
    """From the ``at``-th request on, so many meet a fault."""

    at: int
    times: int
    how: str

    def response(self, sound: Response) -> Response:
        text = {"Content-Type": "application/json"}
        refusal = {
            "success": False,
            "code": 5001,
            "message": "no",
            "errorCode": 2,
            "error": {"code": "a", "message": "b"},
        }
        match self.how:
            case "reset":
                raise ConnectionAbortedError
            case "cut":
                return sound._replace(headers={**sound.headers, "Content-Length": str(len(sound.body) + 9)})
            case "page":
                return Response(200, {"Content-Type": "text/html"}, b"<html>Please wait</html>")
            case "refused":
                return as_json(refusal)
        return Response(int(self.how), text, b"{}")


class Lie(NamedTuple):
    """At the ``at``-th request for rows: ``again`` the page before, a page with a row left ``out``, or ``turned``."""

    at: int
    how: str


@dataclass
class Door:
    """What stands between the server and the venue of the moment. Requests are counted anew for each pull."""

    stage: Stage | None = None
    url: str = ""
    moves: Sequence[tuple[int, Change]] = ()
    failure: Failure | None = None
    lie: Lie | None = None
    asked: int = 0
    pages: Counter[int | None] = field(default_factory=Counter)
    states: list[dict[str, Counter[str]]] = field(default_factory=list)
    _before: bytes = b""

    def begin(
        self,
        moves: Sequence[tuple[int, Change]] = (),
        failure: Failure | None = None,
        lie: Lie | None = None,
    ) -> None:
        """A new pull is about to come. A move says before which page of its own history it happens."""
        assert self.stage
        self.moves, self.failure, self.lie, self.asked, self.pages = moves, failure, lie, 0, Counter()
        self._before = b""
        self.stage.fill()
        self.states = [self.stage.stated()]

    def answer(self, request: Request) -> Response:
        assert self.stage
        number, history = self.asked, self.stage.asked(request)
        page, all_pages = (
            self.pages[history],
            sum(self.pages[one] for one in range(len(self.stage.histories))),
        )
        self.asked += 1
        self.pages[history] += 1
        for when, change in self.moves:
            if when == page and change.which % len(self.stage.histories) == history:
                change_one(self.stage.histories, change, moving=True)
                self.stage.fill()
                self.states.append(self.stage.stated())
        response = self.stage.venue.answer(request)
        if self.failure and self.failure.at <= number < self.failure.at + self.failure.times:
            return self.failure.response(response)
        if history is not None:
            if self.lie and self.lie.at == all_pages:
                response = response._replace(body=_untrue(self.lie.how, response.body, self._before))
            self._before = response.body
        return response


@contextmanager
def opened() -> Iterator[Door]:
    """One server for many schedules, whatever venue stands behind it."""
    door = Door()
    with serve(door) as door.url:
        yield door


def _untrue(how: str, body: bytes, before: bytes) -> bytes:
    if how == "again":
        return before or body
    value = json.loads(body)
    inner = value.get("data", value)
    for rows in (one for one in inner.values() if isinstance(one, list)):
        rows[:] = rows[::-1] if how == "turned" else rows[1:]
    return json.dumps(value).encode()


def change_one(histories: Sequence[History], change: Change, *, moving: bool = False) -> None:
    """``moving``: while pages are read, when rows that are met twice must not change."""
    history = histories[change.which % len(histories)]
    if not (moving and change.what == "edit" and not history.mends):
        history.change(change)


class Company:
    """A folder with a ledger, the evidence and files of its own, and one venue behind a door."""

    def __init__(self, door: Door, files: Sequence[History]) -> None:
        assert door.stage
        self.door, self.files = door, files
        self.folder = Path(tempfile.mkdtemp(prefix="recon-law-", dir=MEMORY if MEMORY.is_dir() else None))
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        (self.folder / "secret").touch(mode=0o600)
        (self.folder / "secret").write_text(SECRET)
        base = door.url + {"fuse": "/api/v1", "gas": "/api"}.get(door.stage.name, "")
        tables = {
            "entity": {"name": "Schedules", "timezone": "UTC", "base_currency": "EUR"},
            "ledger": {"url": "sqlite:///recon.db"},
            "evidence": {"path": "evidence"},
            "sources": {
                door.stage.name: {**door.stage.settings, "base_url": base},
                FILES: {"kind": "csv", "path": "*.csv"},
            },
        }
        (self.folder / "recon.toml").write_text("\n".join(toml(tables)))
        self.config = load(self.folder / "recon.toml")
        self.clock = Clock(now=lambda: self.now, monotonic=lambda: 0.0, sleep=lambda seconds: None)

    def pull(
        self,
        only: Sequence[str] = (),
        fate: Fate | None = None,
        *,
        torn: bool = False,
        spoilt: str = "",
    ) -> Pulled | None:
        """One run of the program; None where it was killed, ``torn`` in the middle of a line of the evidence."""
        self.now += timedelta(hours=2)
        self.write(spoilt=spoilt)
        pulled = None
        with suppress(Killed), fated(fate), writing(self.config, self.clock, "pull") as session:
            pulled = pull(self.config, session.ledger, session.archive, self.clock, session.run, only=only)
        if pulled is None:
            if torn and (self.config.evidence / CHAIN).exists():
                with (self.config.evidence / CHAIN).open("a") as chain:
                    chain.write('{"at":"20')
            Archive(self.config.evidence, self.clock.now)  # as the next run does: what was torn is put away
        return pulled

    def write(self, *, spoilt: str = "") -> None:
        """The files as they now stand, one of them ``spoilt``; the second is not there while it has no rows."""
        for number, file in enumerate(self.files):
            path = self.folder / file.stream
            lines = [",".join(row.get(name, "") for name in HEADER) for row in file.rows]
            if file.stream == spoilt:
                lines.insert(0, BAD_LINE)
            path.unlink(missing_ok=True)
            if lines or number == 0:
                path.write_text("\n".join([",".join(HEADER), *lines]) + "\n")

    def held(self) -> Held:
        """What the ledger holds; that it hangs together is verified."""
        with open_ledger(self.config.ledger_url, create=True) as ledger:
            assert verify(ledger, self.config.evidence).problems == []
            with ledger.transaction() as tx:
                return held(tx)

    def proved(self) -> None:
        """Everything is proved, which takes as long as all pulls took."""
        with open_ledger(self.config.ledger_url, create=False) as ledger:
            assert prove(self.config, ledger, lambda: 0.0).problems == []

    def sealed(self) -> int:
        """The number of the newest line of the evidence."""
        return sum(1 for _ in answers(self.config.evidence))

    def rebuilt(self, sealed: int | None = None) -> Comparison:
        """The ledger made again from the evidence alone; from its first lines, as if nothing had been asked since."""
        config, made = self.config, self.folder / f"again-{sealed}.db"
        if sealed is not None:
            config = replace(config, evidence=self.folder / f"evidence-{sealed}")
            config.evidence.mkdir()
            for path in self.config.evidence.iterdir():
                if path.is_dir():
                    (config.evidence / path.name).symlink_to(path)
            links = {GENESIS}
            for name, place in ((CHAIN, "seq"), (PULLS, "after")):
                kept = (self.config.evidence / name).read_text().splitlines(keepends=True)
                lines = [line for line in kept if json.loads(line)[place] <= sealed]
                (config.evidence / name).write_text("".join(lines))
                links |= {json.loads(line)["link"] for line in lines}
            ended = (self.config.evidence / RUNS).read_text().splitlines(keepends=True)
            text = "".join(
                line for line in ended if {json.loads(line)[name] for name in ("chain", "pulls")} <= links
            )
            (config.evidence / RUNS).write_text(text)
        return rebuild_into(config, f"sqlite:///{made}", lambda text: None, explain=False)

    def digest(self) -> str:
        """What tells one ledger from another."""
        with open_ledger(self.config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
            return digest(tx)

    def close(self) -> None:
        shutil.rmtree(self.folder)


def files() -> list[History]:
    """Two exports that may overlap, in small numbers of different rows."""

    def make(shape: int) -> Row:
        kind, quantity = ("deposit", "withdrawal")[shape % 2], "12"[shape // 2 % 2]
        return {"timestamp": "2025-01-01T00:00:00Z", "kind": kind, "asset": "X", "quantity": quantity}

    return [History(name, name, make, newest_first=False, turns=True) for name in ("a.csv", "b.csv")]
