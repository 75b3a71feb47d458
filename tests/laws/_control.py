"""A company that closes its months: two files and a venue, whose true movements are known, and a program that dies.

A file states a balance after each of its rows, the venue what it holds now, and these are always the true ones. What
the rows show is another matter: a movement may be left out, or shown with another amount.
"""

import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from openpyxl import load_workbook

from recon.core.acts import Who
from recon.core.money import exact, parse, total
from recon.core.records import Posting
from recon.core.seals import Seal, horizon_of
from recon.core.times import Period, period
from recon.demo.egera import ACCOUNT_ID, KEY, Egera
from recon.ledger.acts import acts, verify
from recon.ledger.rows import ActRow, PostingRow
from recon.ledger.store import Ledger, open_ledger
from recon.ledger.tables import METADATA
from recon.pipeline import breaks, breaks_file
from recon.pipeline.adjust import Adjustment, listed
from recon.pipeline.breaks import Asked
from recon.pipeline.breaks_sheet import SHEET
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.register import Life, lives
from recon.pipeline.seals import seals
from recon.pipeline.session import Session, writing
from tests.contract.desk import HEADER as ROW_OF_TITLES
from tests.contract.house import toml
from tests.laws._movements import ASSETS, FIRST, Change, Move, books_of, changed, text_of, told
from tests.laws._schedules import MEMORY, Fate, Killed, fated

MONTHS = ("2025-01", "2025-02", "2025-03")
BALANCES = ("running_balance", "closing_balance")
Place = tuple[str, str]
"""An account and an asset."""
T = TypeVar("T")


PERSON = st.sampled_from(["Anna", "Bert", "anna "])
WAITING = {"open", "assigned"}
ABOUT: Mapping[str, tuple[Callable[[Session, list[str]], None], set[str], str]] = {
    "assign": (partial(breaks.assign, owner="Cem"), WAITING, "assigned"),
    "to nobody": (partial(breaks.assign, owner=""), WAITING, "open"),
    "note": (partial(breaks.note, said="seen"), {*WAITING, "resolved", "cleared"}, "same"),
    "explain": (
        partial(breaks.resolve, reason="timing", said="soon", due=date(2025, 7, 1)),
        {*WAITING, "resolved"},
        "same",
    ),
    "resolve": (partial(breaks.resolve, reason="other", said="known"), {*WAITING, "resolved"}, "resolved"),
    "open again": (partial(breaks.reopen, said="no"), {"resolved"}, "waiting"),
}
"""What people do about a break, in which states, and the state that follows."""
CELLS: Sequence[Mapping[str, str]] = (
    {"Comment": "asked the bank"},
    {"Owner": "Dora"},
    {"Status": "resolved", "Reason": "other", "Resolution": "known"},
)


def fates(first: int, last: int, thread: str = "") -> st.SearchStrategy[Fate | None]:
    """Mostly none; else a point between the first and the last that matter."""
    return st.one_of(st.none(), st.none(), st.builds(Fate, st.just(thread), st.integers(first, last)))


