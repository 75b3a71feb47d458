"""ETHGas: each account's rows, each type against its account, and what the accounts say they hold."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.errors import ReconError, SourceError
from recon.core.records import Row
from recon.demo.ethgas import EthGas
from recon.demo.venues import load_all
from recon.sources.ethgas import SOURCE
from tests.sources.drive import (
    JUNK,
    LONG,
    NAME,
    as_bytes,
    balanced,
    chained,
    drive,
    fails,
    held,
    nearly,
    of_ethgas,
    sums,
)
from tests.sources.ethgas_answers import (
    ACCOUNT,
    AFTER,
    FIRST,
    KEY,
    TOKEN,
    WAYS,
    Upwards,
    ids,
    literal,
    rows,
    settings,
    tx,
)


def moves(row: Row) -> dict[tuple[str, str], Fraction]:
    return {
        (account.removesuffix(f":{NAME}"), asset): value
        for (account, asset), value in sums(row.postings).items()
    }


@pytest.mark.parametrize(("inclusive", "descending"), WAYS)
@pytest.mark.parametrize("venue", [EthGas, Upwards])
def test_the_sample_books_chain_and_add_up_to_what_the_venue_holds(
    venue: type[EthGas], inclusive: bool, descending: bool
) -> None:
    books = load_all()["ethgas"]
    reads = drive(SOURCE, settings(), of_ethgas(venue(books, inclusive=inclusive, descending=descending)))
    found = [row for name in ("txs/128", "txs/129") for row in reads[name].rows()]
    assert sorted(ids(found)) == sorted(row["trxId"] for row in books["txs"])
    posted = sums((one for row in found for one in row.postings), of=f"assets:{NAME}:")
    assert posted == held(reads["balances"].holdings())
    assert balanced(found)
    assert chained(found)
    assert not any(posting.account.startswith("suspense") for row in found for posting in row.postings)


@pytest.mark.parametrize(
    ("code", "quantity", "kind", "contra"),
    [
        (1, "-3", "buy", "trading"),
        (2, "3", "sell", "trading"),
        (3, "3", "borrow", "loans"),
        (4, "-3", "lend", "loans"),
        (5, "3", "interest", "income:interest"),
        (5, "-3", "interest", "fees"),
        (6, "3", "transfer_in", "transit"),
        (7, "-3", "transfer_out", "transit"),
        (8, "3", "deposit", "external"),
        (9, "-3", "withdrawal", "external"),
        (10, "-3", "trade", "trading"),
        (14, "-3", "withdrawal_fee", "fees"),
        (15, "-3", "transaction_fee", "fees"),
        ("8", "3", "deposit", "external"),
        (11, "3", "type 11", "suspense"),
        (13, "-3", "type 13", "suspense"),
        (16, "3", "type 16", "suspense"),
        ("swap", "3", "type swap", "suspense"),
        (None, "3", "type (none)", "suspense"),
        # the sign rules over the type
        (2, "-3", "sell", "trading"),
        (8, "-3", "deposit", "external"),
    ],
    ids=repr,
)
def test_each_type_moves_its_signed_quantity_against_its_account(
    code: Any, quantity: str, kind: str, contra: str
) -> None:
    (row,) = rows(tx(5, quantity, "10", type=code))
    assert moves(row) == {
        ("assets:venue:128", "ETH"): Fraction(quantity),
        (contra, "ETH"): -Fraction(quantity),
    }
    assert row.kind == kind
    assert row.postings[0].balance_after == 10
    assert [posting.balance_after for posting in row.postings[1:]] == [None]


@pytest.mark.parametrize("token", [2, "x", None, {"id": 1}], ids=repr)
def test_the_units_of_an_unknown_token_stand_in_suspense(token: Any) -> None:
    (row,) = rows(tx(5, "3", "3", tokenId=token, type=10))
    assert row.asset.startswith("ODD-")
    assert moves(row)["suspense", row.asset] == -3
    assert rows(tx(5, "3", "3", tokenId="1"))[0].asset == "ETH"


def test_ids_may_be_numbers_or_texts() -> None:
    as_numbers, as_texts = rows(tx(5)), rows(tx("5", accountId="128", tokenId="1", type="8"))
    assert [row.identity for row in as_numbers] == [row.identity for row in as_texts] == [("128", "5")]
    assert as_numbers[0].data == as_texts[0].data
    token = TOKEN | {"accountId": "128", "tokenId": "1"}
    assert rows(tx(5), accounts=[ACCOUNT | {"accountId": "128", "tokens": [token]}]) == as_numbers


def test_one_id_with_two_contents_is_two_rows() -> None:
    found = rows(tx(5, "1", "1"), tx(5, "1", "2"), tx(5, "1", "1"))
    assert [row.postings[0].balance_after for row in found] == [1, 2]
    assert len({row.identity for row in found}) == 1


@pytest.mark.parametrize(
    "odd",
    [
        tx("5a"),
        tx(-5),
        tx("²"),
        tx(10**18),
        tx(None),
        tx(5, "x"),
        tx(5, "1", "0.1234567890123456789"),
        tx(5, accountId=129),
        tx(5, createDate=5),
        tx(5, createDate=None),
        {"trxId": 5},
        [5],
        None,
    ],
    ids=repr,
)
def test_a_row_that_cannot_be_understood_is_kept_and_moves_nothing(odd: Any) -> None:
    found = rows(tx(9), odd, tx(3))
    (kept,) = [row for row in found if row.kind.startswith("odd: ")]
    assert [(one.account, one.quantity) for one in kept.postings] == [(f"suspense:{NAME}", Decimal(0))]
    assert read_json(kept.data.encode()) == read_json(as_bytes(odd if isinstance(odd, dict) else {"": odd}))
    assert ids([row for row in found if row is not kept]) == [3, 9]


ANY_TX = nearly(
    {
        "trxId": st.integers(0, 10**18),
        "accountId": st.sampled_from([128, "128"]),
        "tokenId": st.sampled_from([1, "1", 2]),
        "type": st.integers(0, 17),
        "quantity": LONG,
        "balance": LONG,
        "createDate": st.sampled_from([1735823112000, "1735823112"]),
    }
)


@given(txs=st.lists(ANY_TX, max_size=8))
def test_rows_of_any_shape_come_out_as_many_as_they_went_in_and_cancel(txs: list[Any]) -> None:
    found = drive(SOURCE, settings(), literal(*txs))["txs/128"]
    if found.error:
        assert "trxId" in str(found.error)
    else:
        kept = [row if isinstance(row, dict) else {"": row} for row in txs]
        different = {as_bytes(read_json(as_bytes(row))) for row in kept}
        assert len(found.rows()) == len(different)
        assert balanced(found.rows())


def test_accounts_of_earlier_pulls_are_asked_for_again() -> None:
    reads = drive(SOURCE, settings(), literal(tx(5)), known=["txs/7", "txs/1000", "accounts"])
    each = [[f"{kind}/{account}" for account in (7, 128, 1000)] for kind in ("txs", "account")]
    assert list(reads) == [*FIRST, *each[0], "txs", *each[1], "balances", *AFTER]


def test_without_the_accounts_nothing_is_asked_for_its_tokens_would_have_no_codes() -> None:
    reads = drive(SOURCE, settings(), fails, known=["txs/128", f"payouts/{KEY}"])
    assert list(reads) == [
        *FIRST,
        "txs/128",
        "txs",
        "account/128",
        "balances",
        *AFTER[:3],
        f"payouts/{KEY}",
        *AFTER[3:],
    ]
    assert [name for name, found in reads.items() if not (found.stream.unasked or found.stream.blocked)] == [
        "accounts"
    ]


@pytest.mark.parametrize("accounts", [{}, [None], [{}], [ACCOUNT | {"tokens": 5}]], ids=repr)
def test_accounts_that_cannot_be_read_stop_the_source_loudly(accounts: Any) -> None:
    reads = drive(SOURCE, settings(), literal(tx(5), accounts=accounts))
    assert [name for name, found in reads.items() if not (found.stream.unasked or found.stream.blocked)] == [
        "accounts"
    ]
    found = reads["accounts"]
    assert found.passed
    with pytest.raises(SourceError):
        found.stream.seen(found.passed.answers)


def test_what_is_held_includes_what_is_locked() -> None:
    tokens = [
        TOKEN | {"quantity": "5.25", "lockedQuantity": "0.75", "availableQuantity": "4.5"},
        {"tokenId": 2, "quantity": 3},
    ]
    reads = drive(SOURCE, settings(), literal(accounts=[ACCOUNT, {"accountId": "../9", "tokens": tokens}]))
    first, second, third = reads["balances"].holdings()
    assert (first.account, first.asset, first.total, first.locked) == ("128", "ETH", 5, 0)
    assert (second.account, second.asset, second.total, second.locked) == (
        "../9",
        "ETH",
        Decimal("5.25"),
        Decimal("0.75"),
    )
    assert second.pointer == "/data/accounts/1/tokens/0"
    assert (third.asset[:4], third.total, third.locked) == ("ODD-", 3, 0)
    assert [name for name in reads if name.startswith("txs/")] == ["txs/128"]


@given(accounts=JUNK | st.lists(JUNK | st.fixed_dictionaries({"accountId": JUNK, "tokens": st.lists(JUNK)})))
def test_accounts_of_any_shape_are_read_or_refused(accounts: Any) -> None:
    reads = drive(SOURCE, settings(), literal(accounts=accounts))
    for stream, _, passed, _ in reads.values():
        if passed is None:
            continue
        try:
            list((stream.holdings or stream.rows or stream.facts or (lambda _: ()))(passed.answers))
            stream.seen(passed.answers)
        except ReconError:
            continue
