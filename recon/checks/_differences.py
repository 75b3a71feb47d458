"""The cause of closing balances that do not agree, from the rows since the look before. Pure functions.

A single row, a known group of rows or a fee rule is named where it is the only explanation found and chance is ruled
out: what was tried, ten thousand times over, is less than the values that the difference could have had. Sets of rows
are told, but never named. Where nothing fits, the venue moved more than its rows say.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from recon.checks import _difference_words as say
from recon.checks._ask import Found
from recon.checks._diagnose import figures, record
from recon.checks._figures import ROUNDED_OFF, decimals, digits, swaps, taken
from recon.checks._sentences import doubts, dust, padded
from recon.checks._subsets import Search, subsets
from recon.checks._values import Difference, Explanation, Failing, FeeRule, Group, Leg, Told, Unread
from recon.core.breaks import Diagnosis
from recon.core.money import FRACTION_DIGITS, exact, text

CERTAIN = 10_000
"""How many times as many values a difference must be able to have as explanations were tried."""
_FEWER = 1000
"""Sets of rows are tried as long as there are so many times fewer of them than values."""
_SETS = 3


class Doubt(NamedTuple):
    """What else may hold a difference.

    ``unread`` are rows of the asset in suspense since the look before; ``paired``: there is one, and no other
    difference that it could be. ``alike`` are other assets of the account that nothing explains over the same time,
    ``failing`` streams of the source that were not read whole when the venue was looked at.
    """

    unread: Sequence[Unread] = ()
    paired: bool = False
    alike: Sequence[Found] = ()
    failing: Sequence[Failing] = ()


def explanations(one: Difference) -> list[Explanation]:
    """All that explains the rest alone. A row's mere absence is told only where nothing more specific fits."""
    if not one.rest:
        return []
    found = [
        *_rows(one),
        *_fees(one),
        *_groups(one),
        *(
            Explanation("unexplained", "pending", (), each.quantity, say.waiting(each), 0, each.record)
            for each in one.pending
            if each.quantity == one.rest
        ),
        *(Explanation("unexplained", "late", (leg,), leg.quantity) for leg in one.late),
    ]
    return found or [*_rounding(one), *_absent(one)]


def named(one: Difference, found: Sequence[Explanation]) -> Explanation | None:
    """The one explanation, where its arithmetic is a proof."""
    if len(found) != 1 or found[0].kind == "unexplained":
        return None
    return found[0] if found[0].tried * CERTAIN <= values(one) else None


