"""Fees and income of a period by venue, kind and asset, with what they were worth when they were taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from recon.core.activity import FEE, INCOME, INCOMES, TRANSFER_FEE
from recon.core.holdings import Earned
from recon.core.lots import part
from recon.core.money import ZERO, exact
from recon.core.prices import Lacking
from recon.core.times import EPOCH
from recon.pipeline.config import Config
from recon.pipeline.general_ledger import Taken
from recon.pipeline.trade_prices import pooled
from recon.pipeline.units import number, scaled
from recon.pipeline.value import Rate

FEES_AND_INCOME = frozenset((FEE, TRANSFER_FEE, *(f"{INCOME}: {kind}" for kind in INCOMES)))
Worths = dict[tuple[int, str], list[tuple[int | None, str]]]
"""What units that were taken or earned were worth by the company's lots, or why nobody knows, by entry and pool."""


@dataclass
class _Sum:
    rows: int = 0
    units: Decimal = ZERO
    value: int = 0
    unvalued: int = 0
    lacks: str = ""


def earned(taken: Iterable[Taken], config: Config, worths: Worths, rate: Rate) -> list[Earned]:
    """Sums them up. What is no asset of lots is taken at the rate of its moment."""
    found: dict[tuple[str, str, str], _Sum] = {}
    base = pooled(config, config.entity.base_currency)
    with exact():
        for one in taken:
            sums = found.setdefault((one.source, one.account, one.asset), _Sum())
            units = one.units if one.account.startswith("fees") else -one.units
            sums.rows += one.rows
            sums.units += units
            worth, why = _worth(one, scaled(units), base, pooled(config, one.asset), worths, rate)
            if worth is None:
                sums.unvalued += one.rows
                sums.lacks = sums.lacks or why
            else:
                sums.value += worth
    return [
        Earned(*place, sums.rows, sums.units, number(sums.value), sums.unvalued, sums.lacks)
        for place, sums in found.items()
    ]


def _worth(
    one: Taken, units: int, base: str, pool: str, worths: Worths, rate: Rate
) -> tuple[int | None, str]:
    """What units were worth in base currency; None and why where nothing tells it."""
    if pool == base:
        return units, ""
    if known := worths.get((one.entry, pool)):
        why = next((why for worth, why in known if worth is None), None)
        whole = sum(worth or 0 for worth, _ in known)
        return (whole if units > 0 else -whole, "") if why is None else (None, why)
    found = rate(one.asset, base, one.at or EPOCH, "moment")
    if isinstance(found, Lacking):
        return None, found.why
    return part(found.numerator, 0, units, found.denominator), ""
