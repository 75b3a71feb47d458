"""The book of prices: for an asset, a currency and a moment the price that applies, or why there is none.

Sources are tried in the user's order; a way of fewer legs goes before one of more that begins with the same source.
Nothing is rounded on the way: a valuation is a quotient of two whole numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from recon.core.prices import FIAT, Lacking, Leg, Price, Valued
from recon.core.registry import catalogue
from recon.core.times import EPOCH, MICROSECOND, QUARTER_HOUR, said_text
from recon.valuation._days import begins, day_of
from recon.valuation._rule import Rule, Series, lasting

HUBS = ("EUR", "USD", "PLN")
"""The currencies, beside the book's own, by which a way between two others may lead."""
FIRST = ("manual", "parity")
"""What people stated goes before what is measured."""
MOST_LEGS = 3
_WAYS = 64
_TOLD = 4

When = Literal["moment", "day before"]


class Store(Protocol):
    """Where prices lie: which pairs each source prices, and the prices of one of them."""

    def pairs(self, source: str) -> AbstractSet[tuple[str, str]]:
        """The (asset, quote) that a source has prices of."""
        ...

    def series(self, source: str, asset: str, quote: str) -> Series:
        """The prices of a pair."""
        ...


class Order(NamedTuple):
    """What the user chose: sources in their order, for some assets another, and the age in days that a price may have.

    ``base`` is the book's own currency; ``zone`` is where its days begin; ``pools`` say which assets count as one.
    """

    sources: Sequence[str]
    assets: Mapping[str, Sequence[str]]
    max_age_days: int
    base: str
    zone: ZoneInfo
    pools: Mapping[str, str]


class Step(NamedTuple):
    """A leg of a way: a pair of a source, taken as it is or turned round."""

    rule: Rule
    asset: str
    quote: str
    inverse: bool

    @property
    def ends(self) -> tuple[str, str]:
        """What it values, and in what."""
        return (self.quote, self.asset) if self.inverse else (self.asset, self.quote)


Way = tuple[Step, ...]


class PriceBook:
    """Prices by the user's order. It remembers what it looked up, so one book serves a million questions."""

    def __init__(self, store: Store, order: Order) -> None:
        self.order = order
        self._store = store
        self._rules = rules()
        self._age = order.max_age_days * 24 * 3600 * 10**6
        self._hubs = tuple(dict.fromkeys((order.base, *HUBS)))
        self._pairs = {word: store.pairs(word) for word in self._words()}
        self._ways: dict[tuple[str, str, bool], Sequence[Way]] = {}
        self._lines: dict[tuple[str, str, bool], Sequence[Sequence[_Line]]] = {}
        self._known: dict[tuple[Step, bool], _Line] = {}

    def rate(self, asset: str, quote: str, at: datetime, *, rule: When = "moment") -> Valued | Lacking:
        """What one unit of an asset is worth in another at a moment.

        ``rule`` "day before" takes a rate between currencies from an official source, of the last day before the day
        of ``at``; other prices are those of the moment all the same.
        """
        asset, quote = self.pooled(asset), self.pooled(quote)
        if asset == quote:
            return Valued(1, 1)
        # As micros(at), but without a division of time spans: this is asked a million times.
        since = at - EPOCH
        moment = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
        before = rule == "day before"
        for lines in self._along(asset, quote, before):
            if valued := _valued(lines, at, moment):
                return valued
        return Lacking(self._why(asset, quote, at, moment, before))

    def pooled(self, asset: str) -> str:
        """The asset that an asset counts as."""
        return self.order.pools.get(asset, asset)

    def ways(self, asset: str, quote: str, *, before: bool = False) -> Sequence[Way]:
        """Every way from one asset to another, in the order in which they are tried."""
        known = self._ways.get((asset, quote, before))
        if known is None:
            found = self._lead(asset, quote, before, (asset,))
            known = self._ways[asset, quote, before] = list(dict.fromkeys(found))[:_WAYS]
        return known

    def points(self, way: Way, since: int, until: int) -> Iterator[tuple[int, int, Valued]]:
        """What one unit is worth by each price that a way begins with, and from when to when, in microseconds.

        A declared parity has no moments of its own: those of the leg after it count. Prices whose time lies wholly
        outside of the span are left out, and those whose other legs lack at that moment.
        """
        dated = next((step for step in way if not step.rule.timeless), None)
        if dated is None:
            return
        lines = [self._line(step, before=False) for step in way]
        fixed = lines[way.index(dated)]
        for place, at in enumerate(fixed.series.ats):
            first, last = dated.rule.serves(at, self._age)
            if last >= since and first < until:
                valued = _valued(lines, EPOCH + first * MICROSECOND, first, (fixed, place))
                if valued:
                    yield first, last, valued

    def _words(self) -> list[str]:
        named = [
            *FIRST,
            *self.order.sources,
            *(word for words in self.order.assets.values() for word in words),
        ]
        return list(dict.fromkeys(named))

    def _lead(self, asset: str, quote: str, before: bool, seen: tuple[str, ...]) -> Iterator[Way]:
        """Ways by the source of their first leg, then by how many legs they have."""
        for word in (*FIRST, *self.order.assets.get(asset, self.order.sources)):
            steps = self._steps(word, asset, before)
            yield from ((step,) for step in steps if step.ends[1] == quote)
            if len(seen) < MOST_LEGS:
                onward = [
                    (step, *rest)
                    for step in steps
                    if step.ends[1] != quote and self._leads_on(asset, step.ends[1], seen)
                    for rest in self._lead(step.ends[1], quote, before, (*seen, step.ends[1]))
                ]
                yield from sorted(onward, key=len)

    def _leads_on(self, asset: str, other: str, seen: tuple[str, ...]) -> bool:
        return other not in seen and (other in self._hubs or asset not in FIAT)

    def _steps(self, word: str, asset: str, before: bool) -> list[Step]:
        """A source's legs from an asset. From a currency they lead to currencies alone."""
        rule, pairs = self._rules[word], self._pairs[word]
        found = [Step(rule, one, other, inverse=False) for one, other in pairs if one == asset]
        found += [
            Step(rule, one, other, inverse=True)
            for one, other in pairs
            if other == asset and one in FIAT and asset in FIAT and (other, one) not in pairs
        ]
        if asset in FIAT:
            found = [step for step in found if step.ends[1] in FIAT]
            if before and not (rule.official or word in FIRST or word == "files"):
                return []
        return sorted(found, key=self._hub_first)

    def _hub_first(self, step: Step) -> tuple[int, str]:
        other = step.ends[1]
        return (self._hubs.index(other) if other in self._hubs else len(self._hubs), other)

    def _along(self, asset: str, quote: str, before: bool) -> Sequence[Sequence["_Line"]]:
        """The ways with their prices at hand."""
        known = self._lines.get((asset, quote, before))
        if known is None:
            ways = self.ways(asset, quote, before=before)
            known = [[self._line(step, before) for step in way] for way in ways]
            self._lines[asset, quote, before] = known
        return known

    def _line(self, step: Step, before: bool) -> "_Line":
        if (step, before) not in self._known:
            series = self._store.series(step.rule.name, step.asset, step.quote)
            earlier = before and step.rule.name != "nbp" and {step.asset, step.quote} <= FIAT
            self._known[step, before] = _Line(step, series, self._age, self.order.zone if earlier else None)
        return self._known[step, before]

    def _why(self, asset: str, quote: str, at: datetime, moment: int, before: bool) -> str:
        """A sentence: what was looked for, what each source has instead, and the cure."""
        found: dict[str, None] = {}
        cures: dict[str, None] = {}
        for lines in self._along(asset, quote, before):
            line = next(one for one in lines if one.pick(moment) is None)
            step = line.step
            lack = step.rule.lack(line.series, line.asked(moment), self._age)
            found.setdefault(f"{step.rule.title}, {step.asset} in {step.quote}: {lack}")
            cures.setdefault(step.rule.cure)
        words = ", ".join(self.order.assets.get(asset, self.order.sources)) or "no source at all"
        tried = "; ".join([*found][:_TOLD]) or f"nothing prices it ([prices] names {words})"
        day = " of the day before" if before else f" within {lasting(self._age)}"
        remedy = "; or ".join([*cures, RULES_CURE] if cures else [RULES_CURE])
        return f"no price of {asset} in {quote}{day} for {said_text(at)}: {tried}. {remedy}"


