"""From what was sealed to what would be said today: each item that came late, with its evidence, in units."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from recon.core.books import PriorItem
from recon.core.money import ZERO, exact, parse, text, total
from recon.core.seals import Seal
from recon.core.times import Period, naive, short_text
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger
from recon.pipeline.bridge_gains import Gains, gains
from recon.pipeline.close import found
from recon.pipeline.config import Config
from recon.pipeline.late import belonging
from recon.pipeline.seals import seals
from recon.pipeline.tax import Want

_TODAY = """
select l.ledger_account, l.asset, sum(l.quantity) as quantity
from legs as l
where l.stated_at < $end
group by l.ledger_account, l.asset
order by l.ledger_account, l.asset
"""


class Span(NamedTuple):
    """One account and asset: what was sealed, what came late, and what would be said today, summed apart."""

    account: str
    asset: str
    sealed: Decimal
    items: Sequence[PriorItem]
    late: Decimal
    today: Decimal
    difference: Decimal

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "account": self.account,
            "asset": self.asset,
            "sealed": text(self.sealed),
            "items": [
                {
                    "entry": one.entry,
                    "period": one.period,
                    "at": short_text(one.stated_at),
                    "posted": short_text(one.at),
                    "kind": one.kind,
                    "quantity": text(one.quantity),
                    "answer": one.answer,
                    "pointer": one.pointer,
                }
                for one in self.items
            ],
            "late": text(self.late),
            "today": text(self.today),
            "difference": text(self.difference),
        }


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """The whole of it. ``gains`` is None where no rulebook was asked for."""

    seal: Seal
    spans: Sequence[Span]
    gains: Sequence[Gains] | None = None

    @property
    def whole(self) -> bool:
        """Sealed and late make up today's figure everywhere: nothing is left unexplained."""
        return not any(one.difference for one in self.spans) and not self.unexplained

    @property
    def unexplained(self) -> Sequence[Gains]:
        """Gains that what came late does not make up."""
        return [one for one in self.gains or () if any(one.difference)]

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "period": self.seal.period.name,
            "seal": self.seal.hash,
            "measure": "units",
            "whole": self.whole,
            "lines": [one.facts() for one in self.spans],
            "gains": None if self.gains is None else [one.facts() for one in self.gains],
        }


def bridge(
    config: Config,
    ledger: Ledger,
    period: Period,
    wants: Sequence[Want] = (),
    notify: Callable[[str], None] = lambda text: None,
) -> Bridge:
    """Bridges a sealed period, in gains too where ``wants`` say by which rules, of whatever year.

    Raises ConfigError where it is not sealed.
    """
    with ledger.transaction() as tx:
        seal = found(seals(tx), period)
    end = seal.period.end
    assert end
    with typed_copy(ledger, tables=("legs",), kept=config.legs) as copy:
        with ledger.transaction() as tx:
            items = belonging(config, tx, copy, end)
        rows = copy.execute(_TODAY, {"end": naive(end)}).fetchall()
    today = {(account, asset): quantity for account, asset, quantity in rows}
    then = {(one["account"], one["asset"]): parse(one["quantity"]) for one in seal.document["balances"]}
    late: dict[tuple[str, str], list[PriorItem]] = defaultdict(list)
    for one in items:
        late[one.account, one.asset].append(one)
    spans = []
    with exact():
        for place in sorted({*today, *then, *late}):
            old, new = then.get(place, ZERO), today.get(place, ZERO)
            moved = total(one.quantity for one in late[place])
            if old or new or late[place]:
                spans.append(Span(*place, old, late[place], moved, new, new - old - moved))
    valued = [one for want in wants for one in gains(config, ledger, seal, want, notify)]
    return Bridge(seal=seal, spans=spans, gains=valued if wants else None)
