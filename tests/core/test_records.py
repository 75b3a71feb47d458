"""Postings that cancel, codes that are safe, and statement balances that stay with the last row that states one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import write_json
from recon.core.errors import NumberRefused
from recon.core.money import JsonNumber, parse, total
from recon.core.records import Posting, asset_code, assets, merged, moved

PLACE, OUT = "assets:x:main", "external:x"
amounts = st.decimals(min_value="-1e9", max_value="1e9", places=18)


def test_postings_of_one_place_become_one_leg_and_must_cancel() -> None:
    legs = merged(
        (
            *moved("assets:x:main", "trading", "BTC", parse("1")),
            *moved("assets:x:main", "fees:x", "BTC", parse("-0.1")),
        )
    )
    assert [(one.account, str(one.quantity)) for one in legs] == [
        ("assets:x:main", "0.9"), ("trading", "-1"), ("fees:x", "0.1"),
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="sum to zero"):
        merged([Posting("assets:x:main", "BTC", parse("1"))])


ODD_CODES = [
    "",
    "A" * 33,
    "../x",
    "<script>",
    "BTC\n",
    "\u20bf",
    None,
    JsonNumber("5"),
    ["BTC"],
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("code", ODD_CODES)
def test_an_impossible_currency_gets_a_stable_safe_code(code: object) -> None:
    made, usable = asset_code(code)
    again, _ = asset_code(code)
    assert made == again
    assert made == "ODD-" + hashlib.sha256(write_json(code).encode()).hexdigest()[:12].upper()
    assert not usable
    assert asset_code(made) == (made, True)


def test_a_usable_currency_is_upper_cased() -> None:
    assert asset_code("usdtErc20") == ("USDTERC20", True)


def test_the_widest_usable_code_has_thirty_two_signs() -> None:
    widest = "aA0._:-" + "Z" * 25
    assert asset_code(widest) == (widest.upper(), True)


def test_a_place_has_its_source_in_its_name() -> None:
    assert assets("fuse", "sub:1") == "assets:fuse:sub:1"


def test_what_arrives_leaves_the_other_side() -> None:
    arrives = moved(PLACE, OUT, "BTC", parse("-0.5"), parse("2"))
    assert arrives == (
        Posting(PLACE, "BTC", parse("-0.5"), parse("2")),
        Posting(OUT, "BTC", parse("0.5"), None),
    )
    assert moved(PLACE, OUT, "BTC", parse("1"))[0].balance_after is None


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [(None, None, None), ("1", None, "1"), (None, "2", "2"), ("1", "2", "2"), ("1", "0", "0")],
)
def test_the_last_balance_stated_stays(first: str | None, then: str | None, kept: str | None) -> None:
    one, other = (None if each is None else parse(each) for each in (first, then))
    legs = merged((*moved(PLACE, OUT, "BTC", parse("3"), one), *moved(PLACE, OUT, "BTC", parse("4"), other)))
    assert legs == (
        Posting(PLACE, "BTC", parse("7"), None if kept is None else parse(kept)),
        Posting(OUT, "BTC", parse("-7"), None),
    )


def test_what_moves_nothing_is_left_out_unless_it_states_a_balance() -> None:
    back = (*moved(PLACE, OUT, "BTC", parse("3")), *moved(PLACE, OUT, "BTC", parse("-3")))
    assert merged(back) == ()
    stated = (*moved(PLACE, OUT, "BTC", parse("3")), *moved(PLACE, OUT, "BTC", parse("-3"), parse("5")))
    assert merged(stated) == (Posting(PLACE, "BTC", parse("0"), parse("5")),)


def test_a_leg_that_grows_too_long_is_refused() -> None:
    with pytest.raises(NumberRefused):
        merged(moved(PLACE, OUT, "BTC", parse("9" * 18)) * 2)


@given(st.lists(st.tuples(st.sampled_from(["BTC", "PLN"]), amounts), max_size=6))
def test_merged_postings_cancel_in_each_asset_and_keep_each_places_sum(
    moves: list[tuple[str, object]],
) -> None:
    legs = merged(
        leg for asset, quantity in moves for leg in moved(PLACE, OUT, asset, parse(f"{quantity:f}"))
    )
    assert len({leg[:2] for leg in legs}) == len(legs)
    for asset in ("BTC", "PLN"):
        there = total(parse(f"{quantity:f}") for of, quantity in moves if of == asset)
        assert total(leg.quantity for leg in legs if leg[:2] == (PLACE, asset)) == there
        assert total(leg.quantity for leg in legs if leg.asset == asset) == 0
