"""Laws: clean books never break; whatever fault is planted is found, placed and never given a false name."""

import os
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, JANUARY, Ledger
from tests.laws._cases import Case, spots
from tests.laws._judged import false_names, judge, once, post, tried
from tests.laws._planted import PLANTS, planted

Drawn = tuple[int, int, tuple[str, ...]]
TRIES = settings().max_examples
FIXED = os.environ.get("CI") == "true"
"""A change is held to the same cases as the one before it; make soak and everybody's own runs draw new ones."""
ONE = st.sampled_from(sorted(PLANTS)).map(lambda kind: (kind,))
MANY = st.lists(st.sampled_from(sorted(PLANTS)), min_size=2, max_size=5).map(tuple)
AT_ONCE = 32
PERIODS = st.sampled_from([EVER, JANUARY])


def ledgers(kinds: st.SearchStrategy[tuple[str, ...]], smallest: int = 1) -> st.SearchStrategy[list[Drawn]]:
    """A seed, a size and the faults of each ledger that is tried at once."""
    one = st.tuples(st.integers(0, 2**32), st.integers(smallest, 16), kinds)
    return st.integers(1, AT_ONCE).flatmap(lambda many: st.lists(one, min_size=many, max_size=many))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


def made(drawn: Sequence[Drawn], period: Period) -> list[Case]:
    """The cases, without those whose books have no row for such a fault."""
    cases = (planted(Random(seed), size, kinds, period) for seed, size, kinds in drawn)
    return [case for case in cases if case is not None]


def tell(case: Case, breaks: Sequence[Break]) -> None:
    """What a failing law is about."""
    for fault in case.faults:
        note(f"{fault.kind}: {fault.row}\n  must show at {spots(case, fault)}")
    for one in breaks:
        note(
            f"shown: {one.check} {one.source} {one.account} {one.asset} {one.at} {one.difference}: {one.diagnosis}"
        )


@settings(max_examples=TRIES // 25, derandomize=FIXED)
@given(drawn=ledgers(st.just(())), period=PERIODS)
def test_clean_books_show_no_break(ledger: Ledger, drawn: list[Drawn], period: Period) -> None:
    cases = made(drawn, period)
    assert len(cases) == len(drawn)
    post(ledger, cases)
    answers = ledger.results(period)
    assert [one for answer in answers.values() for one in answer.breaks] == []
    rows = [row for case in cases for row in case.ours if row.at < case.end]
    stated = [leg for row in rows for leg in row.held if leg.after is not None]
    assert answers["running_balance"].tested == len(stated)


@settings(max_examples=TRIES // 16, derandomize=FIXED)
@given(drawn=ledgers(ONE), period=PERIODS)
def test_a_fault_is_found_once_where_it_is_and_by_its_name(
    ledger: Ledger, drawn: list[Drawn], period: Period
) -> None:
    cases = made(drawn, period)
    for case, breaks in zip(cases, tried(ledger, cases), strict=True):
        (verdict,) = judge(case, breaks)
        good = verdict.found and verdict.placed and not false_names(case, breaks)
        if not (good and once(case.faults[0], breaks) and (verdict.named or not verdict.provable)):
            tell(case, breaks)
            raise AssertionError(verdict)


@settings(max_examples=TRIES // 40, derandomize=FIXED)
@given(drawn=ledgers(MANY, smallest=4), period=PERIODS)
def test_of_several_faults_none_is_missed_and_none_gets_a_false_name(
    ledger: Ledger, drawn: list[Drawn], period: Period
) -> None:
    cases = made(drawn, period)
    for case, breaks in zip(cases, tried(ledger, cases), strict=True):
        verdicts = judge(case, breaks)
        if false_names(case, breaks) or not all(verdict.found for verdict in verdicts):
            tell(case, breaks)
            raise AssertionError(verdicts)
