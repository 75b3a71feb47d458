"""Egera's wallets and account: currencies with their decimals, balances, fee tier, own addresses."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from recon.core.answers import Answer
from recon.core.contracts import Pass
from recon.core.errors import SourceError
from recon.core.money import FRACTION_DIGITS, ZERO, exact, parse
from recon.core.records import Fact, Holding, asset_code
from recon.sources._rows import field, read_answer, refuse, shown, stated, step

PLACE = "main"
DECIMALS_UNSTATED = 8
"""Where neither getwalletsstatus nor info prints a currency: the venue prints crypto at 8 decimals."""
_NOT_CURRENCIES = {"deposit", "has_address", "debit_fee", "success"}
_WALLET_FACTS = (
    "current_optimal_fee",
    "current_minimum_amount",
    "current_minimal_amount",  # as a published client spells it
    "confirmations",
    "decimal_point",
)


def table(answer: Answer, value: Any, what: str) -> dict[str, Any]:
    """``value`` as an object. The venue runs on PHP, which writes an empty one as an empty list."""
    if value == []:
        return {}
    if not isinstance(value, dict):
        refuse(answer, f"{what} is no object")
    return value


def or_false(value: Any) -> Decimal:
    """An amount or a rate: the venue says 0 or false where there is none."""
    return ZERO if value is False else parse(value)


def amount_stated(value: Any) -> str:
    """As or_false, for a fact: what is no number stays as stated."""
    return "0" if value is False else stated(value)


def wallet_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    """Currency and row of each wallet; they stand beside ``success``."""
    value = table(answer, read_answer(answer), "the answer")
    if "success" not in value:
        refuse(answer, "the answer does not state success")
    for code, row in value.items():
        if code not in _NOT_CURRENCIES and isinstance(row, dict):
            yield code, row


def wallet_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """Of each currency the fee of a withdrawal, its smallest amount, confirmations and decimals."""
    answer = answers[0]
    for code, row in wallet_rows(answer):
        for name in _WALLET_FACTS:
            if name in row:
                subject, pointer = asset_code(code)[0], f"/{step(code)}/{name}"
                yield Fact(subject, name, amount_stated(row[name]), answer.at, answer.seq, pointer)


def count_wallets(answers: Sequence[Answer]) -> int:
    """How many wallets there are."""
    return sum(1 for _ in wallet_rows(answers[0]))


def balance_rows(answer: Answer) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Currency, pointer and row. The documentation also nests other keys among the balances: they are no currency."""
    for code, row in _balances(answer).items():
        if code in _NOT_CURRENCIES:
            continue
        if not isinstance(row, dict):
            refuse(answer, f"the balance of {code!r} is no object")
        yield code, f"/balances/{step(code)}", row


def count_balances(answers: Sequence[Answer]) -> int:
    """How many currencies have a balance."""
    return sum(1 for _ in balance_rows(answers[0]))


def _info(answer: Answer) -> dict[str, Any]:
    return table(answer, read_answer(answer), "the answer")


def _balances(answer: Answer) -> dict[str, Any]:
    return table(answer, _info(answer).get("balances"), "'balances'")


def account_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """Fee tier and own deposit addresses. Who the holder is (name, e-mail, phone, address) is never taken out."""
    answer = answers[0]
    info = _info(answer)
    account = table(answer, info.get("account", {}), "'account'")
    fee = table(answer, account.get("fee", {}), "'fee' of 'account'")
    for side in ("maker", "taker"):
        if side in fee:
            value = amount_stated(fee[side])
            yield Fact("fee", side, value, answer.at, answer.seq, f"/account/fee/{side}")
    if "debit_fee" in info:
        value = amount_stated(info["debit_fee"])
        yield Fact("account", "debit_fee", value, answer.at, answer.seq, "/debit_fee")
    yield from _addresses(answer, info.get("deposit"), "/deposit")
    yield from _addresses(answer, _balances(answer).get("deposit"), "/balances/deposit")


def _addresses(answer: Answer, places: Any, pointer: str) -> Iterator[Fact]:
    """An address is a text, or the member ``deposit`` of an object; false where there is none."""
    if places is None or places is False:
        return
    for code, place in table(answer, places, "'deposit'").items():
        found, at = place, f"{pointer}/{step(code)}"
        if isinstance(place, dict):
            found, at = place.get("deposit"), f"{at}/deposit"
        if found is None or found is False or found in ("", []):
            continue
        if type(found) is not str:
            refuse(answer, f"the deposit address of {code!r} is no text")
        yield Fact(asset_code(code)[0], "deposit_address", shown(found), answer.at, answer.seq, at)


def holdings(answers: Sequence[Answer]) -> Iterator[Holding]:
    """Free (active) and locked (inactive) units, as stated: inactive was seen below zero after a race."""
    answer = answers[0]
    for code, pointer, row in balance_rows(answer):
        with exact():
            locked = or_false(row.get("inactive"))
            total = or_false(row.get("active")) + locked
        yield Holding(PLACE, asset_code(code)[0], total, locked, answer.at, answer.seq, pointer)


def held(account: Pass | None) -> set[str]:
    """The currencies of which there are units, as stated."""
    found: set[str] = set()
    if account:
        with suppress(SourceError):  # the account's own stream reports it
            for code, _, row in balance_rows(account.answers[0]):
                if {field(row, "active"), field(row, "inactive")} - {"0", ""}:
                    found.add(code)
    return found


def decimals(wallets: Pass | None, account: Pass | None) -> Mapping[str, int]:
    """Every currency named, with its decimals: as getwalletsstatus states them, else as info prints the balance."""
    found: dict[str, int] = {}
    if account:
        with suppress(SourceError):  # the account's own stream reports it
            for code, _, row in balance_rows(account.answers[0]):
                found[code.upper()] = _printed_decimals(row.get("active"))
    if wallets:
        with suppress(SourceError):  # the wallets' own stream reports it
            for code, row in wallet_rows(wallets.answers[0]):
                point = field(row, "decimal_point")
                found.setdefault(code.upper(), DECIMALS_UNSTATED)
                if point.isdecimal() and int(point) <= FRACTION_DIGITS:
                    found[code.upper()] = int(point)
    return found


def _printed_decimals(printed: Any) -> int:
    """As many as a text shows behind its point; a JSON number or a whole number shows none."""
    behind = printed.partition(".")[2] if type(printed) is str else ""
    return len(behind) if 0 < len(behind) <= FRACTION_DIGITS else DECIMALS_UNSTATED
