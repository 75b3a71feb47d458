"""CryptoFuse: the history read page by page while it moves, its rows oldest first, and what they become."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.contracts import Request
from recon.core.records import Row
from recon.demo.venues import Books, load_all
from recon.sources._cryptofuse_history import TRANSFERS
from recon.sources.cryptofuse import SOURCE, Settings
from tests.sources.drive import (
    LONG,
    NAME,
    Read,
    Reply,
    as_bytes,
    balanced,
    booked,
    chained,
    drive,
    held,
    nearly,
    of_cryptofuse,
    sums,
)

HELD = {"account": {"ETH": "1.5"}, "sub_accounts": {}, "statistics": {}}


def settings(**changes: Any) -> Settings:
    stated = {"kind": "cryptofuse", "base_url": "https://a.example/api/v1", "api_key": "env:KEY"}
    return Settings.model_validate(stated | changes)


def event(second: int, amount: str, after: str, **changes: Any) -> dict[str, Any]:
    """A deposit of ETH in a second of one day."""
    at = f"2025-01-01T00:00:{second:02}Z"
    row = {"timestamp": at, "currency": "ETH", "type": "deposit", "amount": amount, "balance_after": after}
    return row | changes


def deposits(count: int) -> list[dict[str, Any]]:
    """Newest first, one a second."""
    return [event(number, "1", str(number + 1)) for number in range(count)][::-1]


def history(books: Books, **changes: Any) -> Read:
    return drive(SOURCE, settings(**changes), of_cryptofuse(books))["history"]


def rows(*events: Any) -> list[Row]:
    """The rows of a history given oldest first, in one page."""
    body = as_bytes({"history": list(events)[::-1], "total": len(events), "limit": 100, "offset": 0})
    return drive(SOURCE, settings(), lambda request: body)["history"].rows()


def moves(row: Row) -> dict[tuple[str, str], Fraction]:
    return {
        (account.removesuffix(f":{NAME}"), asset): value
        for (account, asset), value in sums(row.postings).items()
    }


def offsets(read: Read) -> list[int]:
    return [int(request.params["offset"]) for request in read.asked]


def test_the_sample_books_chain_and_add_up_to_what_the_venue_holds() -> None:
    reads = drive(SOURCE, settings(), of_cryptofuse(load_all()["cryptofuse"]))
    found = reads["history"].rows()
    assert booked(reads) == held(reads["balances"].holdings())
    assert balanced(found)
    assert chained(found)
    assert len(found) == len(load_all()["cryptofuse"]["history"])
    assert {row.kind for row in found} == {"deposit", "withdrawal"}
    paid = Counter((row.asset, row.quantity) for row in reads["payments"].rows() if row.quantity)
    came = Counter((row.asset, row.quantity) for row in found if row.quantity > 0)
    left = Counter((row.asset, row.quantity) for row in found if row.quantity < 0)
    assert (came - paid).total() == 4
    assert paid <= came
    sent = [row for row in reads["withdrawals"].rows() if row.kind == "withdrawal completed"]
    assert Counter((row.asset, row.quantity) for row in sent) == left


def test_rows_come_oldest_first_though_the_venue_lists_the_newest_first() -> None:
    read = history({"history": deposits(25)}, page_size=10)
    found = read.rows()
    assert [row.quantity for row in found] == [1] * 25
    assert [row.at.second for row in found] == list(range(25))
    assert [row.ordinal for row in found] == sorted({row.ordinal for row in found})
    assert (found[0].seq, found[0].pointer) == (3, "/history/4")
    assert (found[-1].seq, found[-1].pointer) == (1, "/history/0")


@pytest.mark.parametrize(("asked", "pages"), [(10, [0, 10, 20]), (25, [0]), (24, [0, 24]), (1000, [0])])
def test_pages_go_on_where_the_last_one_ended(asked: int, pages: list[int]) -> None:
    read = history({"history": deposits(25)}, page_size=asked)
    assert offsets(read) == pages
    assert read.passed
    assert read.passed.stated == 25


def test_a_page_may_be_smaller_than_asked() -> None:
    books = {"history": [event(0, "1", str(number)) for number in range(250)][::-1]}
    read = history(books, page_size=1000)
    assert offsets(read) == [0, 100, 200]
    assert len(read.rows()) == 250


def test_an_empty_history_is_one_page() -> None:
    read = history({})
    assert offsets(read) == [0]
    assert read.passed
    assert (read.passed.stated, read.rows()) == (0, [])


def test_fewer_rows_than_the_total_are_read_to_their_end_and_the_total_is_told() -> None:
    def short(request: Request) -> bytes:
        first = int(request.params.get("offset", 0))
        return as_bytes({"history": deposits(5)[first : first + 2], "total": 7})

    read = drive(SOURCE, settings(page_size=2), short)["history"]
    assert read.passed
    assert (len(read.rows()), read.passed.stated) == (5, 7)


def moving(books: list[int]) -> Reply:
    """A venue that has so many rows at each request; the last number stays."""
    served = iter(books)
    last = books[-1]

    def reply(request: Request) -> bytes:
        have, first = deposits(next(served, last)), int(request.params.get("offset", 0))
        return as_bytes({"history": have[first : first + 2], "total": len(have)})

    return reply


@pytest.mark.parametrize(
    ("books", "asked"),
    [
        ([3, 4, 4, 4], [0, 2, 0, 2]),
        ([3, 4, 3, 3], [0, 2, 0, 2]),
        ([6, 6, 7, 7, 6, 6, 6, 6], [0, 2, 4, 0, 2, 0, 2, 4]),
        ([2, 9], [0]),
        ([3, 4, 5, 6, 7, 8, 9, 10, 3, 3], [0, 2] * 5),
    ],
    ids=str,
)
def test_a_pass_counts_only_if_the_total_stayed_the_same(books: list[int], asked: list[int]) -> None:
    read = drive(SOURCE, settings(page_size=2), moving(books))["history"]
    assert offsets(read) == asked
    assert read.passed
    assert len(read.rows()) == read.passed.stated
    assert chained(read.rows())


def test_a_history_that_moves_in_each_of_five_passes_is_given_up() -> None:
    read = drive(SOURCE, settings(page_size=2), moving(list(range(3, 40))))["history"]
    assert offsets(read) == [0, 2] * 5
    assert read.error
    assert (read.error.kind, read.error.exit_code) == ("moving", 4)
    assert "each of 5 passes" in str(read.error)


@given(
    total=st.integers(0, 30),
    asked=st.integers(1, 40),
    cap=st.integers(1, 40),
    growing=st.lists(st.integers(0, 2), max_size=8),
)
def test_however_it_is_paged_every_row_is_read_exactly_once(
    total: int, asked: int, cap: int, growing: list[int]
) -> None:
    have = [total]
    more = iter(growing)

    def reply(request: Request) -> bytes:
        have.append(have[-1] + next(more, 0))
        first, size = int(request.params.get("offset", 0)), min(cap, asked)
        return as_bytes({"history": deposits(have[-1])[first : first + size], "total": have[-1]})

    read = drive(SOURCE, settings(page_size=asked), reply)["history"]
    if read.error:
        assert read.error.kind == "moving"
    else:
        assert sorted(int(read_json(row.data.encode())["balance_after"]) for row in read.rows()) == list(
            range(1, len(read.rows()) + 1)
        )
        assert read.passed
        assert len(read.rows()) == read.passed.stated


def test_twins_of_one_second_stay_two_rows_in_the_venues_order() -> None:
    found = rows(
        event(1, "5", "5"), event(1, "5", "0", type="withdrawal"), event(1, "5", "5"), event(1, "5", "5")
    )
    assert [row.quantity for row in found] == [5, -5, 5, 5]
    assert len({row.ordinal for row in found}) == 1
    assert Counter(row.identity for row in found).most_common(1)[0][1] == 3
    assert chained(found[:3])


def test_an_unknown_type_moves_what_the_balance_says_against_suspense() -> None:
    found = rows(
        event(1, "100", "100"),
        event(2, "3", "97", type="Fee"),
        event(3, "7", "7", currency="BTC", type="refund"),
        event(4, "0", "97", type="note"),
        event(5, "1", "98", type=None),
        event(6, "1", "99", type=""),
    )
    assert [row.kind for row in found] == ["deposit", "fee", "refund", "note", "null", "(none)"]
    assert moves(found[1]) == {("assets:venue:main", "ETH"): -3, ("suspense", "ETH"): 3}
    assert moves(found[2]) == {("assets:venue:main", "BTC"): 7, ("suspense", "BTC"): -7}
    assert moves(found[3]) == {}
    assert [one.account for one in found[3].postings] == ["assets:venue:main"]
    assert chained(found)


@pytest.mark.parametrize(
    ("kind", "amount", "after", "moved", "contra"),
    [
        ("refund", "7", "7", 7, "suspense"),
        ("fee", "7", "-7", -7, "suspense"),
        ("fee", "3", "97", 0, "suspense"),
        ("note", "0", "97", 0, "suspense"),
        ("transfer", "5", "5", 5, "transit"),
        ("transfer", "5", "95", 0, "transit"),
        ("transfer_in", "5", "105", 5, "transit"),
        ("to_master", "5", "105", 5, "transit"),
        ("transfer_out", "5", "95", -5, "transit"),
        ("to_sub", "-5", "95", -5, "transit"),
    ],
)
def test_a_first_row_of_another_type_never_takes_what_was_held_before_for_a_movement(
    kind: str, amount: str, after: str, moved: int, contra: str
) -> None:
    found, later = rows(event(1, amount, after, type=kind), event(2, "1", str(int(after) - 1), type="fee"))
    expected = {("assets:venue:main", "ETH"): moved, (contra, "ETH"): -moved} if moved else {}
    assert moves(found) == expected
    assert [one.balance_after for one in found.postings if one.account == "assets:venue:main"] == [int(after)]
    assert moves(later)["assets:venue:main", "ETH"] == -1


@pytest.mark.parametrize("kind", [*TRANSFERS, "Transfer_Out"])
def test_a_move_between_main_and_sub_goes_through_transit_by_what_the_balance_says(kind: str) -> None:
    _, found = rows(event(1, "100", "100"), event(2, "30", "70", type=kind))
    assert moves(found) == {("assets:venue:main", "ETH"): -30, ("transit", "ETH"): 30}
    assert found.kind == kind.lower()
    _, back = rows(event(1, "100", "100"), event(2, "30", "130", type=kind))
    assert moves(back) == {("assets:venue:main", "ETH"): 30, ("transit", "ETH"): -30}


def test_an_unknown_type_counts_from_the_last_balance_that_could_be_read() -> None:
    found = rows(event(1, "100", "100"), event(2, "x", "150"), event(3, "3", "147", type="fee"))
    assert found[1].kind.startswith("odd: ")
    assert moves(found[2])["suspense", "ETH"] == -47
    assert chained(found)


def test_amounts_may_be_json_numbers() -> None:
    body = (
        b'{"history": [{"timestamp": "2025-01-01T00:00:00Z", "currency": "ETH", "type": "deposit",'
        b'"amount": 1234567890.123456789012345678, "balance_after": 1.234567890123456789012345678e9}], "total": 1}'
    )
    (row,) = drive(SOURCE, settings(), lambda request: body)["history"].rows()
    assert row.quantity == row.postings[0].balance_after == Decimal("1234567890.123456789012345678")
    assert row.identity[3] == row.identity[4] == "1234567890.123456789012345678"


@pytest.mark.parametrize("code", ["E T H", "", None, {"code": "ETH"}], ids=repr)
def test_the_units_of_an_impossible_currency_stand_in_suspense(code: Any) -> None:
    (row,) = rows(event(1, "5", "5", currency=code))
    assert row.asset.startswith("ODD-")
    assert moves(row)["suspense", row.asset] == -5


@pytest.mark.parametrize(
    "odd",
    [
        event(1, "x", "5"),
        event(1, "5", "-"),
        event(1, "5", "0.1234567890123456789"),
        event(1, "5", "5", timestamp="2025-01-01 00:00:00"),
        event(1, "5", "5", timestamp=None),
        {},
        {"currency": "ETH"},
        7,
        None,
    ],
    ids=repr,
)
def test_a_row_that_cannot_be_understood_is_kept_and_moves_nothing(odd: Any) -> None:
    before, found, after = rows(event(0, "1", "1"), odd, event(2, "1", "2"))
    assert found.kind.startswith("odd: ")
    assert [(one.account, one.quantity) for one in found.postings] == [(f"suspense:{NAME}", Decimal(0))]
    assert read_json(found.data.encode()) == read_json(as_bytes(odd if isinstance(odd, dict) else {"": odd}))
    assert [before.quantity, after.quantity] == [1, 1]


ANY_EVENT = nearly(
    {
        "timestamp": st.sampled_from(["2025-01-01T00:00:00Z", "2025-01-01T00:00:01+01:00"]),
        "currency": st.sampled_from(["ETH", "usdt", "?"]),
        "type": st.sampled_from(["deposit", "withdrawal", "fee"]),
        "amount": LONG,
        "balance_after": LONG,
    }
)


@given(events=st.lists(ANY_EVENT, max_size=8))
def test_rows_of_any_shape_come_out_as_many_as_they_went_in_and_cancel(events: list[Any]) -> None:
    found = rows(*events)
    assert len(found) == len(events)
    assert balanced(found)


@given(amounts=st.lists(st.tuples(LONG, st.sampled_from(["deposit", "withdrawal", "fee"])), max_size=8))
def test_long_numbers_chain_to_the_last_digit(amounts: list[tuple[str, str]]) -> None:
    found = rows(*_books(amounts))
    assert balanced(found)
    assert chained(found)


def _books(amounts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """A history that chains, of those amounts that leave the balance within 18 digits."""
    units, events = 0, []
    for number, (amount, kind) in enumerate(amounts):
        step = int(amount.replace(".", ""))
        after = units + (step if kind == "deposit" else -step)
        if abs(after) < 10**36:
            units = after
            text = f"{'-' if after < 0 else ''}{abs(after) // 10**18}.{abs(after) % 10**18:018}"
            events.append(event(number, amount, text, type=kind))
    return events


@pytest.mark.parametrize(
    "value",
    [{}, {"history": []}, {"total": 1}, {"history": {}, "total": 1}, {"history": [], "total": "many"}, [], None,
     {"history": [], "total": -1}, {"history": [], "total": 1.5}, {"history": [], "total": True}],
    ids=repr,
)  # fmt: skip
def test_an_answer_of_another_shape_stops_the_history_loudly(value: Any) -> None:
    read = drive(SOURCE, settings(), lambda request: as_bytes(value))["history"]
    assert read.error
    assert read.error.kind == "payload"
