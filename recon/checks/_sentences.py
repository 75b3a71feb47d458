"""The sentences of a diagnosis: for an accountant to read, and to send to a venue's support as they stand."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from recon.checks._ask import Found
from recon.checks._values import Difference, Failing, Fit, Gap, Leg, Pending, Unread
from recon.core.money import ZERO, exact, text, total
from recon.core.times import moment_text

Write = Callable[[Decimal], str]
"""Writes a number."""


def padded(*numbers: Decimal | None) -> Write:
    """Writes numbers with as many decimals as the longest of these needs, so that they stand alike."""
    places = max((len(text(number).partition(".")[2]) for number in numbers if number is not None), default=0)

    def write(number: Decimal) -> str:
        whole, _, fraction = text(number).partition(".")
        return f"{whole}.{fraction.ljust(places, '0')}" if places else whole

    return write


def moment(at: datetime) -> str:
    """``2025-01-14 14:20:01 UTC``, with the fraction of the second where there is one."""
    return moment_text(at).replace("T", " ").replace(".000000Z", " UTC").replace("Z", " UTC")


def row(found: Found) -> str:
    """What a check's own text says, with the place, the moment and the figures."""
    write = padded(found.expected, found.actual, found.quantity)
    head = ", ".join(part for part in (_place(found), found.at and moment(found.at)) if part)
    words = f"{head}: {found.text}." if head else f"{found.text}."
    if found.quantity is not None:
        words += f" Quantity: {write(found.quantity)}."
    if found.expected is not None and found.actual is not None:
        words += f" Expected {write(found.expected)}, found {write(found.actual)}."
    return words


def gap(one: Gap, write: Write) -> str:
    """Both rows of a running balance that breaks, and by how much."""
    found, last = one.found, one.rows[-1]
    assert found.expected is not None and found.actual is not None
    between = len(one.rows) - 1
    rows = f" Rows between them that state no balance: {between}." if between else ""
    before = (
        f"after {_row(one.before, write)}, the next balance stated is that of"
        if one.before
        else "the first balance stated is that of"
    )
    return (
        f"{_place(found)}: {before} {_row(last, write)}.{rows} By the rows it should be {write(found.expected)}, "
        f"so the venue states {_apart(one.amount, write)} than follows."
    )


def difference(one: Difference, write: Write) -> str:
    """What the ledger holds and what the venue says, since when, and what the running balances explain of it."""
    found = one.found
    assert (
        found.expected is not None
        and found.actual is not None
        and found.until is not None
        and found.at is not None
    )
    with exact():
        apart = found.actual - found.expected
    words = (
        f"{_place(found)}: on {moment(found.until)} the venue says it holds {write(found.actual)}, and the ledger "
        f"holds {write(found.expected)}: the venue has {_apart(apart, write)}."
    )
    if found.at != found.until:
        words += f" They have not agreed since {moment(found.at)}."
    if one.gaps:
        breaks = ", ".join(f"{each.id} ({moment(each.at)})" for each in one.gaps if each.at)
        part = write(total(each.difference or ZERO for each in one.gaps))
        rest = f"{part} of it is" if one.rest else "This is"
        words += f" {rest} what the running balance breaks by: {breaks}."
        words += f" {write(one.rest)} remains." if one.rest else ""
    return words


def fitting(fits: Sequence[Fit], pending: Sequence[Pending], write: Write) -> list[str]:
    """The explanations that fit exactly."""
    words = [
        _FITS[fit.kind].format(row=_row(fit.leg, write), moved=write(fit.leg.quantity.copy_negate()))
        for fit in fits
    ]
    words += [
        f"It is explained exactly if the pending row of {moment(each.at)} ({each.kind} of {write(each.quantity)}) "
        "has moved the balance already."
        for each in pending
    ]
    return words if len(words) == 1 else ["Each of these would explain it alone, so none is named.", *words]


def doubts(unread: Sequence[Unread], failing: Sequence[Failing]) -> list[str]:
    """Why rows that nobody has read may hold the difference."""
    words = []
    if failing:
        names = ", ".join(each.stream for each in failing)
        words.append(f"Not read whole, so that rows of theirs may explain it: {names}.")
    if unread:
        rows = ", ".join(f"{moment(each.at)} ({each.kind})" for each in unread)
        words.append(f"Rows of this asset that could not be understood may explain it: {rows}.")
    return words


def alike(others: Sequence[Found]) -> str:
    """The other assets of the account that do not agree."""
    write = padded(*(number for each in others for number in (each.expected, each.actual)))
    with exact():
        parts = [
            f"{each.asset} ({_apart(each.actual - each.expected, write)})"
            for each in others
            if each.actual is not None and each.expected is not None
        ]
    return (
        f"Other assets of this account do not agree either: {', '.join(parts)}. "
        "One row that moves several assets, such as a trade, may be missing."
    )


def missing_row(one: Gap, unread: Sequence[Unread], write: Write) -> list[str]:
    """The venue moved more than its rows say, between two statements or before the first one."""
    after = (
        "It is the last balance stated" if one.is_last else "The next balance stated follows from this one"
    )
    where = "between the two rows" if one.before else "before this row"
    return _missing(f"{after}, so {where} the venue moved", one.amount, unread, write)


def missing_since(one: Difference, unread: Sequence[Unread], write: Write) -> list[str]:
    """The venue moved more than its rows say, since a moment when all agreed."""
    since = one.found.since
    if one.statement is not None and (since is None or one.statement.at > since):
        start = f"since the last balance stated, on {moment(one.statement.at)},"
    elif since is not None:
        start = f"since {moment(since)}, when both agreed,"
    else:
        start = "since the beginning"
    lead = f"No other asset of this account is left unexplained, so {start} the venue moved"
    words = _missing(lead, one.rest, unread, write)
    if since is None and one.statement is None:
        words += opening(one.found, one.opening, one.rest)
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


_FITS = {
    "duplicate_record": "It is explained exactly if {row} is listed twice: the row next to it is the same.",
    "sign_flipped": "It is explained exactly if {row} has the wrong sign and moved {moved}.",
    "unknown_type": "It is explained exactly if {row}, whose type or currency is unknown, moved nothing.",
}


def _missing(lead: str, amount: Decimal, unread: Sequence[Unread], write: Write) -> list[str]:
    words = [
        f"{lead} exactly {_apart(amount, write)} than its rows say.",
        "A row of that amount is missing, or several that sum to it.",
        "A row that is misstated by that amount would look the same.",
    ]
    if unread:
        words.append(
            f"There is one row that could not be understood: {moment(unread[0].at)} ({unread[0].kind})."
        )
    return words


def _place(found: Found) -> str:
    account = f"account {found.account}" if found.account is not None else None
    return ", ".join(part for part in (found.source, account, found.asset) if part is not None)


def _row(leg: Leg, write: Write) -> str:
    balance = "" if leg.balance_after is None else f", balance {write(leg.balance_after)}"
    return f"the row of {moment(leg.at)} ({leg.kind} of {write(leg.quantity)}{balance})"


def _apart(amount: Decimal, write: Write) -> str:
    return f"{write(amount).removeprefix('-')} {'less' if amount < 0 else 'more'}"
