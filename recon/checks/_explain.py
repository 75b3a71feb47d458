"""Balances that do not agree, each with its cause: brings the rows around them and the diagnosis together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from recon.checks._around import NOW, failing_streams, unread_rows
from recon.checks._ask import Found
from recon.checks._catalogue import Check
from recon.checks._chains import all_gaps, rows_of
from recon.checks._cutoffs import order_shifts
from recon.checks._gaps import faults, tell, windows
from recon.checks._values import Explained, Fault, Gap, Told, Unread
from recon.core.breaks import Break, Diagnosis, Severity
from recon.core.money import exact
from recon.core.records import Rate


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


def running_balances(
    connection: DuckDBPyConnection, check: Check, rates: Mapping[str, Sequence[Rate]]
) -> list[Explained]:
    """Every running balance that breaks, at any time, chain by chain in the venue's order. ``rates`` by source."""
    gaps = all_gaps(connection, check, rates)
    between = dict(zip(gaps, _between(gaps, unread_rows(connection)), strict=True))
    times = Counter(row for rows in between.values() for row in rows)
    failing = failing_streams(connection, [NOW]).get(NOW, [])
    explained = []
    for fault in faults(gaps, rows_of(connection, gaps, windows(gaps))):
        first = fault.gaps[0]
        unread = between[first]
        told = tell(
            fault,
            unread,
            paired=len(unread) == 1 and times[unread[0]] == 1,
            failing=[
                one
                for one in failing
                if one.source == first.found.source and (one.whole is None or one.whole < first.rows[-1].at)
            ],
        )
        explained += _of_one_cause(check, fault, told)
    return explained


def _of_one_cause(check: Check, fault: Fault, told: Told) -> list[Explained]:
    """A fault's breaks, each with its own row first, and hosted by the one before it: some may not be listed."""
    severity: Severity | None = "info" if told.diagnosis.kind == "rounding" else None
    explained: list[Explained] = []
    for gap in fault.gaps:
        found = gap.found._replace(severity=severity or gap.found.severity)
        entries = tuple(dict.fromkeys((gap.rows[-1].entry, *told.entries)))
        one = _explained(check, found, told._replace(entries=entries))
        explained.append(
            one._replace(
                host=explained[-1].found.id if explained else None,
                moves=not fault.order,
                shifts=order_shifts(fault.order),
                since=None if gap.before is None else min(gap.before.at, gap.rows[-1].at),
            )
        )
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
