"""Is one hash posted twice, or one movement held by two sources?"""

from decimal import Decimal

import pytest

from recon.core.breaks import Break
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, kinds
from tests.matching._books import Books


@pytest.fixture
def books() -> Books:
    return Books()


def only(breaks: list[Break]) -> Break:
    assert len(breaks) == 1, [one.diagnosis.text for one in breaks]
    return breaks[0]


def test_empty_books_pass_and_nothing_was_examined(books: Books) -> None:
    assert books.told("duplicates") == []
    assert books.results()["duplicates"].tested == 0


def test_one_hash_twice_for_one_asset_and_direction_is_an_error(books: Books) -> None:
    books.moved("1", "fuse", 1, txid="x1")
    books.moved("1", "fuse", 2, txid="x1")
    found = only(books.told("duplicates"))
    assert (found.severity, found.diagnosis.kind, found.entries) == ("error", "duplicate_record", (2, 1))
    assert (found.source, found.account, found.asset) == ("fuse", "main", "BTC")
    assert found.diagnosis.text == (
        "fuse, account main, BTC, 2025-01-03 00:00:00 UTC: the hash x1 is posted 2 times as received: on "
        "2025-01-02 00:00:00 UTC 1 (deposit), on 2025-01-03 00:00:00 UTC 1 (deposit). Quantity: 1."
    )
    assert books.results()["duplicates"].tested == 2


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": "-1"},
        {"asset": "ETH"},
        {"txid": "x2"},
        {"txid": ""},
        {"source": "egera", "quantity": "-1"},
    ],
)
def test_another_direction_asset_hash_or_source_is_another_row(books: Books, other: dict[str, str]) -> None:
    first = {"quantity": "1", "source": "fuse", "txid": "x1"}
    for number, row in enumerate((first, first | other)):
        quantity, source = row.pop("quantity"), row.pop("source")
        books.moved(quantity, source, 1 + number, **row)
    assert books.told("duplicates") == []


def test_equal_rows_without_a_hash_are_two_events(books: Books) -> None:
    books.moved("1", "fuse", 1)
    books.moved("1", "fuse", 1)
    assert books.told("duplicates") == []


def test_the_fee_of_a_transfer_may_stand_under_its_hash(books: Books) -> None:
    books.moved("-1", "broker", 1, txid="x1")
    books.moved("-0.1", "broker", 1, txid="x1", kind="fee", contra="fees")
    assert books.told("duplicates") == []


def test_three_times_is_one_break_that_says_so(books: Books) -> None:
    for at in (1, 2, 3):
        books.moved("-1", "fuse", at, txid="x1")
    found = only(books.told("duplicates"))
    assert "posted 3 times as sent" in found.diagnosis.text
    assert found.entries == (3, 1)


def test_it_keeps_its_id_when_a_third_comes(books: Books) -> None:
    books.moved("-1", "fuse", 1, txid="x1")
    books.moved("-1", "fuse", 1, txid="x1")
    before = only(books.told("duplicates")).id
    books.moved("-1", "fuse", 1, txid="x1")
    assert only(books.told("duplicates")).id == before


def test_a_row_that_is_taken_back_is_no_duplicate(books: Books) -> None:
    books.moved("1", "fuse", 1, txid="x1")
    entry = books.moved("1", "fuse", 1, txid="x1")
    books.connection.execute("update legs set live = false where entry = ?", [entry])
    assert books.told("duplicates") == []


def test_the_period_ends_what_is_asked(books: Books) -> None:
    books.moved("1", "fuse", 1, txid="x1")
    books.moved("1", "fuse", 40, txid="x1")
    assert [len(books.told("duplicates", period)) for period in (JANUARY, FEBRUARY, EVER)] == [0, 1, 1]


def test_what_two_sources_hold_under_one_hash_is_no_break_and_counts_once(books: Books) -> None:
    books.moved("1", "broker", 1, txid="x1")
    books.moved("1", "fuse", 1, txid="x1")
    assert books.told("duplicates") == []
    assert books.held() == {"fuse main": 1}
    rows = books.connection.execute(
        "select source, counted from legs where class = 'assets' order by 1"
    ).fetchall()
    assert rows == [("broker", False), ("fuse", True)]


def test_what_only_looks_alike_is_a_warning_with_both_rows_side_by_side(books: Books) -> None:
    books.moved("1.50", "broker", 1.0001)
    books.moved("1.5", "fuse", 1)
    found = only(books.told("duplicates"))
    assert (found.severity, found.diagnosis.kind, found.entries) == ("warning", "unexplained", (1, 2))
    assert (found.source, found.account) == ("broker", "main")
    assert (
        "fuse main, 2025-01-02 00:00:00 UTC: 1.5 BTC (deposit) | "
        "broker main, 2025-01-02 00:00:08.64 UTC: 1.5 BTC (deposit)"
    ) in found.diagnosis.text
    assert books.held() == {"broker main": Decimal("1.5"), "fuse main": Decimal("1.5")}


def test_a_duplicate_that_breaks_a_running_balance_is_one_break(books: Books) -> None:
    for after in ("1", "3", "3"):
        books.moved("1" if after == "1" else "2", "fuse", int(after), txid=f"x{after}", after=after)
    books.settle()
    found = only(books.breaks())
    assert (found.check, found.diagnosis.kind) == ("running_balance", "duplicate_record")
    assert [one["check"] for one in found.diagnosis.members] == ["duplicates"]


def test_a_duplicate_that_a_closing_balance_is_out_by_is_one_break(books: Books) -> None:
    books.moved("5", "egera", 1, txid="x1")
    for _ in "ab":
        books.moved("2", "egera", 2, txid="x2")
    books.look({("main", "BTC"): "7"}, source="egera")
    books.settle()
    assert kinds(books.breaks()) == [("duplicates", "duplicate_record")]
    assert [one["check"] for one in books.breaks()[0].diagnosis.members] == ["closing_balance"]


def test_a_duplicate_that_leaves_a_tie_is_one_break(books: Books) -> None:
    books.moved("9", "egera", 0.5)
    for _ in "ab":
        books.moved("-1", "egera", 1, txid="x1")
    books.moved("1", "fuse", 1.1, txid="x1")
    books.settle()
    found = only(books.breaks())
    assert found.check == "duplicates"
    assert [one["check"] for one in found.diagnosis.members] == ["transfers"]
