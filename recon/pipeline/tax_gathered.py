"""What a tax year's rows do not say themselves: prices that were used, receipts, purchases and fees.

All movements are walked once more, with the prices that each of them uses; only what the year needs is kept.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from recon.core.activity import FEE, INCOME, OPENING, PURCHASE, TRANSFER_FEE
from recon.core.lots import Movement
from recon.core.money import text
from recon.core.tax import Row, Rulebook
from recon.core.tax_books import Fees, Receipt
from recon.core.tax_books import Use as Used
from recon.core.times import EPOCH, MICROSECOND, aware
from recon.pipeline.price_list import NBP_TABLES, Worth, quotient
from recon.pipeline.spool import Spool
from recon.pipeline.tax import Books, Taxed
from recon.pipeline.tax_explain import day_left, day_of, joins_days
from recon.pipeline.tax_told import age
from recon.pipeline.value import Use, treatment

_IN_KIND = (FEE, TRANSFER_FEE)
Key = str | tuple[str, int, str]
"""A movement's id, or a day where a law joins what happened on it."""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """``newest`` is the moment of the newest movement up to the year's end."""

    prices: Collection[Used]
    receipts: Collection[Receipt]
    bought: Collection[Receipt]
    fees: Sequence[Fees]
    priced: Callable[[Row], tuple[str, str]]
    newest: int | None


def gathered(
    opened: Books,
    found: Taxed,
    rows: Iterable[Row],
    prices: Spool[Used],
    receipts: Spool[Receipt],
    bought: Spool[Receipt],
) -> Gathered:
    """Walks through all movements; what is found goes into the spools."""
    joined, rules, tally = joins_days(found.want), found.want.rules, found.tally
    wanted, texts = _wanted(rows, joined=joined), _Texts(opened, prices)
    fees: dict[tuple[str, str, str], list[int]] = {}
    newest: int | None = None
    used: list[Use] = []
    again = replace(opened, view=replace(opened.view, used=used, lacks={}))
    for pool in opened.pools:
        waiting: dict[str, list[Use]] = {}
        for one in again.movements(pool, found.want.end):
            for use in used:
                if use.rate.legs:
                    waiting.setdefault(use.id, []).append(use)
            used.clear()
            uses = waiting.pop(one.id, ())
            if one.day < tally.after:
                newest = one.at if newest is None else max(newest, one.at)
            in_year = tally.first <= one.day < tally.after
            kind = _kind(one, rules) if in_year else ""
            key = day_of(pool, one) if joined else one.id
            if uses and (kind or key in wanted):
                texts.add(key, one, uses)
            if kind:
                lacks = opened.view.lacks.get(one.id)
                (bought if kind == "bought" else receipts).add(
                    Receipt(
                        one.id, one.at, one.day, one.place, pool, one.activity, one.quantity, one.worth,
                        one.amount, kind == "income", texts.of(one.id), lacks.why if lacks else "",
                    )
                )  # fmt: skip
            if in_year:
                _fee(fees, pool, one)
    return Gathered(
        prices=prices.whole(),
        receipts=receipts.whole(),
        bought=bought.whole(),
        fees=[Fees(*key, *sums) for key, sums in sorted(fees.items())],
        priced=lambda row: (
            texts.joined(_left(row, joined=joined)),
            texts.joined(_acquired(row, joined=joined)),
        ),
        newest=newest,
    )


def _kind(one: Movement, rules: Rulebook) -> str:
    """Whether an arrival is a receipt that counts, one that does not, or what a law without lots goes by."""
    if one.quantity < 0 or one.transfer:
        return ""
    if one.activity.startswith(INCOME):
        return "income" if treatment(rules, one.activity, arrives=True) == "income" else "receipt"
    return "bought" if not rules.lots and one.activity in (PURCHASE, OPENING) else ""


def _wanted(rows: Iterable[Row], *, joined: bool) -> set[Key]:
    return {
        key
        for row in rows
        for key in (_left(row, joined=joined), _acquired(row, joined=joined))
        if key is not None
    }


def _left(row: Row, *, joined: bool) -> Key:
    return day_left(row) if joined else row.id


def _acquired(row: Row, *, joined: bool) -> Key | None:
    if row.lot is None or row.acquired is None:
        return None
    return (row.asset, row.acquired.toordinal(), "in") if joined else row.lot


class _Texts:
    """How movements were priced, in short; in full it goes into a spool."""

    def __init__(self, opened: Books, prices: Spool[Used]) -> None:
        self._prices = prices
        self._currency = opened.view.currency
        self._tables = {aware(day): number for day, number in opened.copy.execute(NBP_TABLES).fetchall()}
        self._short: dict[str, str] = {}
        self._keys: dict[Key, list[str]] = {}

    def add(self, key: Key, one: Movement, uses: Sequence[Use]) -> None:
        """Notes what a movement used."""
        for use in uses:
            rate, at = quotient(use.rate), EPOCH + MICROSECOND * one.at
            way = Worth(
                asset=use.asset, quote=self._currency, at=at, found=use.rate, tables=self._tables
            ).text
            oldest = max(leg.age_s for leg in use.rate.legs)
            self._prices.add(Used(use.id, use.fee, use.asset, use.units, text(rate), use.amount, oldest, way))
        first = uses[0]
        legs = " x ".join(
            leg.price.source if leg.price.source == "parity" else f"{leg.price.source} {age(leg.age_s)}"
            for leg in first.rate.legs
        )
        told = f"1 {first.asset} = {text(quotient(first.rate))} {self._currency} ({legs})"
        self._short[one.id] = told
        if key != one.id:
            self._keys.setdefault(key, []).append(told)

    def of(self, name: str) -> str:
        """How a movement was priced."""
        return self._short.get(name, "")

    def joined(self, key: Key | None) -> str:
        """How all that goes by a key was priced."""
        if isinstance(key, str):
            return self.of(key)
        return "" if key is None else "; ".join(dict.fromkeys(self._keys.get(key, ())))


def _fee(fees: dict[tuple[str, str, str], list[int]], pool: str, one: Movement) -> None:
    """Counts what was paid in fees for a movement, or by it."""
    if one.transfer:
        return
    if one.activity in _IN_KIND and one.quantity < 0:
        sums = fees.setdefault((one.place, pool, "in kind"), [0, 0, 0, 0])
        sums[1] -= one.quantity
        sums[2] += one.worth or 0
        sums[3] += one.worth is None
    elif one.amount is not None and one.worth is not None and one.amount != one.worth:
        what = "into cost" if one.quantity > 0 else "out of proceeds"
        sums = fees.setdefault((one.place, pool, what), [0, 0, 0, 0])
        sums[2] += abs(one.amount - one.worth)
    else:
        return
    sums[0] += 1
