"""CryptoFuse's second opinions on what came and went: payments, withdrawals, and transactions of both.

They stand beside the books and post nothing. Each record is kept as received, with amount, fee, network_fee,
platform_fee and requested_amount: the pages disagree on which of them a balance changes by. Status, hash and
confirmations may change, which makes a new version of the record. Editions name the same thing differently; all names
are read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.errors import NumberRefused
from recon.core.money import ZERO, exact, fit, parse
from recon.core.records import Row, asset_code
from recon.core.times import micros
from recon.sources._cryptofuse_balances import MAIN, Codes, code_of
from recon.sources._rows import RowFault, mark, member, moment, objects, odd_row, read_answer, word

_UNDER_WAY = {
    "payment": {"confirming"},
    "withdrawal": {"pending", "approved", "processing", "submitted", "confirmed"},
}
"""Words of money on its way. An invoice that waits or has expired is none; a word we do not know is kept as it is."""
_RECEIVED = ("completed", "confirming")


class _Told(NamedTuple):
    """What a record says: its kind (payment, withdrawal), of which asset, how much (what leaves is negative)."""

    kind: str
    code: Any
    quantity: Decimal


def payments(answers: Sequence[Answer]) -> Iterator[Row]:
    """What arrived is the sum of a payment's deposits: neither what was invoiced nor what was expected."""
    return _rows(answers, "results", ("transaction_id", "id", "payment_id"), _payment)


def withdrawals(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Row]:
    """``amount`` as stated; whether the fee lies in it or beside it differs from page to page."""
    return _rows(answers, "withdrawals", ("withdrawal_id", "id"), partial(_withdrawal, codes))


def transactions(answers: Sequence[Answer]) -> Iterator[Row]:
    """Payments and withdrawals in one list."""
    return _rows(answers, "results", ("id", "transaction_id", "withdrawal_id"), _transaction)


def _rows(
    answers: Sequence[Answer], name: str, ids: Sequence[str], tell: Callable[[Mapping[str, Any]], _Told]
) -> Iterator[Row]:
    """Oldest first."""
    for answer in reversed(answers):
        rows = list(objects(answer, member(answer, read_answer(answer), name, list), f"/{name}"))
        for pointer, row in reversed(rows):
            named = _first(row, *ids)
            identity = (str(named),) if isinstance(named, str) else ("", write_json(row))
            try:
                yield _row(answer, pointer, row, identity, tell)
            except (RowFault, NumberRefused) as fault:
                code = _first(row, "pay_currency", "currency")
                yield odd_row(answer, pointer, row, identity, MAIN, code, str(fault))


def _row(
    answer: Answer,
    pointer: str,
    row: Mapping[str, Any],
    identity: tuple[str, ...],
    tell: Callable[[Mapping[str, Any]], _Told],
) -> Row:
    if identity[0] == "":
        raise RowFault("it has no id")
    at = moment(_first(row, "created_at", "created"))
    told, status = tell(row), word(row.get("status"))
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind=f"{told.kind} {status}",
        status="pending" if status in _UNDER_WAY.get(told.kind, ()) else "settled",
        account=MAIN,
        asset=asset_code(told.code)[0],
        quantity=told.quantity,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=(),
        txid=mark(row.get("transaction_hash")),
        address=mark(_first(row, "blockchain_address", "address")),
    )


def _payment(row: Mapping[str, Any]) -> _Told:
    deposits = row.get("payment_history")
    if deposits is None and word(row.get("status")) not in _RECEIVED:
        deposits = []
    if not isinstance(deposits, list) or not all(isinstance(one, dict) for one in deposits):
        raise RowFault("it has no list payment_history of what arrived")
    with exact():
        arrived = fit(sum((parse(one.get("amount")) for one in deposits), ZERO))
    return _Told("payment", _first(row, "pay_currency", "currency"), arrived)


def _withdrawal(codes: Codes, row: Mapping[str, Any]) -> _Told:
    code = row.get("currency") or code_of(row, codes)
    if code is None:
        raise RowFault("no currency is known for its blockchain and token")
    return _Told("withdrawal", code, parse(row.get("amount")).copy_negate())


def _transaction(row: Mapping[str, Any]) -> _Told:
    kind, amount = word(row.get("type")), parse(row.get("amount"))
    return _Told(kind, row.get("currency"), amount.copy_negate() if kind == "withdrawal" else amount)


def _first(row: Mapping[str, Any], *names: str) -> Any:
    """The first of several names that states something."""
    return next((row[name] for name in names if row.get(name) is not None), None)
