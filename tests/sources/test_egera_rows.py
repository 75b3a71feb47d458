"""Egera: each row whole, with every field of it as the ledger keeps it, and each refusal in all its words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from recon.core.canonical import write_json
from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.core.records import Posting, Row, asset_code
from recon.sources._egera_rows import Habits, ask_logins, charged, deposits, logins, trades, withdrawals
from tests.sources.drive import NAME, NOW, answer, as_bytes
from tests.sources.egera_answers import DEPOSIT, TRADE, WITHDRAWAL

AT = datetime(2025, 1, 2, 8, 41, 12, tzinfo=UTC)
ORDINAL = 1735807272 * 10**6
HABITS = Habits(fee_in_received=False, fee_scale=4, rounding="half_up", decimals={"BTC": 8, "PLN": 2})
HELD = f"assets:{NAME}:main"
LONGEST = "9" * 18 + "." + "9" * 18
LOGIN = {"timestamp": "1735807272", "ip": "192.0.2.1", "status": "1"}


def asked(rows: list[Any]) -> Any:
    return answer(as_bytes({"success": True, "history": rows}), stream="rows", seq=7)


def odd(
    pointer: str, identity: tuple[str, ...], kind: str, asset: str, row: dict[str, Any], at: datetime = AT
) -> Row:
    """A row kept in suspense."""
    return Row(
        identity, at, int(at.timestamp()) * 10**6, f"odd: {kind}", "settled", "main", asset, Decimal(0),
        write_json(row), 7, pointer, (Posting(f"suspense:{NAME}", asset, Decimal(0)),),
    )  # fmt: skip


def test_a_trade_whole() -> None:
    (row,) = trades([asked([TRADE | {"action": "close"}])], habits=HABITS)
    stated = ("btc", "pln", "0.5", "1735807272", "100.01", "50", "30", "bid", "close")
    assert row == Row(
        stated, AT, ORDINAL, "buy", "settled", "main", "BTC", Decimal("0.5"), row.data, 7, "/history/0",
        (
            Posting(HELD, "BTC", Decimal("0.5")),
            Posting("trading", "BTC", Decimal("-0.5")),
            Posting(HELD, "PLN", Decimal("-50.26")),
            Posting("trading", "PLN", Decimal("50.01")),
            Posting(f"fees:{NAME}", "PLN", Decimal("0.25")),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kind", "asset"),
    [
        ({"type": "swap"}, "type swap with action open is unknown", "BTC"),
        ({"action": ["x"]}, 'type bid with action ["x"] is unknown', "BTC"),
        ({"amount": LONGEST, "price": LONGEST}, "amount times price is too long", "BTC"),
        ({"price": True}, "True is of type bool, not a decimal string or JSON number", "BTC"),
    ],
)  # fmt: skip
def test_a_trade_that_cannot_be_understood_whole(changed: dict[str, Any], kind: str, asset: str) -> None:
    before, row = trades([asked([TRADE, TRADE | changed])], habits=HABITS)
    assert before.kind == "buy"
    assert row == odd("/history/1", row.identity, kind, asset, {}, AT)._replace(data=row.data)


def test_what_a_trade_pays_may_be_longer_than_its_amount_and_price() -> None:
    (row,) = trades([asked([TRADE | {"amount": "9" * 18, "price": "2"}])], habits=HABITS)
    assert row.kind == "odd: -2.006000e+18 has more than 18 digits before the point"


def test_a_deposit_whole() -> None:
    (row,) = deposits([asked([DEPOSIT | {"type": "ab12", "address": "ours"}])], currency="BTC")
    assert row == Row(
        ("BTC", "1735807272", "1.5", "ab12"), AT, ORDINAL, "deposit", "settled", "main", "BTC", Decimal("1.5"),
        row.data, 7, "/history/0",
        (Posting(HELD, "BTC", Decimal("1.5")), Posting(f"external:{NAME}", "BTC", Decimal("-1.5"))),
        txid="ab12",
    )  # fmt: skip


def test_a_deposit_of_a_bank_has_no_hash_and_a_withdrawal_none_until_it_is_sent() -> None:
    (bank,) = deposits([asked([DEPOSIT | {"type": "sepa"}])], currency="EUR")
    assert (bank.txid, bank.address, bank.identity[-1]) == ("", "", "sepa")
    (waits,) = withdrawals([asked([WITHDRAWAL])], currency="BTC")
    assert (waits.txid, waits.address) == ("", "bc1")


def test_a_withdrawal_whole() -> None:
    (row,) = withdrawals([asked([WITHDRAWAL | {"tx": "cd34"}])], currency="BTC")
    assert row == Row(
        ("BTC", "1735807272", "1.5", "bc1"), AT, ORDINAL, "withdrawal", "settled", "main", "BTC", Decimal("-1.5"),
        row.data, 7, "/history/0",
        (Posting(HELD, "BTC", Decimal("-1.5")), Posting(f"external:{NAME}", "BTC", Decimal("1.5"))),
        txid="cd34", address="bc1",
    )  # fmt: skip


def test_a_movement_that_cannot_be_understood_whole() -> None:
    bad = DEPOSIT | {"amount": "much"}
    odd_one, good = deposits([asked([bad, DEPOSIT])], currency="BTC")
    form = "'much' is not a number of the form -?digits[.digits]"
    why = f"{form}: it has a character that is not a digit, or a point out of place"
    assert odd_one == odd("/history/0", ("BTC", "1735807272", "much", "hash"), why, "BTC", bad)
    assert good.pointer == "/history/1"


def test_a_login_whole() -> None:
    (row,) = logins([answer(as_bytes({"0": LOGIN, "success": True}), seq=7)])
    assert row == Row(
        ("1735807272", "192.0.2.1", "", "", "", "", "1"), AT, ORDINAL, "login", "settled", "main", "", Decimal(0),
        write_json(LOGIN), 7, "/0", (),
    )  # fmt: skip


def test_a_login_that_cannot_be_understood_whole() -> None:
    lost, good = logins([answer(as_bytes({"3": "x", "10": LOGIN, "success": True}), seq=7)])
    at = NOW + timedelta(seconds=7)  # when the answer came
    assert lost == odd("/3", ("",) * 7, "it has no time", asset_code("")[0], {"": "x"}, at)
    assert good.pointer == "/10"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'"x"', "the answer is no object"),
        (b'{"volumes": [], "success": true}', "the answer is no login history"),
    ],
)
def test_what_is_no_login_history_is_refused_by_that_name(body: bytes, why: str) -> None:
    with pytest.raises(SourceError) as refused:
        list(logins([answer(body, stream="logins", seq=7)]))
    assert refused.value.what == why
    assert refused.value.where == f"{NAME}/logins GET /"


def test_an_answer_that_is_no_object_is_neither_logins_nor_trades() -> None:
    reading = ask_logins(Request(method="GET", path="/"))
    request = next(reading)
    with pytest.raises(SourceError) as refused:
        reading.send(answer(b'"x"', stream="logins", request=request))
    assert refused.value.what == "the answer is no object"
    assert refused.value.where == f"{NAME}/logins GET /"


def test_what_holds_no_history_of_movements_is_refused() -> None:
    with pytest.raises(SourceError) as refused:
        list(deposits([answer(b"{}", stream="deposits/BTC")], currency="BTC"))
    assert refused.value.where == f"{NAME}/deposits/BTC GET /"


def test_trades_in_place_of_logins_are_told_with_place_and_remedy() -> None:
    reading = ask_logins(Request(method="GET", path="/"))
    request = next(reading)
    assert request.path == "/"
    reply = answer(as_bytes({"success": True, "history": []}), stream="logins", request=request, seq=7)
    with pytest.raises(SourceError) as refused:
        reading.send(reply)
    error = refused.value
    assert error.kind == "venue_error"
    assert error.what == "the action documented for the login history brings the trades"
    assert error.where == f"{NAME}/logins GET /"
    assert error.next_step == f"The answer is kept in the evidence as {reply.sha256}"


@pytest.mark.parametrize(
    ("action", "rate", "found"),
    [
        ("open", "30", ("maker", Decimal(30))),
        ("close", "50", ("taker", Decimal(50))),
        ("open", False, ("maker", Decimal(0))),
        ("open", "much", None),
    ],
)
def test_what_a_trade_was_charged_is_read_back_from_its_record(action: str, rate: Any, found: Any) -> None:
    name = "fee_maker" if action == "open" else "fee_taker"
    other = "fee_taker" if action == "open" else "fee_maker"
    (row,) = trades([asked([TRADE | {"action": action, name: rate, other: "7"}])], habits=HABITS)
    assert charged(row.data) == found
