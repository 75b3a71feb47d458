"""ETHGas's accounts and tokens: which ids there are, what the token ids mean, and what is held and stated of each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.contracts import Quoted, Quoting
from recon.core.errors import NumberRefused
from recon.core.money import parse, text
from recon.core.records import Fact, Holding, asset_code
from recon.sources._ethgas_pages import ID
from recon.sources._rows import field, member, objects, read_answer, refuse, shown, stated, step

Codes = Mapping[str, str]
"""Each token id's code."""
PUBLIC_KEY = re.compile(r"0x[0-9a-f]{2,128}\Z")
_TOKEN_FACTS = ("code", "decimals", "withdrawFee", "price", "tokenAddress")
_LIMIT_FACTS = ("withdrawFee", "dailyWithdrawLimit", "remainingWithdrawLimit", "tokenAddress")
_USER_FACTS = ("userClass", "onchainPayout", "payoutAddress", "collateralPerSlot")


class Token(NamedTuple):
    """A token of the venue's table. ``address`` is its contract's, in lower case."""

    code: str
    decimals: int
    address: str


def data_of(answer: Answer) -> dict[str, Any]:
    """What the envelope holds."""
    found: dict[str, Any] = member(answer, read_answer(answer), "data", dict)
    return found


def _account_rows(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Each account's id, and its tokens with their pointers."""
    rows = member(answer, data_of(answer), "accounts", list)
    for pointer, row in objects(answer, rows, "/data/accounts"):
        yield _account(answer, pointer, row)


def _account(
    answer: Answer, pointer: str, row: Mapping[str, Any]
) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    tokens = row.get("tokens") or []
    if "accountId" not in row or not isinstance(tokens, list):
        refuse(answer, f"{pointer} is no account with a list of tokens")
    return field(row, "accountId"), list(objects(answer, tokens, f"{pointer}/tokens"))


def directory(answer: Answer) -> tuple[set[str], dict[str, str]]:
    """The account ids that can be asked for, and each token id's code as the accounts state it."""
    ids: set[str] = set()
    codes: dict[str, str] = {}
    for account, tokens in _account_rows(answer):
        if ID.match(account):
            ids.add(account)
        for pointer, token in tokens:
            if isinstance(token.get("code"), str):
                token_id = field(token, "tokenId")
                _agree(answer, pointer, token_id, codes.setdefault(token_id, token["code"]), token["code"])
    return ids, codes


def count_accounts(answers: Sequence[Answer]) -> int:
    """How many accounts there are. Raises SourceError where they cannot be read."""
    directory(answers[0])
    return sum(1 for _ in _account_rows(answers[0]))


def table(answer: Answer) -> dict[str, Token]:
    """The tokens by their id."""
    found: dict[str, Token] = {}
    for pointer, row in _token_rows(answer):
        token_id, decimals = field(row, "tokenId"), field(row, "decimals")
        if not isinstance(row.get("code"), str) or not re.match(r"[0-9]{1,2}\Z", decimals):
            refuse(answer, f"{pointer} is no token with a code and a number of decimals")
        token = Token(row["code"], int(decimals), field(row, "tokenAddress").lower())
        if found.setdefault(token_id, token) != token:
            refuse(answer, f"{pointer} is the second token {token_id}, and another one")
    return found


def by_contract(tokens: Mapping[str, Token]) -> dict[str, Token]:
    """The tokens by their contract's address, without those that share one and yet differ."""
    found: dict[str, set[Token]] = {}
    for token in tokens.values():
        found.setdefault(token.address, set()).add(token)
    return {address: one for address, (one, *others) in found.items() if address and not others}


def agreed(answer: Answer, tokens: Mapping[str, Token], codes: Codes) -> dict[str, str]:
    """The codes of both. Raises SourceError where the table calls an id other than the accounts do."""
    for token_id, token in tokens.items():
        _agree(answer, "the table", token_id, codes.get(token_id, token.code), token.code)
    return {**{token_id: token.code for token_id, token in tokens.items()}, **codes}


def _agree(answer: Answer, place: str, token_id: str, known: str, code: str) -> None:
    if asset_code(known) != asset_code(code):
        refuse(
            answer, f"{place} calls token {token_id[:30]} {code[:30]!a}, which is {known[:30]!a} elsewhere"
        )


def asset_of(row: Mapping[str, Any], codes: Codes) -> tuple[str, bool]:
    """The ledger's code for a row's token id, and whether it is usable: an id that nothing names is not."""
    token_id = field(row, "tokenId")
    return asset_code(codes.get(token_id) or {"tokenId": token_id})


def holdings(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Holding]:
    """``quantity`` includes ``lockedQuantity``, and is what the running balance reconciles to."""
    answer = answers[0]
    known = {**codes, **directory(answer)[1]}
    for account, tokens in _account_rows(answer):
        for pointer, token in tokens:
            asset, _ = asset_of(token, known)
            quantity, locked = parse(token.get("quantity")), parse(token.get("lockedQuantity", "0"))
            yield Holding(account, asset, quantity, locked, answer.at, answer.seq, pointer)


def account_facts(answers: Sequence[Answer], *, account: str, codes: Codes) -> Iterator[Fact]:
    """What the venue says of one account when asked for it alone: a second reading beside the list."""
    answer = answers[0]
    found, tokens = _account(answer, "/data/account", member(answer, data_of(answer), "account", dict))
    if found != account:
        refuse(answer, "the answer is about another account")
    for pointer, token in tokens:
        subject = f"account {account} {asset_of(token, codes)[0]}"
        for name in ("quantity", "lockedQuantity"):
            try:
                value = text(parse(token.get(name, "0" if name == "lockedQuantity" else None)))
            except NumberRefused as fault:
                refuse(answer, f"{pointer}/{name}: {fault}")
            yield Fact(subject, name, value, answer.at, answer.seq, f"{pointer}/{name}")


def token_facts(answers: Sequence[Answer], *, codes: Codes) -> Iterator[Fact]:
    """The token table, checked against the codes that the accounts state. Its price is that of the moment."""
    answer = answers[0]
    agreed(answer, table(answer), codes)
    for pointer, row in _token_rows(answer):
        yield from _facts(answer, f"token {field(row, 'tokenId')}", row, _TOKEN_FACTS, pointer)


def quoted(stream: str, subject: str, stated: Mapping[str, str]) -> Quoted | None:
    """A token's price in dollars."""
    code, usable = asset_code(stated.get("code"))
    return Quoted(code, "USD", "price") if usable and "price" in stated else None


QUOTING = Quoting(streams=frozenset({"tokens"}), names=frozenset({"code", "price"}), price=quoted)


def count_tokens(answers: Sequence[Answer]) -> int:
    """How many tokens the table has."""
    return sum(1 for _ in _token_rows(answers[0]))


def fee_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The rates of the trading fees, as fractions."""
    answer = answers[0]
    data = data_of(answer)
    if not data:
        refuse(answer, "the answer states no fee")
    return _facts(answer, "trading fees", data, sorted(data), "/data")


def limit_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """What a withdrawal of each token costs on each chain, and how much may leave in a day."""
    answer = answers[0]
    for pointer, row in _limit_rows(answer):
        subject = f"token {field(row, 'tokenId')} chain {field(row, 'chainId')}"
        yield from _facts(answer, subject, row, _LIMIT_FACTS, pointer)


def count_limits(answers: Sequence[Answer]) -> int:
    """How many limits are stated."""
    return sum(1 for _ in _limit_rows(answers[0]))


def user_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """The user's class, and whether validator payouts go on-chain, past the accounts; nothing about the person."""
    answer = answers[0]
    return _facts(answer, "user", member(answer, data_of(answer), "user", dict), _USER_FACTS, "/data/user")


def public_keys(answer: Answer) -> frozenset[str]:
    """The user's validators, in lower case. They come as texts, or as objects like in the public list."""
    found = set()
    for row in member(answer, data_of(answer), "validators", list):
        key = row.get("publicKey") if isinstance(row, dict) else row
        if not isinstance(key, str) or not PUBLIC_KEY.match(key.lower()):
            refuse(answer, "one of the validators has no public key")
        found.add(key.lower())
    return frozenset(found)


def count_validators(answers: Sequence[Answer]) -> int:
    """How many validators the user has."""
    return len(public_keys(answers[0]))


def _token_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    for pointer, row in objects(answer, member(answer, data_of(answer), "tokens", list), "/data/tokens"):
        if not ID.match(field(row, "tokenId")):
            refuse(answer, f"{pointer} has no tokenId")
        yield pointer, row


def _limit_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = member(answer, data_of(answer), "dailyWithdrawLimits", list)
    for pointer, row in objects(answer, rows, "/data/dailyWithdrawLimits"):
        if not ID.match(field(row, "tokenId")) or not ID.match(field(row, "chainId")):
            refuse(answer, f"{pointer} is no limit of a token on a chain")
        yield pointer, row


def _facts(
    answer: Answer, subject: str, row: Mapping[str, Any], names: Sequence[str], pointer: str
) -> Iterator[Fact]:
    for name in names:
        if row.get(name) is not None:
            value = stated(row[name])
            yield Fact(subject, shown(name), value, answer.at, answer.seq, f"{pointer}/{step(name)}")
