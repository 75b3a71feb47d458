"""ETHGas: deposits in raw units, withdrawals, payouts to validators, and all transactions as one list."""

from decimal import Decimal
from typing import Any

import pytest

from recon.core.contracts import Request
from recon.core.records import Row
from recon.demo.ethgas import EthGas
from recon.demo.venues import load_all
from recon.sources.ethgas import SOURCE
from tests.sources.drive import as_bytes, drive, moves, of_ethgas
from tests.sources.ethgas_answers import KEY, WETH, WRAPPED, deposit, ids, of_ids, says, settings, tx

DEPOSITS, WITHDRAWS = "/v1/user/funding/deposits", "/v1/user/funding/withdraws"


def deposits(*rows: Any, tokens: Any = (WRAPPED,)) -> list[Row]:
    reads = drive(SOURCE, settings(), says({DEPOSITS: rows, "/v1/p/tokens": tokens}))
    return reads["funding/deposits"].rows()


def withdraw(request_id: Any = 16, **changes: Any) -> dict[str, Any]:
    row = {"requestId": request_id, "accountId": 128, "tokenId": 1, "quantity": "0.005", "fee": "0.001"}
    return row | {"status": 10, "txHash": "0x4d", "createDate": 1746161880000} | changes


def withdraws(*rows: Any) -> list[Row]:
    return drive(SOURCE, settings(), says({WITHDRAWS: rows}))["funding/withdraws"].rows()


def payout(slot: Any = 7, **changes: Any) -> dict[str, Any]:
    row = {"slot": slot, "accountId": 128, "publicKey": KEY, "feeRecipient": "0x46", "quantity": 0.00023}
    return row | {"updatedDate": 1672903708000} | changes


def payouts(*rows: Any) -> list[Row]:
    reads = drive(SOURCE, settings(), says({"/v1/user/validators": [KEY], "/v1/validator/fees": rows}))
    return reads[f"payouts/{KEY}"].rows()


def test_the_sample_books_tell_their_deposits_and_withdrawals_twice() -> None:
    books = load_all()["ethgas"]
    reads = drive(SOURCE, settings(), of_ethgas(EthGas(books)))
    booked = [row for row in reads["txs/128"].rows() if row.kind in ("deposit", "withdrawal")]
    on_chain = [
        row
        for name in ("funding/deposits", "funding/withdraws")
        for row in reads[name].rows()
        if row.quantity
    ]
    assert sorted((row.at, row.kind, row.asset, row.quantity) for row in booked) == sorted(
        (row.at, row.kind, row.asset, row.quantity) for row in on_chain
    )
    assert ids(reads["txs"].rows()) == sorted(row["trxId"] for row in books["txs"])
    assert [str(row.quantity) for row in reads[f"payouts/{books['validators'][0]}"].rows()] == [
        "0.00023",
        "0.041872205",
        "0.0071",
    ]


@pytest.mark.parametrize(
    ("raw", "decimals", "quantity"),
    [
        (500000000000000000, 18, "0.5"),
        ("500000000000000000", 18, "0.5"),
        (1234567890123456789, 18, "1.234567890123456789"),
        (10**35 + 1, 18, "100000000000000000.000000000000000001"),
        (1500000, 6, "1.5"),
        (0, 18, "0"),
    ],
    ids=repr,
)
def test_raw_units_are_scaled_by_the_decimals_of_the_contract(raw: Any, decimals: int, quantity: str) -> None:
    (row,) = deposits(
        deposit(6, deposits=[{"a": WETH.upper(), "q": raw, "s": 10}]),
        tokens=[{**WRAPPED, "decimals": decimals}],
    )
    assert (row.quantity, row.asset, row.status) == (Decimal(quantity), "ETH", "settled")
    assert (row.identity, row.pointer, row.postings) == (("6",), "/data/deposits/0/deposits/0", ())


@pytest.mark.parametrize(
    "part",
    [
        {"a": "0x2", "q": 5},
        {"q": 5},
        {"a": WETH, "q": 0.5},
        {"a": WETH, "q": -5},
        {"a": WETH, "q": "5e17"},
        {"a": WETH, "q": 10**39},
        {"a": WETH},
        {"a": [WETH], "q": 5},
        7,
        None,
    ],
    ids=repr,
)
def test_a_deposit_that_cannot_be_sized_is_kept_and_is_of_nothing(part: Any) -> None:
    first, second = deposits(deposit(6, 1, deposits=[part]), deposit(7, 2))
    assert first.kind.startswith("odd: ")
    assert (first.identity, first.quantity, moves(first)) == (("6",), 0, False)
    assert second.kind == "deposit"


@pytest.mark.parametrize("parts", [None, [], {}, "x"], ids=repr)
def test_a_deposit_of_nothing_in_particular_is_kept(parts: Any) -> None:
    (row,) = deposits(deposit(6, deposits=parts))
    assert row.kind == "odd: it has no list of what was deposited"


def test_contracts_of_one_address_and_unlike_decimals_size_nothing() -> None:
    (row,) = deposits(deposit(6), tokens=[WRAPPED, {**WRAPPED, "tokenId": 2, "code": "X", "decimals": 6}])
    assert row.kind.startswith("odd: no token of the table")


def test_each_token_of_a_deposit_is_a_row() -> None:
    other = {**WRAPPED, "tokenId": 2, "code": "USDC", "decimals": 6, "tokenAddress": "0x2"}
    parts = [{"a": WETH, "q": 10**18, "s": 10}, {"a": "0x2", "q": 10**6, "s": 1}]
    found = deposits(deposit(6, deposits=parts), tokens=[WRAPPED, other])
    assert [(row.identity, row.asset, row.quantity, row.status) for row in found] == [
        (("6",), "ETH", 1, "settled"),
        (("6", "1"), "USDC", 1, "pending"),
    ]


