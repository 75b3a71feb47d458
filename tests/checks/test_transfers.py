"""Does each move to an own place arrive, once and in time? What cannot be told is listed, and nothing is guessed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from recon.core.breaks import Break
from tests.checks._ledger import FEBRUARY, JANUARY, day
from tests.matching._books import Books

OWN: dict[str, Any] = {"own_addresses": ("home",)}
LATE = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def books() -> Books:
    return Books()


def only(breaks: list[Break]) -> Break:
    assert len(breaks) == 1, [one.diagnosis.text for one in breaks]
    return breaks[0]


def examined(books: Books) -> int:
    return books.results()["transfers"].tested


def test_empty_books_pass_and_nothing_was_examined(books: Books) -> None:
    assert books.told("transfers") == []
    assert examined(books) == 0


def test_a_movement_to_or_from_outside_that_nothing_pairs_with_is_no_break(books: Books) -> None:
    books.moved("-1", "egera", 1, address="somebody")
    books.moved("2", "fuse", 1)
    books.moved("-3", "gas", 1, txid="0xaa")
    assert books.told("transfers", **OWN) == []
    assert examined(books) == 3


def test_a_pair_is_no_break_also_while_it_is_under_way_at_the_periods_end(books: Books) -> None:
    books.moved("-1", "egera", 30.9, address="home")
    books.moved("1", "fuse", 31.1)
    assert books.told("transfers", JANUARY, **OWN) == []
    assert books.in_transit(31) == 1
    assert books.in_transit(32) == 0


def test_what_went_to_an_own_address_and_never_came_is_told(books: Books) -> None:
    entry = books.moved("-1.5", "egera", 1, address="home")
    found = only(books.told("transfers", known_at=LATE, **OWN))
    assert (found.source, found.account, found.asset, found.at) == (
        "egera",
        "main",
        "BTC",
        day(1).replace(tzinfo=UTC),
    )
    assert (found.severity, found.diagnosis.kind, found.entries) == ("warning", "unexplained", (entry,))
    assert found.diagnosis.text == (
        "egera, account main, BTC, 2025-01-02 00:00:00 UTC: sent to an address of one's own, and no row that was "
        "received anywhere pairs with it. It is expected until 2025-01-05 00:00:00 UTC. Quantity: -1.5."
    )


def test_it_is_in_transit_until_the_window_is_over(books: Books) -> None:
    books.moved("-1", "egera", 1, address="home")
    ends = day(4).replace(tzinfo=UTC)
    known = ends - timedelta(microseconds=1)
    under_way = only(books.told("transfers", known_at=known, **OWN))
    over = only(books.told("transfers", known_at=ends, **OWN))
    assert (under_way.diagnosis.kind, over.diagnosis.kind) == ("in_transit", "unexplained")
    assert under_way.id == over.id


def test_what_is_dated_after_the_periods_end_is_not_of_it_and_what_was_before_still_is(books: Books) -> None:
    books.moved("-1", "egera", 31, address="home")
    assert books.told("transfers", JANUARY, known_at=LATE, **OWN) == []
    assert len(books.told("transfers", FEBRUARY, known_at=LATE, **OWN)) == 1
    books.clear()
    books.moved("-1", "egera", 30.99, address="home")
    assert len(books.told("transfers", FEBRUARY, known_at=LATE, **OWN)) == 1


def test_an_address_that_only_a_venue_states_is_not_declared_ones_own(books: Books) -> None:
    books.owned("home", source="fuse")
    books.moved("-1", "egera", 1, address="home")
    assert books.told("transfers", known_at=LATE) == []


def test_what_arrived_under_the_same_hash_by_another_code_is_not_lost(books: Books) -> None:
    books.moved("-1", "egera", 1, asset="USDT", txid="0xaa", address="home")
    books.moved("1", "fuse", 1.1, asset="USDTERC20", txid="0xaa")
    assert books.told("transfers", known_at=LATE, **OWN) == []
    assert books.transfers() == {}


def test_an_address_told_beside_the_row_counts(books: Books) -> None:
    books.moved("-1", "fuse", 1)
    books.aside("-1", 1, txid="0xaa", address="home")
    assert len(books.told("transfers", known_at=LATE, **OWN)) == 1


def test_a_tie_is_one_break_that_lists_every_candidate(books: Books) -> None:
    one = books.moved("-7", "egera", 1)
    other = books.moved("-7", "gas", 1.5, account="128")
    books.moved("7", "fuse", 2)
    found = only(books.told("transfers", known_at=LATE))
    assert found.entries == (one, 3)
    assert (found.diagnosis.kind, found.anchor) == ("unexplained", "tie egera/1")
    assert (
        "Sent: 2025-01-02 00:00:00 UTC egera main -7 BTC (withdrawal, egera/1); "
        f"2025-01-02 12:00:00 UTC gas 128 -7 BTC (withdrawal, gas/{other}). "
        "Received: 2025-01-03 00:00:00 UTC fuse main 7 BTC (deposit, fuse/3). Quantity: -7."
    ) in found.diagnosis.text


def test_a_long_tie_names_ten_of_each_side_and_counts_the_rest(books: Books) -> None:
    books.moved("-7", "egera", 1)
    for number in range(12):
        books.moved("7", "fuse", 1 + number / 24)
    text = only(books.told("transfers", known_at=LATE)).diagnosis.text
    assert text.count("fuse main 7 BTC") == 10
    assert "; and 2 more" in text


def test_rows_of_one_hash_whose_amounts_differ_by_more_than_a_fee_are_told(books: Books) -> None:
    books.moved("-1", "egera", 1, txid="0xaa")
    books.moved("0.9", "fuse", 1.1, txid="0xaa")
    found = only(books.told("transfers", known_at=LATE, fee_max=Decimal("0.01")))
    assert (found.source, found.expected, found.actual, found.difference) == (
        "fuse",
        1,
        Decimal("0.9"),
        Decimal("-0.1"),
    )
    assert "less arrived than was sent under the same hash" in found.diagnosis.text
    assert found.entries == (2, 1)


def test_a_side_of_a_move_inside_a_source_that_has_no_other_is_named(books: Books) -> None:
    books.moved("-4", "gas", 1, account="128", contra="transit", kind="transfer_out")
    books.moved("4", "gas", 1.1, account="129", contra="transit", kind="transfer_in")
    lost = books.moved("-3", "gas", 1, account="128", contra="transit", kind="transfer_out")
    found = only(books.told("transfers", known_at=LATE))
    assert (found.account, found.entries) == ("128", (lost,))
    assert (
        "it left within the source (transfer_out), and no row says where it arrived" in found.diagnosis.text
    )
    assert only(books.told("transfers", known_at=day(1).replace(tzinfo=UTC))).diagnosis.kind == "in_transit"


def test_a_row_that_is_taken_back_is_asked_for_no_more(books: Books) -> None:
    entry = books.moved("-1", "egera", 1, address="home")
    books.connection.execute("update legs set live = false where entry = ?", [entry])
    assert books.told("transfers", known_at=LATE, **OWN) == []
    assert examined(books) == 0


def test_a_row_that_does_not_count_has_no_other_half_of_its_own(books: Books) -> None:
    books.moved("-1", "egera", 1, txid="0xaa", address="home")
    books.moved("-1", "broker", 1, txid="0xaa")
    books.moved("1", "fuse", 1.1)
    assert books.told("transfers", known_at=LATE, **OWN) == []
    assert books.held() == {"egera main": -1, "fuse main": 1}


def test_a_lost_half_that_breaks_a_balance_is_one_break(books: Books) -> None:
    books.row("10", "10", source="gas", account="128", at=day(0.5))
    books.moved("-4", "gas", 1, account="128", contra="transit", after="6")
    books.row("1", "1", source="gas", account="129", at=day(0.5))
    books.row("1", "6", source="gas", account="129", at=day(2))
    books.settle()
    books.known_at = LATE
    found = only(books.breaks())
    assert (found.check, found.account, found.difference) == ("running_balance", "129", 4)
    assert [one["check"] for one in found.diagnosis.members] == ["transfers"]


def test_a_lone_half_behind_a_gap_that_has_nothing_to_do_with_it_is_a_break_of_its_own(books: Books) -> None:
    books.row("10", "10", source="gas", account="128", at=day(0.5))
    books.moved("-4", "gas", 1, account="128", contra="transit", after="7")
    books.settle()
    books.known_at = LATE
    assert [one.check for one in books.breaks()] == ["running_balance", "transfers"]


def test_a_half_lost_to_another_venue_belongs_to_the_balance_that_lacks_it(books: Books) -> None:
    books.moved("-4", "egera", 1, address="home")
    books.row("1", source="fuse", at=day(0.5))
    books.look({("main", "BTC"): "5"}, source="fuse", at=day(2))
    books.settle(**OWN)
    books.known_at = LATE
    found = only([one for one in books.breaks() if one.check != "negative_balance"])
    assert (found.check, found.source, found.difference) == ("closing_balance", "fuse", 4)
    assert [one["check"] for one in found.diagnosis.members] == ["transfers"]
