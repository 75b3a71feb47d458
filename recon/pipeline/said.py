"""What rows and people say of units beside moving them: a worth, a cost, a note; and what a rule takes them for."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from recon.core.activity import PURCHASE, SALE, SWAP_IN, SWAP_OUT, TRANSFER
from recon.core.adjustments import ADJUSTMENTS, document_of
from recon.core.canonical import read_json
from recon.core.money import parse
from recon.core.records import Told
from recon.ledger.reads import entry_evidence
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.openings import STREAM as OPENINGS
from recon.pipeline.tax_settings import Rule
from recon.pipeline.units import Part, scaled

_TRADED = {PURCHASE, SALE, SWAP_IN, SWAP_OUT}
_UNSAID = {*_TRADED, TRANSFER}
"""What is told by its postings alone."""


class Said(NamedTuple):
    """``worth`` is a currency, an amount, and of how many units that is the worth; ``cost`` is of base currency.

    ``rule`` is the rule that fitted.
    """

    worth: tuple[str, int, int] | None = None
    cost: int | None = None
    note: str = ""
    rule: str = ""


def heard(tx: Transaction, config: Config, parts: Iterable[Part]) -> tuple[list[Part], dict[str, Said]]:
    """The parts with the activities that rules choose, and what is said of them, by id.

    A rule may take a movement to or from outside for a move between own places; no rule touches what is one already.
    """
    every = [*parts]
    asked = {one.entry for one in every if one.activity not in _UNSAID}
    stated = _stated(tx, config, asked) if asked else {}
    trades = {one.entry for one in every if one.activity in _TRADED}
    said: dict[str, Said] = {}
    chosen = []
    for part in every:
        asset, told = stated.get(part.entry, ("", Said()))
        # a fee in another asset is not what the row's worth is of; and of a trade all sides are told already
        if asset != part.asset or part.entry in trades:
            told = told._replace(worth=None)
        name = "" if part.activity == TRANSFER else _rule(config.rules, part, told.note)
        chosen.append(_ruled(part, config.rules[name].activity) if name else part)
        told = told._replace(rule=name)
        if told != Said():
            said[part.id] = told
    return chosen, said


def _stated(tx: Transaction, config: Config, entries: Iterable[int]) -> dict[int, tuple[str, Said]]:
    """What the rows of entries state, each with the asset that it is about."""
    readers = {one.name: one.source.told(one.settings) for one in config.sources}
    found = {}
    for one in entry_evidence(tx, entries):
        if one.stream == OPENINGS:
            row = read_json(one.data.encode())
            cost = scaled(parse(row["cost"])) if row["cost"] else None
            found[one.entry_id] = one.asset, Said(cost=cost, note=row["note"])
            continue
        if one.stream == ADJUSTMENTS:
            found[one.entry_id] = one.asset, Said(note=document_of(one.data).draft.text)
            continue
        told = readers[one.source](one.data) if one.source in readers else Told()
        worth = None
        if told.worth is not None and one.quantity:
            worth = (told.worth[0], scaled(told.worth[1]), abs(scaled(one.quantity)))
        found[one.entry_id] = one.asset, Said(worth=worth, note=told.note)
    return found


def _ruled(part: Part, activity: str) -> Part:
    return part._replace(activity=activity, transfer="own" if activity == TRANSFER else "")


def _rule(rules: Mapping[str, Rule], one: Part, note: str) -> str:
    """The name of the first rule that fits; empty for none."""
    return next((name for name, rule in rules.items() if _fits(rule, one, note)), "")


def _fits(rule: Rule, one: Part, note: str) -> bool:
    amount = None if rule.amount is None else scaled(rule.amount.copy_abs())
    return (
        rule.source in (None, one.source)
        and rule.account in (None, one.place.partition(":")[2])
        and rule.asset in (None, one.asset, one.pool)
        and rule.type in (None, one.kind)
        and rule.direction in (None, "in" if one.quantity > 0 else "out")
        and rule.address in (None, one.address)
        and rule.txid in (None, one.txid)
        and amount in (None, abs(one.quantity))
        and (rule.note is None or rule.note in note)
    )