def values(one: Difference) -> int:
    """How many values the rest could have had, being as round as it is among rows as round as these are."""
    with exact():
        units = abs(int(one.rest.scaleb(FRACTION_DIGITS)))
        while units and units % 10 == 0:
            units //= 10
        places = decimals(one.rest) or -_zeros(one.rest)
        alike = sum(_is_whole(each.leg.quantity, places) for each in one.candidates)
        most = int(abs(one.rest).scaleb(max(one.decimals, decimals(one.rest))))
    return max(units, min(most, units * len(one.candidates) // (alike + 1)))


def tell(
    one: Difference, found: Sequence[Explanation], doubt: Doubt, *, rule: FeeRule | None, steps: int
) -> Told:
    """The cause of a closing difference. ``steps`` bound the search for sets of rows."""
    write = padded(
        one.rest, one.opening, one.found.expected, one.found.actual, one.found.quantity, one.locked,
        *(gap.difference for gap in one.gaps), *figures(leg for each in found for leg in each.legs),
    )  # fmt: skip
    words = [say.difference(one, write)]
    if not one.rest:
        kinds = {gap.diagnosis.kind for gap in one.gaps}
        return _told(kinds.pop() if len(kinds) == 1 else "unexplained", words, [])
    if rule is not None:
        return _told("fee_currency", [*words, *say.fee_rule(rule, one, write)], rule.legs)
    sure = named(one, found)
    if found:
        return _explained(words + say.explanations(found, write, certain=sure is not None), found, sure)
    sets = _search(one, steps)
    legs = [one.candidates[place].leg for each in sets.found for place in each if place < len(one.candidates)]
    doubted = doubts(() if doubt.paired else doubt.unread, doubt.failing)
    doubted += dust(one.rest, one.rounded, one.decimals)
    if doubt.alike:
        doubted.append(say.alike(doubt.alike))
    if sets.found:
        words += say.sets(one, sets, padded(one.rest, *figures(legs)))
        return _told("unexplained", words + doubted, list(dict.fromkeys(legs)))
    searched = say.searched(one, sets)
    if doubted:
        return _told("unexplained", words + doubted + searched, [])
    suspended = tuple(row.entry for row in doubt.unread)
    return _told("missing_record", words + say.missing(one, doubt.unread, write) + searched, [], suspended)


def _explained(words: list[str], found: Sequence[Explanation], sure: Explanation | None) -> Told:
    legs = list(dict.fromkeys(leg for each in found[: say.LISTED] for leg in each.legs))
    suspended = tuple(leg.entry for leg in sure.legs if leg.suspended) if sure else ()
    told = _told(sure.kind if sure else "unexplained", words, legs, suspended)
    waiting = tuple(
        {"record": each.record, "quantity": text(each.moved)} for each in found if each.record is not None
    )
    diagnosis = Diagnosis(
        kind=told.diagnosis.kind, text=told.diagnosis.text, records=told.diagnosis.records + waiting
    )
    return told._replace(diagnosis=diagnosis)


def _rows(one: Difference) -> Iterator[Explanation]:
    """What single rows explain by what they would then have moved. Of equal neighbours the last is told."""
    twins: list[Leg] = []
    for each in one.candidates:
        if each.hit:
            leg = each.leg
            with exact():
                moved = leg.quantity + one.rest
            if moved == 0 and leg.suspended:
                yield Explanation("unknown_type", "unknown_type", (leg,), moved, tried=one.suspended)
            elif moved == 0 and each.twin:
                if twins and twins[-1].place + 1 == leg.place:
                    twins.pop()
                twins.append(leg)
            yield from _misstated(leg, moved, one)
    for leg in twins:
        yield Explanation("duplicate_record", "duplicate_record", (leg,), one.rest, tried=one.twins)


def _misstated(leg: Leg, moved: Decimal, one: Difference) -> Iterator[Explanation]:
    if moved == 0 or leg.quantity == 0:
        return
    if moved == leg.quantity.copy_negate():
        yield Explanation("sign_flipped", "sign_flipped", (leg,), moved, tried=one.rows)
    elif digits(moved) == digits(leg.quantity):
        yield Explanation("decimal_shift", "decimal_shift", (leg,), moved, tried=one.rows)
    if moved in swaps(leg.quantity, _places(one)):
        yield Explanation("transposed_digits", "transposed_digits", (leg,), moved, tried=2 * one.rows)


def _fees(one: Difference) -> Iterator[Explanation]:
    """A fee at a known rate of one row that is missing, a known flat fee, or one that was taken elsewhere."""
    missing = one.rest.copy_negate()
    known = {rate.rate for rate in one.rates if rate.rate}
    places = _places(one)
    for each in one.candidates:
        if each.hit:
            if each.fee and each.fee == one.rest:
                yield Explanation("unexplained", "fee_elsewhere", (each.leg,), each.fee)
            fees = {rate: taken(each.leg.quantity, rate, places) for rate in known}
            names = [rate.name for rate in one.rates if rate.rate and missing in fees[rate.rate]]
            if names:
                yield _fee(each.leg, one, names, 2 * one.rows * len(known))
    names = [rate.name for rate in one.rates if rate.flat == missing]
    if names and len(one.candidates) == one.rows:
        paid = [each.leg for each in one.candidates if each.leg.quantity < 0]
        for leg in paid:
            yield _fee(leg, one, names, len(paid) * len(one.rates))


def _fee(leg: Leg, one: Difference, names: Sequence[str], tried: int) -> Explanation:
    note = " or ".join(dict.fromkeys(names))
    return Explanation("fee_not_posted", "fee_not_posted", (leg,), one.rest, note, tried)


def _groups(one: Difference) -> Iterator[Explanation]:
    tried = 3 * len(one.groups)
    for each in one.groups:
        if each.rows == one.rows == 1 or not each.amount:
            continue
        with exact():
            moved = each.amount + one.rest
        how = _of_group(each, moved)
        if how:
            kind = "unexplained" if how == "group" else "unknown_type" if how == "group_odd" else how[6:]
            yield Explanation(kind, how, (), moved, f"{each.name} ({each.rows})", tried)


def _of_group(each: Group, moved: Decimal) -> str | None:
    if moved == 0:
        return "group_odd" if each.suspended else "group"
    if moved == each.amount.copy_negate():
        return "group_sign_flipped"
    return "group_decimal_shift" if digits(moved) == digits(each.amount) else None


def _rounding(one: Difference) -> Iterator[Explanation]:
    """Within one unit of the last decimal per side of a trade stated to it, and far less than any row moves."""
    with exact():
        within = one.decimals >= 2 and abs(one.rest) <= one.rounded * Decimal(1).scaleb(-one.decimals)
        far = one.smallest is not None and abs(one.rest) * ROUNDED_OFF <= one.smallest
    if within and far:
        yield Explanation("rounding", "rounding", (), one.rest, f"{one.rounded} to {one.decimals} decimals")


def _absent(one: Difference) -> Iterator[Explanation]:
    for each in one.candidates:
        if each.leg.quantity == one.rest.copy_negate():
            yield Explanation("unexplained", "absent", (each.leg,), one.rest)


def _search(one: Difference, steps: int) -> Search:
    """Sets of rows that did not move the balance, or of pending ones that did; not of rows too many to try."""
    if one.rows > len(one.candidates):
        return Search((), 0, stopped=False)
    with exact():
        amounts = [int(each.leg.quantity.scaleb(FRACTION_DIGITS)) * -1 for each in one.candidates]
        amounts += [int(each.quantity.scaleb(FRACTION_DIGITS)) for each in one.pending]
        wanted = int(one.rest.scaleb(FRACTION_DIGITS))
    return subsets(amounts, wanted, tries=values(one) // _FEWER, steps=steps, most=_SETS)


def _told(kind: str, words: Iterable[str], cited: Sequence[Leg], suspended: tuple[int, ...] = ()) -> Told:
    return Told(
        Diagnosis(kind=kind, text=" ".join(words), records=tuple(record(leg) for leg in cited)),
        tuple(leg.entry for leg in cited),
        suspended,
    )


def _zeros(number: Decimal) -> int:
    written = text(number)
    return len(written) - len(written.rstrip("0"))


def _places(one: Difference) -> int:
    """How many decimals the asset has: rows seen so far may be rounder, and then the difference tells of more."""
    return max(one.decimals, decimals(one.rest))


def _is_whole(number: Decimal, places: int) -> bool:
    """Whether a number has no digit behind this decimal; fewer than none are zeros before the point."""
    return decimals(number) <= places if places >= 0 else _zeros(number) >= -places and not decimals(number)
