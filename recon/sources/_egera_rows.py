"""Egera's histories: own trades, deposits and withdrawals with their postings, and logins, which post nothing."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.canonical import read_json, write_json
from recon.core.contracts import Pass, Request
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import ZERO, exact, parse, round_to
from recon.core.records import Posting, Row, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._egera_account import DECIMALS_UNSTATED, PLACE, or_false, table
from recon.sources._rows import (
    RowFault,
    field,
    mark,
    member,
    moment,
    objects,
    odd_row,
    read_answer,
    refuse,
    word,
)

_TRADE_FIELDS = (
    "currency1", "currency2", "amount", "time_close", "price", "fee_taker", "fee_maker", "type", "action",
)  # fmt: skip
_LOGIN_FIELDS = ("timestamp", "ip", "city", "country", "country_code", "device", "status")
_MICROTIME = re.compile(r"0\.([0-9]{6})[0-9]* ([0-9]{9,10})\Z")


class Habits(NamedTuple):
    """How the venue charges and rounds, as settings and its own answers tell.

    ``fee_in_received``: the fee of a bid is taken from what it brings. ``fee_scale``: a rate's power of ten.
    """

    fee_in_received: bool
    fee_scale: int
    rounding: str
    decimals: Mapping[str, int]

    def rounded(self, number: Decimal, asset: str) -> Decimal:
        """At the decimals of ``asset``."""
        return round_to(number, self.decimals.get(asset, DECIMALS_UNSTATED), self.rounding)


def when(value: Any) -> datetime:
    """A time as this venue writes it: s, ms or us since 1970 by magnitude, or PHP's "fraction seconds".

    Raises RowFault where it is none between 2009 and 2100.
    """
    found = _MICROTIME.match(value) if isinstance(value, str) else None
    return moment(found[2] + found[1] if found else value)


def trades(answers: Sequence[Answer], *, habits: Habits) -> Iterator[Row]:
    """Own trades. One that cannot be understood is kept in suspense."""
    answer = answers[0]
    for pointer, row in objects(answer, member(answer, read_answer(answer), "history", list), "/history"):
        identity = tuple(field(row, name) for name in _TRADE_FIELDS)
        try:
            yield _trade(answer, pointer, row, identity, habits)
        except (RowFault, NumberRefused, DecimalException) as fault:
            why = "amount times price is too long" if isinstance(fault, DecimalException) else str(fault)
            yield odd_row(answer, pointer, row, identity, PLACE, row.get("currency1"), why)


def traded(passed: Pass | None) -> set[str]:
    """The currencies of all trades, as stated."""
    value = read_answer(passed.answers[0]) if passed else None
    rows = value.get("history") if isinstance(value, dict) else None
    return {
        field(row, name)
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
        for name in ("currency1", "currency2")
    }


def _trade(
    answer: Answer, pointer: str, row: Mapping[str, Any], identity: tuple[str, ...], habits: Habits
) -> Row:
    """Base and quote against trading, the fee against fees."""
    side, action = row.get("type"), row.get("action")
    if side not in ("bid", "ask") or action not in ("open", "close"):
        raise RowFault(f"type {word(side)} with action {word(action)} is unknown")
    at = when(row.get("time_close"))
    base, base_usable = asset_code(row.get("currency1"))
    quote, quote_usable = asset_code(row.get("currency2"))
    amount = parse(row.get("amount"))
    rate = or_false(row.get(f"fee_{_rate_name(row)}"))
    with exact():
        paid = habits.rounded(amount * parse(row.get("price")), quote)
        share = rate.scaleb(-habits.fee_scale)
        in_base = habits.fee_in_received and side == "bid"
        fee_asset, of = (base, amount) if in_base else (quote, paid)
        fee = habits.rounded(of * share, fee_asset)
        base_moved, quote_moved = (amount, -paid) if side == "bid" else (-amount, paid)
    place, suspense = assets(answer.source, PLACE), f"suspense:{answer.source}"
    postings = (
        *moved(place, "trading" if base_usable else suspense, base, base_moved),
        *moved(place, "trading" if quote_usable else suspense, quote, quote_moved),
        *moved(place, f"fees:{answer.source}", fee_asset, fee.copy_negate()),
    )
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind="buy" if side == "bid" else "sell",
        status="settled",
        account=PLACE,
        asset=base,
        quantity=base_moved,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=merged(postings),
    )


def charged(data: str) -> tuple[str, Decimal] | None:
    """Which of the two rates a trade as received was charged, and how much it is; None where it states no number."""
    row = read_json(data.encode())
    name = _rate_name(row)
    try:
        return name, or_false(row.get(f"fee_{name}"))
    except NumberRefused:
        return None


def _rate_name(row: Mapping[str, Any]) -> str:
    """The maker's rate when our offer was resting."""
    return "maker" if row.get("action") == "open" else "taker"


