"""Whatever came between, the ledger ends as that of one pull of the final state: nothing lost, nothing doubled.

Schedules of pulls are made up: of histories with true twins that grow, shrink and change, also while their pages are
read; of requests that fail; of pages that are untrue; of a program that dies. Two things are not asked of a pull whose
history moved under it, as no reader can know them: a list read by offsets that gained a row in one place and lost one
in another has the same count as before, and a numbered row that changes between two pages is met twice.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from recon.pipeline.enter import StreamResult
from recon.pipeline.pull import Pulled
from tests.laws._held import Held, hold_together
from tests.laws._histories import (
    ANY,
    GROWING,
    SHRINKING,
    STAGES,
    Change,
    Stage,
)
from tests.laws._schedules import (
    FILES,
    Company,
    Door,
    Failure,
    Fate,
    Lie,
    change_one,
    files,
    opened,
)

Place = tuple[str, str]
"""A source and a family of its records."""


class Known(NamedTuple):
    """What a ledger knows of the records of one identity: those in force by what they say, and the vanished."""

    in_force: Counter[str]
    vanished: int


Counts = tuple[int, int, int]
"""New, changed, vanished."""


def change_of(what: Sequence[str]) -> st.SearchStrategy[Change]:
    number = st.integers(0, 63)
    return st.builds(Change, st.sampled_from(what), number, number, number)


at_first = st.lists(change_of(("append", "twin")), min_size=12, max_size=24)
nothing: list[Change] = []
before_a_pull = st.just(nothing) | st.lists(change_of(ANY), min_size=3, max_size=10)
while_it_reads = st.sampled_from([GROWING, SHRINKING]).flatmap(
    lambda what: st.lists(st.tuples(st.integers(0, 4), change_of(what)), min_size=1, max_size=6)
)
failures = st.builds(
    Failure,
    st.integers(0, 24),
    st.sampled_from([1, 4, 5, 10]),
    st.sampled_from(["500", "429", "401", "404", "reset", "cut", "page", "refused"]),
)
deaths = st.one_of(
    *(
        st.builds(Fate, st.just(thread), st.integers(1, points))
        for thread, points in (("", 150), ("venue", 60), (FILES, 6))
    )
)
lies = st.builds(Lie, st.integers(0, 8), st.sampled_from(["again", "out", "turned"]))


class Schedule(RuleBasedStateMachine):
    """One company's pulls, and what its ledger should know."""

    door: Door
    make: Callable[[bool, bool], Stage]

    def __init__(self) -> None:
        super().__init__()
        self.sound = False

    @initialize(first=st.booleans(), second=st.booleans(), some=at_first)
    def open(self, first: bool, second: bool, some: list[Change]) -> None:
        self.stage = self.door.stage = type(self).make(first, second)
        self.files = files()
        self.histories = [*self.stage.histories, *self.files]
        self.company = Company(self.door, self.files)
        self.keys: dict[Place, Sequence[str]] = {
            (self.stage.name, one.stream): one.key for one in self.stage.histories
        }
        self.keys |= {(self.stage.name, stream): key for stream, key in self.stage.keys.items()}
        self.keys[FILES, "rows"] = ()
        self.known: dict[Place, dict[str, Known]] = {place: {} for place in self.keys}
        self.held = Held([], [], [], "")
        self.change(some)
        self.sound = True

    def change(self, some: Sequence[Change]) -> None:
        self.sound = False
        for one in some:
            change_one(self.histories, one)

    def stated(self, venue: Mapping[str, Counter[str]] | None = None) -> dict[Place, Counter[str]]:
        """What the venue states now, and what all files together do."""
        found = {(self.stage.name, stream): rows for stream, rows in (venue or self.stage.stated()).items()}
        every: Counter[str] = Counter()
        for file in self.files:
            every |= file.stated()
        return found | {(FILES, "rows"): every}

    def after(self) -> None:
        """Nothing that was posted is gone, what is posted hangs together, and the ledger is what is known now."""
        if SOAK:
            self.company.proved()
        now = self.company.held()
        hold_together(self.held, now)
        self.held = now
        self.known = {place: {} for place in self.keys}
        for record in now.newest():
            place = (record.source, record.family)
            if place in self.known:
                key = self.key(place, record.data)
                known = self.known[place].get(key, Known(Counter(), 0))
                gone = record.status == "vanished"
                self.known[place][key] = Known(
                    known.in_force + Counter([] if gone else [record.data]), known.vanished + gone
                )
        self.sound = True

    def key(self, place: Place, data: str) -> str:
        row = json.loads(data)
        named = [row.get(name) for name in self.keys[place]]
        return str(named) if any(one is not None for one in named) else data

    def in_force(self, place: Place) -> Counter[str]:
        return sum((one.in_force for one in self.known[place].values()), Counter())

    def expected(self, place: Place, rows: Counter[str]) -> Counts:
        """What a reading of these rows must count: as few changes as explain them."""
        came: dict[str, Counter[str]] = {}
        for data, times in rows.items():
            came.setdefault(self.key(place, data), Counter())[data] = times
        new, changed, vanished = 0, 0, 0
        for key in came.keys() | self.known[place].keys():
            before, now = self.known[place].get(key, Known(Counter(), 0)), came.get(key, Counter())
            more, less = (now - before.in_force).total(), (before.in_force - now).total()
            other = min(more, less)
            back = min(more - other, before.vanished)
            new, changed, vanished = (
                new + more - other - back,
                changed + other + back,
                vanished + less - other,
            )
        return new, changed, vanished

    @rule(some=before_a_pull)
    def pull(self, some: list[Change]) -> None:
        """Nothing moves meanwhile: the ledger is what the venue says, and the counts are what was done to it."""
        self.pull_only(some, ())

    @rule(some=before_a_pull, files=st.booleans())
    def pull_one_source(self, some: list[Change], files: bool) -> None:
        """The other is left as it was."""
        self.pull_only(some, (FILES if files else self.stage.name,))

    def pull_only(self, some: Sequence[Change], names: Sequence[str]) -> None:
        self.change(some)
        self.door.begin()
        pulled = self.company.pull(names)
        assert pulled and pulled.status == "ok", pulled
        due = {place: rows for place, rows in self.stated().items() if not names or place[0] in names}
        counts = {place: self.expected(place, rows) for place, rows in due.items()}
        rest = {place: self.in_force(place) for place in self.keys if place not in due}
        first = len(self.held.records)
        self.after()
        assert {place: self.in_force(place) for place in self.keys} == due | rest
        again = self.held.read_anew(first)
        assert {place: counted(pulled, place, again[place]) for place in due} == counts

    @rule(some=before_a_pull, moves=while_it_reads)
    def pull_while_the_venue_moves(self, some: list[Change], moves: list[tuple[int, Change]]) -> None:
        """What stood there all the while is in force, and nothing that never did."""
        self.change(some)
        self.door.begin(moves)
        pulled = self.company.pull()
        self.between(pulled, [self.stated(state) for state in self.door.states])

    @rule(some=before_a_pull, failure=failures, spoilt=st.sampled_from(["", "a.csv", "b.csv"]))
    def pull_that_meets_a_fault(self, some: list[Change], failure: Failure, spoilt: str) -> None:
        """A stream told as whole is what the venue says; one that is not is as it was before."""
        self.change(some)
        self.door.begin(failure=failure)
        pulled = self.company.pull(spoilt=spoilt)
        self.between(pulled, [self.stated()])

    @rule(some=before_a_pull, fate=deaths, torn=st.booleans())
    def pull_that_is_killed(self, some: list[Change], fate: Fate, torn: bool) -> None:
        """Whatever was posted is posted whole."""
        self.change(some)
        self.door.begin()
        pulled = self.company.pull(fate=fate.again(), torn=torn)
        self.between(pulled, [self.stated()])

    @rule(some=before_a_pull, lie=lies)
    def pull_of_untrue_pages(self, some: list[Change], lie: Lie) -> None:
        """Nothing can be asked of it but that the next one mends it."""
        self.change(some)
        self.door.begin(lie=lie)
        assert self.company.pull()
        self.after()

    def between(self, pulled: Pulled | None, states: Sequence[Mapping[Place, Counter[str]]]) -> None:
        """Holds a pull against the states it may have met, and what was there before where it was not whole."""
        before = {place: self.in_force(place) for place in self.keys}
        self.after()
        for place in self.keys:
            met = [state[place] for state in states]
            outcomes = {one.outcome for one in pulled.streams if is_of(one, place)} if pulled else set()
            if not outcomes or outcomes - {"whole", "empty"}:
                met.append(before[place])
            found = self.in_force(place)
            assert reduce(and_, met) <= found <= reduce(or_, met), (place, met, found)
            if len(states) == 1 and place[0] != FILES:
                assert found in met, (place, met, found)

    def teardown(self) -> None:
        try:
            if self.sound:
                self.pull([])
                self.ends()
        finally:
            if hasattr(self, "company"):
                self.company.close()

    def ends(self) -> None:
        """As one pull of the final state would, and as the evidence says when it is posted again, row by row."""
        self.company.proved()
        if SOAK:
            assert self.company.rebuilt().same  # else Foresight rebuilds, and compares the heads
        fresh = Company(self.door, self.files)
        try:
            self.door.begin()
            assert fresh.pull()
            once = fresh.held()
        finally:
            fresh.close()
        assert self.held.in_force() == once.in_force()
        assert self.held.live() == once.live()
        assert self.held.balances() == once.balances()


