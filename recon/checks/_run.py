"""Runs the checks on a connection that holds the ledger's tables, and diagnoses what they find."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._ask import Chain, Found, ask, count
from recon.checks._catalogue import Check, catalogue
from recon.checks._closing import closing_balances
from recon.checks._diagnose import tell_row
from recon.checks._explain import break_of, running_balances
from recon.checks._matched import NONE_LEFT, Unmatched, fill_unmatched
from recon.checks._merge import behind, shown_once
from recon.checks._order import settle
from recon.checks._reckoned import NOTHING, Reckoned, fill
from recon.checks._spark import on_spark
from recon.checks._tables import insert
from recon.checks._values import Explained
from recon.core.breaks import Break, CheckResult
from recon.core.records import Rate
from recon.core.times import Period

EngineName = Literal["duckdb", "spark"]
_RUNNING, _CLOSING = "running_balance", "closing_balance"
_GAPS = """
select g.* from gaps as g cross join period as p where g.at >= p.starts_at and g.at < p.ends_at
"""
"""The answer to running_balance, as it was asked of all time to settle the order of rows."""

_TABLES = """
create or replace temp table period(starts_at timestamp, ends_at timestamp, known_at timestamp);
create or replace temp table sources(source string, kind string, unsettled_days bigint, unsettled_age interval);
create or replace temp table problems(text string, source string, place string);
create or replace temp table verified(answers bigint);
create or replace temp table seconds(
    source string, about string, stream string, books decimal(36, 18), second decimal(36, 18)
);
"""


class Configured(NamedTuple):
    """A configured source."""

    source: str
    kind: str
    unsettled_days: int


class Disagreement(NamedTuple):
    """Two readings of a venue that must say the same, and do not."""

    source: str
    about: str
    stream: str
    books: Decimal
    second: Decimal


class Problem(NamedTuple):
    """One thing that verification found. ``source`` is None where it concerns none."""

    text: str
    source: str | None
    place: str


def run(
    connection: DuckDBPyConnection,
    *,
    period: Period,
    sources: Sequence[Configured],
    problems: Sequence[Problem],
    disagreements: Sequence[Disagreement] = (),
    verified: int,
    known_at: datetime,
    rates: Mapping[str, Sequence[Rate]] | None = None,
    reckoned: Reckoned = NOTHING,
    unmatched: Unmatched = NONE_LEFT,
    names: Collection[str] | None = None,
    engine: EngineName = "duckdb",
) -> list[CheckResult]:
    """Every check, or those of ``names``, in the order of the catalogue, each with the breaks shown under it.

    ``verified`` is how many sealed answers the verification that found ``problems`` looked at; ``known_at`` the latest
    moment that the ledger knows of, by which a period is over or still under way; ``rates`` the fees known of each
    source. The connection must hold the tables that the checks read; the runner adds period, sources, problems and
    verified, and gives rows of one moment the order in which they chain. The questions are asked of ``engine``; what
    explains the answers is always asked of the connection. Raises LookupError for an unknown name, and where the room
    or a check is broken.
    """
    known = catalogue()
    if unknown := set(names or ()) - set(known):
        raise LookupError(f"no check is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    checks = [check for name, check in known.items() if names is None or name in names]
    _fill(connection, period, sources, problems, disagreements, verified, known_at)
    fill(connection, reckoned)
    fill_unmatched(connection, unmatched)
    asked = checks
    if any(check.name in (_RUNNING, _CLOSING) for check in checks):
        settle(connection, known[_RUNNING])
        if engine == "duckdb":
            asked = [one._replace(question=_GAPS) if one.name == _RUNNING else one for one in checks]
    found, tested = _asked(connection, asked, engine)
    running: list[Explained] = []
    closing: list[Explained] = []
    if found.get(_RUNNING) or found.get(_CLOSING):
        running = running_balances(connection, known[_RUNNING], rates or {})
        closing = closing_balances(connection, known[_CLOSING], found.get(_CLOSING, []), running, rates or {})
    later, across = behind(running, closing, period.end)
    not_of_it = {one.found.id for one in later}
    closing = [one for one in closing if one.found.id not in not_of_it]
    in_period = {(*one.chain, one.anchor) for one in found.get(_RUNNING, ())}
    listed = [one.found for one in running if _identity(one) in in_period or one.found.id in across]
    listed += [one.found for one in closing]
    for check in checks:
        if check.name not in (_RUNNING, _CLOSING):
            listed += [break_of(check, one, tell_row(one), one.entries) for one in found[check.name]]
    shown = shown_once(listed, running, closing)
    return [
        CheckResult(
            check=check.name,
            title=check.title,
            sql=check.question,
            why=check.why,
            fix=check.fix,
            tested=tested[check.name],
            breaks=tuple(one for one in shown if one.check == check.name),
            later=tuple((_place(one.found), one.gaps) for one in later) if check.name == _CLOSING else (),
        )
        for check in checks
    ]


def _asked(
    connection: DuckDBPyConnection, checks: Sequence[Check], engine: EngineName
) -> tuple[dict[str, list[Found]], dict[str, int]]:
    """The bad rows of each check, and how many rows it examined."""
    tables = {table for check in checks for table in check.reads}
    with on_spark(connection, tables) if engine == "spark" else nullcontext(connection) as place:
        return {one.name: ask(place, one) for one in checks}, {one.name: count(place, one) for one in checks}


def _fill(
    connection: DuckDBPyConnection,
    period: Period,
    sources: Sequence[Configured],
    problems: Sequence[Problem],
    disagreements: Sequence[Disagreement],
    verified: int,
    known_at: datetime,
) -> None:
    """The tables that come from arguments; a period without bounds has the calendar's."""
    connection.execute(_TABLES)
    start, end = (
        period.start or datetime.min.replace(tzinfo=UTC),
        period.end or datetime.max.replace(tzinfo=UTC),
    )
    insert(connection, "period", [(start, end, known_at)])
    insert(connection, "verified", [(verified,)])
    insert(connection, "sources", [(*one, timedelta(one.unsettled_days)) for one in sources])
    insert(connection, "problems", problems)
    insert(connection, "seconds", disagreements)


def _identity(one: Explained) -> tuple[str | None, ...]:
    return *_place(one.found), one.found.anchor


def _place(one: Break) -> Chain:
    return one.source, one.account, one.asset
