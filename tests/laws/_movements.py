"""Movements whose truth is known, and what the sources tell of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

ASSETS = {"bank": "EUR", "broker": "BTC", "egera": "LTC"}
"""What each source's one place holds."""
FIRST = datetime(2025, 1, 2, 9, tzinfo=UTC)
HEADER = "timestamp,kind,account,asset,quantity,balance_after,id"


@dataclass(frozen=True, kw_only=True)
class Move:
    """What moved, and what the file shows of it: None where it leaves the row out."""

    name: str
    at: datetime
    true: int
    shown: int | None


class Change(NamedTuple):
    """Something that happens to a source's movement, or to the row of it."""

    what: str
    source: str
    number: int
    amount: int


NUMBER = st.integers(0, 63)
AMOUNT = st.integers(-9, 9).filter(bool)
SOURCE = st.sampled_from(sorted(ASSETS))
CHANGE = st.builds(
    Change,
    st.sampled_from(
        [
            "new",
            "new",
            "hidden",
            "hidden",
            "twin",
            "left out",
            "left out",
            "shown",
            "shown",
            "misstated",
            "rewritten",
        ]
    ),
    SOURCE,
    NUMBER,
    AMOUNT,
)
AT_FIRST = st.lists(CHANGE, min_size=6, max_size=10)
CHANGES = st.lists(CHANGE, min_size=2, max_size=6)


def moment(number: int) -> datetime:
    """A moment of the three months and a little later."""
    return FIRST + timedelta(days=number * 92 // 63)


def changed(moves: Sequence[Move], one: Change, made: int) -> list[Move]:
    """``hidden``: it moved, and no row tells of it; ``twin``: a row tells what never moved. ``made``: its number.

    The first movement always stands. Nothing is told of movements that would be none.
    """
    wrong = [each for each in moves if each.true and each.shown != each.true]
    those = wrong if one.what == "shown" and wrong else moves[1:] or moves
    old = those[one.number % len(those)]
    if one.what in ("new", "hidden", "twin"):
        at = moment(one.number) + timedelta(minutes=made)
        true, shown = {
            "new": (one.amount, one.amount),
            "hidden": (one.amount, None),
            "twin": (0, old.shown or one.amount),
        }[one.what]
        at = old.at + timedelta(microseconds=1) if one.what == "twin" else at
        moves = [*moves, Move(name=f"m{made}", at=at, true=true, shown=shown)]
    elif old.name != "first":
        true, shown = {
            "left out": (old.true, None),
            "shown": (old.true, old.true or None),
            "misstated": (old.true, one.amount),
            "rewritten": (one.amount, one.amount),
        }[one.what]
        moves = [replace(each, true=true, shown=shown) if each is old else each for each in moves]
    return sorted(moves, key=lambda each: (each.at, each.name))


def told(moves: Sequence[Move]) -> int:
    """The balance that the file's last row states."""
    rows = [number for number, one in enumerate(moves) if one.shown is not None]
    return sum(one.true for one in moves[: rows[-1] + 1]) if rows else 0


def text_of(moves: Sequence[Move], asset: str) -> str:
    """The file, oldest row first."""
    lines, held = [HEADER], 0
    for one in moves:
        held += one.true
        if one.shown is not None:
            kind = "deposit" if one.shown > 0 else "withdrawal"
            at = one.at.isoformat().replace("+00:00", "Z")
            lines.append(f"{at},{kind},main,{asset},{abs(one.shown)},{held},{one.name}")
    return "\n".join(lines) + "\n"


def books_of(moves: Sequence[Move], asset: str) -> dict[str, Any]:
    """What a venue answers that states no balance with its rows, but tells what it holds."""
    deposits, withdrawals = [], []
    for one in moves:
        told = {
            "time": str(int(one.at.timestamp())),
            "amount": f"{abs(one.shown or 0)}.00000000",
            "state": "1",
        }
        if one.shown is not None and one.shown > 0:
            deposits.append({**told, "type": one.name})
        elif one.shown is not None:
            withdrawals.append({**told, "tx": one.name, "address": "outside"})
    held = {"active": f"{sum(one.true for one in moves)}.00000000", "inactive": "0.00000000"}
    code = asset.lower()
    return {
        "balances": {asset: held},
        "deposits": {code: deposits},
        "withdrawals": {code: withdrawals},
    }
