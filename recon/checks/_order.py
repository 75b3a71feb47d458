"""The venue's order where it leaves one open: rows of one chain that share an ordinal.

A row that states a balance is a step from the balance before it to the one after it. Rows chain where their steps make
one trail, so the order that chains is an Eulerian trail, found in linear time. Where no trail takes all of them, the
fewest jumps between trails are added, so that one fault makes one break.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby, pairwise, zip_longest
from operator import itemgetter
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._catalogue import Check
from recon.core.money import exact

_BROKEN = """
create or replace temp table gaps as
with period as (select timestamp '0001-01-01' as starts_at, timestamp '9999-12-31' as ends_at)
select * from ({question}) as asked
"""

_CHAINED = """
create or replace temp table chained as
select l.source, l.account, l.asset, l.entry, l.stated_at as at, l.ordinal, l.turn, l.kind, l.quantity, l.balance_after,
    row_number() over chain as place,
    cast(sum(l.quantity) over chain as decimal(37, 18)) as posted
from legs as l
where l.class = 'assets' and l.live and not l.by_hand and exists (
    select 1 from gaps as g where g.source = l.source and g.account = l.account and g.asset = l.asset
)
window chain as (
    partition by l.source, l.account, l.asset order by l.ordinal, l.turn, l.entry
    rows between unbounded preceding and current row
)
"""

# Rows of one ordinal that chain as they are listed may do so only because those before them do not: where ties follow
# one another without a row in between, one gap lets all of them be looked at.
_TIES = """
create or replace temp table ties as
with shared as (
    select c.source, c.account, c.asset, min(c.place) as first, max(c.place) as last, count(g.entry) as broken
    from chained as c
    left join (select distinct source, account, asset, entry from gaps) as g using (source, account, asset, entry)
    group by c.source, c.account, c.asset, c.ordinal
    having count(*) > 1 and count(c.balance_after) = count(*)
),
parted as (
    select s.*, s.first is distinct from 1 + lag(s.last) over (
        partition by s.source, s.account, s.asset order by s.first
    ) as begins
    from shared as s
),
runs as (
    select p.*, sum(case when p.begins then 1 else 0 end) over (
        partition by p.source, p.account, p.asset order by p.first
        rows between unbounded preceding and current row
    ) as run
    from parted as p
),
judged as (
    select r.*, sum(r.broken) over (partition by r.source, r.account, r.asset, r.run) as gaps from runs as r
)
select j.source, j.account, j.asset, j.first, j.last from judged as j where j.gaps > 0
"""

_STEPS = """
with spans as (
    select n.source, n.account, n.asset, n.place,
        max(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between unbounded preceding and 1 preceding
        ) as before,
        min(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between 1 following and unbounded following
        ) as next
    from chained as n
),
around as (
    select t.source, t.account, t.asset, t.first, t.last,
        coalesce(b.balance_after - b.posted, 0) as drift_before, n.balance_after - n.posted as drift_next
    from ties as t
    join spans as f on f.source = t.source and f.account = t.account and f.asset = t.asset and f.place = t.first
    join spans as l on l.source = t.source and l.account = t.account and l.asset = t.asset and l.place = t.last
    left join chained as b
        on b.source = t.source and b.account = t.account and b.asset = t.asset and b.place = f.before
    left join chained as n
        on n.source = t.source and n.account = t.account and n.asset = t.asset and n.place = l.next
)
select c.source, c.account, c.asset, a.first, a.last, c.entry, c.turn, c.quantity, c.balance_after,
    c.posted - c.quantity + a.drift_before, c.posted + a.drift_next
from around as a
join chained as c
    on c.source = a.source and c.account = a.account and c.asset = a.asset and c.place between a.first and a.last
order by c.source, c.account, c.asset, c.place
"""

_TURN = """
update legs set turn = t.turn
from (
    select unnest($1) as source, unnest($2) as account, unnest($3) as asset, unnest($4) as entry, unnest($5) as turn
) as t
where legs.class = 'assets' and legs.source = t.source and legs.account = t.account and legs.asset = t.asset
    and legs.entry = t.entry
