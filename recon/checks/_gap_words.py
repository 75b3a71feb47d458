"""The sentences about running balances that break, for a venue's support to read as they stand."""

from collections.abc import Sequence
from datetime import datetime

from recon.checks._sentences import Write, more_or_less, opening, place, told_row
from recon.checks._values import Fault, Gap, Reason, Unread
from recon.core.money import total
from recon.core.times import said_text


def gap(one: Gap, write: Write) -> str:
    """Both rows of a running balance that breaks, and by how much."""
    found, last = one.found, one.rows[-1]
    assert found.expected is not None
    before = (
        f"after {told_row(one.before, write)}, the next balance stated is that of"
        if one.before
        else "the first balance stated is that of"
    )
    return (
        f"{place(found)}: {before} {told_row(last, write)}.{_unstated(one)} By the rows it should be "
        f"{write(found.expected)}, so the venue states {more_or_less(one.amount, write)} than follows."
    )


def missing_row(one: Gap, unread: Sequence[Unread], write: Write) -> list[str]:
    """The venue moved more than its rows say, between two statements or before the first one."""
    found, last = one.found, one.rows[-1]
    assert found.expected is not None and found.actual is not None
    where = ", ".join(part for part in (found.source, found.account and f"account {found.account}") if part)
    rows = (
        f"the rows before and after are {told_row(one.before, write)} and {told_row(last, write)}"
        if one.before
        else f"the first balance stated is that of {told_row(last, write)}"
    )
    after = (
        "It is the last balance stated" if one.is_last else "The next balance stated follows from this one"
    )
    words = (
        f"{where}: {_span(one)} your {found.asset} history moves by {write(one.amount)} with no row for it; {rows}."
        f"{_unstated(one)} By the rows the balance should be {write(found.expected)}, and {write(found.actual)} is "
        f"stated. {after}, so a row of that amount is missing, or several that sum to it. A row that is misstated by "
        "that amount would look the same."
    )
    if not unread:
        return [words]
    row = unread[0]
    return [words, f"There is one row that could not be understood: {said_text(row.at)} ({row.kind})."]


def reasons(found: Sequence[Reason], write: Write) -> list[str]:
    """The explanations that fit exactly."""
    words = [
        _REASONS[one.kind].format(
            row=told_row(one.legs[0], write) if one.legs else "", moved=write(one.moved), note=one.note
        )
        for one in found
    ]
    return words if len(words) == 1 else ["Each of these would explain it alone, so none is named.", *words]


def proposal(one: Gap) -> list[str]:
    """The opening that would make a chain's first statement follow."""
    if one.before is not None:
        return []
    return opening(one.found, total(leg.quantity for leg in one.rows if leg.kind == "opening"), one.amount)


def reordered(one: Fault, write: Write) -> list[str]:
    """The same rows chain in another order, which is told."""
    first = one.gaps[0]
    broken = "; ".join(told_row(each.rows[-1], write) for each in one.gaps)
    order = "; ".join(told_row(leg, write) for leg in one.order)
    lead = f"{place(first.found)}: {len(one.gaps)} balances stated do not follow from those before them"
    return [
        f"{lead}, in the order of their rows: {broken}.",
        f"The same rows chain without a break in this order: {order}.",
        "So none of them is missing or misstated, but they are not dated in the order in which they moved the balance.",
    ]


def taken_back(one: Fault, write: Write) -> list[str]:
    """Two breaks that cancel out, with both that may have happened."""
    first, second = one.gaps
    assert first.found.expected is not None
    return [
        gap(first, write),
        f"The next balance stated, that of {told_row(second.rows[-1], write)}, takes exactly that back.",
        f"Either the first of the two balances alone is misstated and should be {write(first.found.expected)},",
        f"or two rows are missing or misstated: {_by(first, write)}, and {_by(second, write)}.",
        "Nothing here proves which.",
    ]


_REASONS = {
    "duplicate_record": "It is explained exactly if {row} is listed twice: the row next to it is the same.",
    "sign_flipped": "It is explained exactly if {row} has the wrong sign and moved {moved}.",
    "unknown_type": "It is explained exactly if {row}, whose type or currency is unknown, moved nothing.",
    "decimal_shift": "It is explained exactly if the decimal point of {row} is misplaced and it moved {moved}.",
    "transposed_digits": "It is explained exactly if two digits of {row} are swapped and it moved {moved}.",
    "fee_not_posted": "It is explained exactly if a fee of {moved} has no row: {note}.",
    "rounding": "It is explained by rounding: {note}.",
}


def _unstated(one: Gap) -> str:
    between = len(one.rows) - 1
    return f" Rows between them that state no balance: {between}." if between and one.before else ""


def _span(one: Gap) -> str:
    last = one.rows[-1].at
    if one.before is None:
        return f"Up to {_on_day(last)}"
    first = one.before.at
    if first == last:
        return f"At {_on_day(last)}"
    if said_text(first)[:10] == said_text(last)[:10]:
        return f"Between {_clock(first)} and {_on_day(last)}"
    return f"Between {said_text(first)} and {said_text(last)}"


def _clock(at: datetime) -> str:
    return said_text(at)[11:].removesuffix(" UTC")


def _on_day(at: datetime) -> str:
    return f"{_clock(at)} UTC on {said_text(at)[:10]}"


def _by(one: Gap, write: Write) -> str:
    when = f"after {said_text(one.before.at)}" if one.before else "at the beginning"
    return f"one of {write(one.amount)} {when} and up to {said_text(one.rows[-1].at)}"
