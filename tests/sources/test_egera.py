"""Egera: what its rows become in the ledger, which rows are told apart, and what is asked for."""

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import identity, read_json, write_json
from recon.core.records import Row
from recon.demo.egera import Egera
from recon.demo.venues import load_all
from recon.sources.egera import SOURCE
from tests.sources.drive import (
    LONG,
    NAME,
    UNSIGNED,
    as_bytes,
    balanced,
    booked,
    drive,
    held,
    nearly,
    of_egera,
    sums,
)
from tests.sources.egera_answers import DEPOSIT, TRADE, WALLETS, WITHDRAWAL, literal, settings


def trades(*rows: Any, wallets: Any = WALLETS, **changes: Any) -> list[Row]:
    reply = literal(history={"history": list(rows)}, getwalletsstatus=wallets)
    return drive(SOURCE, settings(**changes), reply)["trades"].rows()


def movements(kind: str, *rows: Any) -> list[Row]:
    return drive(SOURCE, settings(), literal(**{kind: {"btc": list(rows)}}))[f"{kind}/BTC"].rows()


def moves(row: Row) -> dict[tuple[str, str], Fraction]:
    return {
        (account.removesuffix(f":{NAME}"), asset): value
        for (account, asset), value in sums(row.postings).items()
    }


def test_the_sample_books_add_up_to_what_the_venue_holds() -> None:
    reads = drive(SOURCE, settings(), of_egera(Egera(load_all()["egera"])))
    assert booked(reads) == held(reads["balances"].holdings())
    assert all(balanced(read.rows()) for read in reads.values() if read.stream.rows)
    assert not any(
        row.kind.startswith("odd") for read in reads.values() if read.stream.rows for row in read.rows()
    )


@pytest.mark.parametrize(
    ("price", "half_up", "half_even", "down", "up"),
    [
        ("0.01", "0.01", "0", "0", "0.01"),
        ("0.03", "0.02", "0.02", "0.01", "0.02"),
        ("0.049", "0.02", "0.02", "0.02", "0.03"),
        ("0.04", "0.02", "0.02", "0.02", "0.02"),
    ],
)
def test_a_quote_is_rounded_at_its_currencys_decimals_by_the_habit_that_is_set(
    price: str, half_up: str, half_even: str, down: str, up: str
) -> None:
    row = TRADE | {"price": price, "fee_maker": "0"}
    for rounding, paid in {"half_up": half_up, "half_even": half_even, "down": down, "up": up}.items():
        found = moves(trades(row, rounding=rounding)[0])
        assert found.get((f"assets:{NAME}:main", "PLN"), 0) == -Fraction(paid)
        assert found[f"assets:{NAME}:main", "BTC"] == Fraction("0.5")


@pytest.mark.parametrize(
    ("side", "action", "fee_currency", "btc", "pln", "fee"),
    [
        # 0.5 * 100.01 = 50.005, half up 50.01; maker 30 bps of it 0.15003, taker 50 bps 0.25005
        ("bid", "open", "quote", "0.5", "-50.16", ("PLN", "0.15")),
        ("bid", "close", "quote", "0.5", "-50.26", ("PLN", "0.25")),
        ("ask", "open", "quote", "-0.5", "49.86", ("PLN", "0.15")),
        ("ask", "close", "quote", "-0.5", "49.76", ("PLN", "0.25")),
        ("bid", "open", "received", "0.4985", "-50.01", ("BTC", "0.0015")),
        ("bid", "close", "received", "0.4975", "-50.01", ("BTC", "0.0025")),
        ("ask", "open", "received", "-0.5", "49.86", ("PLN", "0.15")),
        ("ask", "close", "received", "-0.5", "49.76", ("PLN", "0.25")),
    ],
)
def test_a_trade_pays_the_makers_rate_when_open_and_the_takers_when_close(
    side: str, action: str, fee_currency: str, btc: str, pln: str, fee: tuple[str, str]
) -> None:
    (row,) = trades(TRADE | {"type": side, "action": action}, fee_currency=fee_currency)
    found = moves(row)
    assert found[f"assets:{NAME}:main", "BTC"] == Fraction(btc)
    assert found[f"assets:{NAME}:main", "PLN"] == Fraction(pln)
    assert {place: value for place, value in found.items() if place[0] == "fees"} == {
        ("fees", fee[0]): Fraction(fee[1])
    }
    assert row.kind == {"bid": "buy", "ask": "sell"}[side]
    assert balanced([row])


