"""Disposals of a tax year by a rulebook and a method, and the year's sums: read from the ledger, nothing is written."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import merge
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from recon.core.errors import ConfigError
from recon.core.lots import UNIVERSAL, Held, Method, Movement, Plan, Scope, order
from recon.core.prices import FIAT
from recon.core.registry import catalogue
from recon.core.registry import one as plug_in
from recon.core.tax import Line, Row, Rulebook, ScopeName, Tie, Year
from recon.core.times import day_start, micros
from recon.ledger.copy import load as typed_copy
from recon.ledger.copy import tie
from recon.ledger.cuts import Cuts
from recon.ledger.store import Ledger
from recon.pipeline.choices import chosen
from recon.pipeline.closed_years import Closing, closing
from recon.pipeline.config import Config
from recon.pipeline.gains import Matched, Tally, matched, moved, unmatched
from recon.pipeline.match import tie_all
from recon.pipeline.price_book import price_book
from recon.pipeline.said import heard
from recon.pipeline.units import (
    TRANSIT,
    Part,
    balances,
    parts,
    plain_sums,
    plain_trades,
    prepare,
    traded,
)
from recon.pipeline.value import Days, Rate, View, movement, of_trades

TABLES = ("legs", "beside", "facts", "links")
_BOOKS: Mapping[ScopeName, Callable[[str], str]] = {
    "universal": lambda place: UNIVERSAL,
    "source": lambda place: place.partition(":")[0],
    "account": lambda place: place,
}
_EVER = -(2**62)
_NEVER = 2**62


class Want(NamedTuple):
    """What is asked.

    ``method`` is None for a law that knows no lots; ``scope`` None: as the rulebook says. ``listed`` is False where the
    year's sums are enough. ``until``: nothing is looked at that happened at this moment or later.
    """

    year: int
    rules: Rulebook
    method: Method | None
    scope: ScopeName | None
    listed: bool = True
    until: datetime | None = None

    @property
    def end(self) -> int:
        """``until`` in microseconds; without one, a moment after all others."""
        return _NEVER if self.until is None else micros(self.until)


def wanted(year: int, rules: str, method: str | None, scope: str | None, *, listed: bool = True) -> Want:
    """What a command asks for. Raises ConfigError where there is no such thing, or the law does not allow it."""
    books = catalogue("recon.tax.rules", "RULES", Rulebook)
    if rules not in books:
        raise _unknown("--rules", rules, books)
    law = books[rules]
    if method is not None and method not in law.methods:
        raise _unknown("--method", method, law.methods or ["nothing: this law knows no lots"])
    scopes = [name for name in _BOOKS if law.free_scope or name in {known for _, known in law.scopes}]
    if scope not in (None, *scopes):
        raise _unknown("--scope", str(scope), scopes)
    name = method or next(iter(law.methods), None)
    chosen = None if name is None else plug_in("recon.tax.methods", name, "METHOD", Method)
    return Want(year, law, chosen, next((one for one in scopes if one == scope), None), listed)


def _unknown(option: str, given: str, known: Iterable[str]) -> ConfigError:
    return ConfigError(
        f"{given!r} is none of what can be asked for", where=option, next_step=f"Ask for {', '.join(known)}"
    )


@dataclass(kw_only=True)
class Taxed:
    """What came of a year. All but ``rows`` is whole once these were taken to their end.

    ``closing`` is None for a year that is not closed. ``linked``: so many links are not in the ledger yet.
    """

    want: Want
    view: View
    rows: Iterator[Row]
    tally: Tally
    ties: list[Tie] = field(default_factory=list)
    held: list[tuple[str, Held]] = field(default_factory=list)
    allocated: list[tuple[str, int, Sequence[Held]]] = field(default_factory=list)
    unmet: list[tuple[str, str, int]] = field(default_factory=list)
    closing: Closing | None = None
    linked: int = 0

    def head(self) -> dict[str, Any]:
        """What was asked and in which currency it is answered."""
        want = self.want
        return {
            "year": want.year,
            "rules": want.rules.name,
            "method": None if want.method is None else want.method.name,
            "scope": want.scope or self.scopes_held()[-1],
            "currency": self.view.currency,
            "as_of": None if self.closing is None else self.closing.facts(),
            "settings": [] if self.closing is None else self.closing.settings,
        }

    def scopes_held(self) -> list[str]:
        """The scopes that hold up to the year's end, the newest last."""
        last = self.tally.after
        return [name for since, name in self.want.rules.scopes if since is None or since.toordinal() < last]

    def ruled(self) -> dict[str, int]:
        """How many movements each rule of the user was taken for."""
        return dict(Counter(one.rule for one in self.view.said.values() if one.rule))

    def lines(self) -> Sequence[Line]:
        """The lines of the official forms."""
        return self.want.rules.lines(self.year())

    def year(self) -> Year:
        """What a rulebook sums up."""
        tally = self.tally
        by_term = tally.by(lambda key: key[1:])
        taxed = {(what, term): sums for (what, term, counts), sums in by_term.items() if counts}
        return Year(
            number=self.want.year,
            taxed=taxed,
            income=tally.income,
            spent=tally.spent,
            received=tally.received,
            listed=tally.listed,
        )


