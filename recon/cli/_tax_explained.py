"""What ``recon tax --explain`` shows people: the calculation of a disposal, step by step."""

from collections.abc import Sequence
from textwrap import fill

import click

from recon.cli._output import aligned, plain, table
from recon.cli._tax_screen import UNKNOWN, amount, heading
from recon.core.lots import SHORT
from recon.core.money import text
from recon.core.prices import Valued
from recon.core.tax import Row
from recon.core.times import EPOCH, MICROSECOND, said_text
from recon.pipeline.price_list import quotient
from recon.pipeline.tax_explain import Event, Explained, Step
from recon.pipeline.tax_explained import fees, total, worth
from recon.pipeline.taxed import said
from recon.pipeline.value import Use

_WIDTH = 116


def show(found: Explained) -> None:
    """What left, what it brought, what it is matched with, what comes of it, and the rows behind it."""
    rows = [step.row for step in found.steps]
    asset = rows[0].asset
    heading(found.found)
    _title("What left")
    for one in found.events:
        _say(f"{one.movement.id}: {_what(found, one, asset, 'left')}")
        _said(one)
    _title("What it brought")
    for one in found.events:
        _amount(found, one, "Brought", "Proceeds")
    if found.found.want.rules.lots:
        _title("What it is matched with")
        for number, step in enumerate(found.steps, 1):
            _step(found, number, step)
    _result(found, rows)
    _title("The rows behind it")
    told: dict[str, Event] = {}
    for one in (*found.events, *(each for step in found.steps for each in step.events)):
        told.setdefault(one.movement.id, one)
    for one in told.values():
        _evidence(one)


def _step(found: Explained, number: int, step: Step) -> None:
    row = step.row
    asset = row.asset
    if row.rule == SHORT:
        _say(f"{number}. {said(row.quantity)} {asset} that no lot had: they have no cost")
    elif row.lot is None:
        _say(f"{number}. {row.rule}: {said(row.quantity)} {asset} at the average cost")
    else:
        _say(f"{number}. {row.rule}: {said(row.quantity)} {asset} of lot {row.lot}")
    for one in step.events:
        moved = "" if one.movement.place == row.place or not row.place else f"; they left {row.place}"
        _say(f"{one.movement.id}: {_what(found, one, asset, 'arrived')}{moved}", 4)
        _said(one, 4)
        _amount(found, one, "Paid", "Cost", 4)
    if step.pool:
        before, after = step.pool
        quantities = aligned([said(one.quantity) for one in (before, after)])
        costs = aligned([amount(one.cost) for one in (before, after)])
        width = [max(map(len, column)) for column in (quantities, costs)]
        for title, quantity, cost in zip(("before", "after"), quantities, costs, strict=True):
            _say(
                f"Pool {title:<6}  {quantity:>{width[0]}} {asset}  cost {cost:>{width[1]}} {_currency(found)}",
                4,
            )
    if row.lot is not None and row.cost is not None:
        whole = sum(one.movement.quantity for one in step.events)
        of = total(one.movement.amount for one in step.events)
        if whole != row.quantity and of is not None:
            _say(
                f"{said(row.quantity)} of {said(whole)} {asset}: {said(row.cost)} of {said(of)} {_currency(found)}",
                4,
            )
    if row.term:
        turns = f"; long from {step.long_from} on" if step.long_from else ""
        _say(f"Held from {row.acquired} to {row.disposed}: {row.term} term{turns}", 4)
    if row.lacks:
        _say(f"Not known: {row.lacks}", 4)


def _what(found: Explained, one: Event, asset: str, went: str) -> str:
    moved = one.movement
    at = found.local(moved.at)
    when = at.replace(tzinfo=None).isoformat(sep=" ")
    against = (
        "" if one.against is None else f", {'for' if moved.quantity < 0 else 'against'} {_units(one.against)}"
    )
    utc = said_text(EPOCH + MICROSECOND * moved.at)
    place = f"{'at' if moved.quantity > 0 else 'from'} {moved.place}"
    zone = "" if found.zone == "UTC" else f"{when} in {found.zone}, "
    return f"{said(abs(moved.quantity))} {asset} {went} {place} by {moved.activity}{against}, {zone}{utc}"


def _said(one: Event, deep: int = 0) -> None:
    """What a rule of the user and the row itself say."""
    if one.said.rule:
        _say(f"[rules] {one.said.rule} says that it is this", deep + 2)
    if one.said.note:
        _say(f"Its note: {one.said.note}", deep + 2)


