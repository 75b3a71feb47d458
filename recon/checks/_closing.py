"""Closing balances that do not agree, each with its cause: brings the rows around them and the diagnosis together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from duckdb import DuckDBPyConnection

from recon.checks._around import failing_streams, unread_rows
from recon.checks._ask import Chain, Found
from recon.checks._catalogue import Check
from recon.checks._cutoffs import Cutoff, cutoffs, tell_cutoff
from recon.checks._differences import Doubt, explanations, named, tell
from recon.checks._explain import break_of
from recon.checks._fee_rule import fee_rules
from recon.checks._nearby import Apart, differences
from recon.checks._values import Difference, Explained, Explanation, Failing, Left, Told, Unread
from recon.core.breaks import Break
from recon.core.money import ZERO, exact
from recon.core.records import Rate

_STEPS = 2_000_000
"""Over all differences together, the steps that the search for sets of rows may take."""
_MOST_STEPS = 10_000
_ROW_ABSENT = {"duplicate_record", "absent"}


def closing_balances(
    connection: DuckDBPyConnection,
    check: Check,
    found: Sequence[Found],
    running: Sequence[Explained],
    rates: Mapping[str, Sequence[Rate]],
) -> list[Explained]:
    """The closing balances that do not agree. What running balances break by is no cause of its own.

    ``rates`` are those known of each source.
    """
    broken: dict[Chain, list[Break]] = {}
    for gap in (each.found for each in running if each.moves):
        broken.setdefault((gap.source, gap.account, gap.asset), []).append(gap)
    looked = [one for one in found if one.entry is None]
    apart = differences(connection, shared_out(looked, broken), rates)
    crossing = [one for one in found if one.entry is not None]
    return [
        *(_cutoff(check, one) for one in cutoffs(connection, crossing)),
        *_tell_all(connection, check, apart, running),
    ]


def shared_out(found: Sequence[Found], broken: Mapping[Chain, Sequence[Break]]) -> list[Apart]:
    """Each difference with the running_balance breaks of its chain that it holds, each of them once.

    They belong to the difference in whose interval their row became known. Where a look came between the row that is
    missing and the next one, it is the difference of that look that one of them is exactly.
    """
    by_chain: dict[Chain, list[Found]] = {}
    for one in found:
        by_chain.setdefault(one.chain, []).append(one)
    aparts: dict[Found, Apart] = {}
    for chain, ones in by_chain.items():
        known = max(one.known_entry for one in ones)
        free = [gap for gap in broken.get(chain, ()) if gap.entries[0] <= known]
        held: dict[Found, list[Break]] = {}
        for one in ones:
            held[one] = [gap for gap in free if one.since_entry < gap.entries[0] <= one.until_entry]
            free = [gap for gap in free if gap not in held[one]]
        spare = [free, *(gaps for one, gaps in held.items() if gaps and _rest(one, gaps))]
        for one in ones:
            rest = _rest(one, held[one])
            for gaps in spare if rest else ():
                same = next((gap for gap in gaps if gap.difference == rest), None)
                if same is not None and gaps is not held[one]:
                    gaps.remove(same)
                    held[one].append(same)
                    break
        for one in ones:
            aparts[one] = Apart(one, tuple(held[one]), _rest(one, held[one]))
    return [aparts[one] for one in found]


def _rest(one: Found, gaps: Sequence[Break]) -> Decimal:
    assert one.actual is not None and one.expected is not None
    with exact():
        return one.actual - one.expected - sum((gap.difference or ZERO for gap in gaps), ZERO)


def _tell_all(
    connection: DuckDBPyConnection, check: Check, apart: Sequence[Difference], running: Sequence[Explained]
) -> list[Explained]:
    reasons = [explanations(one) for one in apart]
    by_rule = {
        number: (rule, numbers[0]) for rule, numbers in fee_rules(connection, apart) for number in numbers
    }
    unsure = [
        one
        for number, one in enumerate(apart)
        if one.rest and number not in by_rule and named(one, reasons[number]) is None
    ]
    taken = {entry for each in running for entry in each.suspended}
    unread = [row for row in unread_rows(connection) if row.entry not in taken]
    since = [_since(one, unread) for one in apart]
    times = Counter(row for rows in since for row in rows)
    failing = failing_streams(connection, {one.found.reading for one in apart if one.rest})
    alike = _by_account(unsure)
    steps = min(_MOST_STEPS, _STEPS // max(1, len(unsure)))
    explained: list[Explained] = []
    for number, (one, rows) in enumerate(zip(apart, since, strict=True)):
        doubt = Doubt(
            unread=rows,
            paired=len(rows) == 1 and times[rows[0]] == 1,
            alike=[each.found for each in alike.get(one.found.chain[:2], ()) if _at_once(one, each)],
            failing=[each for each in failing.get(one.found.reading, ()) if each.source == one.found.source],
        )
        rule, first = by_rule.get(number, (None, number))
        told = tell(one, reasons[number], doubt, rule=rule, steps=steps)
        explained.append(_explained(check, one, reasons[number], told, doubt.failing))
        if first != number:
            explained[-1] = explained[-1]._replace(host=explained[first].found.id)
    return explained


def _explained(
    check: Check, one: Difference, reasons: Sequence[Explanation], told: Told, failing: Sequence[Failing]
) -> Explained:
    row = one.found._replace(severity="info") if told.diagnosis.kind == "rounding" else one.found
    unproved = told.diagnosis.kind == "unexplained" and not told.entries
    left = Left(
        rest=one.rest,
        since=one.found.since,
        ties=(
            *(("restated", entry) for entry in one.restated),
            *(("duplicates", leg.entry) for each in reasons if each.how in _ROW_ABSENT for leg in each.legs),
        ),
        failing=tuple(each.stream for each in failing) if unproved else (),
    )
    return Explained(
        break_of(check, row, told.diagnosis, told.entries),
        () if one.rest else tuple(gap.id for gap in one.gaps),
        told.suspended,
        left=left,
    )


def _cutoff(check: Check, one: Cutoff) -> Explained:
    diagnosis = tell_cutoff(one)
    return Explained(break_of(check, one.found, diagnosis, (one.leg.entry,)), (), (), shifts=one.shifts)


def _by_account(ones: Sequence[Difference]) -> dict[tuple[str | None, ...], list[Difference]]:
    found: dict[tuple[str | None, ...], list[Difference]] = {}
    for one in ones:
        found.setdefault(one.found.chain[:2], []).append(one)
    return found


def _at_once(one: Difference, other: Difference) -> bool:
    """Whether two assets began to differ over the same time."""
    return (
        one.found.asset != other.found.asset
        and one.found.since_entry <= other.found.until_entry
        and other.found.since_entry <= one.found.until_entry
        and (one.found.since is None or other.found.until is None or one.found.since < other.found.until)
        and (other.found.since is None or one.found.until is None or other.found.since < one.found.until)
    )


def _since(one: Difference, unread: Sequence[Unread]) -> list[Unread]:
    """The rows that could not be understood, known since the look before and dated since the last statement."""
    if not one.rest:
        return []
    return [
        row
        for row in unread
        if (row.source, row.asset) == (one.found.source, one.found.asset)
        and one.found.since_entry < row.entry <= one.found.until_entry
        and (one.statement is None or one.statement.at <= row.at)
    ]