@dataclass(frozen=True, kw_only=True)
class Books:
    """Units in the ledger as a rulebook sees them: ``others`` are by pool what is no plain trade of its ``assets``.

    ``closing`` is None where all there is counts. ``linked``: so many links are not in the ledger yet.
    """

    config: Config
    copy: DuckDBPyConnection
    view: View
    others: Mapping[str, Sequence[Part]]
    assets: Mapping[str, Sequence[str]]
    linked: int
    closing: Closing | None = None

    @property
    def pools(self) -> list[str]:
        """All pools, by name."""
        return sorted({*self.assets, *self.others})

    def movements(self, pool: str, end: int = _NEVER) -> Iterator[Movement]:
        """A pool's movements of before a moment in order, valued."""
        return self.merged(pool, self.beside(pool, end), end)

    def beside(self, pool: str, end: int = _NEVER) -> list[Movement]:
        """Those that are no plain trades, of before a moment."""
        known = (one for one in self.others.get(pool, ()) if one.moment < end)
        return sorted((movement(self.view, one) for one in known), key=order)

    def merged(self, pool: str, beside: Sequence[Movement], end: int = _NEVER) -> Iterator[Movement]:
        """The plain trades of before a moment, and those beside them."""
        assets = self.assets.get(pool)
        if not assets:
            return iter(beside)
        trades = of_trades(self.view, plain_trades(self.copy, assets, end), pool)
        return merge(trades, beside, key=order) if beside else trades

    def plan(self, want: Want) -> Plan:
        """How they are to be matched. Raises ConfigError where the file of choices is none."""
        return Plan(scopes=scopes(want, self.view.days.zone), choices=chosen(self.config))


@contextmanager
def books(config: Config, ledger: Ledger, want: Want) -> Iterator[Books]:
    """The ledger's units by the rulebook of what is asked, for as long as the block takes.

    Of a closed year they are those of the ledger as it stood when it was closed.
    """
    want.rules.lines(Year(number=want.year))  # what its forms lack for a year is told before any row is
    with ledger.transaction() as tx:
        closed = closing(tx, config, closes(config, want))
    with books_of(config, ledger, want.rules, None if closed is None else closed.cuts) as opened:
        yield replace(opened, closing=closed)


@contextmanager
def books_of(config: Config, ledger: Ledger, rules: Rulebook, known: Cuts | None) -> Iterator[Books]:
    """The units of a state that the ledger was in; None: of all there is."""
    currency = rules.currency or config.entity.base_currency
    money = money_of(config, currency)
    with _uncollected(), typed_copy(ledger, tables=TABLES, money=money, tied=False, until=known) as copy:
        linked = 0
        if known is None:
            linked = tie_all(config, ledger, copy)
        else:  # what was to be linked then was linked by its close
            tie(copy)
        prepare(copy, config.pools, money)
        with ledger.transaction() as tx:
            others, said = heard(tx, config, parts(copy))
        view = View(
            rules=rules,
            base=config.entity.base_currency,
            currency=currency,
            days=Days(zone_of(config, rules)),
            rate=_rate(copy, config),
            said=said,
        )
        by_pool, assets = _by_pool(_in_turn(others)), traded(copy, config.pools)
        yield Books(config=config, copy=copy, view=view, others=by_pool, assets=assets, linked=linked)


