"""A movement that several sources hold by one hash counts once; what only looks alike is shown side by side."""

import pytest

from tests.matching._books import HOUR, Books

H1, H2 = "a" * 64, "b" * 64


@pytest.fixture
def books() -> Books:
    return Books()


def same(books: Books) -> list[tuple[int, int]]:
    return [(one.one, one.other) for one in books.found().links if one.kind == "same"]


def alike(books: Books) -> list[tuple[int, int]]:
    return [(one.entry, one.later) for one in books.found().unmatched.alike]


def test_the_venue_counts_before_the_file_whenever_each_came(books: Books) -> None:
    line = books.moved("1", "broker", 5, txid="x1")
    told = books.moved("1", "fuse", 1, txid="x1")
    assert same(books) == [(told, line)]
    books.settle()
    assert books.held() == {"fuse main": 1}


@pytest.mark.parametrize(
    ("quantity", "txid", "asset"),
    [("-1", "x1", "BTC"), ("2", "x1", "BTC"), ("1", "x2", "BTC"), ("1", "x1", "ETH")],
)
def test_another_direction_amount_hash_or_asset_is_another_movement(
    books: Books, quantity: str, txid: str, asset: str
) -> None:
    books.moved("1", "broker", 5, txid="x1")
    books.moved(quantity, "fuse", 9, txid=txid, asset=asset)
    assert same(books) == []


def test_codes_of_one_pool_are_one_asset(books: Books) -> None:
    books.moved("1", "broker", 5, txid="x1", asset="USDT")
    books.moved("1", "fuse", 5, txid="x1", asset="USDTERC20")
    books.rules = books.rules._replace(pools={"USDTERC20": "USDT"})
    assert same(books) == [(2, 1)]


def test_the_hash_of_a_record_beside_the_row_counts_too(books: Books) -> None:
    line = books.moved("1", "broker", 1, txid=H1)
    told = books.moved("1", "fuse", 1)
    books.aside("1", 1.1, txid=H1)
    assert same(books) == [(told, line)]
    assert alike(books) == []


def test_a_fee_in_the_row_of_one_and_beside_it_in_the_other_does_not_part_them(books: Books) -> None:
    told = books.moved("-1", "fuse", 1, txid="x1")
    line = books.moved("-1", "broker", 1, txid="x1")
    books.connection.execute("update legs set quantity = -1.1 where entry = ? and class = 'assets'", [line])
    books.connection.execute(
        "insert into legs select * replace ('fees' as class, 0.1 as quantity) from legs where entry = ? "
        "and class = 'external'",
        [line],
    )
    assert same(books) == [(told, line)]


def test_of_three_sources_one_counts(books: Books) -> None:
    for source in ("bank", "broker", "fuse"):
        books.moved("1", source, 1, txid="x1")
    assert same(books) == [(3, 1), (1, 2)]
    books.settle()
    assert books.held() == {"fuse main": 1}


def test_both_ends_of_a_transfer_in_a_file_are_the_venues_own(books: Books) -> None:
    sent, received = books.moved("-1", "egera", 1, txid="x1"), books.moved("1", "fuse", 1.1, txid="x1")
    books.moved("-1", "broker", 1, txid="x1")
    books.moved("1", "broker", 1.1, txid="x1")
    found = books.settle()
    assert [(one.kind, one.one, one.other) for one in found.links] == [
        ("same", sent, 3),
        ("same", received, 4),
        ("transfer", sent, received),
    ]
    assert books.held() == {"egera main": -1, "fuse main": 1}
    assert books.found().links == []


def test_a_source_that_holds_it_twice_is_linked_with_none(books: Books) -> None:
    books.moved("1", "broker", 1, txid="x1")
    books.moved("1", "broker", 1, txid="x1")
    books.moved("1", "fuse", 1, txid="x1")
    assert same(books) == []


def test_rows_of_one_minute_and_amount_in_two_sources_look_alike(books: Books) -> None:
    line = books.moved("1", "broker", 1 + 30 / 86400)
    told = books.moved("1", "fuse", 1)
    assert alike(books) == [(told, line)]


@pytest.mark.parametrize(
    ("quantity", "at", "source", "asset"),
    [
        ("1", 1 + 60 / 86400, "fuse", "BTC"),
        ("1.1", 1, "fuse", "BTC"),
        ("-1", 1, "fuse", "BTC"),
        ("1", 1, "broker", "BTC"),
        ("1", 1, "fuse", "ETH"),
    ],
)
def test_another_minute_amount_direction_asset_or_the_same_source_is_not_alike(
    books: Books, quantity: str, at: float, source: str, asset: str
) -> None:
    books.moved("1", "broker", 1)
    books.moved(quantity, source, at, asset=asset)
    assert alike(books) == []


def test_hashes_that_differ_prove_two_movements(books: Books) -> None:
    books.moved("1", "broker", 1, txid=H1)
    books.moved("1", "fuse", 1, txid=H2)
    assert alike(books) == []


def test_rows_of_two_transfers_are_two_movements(books: Books) -> None:
    for source, other in (("egera", "fuse"), ("gas", "broker")):
        books.moved("-1", source, 1, txid=f"x{source}")
        books.moved("1", other, 1.1, txid=f"x{source}")
    assert len(books.transfers()) == 2
    assert alike(books) == []


def test_equal_rows_stand_beside_equal_rows_one_to_one(books: Books) -> None:
    for at in (1, 1 + 5 / 86400, 1 + 9 / 86400):
        books.moved("1", "fuse", at)
    for at in (1, 1 + 6 / 86400):
        books.moved("1", "broker", at)
    assert alike(books) == [(1, 4), (2, 5)]


def test_a_trade_is_alike_where_both_its_sides_are(books: Books) -> None:
    def trade(source: str, paid: str) -> None:
        entry = books.row("1", source=source, at=None, kind="buy", contra="trading")
        other = books.row(f"-{paid}", source=source, asset="PLN", kind="buy", contra="trading")
        books.connection.execute(
            "update legs set entry = ?, record = ? where entry = ?", [entry, entry, other]
        )
        books.connection.execute(
            "update legs set stated_at = timestamp '2025-01-02' where entry = ?", [entry]
        )

    trade("broker", "200000")
    trade("fuse", "200000")
    trade("egera", "200001")
    assert alike(books) == [(3, 1)]


def test_openings_and_rows_in_suspense_are_not_alike(books: Books) -> None:
    for source in ("fuse", "broker"):
        books.moved("1", source, 1, kind="opening", contra="opening")
        books.moved("2", source, 1 + HOUR, contra="suspense")
    assert alike(books) == []