def deposits(answers: Sequence[Answer], *, currency: str) -> Iterator[Row]:
    """The member ``type`` of a deposit holds the transaction's hash. A word without a digit in it is none."""
    return _movements(answers[0], currency, "deposit", ("time", "amount", "type"))


def withdrawals(answers: Sequence[Answer], *, currency: str) -> Iterator[Row]:
    """``tx`` is empty until the withdrawal is sent, so it is no part of the identity."""
    return _movements(answers[0], currency, "withdrawal", ("time", "amount", "address"))


def _movements(answer: Answer, currency: str, kind: str, fields: Sequence[str]) -> Iterator[Row]:
    for pointer, row in objects(answer, member(answer, read_answer(answer), "history", list), "/history"):
        identity = (currency, *(field(row, name) for name in fields))
        try:
            at = when(row.get("time"))
            quantity = parse(row.get("amount"))
        except (RowFault, NumberRefused) as fault:
            yield odd_row(answer, pointer, row, identity, PLACE, currency, str(fault))
            continue
        if kind == "withdrawal":
            quantity = quantity.copy_negate()
        done = field(row, "state") == "1"
        postings: tuple[Posting, ...] = ()
        if done:
            postings = merged(
                moved(assets(answer.source, PLACE), f"external:{answer.source}", currency, quantity)
            )
        yield Row(
            identity=identity,
            at=at,
            ordinal=micros(at),
            kind=kind,
            status="settled" if done else "pending",
            account=PLACE,
            asset=currency,
            quantity=quantity,
            data=write_json(row),
            seq=answer.seq,
            pointer=pointer,
            postings=postings,
            txid=mark(row.get("tx")) if kind == "withdrawal" else _hash(row.get("type")),
            address=mark(row.get("address")) if kind == "withdrawal" else "",
        )


def _hash(stated: Any) -> str:
    """Of a bank's transfer ``type`` may say what it is; the page that calls it a hash speaks of coins."""
    found = mark(stated)
    return found if any(one.isdecimal() for one in found) else ""


def ask_logins(request: Request) -> Generator[Request, Answer, Pass]:
    """The login history is documented under the action of the trades; its answer must not be theirs.

    A trades reply has a ``history``, a login reply numbers as names.
    """
    answer = yield request
    if "history" in table(answer, read_answer(answer), "the answer"):
        raise SourceError(
            "venue_error",
            "the action documented for the login history brings the trades",
            where=f"{answer.source}/{answer.stream} {answer.method} {answer.url}",
            next_step=f"The answer is kept in the evidence as {answer.sha256}",
        )
    return Pass(answers=(answer,))


def logins(answers: Sequence[Answer]) -> Iterator[Row]:
    """Who logged in when and from where. All of it is personal, and none of it posts."""
    answer = answers[0]
    value = table(answer, read_answer(answer), "the answer")
    numbered = sorted((name for name in value if name.isascii() and name.isdecimal()), key=_by_number)
    if not numbered and value.keys() - {"success"}:
        refuse(answer, "the answer is no login history")
    for name in numbered:
        row = value[name] if isinstance(value[name], dict) else {"": value[name]}
        identity = tuple(field(row, one) for one in _LOGIN_FIELDS)
        try:
            at = when(row.get("timestamp"))
        except RowFault as fault:
            yield odd_row(answer, f"/{name}", row, identity, PLACE, "", str(fault))
            continue
        yield Row(
            identity=identity,
            at=at,
            ordinal=micros(at),
            kind="login",
            status="settled",
            account=PLACE,
            asset="",
            quantity=ZERO,
            data=write_json(row),
            seq=answer.seq,
            pointer=f"/{name}",
            postings=(),
        )


def _by_number(name: str) -> tuple[int, str]:
    """Longer numbers are greater; a text of any length, so never an int."""
    return len(name), name