@contextmanager
def tax(config: Config, ledger: Ledger, want: Want) -> Iterator[Taxed]:
    """The disposals of a year, one after another, for as long as the block takes."""
    with books(config, ledger, want) as opened:
        yield taxed(opened, want)


@contextmanager
def reckoned(config: Config, ledger: Ledger, want: Want, known: Cuts | None) -> Iterator[Taxed]:
    """As ``tax``, of a state that the ledger was in; None: of all there is."""
    with books_of(config, ledger, want.rules, known) as opened:
        yield taxed(opened, want)


@contextmanager
def _uncollected() -> Iterator[None]:
    """A million lots and matches are no garbage, and hold no cycles: looking for these among them takes a second."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def taxed(opened: Books, want: Want) -> Taxed:
    """The disposals of a year, one after another."""
    tally = Tally(want.rules, want.year, opened.view)
    found = Taxed(
        want=want,
        view=opened.view,
        rows=iter(()),
        tally=tally,
        closing=opened.closing,
        linked=opened.linked,
    )
    found.rows = _rows(opened, found, opened.plan(want))
    return found


def zone_of(config: Config, rules: Rulebook) -> ZoneInfo:
    """The zone of a rulebook's days."""
    return ZoneInfo(rules.zone) if rules.zone else config.zone


def closes(config: Config, want: Want) -> datetime:
    """The moment up to which all must be sealed for a year to be closed: its end, and as far as its method looks."""
    day = want.rules.year(want.year)[1] + timedelta(days=want.method.ahead if want.method else 0)
    return day_start(day, zone_of(config, want.rules))


def _rate(copy: DuckDBPyConnection, config: Config) -> Rate:
    book = price_book(copy, config)
    return lambda asset, quote, at, rule: book.rate(asset, quote, at, rule=rule)


def money_of(config: Config, currency: str) -> set[str]:
    """The assets that pay and are no units: currencies, and what is pooled with one."""
    money = {*FIAT, config.entity.base_currency, currency}
    return money | {asset for asset, pool in config.pools.items() if pool in money}


def _in_turn(every: Sequence[Part]) -> list[Part]:
    """The parts, no side of a transfer that arrived before it was sent: clocks differ, and lots go with units."""
    arrived = {one.transfer: one.moment for one in every if one.transfer and one.quantity > 0}
    return [
        one._replace(moment=min(one.moment, arrived.get(one.transfer, one.moment)))
        if one.transfer and one.transfer != TRANSIT and one.quantity < 0
        else one
        for one in every
    ]


def _by_pool(every: Sequence[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for one in every:
        found.setdefault(one.pool, []).append(one)
    return found


def _rows(opened: Books, found: Taxed, plan: Plan) -> Iterator[Row]:
    """Pool after pool: values what moved, matches it, and gives the rows of the year."""
    ledger = balances(opened.copy, opened.config.pools)
    want, tally = found.want, found.tally
    for pool in opened.pools:
        beside = opened.beside(pool, want.end)
        movements = opened.merged(pool, beside, want.end)
        units = moved(beside, plain_sums(opened.copy, opened.assets.get(pool, ()), want.end))
        if want.method is None:
            yield from unmatched(movements, pool, tally, listed=want.listed)
            held, short = max(units.arrived - units.left, 0), max(units.left - units.arrived, 0)
        else:
            for one in beside:
                tally.earned(one)
            matches = Matched(want.method.match(movements, plan))
            short = yield from matched(matches, pool, tally, listed=want.listed)
            outcome = matches.outcome
            held = sum(one.quantity for one in outcome.held)
            found.held += [(pool, one) for one in outcome.held]
            found.allocated += [(pool, moment, laid) for moment, laid in outcome.allocated]
            found.unmet += outcome.unmet
        found.ties.append(
            Tie(pool, units.arrived, units.left, units.came - units.went, held, short, ledger.get(pool, 0))
        )


def scopes(want: Want, zone: ZoneInfo) -> list[Scope]:
    """The books that lots stand in, from when on: the one asked for, or those of the rulebook."""
    if want.scope is not None:
        return [Scope(_EVER, _BOOKS[want.scope])]
    return [
        Scope(_EVER if since is None else micros(day_start(since, zone)), _BOOKS[name])
        for since, name in want.rules.scopes
    ]
