"""The calculation of a disposal as its JSON answer states it."""

from collections.abc import Iterable
from typing import Any

from recon.core.lots import Stock
from recon.core.money import text
from recon.core.times import EPOCH, MICROSECOND
from recon.pipeline.price_list import Worth, leg_facts, quotient
from recon.pipeline.tax_explain import Event, Explained, Step
from recon.pipeline.taxed import moment, said
from recon.pipeline.value import Use


def facts(found: Explained) -> dict[str, Any]:
    """The whole document. What is not known is null here, and ``lacks`` says why."""
    rows = [step.row for step in found.steps]
    first = rows[0]
    proceeds, cost = total(row.proceeds for row in rows), total(row.cost for row in rows)
    uses = [
        (one, use)
        for one in (*found.events, *(each for step in found.steps for each in step.events))
        for use in one.uses
        if use.rate.legs
    ]
    return {
        **found.found.head(),
        "disposal": {
            "id": first.id,
            "asset": first.asset,
            "account": first.place or None,
            "activity": first.activity,
            "disposed_at": moment(first.disposed_at),
            "local": found.local(first.disposed_at).isoformat(),
            "zone": found.zone,
            "quantity": said(sum(row.quantity for row in rows)),
            "proceeds": known(proceeds),
            "cost": known(cost),
            "gain": known(None if proceeds is None or cost is None else proceeds - cost),
            "taxed": first.taxed,
            "movements": [_event(found, one) for one in found.events],
        },
        "matches": [_step(found, one) for one in found.steps],
        "prices": [
            {
                "of": use.id,
                "for": "fee" if use.fee else "worth",
                "asset": use.asset,
                "quantity": said(use.units),
                "rate": text(quotient(use.rate)),
                "amount": said(use.amount),
                "legs": [leg_facts(leg) for leg in use.rate.legs],
                "text": worth(found, one, use).text,
            }
            for one, use in uses
        ],
    }


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum of amounts; None where one of them is not known."""
    every = [*amounts]
    return None if None in every else sum(one for one in every if one is not None)


def known(amount: int | None) -> str | None:
    """An amount as a decimal, where it is known."""
    return None if amount is None else said(amount)


def worth(found: Explained, one: Event, use: Use) -> Worth:
    """The price that was used, with the way to it."""
    return Worth(
        asset=use.asset,
        quote=found.found.view.currency,
        at=EPOCH + MICROSECOND * one.movement.at,
        found=use.rate,
        tables=found.tables,
    )


def fees(one: Event) -> int | None:
    """What was taken for a movement, in the rulebook's currency."""
    amount, worth = one.movement.amount, one.movement.worth
    return None if amount is None or worth is None else abs(amount - worth)


def _step(found: Explained, step: Step) -> dict[str, Any]:
    row = step.row
    return {
        "rule": row.rule or None,
        "lot": row.lot,
        "acquired_at": None if row.acquired_at is None else moment(row.acquired_at),
        "quantity": said(row.quantity),
        "proceeds": known(row.proceeds),
        "cost": known(row.cost),
        "gain": known(row.gain),
        "term": row.term,
        "long_from": None if step.long_from is None else step.long_from.isoformat(),
        "lacks": row.lacks or None,
        "pool": None
        if step.pool is None
        else dict(zip(("before", "after"), map(_stock, step.pool), strict=True)),
        "acquisitions": [_event(found, one) for one in step.events],
    }


def _stock(one: Stock) -> dict[str, str | None]:
    return {"quantity": said(one.quantity), "cost": known(one.cost)}


def _event(found: Explained, one: Event) -> dict[str, Any]:
    moved, sealed = one.movement, one.evidence
    return {
        "id": moved.id,
        "activity": moved.activity,
        "ruled_by": one.said.rule or None,
        "note": one.said.note or None,
        "stated": None
        if one.said.worth is None
        else {"asset": one.said.worth[0], "amount": said(one.said.worth[1]), "for": said(one.said.worth[2])},
        "account": moved.place,
        "at": moment(moved.at),
        "local": found.local(moved.at).isoformat(),
        "quantity": said(abs(moved.quantity)),
        "against": None if one.against is None else _asset(one.against),
        "fees": [_asset(fee) for fee in one.fees],
        "worth": known(moved.worth),
        "fee": known(fees(one)),
        "amount": known(moved.amount),
        "lacks": one.lacks or None,
        "evidence": None
        if sealed is None
        else {
            "source": sealed.source,
            "stream": sealed.stream,
            "kind": sealed.kind,
            "answer": sealed.answer,
            "pointer": sealed.pointer,
        },
    }


def _asset(one: tuple[str, int]) -> dict[str, str]:
    return {"asset": one[0], "quantity": said(one[1])}
