"""Laws of books that only looks prove: one planted fault is found in its interval, with its amount, never misnamed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.breaks import Break
from recon.core.money import exact
from tests.checks._ledger import START, Ledger

FEW = settings(max_examples=settings().max_examples // 8)
FAULTS = {
    "none": "",
    "drop": "missing_record",
    "double": "duplicate_record",
    "sign": "sign_flipped",
    "scale": "decimal_shift",
    "digits": "transposed_digits",
    "amount": "missing_record",
}


class Case(NamedTuple):
    """What a venue moved, in which row its history is wrong and how, and after how many rows each look came."""

    moves: tuple[Decimal, ...]
    number: int
    fault: str
    looks: tuple[int, ...]
    odd: Decimal
    places: int


@st.composite
def amounts(draw: st.DrawFn, places: int) -> Decimal:
    """A size as venues move it, either way, whose last decimal is not zero."""
    digits = draw(st.integers(10**3, 10 ** (places + draw(st.integers(1, 4))))) * 10 + draw(st.integers(1, 9))
    return Decimal(digits * draw(st.sampled_from((1, -1)))).scaleb(-places)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    places = draw(st.sampled_from((2, 6, 8, 18)))
    moves = tuple(draw(st.lists(amounts(places), min_size=1, max_size=14)))
    return Case(
        moves=moves,
        number=draw(st.integers(0, len(moves) - 1)),
        fault=draw(st.sampled_from(sorted(FAULTS))),
        looks=tuple(sorted({*draw(st.lists(st.integers(0, len(moves)), max_size=4)), len(moves)})),
        odd=draw(amounts(places)),
        places=places,
    )


def _listed(case: Case) -> list[Decimal]:
    """The faulty row as the venue's history lists it: none, one or two rows."""
    true = case.moves[case.number]
    if case.fault == "digits":
        written = f"{true:f}"
        spots = [
            n
            for n in range(len(written) - 1)
            if written[n : n + 2].isdigit() and written[n] != written[n + 1]
        ]
        spots = [n for n in spots if written[n + 1] != "0" or n > 1]
        if not spots:
            return [true]
        spot = spots[len(spots) // 2]
        return [Decimal(written[:spot] + written[spot + 1] + written[spot] + written[spot + 2 :])]
    with exact():
        return {
            "none": [true],
            "drop": [],
            "double": [true, true],
            "sign": [true.copy_negate()],
            "scale": [
                true.scaleb(
                    3 if case.places > 8 else -1 if not true % Decimal(10).scaleb(-case.places) else 2
                )
            ],
            "amount": [true + case.odd],
        }[case.fault]


def _held(case: Case, rows: int) -> Decimal:
    with exact():
        return sum(case.moves[:rows], Decimal(0))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@FEW
@given(books=st.lists(cases(), min_size=1, max_size=12))
def test_one_fault_is_found_in_its_interval_with_its_amount_and_no_false_name(
    ledger: Ledger, books: list[Case]
) -> None:
    found: dict[str, list[Break]] = {}
    ledger.clear()
    expected = {f"s{number:02}": _post(ledger, f"s{number:02}", case) for number, case in enumerate(books)}
    for one in ledger.breaks(names=["closing_balance"]):
        found.setdefault(str(one.source), []).append(one)
    for number, case in enumerate(books):
        source = f"s{number:02}"
        out, at = expected[source]
        if not out:
            assert source not in found
            continue
        (one,) = found[source]
        assert (one.check, one.difference, one.at and one.at.replace(tzinfo=None)) == (
            "closing_balance",
            out,
            at,
        )
        assert one.diagnosis.kind in {FAULTS[case.fault], "unexplained"}
        if case.places >= 8 and case.fault in {"double", "sign"} and abs(case.moves[case.number]) > 1:
            assert one.diagnosis.kind == FAULTS[case.fault]


def _post(ledger: Ledger, source: str, case: Case) -> tuple[Decimal, datetime | None]:
    """Posts a case as a source of its own; by how much the balance is out, and at which look that comes up."""
    listed = _listed(case)
    out, found_at = Decimal(0), None
    for number in range(len(case.moves) + 1):
        if number in case.looks:
            ledger.look(
                {("main", "BTC"): str(_held(case, number))}, source=source, at=START + timedelta(hours=number)
            )
            if out and found_at is None:
                found_at = START + timedelta(hours=number)
        if number == len(case.moves):
            break
        rows = listed if number == case.number else [case.moves[number]]
        for row in rows:
            kind = "deposit" if row > 0 else "withdrawal"
            at = START + timedelta(hours=number, minutes=30)
            ledger.row(row, source=source, at=at, ordinal=number, kind=kind)
        with exact():
            out += case.moves[number] - sum(rows, Decimal(0))
    return out, found_at
