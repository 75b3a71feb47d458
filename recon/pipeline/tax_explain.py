"""The calculation of disposals: what left, what it brought, what it is matched with, and the evidence behind it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from recon.core.activity import LOST
from recon.core.errors import ConfigError
from recon.core.lots import Movement, Stock
from recon.core.tax import Row, Rulebook
from recon.core.times import EPOCH, MICROSECOND, aware
from recon.ledger.reads import EntryEvidence, entry_evidence
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.gains import NO_LOTS, Tally, is_disposal, lotless, row_of
from recon.pipeline.price_list import NBP_TABLES
from recon.pipeline.said import Said
from recon.pipeline.tax import Books, Taxed, Want, books
from recon.pipeline.units import plain_trades_named
from recon.pipeline.value import Lack, Use, movement, of_trade

Day = tuple[str, int, str]
"""All that arrived of a pool on a day, all that left, or all that was lost: a law may join it."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A movement with what stands behind it: the other side of the trade, what was said, which amounts were used.

    ``against`` and ``fees`` are pools and units. ``lacks`` says why an amount is not known.
    """

    movement: Movement
    entry: int
    against: tuple[str, int] | None
    fees: Sequence[tuple[str, int]]
    said: Said
    uses: Sequence[Use]
    lacks: str
    evidence: EntryEvidence | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One match of the disposal: the row of the list, and what was acquired.

    ``events`` are the acquisitions of the lot, several where a law joins those of a day. ``long_from`` is the first day
    on which units of this lot are held for the long term.
    """

    row: Row
    events: Sequence[Event] = ()
    long_from: date | None = None

    @property
    def pool(self) -> tuple[Stock, Stock] | None:
        """The pool before and after, where the units came from one."""
        stock = self.row.stock
        return None if stock is None else (stock, stock.less(self.row.quantity, self.row.cost))


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A disposal. ``events`` are what left, several where a law joins those of a day; ``tables`` are NBP's by day."""

    found: Taxed
    events: Sequence[Event]
    steps: Sequence[Step]
    tables: Mapping[datetime, str]

    @property
    def lacks(self) -> bool:
        """Whether an amount of it is not known that the law asks for."""
        return any(step.row.lacks not in ("", NO_LOTS) for step in self.steps)

    @property
    def asset(self) -> str:
        """The pool that units left."""
        return self.steps[0].row.asset

    @property
    def zone(self) -> str:
        """Where its days are reckoned."""
        return self.found.view.days.zone.key

    def local(self, micros: int) -> datetime:
        """A moment in that zone."""
        return (EPOCH + MICROSECOND * micros).astimezone(self.found.view.days.zone)


def explain(config: Config, ledger: Ledger, want: Want, name: str) -> Explained:
    """The disposal of this id in the tax year; its pool alone is matched. Raises ConfigError where there is none."""
    with books(config, ledger, want) as opened:
        tally = Tally(want.rules, want.year, opened.view)
        pool, asked = _asked(opened, tally, name)
        rows = (
            [lotless(asked, pool, tally)] if want.method is None else _rows(opened, want, tally, pool, asked)
        )
        found = Taxed(want=want, view=opened.view, rows=iter(()), tally=tally)
        return explained(ledger, opened, found, [rows])[0]


def explained(
    ledger: Ledger, opened: Books, found: Taxed, disposals: Sequence[Sequence[Row]]
) -> list[Explained]:
    """The calculations of these disposals of a year, each given by its rows."""
    days = _days(opened, disposals) if joins_days(found.want) else {}
    left = [days.get(day_left(rows[0]), [rows[0].id]) for rows in disposals]
    acquired = [[_acquired(row, days) for row in rows] for rows in disposals]
    every = {name for names in left for name in names}
    every |= {name for steps in acquired for names in steps for name in names}
    events = _proved(ledger, _events(opened, every))
    tables = {aware(day): number for day, number in opened.copy.execute(NBP_TABLES).fetchall()}
    return [
        Explained(
            found=found,
            events=[events[name] for name in names],
            steps=[
                Step(
                    row=row,
                    events=[events[name] for name in of_lot],
                    long_from=_long_from(found.want.rules, row),
                )
                for row, of_lot in zip(rows, lots, strict=True)
            ],
            tables=tables,
        )
        for rows, names, lots in zip(disposals, left, acquired, strict=True)
    ]


def joins_days(want: Want) -> bool:
    """Whether a law takes what happened on a day for one."""
    return want.rules.daily and want.method is not None


