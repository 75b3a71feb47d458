"""The sentences of a diagnosis: for an accountant to read, and to send to a venue's support as they stand."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from recon.checks._ask import Found
from recon.checks._values import Failing, Leg, Unread
from recon.core.money import exact, text
from recon.core.times import said_text

Write = Callable[[Decimal], str]
"""Writes a number."""
_FULL = re.compile(r"(?<![\w.])-?[0-9]{1,20}\.[0-9]{18}(?![\w.])")


def padded(*numbers: Decimal | None) -> Write:
    """Writes numbers with as many decimals as the longest of these needs, so that they stand alike."""
    places = max((len(text(number).partition(".")[2]) for number in numbers if number is not None), default=0)

    def write(number: Decimal) -> str:
        whole, _, fraction = text(number).partition(".")
        return f"{whole}.{fraction.ljust(places, '0')}" if places else whole

    return write


def row(found: Found) -> str:
    """What a check's own text says, with the place, the moment and the figures.

    SQL writes a number with all its 18 decimals; it is told with as many as the figures need.
    """
    stated = [Decimal(each) for each in _FULL.findall(found.text)]
    write = padded(found.expected, found.actual, found.quantity, *stated)
    head = ", ".join(part for part in (place(found), found.at and said_text(found.at)) if part)
    said = _FULL.sub(lambda each: write(Decimal(each[0])), found.text)
    words = f"{head}: {said}." if head else f"{said}."
    if found.quantity is not None:
        words += f" Quantity: {write(found.quantity)}."
    if found.expected is not None and found.actual is not None:
        words += f" Expected {write(found.expected)}, found {write(found.actual)}."
    return words


def dust(amount: Decimal, units: int, decimals: int) -> list[str]:
    """Why so small an amount is not taken for a row: so many ``units`` of the last decimal may be rounding as well."""
    with exact():
        small = decimals >= 2 and abs(amount) <= max(units, 1) * Decimal(1).scaleb(-decimals)
    return ["So few units of the last decimal may be rounding as well as a row."] if small else []


def doubts(unread: Sequence[Unread], failing: Sequence[Failing]) -> list[str]:
    """Why rows that nobody has read may hold the difference."""
    words = []
    if failing:
        names = ", ".join(each.stream for each in failing)
        words.append(f"Not read whole, so that rows of theirs may explain it: {names}.")
    if unread:
        rows = ", ".join(f"{said_text(each.at)} ({each.kind})" for each in unread)
        words.append(f"Rows of this asset that could not be understood may explain it: {rows}.")
    return words


def opening(found: Found, stated: Decimal, amount: Decimal) -> list[str]:
    """The opening that would make the rows follow, proposed and never posted."""
    with exact():
        figure = stated + amount
    if figure < 0:
        return []
    keys = {"source": found.source, "account": found.account, "asset": found.asset, "quantity": text(figure)}
    table = ", ".join(f'{key} = "{value}"' for key, value in keys.items())
    return [f"If the history does not begin at zero, state an [[opening]] in recon.toml with {table}."]


def place(found: Found) -> str:
    """Source, account and asset."""
    account = f"account {found.account}" if found.account is not None else None
    return ", ".join(part for part in (found.source, account, found.asset) if part is not None)


def told_row(leg: Leg, write: Write) -> str:
    """A row with its moment, kind and figures."""
    balance = "" if leg.balance_after is None else f", balance {write(leg.balance_after)}"
    return f"the row of {said_text(leg.at)} ({leg.kind} of {write(leg.quantity)}{balance})"


def more_or_less(amount: Decimal, write: Write) -> str:
    """So much less, or more."""
    return f"{write(amount).removeprefix('-')} {'less' if amount < 0 else 'more'}"
