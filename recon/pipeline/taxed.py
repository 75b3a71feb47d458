"""What came of a tax year as its JSON answer states it, and what is open in it as breaks."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from recon.core.breaks import Break, Diagnosis
from recon.core.lots import UNIT, Held, Movement
from recon.core.tax import Row, Sums
from recon.core.times import EPOCH, MICROSECOND, QUARTER_HOUR, said_text, short_text
from recon.pipeline.tax import Taxed
from recon.pipeline.value import Lack


def said(amount: int) -> str:
    """A whole number of 10^-18 as a decimal, as recon.core.money.text has it; a list of a million rows asks often."""
    whole, rest = divmod(abs(amount), UNIT)
    told = f"{whole}.{rest:018}".rstrip("0") if rest else str(whole)
    return f"-{told}" if amount < 0 else told


def moment(micros: int) -> str:
    """A moment in microseconds as JSON states it."""
    return short_text(EPOCH + MICROSECOND * micros)


def row_facts(row: Row) -> dict[str, Any]:
    """A row of the list of disposals. What is not known is written as 0, and ``lacks`` says that it is not known."""
    proceeds, cost = row.proceeds or 0, row.cost or 0
    return {
        "id": row.id,
        "asset": row.asset,
        "account": row.place or None,
        "acquired_at": None if row.acquired_at is None else moment(row.acquired_at),
        "disposed_at": moment(row.disposed_at),
        "quantity": said(row.quantity),
        "proceeds": said(proceeds),
        "cost": said(cost),
        "gain": said(proceeds - cost),
        "term": row.term,
        "activity": row.activity,
        "rule": row.rule,
        "lot": row.lot,
        "taxed": row.taxed,
        "lacks": row.lacks or None,
    }


def summary(found: Taxed) -> dict[str, Any]:
    """The sums of a year, once its rows were taken to their end."""
    tally = found.tally
    counted = tally.by(lambda key: key[3])
    terms = tally.by(lambda key: (key[2], key[3]))
    assets = tally.by(lambda key: (key[0], key[3]))
    activities = tally.by(lambda key: key[1:])
    return {
        **sums_facts(counted.get(True, Sums())),
        "terms": [
            {"term": term, **sums_facts(sums)}
            for (term, taxed), sums in sorted(terms.items(), key=str)
            if taxed
        ],
        "assets": [
            {"asset": asset, **sums_facts(sums)} for (asset, taxed), sums in sorted(assets.items()) if taxed
        ],
        "activities": [
            {"activity": what, "term": term, "taxed": taxed, **sums_facts(sums)}
            for (what, term, taxed), sums in sorted(activities.items(), key=str)
        ],
        "income": {kind: said(amount) for kind, amount in sorted(tally.income.items())},
        "forms": [line._asdict() for line in found.lines()],
        "ties": [
            {name: value if name == "pool" else said(value) for name, value in tie._asdict().items()}
            | {"holds": tie.holds}
            for tie in found.ties
        ],
        "rules": dict(sorted(found.ruled().items())),
        "allocated": [
            {"pool": pool, "at": moment(at), **_held(one)}
            for pool, at, laid in found.allocated
            for one in laid
        ],
        "unmet": [
            {"disposal": name, "lot": lot, "quantity": said(units)} for name, lot, units in found.unmet
        ],
        "breaks": [one.facts() for one in breaks(found)],
        "assumptions": dict(found.want.rules.assumptions),
    }


def sums_facts(sums: Sums) -> dict[str, Any]:
    """Sums as JSON states them."""
    return {
        "disposals": sums.disposals,
        "rows": sums.rows,
        "quantity": said(sums.quantity),
        "proceeds": said(sums.proceeds),
        "cost": said(sums.cost),
        "gain": said(sums.gain),
        "gains": said(sums.gains),
        "losses": said(sums.losses),
        "unknown": sums.unknown,
    }


def _held(one: Held) -> Mapping[str, Any]:
    return {
        "book": one.book,
        "lot": None if one.lot is None else one.lot.id,
        "quantity": said(one.quantity),
        "cost": None if one.cost is None else said(one.cost),
    }


def breaks(found: Taxed) -> list[Break]:
    """What is open in the year: units that left and that no lot had, and amounts that nothing tells."""
    told = [*_untied(found), *_shorts(found), *_lacks(found)]
    return [*told, *_unknown(found, {one.asset for one in told})]


def _unknown(found: Taxed, told: Collection[str | None]) -> Iterator[Break]:
    """Pools with disposals in no sum that nothing else is open of: their units came from nowhere known."""
    for pool, first in sorted(found.tally.unknown.items()):
        if pool not in told:
            movement = first.movement
            lot = "a pool" if first.lot is None else f"lot {first.lot.id}"
            yield Break(
                check="lots",
                severity="error",
                source=movement.place.partition(":")[0] or None,
                account=movement.place.partition(":")[2] or None,
                asset=pool,
                at=EPOCH + MICROSECOND * movement.at,
                anchor="unknown",
                diagnosis=Diagnosis(
                    kind="unexplained",
                    text=f"Disposals of {pool} are in no sum, first {movement.id}: it took units of {lot}, whose cost "
                    "nothing tells. They came from a place of one's own that no departure is known of: pull what they "
                    "left, or say in [rules] what they are",
                    records=({"id": movement.id},),
                ),
            )


def _untied(found: Taxed) -> Iterator[Break]:
    """Pools whose units in the books of the rulebook are not the ledger's own."""
    for tie in found.ties:
        if not tie.holds:
            units = ", ".join(
                f"{name} {said(value)}" for name, value in tie._asdict().items() if name != "pool"
            )
            yield Break(
                check="lots",
                severity="error",
                asset=tie.pool,
                anchor="tie",
                diagnosis=Diagnosis(
                    kind="unexplained",
                    text=f"The units of {tie.pool} that lots stand for are not those of the ledger: {units}. Please "
                    "report this",
                ),
            )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _shorts(found: Taxed) -> Iterator[Break]:
    """One a pool: the first moment at which it went short, and by how much in all."""
    pools: dict[str, list[tuple[Movement, int]]] = {}
    for pool, movement, units in found.tally.shorts:
        if movement.day < found.tally.after:
            pools.setdefault(pool, []).append((movement, units))
    for pool, short in sorted(pools.items()):
        first, units = min(short, key=lambda one: (one[0].at, one[0].id))
        missing = sum(one for _, one in short)
        at = EPOCH + MICROSECOND * first.at
        yield Break(
            check="lots",
            severity="error",
            source=first.place.partition(":")[0] or None,
            account=first.place.partition(":")[2] or None,
            asset=pool,
            at=at,
            anchor="short",
            diagnosis=Diagnosis(
                kind="unexplained",
                text=f"{said(missing)} {pool} left that no lot had, in {_count(len(short), 'movement')}; "
                f"it first went short at {said_text(at)}, when {first.id} took {said(units)} more than there was. "
                "Pull what came before, or state what was there in [[opening]] with its cost",
                records=({"id": first.id},),
            ),
        )


def _lacks(found: Taxed) -> Iterator[Break]:
    """One a pool and reason: the first movement whose amount nothing tells, and how many there are."""
    reasons: dict[tuple[str, str], list[Lack]] = {}
    for one in found.view.lacks.values():
        if found.view.days[one.moment // QUARTER_HOUR] < found.tally.after:
            reasons.setdefault((one.pool, one.activity), []).append(one)
    for (pool, activity), lacks in sorted(reasons.items()):
        first = min(lacks, key=lambda one: (one.moment, one.id))
        yield Break(
            check="prices",
            severity="warning",
            asset=pool,
            at=EPOCH + MICROSECOND * first.moment,
            anchor=f"lacks {activity}",
            diagnosis=Diagnosis(
                kind="unexplained",
                text=f"{_count(len(lacks), 'movement')} of {pool} without an amount, first {first.id}: {first.why}",
                records=({"id": first.id},),
            ),
        )
