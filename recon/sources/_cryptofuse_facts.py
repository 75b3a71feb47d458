"""What CryptoFuse states of itself and of the account's terms: currencies, rates, fees."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recon.core.answers import Answer
from recon.core.contracts import Pass, Quoted, Quoting
from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.core.money import text as number_text
from recon.core.records import Fact, asset_code
from recon.sources._cryptofuse_balances import as_stated
from recon.sources._rows import member, objects, read_answer, refuse, shown, stated, step

QUOTE = "USD"
_FEES = ("transaction_fees", "withdrawal_fees", "volume_discounts", "current_volume")
_TERMS = ("transaction_fee", "is_fee_paid_by_user")
_RATE = ("amount", "estimated_amount", "fee_percentage", "fee_amount", "final_tenant_amount", "timestamp")
_DEEPEST = 6


def currencies(answers: Sequence[Answer]) -> Iterator[Fact]:
    """Each currency's code, blockchain and token. A row may be a bare code."""
    for pointer, row in _currency_rows(answers[0]):
        asset, _ = asset_code(row.get("currency"))
        for name in ("currency", "blockchain", "token"):
            if row.get(name) is not None:
                place = f"{pointer}/{name}"
                yield Fact(asset, name, as_stated(row[name]), answers[0].at, answers[0].seq, place)


def count_currencies(answers: Sequence[Answer]) -> int:
    """Rows of the list."""
    return sum(1 for _ in _currency_rows(answers[0]))


def codes(listed: Pass) -> dict[tuple[str, str], str]:
    """Currency codes by blockchain and token. A pair that names two currencies names none."""
    found: dict[tuple[str, str], set[str]] = {}
    for _, row in _currency_rows(listed.answers[0]):
        asset, usable = asset_code(row.get("currency"))
        blockchain, token = row.get("blockchain"), row.get("token")
        if usable and isinstance(blockchain, str) and isinstance(token, str):
            found.setdefault((blockchain.upper(), token.upper()), set()).add(asset)
    return {pair: min(named) for pair, named in found.items() if len(named) == 1}


def listed_codes(listed: Pass) -> set[str]:
    """The usable codes of the list."""
    rows = [asset_code(row.get("currency")) for _, row in _currency_rows(listed.answers[0])]
    return {asset for asset, usable in rows if usable}


def fees(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The fee table: what a number is about in the order of the document's own names. Its worked examples are left."""
    answer = answers[0]
    value = read_answer(answer)
    if not isinstance(value, dict) or not any(name in value for name in _FEES):
        refuse(answer, f"the answer has none of {', '.join(_FEES)}")
    for name in _FEES:
        if isinstance(value.get(name), dict | list):
            yield from _leaves(answer, value[name], name, f"/{name}", 1)


def terms(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The account's fee tier alone: the rest of the answer is about people and secrets."""
    answer = answers[0]
    value = read_answer(answer)
    if not isinstance(value, dict) or not any(value.get(name) is not None for name in _TERMS):
        refuse(answer, f"the answer has neither {' nor '.join(_TERMS)}")
    for name in _TERMS:
        if value.get(name) is not None:
            yield Fact("account", name, stated(value[name]), answer.at, answer.seq, f"/{name}")


def rate(answers: Sequence[Answer], *, code: str) -> Iterator[Fact]:
    """Dollars for one unit: as asked for in the newest edition, or out of the older edition's table of all."""
    answer = answers[0]
    value = read_answer(answer)
    subject = f"{code}/{QUOTE}"
    if isinstance(value, dict) and "rates" in value:
        if value.get("base_currency") != QUOTE:
            refuse(answer, f"the rates are not in {QUOTE}")
        for name, number in member(answer, value, "rates", dict).items():
            if asset_code(name)[0] == code:
                yield _rate(answer, subject, number, f"/rates/{step(name)}")
        return
    if not isinstance(value, dict) or "rate" not in value:
        refuse(answer, "the answer has neither 'rate' nor 'rates'")
    for name, asked in (("currency_from", code), ("currency_to", QUOTE)):
        if name in value and asset_code(value[name])[0] != asked:
            refuse(answer, f"the rate is of another pair: {name} is not {asked}")
    yield _rate(answer, subject, value["rate"], "/rate")
    for name in _RATE:
        if value.get(name) is not None:
            yield Fact(subject, name, stated(value[name]), answer.at, answer.seq, f"/{name}")


def quoted(stream: str, subject: str, stated: Mapping[str, str]) -> Quoted | None:
    """Dollars for one unit."""
    code, _, quote = subject.partition("/")
    return Quoted(code, quote, "rate") if quote and "rate" in stated else None


QUOTING = Quoting(streams=frozenset({"rates"}), names=frozenset({"rate"}), price=quoted)


def _rate(answer: Answer, subject: str, value: Any, pointer: str) -> Fact:
    try:
        number = number_text(parse(value))
    except NumberRefused as fault:
        refuse(answer, f"{pointer}: {fault}")
    return Fact(subject, "rate", number, answer.at, answer.seq, pointer)


def _leaves(answer: Answer, value: Any, subject: str, pointer: str, depth: int) -> Iterator[Fact]:
    """Every text and number of a small tree; a list's places count from 0."""
    if depth > _DEEPEST:
        refuse(answer, f"{pointer[:80]}: the fees are nested too deeply")
    inner = (
        value.items() if isinstance(value, dict) else ((str(place), one) for place, one in enumerate(value))
    )
    for name, one in inner:
        place = f"{pointer}/{step(name)}"
        if isinstance(one, dict | list):
            yield from _leaves(answer, one, f"{subject} {shown(name)}", place, depth + 1)
        elif one is not None:
            yield Fact(subject, shown(name), stated(one), answer.at, answer.seq, place)


def _currency_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = member(answer, read_answer(answer), "currencies", list)
    return objects(
        answer, [{"currency": one} if isinstance(one, str) else one for one in rows], "/currencies"
    )
