"""What may be drafted: postings that cancel, on accounts that an adjustment may touch, in exact numbers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.acts import same_person
from recon.core.adjustments import (
    Attachment,
    Draft,
    document_of,
    draft_of,
    negated,
    postings_of,
)
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.records import Posting, merged
from recon.core.signed import Document, Signed

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)

BAD = {
    "unbalanced": (("assets:egera:main BTC -0.0005", "fees:egera BTC 0.0004"), "add up to -0.0001"),
    "one side only": (("assets:egera:main BTC -0.0005",), "add up to -0.0005"),
    "another asset": (("assets:egera:main BTC -1", "fees:egera ETH 1"), "add up to -1"),
    "nothing moved": (("assets:egera:main BTC 0", "fees:egera BTC 0"), "move nothing"),
    "an unknown account": (("assets:egera:main BTC -1", "plug:egera BTC 1"), "'plug:egera' is no account"),
    "an opening": (("assets:egera:main BTC -1", "opening:egera BTC 1"), "Post to one of assets:egera:PLACE"),
    "another source's place": (
        ("assets:fuse:main BTC -1", "fees:egera BTC 1"),
        "'assets:fuse:main' is no account",
    ),
    "another source's fees": (("assets:egera:main BTC -1", "fees:fuse BTC 1"), "'fees:fuse' is no account"),
    "an exponent": (("assets:egera:main BTC -5e-4", "fees:egera BTC 5e-4"), "may not carry an exponent"),
    "a comma": (("assets:egera:main BTC -0,5", "fees:egera BTC 0,5"), "is not a number"),
    "a plus": (("assets:egera:main BTC -1", "fees:egera BTC +1"), "is not a number"),
    "too fine": (("assets:egera:main BTC -0.0000000000000000001", "fees:egera BTC 1"), "more than 18 digits"),
    "no asset": (("assets:egera:main b!tc -1", "fees:egera BTC 1"), "is no asset"),
    "two words": (("BTC -1",), "is no posting"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_entry_is_refused_in_words(name: str) -> None:
    stated, told = BAD[name]
    with pytest.raises(ConfigError) as refused:
        postings_of("egera", stated)
    assert told in str(refused.value)
    assert "--post" in str(refused.value)


@pytest.mark.parametrize(
    "account",
    [
        "fees:egera",
        "external:egera",
        "suspense:egera",
        "loans:egera",
        "income:referrals",
        "adjustments",
        "transit",
        "trading",
    ],
)
def test_every_account_that_an_adjustment_may_touch_is_taken(account: str) -> None:
    assert postings_of("egera", ["assets:egera:a place BTC -0.0005", f"{account} btc 0.0005"]) == (
        Posting("assets:egera:a place", "BTC", Decimal("-0.0005")),
        Posting(account, "BTC", Decimal("0.0005")),
    )


def test_what_goes_to_one_account_is_one_posting() -> None:
    found = postings_of("egera", ["fees:egera BTC 1", "fees:egera BTC 0.5", "assets:egera:main BTC -1.5"])
    assert [(one.account, text(one.quantity)) for one in found] == [
        ("fees:egera", "1.5"),
        ("assets:egera:main", "-1.5"),
    ]


def test_a_person_is_one_whatever_the_case_and_the_spaces() -> None:
    assert same_person("Anna  Nowak", " anna nowak ") and same_person("\uff21nna", "anna")
    assert not same_person("Anna", "Hanna")


quantities = st.decimals(
    min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=18, allow_nan=False, allow_infinity=False
).filter(bool)


@given(
    quantities, st.text(min_size=1), st.one_of(st.none(), st.just("B-0123456789ab")), st.integers(1, 10**6)
)
def test_a_document_says_the_same_when_it_is_read_again(
    quantity: Decimal, words: str, answered: str | None, number: int
) -> None:
    postings = merged(
        [Posting("assets:egera:main", "BTC", quantity), Posting("adjustments", "BTC", quantity.copy_negate())]
    )
    files = (Attachment("a.pdf", "0" * 64, number),)
    draft = Draft(
        number,
        "egera",
        NOON,
        postings,
        "other",
        words.encode("utf-8", "replace").decode(),
        answered,
        files,
        None,
    )
    made = Document(draft, Signed("Anna", "svc", NOON), Signed("Bob", "svc", NOON))
    again = document_of(made.text())
    assert again == made and again.text() == made.text()
    assert draft_of(draft.facts()).id == draft.id != draft._replace(number=number + 1).id
    assert merged([*draft.postings, *negated(draft.postings)]) == ()
