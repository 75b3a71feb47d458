"""Root causes that several breaks share: which break of another check holds a closing difference. Pure functions.

What is tied to a cause here is explained by it exactly, or by nothing else while a stream was not read whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from recon.checks._cutoffs import FARTHEST
from recon.checks._values import Cause, Explained
from recon.core.breaks import Break
from recon.core.money import ZERO, exact, total
from recon.core.times import from_iso

_CERTAIN = 1000
"""How many times more shifts there must be than chance would need to make breaks share one."""


def closing_causes(
    shown: Mapping[str, Break], running: Sequence[Explained], closing: Sequence[Explained]
) -> list[Cause]:
    """All causes that hold closing differences, or are held by them."""
    listed = [one for one in closing if one.found.id in shown]
    return [
        *(Cause(one.host, one.found.id) for one in listed if one.host is not None),
        *_same_row(listed),
        *_ties(shown, listed),
        *_dips(shown, running, listed),
        *_unread_streams(shown, listed),
    ]


def zones(shown: Mapping[str, Break], explained: Iterable[Explained]) -> list[Cause]:
    """Rows of one source that one shift would all put in order, where chance would not let them share it."""
    by_source: dict[str | None, list[Explained]] = {}
    for one in explained:
        if one.shifts and one.host is None and one.found.id in shown:
            by_source.setdefault(one.found.source, []).append(one)
    causes = []
    for ones in by_source.values():
        shift = min(
            {each for one in ones for each in one.shifts},
            key=lambda each: (-sum(each in one.shifts for one in ones), abs(each), each),
        )
        host, *members = (one for one in ones if shift in one.shifts)
        chance = Fraction(1)
        for one in members:
            chance *= Fraction(len(one.shifts), 2 * FARTHEST)
        if members and chance * _CERTAIN <= 1:
            causes += [Cause(host.found.id, one.found.id) for one in members]
    return causes


def _same_row(closing: Sequence[Explained]) -> list[Cause]:
    """One row that moved several assets, such as a trade listed twice, is one cause."""
    first: dict[tuple[object, ...], str] = {}
    causes = []
    for one in closing:
        found = one.found
        if (
            found.diagnosis.kind not in {"unexplained", "missing_record", "cutoff"}
            and len(found.entries) == 1
        ):
            key = (found.source, found.account, found.diagnosis.kind, found.entries)
            host = first.setdefault(key, found.id)
            if host != found.id:
                causes.append(Cause(host, found.id))
    return causes


def _ties(shown: Mapping[str, Break], closing: Sequence[Explained]) -> list[Cause]:
    """What the venue lists twice or changed, where the balance is out by exactly that row."""
    by_entry: dict[tuple[str, int], str] = {}
    for each in shown.values():
        if each.check in {"duplicates", "restated"}:
            for entry in each.entries:
                by_entry.setdefault((each.check, entry), each.id)
    causes = []
    for one in closing:
        hosts = dict.fromkeys(by_entry[tie] for tie in (one.left.ties if one.left else ()) if tie in by_entry)
        if len(hosts) == 1:
            causes += [Cause(host, one.found.id) for host in hosts]
    return causes


def _dips(
    shown: Mapping[str, Break], running: Sequence[Explained], closing: Sequence[Explained]
) -> list[Cause]:
    """A place below zero that what the venue moved beyond its rows lifts above it."""
    causes = []
    for dip in (one for one in shown.values() if one.check == "negative_balance"):
        hosts = [
            each for each in running if set(each.found.entries) & set(dip.entries) or _spans(each.found, dip)
        ]
        hosts += [each for each in closing if each.left and _after(dip, each)]
        ours = [each.found for each in hosts if each.found.id in shown and _chain(each.found) == _chain(dip)]
        alone = [each for each in ours if _lifts([each], dip)]
        causes += [Cause(each.id, dip.id) for each in alone or (ours if _lifts(ours, dip) else [])]
    return causes


def _spans(gap: Break, dip: Break) -> bool:
    """Whether the place went below zero between the two statements of a gap: its first record and the one before it."""
    if gap.at is None or dip.at is None or gap.diagnosis.kind == "reordered":
        return False
    before = [
        from_iso(each["at"]) for each in gap.diagnosis.records[1:] if each.get("balance_after") is not None
    ]
    return dip.at <= gap.at and (not before or max(before) <= dip.at)


def _after(dip: Break, one: Explained) -> bool:
    since = one.left.since if one.left else None
    return since is None or (dip.at is not None and since < dip.at)


def _chain(one: Break) -> tuple[str | None, str | None, str | None]:
    return one.source, one.account, one.asset


def _lifts(ones: Sequence[Break], dip: Break) -> bool:
    """Whether the venue moved so much more than its rows say, all of these together, that the place was not below."""
    moved = total(one.difference or ZERO for one in ones)
    with exact():
        return bool(ones) and dip.actual is not None and dip.actual + moved >= 0


def _unread_streams(shown: Mapping[str, Break], closing: Sequence[Explained]) -> list[Cause]:
    """A stream that was not read whole holds what nothing else explains of its asset, or of any if it has none."""
    failing = {
        (one.source, one.anchor.removeprefix("stream ").removesuffix(" fails")): one.id
        for one in shown.values()
        if one.check == "coverage" and one.anchor.startswith("stream ") and one.anchor.endswith(" fails")
    }
    assets = {one.found.asset for one in closing}
    causes = []
    for one in closing:
        for stream in one.left.failing if one.left else ():
            about = {*stream.split("/")} & assets
            if (one.found.source, stream) in failing and (not about or one.found.asset in about):
                causes.append(Cause(failing[one.found.source, stream], one.found.id))
    return causes
