"""A book that keeps no lots apart: its units all cost the average."""

from collections.abc import Iterable

from recon.core.lots import Movement, Stock
from recon.tax.methods._walk import Source, Taken


class Pool(Source):
    """Units at their average cost, which each arrival sets anew and no disposal changes.

    Of the cost there was at the last arrival every disposal has its part, by units, so that nothing is lost by rounding
    and no cost is left when no unit is. Once units came whose cost is not known, the cost is not known until the pool
    was empty. ``rule`` is what its matches say.
    """

    __slots__ = ("rule",)

    def __init__(self, rule: str = "pool") -> None:
        super().__init__(None, 0, 0)
        self.rule = rule

    def add(self, units: int, cost: int | None) -> None:
        """Units come, at a cost."""
        left = self.whole - self.given
        before = 0 if not left else None if self.cost is None else self.cost - self.spent
        self.cost = None if before is None or cost is None else before + cost
        self.whole, self.given, self.spent = left + units, 0, 0

    def receive(self, movement: Movement) -> None:
        """Units are acquired."""
        self.add(movement.quantity, movement.amount)

    def take(self, units: int, movement: str) -> list[Taken]:
        """Units leave for good, at the average."""
        left = self.whole - self.given
        some = min(units, left)
        if not some:
            return []
        before = Stock(left, None if self.cost is None else self.cost - self.spent)
        return [(None, self.rule, some, self.give(some), before)]

    def depart(self, units: int, movement: str) -> list[tuple[Source, int]]:
        """Units leave for another pool, at the average."""
        return [(Source(None, some, cost), some) for _, _, some, cost, _ in self.take(units, movement)]

    def arrive(self, parcels: Iterable[tuple[Source, int]]) -> None:
        """Units come with the cost that they left with."""
        for source, units in parcels:
            self.add(units, source.give(units))

    def forget(self, units: int, move: str) -> int:
        """Units whose cost is not known, as that of the whole pool is not."""
        if self.cost is not None:
            return 0
        some = min(units, self.whole - self.given)
        self.given += some
        return some

    def stock(self) -> list[tuple[Source, int]]:
        """What is there."""
        left = self.whole - self.given
        return [(self, left)] if left else []
