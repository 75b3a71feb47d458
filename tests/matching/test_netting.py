"""Inside a source what left one account arrives at another; a side without its other is named."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recon.matching.netting import Move, alone

WINDOW = timedelta(hours=72)
START = datetime(2025, 1, 1, tzinfo=UTC)


def move(entry: int, account: str, hours: float, *, arrives: bool) -> Move:
    return Move(entry, account, arrives, START + timedelta(hours=hours))


def test_two_sides_net_whichever_is_stated_first() -> None:
    sent, received = move(1, "128", 0, arrives=False), move(2, "129", 1, arrives=True)
    assert alone([sent, received], WINDOW) == []
    assert alone([sent, received._replace(at=START - WINDOW)], WINDOW) == []


def test_a_side_that_comes_after_the_window_is_no_other() -> None:
    sent = move(1, "128", 0, arrives=False)
    late = move(2, "129", 72, arrives=True)
    assert alone([sent, late], WINDOW) == []
    late = late._replace(at=late.at + timedelta(microseconds=1))
    assert alone([sent, late], WINDOW) == [sent, late]


def test_the_side_that_has_no_other_is_named() -> None:
    lost = move(1, "128", 0, arrives=False)
    rest = [move(2, "129", 24, arrives=False), move(3, "128", 25, arrives=True)]
    assert alone([lost, *rest], WINDOW) == [lost]


def test_of_equal_moves_the_earliest_belong_together() -> None:
    moves = [move(number, "128", number, arrives=False) for number in range(4)]
    arrivals = [move(10 + number, "129", number + 0.5, arrives=True) for number in range(3)]
    assert alone([*moves, *arrivals], WINDOW) == [moves[3]]


def test_what_came_and_went_at_one_account_nets_where_no_other_could_be_meant() -> None:
    assert alone([move(1, "sub", 0, arrives=True), move(2, "sub", 7, arrives=False)], WINDOW) == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.booleans()), max_size=12), st.randoms()
)
def test_sides_net_by_twos_in_any_order(stated: list[tuple[str, int, bool]], chance: object) -> None:
    moves = [move(number, account, at, arrives=way) for number, (account, at, way) in enumerate(stated)]
    left = alone(moves, WINDOW)
    gone = [one for one in moves if one not in left]
    assert sum(one.arrives for one in gone) * 2 == len(gone)
    assert not [
        (a, b) for a in left for b in left if a.arrives and not b.arrives and abs(a.at - b.at) <= WINDOW
    ]
    chance.shuffle(moves)  # type: ignore[attr-defined]
    assert alone(moves, WINDOW) == left
