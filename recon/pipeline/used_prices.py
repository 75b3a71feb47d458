"""Which prices the figures of a report rest on: noted while they are asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Literal

from duckdb import DuckDBPyConnection

from recon.core.holdings import PriceUsed
from recon.core.prices import Lacking, Price, Valued
from recon.core.times import EPOCH
from recon.ledger.facts import answer_digests
from recon.ledger.store import Ledger
from recon.pipeline.price_entry import stated
from recon.pipeline.tax import Books
from recon.pipeline.units import plain_trades_named
from recon.pipeline.value import Rate, Use, movement, of_trade
from recon.valuation import rules

_ENTRIES = """
select l.entry, l.source || '/' || l.number from legs as l where l.entry in (select unnest($ids))
union select p.entry, p.source || '/' || p.number from plain as p where p.entry in (select unnest($ids))
"""
_Key = tuple[str, str, str, datetime]


class Noted:
    """A way to ask for rates that remembers each price, how often it was used, and how old it was at most."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._timeless = {rule.name for rule in rules().values() if rule.timeless}
        self._used: dict[_Key, tuple[Price, int, int]] = {}

    def rate(
        self, asset: str, quote: str, at: datetime, rule: Literal["moment", "day before"] = "moment"
    ) -> Valued | Lacking:
        """What one unit of an asset was worth in a currency at a moment."""
        found = self._rate(asset, quote, at, rule)
        if isinstance(found, Valued):
            for leg in found.legs:
                key = self.key(leg.price)
                one, uses, oldest = self._used.get(key, (leg.price._replace(at=key[3]), 0, 0))
                self._used[key] = (one, uses + 1, max(oldest, leg.age_s))
        return found

    def __len__(self) -> int:
        return len(self._used)

    def key(self, one: Price) -> _Key:
        """What tells a price from the others; where its source knows no moment, none does."""
        return one.source, one.asset, one.quote, EPOCH if one.source in self._timeless else one.at

    def order(self) -> dict[_Key, int]:
        """The place of each in the list that ``told`` gives."""
        return {key: place for place, (key, _) in enumerate(self._sorted())}

    def _sorted(self) -> Sequence[tuple[_Key, tuple[Price, int, int]]]:
        return sorted(self._used.items(), key=lambda item: (item[0][1:], item[0][0]))

    def places(self) -> list[tuple[str, int]]:
        """The places that the prices are told at: ``answer`` and a line of the evidence, or ``entry`` and its id."""
        return [place for place in (_place(one.where) for one, _, _ in self._used.values()) if place]

    def told(
        self, answers: Mapping[int, str], approvers: Mapping[int, str], entries: Mapping[int, str]
    ) -> list[PriceUsed]:
        """Each price once, by asset and moment: with the digest of its answer, who approved it, its entry's name."""
        titles = {rule.name: rule.title for rule in rules().values()}
        found = []
        for _, (one, uses, oldest) in self._sorted():
            word, number = _place(one.where) or ("", 0)
            found.append(
                PriceUsed(
                    asset=one.asset,
                    quote=one.quote,
                    value=one.value,
                    at=one.at,
                    source=one.source,
                    rule=titles[one.source],
                    uses=uses,
                    age_s=oldest,
                    where=entries[number] if word == "entry" else one.where,
                    answer=answers.get(number, "") if word == "answer" else "",
                    approved_by=approvers.get(number, "") if word == "answer" else "",
                )
            )
        return found


def used(noted: Noted, copy: DuckDBPyConnection, ledger: Ledger) -> list[PriceUsed]:
    """The prices that were used over a typed copy: traced to the sealed answer, the entry or the person behind them."""
    places = noted.places()
    ids = {number for word, number in places if word == "entry"}
    entries = dict(copy.execute(_ENTRIES, {"ids": sorted(ids)}).fetchall()) if ids else {}
    with ledger.transaction() as tx:
        answers = answer_digests(tx, {number for word, number in places if word == "answer"})
        approvers = {one.answer: one.approved.person for one in stated(tx) if one.answer and one.approved}
    return noted.told(answers, approvers, entries)


def rests_on(noted: Noted, opened: Books, names: Collection[str]) -> dict[str, set[int]]:
    """By the id of a movement, of those of ``names``, the places of the prices that its amount rests on."""
    uses: list[Use] = []
    view = replace(opened.view, used=uses, lacks={})
    for one in chain.from_iterable(opened.others.values()):
        if one.id in names:
            movement(view, one)
    for _, asset, trade in plain_trades_named(opened.copy, names) if names else ():
        of_trade(view, trade, asset)
    found: dict[str, set[int]] = {}
    order = noted.order()
    for use in uses:
        found.setdefault(use.id, set()).update(order[noted.key(leg.price)] for leg in use.rate.legs)
    return found


def _place(where: str) -> tuple[str, int] | None:
    """``answer 17 /rates/0`` and ``entry 12`` as a word and a number; None for what recon.toml declares."""
    word, _, rest = where.partition(" ")
    number = rest.partition(" ")[0]
    return (word, int(number)) if word in ("answer", "entry") else None
