"""CryptoFuse's balance history: the books of the main account. No row has an id, each has the balance after it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.errors import NumberRefused
from recon.core.money import ZERO, exact, parse
from recon.core.records import Row, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._cryptofuse_balances import MAIN
from recon.sources._rows import RowFault, field, member, moment, objects, odd_row, read_answer, word

_FIELDS = ("currency", "timestamp", "type", "amount", "balance_after")
TRANSFERS = {
    "transfer": 0, "internal_transfer": 0, "sub_transfer": 0,
    "transfer_in": 1, "to_master": 1, "withdraw_to_master": 1,
    "transfer_out": -1, "to_sub": -1, "transfer_to_user": -1,
}  # fmt: skip
"""Words for a move between the main account and its wallets: in, out, or no way to tell. The documentation lists none;
these are the words of its wallet pages."""


def history(answers: Sequence[Answer]) -> Iterator[Row]:
    """Oldest first: pages and rows backwards. ``last`` is each currency's balance so far, where one was stated."""
    last: dict[str, Decimal] = {}
    for answer in reversed(answers):
        rows = list(objects(answer, member(answer, read_answer(answer), "history", list), "/history"))
        for pointer, row in reversed(rows):
            identity = tuple(field(row, name) for name in _FIELDS)
            try:
                yield _row(answer, pointer, row, identity, last)
            except (RowFault, NumberRefused) as fault:
                yield odd_row(answer, pointer, row, identity, MAIN, row.get("currency"), str(fault))


def _row(
    answer: Answer, pointer: str, row: Mapping[str, Any], identity: tuple[str, ...], last: dict[str, Decimal]
) -> Row:
    at = moment(row.get("timestamp"))
    asset, usable = asset_code(row.get("currency"))
    amount, after = parse(row.get("amount")), parse(row.get("balance_after"))
    kind = word(row.get("type"))
    contra = f"suspense:{answer.source}"
    if kind in ("deposit", "withdrawal"):
        quantity = amount if kind == "deposit" else amount.copy_negate()
        contra = f"external:{answer.source}" if usable else contra
    else:
        quantity = _by_balance(last.get(asset), amount, after, TRANSFERS.get(kind, 0))
        contra = "transit" if usable and kind in TRANSFERS else contra
    last[asset] = after
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind=kind,
        status="settled",
        account=MAIN,
        asset=asset,
        quantity=quantity,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=merged(moved(assets(answer.source, MAIN), contra, asset, quantity, after)),
    )


def _by_balance(before: Decimal | None, amount: Decimal, after: Decimal, way: int) -> Decimal:
    """What a row moved whose type does not say it: the difference of the balances.

    With no balance before it, the amount may move and nothing else: what was held before the history begins is no part
    of the row. Its sign is the word's own ``way``; else that of the balance, where the amount is the whole of it; else
    it cannot be told, and nothing moves. A gap that this leaves shows in the running balance, which states ``after``.
    """
    if before is not None:
        with exact():
            return after - before
    if way:
        return amount.copy_abs() if way > 0 else amount.copy_abs().copy_negate()
    return after if after.copy_abs() == amount.copy_abs() else ZERO
