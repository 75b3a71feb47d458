"""CryptoFuse's wallets, and their transfers as the books of the sub account."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.contracts import Request
from recon.core.records import Row
from recon.sources.cryptofuse import SOURCE, Settings
from tests.sources.drive import (
    LONG,
    Read,
    as_bytes,
    balanced,
    booked,
    drive,
    fails,
    held,
    nearly,
    of_cryptofuse,
    sums,
)

WALLET = {
    "id": "550e8400-e29b-41d4-a716-446655440000", "name": "0012", "external_id": "shop-2", "wallet_id": "w_abc123",
    "created": "2025-03-15T10:20:30.456Z",
    "balances": [{"currency": "usdttrc20", "amount": "1000.00", "pending_amount": 50, "available_balance": "950.00"}],
}  # fmt: skip
Reply = Callable[[Request], Any]


def settings(**changes: Any) -> Settings:
    stated = {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
    return Settings.model_validate(stated | changes)


def reads(wallets: Reply, transfers: Reply, *, known: Iterable[str] = (), **changes: Any) -> dict[str, Read]:
    replies = {("GET", "/wallets/"): wallets, ("POST", "/wallets/transfer-history/"): transfers}

    def reply(request: Request) -> bytes:
        found = replies.get((request.method, request.path))
        return as_bytes(found(request)) if found else fails(request)

    return drive(SOURCE, settings(**changes), reply, known=known)


def listed(*wallets: Any) -> Reply:
    return lambda request: {"accounts": list(wallets), "total": len(wallets)}


def history(*transfers: Any) -> Reply:
    """Given oldest first, in one page."""
    shown = {"transfers": list(transfers)[::-1], "pagination": {"total": len(transfers)}}
    return lambda request: shown


def transfer(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "t-1", "transfer_type": "to_sub", "currency": "USDTTRC20", "amount": "100.00", "status": "completed",
        "created_at": "2025-04-20T10:30:00.123Z",
    }  # fmt: skip
    return row | changes


def rows(*transfers: Any) -> list[Row]:
    return reads(listed(WALLET), history(*transfers))["transfers/w_abc123"].rows()


def moves(row: Row) -> dict[tuple[str, str], Fraction]:
    return sums(row.postings)


def transfer_streams(found: dict[str, Read]) -> list[str]:
    return [name.removeprefix("transfers/") for name in found if name.startswith("transfers/")]


def test_a_wallet_is_told_with_its_names_as_text_and_its_balances_as_numbers() -> None:
    found = reads(listed(WALLET), history())["wallets"]
    assert {(one.subject, one.name): one.value for one in found.facts()} == {
        ("wallet w_abc123", "id"): "550e8400-e29b-41d4-a716-446655440000",
        ("wallet w_abc123", "wallet_id"): "w_abc123",
        ("wallet w_abc123", "external_id"): "shop-2",
        ("wallet w_abc123", "name"): "0012",
        ("wallet w_abc123", "created"): "2025-03-15T10:20:30.456Z",
        ("wallet w_abc123 USDTTRC20", "amount"): "1000",
        ("wallet w_abc123 USDTTRC20", "pending_amount"): "50",
        ("wallet w_abc123 USDTTRC20", "available_balance"): "950",
    }
    assert found.asked == [Request(method="GET", path="/wallets/")]
    assert found.passed
    assert found.passed.stated == found.stream.seen(found.passed.answers) == 1


def test_the_older_list_is_read_in_pages() -> None:
    def older(request: Request) -> Any:
        first = int(request.params.get("offset", 0))
        every = [{"id": f"550e8400-{number}", "name": "x"} for number in range(25)]
        return {"result": {"wallets": every[first : first + 10], "total": 25, "limit": 10, "offset": first}}

    found = reads(older, history())
    assert [request.params.get("offset") for request in found["wallets"].asked] == [None, "10", "20"]
    assert transfer_streams(found) == sorted(f"550e8400-{number}" for number in range(25))


@pytest.mark.parametrize(
    ("wallet", "asked"),
    [({"id": "u-1", "wallet_id": "w_1", "external_id": "e"}, "w_1"), ({"id": "u-1", "external_id": "e"}, "u-1"),
     ({"id": "u-1", "wallet_id": None}, "u-1"), ({"id": 17}, "17"), ({"id": "u-1", "wallet_id": "../x"}, "u-1")],
    ids=repr,
)  # fmt: skip
def test_a_wallet_is_asked_for_by_its_wallet_id_or_else_by_its_id(wallet: dict[str, Any], asked: str) -> None:
    found = reads(listed(wallet), history())
    (request,) = found[f"transfers/{asked}"].asked
    assert (request.method, request.path) == ("POST", "/wallets/transfer-history/")
    assert request.params == {"wallet_id": asked, "limit": 100, "offset": 0}


@pytest.mark.parametrize(
    "wallet", [{}, {"external_id": "e"}, {"wallet_id": "a b"}, {"id": "x" * 65}, 7, None]
)
def test_a_wallet_without_a_usable_identifier_is_told_as_not_asked_for(wallet: Any) -> None:
    found = reads(listed(WALLET, wallet), history())
    assert transfer_streams(found) == ["w_abc123", "/accounts/1"]
    stream = found["transfers//accounts/1"].stream
    assert "states no wallet_id and no id" in stream.unasked


def test_a_wallet_that_was_ever_read_is_read_again_though_the_list_fails() -> None:
    known = ["transfers/w_old", "transfers//accounts/1", "history", "transfers/"]
    assert transfer_streams(reads(listed(WALLET), history(), known=known)) == ["w_abc123", "w_old"]
    assert transfer_streams(reads(fails, history(), known=known)) == ["w_old"]


def test_transfers_move_the_sub_account_against_transit() -> None:
    arrived, back = rows(transfer(), transfer(id="t-2", transfer_type="to_master", amount=30))
    assert moves(arrived) == {("assets:venue:sub", "USDTTRC20"): 100, ("transit", "USDTTRC20"): -100}
    assert moves(back) == {("assets:venue:sub", "USDTTRC20"): -30, ("transit", "USDTTRC20"): 30}
    assert (arrived.account, arrived.kind, arrived.identity) == ("sub", "to_sub", ("t-1",))
    assert arrived.at.microsecond == 123000


def test_a_pending_transfer_waits_and_a_failed_one_moved_nothing() -> None:
    waiting, failed = rows(transfer(status="pending"), transfer(id="t-2", status="failed"))
    assert (waiting.status, waiting.kind, waiting.postings) == ("pending", "to_sub", ())
    assert (failed.status, failed.kind, failed.postings) == ("settled", "to_sub failed", ())
    (done,) = rows(transfer())
    assert done.identity == waiting.identity
    assert done.data != waiting.data


@pytest.mark.parametrize(
    "odd",
    [transfer(transfer_type="to_player"), transfer(status="frozen"), transfer(amount=None), transfer(id=None),
     transfer(created_at="?"), {}, 7, None],
    ids=repr,
)  # fmt: skip
def test_a_transfer_that_cannot_be_understood_stands_in_suspense(odd: Any) -> None:
    before, found, after = rows(transfer(id="t-0"), odd, transfer(id="t-2"))
    assert found.kind.startswith("odd: ")
    assert [(one.account, one.quantity) for one in found.postings] == [("suspense:venue", 0)]
    assert read_json(found.data.encode()) == (
        odd if isinstance(odd, dict) else {"": odd if odd is None else "7"}
    )
    assert [before.quantity, after.quantity] == [100, 100]


def test_the_units_of_an_impossible_currency_stand_in_suspense() -> None:
    (found,) = rows(transfer(currency="U S D"))
    assert {account for account, _ in moves(found)} == {"assets:venue:sub", "suspense:venue"}


def paged(totals: Iterable[int]) -> Reply:
    """A history that has so many rows at each request, two a page."""
    served = iter(totals)

    def reply(request: Request) -> Any:
        total, first = next(served), int(request.params["offset"])
        every = [transfer(id=f"t-{number}") for number in range(total)][::-1]
        return {"transfers": every[first : first + 2], "pagination": {"total": total}}

    return reply


def test_a_pass_of_transfers_counts_only_if_the_total_stayed_the_same() -> None:
    found = reads(listed(WALLET), paged([3, 4, 4, 4]), page_size=2)["transfers/w_abc123"]
    assert [request.params["offset"] for request in found.asked] == [0, 2, 0, 2]
    assert all(type(request.params["limit"]) is int for request in found.asked)
    assert [row.identity[0] for row in found.rows()] == ["t-0", "t-1", "t-2", "t-3"]
    moving = reads(listed(WALLET), paged(range(3, 99)))["transfers/w_abc123"]
    assert moving.error
    assert moving.error.kind == "moving"


@pytest.mark.parametrize(
    "value",
    [{}, [], None, {"transfers": []}, {"transfers": [], "pagination": []},
     {"transfers": {}, "pagination": {"total": 0}}, {"transfers": [], "pagination": {"total": "many"}}],
    ids=repr,
)  # fmt: skip
def test_a_history_of_another_shape_stops_loudly(value: Any) -> None:
    found = reads(listed(WALLET), lambda request: value)["transfers/w_abc123"]
    assert found.error
    assert found.error.kind == "payload"


@pytest.mark.parametrize(
    "value",
    [{}, [], None, {"accounts": []}, {"accounts": {}, "total": 0}, {"result": {}}, {"result": []}],
    ids=repr,
)
def test_a_list_of_another_shape_stops_loudly_and_asks_for_no_wallet(value: Any) -> None:
    found = reads(lambda request: value, history())
    assert found["wallets"].error
    assert found["wallets"].error.kind == "payload"
    assert transfer_streams(found) == []


def test_the_wallets_books_explain_the_sub_accounts() -> None:
    books = {
        "balances": {"account": {}, "sub_accounts": {"USDTTRC20": "70"}, "statistics": {}},
        "wallets": [WALLET],
        "transfers": {"w_abc123": [transfer(id="t-2", transfer_type="to_master", amount="30"), transfer()]},
    }
    found = drive(SOURCE, settings(), of_cryptofuse(books))
    assert booked(found) == held(found["balances"].holdings()) == {("sub", "USDTTRC20"): 70}


ANY_TRANSFER = nearly(
    {
        "id": st.text(max_size=3),
        "transfer_type": st.sampled_from(["to_sub", "to_master", "?"]),
        "currency": st.sampled_from(["ETH", "?"]),
        "amount": LONG,
        "status": st.sampled_from(["completed", "pending", "failed", "?"]),
        "created_at": st.just("2025-04-20T10:30:00.123Z"),
    }
)


@given(given=st.lists(ANY_TRANSFER, max_size=5))
def test_rows_of_any_shape_come_out_as_many_as_they_went_in_and_cancel(given: list[Any]) -> None:
    found = rows(*given)
    assert len(found) == len(given)
    assert balanced(found)


@given(
    wallets=st.lists(nearly({name: st.text(max_size=9) for name in ("id", "wallet_id", "name")}), max_size=4)
)
def test_wallets_of_any_shape_make_no_traceback(wallets: list[Any]) -> None:
    found = reads(listed(*wallets), history())
    assert found["wallets"].stream.seen(found["wallets"].passed.answers) == len(wallets)  # type: ignore[union-attr]
    found["wallets"].facts()