def _amount(found: Explained, one: Event, brought: str, whole: str, deep: int = 0) -> None:
    """An amount with the way there: each price that was used, what was paid, the fees, and what comes of it."""
    moved = one.movement
    if one.said.worth and moved.amount is not None:
        currency, stated, of = one.said.worth
        units = _units((found.steps[0].row.asset, of))
        _say(f"Its row says that {units} were worth {_units((currency, stated))}", deep + 2)
    told: Valued | None = None
    for use in one.uses:
        if use.rate.legs:
            _use(found, one, use, deep + 2, anew=use.rate != told)
            told = use.rate
    if moved.amount is None:
        _say(f"{whole}: {UNKNOWN}{f' ({one.lacks})' if one.lacks else ''}", deep + 2)
        return
    fee = fees(one)
    lines = [(whole, said(moved.amount))]
    if fee and moved.worth is not None:
        lines = [(brought, said(moved.worth)), ("Fee", said(fee if moved.quantity > 0 else -fee)), *lines]
    for (title, _), figure in zip(lines, _right([figure for _, figure in lines]), strict=True):
        _say(f"{title:<9} {figure} {_currency(found)}", deep + 2)


def _use(found: Explained, one: Event, use: Use, deep: int, *, anew: bool) -> None:
    """One amount in another asset: the price leg by leg, with ages, where it is used anew; and the product."""
    if anew:
        _say(worth(found, one, use).text, deep)
    ages = [
        f"{leg.price.asset} in {leg.price.quote} is {_age(leg.age_s)} older"
        for leg in use.rate.legs
        if leg.price.source != "parity"
    ]
    if ages and anew:
        _say(f"({'; '.join(ages)})", deep + 2)
    product = (
        f"{said(use.units)} {use.asset} x {text(quotient(use.rate))} = {said(use.amount)} {_currency(found)}"
    )
    _say(f"{'fee: ' if use.fee else ''}{product}", deep)


def _age(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _result(found: Explained, rows: Sequence[Row]) -> None:
    names = ("Units", "Proceeds", "Cost", "Gain")
    figures = [(row.quantity, row.proceeds, row.cost, row.gain) for row in rows]
    columns = [[*column] for column in zip(*figures, strict=True)]
    if len(rows) > 1:
        columns = [[*column, total(column)] for column in columns]
    told = [aligned([amount(one) for one in column]) for column in columns]
    marks = [(str(number), row.rule, row.term or "") for number, row in enumerate(rows, 1)]
    marks += [("", "in all", "")] if len(rows) > 1 else []
    shown = [[*mark, *some] for mark, *some in zip(marks, *told, strict=True)]
    click.echo()
    table(
        f"What comes of it, in {_currency(found)}",
        [("", "left"), ("Rule", "left"), ("Term", "left"), *((name, "right") for name in names)],
        shown,
    )
    if not rows[0].taxed:
        _say("No gain and no loss counts: the units leave at their cost.")
    for lacks in dict.fromkeys(row.lacks for row in rows if row.lacks):
        _say(f"{UNKNOWN}: {lacks}")


def _evidence(one: Event) -> None:
    sealed = one.evidence
    if sealed is None:
        _say(f"{one.movement.id}: no row; people entered it")
        return
    _say(f"{one.movement.id}: {sealed.source}/{sealed.stream}, {sealed.kind} of {said_text(sealed.at)}")
    click.echo(plain(f"    row {sealed.pointer} of the sealed answer {sealed.answer}"))


def _currency(found: Explained) -> str:
    return found.found.view.currency


def _units(one: tuple[str, int]) -> str:
    return f"{said(one[1])} {one[0]}"


def _right(figures: Sequence[str]) -> list[str]:
    """Amounts whose points stand in one line, of one width."""
    told = aligned(figures)
    width = max(map(len, told), default=0)
    return [one.rjust(width) for one in told]


def _title(words: str) -> None:
    click.echo("\n" + click.style(words, bold=True))


def _say(words: str, deep: int = 0) -> None:
    """A line; a long one is broken between words and goes on further in."""
    indent = " " * (deep + 2)
    click.echo(
        fill(
            plain(words), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ",
            break_long_words=False, break_on_hyphens=False, replace_whitespace=False, drop_whitespace=True,
        )
    )  # fmt: skip
