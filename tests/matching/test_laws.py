"""Whatever the books: each row is used once, no order matters, and a row unrelated to the others changes none."""

from collections import Counter
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.pipeline.match import Found
from tests.matching._books import HOUR, Books


class Stated(NamedTuple):
    """A row of a source, ``hours`` after the start."""

    quantity: str
    source: str
    hours: int
    txid: str
    address: str


ROWS = st.lists(
    st.builds(
        Stated,
        st.sampled_from(["-1", "1", "-2", "2", "0.9"]),
        st.sampled_from(["egera", "fuse", "gas", "broker"]),
        st.integers(0, 120),
        st.sampled_from(["", "", "x1", "x2", "a" * 64]),
        st.sampled_from(["", "", "there"]),
    ),
    max_size=9,
)


@pytest.fixture(scope="module")
def books() -> Books:
    return Books()


def matched(books: Books, rows: list[Stated], ids: dict[int, int] | None = None) -> tuple[Found, list[Any]]:
    """What is found, and the links by the places of their rows in ``rows``, which need not be stated in order."""
    books.clear()
    books.owned("there", source="fuse")
    places = {}
    for place in sorted(range(len(rows)), key=lambda one: (ids or {}).get(one, one)):
        one = rows[place]
        entry = books.moved(one.quantity, one.source, one.hours * HOUR, txid=one.txid, address=one.address)
        places[entry] = place
    found = books.found(fee_max=Decimal("0.1"))
    return found, sorted((one.kind, one.basis, places[one.one], places[one.other]) for one in found.links)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_every_row_is_used_once_in_each_way(books: Books, rows: list[Stated]) -> None:
    found, _ = matched(books, rows)
    for kind in ("same", "transfer"):
        links = [one for one in found.links if one.kind == kind]
        assert (
            max(
                [
                    *Counter(one.one for one in links).values(),
                    *Counter(one.other for one in links).values(),
                    1,
                ]
            )
            == 1
        )
    transfers = [one for one in found.links if one.kind == "transfer"]
    assert not {one.one for one in transfers} & {one.other for one in transfers}
    for one in transfers:
        sent, received = rows[one.one - 1], rows[one.other - 1]
        assert Decimal(sent.quantity) < 0 < Decimal(received.quantity) <= -Decimal(sent.quantity)
        assert sent.source != received.source
    books.settle(fee_max=Decimal("0.1"))
    assert (
        books.connection.execute("select entry from legs group by entry having sum(quantity) <> 0").fetchall()
        == []
    )


@settings(max_examples=15, deadline=None)
@given(ROWS, st.permutations(range(9)))
def test_transfers_are_the_same_in_whatever_order_rows_came(
    books: Books, rows: list[Stated], order: list[int]
) -> None:
    rows = [one for one in rows if one.source != "broker"]
    stated = [one for _, one in sorted(zip(order, range(len(rows)), strict=False))]
    _, links = matched(books, rows)
    _, again = matched(books, rows, {place: turn for turn, place in enumerate(stated)})
    if not any(kind == "same" for kind, *_ in links):  # of those the earlier counts
        assert [one for one in links if one[0] == "transfer"] == [
            one for one in again if one[0] == "transfer"
        ]


@settings(max_examples=15, deadline=None)
@given(ROWS, st.sampled_from(["-7.5", "7.5"]), st.integers(0, 120))
def test_an_unrelated_row_changes_no_pair(
    books: Books, rows: list[Stated], quantity: str, hours: int
) -> None:
    _, links = matched(books, rows)
    _, more = matched(books, [*rows, Stated(quantity, "gas", hours, "x9", "elsewhere")])
    assert more == links


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_what_is_stored_is_not_found_again(books: Books, rows: list[Stated]) -> None:
    found, _ = matched(books, rows)
    for number, one in enumerate(found.links, start=1):
        books.connection.execute("insert into links values (?, ?, ?, ?, ?, ?)", [number, *one])
    again = books.found(fee_max=Decimal("0.1"))
    assert again.links == []
    assert again.unmatched == found.unmatched
