"""What every diagnosis is made of: the text of a check itself, and rows as they are cited."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from recon.checks import _sentences as say
from recon.checks._ask import Found
from recon.checks._values import Leg
from recon.core.breaks import Diagnosis
from recon.core.money import text
from recon.core.times import short_text


def tell_row(found: Found) -> Diagnosis:
    """What a check's own text says, with the place, the moment and the figures."""
    facts: dict[str, Any] = {"entry": found.entry, "record": found.record}
    record = {name: value for name, value in facts.items() if value is not None}
    if record and found.quantity is not None:
        record["quantity"] = text(found.quantity)
    return Diagnosis(kind=found.kind, text=say.row(found), records=(record,) if record else ())


def record(leg: Leg) -> dict[str, Any]:
    """A row as a diagnosis cites it."""
    return {
        "entry": leg.entry,
        "at": short_text(leg.at),
        "kind": leg.kind,
        "quantity": text(leg.quantity),
        "balance_after": None if leg.balance_after is None else text(leg.balance_after),
    }


def figures(legs: Iterable[Leg]) -> list[Decimal | None]:
    """The numbers of rows, for padding."""
    return [figure for leg in legs for figure in (leg.quantity, leg.balance_after)]
