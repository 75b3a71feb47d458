"""Histories that nobody thought of: few units, so that hardly any amount divides evenly."""

from typing import NamedTuple

from hypothesis import strategies as st

from recon.core.lots import Movement, order

PLACES = ("a", "b", "c")
HOUR = 3_600 * 1_000_000
FIRST_DAY = 738_000
MINUTES_LATE = (0, 150, 40 * 24 * 60 + 30)
"""Of an odd half hour, so that nothing arrives at a moment at which something else happens."""


class Step(NamedTuple):
    hours: int
    kind: str
    place: str
    other: str
    quantity: int
    amount: int | None
    worth: int | None
    late: int


def histories(*, whole: bool = False, transfers: bool = True) -> st.SearchStrategy[list[Movement]]:
    """Movements in order. ``whole``: nothing goes short and every amount is known."""
    amounts = st.integers(0, 2_000)
    perhaps = amounts if whole else st.none() | amounts
    steps = st.builds(
        Step,
        hours=st.sampled_from([1 if whole else 0, 1, 20, 24 * 6, 24 * 31]),
        kind=st.sampled_from(["buy", "buy", "sell", "sell", "move"] if transfers else ["buy", "sell"]),
        place=st.sampled_from(PLACES),
        other=st.sampled_from(PLACES),
        quantity=st.integers(1, 30),
        amount=perhaps,
        worth=perhaps,
        late=st.sampled_from(MINUTES_LATE),
    )
    return st.lists(steps, max_size=14).map(lambda some: _movements(some, whole=whole))


def _movements(steps: list[Step], *, whole: bool) -> list[Movement]:
    made: list[Movement] = []
    at = 0
    for number, step in enumerate(steps):
        at += step.hours * HOUR
        name, sells = f"{number:03}", step.kind == "sell"
        there = sum(one.quantity for one in made if one.place == step.place and one.at <= at)
        quantity = min(step.quantity, there) if whole and step.kind != "buy" else step.quantity
        if not quantity:
            continue
        if step.kind == "move":
            arrives = at + step.late * HOUR // 60
            made.append(moved(f"{name}>", at, step.place, -quantity, name))
            made.append(moved(f"{name}<", arrives, step.other, quantity, name))
        else:
            signed = -quantity if sells else quantity
            made.append(Movement(name, at, day(at), step.place, signed, step.amount, step.worth, step.kind))
    return sorted(made, key=order)


def moved(name: str, at: int, place: str, quantity: int, transfer: str) -> Movement:
    """One side of a move."""
    return Movement(name, at, day(at), place, quantity, None, None, "move", transfer)


def day(at: int) -> int:
    """The day of a moment."""
    return FIRST_DAY + at // (24 * HOUR)


def gone(movement: Movement) -> bool:
    """Whether a movement is a disposal."""
    return movement.quantity < 0 and not movement.transfer


def came(movement: Movement) -> bool:
    """Whether a movement is an acquisition."""
    return movement.quantity > 0 and not movement.transfer
