"""From the gains of a sealed period to what would be said today, by a rulebook: what each thing that came late does.

The figures are those of what happened before the period's end, of each tax year that it reaches. They are reckoned
anew for the ledger as it stood at the seal, then with each thing that came late, in the order in which it came, and for
the ledger of today: so much that is real stands between the two that nothing is left to guess.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from recon.core.seals import Seal
from recon.core.tax import Line, Sums
from recon.core.times import day_start, short_text
from recon.ledger.cuts import Came, Cuts, Step, later, newest
from recon.ledger.store import Ledger
from recon.pipeline.closed_years import Closing, of_seal
from recon.pipeline.config import Config
from recon.pipeline.gains import Tally
from recon.pipeline.tax import Want, closes, reckoned, zone_of
from recon.pipeline.taxed import said

MOST = 25
"""So many states between the two are reckoned. With more, what one pull brought is taken together; with more, all."""


class Figures(NamedTuple):
    """Amounts in 10^-18 of the rulebook's currency; ``unknown`` is how many rows are in none of them."""

    proceeds: int
    cost: int
    gain: int
    income: int
    unknown: int

    def less(self, other: "Figures") -> "Figures":
        """This less another."""
        return Figures(*(one - before for one, before in zip(self, other, strict=True)))

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states them."""
        return {
            **{name: said(one) for name, one in zip(self._fields[:4], self, strict=False)},
            "unknown": self.unknown,
        }


class Effect(NamedTuple):
    """Things that came late together, and by how much they moved each figure."""

    came: Sequence[Came]
    moved: Figures

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        items = [
            {
                "kind": one.kind,
                "entry": one.entry or None,
                "other": one.other or None,
                "at": short_text(one.at),
                "answer": one.answer or None,
                "pointer": one.pointer,
            }
            for one in self.came
        ]
        return {"items": items, **self.moved.facts()}


class _State(NamedTuple):
    """What is said of one state. ``linked``: so many links are not in the ledger yet."""

    figures: Figures
    forms: Sequence[Line]
    linked: int


@dataclass(frozen=True, kw_only=True)
class Gains:
    """The bridge of one tax year. ``closed``: recon tax gives its figures as this seal knew them."""

    want: Want
    head: dict[str, Any]
    closed: bool
    closing: Closing
    sealed: _State
    effects: Sequence[Effect]
    today: _State

    @property
    def difference(self) -> Figures:
        """What neither the seal nor what came late makes up: nothing."""
        left = self.today.figures.less(self.sealed.figures)
        for one in self.effects:
            left = left.less(one.moved)
        return left

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        assert self.want.until
        then = {one[:3]: one.value for one in self.sealed.forms}
        now = {one[:3]: one.value for one in self.today.forms}
        return {
            **self.head,
            "until": short_text(self.want.until),
            "closed": self.closed,
            "settings": self.closing.settings,
            "sealed": self.sealed.figures.facts(),
            "effects": [one.facts() for one in self.effects],
            "today": self.today.figures.facts(),
            "difference": self.difference.facts(),
            "forms": [
                {"form": form, "box": box, "title": title}
                | {"sealed": then.get((form, box, title)), "today": now.get((form, box, title))}
                for form, box, title in dict.fromkeys([*then, *now])
            ],
        }


def gains(
    config: Config, ledger: Ledger, seal: Seal, want: Want, notify: Callable[[str], None] = lambda text: None
) -> list[Gains]:
    """The bridges of the tax years that a sealed period reaches; ``want`` says all but the year."""
    end = seal.period.end
    assert end
    with ledger.transaction() as tx:
        closed = of_seal(tx, config, seal)
        steps = later(tx, closed.cuts, end)
    return [
        _bridge(
            config, ledger, want._replace(year=year, listed=False, until=end), closed, _few(steps), notify
        )
        for year in _years(config, seal, want)
    ]


def _years(config: Config, seal: Seal, want: Want) -> Iterator[int]:
    """The tax years that have a day in the period, or that are closed with it."""
    start, end = seal.period.start, seal.period.end
    assert start and end
    for year in range(start.year - 2, end.year + 1):
        first = day_start(want.rules.year(year)[0], zone_of(config, want.rules))
        if first < end and closes(config, want._replace(year=year)) > start:
            yield year


def _few(steps: Sequence[Step]) -> Sequence[Step]:
    if len(steps) > MOST:
        steps = [_joined([*some]) for _, some in groupby(steps, key=lambda one: one.run)]
    return [_joined(steps)] if len(steps) > MOST else steps


def _joined(steps: Sequence[Step]) -> Step:
    return Step(steps[-1].run, tuple(came for one in steps for came in one.came), steps[-1].cuts)


def _bridge(
    config: Config,
    ledger: Ledger,
    want: Want,
    closed: Closing,
    steps: Sequence[Step],
    notify: Callable[[str], None],
) -> Gains:
    assert want.until
    head: dict[str, Any] = {}

    def reckon(known: Cuts | None) -> _State:
        with reckoned(config, ledger, want, known) as found:
            for _ in found.rows:
                pass
            head.update(
                {name: one for name, one in found.head().items() if name not in ("as_of", "settings")}
            )
            return _State(_figures(want, found.tally), found.lines(), found.linked)

    sealed = before = reckon(closed.cuts)
    effects = []
    for number, step in enumerate(steps, 1):
        notify(f"{want.rules.name} {want.year}, {number} of {len(steps)} that came late")
        after = reckon(step.cuts)
        effects.append(Effect(step.came, after.figures.less(before.figures)))
        before = after
    today = reckon(None)
    if today.linked:
        with ledger.transaction() as tx:
            stored = newest(tx)
        came = Came("transfers that recon reconcile will store", "", "", want.until, "", "")
        effects.append(Effect([came], today.figures.less(reckon(stored).figures)))
    return Gains(
        want=want,
        head=head,
        closed=closes(config, want) <= want.until,
        closing=closed,
        sealed=sealed,
        effects=effects,
        today=today,
    )


def _figures(want: Want, tally: Tally) -> Figures:
    income = sum(tally.income.values())
    if not want.rules.lots:
        proceeds, cost = (told.get(want.year, 0) for told in (tally.received, tally.spent))
        return Figures(proceeds, cost, proceeds - cost, income, 0)
    sums = tally.by(lambda key: key[3]).get(True, Sums())
    return Figures(sums.proceeds, sums.cost, sums.gain, income, sums.unknown)
