"""What the ledger holds, place by place."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from recon.core.money import text
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger
from recon.pipeline.config import Config

_SQL = """
select l.source, l.account, l.asset, sum(l.quantity) as quantity
from legs as l
where l.class = 'assets' and l.counted and ($at is null or l.at <= $at)
group by l.source, l.account, l.asset
having sum(l.quantity) <> 0
order by l.source, l.account, l.asset
"""


class Balance(NamedTuple):
    """Units of one asset at one place."""

    source: str
    account: str
    asset: str
    quantity: Decimal

    def facts(self) -> dict[str, str]:
        """As the JSON answer states it."""
        return {**self._asdict(), "quantity": text(self.quantity)}


def balances(config: Config, ledger: Ledger, at: datetime | None) -> list[Balance]:
    """Every balance that is not zero, at a moment (everything up to and at it) or now; sorted.

    A movement that two sources hold is in the balance of one of them.
    """
    moment = None if at is None else at.replace(tzinfo=None)
    with typed_copy(ledger, tables=("legs", "links"), kept=config.legs) as copy:
        return [Balance(*row) for row in copy.execute(_SQL, {"at": moment}).fetchall()]
