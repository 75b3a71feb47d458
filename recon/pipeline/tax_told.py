"""The calculation of a disposal as a person would write it, in lines: for the terminal, and for reports."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recon.core.lots import SHORT
from recon.core.money import aligned, text
from recon.core.prices import Valued
from recon.core.times import EPOCH, MICROSECOND, said_text
from recon.pipeline.price_list import quotient
from recon.pipeline.tax_explain import Event, Explained, Step
from recon.pipeline.tax_explained import fees, known, total, worth
from recon.pipeline.taxed import said
from recon.pipeline.value import Use

UNKNOWN = "?"
"""What is shown for an amount that nothing tells."""


class Told(NamedTuple):
    """A line, and how far in it stands."""

    deep: int
    words: str


def amount(one: int | None) -> str:
    """An amount for people."""
    return known(one) or UNKNOWN


def what_left(found: Explained) -> Iterator[Told]:
    """Each movement of the disposal, and what was said of it."""
    for one in found.events:
        yield Told(0, f"{one.movement.id}: {_what(found, one, 'left')}")
        yield from _said(one, 2)


def what_it_brought(found: Explained) -> Iterator[Told]:
    """The proceeds, with the way there."""
    for one in found.events:
        yield from _amount(found, one, "Brought", "Proceeds", 2)


def what_it_is_matched_with(found: Explained) -> Iterator[Told]:
    """Each match: the lot or the pool, what it cost, and how long it was held."""
    for number, step in enumerate(found.steps, 1):
        yield from _step(found, number, step)


def the_rows_behind_it(found: Explained) -> Iterator[Told]:
    """The sealed rows of each movement."""
    told: dict[str, Event] = {}
    for one in (*found.events, *(each for step in found.steps for each in step.events)):
        told.setdefault(one.movement.id, one)
    for one in told.values():
        sealed = one.evidence
        if sealed is None:
            yield Told(0, f"{one.movement.id}: no row; people entered it")
            continue
        yield Told(
            0, f"{one.movement.id}: {sealed.source}/{sealed.stream}, {sealed.kind} of {said_text(sealed.at)}"
        )
        yield Told(2, f"row {sealed.pointer} of the sealed answer {sealed.answer}")


def _step(found: Explained, number: int, step: Step) -> Iterator[Told]:
    row = step.row
    asset, currency = row.asset, found.found.view.currency
    if row.rule == SHORT:
        yield Told(0, f"{number}. {said(row.quantity)} {asset} that no lot had: they have no cost")
    elif row.lot is None:
        yield Told(0, f"{number}. {row.rule}: {said(row.quantity)} {asset} at the average cost")
    else:
        yield Told(0, f"{number}. {row.rule}: {said(row.quantity)} {asset} of lot {row.lot}")
    for one in step.events:
        moved = "" if one.movement.place == row.place or not row.place else f"; they left {row.place}"
        yield Told(4, f"{one.movement.id}: {_what(found, one, 'arrived')}{moved}")
        yield from _said(one, 6)
        yield from _amount(found, one, "Paid", "Cost", 6)
    if step.pool:
        quantities = _right([said(one.quantity) for one in step.pool])
        costs = _right([amount(one.cost) for one in step.pool])
        for title, quantity, cost in zip(("before", "after"), quantities, costs, strict=True):
            yield Told(4, f"Pool {title:<6}  {quantity} {asset}  cost {cost} {currency}")
    if row.lot is not None and row.cost is not None:
        whole = sum(one.movement.quantity for one in step.events)
        of = total(one.movement.amount for one in step.events)
        if whole != row.quantity and of is not None:
            part = f"{said(row.quantity)} of {said(whole)} {asset}: {said(row.cost)} of {said(of)} {currency}"
            yield Told(4, part)
    if row.term:
        turns = f"; long from {step.long_from} on" if step.long_from else ""
        yield Told(4, f"Held from {row.acquired} to {row.disposed}: {row.term} term{turns}")
    if row.lacks:
        yield Told(4, f"Not known: {row.lacks}")


def _what(found: Explained, one: Event, went: str) -> str:
    moved = one.movement
    at = found.local(moved.at)
    when = at.replace(tzinfo=None).isoformat(sep=" ")
    against = (
        "" if one.against is None else f", {'for' if moved.quantity < 0 else 'against'} {_units(one.against)}"
    )
    utc = said_text(EPOCH + MICROSECOND * moved.at)
    place = f"{'at' if moved.quantity > 0 else 'from'} {moved.place}"
    zone = "" if found.zone == "UTC" else f"{when} in {found.zone}, "
    units = f"{said(abs(moved.quantity))} {found.asset}"
    return f"{units} {went} {place} by {moved.activity}{against}, {zone}{utc}"


def _said(one: Event, deep: int) -> Iterator[Told]:
    """What a rule of the user and the row itself say."""
    if one.said.rule:
        yield Told(deep, f"[rules] {one.said.rule} says that it is this")
    if one.said.note:
        yield Told(deep, f"Its note: {one.said.note}")


def _amount(found: Explained, one: Event, brought: str, whole: str, deep: int) -> Iterator[Told]:
    """An amount with the way there: each price that was used, what was paid, the fees, and what comes of it."""
    moved = one.movement
    if one.said.worth and moved.amount is not None:
        currency, stated, of = one.said.worth
        yield Told(
            deep, f"Its row says that {_units((found.asset, of))} were worth {_units((currency, stated))}"
        )
    told: Valued | None = None
    for use in one.uses:
        if use.rate.legs:
            yield from _use(found, one, use, deep, anew=use.rate != told)
            told = use.rate
    if moved.amount is None:
        yield Told(deep, f"{whole}: {UNKNOWN}{f' ({one.lacks})' if one.lacks else ''}")
        return
    fee = fees(one)
    lines = [(whole, said(moved.amount))]
    if fee and moved.worth is not None:
        lines = [(brought, said(moved.worth)), ("Fee", said(fee if moved.quantity > 0 else -fee)), *lines]
    for (title, _), figure in zip(lines, _right([figure for _, figure in lines]), strict=True):
        yield Told(deep, f"{title:<9} {figure} {found.found.view.currency}")


def _use(found: Explained, one: Event, use: Use, deep: int, *, anew: bool) -> Iterator[Told]:
    """One amount in another asset: the price leg by leg, with ages, where it is used anew; and the product."""
    if anew:
        yield Told(deep, worth(found, one, use).text)
        ages = [
            f"{leg.price.asset} in {leg.price.quote} is {age(leg.age_s)} older"
            for leg in use.rate.legs
            if leg.price.source != "parity"
        ]
        if ages:
            yield Told(deep + 2, f"({'; '.join(ages)})")
    currency = found.found.view.currency
    product = f"{said(use.units)} {use.asset} x {text(quotient(use.rate))} = {said(use.amount)} {currency}"
    yield Told(deep, f"{'fee: ' if use.fee else ''}{product}")


def age(seconds: int) -> str:
    """How much older a price is than what it values."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _units(one: tuple[str, int]) -> str:
    return f"{said(one[1])} {one[0]}"


def _right(figures: Sequence[str]) -> list[str]:
    """Amounts whose points stand in one line, of one width."""
    told = aligned(figures)
    width = max(map(len, told), default=0)
    return [one.rjust(width) for one in told]
