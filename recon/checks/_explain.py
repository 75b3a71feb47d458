"""Balances that do not agree, each with its cause: brings the rows around them and the diagnosis together."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from recon.checks._around import all_gaps, difference, failing_streams, unread_rows
from recon.checks._ask import Chain, Found
from recon.checks._catalogue import Check
from recon.checks._diagnose import tell_difference, tell_gap
from recon.checks._merge import Explained
from recon.checks._values import Difference, Gap, Told, Unread
from recon.core.breaks import Break, Diagnosis
from recon.core.money import exact


def break_of(check: Check, found: Found, diagnosis: Diagnosis, entries: tuple[int, ...]) -> Break:
    """A bad row as a break."""
    apart = None
    if found.expected is not None and found.actual is not None:
        with exact():
            apart = found.actual - found.expected
    return Break(
        check=check.name,
        severity=found.severity or check.severity,
        anchor=found.anchor,
        diagnosis=diagnosis,
        source=found.source,
        account=found.account,
        asset=found.asset,
        at=found.at,
        expected=found.expected,
        actual=found.actual,
        difference=apart,
        entries=entries,
    )


def running_balances(connection: DuckDBPyConnection, check: Check) -> list[Explained]:
    """Every running balance that breaks, at any time, chain by chain in the venue's order."""
    gaps = all_gaps(connection, check)
    between = _between(gaps, unread_rows(connection))
    times = Counter(row for rows in between for row in rows)
    failing = failing_streams(connection)
    explained = []
    for gap, unread in zip(gaps, between, strict=True):
        told = tell_gap(
            gap,
            unread,
            paired=len(unread) == 1 and times[unread[0]] == 1,
            failing=[
                one
                for one in failing
                if one.source == gap.found.source and (one.whole is None or one.whole < gap.rows[-1].at)
            ],
        )
        explained.append(_explained(check, gap.found, told))
    return explained


def closing_balances(
    connection: DuckDBPyConnection, check: Check, found: Sequence[Found], running: Sequence[Explained]
) -> list[Explained]:
    """The closing balances that do not agree. What running balances break by is no cause of its own."""
    broken: dict[Chain, list[Break]] = {}
    for gap in (each.found for each in running):
        broken.setdefault((gap.source, gap.account, gap.asset), []).append(gap)
    differences = [
        difference(
            connection, one, [gap for gap in broken.get(one.chain, ()) if gap.entries[0] <= one.until_entry]
        )
        for one in found
    ]
    taken = {entry for each in running for entry in each.suspended}
    unread = [row for row in unread_rows(connection) if row.entry not in taken]
    since = [_since(one, unread) for one in differences]
    times = Counter(row for rows in since for row in rows)
    explained = []
    for apart, rows in zip(differences, since, strict=True):
        one = apart.found
        told = tell_difference(
            apart,
            rows,
            paired=len(rows) == 1 and times[rows[0]] == 1,
            alike=[
                each.found
                for each in differences
                if each.rest and each is not apart and each.found.chain[:2] == one.chain[:2]
            ],
            failing=[each for each in failing_streams(connection, one.reading) if each.source == one.source],
        )
        gaps = () if apart.rest else tuple(gap.id for gap in apart.gaps)
        explained.append(_explained(check, one, told, gaps))
    return explained


def _explained(check: Check, found: Found, told: Told, gaps: tuple[str, ...] = ()) -> Explained:
    return Explained(break_of(check, found, told.diagnosis, told.entries), gaps, told.suspended)


def _between(gaps: Sequence[Gap], unread: Sequence[Unread]) -> list[list[Unread]]:
    """For each gap the rows that could not be understood, of its source and asset, dated between its statements."""
    by_asset: dict[tuple[str | None, str | None], list[Unread]] = {}
    for row in unread:
        by_asset.setdefault((row.source, row.asset), []).append(row)
    earliest = datetime.min.replace(tzinfo=UTC)
    return [
        [
            row
            for row in by_asset.get((gap.found.source, gap.found.asset), ())
            if (gap.before.at if gap.before else earliest) <= row.at <= gap.rows[-1].at
        ]
        for gap in gaps
    ]


def _since(one: Difference, unread: Sequence[Unread]) -> list[Unread]:
    """The same for a difference: known since the look that agreed, dated since the last statement."""
    if not one.rest:
        return []
    return [
        row
        for row in unread
        if (row.source, row.asset) == (one.found.source, one.found.asset)
        and one.found.since_entry < row.entry <= one.found.until_entry
        and (one.statement is None or one.statement.at <= row.at)
    ]