def test_a_deposit_without_event_id_is_known_by_its_place_on_the_chain() -> None:
    assert deposits(deposit(None))[0].identity == ("1", "0x1a", "2")


@pytest.mark.parametrize(
    ("status", "settled"), [(10, True), ("10", True), (1, False), (None, False)], ids=repr
)
def test_a_deposit_is_pending_until_it_is_done(status: Any, settled: bool) -> None:
    (row,) = deposits(deposit(6, status=status))
    assert row.status == ("settled" if settled else "pending")


@pytest.mark.parametrize(
    ("status", "kind", "state", "quantity"),
    [
        (10, "withdrawal", "settled", "-0.005"),
        (101, "withdrawal_rejected", "settled", "0"),
        (1, "withdrawal", "pending", "-0.005"),
        (None, "withdrawal", "pending", "-0.005"),
    ],
)
def test_the_state_of_a_withdrawal_says_what_became_of_it(
    status: Any, kind: str, state: str, quantity: str
) -> None:
    (row,) = withdraws(withdraw(status=status))
    assert (row.kind, row.status, row.quantity) == (kind, state, Decimal(quantity))
    assert (row.identity, row.account, row.asset, row.postings) == (("16",), "128", "ETH", ())


def test_a_hash_that_comes_later_changes_the_row_and_not_its_identity() -> None:
    (before,), (after,) = withdraws(withdraw(status=1, txHash=None)), withdraws(withdraw())
    assert before.identity == after.identity
    assert before.data != after.data


def test_a_withdrawal_that_settles_between_two_pages_is_one_row() -> None:
    asked = 0

    def reply(request: Request) -> bytes:
        nonlocal asked
        if request.path != WITHDRAWS:
            return says({})(request)
        asked += 1
        page = [withdraw(9, status=1), withdraw(8, status=1)] if asked == 1 else [withdraw(8)]
        return as_bytes({"success": True, "data": {"requests": page}})

    found = drive(SOURCE, settings(), reply)["funding/withdraws"].rows()
    assert [(row.identity, row.status) for row in found] == [(("8",), "settled"), (("9",), "pending")]


@pytest.mark.parametrize("changes", [{"quantity": "x"}, {"createDate": None}, {"quantity": None}], ids=repr)
def test_a_withdrawal_that_cannot_be_understood_is_kept(changes: dict[str, Any]) -> None:
    (row,) = withdraws(withdraw(**changes))
    assert row.kind.startswith("odd: ")
    assert (row.account, row.asset, moves(row)) == ("128", "ETH", False)


def test_a_payout_may_be_a_json_number_and_its_time_has_two_names() -> None:
    older = payout(6, publicKey=KEY.upper().replace("X", "x"), quantity="1.5", updatedDate=None)
    found = payouts(payout(7), {**older, "updateDate": 1672903708000})
    assert [(row.identity, str(row.quantity), row.kind) for row in found] == [
        (("6", KEY, "128"), "1.5", "validator_payout"),
        (("7", KEY, "128"), "0.00023", "validator_payout"),
    ]
    assert {(row.account, row.asset, moves(row)) for row in found} == {("128", "ETH", False)}


@pytest.mark.parametrize(
    "changes", [{"publicKey": "0xcd"}, {"quantity": "x"}, {"updatedDate": 5}, {"slot": "x"}], ids=repr
)
def test_a_payout_that_cannot_be_understood_is_kept(changes: dict[str, Any]) -> None:
    odd = [row for row in payouts(payout(7), payout(8) | changes) if row.kind.startswith("odd: ")]
    assert [moves(row) for row in odd] == [False]


def test_payouts_are_asked_of_each_validator_and_again_of_earlier_ones() -> None:
    other = "0x" + "cd" * 48
    venue = EthGas({**of_ids(), "validators": [{"publicKey": KEY}], "payouts": [payout(7)]})
    reads = drive(SOURCE, settings(), of_ethgas(venue), known=[f"payouts/{other}"])
    assert {name: len(found.rows()) for name, found in reads.items() if name.startswith("payouts/")} == {
        f"payouts/{KEY}": 1,
        f"payouts/{other}": 0,
    }
    assert {request.params["publicKey"] for request in reads[f"payouts/{KEY}"].asked} == {KEY}


def test_an_account_that_only_the_list_of_all_transactions_names_is_asked_for_too() -> None:
    txs = [tx(5), tx(6, accountId="77"), tx(7, accountId="../9")]
    found = says({"/v1/user/account/txs": txs, "/v1/user/account/77": {"accountId": 77}})
    reads = drive(SOURCE, settings(), found)
    assert [name for name in reads if name.startswith(("txs/", "account/"))] == [
        "txs/128",
        "txs/77",
        "account/128",
        "account/77",
    ]


def test_the_list_of_all_transactions_posts_nothing_and_keeps_what_is_odd() -> None:
    txs = [tx(5), tx(6, accountId=None), tx(7, accountId=77, tokenId=9), tx(8, "x")]
    found = drive(SOURCE, settings(), says({"/v1/user/account/txs": txs}))["txs"].rows()
    assert [(row.identity, row.account, row.kind[:4]) for row in found] == [
        (("128", "5"), "128", "depo"),
        (("", "6"), "", "odd:"),
        (("77", "7"), "77", "depo"),
        (("128", "8"), "128", "odd:"),
    ]
    assert not any(moves(row) for row in found)
    assert found[2].asset.startswith("ODD-")


def test_one_id_in_two_accounts_is_two_rows() -> None:
    txs = [tx(5), tx(5, accountId=129)]
    assert len(drive(SOURCE, settings(), says({"/v1/user/account/txs": txs}))["txs"].rows()) == 2
