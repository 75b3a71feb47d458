"""Which break of a balance explains that a row is posted twice, or has no other half. Pure functions."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from recon.checks._values import Cause
from recon.core.breaks import Break
from recon.core.money import exact
from recon.core.times import from_iso

_BALANCES = frozenset({"running_balance", "closing_balance"})
_NEAR = timedelta(days=7)
"""So long after the one half the other may have been due."""
_ROWS = _BALANCES | {"restated"}
_OF_NO_ROW = frozenset({"missing_record", "unexplained", "reordered", "cutoff"})
"""Kinds that do not say that the row where a balance breaks is itself wrong."""


def matching_causes(shown: Mapping[str, Break]) -> list[Cause]:
    """What breaks a balance comes first, then a row posted twice, then a half that nothing pairs with."""
    balances = [one for one in shown.values() if one.check in _BALANCES]
    twice = [
        one
        for one in shown.values()
        if one.check == "duplicates" and one.diagnosis.kind == "duplicate_record"
    ]
    strays = [one for one in shown.values() if one.check == "transfers"]
    causes = [Cause(gap.id, one.id) for one in twice for gap in balances if _breaks_by(gap, one)]
    # A row that moves several assets, such as a trade, is posted twice as a whole.
    causes += [
        Cause(one.id, other.id)
        for number, one in enumerate(twice)
        for other in twice[number + 1 :]
        if one.entries == other.entries
    ]
    for one in strays:
        causes += [Cause(other.id, one.id) for other in twice if set(other.entries) & set(one.entries)]
        hosts = [each.id for each in balances if _holds(each, one)]
        hosts = hosts or [each.id for each in shown.values() if _is_about(each, one)]
        causes += [Cause(host, one.id) for host in hosts if len(hosts) == 1]
    return causes


def _breaks_by(gap: Break, one: Break) -> bool:
    """The running balance breaks at the second row, by just that row."""
    if gap.check != "running_balance" or gap.difference is None or not set(gap.entries) & set(one.entries):
        return False
    return _chain(gap) == _chain(one) and _sum(gap.difference, _quantity(one, one.entries[0])) == 0


def _holds(balance: Break, stray: Break) -> bool:
    """The balance is out by the half that is missing, or by what the row misses that is the half or the stray itself.

    Inside a source the other half is the source's own; else it may be anywhere.
    """
    way, _, _ = stray.anchor.partition(" ")
    if not _may_tell_of(balance, stray):
        return False
    quantity = _quantity(stray, stray.entries[0]) if way in {"alone", "lost"} else None
    if quantity is None or balance.difference is None or balance.asset != stray.asset:
        return False
    if way == "alone" and balance.source != stray.source:
        return False
    if balance.entries[:1] == stray.entries[:1] and balance.diagnosis.kind not in _OF_NO_ROW:
        return True
    return any(_sum(each, quantity) == 0 for each in (balance.difference, *_moved(balance)))


def _may_tell_of(balance: Break, stray: Break) -> bool:
    """A half that is missing shows at the next row that states a balance, or at the next look, and not before."""
    if balance.at is None or stray.at is None or balance.at < stray.at - _NEAR:
        return False
    rows = [from_iso(each["at"]) for each in balance.diagnosis.records if "at" in each]
    return balance.check != "running_balance" or len(rows) < 2 or min(rows) <= stray.at + _NEAR


def _is_about(other: Break, stray: Break) -> bool:
    """A pair whose amounts do not fit, or fit no longer, of which one row is wrong or was changed by the venue."""
    hosts = {"of": _ROWS, "parted": {"restated"}}.get(stray.anchor.partition(" ")[0], frozenset())
    return other.check in hosts and bool(set(other.entries) & set(stray.entries))


def _moved(balance: Break) -> Iterator[Decimal | None]:
    """What the row that the balance breaks at moved in truth, if it is wrong."""
    if balance.entries and balance.difference is not None:
        yield _sum(balance.difference, _quantity(balance, balance.entries[0]))


def _quantity(one: Break, entry: int) -> Decimal | None:
    found = (each.get("quantity") for each in one.diagnosis.records if each.get("entry") == entry)
    stated = next(found, None)
    return None if stated is None else Decimal(stated)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    with exact():
        return None if one is None or other is None else one + other


def _chain(one: Break) -> tuple[str | None, str | None, str | None]:
    return one.source, one.account, one.asset
