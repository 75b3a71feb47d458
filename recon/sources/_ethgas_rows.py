"""ETHGas's histories: transactions with their postings, and what else it tells of deposits, withdrawals and payouts.

Only the transactions of each account are posted: they move the balances. The others are second opinions with what the
transactions leave out: hashes, addresses, states, and payouts that never touched an account.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from recon.core.answers import Answer
from recon.core.errors import NumberRefused
from recon.core.money import ZERO, parse, parse_base_units
from recon.core.records import Row, Status, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._ethgas_pages import ID, Cursor, Found, in_order
from recon.sources._ethgas_tokens import Codes, Token, asset_of
from recon.sources._rows import RowFault, field, mark, moment, odd_row, word

_KINDS = {
    "1": "buy", "2": "sell", "3": "borrow", "4": "lend", "5": "interest", "6": "transfer_in", "7": "transfer_out",
    "8": "deposit", "9": "withdrawal", "10": "trade", "14": "withdrawal_fee", "15": "transaction_fee",
}  # fmt: skip
_DONE, _REJECTED = "10", "101"
PAID_IN = "ETH"
"""Payouts to validators are stated in ETH."""


def txs_of(account: str) -> Cursor:
    """The transactions of one account."""
    return Cursor(
        path=f"/v1/user/account/{account}/txs",
        rows="txs",
        key="trxId",
        start="startId",
        identity=lambda row: (account, field(row, "trxId")),
    )


ALL_TXS = Cursor(
    path="/v1/user/account/txs",
    rows="txs",
    key="trxId",
    start="startId",
    identity=lambda row: (field(row, "accountId"), field(row, "trxId")),
    shared=True,
)


def _event(row: Mapping[str, Any]) -> tuple[str, ...]:
    stated = field(row, "eventId")
    return (
        (stated,) if stated else tuple(field(row, name) for name in ("chainId", "transactionHash", "logIdx"))
    )


DEPOSITS = Cursor(
    path="/v1/user/funding/deposits",
    rows="deposits",
    key="blockIdx",
    start="startBlockId",
    identity=_event,
    shared=True,
    settles=True,
)
WITHDRAWS = Cursor(
    path="/v1/user/funding/withdraws",
    rows="requests",
    key="requestId",
    start="startId",
    identity=lambda row: (field(row, "requestId"),),
    settles=True,
)


def payouts_to(public_key: str) -> Cursor:
    """The payouts of one validator."""
    return Cursor(
        path="/v1/validator/fees",
        rows="fees",
        key="slot",
        start="startSlot",
        identity=lambda row: (field(row, "slot"), public_key, field(row, "accountId")),
        params={"publicKey": public_key},
        shared=True,
        settles=True,
    )


def txs(answers: Sequence[Answer], *, account: str, codes: Codes) -> Iterator[Row]:
    """What moves an account's balances."""
    for found in in_order(answers, txs_of(account)):
        yield _tx_or_odd(found, account, codes)


def all_txs(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Row]:
    """The transactions of all accounts as one list, which posts nothing: its odd rows are marked by their account's."""
    for found in in_order(answers, ALL_TXS):
        yield _tx_or_odd(found, _account(found.row), codes)._replace(postings=())


def accounts_in(answers: Sequence[Answer]) -> frozenset[str]:
    """The accounts that the list of all transactions names."""
    return frozenset(_account(row) for answer in answers for _, row in ALL_TXS.page(answer)) - {""}


def _account(row: Mapping[str, Any]) -> str:
    stated = field(row, "accountId")
    return stated if ID.match(stated) else ""


def _tx_or_odd(found: Found, account: str, codes: Codes) -> Row:
    asset, usable = asset_of(found.row, codes)
    try:
        return _tx(found, account, asset, usable)
    except (RowFault, NumberRefused) as fault:
        return _odd(found, account, asset, fault)


def _tx(found: Found, account: str, asset: str, usable: bool) -> Row:
    answer, pointer, row, data, identity = found
    trx_id = identity[-1]
    if not ID.match(trx_id):
        raise RowFault(f"trxId {trx_id[:30]!a} is not a number")
    if not account or field(row, "accountId") not in ("", account):
        raise RowFault("its accountId is not the one that was asked for")
    at = moment(row.get("createDate"))
    quantity, after = parse(row.get("quantity")), parse(row.get("balance"))
    code = field(row, "type")
    contra = _contra(code, answer.source, quantity > 0) if usable else f"suspense:{answer.source}"
    return Row(
        identity=identity,
        at=at,
        ordinal=int(trx_id),
        kind=_KINDS.get(code, f"type {word(code)}"),
        status="settled",
        account=account,
        asset=asset,
        quantity=quantity,
        data=data,
        seq=answer.seq,
        pointer=pointer,
        postings=merged(moved(assets(answer.source, account), contra, asset, quantity, after)),
    )


