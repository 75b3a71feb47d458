"""The sentences about closing balances that do not agree, for a venue's support to read as they stand."""

from collections.abc import Sequence

from recon.checks._ask import Found
from recon.checks._sentences import Write, more_or_less, opening, padded, place, told_row
from recon.checks._subsets import Search
from recon.checks._values import Difference, Explanation, FeeRule, Pending, Unread
from recon.core.money import ZERO, exact, text, total
from recon.core.times import said_text

LISTED = 5
"""How many explanations are told in full."""


def difference(one: Difference, write: Write) -> str:
    """What the ledger holds and what the venue says, since when, and what the running balances explain of it."""
    found = one.found
    assert found.expected is not None and found.actual is not None
    assert found.until is not None and found.at is not None
    earlier = found.quantity or ZERO
    with exact():
        step = found.actual - found.expected
        apart, ledger = step + earlier, found.expected - earlier
        parts = ""
        if one.locked:
            parts = f" ({write(found.actual - one.locked)} available and {write(one.locked)} locked)"
    words = (
        f"{place(found)}: on {said_text(found.until)} the venue says it holds {write(found.actual)}{parts}, and the "
        f"ledger holds {write(ledger)}: the venue has {more_or_less(apart, write)}."
    )
    if earlier and found.since is not None:
        words += (
            f" On {said_text(found.since)} it had {more_or_less(earlier, write)}, which stands on its own; since then "
            f"it has {more_or_less(step, write)}."
        )
    if found.at != found.until:
        words += f" They have not agreed since {said_text(found.at)}."
    if one.gaps:
        breaks = ", ".join(f"{each.id} ({said_text(each.at)})" for each in one.gaps if each.at)
        part = write(total(each.difference or ZERO for each in one.gaps))
        rest = f"{part} of it is" if one.rest else "This is"
        words += f" {rest} what the running balance breaks by: {breaks}."
        words += f" {write(one.rest)} remains." if one.rest else ""
    return words


def explanations(found: Sequence[Explanation], write: Write, *, certain: bool) -> list[str]:
    """The explanations that fit exactly."""
    words = [
        _EXPLANATIONS[one.how].format(
            row=told_row(one.legs[0], write) if one.legs else "", moved=write(one.moved), note=one.note
        )
        for one in found[:LISTED]
    ]
    if len(found) > LISTED:
        words.append("There are more like these.")
    if len(found) > 1:
        return ["Each of these would explain it alone, so none is named.", *words]
    if not certain and found[0].kind != "unexplained":
        words.append("It may be chance that the figures fit, so this is not proved.")
    return words


def sets(one: Difference, found: Search, write: Write) -> list[str]:
    """Sets of rows that would explain it together."""
    told = []
    for each in found.found:
        rows = [one.candidates[number].leg for number in each if number < len(one.candidates)]
        pending = [
            one.pending[number - len(one.candidates)] for number in each if number >= len(one.candidates)
        ]
        parts = [f"{told_row(leg, write)} had not moved the balance" for leg in rows]
        parts += [f"{waiting(row)} had moved it already" for row in pending]
        told.append(f"It would be explained if {' and '.join(parts)}.")
    more = ["There are more sets of as many rows that would."] if found.stopped else []
    return [*told, *more, "Nothing here proves that."]


def searched(one: Difference, found: Search) -> list[str]:
    """How far the search for sets of rows went, where it did not try them all."""
    many = len(one.candidates) + len(one.pending)
    if one.rows > len(one.candidates):
        return [
            f"There are {one.rows} rows since then, too many to try which of them together would explain it."
        ]
    if found.largest >= many or many < 2:
        return []
    if found.largest < 2:
        return [
            f"Which of the {many} rows since then would explain it together was not tried: chance would find some."
        ]
    return [
        f"No set of up to {found.largest} of the {many} rows since then explains it; larger sets were not tried."
    ]


