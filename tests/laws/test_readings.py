"""Whatever was read before, the ledger holds what the newest complete reading says: nothing lost, nothing doubled."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.ledger.known import known_records
from recon.ledger.reads import record_of
from recon.ledger.store import open_ledger
from recon.pipeline.balances import balances
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.pull import Pulled, pull
from recon.pipeline.session import writing
from recon.pipeline.verify import verify
from tests.laws._held import held

CLOCK = Clock(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), monotonic=lambda: 0.0, sleep=lambda seconds: None)
CONFIG = """
[entity]
name = "Readings"
timezone = "UTC"
base_currency = "EUR"
[ledger]
url = "sqlite:///recon.db"
[evidence]
path = "evidence"
[sources.files]
kind = "csv"
path = "*.csv"
"""
HEADER = "timestamp,kind,asset,quantity,id,note"


class Line(NamedTuple):
    """One row of a file. Few values, so that equal rows are common; with an id the rest may change."""

    second: int
    kind: str
    quantity: int
    id: str
    note: str

    def text(self) -> str:
        return f"2025-01-01T00:00:0{self.second}Z,{self.kind},X,{self.quantity},{self.id},{self.note}"

    def moved(self) -> int:
        return self.quantity if self.kind == "deposit" else -self.quantity


def lines(ids: Sequence[str]) -> st.SearchStrategy[Line]:
    return st.builds(
        Line,
        st.integers(0, 1),
        st.sampled_from(["deposit", "withdrawal"]),
        st.integers(1, 2),
        st.sampled_from(ids),
        st.sampled_from(["", "n"]),
    )


with_ids = st.lists(lines(["", "a", "b"]), max_size=6)
without_ids = st.lists(lines([""]), max_size=5)
few = settings(
    max_examples=max(20, settings().max_examples // 100), suppress_health_check=[HealthCheck.too_slow]
)


class Books:
    """A ledger of one CSV source in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "recon.toml").write_text(CONFIG)
        self.config = load(folder / "recon.toml")

    def pull(self, files: Sequence[Sequence[Line]]) -> Pulled:
        """Writes the files as they now stand and pulls them."""
        for number, content in enumerate(files):
            text = "\n".join([HEADER, *(line.text() for line in content)])
            (self.folder / f"{number}.csv").write_text(text + "\n")
        with writing(self.config, CLOCK, "pull") as session:
            pulled = pull(self.config, session.ledger, session.archive, CLOCK, session.run)
            assert verify(session.ledger, self.config.evidence).problems == []
            with session.ledger.transaction() as tx:
                records = [
                    record_of(tx, one.record_id) for one in known_records(tx, "files", "rows").in_force()
                ]
                sums = held(tx).balances()
            self.held = Counter(one.data for one in records)
            self.balance = sum(
                int(sums[account, asset]) for account, asset in sums if account.startswith("assets:")
            )
        return pulled

    def told(self) -> int:
        """The balance in the end, as the program tells it from its copy of the ledger."""
        with open_ledger(self.config.ledger_url, create=False) as ledger:
            return sum(int(one.quantity) for one in balances(self.config, ledger, None))


def stated(content: Sequence[Line]) -> Counter[str]:
    """The rows of a file as records hold them."""
    from recon.core.canonical import write_json

    names = HEADER.split(",")
    rows = (dict(zip(names, line.text().split(","), strict=True)) for line in content)
    return Counter(write_json({name: cell for name, cell in row.items() if cell}) for row in rows)


def counts(pulled: Pulled) -> tuple[int, int, int]:
    tallies = [one.tally for one in pulled.streams]
    return sum(t.new for t in tallies), sum(t.changed for t in tallies), sum(t.vanished for t in tallies)


@few
@given(st.lists(with_ids, min_size=1, max_size=4))
@example(
    [
        [Line(0, "deposit", 1, "", "")] * 3,
        [Line(0, "deposit", 1, "", "")] * 2,
        [],
        [Line(0, "deposit", 1, "", "")] * 3,
    ]
)
@example([[Line(0, "deposit", 1, "a", ""), Line(0, "deposit", 2, "a", "")], [Line(0, "deposit", 2, "a", "")]])
def test_after_any_readings_the_ledger_is_that_of_the_last_one_alone(readings: list[list[Line]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder))
        for content in readings:
            books.pull([content])
            assert books.held == stated(content)
            assert books.balance == sum(line.moved() for line in content)
        assert counts(books.pull([readings[-1]])) == (0, 0, 0)
        assert books.told() == books.balance


@few
@given(with_ids, st.randoms(use_true_random=False))
def test_the_order_of_equal_rows_in_a_file_changes_nothing(
    content: list[Line], random: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder))
        books.pull([content])
        shuffled = list(content)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert counts(books.pull([shuffled])) == (0, 0, 0)


@few
@given(without_ids, without_ids, without_ids)
def test_files_that_overlap_hold_a_row_once_and_true_twins_each(
    one: list[Line], two: list[Line], later: list[Line]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder))
        books.pull([one, two])
        assert books.held == stated(one) | stated(two)
        books.pull([later, two])
        assert books.held == stated(later) | stated(two)
        quantities = (read_json(data.encode()) for data in books.held.elements())
        moved = sum(int(row["quantity"]) * (1 if row["kind"] == "deposit" else -1) for row in quantities)
        assert books.told() == books.balance == moved