def test_a_rate_is_in_basis_points_unless_percent_is_set() -> None:
    row = TRADE | {"price": "200", "fee_maker": "0.3"}
    assert moves(trades(row, fee_unit="percent")[0])["fees", "PLN"] == Fraction("0.30")
    assert ("fees", "PLN") not in moves(trades(row, fee_unit="bps")[0])


@pytest.mark.parametrize("none", [0, False, "0", "0.00"], ids=repr)
def test_a_rate_of_nothing_charges_nothing(none: Any) -> None:
    (row,) = trades(TRADE | {"fee_maker": none})
    assert row.kind == "buy"
    assert not any(account == "fees" for account, _ in moves(row))


def test_a_quote_and_a_fee_are_exact_to_the_last_of_many_digits() -> None:
    row = TRADE | {"amount": "12345678901234567.123456789012345678", "price": "10", "fee_maker": "1"}
    (found,) = trades(row, wallets={"pln": {"decimal_point": "18"}})
    assert moves(found)["trading", "PLN"] == Fraction("123456789012345671.23456789012345678")
    assert moves(found)["fees", "PLN"] == Fraction("12345678901234.567123456789012346")


def test_times_of_trades_are_seconds_or_milliseconds() -> None:
    seconds, milliseconds = trades(TRADE, TRADE | {"time_close": 1735807272658})
    assert (milliseconds.at - seconds.at).total_seconds() == 0.658


@pytest.mark.parametrize("kind", ["deposits", "withdrawals"])
@pytest.mark.parametrize("state", ["0", 0, "2", "", "done", None, True, [1]], ids=repr)
def test_what_is_not_done_is_pending_and_has_no_postings(kind: str, state: Any) -> None:
    (row,) = movements(kind, (DEPOSIT | WITHDRAWAL) | {"state": state})
    assert (row.status, row.postings) == ("pending", ())
    assert row.quantity == Decimal("1.5") * (1 if kind == "deposits" else -1)


@pytest.mark.parametrize("state", ["1", 1], ids=repr)
def test_what_is_done_moves_against_outside(state: Any) -> None:
    (deposit,) = movements("deposits", DEPOSIT | {"state": state})
    (withdrawal,) = movements("withdrawals", WITHDRAWAL | {"state": state})
    there = {(f"assets:{NAME}:main", "BTC"): Fraction("1.5"), ("external", "BTC"): Fraction("-1.5")}
    assert moves(deposit) == there
    assert moves(withdrawal) == {place: -value for place, value in there.items()}


def test_a_withdrawal_stays_itself_when_it_is_sent() -> None:
    before, sent, other = movements(
        "withdrawals", WITHDRAWAL | {"state": "0"}, WITHDRAWAL | {"tx": "ab"}, WITHDRAWAL | {"address": "bc2"}
    )
    assert before.identity == sent.identity != other.identity
    assert before.data != sent.data


@pytest.mark.parametrize("kind", ["deposits", "withdrawals"])
def test_a_change_of_state_alone_is_the_same_row_anew(kind: str) -> None:
    before, after = (movements(kind, (DEPOSIT | WITHDRAWAL) | {"state": state})[0] for state in ("0", "1"))
    assert before.identity == after.identity
    assert (json.loads(before.data)["state"], json.loads(after.data)["state"]) == ("0", "1")
    assert (before.status, after.status) == ("pending", "settled")


@given(number=st.integers(0, 10**17 - 1), places=st.integers(0, 18))
def test_how_a_number_is_written_does_not_change_who_a_row_is(number: int, places: int) -> None:
    ways: list[Any] = [number, str(number), f"{number}.{'0' * places}" if places else f"0{number}"]
    ways += [False, "0"] if number == 0 else []
    found = {row.identity for row in trades(*(TRADE | {"amount": way, "fee_taker": way} for way in ways))}
    found |= {
        row.identity
        for row in trades(TRADE | {"time_close": "1735807272", "amount": number, "fee_taker": number})
    }
    assert len(found) == 1
    assert found != {row.identity for row in trades(TRADE | {"amount": number + 1, "fee_taker": number})}


def test_twins_are_two_rows_of_one_identity() -> None:
    rows = trades(TRADE, TRADE, TRADE | {"time_close": 1735807273})
    assert [count for _, count in Counter(row.identity for row in rows).most_common()] == [2, 1]
    assert [row.pointer for row in rows] == ["/history/0", "/history/1", "/history/2"]