RULES_CURE = "state one with recon prices import or recon prices set"


def rules() -> dict[str, Rule]:
    """Every rule, by the word that names its source."""
    return catalogue("recon.valuation", "RULE", Rule)


class _Line:
    """A step with its prices, and what was already looked up of them. ``zone``: only days before the event's count."""

    def __init__(self, step: Step, series: Series, age: int, zone: ZoneInfo | None) -> None:
        self.step = step
        self.series = series
        self._age = age
        self._zone = zone
        self._picked: dict[int, int | None] = {}
        self._told: dict[int, tuple[Price, int, int]] = {}

    def asked(self, moment: int) -> int:
        """The moment that a price must not be later than."""
        return moment if self._zone is None else begins(day_of(moment, self._zone), self._zone) - 1

    def pick(self, moment: int) -> int | None:
        """The place of the price that applies."""
        rule = self.step.rule
        if not rule.daily:
            return rule.pick(self.series, self.asked(moment), self._age)
        slot = moment // QUARTER_HOUR
        if slot not in self._picked:
            self._picked[slot] = rule.pick(self.series, self.asked(moment), self._age)
        return self._picked[slot]

    def told(self, place: int) -> tuple[Price, int, int]:
        """The price at a place, and what one unit is worth by it as a quotient."""
        found = self._told.get(place)
        if found is None:
            price = self.series.price(place)
            over, under = price.value.as_integer_ratio()
            found = self._told[place] = (price, under, over) if self.step.inverse else (price, over, under)
        return found


def _valued(
    lines: Sequence[_Line], at: datetime, moment: int, fixed: tuple[_Line, int] | None = None
) -> Valued | None:
    numerator = denominator = 1
    legs = []
    for line in lines:
        place = fixed[1] if fixed and fixed[0] is line else line.pick(moment)
        if place is None:
            return None
        price, over, under = line.told(place)
        numerator, denominator = numerator * over, denominator * under
        if line.step.rule.timeless:
            legs.append(Leg(price._replace(at=at), line.step.inverse, 0))
        else:
            legs.append(Leg(price, line.step.inverse, (moment - line.series.ats[place]) // 10**6))
    return Valued(numerator, denominator, tuple(legs))
