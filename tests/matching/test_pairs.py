"""Pairs are one to one, the same in any order, and never a guess."""

from collections import Counter
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from recon.matching.pairs import Cluster, Decision, Edge, clusters, decide

EDGES = st.lists(
    st.builds(Edge, st.integers(1, 6), st.integers(101, 106), st.booleans()),
    max_size=14,
    unique_by=lambda e: e[:2],
)


@given(EDGES)
def test_every_row_is_used_once_at_most(edges: list[Edge]) -> None:
    found = decide(edges)
    used = Counter(
        chain(*found.pairs, *(one.sent for one in found.left), *(one.received for one in found.left))
    )
    assert set(used.values()) <= {1}


@given(EDGES, st.randoms())
def test_the_order_of_the_edges_does_not_matter(edges: list[Edge], chance: object) -> None:
    shuffled = edges.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(edges) == decide(shuffled)
    assert decide(edges) == decide(edges * 2)


@given(EDGES)
def test_rows_that_share_no_edge_change_no_pair(edges: list[Edge]) -> None:
    found, more = decide(edges), decide([*edges, Edge(7, 107), Edge(8, 108), Edge(8, 109)])
    assert set(more.pairs) == {*found.pairs, (7, 107)}
    assert set(more.left) == {*found.left, Cluster((8,), (108, 109), fits=True)}


@given(EDGES)
def test_a_pair_could_be_no_other(edges: list[Edge]) -> None:
    for sent, received in decide(edges).pairs:
        assert [one for one in edges if one.fits and sent == one.sent] == [Edge(sent, received)]
        assert [one for one in edges if one.fits and received == one.received] == [Edge(sent, received)]


@given(EDGES)
def test_what_is_left_is_every_row_that_had_a_candidate_without_a_pair_of_its_own(edges: list[Edge]) -> None:
    found = decide(edges)
    paired = {*chain(*found.pairs)}
    left = {(s, r) for one in found.left for s in one.sent for r in one.received}
    for one in edges:
        if not {one.sent, one.received} & paired:
            assert (one.sent, one.received) in left


def test_two_that_could_be_one_another_are_a_pair() -> None:
    assert decide([Edge(1, 2)]) == Decision(((1, 2),), ())


def test_a_tie_is_not_guessed_even_where_one_end_has_no_choice() -> None:
    left = Cluster((1, 3), (2, 4), fits=True)
    assert decide([Edge(1, 2), Edge(1, 4), Edge(3, 4)]) == Decision((), (left,))


def test_an_amount_that_does_not_fit_makes_no_pair_and_disturbs_none() -> None:
    assert decide([Edge(1, 2, fits=False)]).left == (Cluster((1,), (2,), fits=False),)
    assert decide([Edge(1, 2), Edge(1, 4, fits=False), Edge(3, 2, fits=False)]) == Decision(((1, 2),), ())


def test_rows_hang_together_through_others() -> None:
    assert clusters([Edge(3, 4), Edge(5, 6), Edge(1, 2), Edge(3, 2)]) == (
        Cluster((1, 3), (2, 4), fits=True),
        Cluster((5,), (6,), fits=True),
    )