ODD_TRADES = [
    TRADE | {"type": "swap"},
    TRADE | {"type": ["bid"]},
    TRADE | {"action": ""},
    {name: value for name, value in TRADE.items() if name != "price"},
    {name: value for name, value in TRADE.items() if name != "time_close"},
    TRADE | {"amount": "1,5"},
    TRADE | {"amount": "NaN"},
    TRADE | {"amount": False},
    TRADE | {"amount": "0.1234567890123456789"},
    TRADE | {"amount": "999999999999999999", "price": "999999999999999999"},
    TRADE | {"amount": "9" * 18 + "." + "9" * 18, "price": "9" * 18 + "." + "9" * 18},
    TRADE | {"fee_maker": None},
    TRADE | {"time_close": 12},
    TRADE | {"time_close": "0001-01-01T00:00:00+14:00"},
    TRADE | {"time_close": "²"},
    ["bid"],
    None,
    "row",
]


@pytest.mark.parametrize("odd", ODD_TRADES, ids=repr)
def test_a_trade_that_cannot_be_understood_is_kept_and_moves_nothing(odd: Any) -> None:
    before, found, after = trades(TRADE, odd, TRADE)
    assert found.kind.startswith("odd: ")
    assert found.status == "settled"
    assert [(one.account, one.quantity) for one in found.postings] == [(f"suspense:{NAME}", Decimal(0))]
    assert found.data == write_json(
        read_json(json.dumps(odd if isinstance(odd, dict) else {"": odd}).encode())
    )
    assert before.kind == after.kind == "buy"


@pytest.mark.parametrize("code", ["b t c", "", "złoty", None, ["btc"], "x" * 33], ids=repr)
def test_the_units_of_an_impossible_currency_stand_in_suspense(code: Any) -> None:
    (row,) = trades(TRADE | {"currency1": code, "fee_maker": "0"})
    found = moves(row)
    (odd,) = {asset for _, asset in found if asset != "PLN"}
    assert found["suspense", odd] == -Fraction("0.5")
    assert found["trading", "PLN"] == Fraction("50.01")
    assert read_json(row.data.encode())["currency1"] == (None if code is None else read_json(as_bytes(code)))


ANY_TRADE = nearly(
    {
        "currency1": st.sampled_from(["btc", "eth", "pln", "?"]),
        "currency2": st.sampled_from(["pln", "eur", "btc"]),
        "amount": LONG,
        "time_close": st.sampled_from([1735807272, "1735807272658"]),
        "price": UNSIGNED | st.just("0.000000000000000001"),
        "fee_taker": st.sampled_from(["0", "50", 25, False]) | LONG,
        "fee_maker": st.sampled_from(["0", "30", 25, False]) | LONG,
        "type": st.sampled_from(["bid", "ask"]),
        "action": st.sampled_from(["open", "close"]),
    }
)


@given(
    rows=st.lists(ANY_TRADE, max_size=6),
    places=st.integers(0, 18),
    fee=st.sampled_from(["quote", "received"]),
)
def test_trades_of_any_shape_come_out_as_many_as_they_went_in_and_cancel(
    rows: list[Any], places: int, fee: str
) -> None:
    found = trades(
        *rows, wallets={"btc": {"decimal_point": places}, "pln": {"decimal_point": "2"}}, fee_currency=fee
    )
    assert len(found) == len(rows)
    assert balanced(found)
    assert [read_json(row.data.encode()) for row in found] == [
        read_json(write_json(read_json(as_bytes(row if isinstance(row, dict) else {"": row}))).encode())
        for row in rows
    ]
    assert all(identity(row.identity) for row in found)


ANY_MOVEMENT = nearly(
    {
        "time": st.just("1735807272"),
        "amount": LONG,
        "type": st.text(),
        "address": st.text(),
        "state": st.sampled_from(["0", "1", 1]),
    }
)


@given(rows=st.lists(ANY_MOVEMENT, max_size=6), kind=st.sampled_from(["deposits", "withdrawals"]))
def test_movements_of_any_shape_come_out_as_many_as_they_went_in_and_cancel(
    rows: list[Any], kind: str
) -> None:
    found = movements(kind, *rows)
    assert len(found) == len(rows)
    assert balanced(found)
    assert all(row.postings == () for row in found if row.status == "pending")
