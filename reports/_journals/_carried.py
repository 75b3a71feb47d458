"""What the accounts of a journal held around it, as books that begin anew with the period tell it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from recon.core.errors import ReconError
from recon.core.journal import Journal
from recon.core.money import ZERO, exact
from reports._journals._names import OPENING, account_name

_OF_PERIOD = ("income:", "fees:")
"""Accounts that begin each period with nothing: what they held before is part of the equity."""


class Carried(NamedTuple):
    """One account, by its name, and asset: carried into the period, and left at its end."""

    name: str
    asset: str
    opening: Decimal
    closing: Decimal
    since: date


def carried(journal: Journal) -> Sequence[Carried]:
    """Every account and asset that the journal tells of. Openings sum to zero asset by asset, and closings too."""
    told, before = [], dict[str, Decimal]()
    with exact():
        for one in journal.held:
            opening, closing = one.opening, one.closing
            if one.account.startswith(_OF_PERIOD):
                before[one.asset] = before.get(one.asset, ZERO) + opening
                opening, closing = ZERO, closing - opening
            told.append(Carried(account_name(one.account), one.asset, opening, closing, one.since))
    start = min((one.since for one in told), default=None)
    told += [Carried(OPENING, asset, left, left, start) for asset, left in before.items() if start and left]
    return sorted(told)


def accounts(journal: Journal) -> dict[str, str]:
    """The account behind each name."""
    return _by_name({one.account for one in journal.held}, account_name)


def commodities(journal: Journal, name: Callable[[str], str]) -> dict[str, str]:
    """The asset behind each name. Raises ReconError where two assets would have the same."""
    return _by_name({one.asset for one in journal.held}, name)


def opened(told: Iterable[Carried]) -> dict[str, date]:
    """The first day of each account, by its name."""
    days: dict[str, date] = {}
    for one in told:
        days[one.name] = min(one.since, days.get(one.name, one.since))
    return days


def _by_name(every: Iterable[str], name: Callable[[str], str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in sorted(every):
        if other := found.setdefault(name(one), one) != one:
            raise ReconError(
                f"{one} and {other} would both be called {name(one)}",
                next_step="Another format tells them apart: journal-csv does, and parquet",
            )
    return dict(sorted(found.items()))