def _contra(code: str, source: str, arrives: bool) -> str:
    """Where a row of a type comes from or goes to. Interest received is income, interest paid a fee."""
    match code:
        case "1" | "2" | "10":
            return "trading"
        case "3" | "4":
            return f"loans:{source}"
        case "5":
            return "income:interest" if arrives else f"fees:{source}"
        case "6" | "7":
            return "transit"
        case "8" | "9":
            return f"external:{source}"
        case "14" | "15":
            return f"fees:{source}"
        case _:
            return f"suspense:{source}"


def deposits(answers: Sequence[Answer], *, contracts: Mapping[str, Token]) -> Iterator[Row]:
    """What arrived on-chain, a row for each token of an event. Amounts are raw units; no account is named."""
    for found in in_order(answers, DEPOSITS):
        parts = found.row.get("deposits")
        if not isinstance(parts, list) or not parts:
            yield _odd(found, "", None, RowFault("it has no list of what was deposited"))
            continue
        for number, part in enumerate(parts):
            identity = (*found.identity, str(number)) if number else found.identity
            one = found._replace(pointer=f"{found.pointer}/deposits/{number}", identity=identity)
            stated = part if isinstance(part, dict) else {}
            token = contracts.get(field(stated, "a").lower())
            try:
                yield _deposit(one, stated, token)
            except (RowFault, NumberRefused) as fault:
                code = token.code if token else {"contract": stated.get("a")}
                yield _odd(one, "", code, fault)


def _deposit(found: Found, part: Mapping[str, Any], token: Token | None) -> Row:
    if token is None:
        raise RowFault(f"no token of the table has its contract {field(part, 'a')[:50]!a}")
    quantity = parse_base_units(part.get("q"), token.decimals)
    done = field(found.row, "status") == _DONE and field(part, "s") in ("", _DONE)
    asset, _ = asset_code(token.code)
    status: Status = "settled" if done else "pending"
    row = _beside(found, found.row.get("createDate"), "deposit", status, "", asset, quantity)
    return row._replace(
        txid=mark(found.row.get("transactionHash")), address=mark(found.row.get("depositAddress"))
    )


def withdraws(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Row]:
    """Withdrawals without their fee, which is a transaction of its own. A rejected one moves nothing."""
    for found in in_order(answers, WITHDRAWS):
        asset, _ = asset_of(found.row, codes)
        try:
            yield _withdraw(found, asset)
        except (RowFault, NumberRefused) as fault:
            yield _odd(found, _account(found.row), asset, fault)


def _withdraw(found: Found, asset: str) -> Row:
    kind, state = "withdrawal", field(found.row, "status")
    quantity = parse(found.row.get("quantity")).copy_negate()
    if state == _REJECTED:
        kind, quantity = "withdrawal_rejected", ZERO
    status: Status = "settled" if state in (_DONE, _REJECTED) else "pending"
    row = _beside(found, found.row.get("createDate"), kind, status, _account(found.row), asset, quantity)
    return row._replace(txid=mark(found.row.get("txHash")))


def payouts(answers: Sequence[Answer], *, public_key: str) -> Iterator[Row]:
    """What a validator was paid for its slots. Paid on-chain it bypasses the accounts, and this alone tells of it."""
    for found in in_order(answers, payouts_to(public_key)):
        try:
            yield _payout(found, public_key)
        except (RowFault, NumberRefused) as fault:
            yield _odd(found, _account(found.row), PAID_IN, fault)


def _payout(found: Found, public_key: str) -> Row:
    """Its time is called updateDate or updatedDate."""
    row = found.row
    if field(row, "publicKey").lower() not in ("", public_key):
        raise RowFault("its publicKey is not the one that was asked for")
    if not ID.match(field(row, "slot")):
        raise RowFault(f"slot {field(row, 'slot')[:30]!a} is not a number")
    at, quantity = row.get("updateDate", row.get("updatedDate")), parse(row.get("quantity"))
    return _beside(found, at, "validator_payout", "settled", _account(row), PAID_IN, quantity)


def _beside(
    found: Found, stated: Any, kind: str, status: Status, account: str, asset: str, quantity: Decimal
) -> Row:
    """A row that posts nothing. ``stated`` is its time as the venue writes it."""
    at = moment(stated)
    return Row(
        found.identity, at, micros(at), kind, status, account, asset, quantity, found.data, found.answer.seq,
        found.pointer, (),
    )  # fmt: skip


def _odd(found: Found, account: str, stated: Any, fault: Exception) -> Row:
    return odd_row(found.answer, found.pointer, found.row, found.identity, account, stated, str(fault))
