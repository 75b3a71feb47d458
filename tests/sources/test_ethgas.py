"""ETHGas: every row read once whichever way the cursor walks, and each type against its account."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.contracts import Request
from recon.core.errors import ReconError, SourceError
from recon.core.records import Row
from recon.demo.ethgas import EthGas
from recon.demo.venues import Books, Response, as_json, load_all
from recon.sources.ethgas import SOURCE, Settings
from tests.sources.drive import (
    JUNK,
    LONG,
    NAME,
    Read,
    Reply,
    as_bytes,
    balanced,
    booked,
    chained,
    drive,
    fails,
    held,
    nearly,
    of_ethgas,
    sums,
)

TOKEN = {
    "accountId": 128,
    "tokenId": 1,
    "quantity": "5",
    "lockedQuantity": "0",
    "code": "ETH",
    "availableQuantity": "5",
}
ACCOUNT = {"accountId": 128, "userId": 78, "type": 1, "name": "Current", "tokens": [TOKEN]}
WAYS = [(inclusive, descending) for inclusive in (False, True) for descending in (True, False)]


class Upwards(EthGas):
    """Lists the newest rows, newest first; yet ``startId`` names the lowest id of the page that is wanted."""

    cap = 100

    def _txs(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Response:
        size, start = min(int(query["limit"]), self.cap), int(query.get("startId", -1))
        rows = sorted(rows, key=lambda row: int(row["trxId"]))
        reached = [
            row
            for row in rows
            if int(row["trxId"]) > start or (self.inclusive and int(row["trxId"]) == start)
        ]
        page = reached[:size] if "startId" in query else rows[-size:]
        return as_json({"success": True, "data": {"txs": page[::-1]}})


class Capped(EthGas):
    """Gives fewer rows a page than asked."""

    cap = 100

    def _txs(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Response:
        return super()._txs(rows, {**query, "limit": str(min(int(query["limit"]), self.cap))})


def settings(**changes: Any) -> Settings:
    stated = {"kind": "ethgas", "base_url": "https://a.example/api", "access_token": "env:TOKEN"}
    return Settings.model_validate(stated | changes)


def tx(trx_id: Any, quantity: str = "1", balance: str = "1", **changes: Any) -> dict[str, Any]:
    row = {
        "trxId": trx_id,
        "accountId": 128,
        "tokenId": 1,
        "type": 8,
        "quantity": quantity,
        "balance": balance,
    }
    return row | {"createDate": 1735823112000} | changes


def of_ids(*ids: Any) -> Books:
    return {"accounts": [ACCOUNT], "txs": [tx(one) for one in ids]}


def literal(*txs: Any, accounts: Any = (ACCOUNT,)) -> Reply:
    """A venue whose accounts and one page of transactions are given."""

    def reply(request: Request) -> bytes:
        if request.path == "/v1/user/accounts":
            return as_bytes({"success": True, "data": {"accounts": accounts}})
        page = txs if "startId" not in request.params else []
        return as_bytes({"success": True, "data": {"txs": page}})

    return reply


def read(venue: EthGas, **changes: Any) -> Read:
    return drive(SOURCE, settings(**changes), of_ethgas(venue))["txs/128"]


def rows(*txs: Any, **answers: Any) -> list[Row]:
    return drive(SOURCE, settings(), literal(*txs, **answers))["txs/128"].rows()


def ids(found: list[Row]) -> list[int]:
    return [int(row.identity[1]) for row in found]


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
    assert booked(reads) == held(reads["balances"].holdings())
    assert balanced(found)
    assert chained(found)
    assert not any(posting.account.startswith("suspense") for row in found for posting in row.postings)


VENUES: list[Callable[..., EthGas]] = [Capped, Upwards]


@given(
    have=st.sets(st.integers(1, 10**18 - 1), max_size=30),
    asked=st.integers(1, 12),
    cap=st.integers(2, 12),
    way=st.sampled_from(WAYS),
    venue=st.sampled_from(VENUES),
    text=st.booleans(),
)
def test_whichever_way_the_cursor_walks_every_row_is_read_exactly_once_and_oldest_first(
    have: set[int], asked: int, cap: int, way: tuple[bool, bool], venue: Callable[..., Any], text: bool
) -> None:
    stand_in = venue(of_ids(*have), inclusive=way[0], descending=way[1])
    stand_in.cap = cap
    if text:
        stand_in.books["txs"] = [tx(str(one)) for one in have]
        stand_in._follows = lambda trx_id, start: EthGas._follows(stand_in, int(trx_id), start)
    found = read(stand_in, page_size=asked).rows()
    assert ids(found) == sorted(have)
    assert [row.ordinal for row in found] == sorted(have)


@pytest.mark.parametrize(("inclusive", "descending"), WAYS)
def test_a_small_account_takes_two_questions(inclusive: bool, descending: bool) -> None:
    found = read(EthGas(of_ids(5, 9), inclusive=inclusive, descending=descending))
    assert [request.params.get("startId") for request in found.asked] == [None, "5" if descending else "9"]
    assert {request.params["limit"] for request in found.asked} == {"100"}


def test_an_account_without_rows_takes_one_question() -> None:
    found = read(EthGas(of_ids()))
    assert (len(found.asked), found.rows()) == (1, [])


def test_a_row_that_arrives_while_pages_are_read_is_read_once_or_left_for_the_next_pull() -> None:
    for descending in (True, False):
        venue = EthGas(of_ids(*range(1, 30)), inclusive=True, descending=descending)

        def reply(request: Request, venue: EthGas = venue) -> bytes:
            body = of_ethgas(venue)(request)
            venue.books["txs"] += [tx(100 + len(venue.requests))] * (len(venue.requests) < 6)
            return body

        found = ids(drive(SOURCE, settings(page_size=10), reply)["txs/128"].rows())
        assert found == sorted(set(found))
        assert set(range(1, 30)) <= set(found)


def test_rows_out_of_reach_of_the_cursor_stop_the_stream_loudly() -> None:
    class Stuck(EthGas):
        """Always the newest rows at or above ``startId``: older ones cannot be asked for."""

        def _follows(self, trx_id: int, start: int) -> bool:
            return trx_id >= start

    assert ids(read(Stuck(of_ids(*range(1, 10))), page_size=10).rows()) == list(range(1, 10))
    found = read(Stuck(of_ids(*range(1, 30))), page_size=10)
    assert found.error
    assert "out of reach" in str(found.error)


@pytest.mark.parametrize("venue", [EthGas, Upwards])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_an_account_as_large_as_a_page_is_read_whole(venue: type[EthGas], more: int) -> None:
    have = range(1, 11 + more)
    assert ids(read(venue(of_ids(*have)), page_size=10).rows()) == list(have)


def test_a_page_without_any_id_stops_the_stream_loudly() -> None:
    found = drive(SOURCE, settings(), literal({"type": 8}, {"type": 9}))["txs/128"]
    assert found.error
    assert found.error.kind == "payload"


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
        different = {as_bytes(read_json(as_bytes(row))) for row in txs}
        assert len(found.rows()) == len(different)
        assert balanced(found.rows())


def test_accounts_of_earlier_pulls_are_asked_for_again() -> None:
    reads = drive(SOURCE, settings(), literal(tx(5)), known=["txs/7", "txs/1000", "accounts"])
    assert list(reads) == ["accounts", "txs/7", "txs/128", "txs/1000", "balances"]


def test_without_the_accounts_nothing_is_read_for_its_tokens_would_have_no_codes() -> None:
    assert list(drive(SOURCE, settings(), fails, known=["txs/128"])) == ["accounts"]


@pytest.mark.parametrize("accounts", [{}, [None], [{}], [ACCOUNT | {"tokens": 5}]], ids=repr)
def test_accounts_that_cannot_be_read_stop_the_source_loudly(accounts: Any) -> None:
    reads = drive(SOURCE, settings(), literal(tx(5), accounts=accounts))
    assert list(reads) == ["accounts"]
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
    assert list(reads) == ["accounts", "txs/128", "balances"]


@given(accounts=JUNK | st.lists(JUNK | st.fixed_dictionaries({"accountId": JUNK, "tokens": st.lists(JUNK)})))
def test_accounts_of_any_shape_are_read_or_refused(accounts: Any) -> None:
    reads = drive(SOURCE, settings(), literal(accounts=accounts))
    for found in reads.values():
        assert found.passed
        try:
            list((found.stream.holdings or found.stream.rows or (lambda _: ()))(found.passed.answers))
            found.stream.seen(found.passed.answers)
        except ReconError:
            continue


def test_pages_are_asked_as_large_as_set_but_no_larger_than_the_venue_gives_nor_of_one_row() -> None:
    for asked, limit in {1: "2", 2: "2", 50: "50", 1000: "100", None: "100"}.items():
        found = drive(SOURCE, settings(page_size=asked), literal(tx(5)))["txs/128"]
        assert found.asked[0].params == {"limit": limit}
