"""Fees, income and the prices that figures rest on."""

from collections.abc import Iterable

from recon.core.books import Books
from recon.core.document import Cell, Column, Table
from recon.core.holdings import Earned, PriceUsed
from reports._ledger import incomplete
from reports._rows import local_days
from reports._tables import local_title

STATED = ("manual", "parity")
"""The words of sources that are people's own."""


def fees(books: Books) -> Table:
    """What venues took, by kind and asset."""
    return _earned(books, "fees", "Fees", "No fee was taken in the period.")


def income(books: Books) -> Table:
    """What came in, by kind and asset."""
    return _earned(books, "income", "Income", "There was no income in the period.")


def _earned(books: Books, word: str, title: str, empty: str) -> Table:
    found = [one for one in books.earned if one.account.partition(":")[0] == word]
    return Table(
        key=word,
        title=title,
        group="Venue",
        note=f"Each row of the ledger at the price of its own moment, in {books.base_currency}."
        + incomplete(sum(one.unvalued for one in found), "posting"),
        columns=[
            Column(title="Venue"),
            Column(title="What"),
            Column(title="Asset"),
            Column(title="Postings", kind="count", total=True),
            Column(title="Units", kind="amount"),
            Column(title=f"Value in {books.base_currency}", kind="amount", total=True),
            Column(title="Postings without a value", kind="count", total=True),
            Column(title="Why no value"),
        ],
        rows=[_kind(one) for one in sorted(found)],
        empty=empty,
    )


def _kind(one: Earned) -> tuple[Cell, ...]:
    word, _, rest = one.account.partition(":")
    kind = "fees" if word == "fees" else rest or "other"
    value = None if one.unvalued == one.rows else one.value
    return one.source, kind, one.asset, one.rows, one.units, value, one.unvalued, one.lacks


def prices(books: Books) -> Table:
    """Every price that a figure rests on and that somebody else measured or published."""
    found = [(place, one) for place, one in enumerate(books.prices) if one.source not in STATED]
    return _prices(
        "prices", "Prices", books, found, "No figure rests on a price of a trade, a venue or a publisher."
    )


def stated_prices(books: Books) -> Table:
    """Every price that a figure rests on and that the entity's people stated or declared."""
    found = [(place, one) for place, one in enumerate(books.prices) if one.source in STATED]
    return _prices(
        "stated_prices", "Stated prices", books, found, "No figure rests on a price that people stated."
    )


def price_number(place: int) -> str:
    """What a price is called, by its place in the list of those that were used."""
    return f"P{place + 1}"


def _prices(key: str, title: str, books: Books, found: Iterable[tuple[int, PriceUsed]], empty: str) -> Table:
    day = local_days(books.zone)
    return Table(
        key=key,
        title=title,
        by="No.",
        group="Asset",
        note="One unit of Asset was worth Price of Quote. Oldest is the age in seconds that it had at most when it was "
        "used, in this period or for the cost of lots that were there. Place is in the sealed answer, or the entry.",
        columns=[
            Column(title="No.", kind="code"),
            Column(title="Asset"),
            Column(title="Quote"),
            Column(title="Price", kind="amount"),
            Column(title=local_title("Day", books), kind="day"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Source", kind="code"),
            Column(title="Rule"),
            Column(title="Uses", kind="count", total=True),
            Column(title="Oldest", kind="count"),
            Column(title="Place", kind="code"),
            Column(title="Answer", kind="code"),
            Column(title="Approved by"),
        ],
        rows=[
            (
                price_number(place), one.asset, one.quote, one.value, day(one.at), one.at, one.source, one.rule,
                one.uses, one.age_s, one.where, one.answer, one.approved_by,
            )
            for place, one in found
        ],
        empty=empty,
    )  # fmt: skip
