"""What Egera states beside rows and balances: volumes, limits, the affiliate programme, open offers.

Nothing of it is posted. ``affiliate`` gives totals without a time, and its ``list`` is documented as empty: no row
says when something was paid or that it was. What is paid moves the balance, and closing_balance then shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import Any

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.errors import NumberRefused
from recon.core.money import ZERO, exact, fit, parse, text
from recon.core.records import Fact, asset_code
from recon.core.times import moment_text
from recon.sources._egera_account import amount_stated, or_false, table
from recon.sources._egera_rows import Habits, when
from recon.sources._rows import RowFault, field, member, objects, read_answer, refuse, shown, step

PERSONAL = frozenset((
    "nick", "name", "surname", "email", "phone", "ip", "last_ip", "city", "country", "country_code", "device",
))  # fmt: skip
"""Members of the venue's answers that are about a person."""


def volume_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The traded volume of each currency; over which time is not documented."""
    answer = answers[0]
    rows = member(answer, read_answer(answer), "volumes", list)
    for pointer, row in objects(answer, rows, "/volumes"):
        try:
            amount = text(or_false(row.get("amount")))
        except NumberRefused as fault:
            refuse(answer, f"the volume at {pointer}: {fault}")
        subject = asset_code(row.get("currency"))[0]
        yield Fact(subject, "volume", amount, answer.at, answer.seq, f"{pointer}/amount")


def count_volumes(answers: Sequence[Answer]) -> int:
    """How many currencies have a volume."""
    return len(member(answers[0], read_answer(answers[0]), "volumes", list))


def limit_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The limits of a month and of a year; of what, and in which currency, is not documented."""
    answer = answers[0]
    value = table(answer, read_answer(answer), "the answer")
    for name in ("limitMonthly", "limitYearly"):
        if name not in value:
            refuse(answer, f"the answer has no {name!r}")
        yield Fact("account", name, amount_stated(value[name]), answer.at, answer.seq, f"/{name}")


def affiliate_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """What the affiliate programme earned. The rows of ``list``, of no known shape, are kept as JSON."""
    answer = answers[0]
    found = table(answer, read_answer(answer), "the answer").get("affiliate")
    value = table(answer, found, "'affiliate'")
    for name in ("earned", "verified", "registered"):
        if name in value:
            pointer = f"/affiliate/{name}"
            yield Fact("affiliate", name, amount_stated(value[name]), answer.at, answer.seq, pointer)
    for code, amount in table(answer, value.get("earnTabele", {}), "'earnTabele'").items():
        pointer = f"/affiliate/earnTabele/{step(code)}"
        yield Fact(asset_code(code)[0], "earned", amount_stated(amount), answer.at, answer.seq, pointer)
    for place, row in _listed(_impersonal(value.get("list"))):
        pointer = f"/affiliate/list{place}"
        yield Fact("affiliate", "list", write_json(row), answer.at, answer.seq, pointer)


def _listed(rows: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(rows, list):
        yield from ((f"/{number}", row) for number, row in enumerate(rows))
    elif isinstance(rows, dict):
        yield from ((f"/{step(name)}", row) for name, row in rows.items())
    elif rows is not None and rows is not False:
        yield "", rows


def _impersonal(value: Any) -> Any:
    """A value of unknown shape without what is about a person: members so named, and anything like an e-mail."""
    if isinstance(value, dict):
        return {
            name: _impersonal(inner)
            for name, inner in value.items()
            if name.lower() not in PERSONAL and "@" not in name
        }
    if isinstance(value, list):
        return [_impersonal(inner) for inner in value]
    return "(withheld)" if isinstance(value, str) and "@" in value else value


def offer_facts(answers: Sequence[Answer], *, habits: Habits) -> Iterator[Fact]:
    """The fields of each open offer, and what all of them lock of each currency: what ``inactive`` should say.

    A sale locks its amount, a purchase what it would cost without a fee.
    """
    answer = answers[0]
    locked: dict[str, Decimal] = {}
    for pointer, row in _offers(answer):
        number, side = field(row, "nr"), row.get("offertype")
        if not number:
            refuse(answer, f"the offer at {pointer} has no nr")
        try:
            facts, asset, needed = _offer(row, side, habits)
            with exact():
                locked[asset] = locked.get(asset, ZERO) + needed
        except (RowFault, NumberRefused, DecimalException) as fault:
            why = "its price is too long" if isinstance(fault, DecimalException) else str(fault)
            refuse(answer, f"the offer at {pointer}: {why}")
        for name, value in facts.items():
            yield Fact(shown(number), name, value, answer.at, answer.seq, pointer)
    for asset, total in sorted(locked.items()):
        yield Fact(asset, "locked", text(total), answer.at, answer.seq, "/offers")


def _offer(row: Mapping[str, Any], side: Any, habits: Habits) -> tuple[dict[str, str], str, Decimal]:
    """The facts of an offer, the currency it locks, and how much of it."""
    if side not in ("bid", "ask"):
        raise RowFault("its offertype is neither bid nor ask")
    base, quote = asset_code(row.get("currency1"))[0], asset_code(row.get("currency2"))[0]
    amount, price = parse(row.get("amount")), parse(row.get("price"))
    with exact():
        asset, needed = (base, amount) if side == "ask" else (quote, habits.rounded(amount * price, quote))
    facts = {
        "pair": f"{base}_{quote}".lower(),
        "offertype": side,
        "amount": text(amount),
        "price": text(price),
        "time_open": moment_text(when(row.get("time_open"))),
    }
    return facts, asset, fit(needed)


def _offers(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    return objects(answer, member(answer, read_answer(answer), "offers", list), "/offers")


def count_offers(answers: Sequence[Answer]) -> int:
    """How many offers are open."""
    return sum(1 for _ in _offers(answers[0]))
