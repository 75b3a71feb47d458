"""One cause is shown once: a break that another one explains becomes a member of it. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from recon.checks._causes import closing_causes, zones
from recon.checks._halves import matching_causes
from recon.checks._values import Cause, Explained
from recon.core.breaks import Break, rank


def shown_once(
    listed: Iterable[Break], running: Sequence[Explained], closing: Sequence[Explained]
) -> list[Break]:
    """The breaks to show. ``running`` are those of all time, so some may not be listed; ``closing`` all are."""
    shown = {one.id: one for one in listed}
    causes = [
        *(Cause(one.host, one.found.id) for one in running if one.host is not None),
        *_sums(shown, closing),
        *_suspense(shown, running, closing),
        *closing_causes(shown, running, closing),
        *zones(shown, [*running, *closing]),
        *matching_causes(shown),
        *_counts(shown, running, closing),
        *_trial_balance(shown),
    ]
    return fold(shown, causes)


class Behind(NamedTuple):
    """The closing differences of a period that are wholly made by running balances that break behind its end.

    ``later`` are those whose last sound balances all lie behind the end too: the period has no part in them, and each
    break is found when its own period is asked. ``across`` are breaks of the others whose cause may lie on either side
    of the end: they are listed in both periods.
    """

    later: Sequence[Explained]
    across: frozenset[str]


def behind(running: Iterable[Explained], closing: Iterable[Explained], end: datetime | None) -> Behind:
    """Sorts them. ``end`` None: nothing lies behind it."""
    after = {
        one.found.id: one.since is not None and end <= one.since
        for one in running
        if end is not None and one.found.at is not None and end <= one.found.at
    }
    made = [one for one in closing if one.gaps and after.keys() >= set(one.gaps)]
    return Behind(
        [one for one in made if all(after[gap] for gap in one.gaps)],
        frozenset(gap for one in made for gap in one.gaps if not after[gap]),
    )


def fold(shown: Mapping[str, Break], causes: Iterable[Cause]) -> list[Break]:
    """Puts each member into its host, or into the host of that. The first cause told of a member counts."""
    hosts: dict[str, str] = {}
    for host, member in causes:
        if {host, member} <= set(shown) and _root(hosts, host) != member:
            hosts.setdefault(member, host)
    members: dict[str, list[dict[str, Any]]] = {}
    for member in sorted(hosts, key=lambda one: (rank(shown[one].check), one)):
        members.setdefault(_root(hosts, member), []).append(_as_member(shown[member]))
    return [
        replace(one, diagnosis=replace(one.diagnosis, members=tuple(members[one.id])))
        if one.id in members
        else one
        for one in shown.values()
        if one.id not in hosts
    ]


def _root(hosts: Mapping[str, str], one: str) -> str:
    while one in hosts:
        one = hosts[one]
    return one


def _as_member(one: Break) -> dict[str, Any]:
    facts = one.facts()
    diagnosis = facts.pop("diagnosis")
    return {**facts, "text": diagnosis["text"]}


def _sums(shown: Mapping[str, Break], closing: Sequence[Explained]) -> list[Cause]:
    """A closing difference that running balances sum to belongs to the last of them that is listed.

    Where none is, they lie outside the period, and the difference stays: its text names them.
    """
    causes = []
    for one in closing:
        host = next((gap for gap in reversed(one.gaps) if gap in shown), None)
        if host is not None:
            causes.append(Cause(host, one.found.id))
    return causes


def _suspense(
    shown: Mapping[str, Break], running: Sequence[Explained], closing: Sequence[Explained]
) -> list[Cause]:
    """A row in suspense belongs to the running balance that it breaks; a closing balance belongs to the row."""
    by_entry = {
        entry: one.id for one in shown.values() if one.check == "unclassified" for entry in one.entries
    }
    causes = [
        Cause(one.found.id, by_entry[entry])
        for one in running
        for entry in one.suspended
        if entry in by_entry
    ]
    return causes + [
        Cause(by_entry[entry], one.found.id)
        for one in closing
        for entry in one.suspended
        if entry in by_entry
    ]


def _counts(
    shown: Mapping[str, Break], running: Sequence[Explained], closing: Sequence[Explained]
) -> list[Cause]:
    """A venue that counts n rows more than it lists, where n balances of the source may lack a record, means these."""
    miscounted = [
        one for one in shown.values() if one.check == "coverage" and one.diagnosis.kind == "missing_record"
    ]
    causes = []
    for count in miscounted:
        if sum(one.source == count.source for one in miscounted) > 1:
            continue
        gaps = [one.found for one in running if _may_lack_record(one, count)]
        ends = [one.found for one in closing if _may_lack_record(one, count)]
        if gaps and len(gaps) == count.difference:
            causes += [Cause(gap.id, count.id) for gap in reversed(gaps) if gap.id in shown][:1]
        elif not gaps and len(ends) == count.difference:
            causes += [Cause(count.id, end.id) for end in ends]
    return causes


def _may_lack_record(one: Explained, count: Break) -> bool:
    lacking = one.found.diagnosis.kind in ("missing_record", "fee_not_posted", "unexplained")
    return lacking and one.found.source == count.source


def _trial_balance(shown: Mapping[str, Break]) -> list[Cause]:
    """The trial balance is out by what entries are out by."""
    entries = [one for one in shown.values() if one.check == "double_entry" and one.entries]
    totals = [one for one in shown.values() if one.check == "double_entry" and not one.entries]
    last = {one.asset: one.id for one in entries}
    return [Cause(last[one.asset], one.id) for one in totals if one.asset in last]
