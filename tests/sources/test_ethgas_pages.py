"""ETHGas's cursors: every row read once, whichever way they walk and wherever a page ends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.contracts import Request
from recon.demo.ethgas import EthGas
from recon.sources.ethgas import SOURCE
from tests.sources.drive import drive, of_ethgas
from tests.sources.ethgas_answers import (
    ACCOUNT,
    WAYS,
    WRAPPED,
    Capped,
    Upwards,
    deposit,
    ids,
    literal,
    of_ids,
    read,
    settings,
    tx,
)

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


def test_pages_are_asked_as_large_as_set_but_no_larger_than_the_venue_gives_nor_of_one_row() -> None:
    for asked, limit in {1: "2", 2: "2", 50: "50", 1000: "100", None: "100"}.items():
        found = drive(SOURCE, settings(page_size=asked), literal(tx(5)))["txs/128"]
        assert found.asked[0].params == {"limit": limit}


@given(
    have=st.dictionaries(st.integers(1, 40), st.integers(1, 3), max_size=12),
    asked=st.integers(4, 9),
    cap=st.integers(4, 9),
    way=st.sampled_from(WAYS),
    venue=st.sampled_from(VENUES),
)
def test_rows_of_one_block_are_all_read_wherever_a_page_ends(
    have: dict[int, int], asked: int, cap: int, way: tuple[bool, bool], venue: Callable[..., Any]
) -> None:
    rows = [deposit(10 * block + part, block) for block, parts in have.items() for part in range(parts)]
    books = {"accounts": [ACCOUNT], "tokens": [WRAPPED], "deposits": rows}
    stand_in = venue(books, inclusive=way[0], descending=way[1])
    stand_in.cap = cap
    found = read(stand_in, "funding/deposits", page_size=asked)
    assert ids(found.rows()) == sorted(row["eventId"] for row in rows)


@pytest.mark.parametrize(("inclusive", "descending"), WAYS)
@pytest.mark.parametrize("venue", VENUES)
def test_more_rows_of_one_block_than_a_page_brings_stop_the_stream_loudly(
    venue: Callable[..., EthGas], inclusive: bool, descending: bool
) -> None:
    for others in ((), (3,), (900,), (3, 900)):
        rows = [deposit(number, 70) for number in range(12)] + [deposit(100 + one, one) for one in others]
        books = {"accounts": [ACCOUNT], "tokens": [WRAPPED], "deposits": rows}
        stand_in = venue(books, inclusive=inclusive, descending=descending)
        found = read(stand_in, "funding/deposits", page_size=10)
        assert found.error
        assert found.error.kind == "payload"
        assert len(read(stand_in, "funding/deposits", page_size=20).rows()) == len(rows)
