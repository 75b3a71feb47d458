"""Which rows become a transfer: by hash, by address, by an amount that nothing else could be; and which never do."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.matching._books import HOUR, Books

H1, H2 = "a" * 64, "b" * 64


@pytest.fixture
def books() -> Books:
    return Books()


def test_one_hash_at_two_places_is_a_transfer_at_any_distance_in_time(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, txid="ZL1")
    received = books.moved("1", "fuse", 30, txid="ZL1")
    assert books.transfers() == {(sent, received): "txid"}


def test_a_row_takes_its_hash_from_the_one_record_beside_it(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, txid=H1, address="there")
    received = books.moved("1", "fuse", 9)
    books.aside("1", 8.5, txid=H1)
    assert books.transfers() == {(sent, received): "txid"}


@pytest.mark.parametrize(
    ("quantity", "at", "account"),
    [("1", 8.5, "sub"), ("1", 1, "main"), ("1.1", 8.5, "main"), ("-1", 8.5, "main")],
)
def test_a_record_of_another_account_time_or_amount_gives_no_hash(
    books: Books, quantity: str, at: float, account: str
) -> None:
    books.moved("-1", "egera", 1, txid=H1)
    books.moved("1", "fuse", 9)
    books.aside(quantity, at, txid=H1, account=account)
    assert books.transfers() == {}


def test_two_records_or_two_rows_of_one_amount_give_no_hash(books: Books) -> None:
    books.moved("-1", "egera", 1, txid=H1)
    books.moved("1", "fuse", 9)
    books.aside("1", 8.5, txid=H1)
    books.aside("1", 8.6, txid=H2)
    assert books.transfers() == {}
    books.connection.execute("delete from beside")
    books.aside("1", 8.5, txid=H1)
    books.moved("1", "fuse", 9)
    assert books.transfers() == {}


def test_one_hash_told_by_two_lists_is_one_hash(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, txid=H1)
    received = books.moved("1", "fuse", 9)
    books.aside("1", 8.5, txid=H1, account="")
    books.aside("1", 8.6, txid=H1, address="there")
    assert books.transfers() == {(sent, received): "txid"}


def test_a_transfer_may_cost_what_the_settings_or_the_venue_allow(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, txid="ZL1")
    received = books.moved("0.9995", "fuse", 2, txid="ZL1")
    assert books.transfers() == {}
    assert books.transfers(fee_max=Decimal("0.0004")) == {}
    assert books.transfers(fee_max=Decimal("0.0005")) == {(sent, received): "txid"}
    assert books.transfers(fees={("egera", "BTC"): Decimal("0.0005")}) == {(sent, received): "txid"}
    assert books.transfers(fees={("egera", "BTC"): Decimal("0.0006")}) == {}
    assert books.transfers(fees={("fuse", "BTC"): Decimal("0.0005")}) == {}


def test_more_never_arrives_than_was_sent(books: Books) -> None:
    books.moved("-1", "egera", 1, txid="ZL1")
    books.moved("1.0001", "fuse", 1.01, txid="ZL1")
    assert books.transfers(fee_max=Decimal(1)) == {}


def test_two_codes_of_one_pool_are_one_asset(books: Books) -> None:
    sent = books.moved("-5", "egera", 1, asset="USDT")
    received = books.moved("5", "fuse", 1.1, asset="USDTERC20")
    assert books.transfers() == {}
    assert books.transfers(pools={"USDTERC20": "USDT"}) == {(sent, received): "amount"}


def test_an_equal_amount_is_a_transfer_from_ten_minutes_before_it_was_sent_to_the_windows_end(
    books: Books,
) -> None:
    sent = books.moved("-1", "egera", 10)
    received = books.moved("1", "fuse", 10)
    for after, pairs in ((-11 / 60, False), (-10 / 60, True), (72, True), (72 + 1 / 60, False), (73, False)):
        books.connection.execute(
            "update legs set stated_at = timestamp '2025-01-11' + to_minutes(?) where entry = ?",
            [round(after * 60), received],
        )
        assert bool(books.transfers()) is pairs, after
    assert books.transfers(window=timedelta(hours=73)) == {(sent, received): "amount"}


@pytest.mark.parametrize("other", [{"source": "egera"}, {"source": "fuse", "asset": "ETH"}])
def test_an_equal_amount_of_another_asset_or_at_the_same_place_is_none(
    books: Books, other: dict[str, str]
) -> None:
    books.moved("-1", "egera", 1)
    books.moved("1", other.pop("source"), 1.1, **other)
    assert books.transfers() == {}


def test_two_accounts_of_one_source_are_two_places(books: Books) -> None:
    sent = books.moved("-1", "gas", 1, account="128")
    received = books.moved("1", "gas", 1.1, account="129")
    assert books.transfers() == {(sent, received): "amount"}


def test_two_candidates_are_a_tie_and_nothing_is_guessed(books: Books) -> None:
    sent = books.moved("-1", "egera", 1)
    books.moved("1", "fuse", 1.1)
    other = books.moved("1", "gas", 1.2)
    assert books.transfers() == {}
    books.connection.execute("update legs set stated_at = timestamp '2025-01-20' where entry = ?", [other])
    assert books.transfers() == {(sent, sent + 1): "amount"}


def test_an_address_breaks_a_tie(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, address="there")
    books.moved("1", "fuse", 1.1)
    received = books.moved("1", "gas", 1.2)
    books.owned("there", source="gas")
    assert books.transfers() == {(sent, received): "address"}


def test_what_goes_to_the_address_of_one_venue_is_not_looked_for_at_another(books: Books) -> None:
    books.moved("-1", "egera", 1, address="there")
    books.moved("1", "fuse", 1.1)
    books.owned("there", source="gas")
    assert books.transfers() == {}


def test_an_address_in_the_settings_is_ones_own_wherever_it_is(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, address="0xabc")
    received = books.moved("1", "fuse", 1.1)
    assert books.transfers(own_addresses=("0xABC",)) == {(sent, received): "address"}


def test_a_row_that_tells_the_address_it_came_to_is_found_by_it(books: Books) -> None:
    sent = books.moved("-1", "egera", 1, address="there")
    books.moved("1", "gas", 1.1)
    received = books.moved("1", "fuse", 1.2)
    books.aside("1", 1.2, txid=H1, address="there")
    assert books.transfers() == {(sent, received): "address"}


def test_two_addresses_that_differ_are_two_transfers(books: Books) -> None:
    books.moved("-1", "egera", 1, address="elsewhere")
    books.moved("1", "fuse", 1.2, address="there")
    assert books.transfers() == {}


@pytest.mark.parametrize(
    ("one", "other", "pairs"),
    [(H1, H2, False), ("0xaa", "0xbb", False), (H1, "", True), ("ZL25", "FT17", True), (H1, "FT17", True)],
)
def test_two_hashes_that_differ_are_two_transfers_but_banks_references_need_not_be(
    books: Books, one: str, other: str, *, pairs: bool
) -> None:
    books.moved("-1", "egera", 1, txid=one)
    books.moved("1", "fuse", 1.1, txid=other)
    assert bool(books.transfers()) is pairs


def test_a_hash_comes_before_an_amount_and_leaves_the_other_row_to_it(books: Books) -> None:
    hashed = books.moved("-1", "egera", 1, txid="ZL1")
    plain = books.moved("-1", "egera", 1.05)
    by_hash = books.moved("1", "fuse", 1.1, txid="ZL1")
    by_amount = books.moved("1", "gas", 1.2)
    assert books.transfers() == {(hashed, by_hash): "txid", (plain, by_amount): "amount"}


def test_rows_of_one_hash_that_pay_several_are_told_apart_by_their_amounts(books: Books) -> None:
    one = books.moved("-1", "egera", 1, txid=H1)
    two = books.moved("-2", "egera", 1, txid=H1)
    second = books.moved("2", "fuse", 1.1, txid=H1)
    assert books.transfers() == {(two, second): "txid"}
    first = books.moved("1", "gas", 1.1, txid=H1)
    assert books.transfers() == {(one, first): "txid", (two, second): "txid"}


def test_a_word_that_stands_on_every_row_is_no_hash(books: Books) -> None:
    for number in range(30):
        books.moved(f"-{number + 1}", "egera", number, txid="transfer")
        books.moved(f"{number + 1}", "fuse", number + 0.1, txid="transfer")
    assert set(books.transfers().values()) == {"amount"}


def test_amounts_that_everybody_moves_are_a_crowd_and_no_pairs(books: Books) -> None:
    for number in range(60):
        books.moved("-100", "egera", 1 + number * HOUR)
        books.moved("100", "fuse", 1 + number * HOUR)
    sent = books.moved("-7", "egera", 1)
    received = books.moved("7", "fuse", 1.1)
    found = books.found()
    assert [(one.one, one.other) for one in found.links] == [(sent, received)]
    (crowd,) = found.unmatched.strays
    assert (crowd.entry, crowd.anchor) == (1, "crowd egera/1")
    assert "60 rows sent and 60 received" in crowd.text


def test_a_gift_goes_to_somebody_else(books: Books) -> None:
    books.moved("-1", "broker", 1, kind="gift")
    books.moved("1", "fuse", 1.1)
    assert books.transfers() == {}


def test_what_a_file_calls_a_transfer_may_have_its_other_half_at_a_venue_or_in_another_file(
    books: Books,
) -> None:
    out = books.moved("-1", "broker", 1, kind="transfer_out", contra="transit")
    there = books.moved("1", "fuse", 1.1)
    between = books.moved("-2", "broker", 1, kind="transfer_out", contra="transit")
    files = books.moved("2", "bank", 1.1, kind="transfer_in", contra="transit")
    assert books.transfers() == {(out, there): "amount", (between, files): "amount"}


def test_what_nets_inside_a_source_is_no_candidate(books: Books) -> None:
    books.moved("-1", "broker", 1, kind="transfer_out", contra="transit", account="a")
    books.moved("1", "broker", 1.05, kind="transfer_in", contra="transit", account="b")
    books.moved("1", "fuse", 1.1)
    found = books.found()
    assert (found.links, found.unmatched.strays) == ([], [])


def test_a_venues_own_moves_are_never_paired_with_another_venue(books: Books) -> None:
    books.moved("-1", "gas", 1, kind="transfer_out", contra="transit", account="128")
    books.moved("1", "fuse", 1.1)
    assert books.transfers() == {}


def test_a_row_that_is_in_a_link_is_not_used_again_even_where_the_other_is_gone(books: Books) -> None:
    books.moved("-1", "egera", 1)
    gone = books.moved("1", "fuse", 1.1)
    books.settle()
    books.connection.execute("update legs set live = false where entry = ?", [gone])
    books.connection.execute("update legs set class = 'external' where class = 'transit'")
    books.moved("1", "gas", 1.2)
    assert books.found().links == []


def test_a_transfer_stands_in_transit_between_its_two_moments_and_its_fee_in_fees(books: Books) -> None:
    books.moved("-1", "egera", 1)
    books.moved("0.999", "fuse", 2)
    books.settle(fee_max=Decimal("0.001"))
    assert [books.in_transit(at) for at in (0.5, 1.5, 2.5)] == [0, Decimal("0.999"), 0]
    fees = books.connection.execute("select source, quantity from legs where class = 'fees'").fetchall()
    assert fees == [("egera", Decimal("0.001"))]
    assert books.connection.execute("select count(*) from legs where class = 'external'").fetchone() == (0,)
    sums = books.connection.execute(
        "select entry from legs group by entry having sum(quantity) <> 0"
    ).fetchall()
    assert sums == []
