"""CryptoFuse's balances: one address, four documented shapes, told apart by what they state.

- newest: ``account`` and ``sub_accounts`` with a number a currency, and ``statistics``;
- iGaming guide: the same, with ``{amount, pending_amount}`` a currency, codes in lower case;
- older: a list ``balances`` of total, available and pending, the wallets within it;
- admin summary: a list ``total_balances`` by blockchain and token, in JSON numbers.

Where pending money is stated apart, the total has it in it: so the older page's example adds up, and so the newest
page defines the same words for a wallet.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.errors import NumberRefused
from recon.core.money import ZERO, parse, text
from recon.core.records import Fact, Holding, asset_code
from recon.sources._rows import member, objects, read_answer, refuse, shown, stated, step

MAIN, SUB = "main", "sub"
Codes = Mapping[tuple[str, str], str]
"""Currency codes by blockchain and token, all in upper case."""

_PLACES = (("account", MAIN), ("sub_accounts", SUB))
_OLDER_TOTALS = ("total_deposited", "total_withdrawn", "total_fees_paid", "last_transaction")
_OLDER_WALLET = ("balance", "pending")
_SUMMARY = ("hot_wallet_balance", "cold_wallet_balance", "custody_balance")


class _Entry(NamedTuple):
    """One currency in one place."""

    place: str
    code: str
    total: Decimal
    locked: Decimal
    pointer: str
    row: Mapping[str, Any]


def holdings(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Holding]:
    """What is held in each place. Raises SourceError for another shape, and for a currency that is stated twice."""
    answer = answers[0]
    seen = set()
    for entry in _entries(answer, codes):
        asset, _ = asset_code(entry.code)
        if (entry.place, asset) in seen:
            refuse(answer, f"{entry.pointer[:80]}: the balance of {asset} is stated twice")
        seen.add((entry.place, asset))
        yield Holding(entry.place, asset, entry.total, entry.locked, answer.at, answer.seq, entry.pointer)


def held_codes(answer: Answer, codes: Codes) -> set[str]:
    """The usable codes of which there is anything."""
    found = {asset_code(entry.code) for entry in _entries(answer, codes) if entry.total}
    return {asset for asset, usable in found if usable}


def totals(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Fact]:
    """The venue's own counts and sums: second readings of what the histories bring.

    ``total_deposits`` and ``total_withdrawals`` are counts of rows: so the documentation's example reads.
    """
    answer = answers[0]
    value = read_answer(answer)
    for entry in _entries(answer, codes):
        asset, _ = asset_code(entry.code)
        if entry.place == SUB:
            yield Fact(asset, "sub_accounts", text(entry.total), answer.at, answer.seq, entry.pointer)
        for name in (*_OLDER_TOTALS, *_SUMMARY):
            if entry.row.get(name) is not None:
                yield _fact(answer, asset, name, entry.row, f"{entry.pointer}/{name}")
        wallets = entry.row.get("wallets")
        listed = objects(answer, wallets if isinstance(wallets, list) else [], f"{entry.pointer}/wallets")
        for pointer, wallet in listed:
            subject = f"wallet {as_stated(wallet.get('wallet_id'))} {asset}"
            for name in _OLDER_WALLET:
                if wallet.get(name) is not None:
                    yield _fact(answer, subject, name, wallet, f"{pointer}/{name}")
            name = as_stated(wallet.get("wallet_name"))
            yield Fact(subject, "wallet_name", name, answer.at, answer.seq, f"{pointer}/wallet_name")
    statistics = value.get("statistics")
    if statistics is not None:
        for name, one in member(answer, value, "statistics", dict).items():
            pointer = f"/statistics/{step(name)}"
            yield Fact("statistics", shown(name), stated(one), answer.at, answer.seq, pointer)


def as_stated(value: Any) -> str:
    """A name or an identifier as a fact keeps it: also digits are no number here."""
    return shown(value) if isinstance(value, str) else write_json(value)


def _fact(answer: Answer, subject: str, name: str, row: Mapping[str, Any], pointer: str) -> Fact:
    return Fact(subject, name, stated(row.get(name)), answer.at, answer.seq, pointer)


def _entries(answer: Answer, codes: Codes) -> Iterator[_Entry]:
    value = read_answer(answer)
    shapes = {"account": _by_account, "balances": _older, "total_balances": _summary}
    for name, read in shapes.items():
        if isinstance(value, dict) and name in value:
            yield from read(answer, value, codes)
            return
    refuse(answer, "the answer has none of 'account', 'balances' and 'total_balances'")


def _by_account(answer: Answer, value: dict[str, Any], codes: Codes) -> Iterator[_Entry]:
    for name, place in _PLACES:
        # Who has no sub-account may be told so in any way: no member, null, or PHP's empty list.
        if place == SUB and not value.get(name):
            continue
        for code, one in member(answer, value, name, dict).items():
            pointer = f"/{name}/{step(code)}"
            row = one if isinstance(one, dict) else {"amount": one}
            total = _number(answer, pointer, row.get("amount"))
            pending = next((row[key] for key in ("pending_amount", "pendingAmount") if key in row), None)
            locked = ZERO if pending is None else _number(answer, pointer, pending)
            yield _Entry(place, code, total, locked, pointer, {})


def _older(answer: Answer, value: dict[str, Any], codes: Codes) -> Iterator[_Entry]:
    for pointer, row in objects(answer, member(answer, value, "balances", list), "/balances"):
        code = row.get("currency")
        if type(code) is not str:
            refuse(answer, f"{pointer}: the balance names no currency")
        total = _number(answer, pointer, row.get("total_balance"))
        locked = _number(answer, pointer, row.get("pending_balance", "0"))
        yield _Entry(MAIN, code, total, locked, pointer, row)


def _summary(answer: Answer, value: dict[str, Any], codes: Codes) -> Iterator[_Entry]:
    for pointer, row in objects(answer, member(answer, value, "total_balances", list), "/total_balances"):
        code = code_of(row, codes)
        if code is None:
            refuse(answer, f"{pointer}: no currency is known for its blockchain and token")
        yield _Entry(MAIN, code, _number(answer, pointer, row.get("total_balance")), ZERO, pointer, row)


def code_of(row: Mapping[str, Any], codes: Codes) -> str | None:
    """The code of a row that names blockchain and token only. A native coin's code is its bare name.

    The venue's suffixes follow no rule (ERC20 but BSC), so other codes come from its list of currencies alone.
    """
    blockchain, token = row.get("blockchain"), row.get("token")
    if type(blockchain) is not str or type(token) is not str:
        return None
    pair = (blockchain.upper(), token.upper())
    return codes.get(pair, pair[1] if pair[0] == pair[1] else None)


def _number(answer: Answer, pointer: str, value: Any) -> Decimal:
    try:
        return parse(value)
    except NumberRefused as fault:
        refuse(answer, f"{pointer[:80]}: {fault}")