def is_of(one: StreamResult, place: Place) -> bool:
    return one.source == place[0] and place[1] in (one.stream, "rows")


def counted(pulled: Pulled, place: Place, read_anew: int) -> Counts:
    """What a pull says that it did to a family, but for rows that only mean something else now."""
    tallies = [one.tally for one in pulled.streams if is_of(one, place)]
    changed = sum(one.changed for one in tallies) - read_anew
    return sum(one.new for one in tallies), changed, sum(one.vanished for one in tallies)


class Foresight(Schedule):
    """A company whose ledger is rebuilt as it was after each of its pulls."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: dict[int, str] = {}

    def after(self) -> None:
        super().after()
        self.heads[self.company.sealed()] = self.held.head

    def ends(self) -> None:
        for sealed, head in self.heads.items():
            assert self.company.rebuilt(sealed).rebuilt.head == head


PULLS = 4
EXAMPLES = settings.default.max_examples if settings.default else 100
SOAK = EXAMPLES >= 20_000
pytestmark = [
    pytest.mark.parametrize("venue", STAGES),
    # a second for each example of the profile, for these are whole months of a company
    pytest.mark.timeout(max(300, EXAMPLES)),
]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened() as found:
        yield found


def run(machine: type[Schedule], door: Door, venue: str, share: int) -> None:
    """Tries schedules: the profile's number of examples, divided by ``share``."""
    here = type(machine.__name__, (machine,), {"door": door, "make": staticmethod(STAGES[venue])})
    tried = settings(max_examples=max(1, EXAMPLES // share), stateful_step_count=PULLS)
    run_state_machine_as_test(here, settings=tried)


def test_whatever_came_between_the_ledger_is_that_of_one_pull(door: Door, venue: str) -> None:
    run(Schedule, door, venue, share=25)


def test_what_a_pull_posted_follows_from_what_was_sealed_by_then(door: Door, venue: str) -> None:
    run(Foresight, door, venue, share=50)


def test_interrupted_anywhere_and_run_again_is_never_interrupted(door: Door, venue: str) -> None:
    @settings(max_examples=max(1, EXAMPLES // 28))
    @given(st.lists(st.tuples(before_a_pull, st.lists(deaths, max_size=2)), min_size=1, max_size=3))
    def holds(steps: list[tuple[list[Change], list[Fate]]]) -> None:
        door.stage, shared = STAGES[venue](False, True), files()
        calm, ill_fated = Company(door, shared), Company(door, shared)
        try:
            for some, fates in steps:
                for one in some:
                    change_one([*door.stage.histories, *shared], one)
                for company, ends in ((calm, []), (ill_fated, fates)):
                    for fate in ends:
                        door.begin()
                        company.pull(fate=fate.again())
                    door.begin()
                    assert company.pull()
                assert ill_fated.digest() == calm.digest()
        finally:
            calm.close()
            ill_fated.close()

    holds()
