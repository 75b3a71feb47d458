"""Laws: clean books never break; one planted fault is found once, at its row, with its amount and no false name."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recon.core.money import exact
from tests.checks._ledger import START, Ledger

EXAMPLES = settings(max_examples=settings().max_examples // 4)
AMOUNTS = st.decimals(min_value="-1e9", max_value="1e9", places=18).filter(bool) | st.sampled_from(
    [
        Decimal(text)
        for text in ("1", "-1", "0.000000000000000001", "-999999999.999999999999999999", "3", "3", "-3")
    ]
)


class Row(NamedTuple):
    account: str
    asset: str
    ordinal: int
    quantity: Decimal
    after: Decimal | None

    @property
    def kind(self) -> str:
        return "deposit" if self.quantity > 0 else "withdrawal"


@dataclass
class Books:
    """Rows in the venue's order, as it lists them, and what it says it holds."""

    rows: list[Row]
    held: dict[tuple[str, str], Decimal]


@st.composite
def books(draw: st.DrawFn, *, stated: bool | None = None, distinct: bool = False) -> Books:
    """Chains of an account and asset, mixed; ``stated``: every row states its balance, or none does, or some do."""
    moves = st.tuples(st.sampled_from("ab"), st.sampled_from("XY"), AMOUNTS, st.booleans(), st.booleans())
    drawn = draw(
        st.lists(moves, min_size=1, max_size=12, unique_by=(lambda one: abs(one[2])) if distinct else None)
    )
    rows: list[Row] = []
    held: dict[tuple[str, str], Decimal] = {}
    ordinal = 0
    with exact():
        for account, asset, quantity, moves_on, states in drawn:
            ordinal += moves_on
            balance = held[account, asset] = held.get((account, asset), Decimal(0)) + quantity
            shown = states if stated is None else stated
            rows.append(Row(account, asset, ordinal, quantity, balance if shown else None))
    return Books(rows, held)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Without the optimizer: it costs these small tables most of their time."""
    fresh = Ledger()
    fresh.connection.execute("pragma disable_optimizer")
    return fresh


def _post(ledger: Ledger, listed: list[Row], held: dict[tuple[str, str], Decimal]) -> None:
    ledger.clear()
    ledger.read("history", at=START)
    for row in listed:
        ledger.row(
            row.quantity, row.after, account=row.account, asset=row.asset, ordinal=row.ordinal, kind=row.kind,
            at=START + timedelta(seconds=row.ordinal),
        )  # fmt: skip
    ledger.look({place: str(total) for place, total in held.items() if total}, at=START + timedelta(days=1))


def _next_in_chain(rows: list[Row], number: int) -> int | None:
    """Where the next row of the same chain stands."""
    chain = rows[number][:2]
    return next((later for later in range(number + 1, len(rows)) if rows[later][:2] == chain), None)


@EXAMPLES
@given(clean=books())
def test_clean_books_never_break(ledger: Ledger, clean: Books) -> None:
    _post(ledger, clean.rows, clean.held)
    answers = ledger.results()
    assert [one for answer in answers.values() for one in answer.breaks] == []
    assert answers["running_balance"].tested == sum(row.after is not None for row in clean.rows)
    assert answers["closing_balance"].tested == len(clean.held)
    assert answers["double_entry"].tested == answers["unclassified"].tested == len(clean.rows)


@EXAMPLES
@given(clean=books(stated=True), data=st.data())
def test_a_dropped_row_is_found_once_at_the_row_after_it(
    ledger: Ledger, clean: Books, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(clean.rows) - 1))
    lost, following = clean.rows[number], _next_in_chain(clean.rows, number)
    after = clean.rows[following] if following is not None else None
    with (
        exact()
    ):  # a row lost before a row of half its size and the other sign looks like that row's sign flipped
        assume(after is None or lost.quantity not in (-after.quantity - after.quantity, -after.quantity))
    _post(ledger, clean.rows[:number] + clean.rows[number + 1 :], clean.held)
    (found,) = ledger.breaks()
    assert (found.account, found.asset, found.difference) == (*lost[:2], lost.quantity)
    assert found.diagnosis.kind == "missing_record"
    if following is None:
        assert found.check == "closing_balance"
    else:
        assert found.check == "running_balance"
        assert found.entries[0] == following  # entries count from 1, and one row before it is gone


@EXAMPLES
@given(clean=books(stated=True), data=st.data())
def test_a_doubled_row_is_found_once_and_named(ledger: Ledger, clean: Books, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(clean.rows) - 1))
    twice = clean.rows[number]
    _post(ledger, [*clean.rows[: number + 1], *clean.rows[number:]], clean.held)
    (found,) = ledger.breaks()
    with exact():
        assert found.difference == -twice.quantity
    assert (found.check, found.diagnosis.kind) == ("running_balance", "duplicate_record")
    assert found.entries[0] == number + 2


@EXAMPLES
@given(clean=books(stated=True), data=st.data())
def test_a_flipped_sign_is_found_once_and_named(ledger: Ledger, clean: Books, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(clean.rows) - 1))
    with exact():
        flipped = clean.rows[number]._replace(quantity=-clean.rows[number].quantity)
        apart = -flipped.quantity - flipped.quantity
    _post(ledger, [*clean.rows[:number], flipped, *clean.rows[number + 1 :]], clean.held)
    (found,) = ledger.breaks()
    assert (found.check, found.diagnosis.kind, found.difference) == ("running_balance", "sign_flipped", apart)
    assert found.entries[0] == number + 1


@EXAMPLES
@given(
    clean=books(stated=False, distinct=True),
    data=st.data(),
    fault=st.sampled_from(["drop", "double", "flip"]),
)
def test_without_statements_a_fault_is_found_once_by_the_closing_balance(
    ledger: Ledger, clean: Books, data: st.DataObject, fault: str
) -> None:
    number = data.draw(st.integers(0, len(clean.rows) - 1))
    row, before, after = clean.rows[number], clean.rows[:number], clean.rows[number + 1 :]
    with exact():
        halves = {abs(one.quantity + one.quantity) for one in clean.rows}
        assume(not halves & {abs(one.quantity) for one in clean.rows})
        listed, apart, kind = {
            "drop": ([], row.quantity, "missing_record"),
            "double": ([row, row], -row.quantity, "duplicate_record"),
            "flip": ([row._replace(quantity=-row.quantity)], row.quantity + row.quantity, "sign_flipped"),
        }[fault]
    _post(ledger, [*before, *listed, *after], clean.held)
    (found,) = ledger.breaks()
    assert (found.check, found.diagnosis.kind, found.difference) == ("closing_balance", kind, apart)
    assert (found.account, found.asset) == row[:2]


@EXAMPLES
@given(clean=books(), data=st.data())
def test_an_altered_amount_is_never_missed_and_never_found_twice(
    ledger: Ledger, clean: Books, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(clean.rows) - 1))
    row = clean.rows[number]
    with exact():
        altered = row._replace(quantity=row.quantity + data.draw(AMOUNTS))
        apart = row.quantity - altered.quantity
    _post(ledger, [*clean.rows[:number], altered, *clean.rows[number + 1 :]], clean.held)
    (found,) = ledger.breaks()
    assert found.difference == apart
    assert (found.account, found.asset) == row[:2]