"""


class Step(NamedTuple):
    """A row of a chain that states a balance: it leads from the balance ``start`` to ``end``."""

    key: int
    start: Decimal
    end: Decimal


Jump = tuple[Decimal, Decimal]


class _Tie(NamedTuple):
    """The rows of one chain and ordinal, by their places in the chain; ``start`` and ``end`` lie around them."""

    chain: tuple[str, str, str]
    places: tuple[int, int]
    steps: list[Step]
    turns: list[int]
    start: Decimal
    end: Decimal | None


def settle(connection: DuckDBPyConnection, running: Check) -> None:
    """Gives rows of one ordinal the turns in which they chain, or break least. What does not break stays as it is.

    Rows of which one states no balance keep the order of their entries. Leaves two tables: ``gaps``, the check's bad
    rows of all time, and ``chained``, every row of the chains that these are in.
    """
    _walk(connection, running)
    connection.execute(_TIES)
    if connection.execute("select 1 from ties limit 1").fetchone() is None:
        return
    rows = connection.execute(_STEPS).fetchall()
    ties = [_tie(list(group)) for _, group in groupby(rows, key=itemgetter(0, 1, 2, 3))]
    turns: list[tuple[str | int, ...]] = []
    before: tuple[_Tie, Decimal] | None = None
    for tie, after in zip_longest(ties, ties[1:]):
        start = before[1] if before and _adjacent(before[0], tie) else tie.start
        ends: tuple[Decimal, ...] = () if tie.end is None else (tie.end,)
        if after and _adjacent(tie, after):
            ends = beginnings(after.steps)
        order = chained(tie.steps, start, ends)
        before = tie, order[-1].end
        turns += [
            (*tie.chain, step.key, turn)
            for step, old, turn in zip(order, tie.steps, tie.turns, strict=True)
            if step is not old
        ]
    if turns:
        connection.execute(_TURN, [list(column) for column in zip(*turns, strict=True)])
        _walk(connection, running)


def _walk(connection: DuckDBPyConnection, running: Check) -> None:
    connection.execute(_BROKEN.format(question=running.question))
    connection.execute(_CHAINED)


def _adjacent(one: _Tie, other: _Tie) -> bool:
    return (one.chain, one.places[1] + 1) == (other.chain, other.places[0])


def chained(steps: Sequence[Step], start: Decimal, ends: Sequence[Decimal] = ()) -> list[Step]:
    """The steps in the order that breaks least between ``start`` and the end; as they stand where that is no worse.

    ``ends`` are the balances with which what follows may begin; without any, the last balance is free.
    """
    wanted = _wanted(steps, start, ends)
    tried = _free_ends(steps, start) if wanted is None else [wanted]
    end, jumps = min(((at, _jumps(steps, start, at)) for at in tried), key=lambda one: len(one[1]))
    trail = [steps[edge] for edge in _trail(steps, jumps, start) if edge < len(steps)]

    def cost(order: Sequence[Step]) -> tuple[int, bool, int, bool]:
        """Of orders that break as often, one that begins at the start is better, then one whole in itself."""
        within = breaks(order, order[0].start, None)
        return breaks(order, start, wanted), order[0].start != start, within, order[-1].end != end

    return min((list(steps), trail), key=cost)


def breaks(steps: Sequence[Step], start: Decimal, end: Decimal | None) -> int:
    """How often steps in this order do not go on from where they are, also at the end unless that is free (None)."""
    befores = [start, *(step.end for step in steps)]
    afters = [*(step.start for step in steps), befores[-1] if end is None else end]
    return sum(before != after for before, after in zip(befores, afters, strict=True))


def beginnings(steps: Iterable[Step]) -> tuple[Decimal, ...]:
    """The balances that steps may begin with: those they leave more often than they come to, else any they leave."""
    surplus: dict[Decimal, int] = {}
    for step in steps:
        surplus[step.start] = surplus.get(step.start, 0) + 1
        surplus[step.end] = surplus.get(step.end, 0) - 1
    return tuple(at for at, more in surplus.items() if more > 0) or tuple(surplus)


def _wanted(steps: Sequence[Step], start: Decimal, ends: Sequence[Decimal]) -> Decimal | None:
    """The one end there may be; of several the first that needs no jump."""
    if len(ends) == 1:
        return ends[0]
    surplus = _surplus(steps, start)
    return next((at for at in ends if surplus[at] < 0), None)


def _free_ends(steps: Sequence[Step], start: Decimal) -> list[Decimal]:
    """The ends of which one breaks least, the last rows' first: left too seldom, or apart from the start, or both.

    A row listed twice is left too seldom as well, but it is not where the rows lead.
    """
    surplus = _surplus(steps, start)
    part = _parts(steps, surplus)
    times = Counter((step.start, step.end) for step in steps)
    twice = {end for (_, end), count in times.items() if count > 1}
    ends = sorted(dict.fromkeys(step.end for step in reversed(steps)), key=lambda at: at in twice)
    short = [at for at in ends if surplus[at] < 0]
    apart = [at for at in ends if part[at] != part[start]]
    both = [at for at in short if part[at] != part[start]]
    return list(dict.fromkeys([*short[:1], *both[:1], *apart[:1]]))


def _surplus(steps: Sequence[Step], start: Decimal) -> dict[Decimal, int]:
    """How often each balance is left more than come to, in order of appearance; the start is come to once more."""
    surplus: dict[Decimal, int] = defaultdict(int, {start: -1})
    for step in steps:
        surplus[step.start] += 1
        surplus[step.end] -= 1
    return surplus


def _jumps(steps: Sequence[Step], start: Decimal, end: Decimal) -> list[Jump]:
    """The fewest jumps with which all steps make one trail from ``start`` to ``end``."""
    surplus = _surplus(steps, start)
    surplus[end] += 1
    part = _parts(steps, surplus)
    leaving: dict[Decimal, list[Decimal]] = defaultdict(list)
    coming: dict[Decimal, list[Decimal]] = defaultdict(list)
    for at, more in surplus.items():
        (coming if more > 0 else leaving)[part[at]] += [at] * abs(more)
    route = [part[start], *(at for at in dict.fromkeys(part.values()) if at not in {part[start], part[end]})]
    if part[end] != part[start] or len(route) > 1:
        route.append(part[end])
    for one in route[1:-1] if part[end] != part[start] else route[:-1]:
        if not leaving[one]:
            splice = end if one == part[end] else one
            leaving[one], coming[one] = [splice], [splice]
    jumps = [(leaving[one].pop(0), coming[other].pop(0)) for one, other in pairwise(route)]
    return jumps + [jump for one in leaving for jump in zip(leaving[one], coming[one], strict=True)]


def _parts(steps: Sequence[Step], places: Iterable[Decimal]) -> dict[Decimal, Decimal]:
    """For each balance the first one of those that steps join to it."""
    joined: dict[Decimal, list[Decimal]] = {at: [] for at in places}
    for step in steps:
        joined[step.start].append(step.end)
        joined[step.end].append(step.start)
    part: dict[Decimal, Decimal] = {}
    for first in joined:
        waiting = [] if first in part else [first]
        while waiting:
            at = waiting.pop()
            if at not in part:
                part[at] = first
                waiting += joined[at]
    return part


def _trail(steps: Sequence[Step], jumps: Sequence[Jump], start: Decimal) -> list[int]:
    """Every step and jump once, by number, each where the one before it ends (Hierholzer). Lower numbers go first."""
    edges = [*((step.start, step.end) for step in steps), *jumps]
    leaving: dict[Decimal, list[int]] = defaultdict(list)
    for number in range(len(edges) - 1, -1, -1):
        leaving[edges[number][0]].append(number)
    trail: list[int] = []
    taken: list[int] = []
    at = start
    while True:
        if leaving[at]:
            taken.append(leaving[at].pop())
            at = edges[taken[-1]][1]
        elif taken:
            trail.append(taken.pop())
            at = edges[trail[-1]][0]
        else:
            break
    assert len(trail) == len(edges), "the jumps do not join all steps"
    return trail[::-1]


def _tie(rows: Sequence[tuple[Any, ...]]) -> _Tie:
    """``rows`` as _STEPS tells them, of one chain and ordinal."""
    source, account, asset, first, last = rows[0][:5]
    with exact():
        steps = [Step(entry, after - quantity, after) for *_, entry, _, quantity, after, _, _ in rows]
    turns = [row[6] for row in rows]
    return _Tie((source, account, asset), (first, last), steps, turns, rows[0][-2], rows[-1][-1])
