"""The cause of running balances that break, from the rows around them. Pure functions on exact numbers.

A kind is named when one explanation fits the gap exactly. Where two fit, both are told and nothing is named. Where none
does, the venue moved more than its rows say, if the chain goes on from there; no arithmetic can tell a row that is
missing from one that is misstated, and the text says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from recon.checks import _gap_words as say
from recon.checks._diagnose import figures, record
from recon.checks._figures import ROUNDED_OFF, decimals, digits, swaps, taken
from recon.checks._order import Step, breaks, chained
from recon.checks._sentences import Write, doubts, dust, padded
from recon.checks._values import Failing, Fault, Gap, Leg, Reason, Told, Unread
from recon.core.breaks import Diagnosis
from recon.core.money import ZERO, exact, total
from recon.core.times import said_text

LONGEST = 64
"""The most rows that are searched for another order."""
_TRIES = 2


class Window(NamedTuple):
    """Gaps ``first`` to ``last`` of a list that may be rows out of order, and the places of those rows.

    ``end``: the balance that they lead to; None where they are the last ones of the chain.
    """

    first: int
    last: int
    places: tuple[int, int]
    end: Decimal | None


def windows(gaps: Sequence[Gap]) -> list[Window]:
    """Where gaps of one chain cancel out over few rows, or stand among its last few rows. Nearest first."""
    return [window for first in range(len(gaps)) for window in _from(gaps, first)]


def faults(gaps: Sequence[Gap], rows: Mapping[Window, Sequence[tuple[Leg, int]]]) -> list[Fault]:
    """Every gap once, those of one cause together. ``rows`` are a window's, in the chain's order, with ordinals."""
    by_first: dict[int, list[Window]] = {}
    for window in rows:
        by_first.setdefault(window.first, []).append(window)
    found: list[Fault] = []
    number = 0
    while number < len(gaps):
        fault = _reordered(gaps, [(one, rows[one]) for one in by_first.get(number, ())])
        fault = fault or Fault(tuple(gaps[number : number + (2 if _taken_back(gaps, number) else 1)]))
        found.append(fault)
        number += len(fault.gaps)
    return found


def tell(fault: Fault, unread: Sequence[Unread], *, paired: bool, failing: Sequence[Failing]) -> Told:
    """The cause of a fault.

    ``unread`` are the rows in suspense between the two statements of its gap; ``paired``: there is one, and no other
    gap that it could be. ``failing`` are streams not read whole since before the row.
    """
    if len(fault.gaps) == 1:
        return _tell_one(fault.gaps[0], unread, paired=paired, failing=failing)
    cited = [gap.rows[-1] for gap in fault.gaps]
    cited += [leg for leg in fault.order if leg not in cited]
    if not fault.order and fault.gaps[0].before:
        cited.append(fault.gaps[0].before)
    write = _writer(fault.gaps, cited)
    kind, words = (
        ("reordered", say.reordered(fault, write))
        if fault.order
        else ("unexplained", say.taken_back(fault, write))
    )
    return _told(kind, words, cited)


def reasons(gap: Gap) -> list[Reason]:
    """All that would explain a gap alone. Of equal neighbours, which are one cause, the last is told."""
    chain = [gap.before, *gap.rows, gap.after]
    found: list[Reason] = []
    for number, leg in enumerate(gap.rows, start=1):
        twin = any(_equal(leg, other) for other in (chain[number - 1], chain[number + 1]))
        for reason in _of_row(leg, gap.amount, twin=twin, places=gap.decimals):
            if found and _same_twins(found[-1], reason):
                found.pop()
            found.append(reason)
    return [*found, *_fees(gap), *_rounding(gap)]


def _tell_one(gap: Gap, unread: Sequence[Unread], *, paired: bool, failing: Sequence[Failing]) -> Told:
    found = reasons(gap)
    doubted = doubts(() if paired else unread, failing) + dust(gap.amount, len(gap.rows), gap.decimals)
    if not (gap.is_last or gap.holds_after):
        doubted.append("The next balance stated does not follow from this one either.")
    cited = [gap.rows[-1], *([gap.before] if gap.before else [])]
    for leg in (leg for reason in found for leg in reason.legs):
        if leg not in cited:
            cited.append(leg)
    write = _writer([gap], cited)
    suspended: tuple[int, ...] = ()
    if found:
        kind = found[0].kind if len(found) == 1 else "unexplained"
        words = [say.gap(gap, write), *say.reasons(found, write)]
        if kind != "unexplained":
            suspended = tuple(leg.entry for leg in found[0].legs if leg.suspended)
    elif doubted:
        kind, words = "unexplained", [say.gap(gap, write), *doubted]
    else:
        kind, words = "missing_record", say.missing_row(gap, unread, write)
        suspended = tuple(row.entry for row in unread)
    return _told(kind, words + say.proposal(gap), cited, suspended)


def _of_row(leg: Leg, amount: Decimal, *, twin: bool, places: int) -> Iterator[Reason]:
    """What one row would explain, by what it would then have moved."""
    with exact():
        moved = leg.quantity + amount
        flipped = leg.quantity + moved == 0
    if moved == 0 and (leg.suspended or twin):
        yield Reason("unknown_type" if leg.suspended else "duplicate_record", (leg,), moved)
    if moved == 0 or leg.quantity == 0:
        return
    if flipped:
        yield Reason("sign_flipped", (leg,), moved)
    if digits(moved) == digits(leg.quantity):
        yield Reason("decimal_shift", (leg,), moved)
    if moved in swaps(leg.quantity, places):
        yield Reason("transposed_digits", (leg,), moved)


def _fees(gap: Gap) -> list[Reason]:
    """Known fees of the rows of the gap, and of the one before it, that are exactly what is missing."""
    fee = gap.amount.copy_negate()
    if fee <= 0:
        return []
    found = []
    for leg in [*([gap.before] if gap.before else []), *gap.rows]:
        names = [
            one.name
            for one in gap.rates
            if one.rate is not None and fee in taken(leg.quantity, one.rate, gap.decimals)
        ]
        if names and leg.quantity:
            note = f"at {' or '.join(dict.fromkeys(names))}, on the row of {said_text(leg.at)}"
            found.append(Reason("fee_not_posted", (leg,), gap.amount, note))
    flat = [one.name for one in gap.rates if one.flat == fee]
    if flat:
        found.append(Reason("fee_not_posted", (), gap.amount, " or ".join(dict.fromkeys(flat))))
    return found


def _rounding(gap: Gap) -> list[Reason]:
    """One unit of the last decimal, of a balance or a row stated to it, and far less than the row moves.

    Nobody rounds to less than two decimals.
    """
    last = gap.rows[-1]
    stated = max(decimals(last.quantity), decimals(last.balance_after or ZERO))
    with exact():
        within = abs(gap.amount) <= Decimal(1).scaleb(-gap.decimals)
        far = abs(gap.amount) * ROUNDED_OFF <= abs(last.quantity)
    if gap.decimals < 2 or stated != gap.decimals or not (within and far):
        return []
    note = f"at most one unit of the last of {gap.decimals} decimals"
    return [Reason("rounding", (last,), gap.amount, note)]


def _from(gaps: Sequence[Gap], first: int) -> Iterator[Window]:
    one, start = gaps[first], gaps[first].rows[-1].place
    summed, last, tries = ZERO, first, 0
    for number in range(first, len(gaps)):
        gap = gaps[number]
        if gap.found.chain != one.found.chain or gap.rows[-1].place - start > LONGEST:
            break
        last = number
        with exact():
            summed += gap.amount
        if summed == 0 and gap.before and gap.before.place > start and tries < _TRIES:
            tries += 1
            with exact():
                end = (gap.found.actual or ZERO) - total(leg.quantity for leg in gap.rows)
            yield Window(first, number, (start, gap.before.place), end)
    if last > first and one.following < LONGEST:
        yield Window(first, last, (start, start + one.following), None)


def _reordered(
    gaps: Sequence[Gap], tried: Iterable[tuple[Window, Sequence[tuple[Leg, int]]]]
) -> Fault | None:
    """The first window whose rows chain in an order that their times do not allow."""
    for rows, start, end, window in (one for each in tried for one in _stretches(gaps, *each)):
        with exact():
            steps = [
                Step(number, leg.balance_after - leg.quantity, leg.balance_after)
                for number, (leg, _) in enumerate(rows)
                if leg.balance_after is not None
            ]
        if len(steps) < len(rows) or len({(one.start, one.end) for one in steps}) < len(steps):
            # Of rows that are there twice, one may be too many: that is no question of order.
            continue
        order = chained(steps, start, () if end is None else (end,))
        ordinals = [rows[step.key][1] for step in order]
        if breaks(order, start, end) == 0 and ordinals != sorted(ordinals):
            legs = tuple(rows[step.key][0] for step in order)
            return Fault(tuple(gaps[window.first : window.last + 1]), legs)
    return None


def _stretches(
    gaps: Sequence[Gap], window: Window, listed: Sequence[tuple[Leg, int]]
) -> Iterator[tuple[Sequence[tuple[Leg, int]], Decimal, Decimal | None, Window]]:
    """The rows of a window with the balances before and after them; then those of one moment with its ends as well.

    Which of these comes first is the venue's to say, so that a row may have to pass some of them.
    """
    found = gaps[window.first].found
    assert found.expected is not None
    rows = [one for one in listed if window.places[0] <= one[0].place <= window.places[1]]
    if window.end is None:
        rows = rows[: max(place for place, (leg, _) in enumerate(rows, 1) if leg.balance_after is not None)]
    with exact():
        start = found.expected - gaps[window.first].rows[-1].quantity
    yield rows, start, window.end, window
    first, last = listed[0][0], listed[-1][0]
    following = gaps[window.last + 1] if window.last + 1 < len(gaps) else None
    alone = following is None or following.found.chain != found.chain or following.rows[-1].place > last.place
    if len(listed) > len(rows) and alone and first.balance_after is not None:
        with exact():
            start = first.balance_after - first.quantity
        beyond = window.end is not None and last.place > window.places[1]
        yield listed, start, last.balance_after if beyond else window.end, window


def _taken_back(gaps: Sequence[Gap], number: int) -> bool:
    if number + 1 == len(gaps):
        return False
    one, other = gaps[number], gaps[number + 1]
    follows = one.found.chain == other.found.chain and other.before == one.rows[-1]
    return follows and one.amount == other.amount.copy_negate()


def _equal(one: Leg, other: Leg | None) -> bool:
    return other is not None and (one.quantity, one.kind) == (other.quantity, other.kind)


def _same_twins(before: Reason, one: Reason) -> bool:
    twins = before.kind == one.kind == "duplicate_record"
    return twins and before.legs[0].place + 1 == one.legs[0].place


def _writer(gaps: Sequence[Gap], cited: Sequence[Leg]) -> Write:
    """Writes all numbers of a chain with the decimals it has."""
    numbers = [number for gap in gaps for number in (gap.amount, gap.found.expected, gap.found.actual)]
    return padded(*numbers, *figures(cited), Decimal(1).scaleb(-gaps[0].decimals))


def _told(kind: str, words: Sequence[str], cited: Sequence[Leg], suspended: tuple[int, ...] = ()) -> Told:
    return Told(
        Diagnosis(kind=kind, text=" ".join(words), records=tuple(record(leg) for leg in cited)),
        tuple(leg.entry for leg in cited),
        suspended,
    )