class Company:
    """A folder with a ledger and the evidence, two files and a venue; a clock that moves with each command."""

    def __init__(self, url: str, venue: Egera, address: str) -> None:
        self.venue = venue
        self.folder = Path(tempfile.mkdtemp(prefix="recon-law-", dir=MEMORY if MEMORY.is_dir() else None))
        self.now = datetime(2025, 6, 1, tzinfo=UTC)
        tables = {
            "entity": {"name": "Laws", "timezone": "Europe/Warsaw", "base_currency": "PLN"},
            "ledger": {"url": url},
            "evidence": {"path": "evidence"},
            "sources": {
                **{name: {"kind": "csv", "path": f"{name}.csv"} for name in ("bank", "broker")},
                "egera": {
                    "kind": "egera",
                    "base_url": address,
                    "account_id": ACCOUNT_ID,
                    "key": "file:secret",
                },
            },
        }
        (self.folder / "secret").touch(mode=0o600)
        (self.folder / "secret").write_text(KEY)
        (self.folder / "recon.toml").write_text("\n".join(toml(tables)))
        self.config = load(self.folder / "recon.toml")
        self.clock = Clock(now=lambda: self.now, monotonic=lambda: 0.0, sleep=lambda seconds: None)
        first = Move(name="first", at=FIRST, true=1000, shown=1000)
        self.moves = {name: [first] for name in ASSETS}
        self.entered = dict(self.moves)
        self._made = 0
        self.looked = Decimal(0)

    def month(self, name: str) -> Period:
        return period(name, self.config.zone, self.now)

    @contextmanager
    def session(self, person: str = "Anna") -> Iterator[Session]:
        self.now += timedelta(hours=1)
        with writing(self.config, self.clock, "law", Who("law", person)) as opened:
            yield opened

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with open_ledger(self.config.ledger_url, create=False) as opened:
            yield opened

    def command(
        self,
        do: Callable[[Session], T],
        person: str = "Anna",
        fate: Fate | None = None,
        done: Callable[[Session], T | None] = lambda session: None,
    ) -> T:
        """One run of the program; killed, it is run again, unless the next run finds it ``done``."""
        try:
            with fated(fate and fate.again()), self.session(person) as session:
                return do(session)
        except Killed:
            with self.session(person) as session:
                found = done(session)
                return do(session) if found is None else found

    def pull(self, fate: Fate | None = None) -> Pulled:
        """The sources as they are now, pulled."""
        for name, moves in self.moves.items():
            if name == "egera":
                self.venue.books = books_of(moves, ASSETS[name])
            else:
                (self.folder / f"{name}.csv").write_text(text_of(moves, ASSETS[name]))
        found = self.command(
            lambda one: pull(self.config, one.ledger, one.archive, self.clock, one.run), fate=fate
        )
        self.entered = dict(self.moves)
        self.looked = self.adjusted("egera")
        return found

    def unexplained(self, source: str) -> Decimal:
        """How much more a source says than what is posted of it: a file by its balances, a venue by its latest look.

        What people entered is in no chain of balances; a look is compared with all that was known then.
        """
        moves = self.entered[source]
        if source == "egera":
            return sum(one.true for one in moves) - self.said(source) - self.looked
        return Decimal(told(moves) - self.said(source))

    def change(self, one: Change) -> None:
        """It is told from the next pull on."""
        self._made += 1
        self.moves[one.source] = changed(self.moves[one.source], one, self._made)

    def said(self, source: str, before: datetime | None = None) -> int:
        """What its rows, as pulled last, say that it holds; before a moment, of rows that happened by then."""
        rows = [one for one in self.entered[source] if before is None or one.at < before]
        return sum(one.shown for one in rows if one.shown is not None)

    def seals(self) -> list[Seal]:
        """What is sealed now."""
        with self.ledger() as ledger, ledger.transaction() as tx:
            return seals(tx)

    def acts(self) -> list[ActRow]:
        """Every act; their chain is proved."""
        with self.ledger() as ledger, ledger.transaction() as tx:
            assert list(verify(tx)) == []
            return acts(tx)

    def lives(self) -> dict[str, Life]:
        """The register of breaks."""
        return lives(one for one in self.acts() if one.about == "break")

    def held(self) -> dict[Place, Decimal]:
        """What the ledger holds at each place, as posted."""
        found: defaultdict[Place, Decimal] = defaultdict(Decimal)
        with self.ledger() as ledger, ledger.transaction() as tx, exact():
            for row in tx.connection.execute(METADATA.tables["postings"].select()):
                leg = PostingRow(*row)
                found[leg.account, leg.asset] += leg.quantity
        return found

    def horizon(self) -> datetime:
        """The end of what is sealed."""
        return horizon_of(self.seals())

    def adjustments(self) -> dict[str, Adjustment]:
        """Every adjustment, in the order of the drafts."""
        with self.ledger() as ledger, ledger.transaction() as tx:
            return {one.id: one for one in listed(tx)}

    def adjusted(self, source: str, before: datetime | None = None) -> Decimal:
        """What approved adjustments move at a source's place; before a moment, those dated by then."""
        with exact():
            return total(
                leg.quantity
                for one in self.adjustments().values()
                if one.approved and (before is None or one.draft.at < before)
                for leg in one.draft.postings
                if (leg.account, leg.asset) == place_of(source)
            )

    def export(self) -> Path:
        """A workbook of the whole register."""
        self._made += 1
        path = self.folder / f"breaks-{self._made}.xlsx"
        with self.ledger() as ledger:
            every = Asked(statuses=("open", "assigned", "resolved", "cleared"))
            breaks_file.export(self.config, ledger, self.now, every, path)
        return path

    def filled(self, path: Path, name: str, cells: Mapping[str, str]) -> Path:
        """The workbook with cells of one break's row filled in."""
        book = load_workbook(path)
        sheet = book[SHEET]
        titles, *rows = sheet.iter_rows(min_row=ROW_OF_TITLES)
        columns = {cell.value: number for number, cell in enumerate(titles)}
        row = next(row for row in rows if row[columns["Break"]].value == name)
        for title, value in cells.items():
            row[columns[title]].value = value
        done = path.with_name(f"filled-{path.name}")
        book.save(done)
        book.close()
        return done

    def remove(self) -> None:
        """The folder, whatever is in it."""
        shutil.rmtree(self.folder)


def postings(source: str, amount: int) -> tuple[Posting, ...]:
    """An entry that people make: at the source's place, and against the account of such entries."""
    account, asset = place_of(source)
    return Posting("adjustments", asset, Decimal(-amount)), Posting(account, asset, Decimal(amount))


def place_of(source: str) -> Place:
    """Where a source holds what it holds."""
    return f"assets:{source}:main", ASSETS[source]


def apart(breaks: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """How much more the venues say than the ledger holds, by source: all differences of balances, as breaks tell.

    One that a fault of another kind explains, such as a row that the venue took away, is told as a member of that.
    """
    found: Counter[str] = Counter()
    for one in breaks:
        told = [one] if one["check"] in BALANCES else one["diagnosis"]["members"]
        for each in told:
            if each["check"] in BALANCES:
                found[each["source"]] += parse(each["difference"])  # type: ignore[assignment]
    return found


def rolled(document: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Decimal]]:
    """The roll-forward of a sealed month, each row of it proved: what was there and what moved is what is left."""
    found = {}
    for row in document["roll_forward"]:
        place = (row["source"], row["account"], row["asset"])
        told = {name: parse(value) for name, value in row.items() if value not in place}
        with exact():
            moved = total(
                -value if name in ("sells", "withdrawals", "fees", "transfers_out") else value
                for name, value in told.items()
                if name != "closing"
            )
        assert moved == told["closing"]
        found[place] = told
    return found


def balances_of(document: Mapping[str, Any]) -> dict[tuple[str, str, str], Decimal]:
    """What the places held when a month was sealed."""
    return {
        (*one["account"].split(":")[1:], one["asset"]): parse(one["quantity"])
        for one in document["balances"]
        if one["account"].startswith("assets:")
    }
