"""CryptoFuse's payments, withdrawals and transactions: paged safely, kept as received, posting nothing."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.contracts import Request
from recon.core.records import Row
from recon.sources.cryptofuse import SOURCE, Settings
from tests.sources.drive import LONG, Read, as_bytes, drive, fails, moves, nearly

AT = "2025-01-15T10:00:00Z"
PATHS = {
    "payments": ("/payments/", "results", "count"),
    "withdrawals": ("/withdrawal/", "withdrawals", "total"),
    "transactions": ("/transactions/transactions/", "results", "count"),
}


def settings(**changes: Any) -> Settings:
    stated = {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
    return Settings.model_validate(stated | changes)


def read(stream: str, reply: Callable[[Request], bytes], **changes: Any) -> Read:
    currencies = as_bytes({"currencies": [{"currency": "USDTTRC20", "blockchain": "trx", "token": "usdt"}]})

    def answer(request: Request) -> bytes:
        if request.path == PATHS[stream][0]:
            return reply(request)
        return currencies if request.path == "/currencies/" else fails(request)

    return drive(SOURCE, settings(**changes), answer)[stream]


def rows(stream: str, *given: Any) -> list[Row]:
    """The rows of a list given oldest first, in one page."""
    _, name, total = PATHS[stream]
    body = as_bytes({name: list(given)[::-1], total: len(given), "next": None})
    return read(stream, lambda request: body).rows()


def payment(*amounts: Any, **changes: Any) -> dict[str, Any]:
    row = {
        "transaction_id": "p-1", "status": "completed", "price_amount": "100.00", "pay_amount": "100.05",
        "pay_currency": "USDTERC20", "payment_history": [{"amount": one} for one in amounts], "created_at": AT,
    }  # fmt: skip
    return row | changes


def withdrawal(**changes: Any) -> dict[str, Any]:
    row = {
        "withdrawal_id": "w-1", "amount": "100.5", "fee": "1.5", "platform_fee": "1", "network_fee": "0.5",
        "currency": "USDTERC20", "status": "completed", "transaction_hash": "0xab", "created_at": AT,
    }  # fmt: skip
    return row | changes


def transaction(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "t-1", "type": "payment", "amount": "50.00", "currency": "USDCERC20", "status": "completed",
        "created_at": AT, "fee_amount": "2.50", "net_amount": "47.50",
    }  # fmt: skip
    return row | changes


def test_a_payment_is_worth_what_arrived_and_not_what_was_expected() -> None:
    (found,) = rows("payments", payment("60.000000000000000001", 40, "0.05"))
    assert found.quantity == Decimal("100.050000000000000001")
    assert (found.identity, found.asset, found.account) == (("p-1",), "USDTERC20", "main")
    assert found.postings == ()


def test_an_invoice_that_nobody_paid_is_worth_nothing_and_awaits_nothing() -> None:
    found = rows(
        "payments", *(payment(transaction_id=one, status=one) for one in ("waiting", "expired", "failed"))
    )
    assert {(one.kind, one.status, one.quantity) for one in found} == {
        ("payment waiting", "settled", 0),
        ("payment expired", "settled", 0),
        ("payment failed", "settled", 0),
    }
    (older,) = rows("payments", payment(status="pending", payment_history=None))
    assert (older.kind, older.status, older.quantity) == ("payment pending", "settled", 0)


def test_a_payment_that_came_without_its_deposits_is_kept_as_odd() -> None:
    (found,) = rows("payments", payment(payment_history=None))
    assert found.kind == "odd: it has no list payment_history of what arrived"
    assert not moves(found)


@pytest.mark.parametrize(
    ("word", "status"),
    [("pending", "pending"), ("approved", "pending"), ("processing", "pending"), ("submitted", "pending"),
     ("confirmed", "pending"), ("completed", "settled"), ("rejected", "settled"), ("failed", "settled"),
     ("cancelled", "settled"), ("on the moon", "settled")],
)  # fmt: skip
def test_only_money_under_way_is_pending_and_no_word_is_dropped(word: str, status: str) -> None:
    (found,) = rows("withdrawals", withdrawal(status=word))
    assert (found.kind, found.status) == (f"withdrawal {word}", status)
    (listed,) = rows("transactions", transaction(type="withdrawal", status=word))
    assert (listed.kind, listed.status) == (f"withdrawal {word}", status)


def test_a_payment_that_is_confirming_is_pending_in_both_lists() -> None:
    (found,) = rows("payments", payment("1", status="confirming"))
    (listed,) = rows("transactions", transaction(status="confirming"))
    assert found.status == listed.status == "pending"
    (unlike,) = rows("transactions", transaction(type="refund", status="confirming"))
    assert (unlike.kind, unlike.status, unlike.quantity) == ("refund confirming", "settled", 50)


def test_what_leaves_is_negative_and_every_amount_is_kept_as_received() -> None:
    (found,) = rows("withdrawals", withdrawal(requested_amount="99"))
    assert (found.quantity, found.postings) == (Decimal("-100.5"), ())
    assert read_json(found.data.encode()) == withdrawal(requested_amount="99")
    (listed,) = rows("transactions", transaction(type="withdrawal"))
    assert listed.quantity == -50


def test_a_status_that_moves_on_keeps_the_identity_and_changes_the_record() -> None:
    (before,) = rows("withdrawals", withdrawal(status="submitted", transaction_hash=None))
    (after,) = rows("withdrawals", withdrawal())
    assert before.identity == after.identity
    assert before.data != after.data


def test_the_names_of_every_edition_are_read() -> None:
    older = {
        "id": "p-1",
        "status": "completed",
        "currency": "USDTTRC20",
        "created": AT,
        "payment_history": [{"amount": 1}],
    }
    (found,) = rows("payments", older)
    assert (found.identity, found.asset, found.quantity) == (("p-1",), "USDTTRC20", 1)
    bare = withdrawal(blockchain="TRX", token="USDT", id="w-9")
    del bare["currency"], bare["withdrawal_id"]
    (found,) = rows("withdrawals", bare)
    assert (found.identity, found.asset) == (("w-9",), "USDTTRC20")
    (coin,) = rows("withdrawals", bare | {"blockchain": "btc", "token": "BTC"})
    assert coin.asset == "BTC"


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        ("payments", payment("x")), ("payments", payment("1", created_at="soon")), ("payments", payment(["1"])),
        ("payments", payment("1") | {"transaction_id": None}), ("payments", payment("9" * 18, "9" * 18)),
        ("withdrawals", withdrawal(amount=None)), ("withdrawals", withdrawal(currency=None)), ("withdrawals", 7),
        ("transactions", transaction(amount="1e5")), ("transactions", {}), ("transactions", transaction(id=None)),
    ],
    ids=repr,
)  # fmt: skip
def test_a_row_that_cannot_be_understood_is_kept_and_posts_nothing(stream: str, row: Any) -> None:
    (found,) = rows(stream, row)
    assert found.kind.startswith("odd: ")
    assert (moves(found), found.quantity) == (False, 0)


def pages(have_now: int, size: int, **changes: Any) -> Callable[[Request], bytes]:
    """A list of so many payments, so many a page."""

    def reply(request: Request) -> bytes:
        page = int(request.params["page"])
        have = [payment("1", transaction_id=f"p-{number}") for number in range(have_now)][::-1]
        onward = f"https://evil.example/?x=1&page={page + 1}&page_size=9" if page * size < have_now else None
        shown = {"count": have_now, "next": onward, "results": have[(page - 1) * size : page * size]}
        return as_bytes(shown | changes)

    return reply


def asked(found: Read) -> list[str]:
    return [str(request.params["page"]) for request in found.asked]


def test_pages_are_followed_by_their_number_and_never_by_their_address() -> None:
    found = read("payments", pages(5, 2))
    assert asked(found) == ["1", "2", "3"]
    assert {request.path for request in found.asked} == {"/payments/"}
    assert {request.params["page_size"] for request in found.asked} == {"100"}
    assert [row.identity[0] for row in found.rows()] == [f"p-{number}" for number in range(5)]
    assert found.passed
    assert found.passed.stated == 5


@pytest.mark.parametrize(("asked_for", "sent"), [(7, "7"), (100, "100"), (5000, "100")])
def test_no_page_is_asked_larger_than_the_venue_gives(asked_for: int, sent: str) -> None:
    found = read("payments", pages(1, 100), page_size=asked_for)
    assert found.asked[0].params == {"page": "1", "page_size": sent}
    found = read(
        "withdrawals", lambda request: as_bytes({"withdrawals": [], "total": 0}), page_size=asked_for
    )
    assert found.asked[0].params == {"limit": sent, "offset": "0"}


@pytest.mark.parametrize(
    "onward", ["", "?page=1", "?page=0", "?page=x", "?page=" + "9" * 10, "?apage=2", 2, [], True]
)
def test_a_next_page_that_is_no_later_page_stops_the_reading(onward: Any) -> None:
    found = read("payments", pages(5, 2, next=onward))
    assert found.error
    assert found.error.kind == "payload"


def test_fewer_rows_than_are_counted_are_read_to_their_end_and_the_count_is_told() -> None:
    found = read("payments", pages(3, 2, count=9))
    assert found.passed
    assert (len(found.rows()), found.passed.stated) == (3, 9)


def moving(counts: Iterable[int]) -> Callable[[Request], bytes]:
    """A list that has so many rows at each request."""
    served = iter(counts)

    def reply(request: Request) -> bytes:
        return pages(next(served), 2)(request)

    return reply


def test_a_pass_counts_only_if_the_count_stayed_the_same() -> None:
    found = read("payments", moving([3, 4, 4, 4]))
    assert asked(found) == ["1", "2", "1", "2"]
    assert len(found.rows()) == 4
    given_up = read("transactions", moving(range(3, 99)))
    assert given_up.error
    assert given_up.error.kind == "moving"
    assert given_up.error.where == "venue/transactions"


@pytest.mark.parametrize(
    "value",
    [{}, [], None, {"count": 1}, {"results": {}, "count": 1}, {"results": [], "count": -1},
     {"results": [], "count": True}, {"results": [], "count": False}],
    ids=repr,
)  # fmt: skip
def test_an_answer_of_another_shape_stops_the_list_loudly(value: Any) -> None:
    found = read("payments", lambda request: as_bytes(value))
    assert found.error
    assert found.error.kind == "payload"


ANY_ROW = nearly(
    {
        "id": st.text(max_size=3),
        "created_at": st.sampled_from([AT, "1736935200"]),
        "type": st.sampled_from(["payment", "withdrawal", "?"]),
        "status": st.sampled_from(["completed", "confirming", "pending", "?"]),
        "currency": st.sampled_from(["ETH", "?", ""]),
        "amount": LONG,
        "payment_history": st.lists(st.fixed_dictionaries({"amount": LONG}), max_size=2),
    }
)


@given(stream=st.sampled_from(sorted(PATHS)), given=st.lists(ANY_ROW, max_size=5))
def test_rows_of_any_shape_come_out_as_many_as_they_went_in_and_post_nothing(
    stream: str, given: list[Any]
) -> None:
    found = rows(stream, *given)
    assert len(found) == len(given)
    assert not any(moves(row) for row in found)