def alike(others: Sequence[Found]) -> str:
    """The other assets of the account that do not agree."""
    write = padded(*(number for each in others for number in (each.expected, each.actual)))
    with exact():
        parts = [
            f"{each.asset} ({more_or_less(each.actual - each.expected, write)})"
            for each in others[:LISTED]
            if each.actual is not None and each.expected is not None
        ]
    if len(others) > LISTED:
        parts.append(f"{len(others) - LISTED} more")
    return (
        f"Other assets of this account do not agree either: {', '.join(parts)}. "
        "One row that moves several assets, such as a trade, may be missing."
    )


def missing(one: Difference, unread: Sequence[Unread], write: Write) -> list[str]:
    """The venue moved more than its rows say, since a moment when all that is known agreed."""
    since = one.found.since
    if one.statement is not None and (since is None or one.statement.at > since):
        start = f"since the last balance stated, on {said_text(one.statement.at)},"
    elif since is None:
        start = "since the beginning"
    else:
        start = (
            f"since {said_text(since)},"
            if one.found.quantity
            else f"since {said_text(since)}, when both agreed,"
        )
    moved = f"the venue moved exactly {more_or_less(one.rest, write)} than its rows say"
    words = [
        f"No other asset of this account is left unexplained, so {start} {moved}.",
        "A row of that amount is missing, or several that sum to it.",
        "A row that is misstated by that amount would look the same.",
    ]
    if unread:
        words.append(
            f"There is one row that could not be understood: {said_text(unread[0].at)} ({unread[0].kind})."
        )
    if since is None and one.statement is None:
        words += opening(one.found, one.opening, one.rest)
    return words


def waiting(one: Pending) -> str:
    """A pending row."""
    return f"the pending row of {said_text(one.at)} ({one.kind} of {text(one.quantity)})"


def fee_rule(rule: FeeRule, one: Difference, write: Write) -> list[str]:
    """The fees were taken in the other currency, which closes every asset of the account."""
    trades = "the trade" if rule.trades == 1 else f"all {rule.trades} trades{rule.which}"
    others = ", ".join(
        f"{asset} ({write(amount)})" for asset, amount in rule.amounts if asset != one.found.asset
    )
    words = [
        f"It is explained exactly if the venue took the fee of {trades} since then in the other currency.",
        f"The same explains {others}, and nothing is left of either.",
    ]
    if rule.which:
        words.append("Where the documentation leaves that open, it is the setting fee_currency.")
    return words


_EXPLANATIONS = {
    "duplicate_record": "It is explained exactly if {row} is listed twice: the row next to it is the same.",
    "sign_flipped": "It is explained exactly if {row} has the wrong sign and moved {moved}.",
    "unknown_type": "It is explained exactly if {row}, whose type or currency is unknown, moved nothing.",
    "decimal_shift": "It is explained exactly if the decimal point of {row} is misplaced and it moved {moved}.",
    "transposed_digits": "It is explained exactly if neighbouring digits of {row} are swapped and it moved {moved}.",
    "fee_not_posted": "It is explained exactly if a fee of {moved} has no row: at {note}, on {row}.",
    "fee_elsewhere": "It is explained exactly if the fee of {moved} taken with {row} was not taken in this asset.",
    "absent": "It is explained exactly if {row} did not move the balance.",
    "late": "It is explained exactly if {row}, which became known later, had moved the balance already.",
    "pending": "It is explained exactly if {note} has moved the balance already.",
    "group": "It is explained exactly if {note} did not move the balance.",
    "group_odd": "It is explained exactly if {note}, of unknown type or currency, moved nothing.",
    "group_sign_flipped": "It is explained exactly if {note} have the wrong sign and moved {moved} together.",
    "group_decimal_shift": "It is explained exactly if the decimal point of {note} is misplaced: they moved {moved}.",
    "rounding": "It is explained by rounding: at most one unit of the last decimal for each side of trades, {note}.",
}
