"""The fees that venues state beside rows and balances, as parts of what is moved or flat amounts.

What is no number above zero is no fee; a part of a hundred percent or more is none either.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from recon.core.errors import NumberRefused
from recon.core.money import exact, parse
from recon.core.records import Rate, asset_code

Facts = Mapping[tuple[str, str, str], str]


def egera(facts: Facts) -> Iterator[Rate]:
    """Trading fees count in units of 0.0001 of the trade; the fee of a withdrawal is an amount of its currency."""
    for (stream, subject, name), value in sorted(facts.items()):
        if (stream, subject) == ("account", "fee"):
            yield from _part(f"{name} fee", value, 4)
        elif (stream, name) == ("wallets", "current_optimal_fee"):
            yield from _flat(subject, "withdrawal fee", value)


def cryptofuse(facts: Facts) -> Iterator[Rate]:
    """Percentages; smallest fees by currency; network fees, where they are stated in the currency that moves."""
    for (stream, subject, name), value in sorted(facts.items()):
        kind, _, rest = subject.partition("_fees")
        if (stream, subject, name) == ("me", "account", "transaction_fee"):
            yield from _part("transaction fee", value, 2)
        elif stream == "fees" and kind in {"transaction", "withdrawal"}:
            if (rest, name) == ("", "percentage"):
                yield from _part(f"{kind} fee", value, 2)
            elif rest == " minimum_fees":
                yield from _flat(name, f"smallest {kind} fee", value)
            elif rest.startswith(" network_fees ") and name == "estimate":
                asset = rest.removeprefix(" network_fees ")
                if facts.get((stream, subject, "currency"), "").upper() == asset.upper():
                    yield from _flat(asset, "network fee", value)


def ethgas(facts: Facts) -> Iterator[Rate]:
    """Trading fees are fractions; the fee of a withdrawal is an amount of the token."""
    for (stream, subject, name), value in sorted(facts.items()):
        if (stream, subject) == ("fees", "trading fees"):
            yield from _part(name, value, 0)
        elif stream in {"tokens", "limits"} and name == "withdrawFee":
            code = facts.get(("tokens", subject.partition(" chain ")[0], "code"))
            if code:
                yield from _flat(code, "withdrawal fee", value)


def _part(name: str, value: str, places: int) -> Iterator[Rate]:
    stated = _number(value)
    if stated is not None:
        with exact():
            part = stated.scaleb(-places)
        if part < 1:
            yield Rate("", name, part, None)


def _flat(code: str, name: str, value: str) -> Iterator[Rate]:
    asset, usable = asset_code(code)
    stated = _number(value)
    if usable and stated is not None:
        yield Rate(asset, name, None, stated)


def _number(value: str) -> Decimal | None:
    try:
        stated = parse(value)
    except NumberRefused:
        return None
    return stated if stated > 0 else None
