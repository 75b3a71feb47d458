"""Of a movement that several sources hold one row counts, whichever came first and however they are added."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.matching.copies import Copy, told_once

API, FILE, SECOND = (
    Copy(5, "egera", from_file=False),
    Copy(1, "broker", from_file=True),
    Copy(7, "fuse", from_file=False),
)


def _counting(rows: list[Copy], links: list[tuple[int, int]]) -> list[int]:
    return [one.record for one in rows if one.record not in {other for _, other in links}]


def test_an_interface_counts_before_a_file_and_else_the_first_name() -> None:
    assert told_once([FILE, API, SECOND]) == [(5, 7), (7, 1)]
    assert told_once([FILE, Copy(2, "bank", from_file=True)]) == [(2, 1)]


def test_one_row_alone_has_nothing_to_be_linked_with() -> None:
    assert told_once([]) == told_once([API]) == []


def test_a_source_that_holds_it_twice_is_left_alone() -> None:
    assert told_once([FILE, FILE._replace(record=2), API]) == []


def test_what_comes_later_joins_the_chain_at_its_end_or_at_its_head() -> None:
    assert told_once([FILE, API, SECOND], first={5}, second={1}) == [(1, 7)]
    assert told_once([FILE, Copy(2, "bank", from_file=True), API], first={1}, second={2}) == [(5, 1)]


def test_a_row_tied_to_its_other_half_goes_on_counting() -> None:
    assert told_once([FILE._replace(tied=True), API]) == [(1, 5)]


def test_a_row_whose_places_are_taken_is_not_used_again() -> None:
    assert told_once([FILE, API], first={1}, second={1}) == []
    assert told_once([FILE, API], second={1}) == [(1, 5)]


@given(st.lists(st.booleans(), min_size=2, max_size=5), st.permutations(range(5)), st.integers(1, 4))
def test_however_rows_are_added_one_counts_and_each_is_used_once(
    files: list[bool], order: list[int], first_few: int
) -> None:
    rows = [Copy(number, f"s{number}", from_file) for number, from_file in enumerate(files)]
    shuffled = [rows[place] for place in order if place < len(rows)]
    links = told_once(shuffled[:first_few])
    for end in range(first_few + 1, len(shuffled) + 1):
        links += told_once(shuffled[:end], {one for one, _ in links}, {other for _, other in links})
    assert len(_counting(rows, links)) == 1
    assert len({one for one, _ in links}) == len({other for _, other in links}) == len(links) == len(rows) - 1
    (counts,) = _counting(rows, links)
    assert all(files) or not files[counts]


@pytest.mark.parametrize("rows", list(permutations([FILE, API, SECOND])))
def test_the_order_does_not_matter(rows: tuple[Copy, ...]) -> None:
    assert told_once(rows) == told_once([FILE, API, SECOND])
