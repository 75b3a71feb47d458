"""The cause of a break, from the rows around it. Pure functions on exact numbers.

A kind is named when one explanation fits the difference exactly. Where two fit, both are told and nothing is named.
Where none does, the venue moved more than its rows say, if everything else holds; no arithmetic can tell a row that is
missing from one that is misstated, and the text says so.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from recon.checks import _sentences as say
from recon.checks._ask import Found
from recon.checks._values import Candidate, Difference, Failing, Fit, Gap, Leg, Pending, Told, Unread
from recon.core.breaks import Diagnosis
from recon.core.money import exact, text, total
from recon.core.times import short_text


def fits(amount: Decimal, candidates: Iterable[Candidate]) -> list[Fit]:
    """Every row that explains ``amount`` alone. Of equal neighbours, which are one cause, the last is told."""
    found: list[Fit] = []
    with exact():
        for leg, twin in candidates:
            if leg.quantity + amount == 0 and (leg.suspended or twin):
                fit = Fit("unknown_type" if leg.suspended else "duplicate_record", leg)
                if found and _same_twins(found[-1], fit):
                    found.pop()
                found.append(fit)
            if leg.quantity + leg.quantity + amount == 0:
                found.append(Fit("sign_flipped", leg))
    return found


def candidates(gap: Gap) -> list[Candidate]:
    """The rows of a gap, each with whether it equals its neighbour in the chain."""
    chain = [gap.before, *gap.rows, gap.after]
    return [
        Candidate(leg, any(_equal(leg, other) for other in (chain[number - 1], chain[number + 1])))
        for number, leg in enumerate(gap.rows, start=1)
    ]


def tell_row(found: Found) -> Diagnosis:
    """What a check's own text says, with the place, the moment and the figures."""
    facts: dict[str, Any] = {"entry": found.entry, "record": found.record}
    record = {name: value for name, value in facts.items() if value is not None}
    if record and found.quantity is not None:
        record["quantity"] = text(found.quantity)
    return Diagnosis(kind=found.kind, text=say.row(found), records=(record,) if record else ())


def tell_gap(gap: Gap, unread: Sequence[Unread], *, paired: bool, failing: Sequence[Failing]) -> Told:
    """The cause of a running balance that breaks.

    ``unread`` are the rows in suspense between its two statements; ``paired``: there is one, and no other gap that it
    could be. ``failing`` are streams not read whole since before the row.
    """
    fitting = fits(gap.amount, candidates(gap))
    doubts = say.doubts(() if paired else unread, failing)
    if not (gap.is_last or gap.holds_after):
        doubts.append("The next balance stated does not follow from this one either.")
    kind = _kind(fitting, (), doubts)
    cited = [gap.rows[-1], *([gap.before] if gap.before else [])]
    cited += [fit.leg for fit in fitting if fit.leg not in cited]
    write = say.padded(gap.amount, gap.found.expected, gap.found.actual, *_figures(cited))
    words = [say.gap(gap, write)]
    if fitting:
        words += say.fitting(fitting, (), write)
    elif doubts:
        words += doubts
    else:
        words += say.missing_row(gap, unread, write)
    if gap.before is None:
        stated = total(leg.quantity for leg in gap.rows if leg.kind == "opening")
        words += say.opening(gap.found, stated, gap.amount)
    return _told(kind, words, cited, fitting, unread)


def tell_difference(
    one: Difference,
    unread: Sequence[Unread],
    *,
    paired: bool,
    alike: Sequence[Found],
    failing: Sequence[Failing],
) -> Told:
    """The cause of a closing balance that does not agree.

    ``alike`` are the other assets of the account that nothing explains. ``unread`` are the rows of the
    asset in suspense since the look that agreed; ``paired`` as in tell_gap. ``failing`` are the source's streams that
    were not read whole when the venue was looked at.
    """
    fitting = fits(one.rest, one.candidates)
    doubts = say.doubts(() if paired else unread, failing)
    if alike:
        doubts.append(say.alike(alike))
    cited = [fit.leg for fit in fitting]
    amounts = [gap.difference for gap in one.gaps]
    write = say.padded(
        one.rest, one.opening, one.found.expected, one.found.actual, *amounts, *_figures(cited)
    )
    words = [say.difference(one, write)]
    if one.gaps and not one.rest:
        kinds = {gap.diagnosis.kind for gap in one.gaps}
        return _told(kinds.pop() if len(kinds) == 1 else "unexplained", words, [], [], ())
    kind = _kind(fitting, one.pending, doubts)
    if fitting or one.pending:
        words += say.fitting(fitting, one.pending, write)
    elif doubts:
        words += doubts
    else:
        words += say.missing_since(one, unread, write)
    told = _told(kind, words, cited, fitting, unread)
    waiting = tuple({"record": row.record, "quantity": text(row.quantity)} for row in one.pending)
    return told._replace(
        diagnosis=Diagnosis(kind=kind, text=told.diagnosis.text, records=told.diagnosis.records + waiting)
    )


def _kind(fitting: Sequence[Fit], pending: Sequence[Pending], doubts: Sequence[str]) -> str:
    if len(fitting) == 1 and not pending:
        return fitting[0].kind
    return "unexplained" if fitting or pending or doubts else "missing_record"


def _told(
    kind: str, words: Sequence[str], cited: Sequence[Leg], fitting: Sequence[Fit], unread: Sequence[Unread]
) -> Told:
    same: list[int] = []
    if kind == "missing_record":
        same = [row.entry for row in unread]
    elif kind != "unexplained":
        same = [fit.leg.entry for fit in fitting if fit.leg.suspended]
    records = tuple(_record(leg) for leg in cited)
    return Told(
        Diagnosis(kind=kind, text=" ".join(words), records=records),
        tuple(leg.entry for leg in cited),
        tuple(same),
    )


def _record(leg: Leg) -> dict[str, Any]:
    return {
        "entry": leg.entry,
        "at": short_text(leg.at),
        "kind": leg.kind,
        "quantity": text(leg.quantity),
        "balance_after": None if leg.balance_after is None else text(leg.balance_after),
    }


def _figures(legs: Iterable[Leg]) -> list[Decimal | None]:
    return [figure for leg in legs for figure in (leg.quantity, leg.balance_after)]


def _equal(one: Leg, other: Leg | None) -> bool:
    return other is not None and (one.quantity, one.kind) == (other.quantity, other.kind)


def _same_twins(before: Fit, fit: Fit) -> bool:
    return before.kind == fit.kind == "duplicate_record" and before.leg.place + 1 == fit.leg.place