def _asked(opened: Books, tally: Tally, name: str) -> tuple[str, Movement]:
    """The disposal's pool and movement."""
    found = dict(_named(opened, {name})).get(name)
    if found is None:
        raise _refused(name, "there is no disposal of this id")
    pool, event = found
    one = event.movement
    rules = tally.rules
    if one.transfer:
        raise _refused(
            name, f"this {one.activity} is no disposal: its units stay one's own, and their lots with them"
        )
    if one.quantity > 0:
        raise _refused(name, f"this {one.activity} is no disposal: its units arrived")
    if not rules.lots and not is_disposal(one, rules):
        raise _refused(name, f"by {rules.title} this {one.activity} is no disposal: nothing counts")
    if not tally.first <= one.day < tally.after:
        raise _refused(name, f"it is a disposal of the tax year {tally.year_of(one.day)}")
    return pool, one


def _refused(name: str, what: str) -> ConfigError:
    return ConfigError(
        what,
        where=f"--explain {name}",
        next_step="recon tax lists the year's disposals with their ids; with --json it lists all of them",
    )


def _rows(opened: Books, want: Want, tally: Tally, pool: str, asked: Movement) -> list[Row]:
    """The rows of a disposal: of all that left on its day, where a law takes that for one."""
    assert want.method is not None
    joined, rows = joins_days(want), []
    for match in want.method.match(opened.movements(pool), opened.plan(want)):
        of = match.movement
        if (day_of(pool, of) == day_of(pool, asked)) if joined else of.id == asked.id:
            rows.append(row_of(match, tally.add(match, pool), tally))
        elif rows:
            break
    return rows


def day_of(pool: str, one: Movement) -> Day:
    """The day of a movement. What was lost on a day is matched apart, after all else."""
    return pool, one.day, "in" if one.quantity > 0 else LOST if one.activity == LOST else "out"


def day_left(row: Row) -> Day:
    """The day of a disposal."""
    return row.asset, row.disposed.toordinal(), LOST if row.activity == LOST else "out"


def _days(opened: Books, disposals: Sequence[Sequence[Row]]) -> dict[Day, list[str]]:
    """What the days of these disposals and of their lots joined: the ids of the movements."""
    rows = [row for some in disposals for row in some]
    wanted = {day_left(row) for row in rows}
    wanted |= {(row.asset, row.acquired.toordinal(), "in") for row in rows if row.acquired}
    found: dict[Day, list[str]] = {}
    for pool in {row.asset for row in rows}:
        for one in opened.movements(pool):
            day = day_of(pool, one)
            if not one.transfer and day in wanted:
                found.setdefault(day, []).append(one.id)
    return found


def _acquired(row: Row, days: Mapping[Day, list[str]]) -> list[str]:
    """The ids of what a row's lot was acquired by."""
    if row.lot is None or row.acquired is None:
        return []
    return days.get((row.asset, row.acquired.toordinal(), "in"), [row.lot])


def _events(opened: Books, names: Collection[str]) -> dict[str, Event]:
    """What stands behind the movements of these ids."""
    return {name: event for name, (_, event) in _named(opened, names)}


def _named(opened: Books, names: Collection[str]) -> Iterator[tuple[str, tuple[str, Event]]]:
    """Movements by their ids, each with its pool and what stands behind it."""
    used: list[Use] = []
    view = replace(opened.view, used=used)
    for pool, some in opened.others.items():
        for one in some:
            if one.id in names:
                used.clear()
                moved = movement(view, one)
                against = one.other if one.money is None or one.per else one.money
                fees = [(asset, units) for asset, units, _ in one.fees]
                said = view.said.get(one.id, Said())
                yield one.id, (pool, _event(view.lacks, moved, one.entry, against, fees, said, [*used]))
    for entry, asset, trade in plain_trades_named(opened.copy, names):
        used.clear()
        pool = opened.config.pools.get(asset, asset)
        moved = of_trade(view, trade, pool)
        against = trade.currency, trade.paid
        fees = [(trade.currency, trade.fee)] if trade.fee else []
        yield trade.id, (pool, _event(view.lacks, moved, entry, against, fees, Said(), [*used]))


def _event(
    lacks: Mapping[str, Lack],
    moved: Movement,
    entry: int,
    against: tuple[str, int] | None,
    fees: Sequence[tuple[str, int]],
    said: Said,
    uses: Sequence[Use],
) -> Event:
    return Event(
        movement=moved,
        entry=entry,
        against=against,
        fees=fees,
        said=said,
        uses=uses,
        lacks=lacks[moved.id].why if moved.id in lacks else "",
    )


def _long_from(rules: Rulebook, row: Row) -> date | None:
    """The first day of the long term; None where the rulebook knows no terms."""
    return None if row.term is None or row.acquired is None else rules.long_from(row.acquired)


def _proved(ledger: Ledger, events: Mapping[str, Event]) -> dict[str, Event]:
    """The same with the sealed rows that stand behind each movement."""
    with ledger.transaction() as tx:
        rows = {one.entry_id: one for one in entry_evidence(tx, {one.entry for one in events.values()})}
    return {name: replace(one, evidence=rows.get(one.entry)) for name, one in events.items()}
