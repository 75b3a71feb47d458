"""What CryptoFuse says a second time: counts of deposits and withdrawals, the sub-accounts' totals, other lists."""

from collections.abc import Iterator
from decimal import Decimal

from recon.core.books import Second
from recon.core.contracts import Latest
from recon.core.errors import NumberRefused
from recon.core.money import parse

_COUNTED = (("deposit", "total_deposits"), ("withdrawal", "total_withdrawals"))
_LISTED = (
    ("deposit", "payments", "payment completed"),
    ("withdrawal", "withdrawals", "withdrawal completed"),
)


def seconds(latest: Latest) -> Iterator[Second]:
    """Only a second reading that was made is laid beside the first.

    None is binding: the documentation does not say what ``statistics`` count, nor that each payment is one deposit.
    """
    for kind, name in _COUNTED:
        stated = latest.facts.get(("totals", "statistics", name))
        if stated is not None:
            yield from _laid(f"{kind}s", "totals", _count(latest, "history", kind), stated)
    for kind, stream, done in _LISTED:
        if second := _count(latest, stream, done):
            yield from _laid(f"{kind}s", stream, _count(latest, "history", kind), str(second))
    for (stream, code, name), value in sorted(latest.facts.items()):
        if (stream, name) == ("totals", "sub_accounts") and ("sub", code) in latest.held:
            yield from _laid(f"{code} of sub", "totals", latest.held["sub", code], value)


def _laid(about: str, stream: str, books: Decimal, stated: str) -> Iterator[Second]:
    try:
        second = parse(stated)
    except NumberRefused:
        return  # a fact keeps whatever was stated; what is no number cannot be laid beside one
    yield Second(about, stream, books, second, agrees=books == second, binding=False)


def _count(latest: Latest, stream: str, kind: str) -> Decimal:
    return Decimal(
        sum(count for (at, _, what), count in latest.counts.items() if (at, what) == (stream, kind))
    )
