"""Among thousands of rows the one that explains a closing difference is found, and what is not searched is said."""

from decimal import Decimal

import pytest

from recon.core.breaks import Break
from recon.core.records import Rate
from tests.checks._ledger import Ledger, day

ROWS = 3_000
"""Rows of the interval. Their sizes are different, and none is a round figure."""

_FILL = """
insert into legs
select e.entry, 'fuse', case when s.side = 1 then 'main' end, 'x',
    case when s.side = 1 then 'assets' else 'external' end,
    'BTC', s.side * e.quantity, null, timestamp '2025-01-03' + interval 1 minute * e.entry, e.entry,
    case when e.entry % 3 = 0 then 'funding' when e.quantity > 0 then 'deposit' else 'withdrawal' end, true,
    e.entry, e.entry, e.entry, '', '', true, e.entry, false,
    timestamp '2025-01-03' + interval 1 minute * e.entry, null
from (
    select n + 1 as entry, cast(case when n % 2 = 0 then 1 else -1 end as decimal(36, 18))
        * cast((1000000000 + n * 7368787) % 7919000003 as decimal(18, 0)) * 0.00000001 + 0.00000001 as quantity
    from range(1, $1) as t(n)
) as e
cross join (values (1), (-1)) as s(side)
"""


@pytest.fixture(scope="module")
def shared() -> Ledger:
    return Ledger()


@pytest.fixture
def ledger(shared: Ledger) -> Ledger:
    """Thousands of rows between two looks, of which the second is still to be taken."""
    shared.clear()
    shared.row("100000", at=day(1))
    shared.look({("main", "BTC"): "100000"}, at=day(2))
    shared.connection.execute(_FILL, [ROWS + 1])
    shared.entry = ROWS + 1
    return shared


def _number(ledger: Ledger, query: str) -> Decimal:
    row = ledger.connection.execute(f"select {query} from legs as l where l.class = 'assets'").fetchone()
    assert row is not None
    return Decimal(row[0])


def _out_by(ledger: Ledger, query: str) -> Break:
    """The one break of a venue that holds so much more than the rows say."""
    held = _number(ledger, "sum(l.quantity)") + _number(ledger, query)
    ledger.look({("main", "BTC"): str(held)}, at=day(9))
    (found,) = ledger.breaks(names=["closing_balance"])
    return found


def _of(entry: int, factor: str = "") -> str:
    return f"sum(case when l.entry = {entry} then l.quantity {factor} end)"


@pytest.mark.parametrize("entry", [2, 777, ROWS + 1])
def test_a_flipped_sign_is_found_wherever_it_stands(ledger: Ledger, entry: int) -> None:
    found = _out_by(ledger, _of(entry, "* -2"))
    assert found.entries == (entry,)
    assert "has the wrong sign" in found.diagnosis.text


def test_a_misplaced_point_is_found_and_named_where_chance_is_ruled_out(ledger: Ledger) -> None:
    found = _out_by(ledger, _of(1500, "* 999"))
    assert (found.diagnosis.kind, found.entries) == ("decimal_shift", (1500,))


def test_a_misplaced_point_to_the_left_is_found(ledger: Ledger) -> None:
    ledger.connection.execute("update legs set quantity = quantity * 100 where entry = 1500")
    found = _out_by(ledger, _of(1500, "* -0.99"))
    assert (found.diagnosis.kind, found.entries) == ("decimal_shift", (1500,))


def test_a_row_that_did_not_move_the_balance_is_told(ledger: Ledger) -> None:
    found = _out_by(ledger, _of(1234, "* -1"))
    assert (found.diagnosis.kind, found.entries) == ("unexplained", (1234,))


def test_swapped_digits_are_told_and_prove_nothing_as_many_rows_have_such_digits(ledger: Ledger) -> None:
    found = _out_by(ledger, "8.1")
    assert found.diagnosis.kind == "unexplained"
    assert found.diagnosis.text.count("if neighbouring digits of the row of") == 5
    assert "There are more like these." in found.diagnosis.text
    assert len(found.entries) == 5


def test_a_fee_at_a_known_rate_is_found(ledger: Ledger) -> None:
    ledger.rates = {"fuse": [Rate("BTC", "taker fee", Decimal("0.0025"), None)]}
    found = _out_by(ledger, "-round(0.0025 * abs(" + _of(1701) + "), 8)")
    ledger.rates = {}
    assert 1701 in found.entries
    assert "at taker fee, on the row of" in found.diagnosis.text


def test_all_rows_of_a_kind_with_the_wrong_sign_are_named_together(ledger: Ledger) -> None:
    found = _out_by(ledger, "-2 * sum(case when l.kind = 'funding' then l.quantity end)")
    assert found.diagnosis.kind == "sign_flipped"
    assert "if all rows of the kind funding (1000) have the wrong sign" in found.diagnosis.text


def test_what_nothing_explains_says_that_the_rows_were_too_many_for_sets(ledger: Ledger) -> None:
    found = _out_by(ledger, "123456.7654321")
    assert found.diagnosis.kind == "missing_record"
    assert "There are 3000 rows since then, too many to try which of them together" in found.diagnosis.text
