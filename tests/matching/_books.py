"""Small books of several places, and what matching makes of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from recon.core.breaks import Break
from recon.core.times import Period
from recon.ledger.copy import tie
from recon.pipeline.match import Found, find
from recon.pipeline.movements import Rules
from tests.checks._ledger import EVER, Ledger, day

HOUR = 1 / 24
FILES = frozenset({"broker", "bank"})


class Books(Ledger):
    """Venues egera, fuse and gas, and the files broker and bank."""

    def __init__(self) -> None:
        super().__init__()
        self.sources = []
        self.rules = Rules({}, FILES, (), timedelta(hours=72), Decimal(0), {})

    def clear(self) -> None:
        super().clear()
        self.connection.execute("delete from links")

    def moved(
        self,
        quantity: str | Decimal,
        source: str,
        at: float,
        *,
        txid: str = "",
        address: str = "",
        **how: Any,
    ) -> int:
        """A deposit, or a withdrawal where the quantity is negative, so many days after the start."""
        kind = how.pop("kind", "withdrawal" if Decimal(quantity) < 0 else "deposit")
        return self.mark(self.row(quantity, source=source, at=day(at), kind=kind, **how), txid, address)

    def aside(
        self,
        quantity: str,
        at: float,
        *,
        txid: str,
        address: str = "",
        source: str = "fuse",
        account: str = "main",
    ) -> None:
        """A record that posts nothing and tells the hash."""
        self.connection.execute(
            "insert into beside values (?, ?, 'payments', ?, 'BTC', ?, ?, 'payment', ?, ?)",
            [10_000 + self.entry, source, account, Decimal(quantity), day(at), txid, address],
        )

    def owned(self, address: str, *, source: str) -> None:
        """A venue states a deposit address."""
        self.connection.execute(
            'insert into facts (fact, reading, run, source, stream, subject, name, value, "at") '
            "values (1, 1, 1, ?, 'account', 'BTC', 'deposit_address', ?, ?)",
            [source, address, day(0)],
        )

    def found(self, **changes: Any) -> Found:
        """What is new under these rules."""
        return find(self.connection, self.rules._replace(**changes))

    def transfers(self, **changes: Any) -> dict[tuple[int, int], str]:
        """The new transfers, with what each rests on."""
        return {
            (one.one, one.other): one.basis for one in self.found(**changes).links if one.kind == "transfer"
        }

    def settle(self, **changes: Any) -> Found:
        """Stores what is new, and lets the legs follow."""
        found = self.found(**changes)
        for number, one in enumerate(found.links, start=1):
            self.connection.execute("insert into links values (?, ?, ?, ?, ?, ?)", [number, *one])
        tie(self.connection)
        self.unmatched = found.unmatched
        return found

    def told(
        self, check: str, period: Period = EVER, *, known_at: datetime | None = None, **changes: Any
    ) -> list[Break]:
        """The breaks of one check after settling."""
        self.settle(**changes)
        self.known_at = known_at or self.known_at
        return [one for one in self.breaks(period) if one.check == check]

    def held(self) -> Mapping[str, Decimal]:
        """What counts at each place."""
        rows = self.connection.execute(
            "select source || ' ' || account, sum(quantity) from legs where class = 'assets' and counted "
            "group by 1 order by 1"
        ).fetchall()
        return dict(rows)

    def in_transit(self, at: float) -> Decimal:
        """What stands in transit at a moment."""
        row = self.connection.execute(
            "select coalesce(sum(quantity), 0) from legs where class = 'transit' and \"at\" < ?", [day(at)]
        ).fetchone()
        assert row is not None
        return Decimal(row[0])
