"""Cells of a tax report: amounts as Decimals, rows that are read anew each time, and which rows go where."""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal

from recon.core.document import Column
from recon.core.tax import Row
from recon.core.tax_books import TaxBooks
from recon.core.times import EPOCH, MICROSECOND

_WIDE = Context(prec=60)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class Picks:
    """Places in a year's rows: of what is on the forms, of that by the page of a form, and of what lacks an amount."""

    counted: Sequence[int]
    pages: Mapping[str, Sequence[int]]
    lacking: Sequence[int]
    without_gain: Sequence[int]


def picks(books: TaxBooks) -> Picks:
    """One walk through the rows."""
    counted, lacking, without_gain = array("L"), array("L"), array("L")
    pages: dict[str, array[int]] = {}
    for place, row in enumerate(books.rows):
        if not row.taxed:
            without_gain.append(place)
        elif row.proceeds is None or (row.cost is None and books.rules.lots):
            lacking.append(place)
        else:
            counted.append(place)
            if books.rules.listing is not None:
                pages.setdefault(books.rules.listing(row).box, array("L")).append(place)
    return Picks(counted=counted, pages=pages, lacking=lacking, without_gain=without_gain)


def number(amount: int | None) -> Decimal | None:
    """A whole number of 10^-18 as a Decimal."""
    return None if amount is None else Decimal(amount).scaleb(-18, _WIDE)


def stated(figure: str) -> Decimal | None:
    """What a form has, where that is a number."""
    return Decimal(figure) if _NUMBER.fullmatch(figure) else None


def counted(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def at(micros: int) -> datetime:
    """A moment."""
    return EPOCH + MICROSECOND * micros


def day(ordinal: int) -> date:
    """A day."""
    return date.fromordinal(ordinal)


def last_day(books: TaxBooks) -> date:
    """The last day of the year."""
    return books.after - timedelta(days=1)


def amounts(*titles: str, total: bool = True) -> list[Column]:
    """Columns of amounts."""
    return [Column(title=title, kind="amount", total=total) for title in titles]


def gain_column(title: str = "Gain", proceeds: str = "Proceeds", cost: str = "Cost") -> Column:
    """Proceeds less cost, reckoned by a workbook."""
    return Column(title=title, kind="amount", formula=f"[{proceeds}] - [{cost}]", total=True)


def gain(row: Row) -> Decimal | None:
    """A row's gain."""
    return number(row.gain)
