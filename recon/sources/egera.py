"""Egera (formerly BitClude): every call is a GET of the root path with the action and the key in the query.

Nothing has an id, nothing is paged: each history comes whole every time, so rows are told apart by all their fields
and their occurrence. The same key can withdraw, therefore only the listed actions can leave the program.
Source of the field meanings: docs.egera.com and the published clients of the venue's earlier name.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from decimal import Decimal, DecimalException
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import FRACTION_DIGITS, ZERO, exact, parse, round_to
from recon.core.records import Holding, Posting, Row, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._http import Budget, QueryKey, Verdict, http
from recon.sources._rows import (
    RowFault,
    field,
    member,
    moment,
    objects,
    odd_row,
    once,
    read_answer,
    refuse,
    step,
    word,
)
from recon.sources._settings import HttpSettings, SecretRef, resolve

PLACE = "main"
DECIMALS_UNSTATED = 8
"""Where neither getwalletsstatus nor info prints a currency: the venue prints crypto at 8 decimals."""
_FEE_UNITS = {"bps": 4, "percent": 2}
_TRADE_FIELDS = (
    "currency1", "currency2", "amount", "time_close", "price", "fee_taker", "fee_maker", "type", "action",
)  # fmt: skip
_NOT_CURRENCIES = {"deposit", "has_address", "debit_fee", "success"}


def _currency(text: str) -> str:
    code, usable = asset_code(text)
    if not usable:
        raise ValueError("expected currencies of 1 to 32 characters A-Z a-z 0-9 . _ : -")
    return code


class Settings(HttpSettings):
    """``fee_currency`` received: the fee of a bid is taken from what it brings, not from what it costs."""

    account_id: str
    key: SecretRef
    currencies: tuple[Annotated[str, AfterValidator(_currency)], ...] | None = None
    fee_currency: Literal["quote", "received"] = "quote"
    fee_unit: Literal["bps", "percent"] = "bps"
    rounding: Literal["half_up", "half_even", "down", "up"] = "half_up"


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """300 private calls in 10 minutes per address are a budget, not a pace."""
    key = resolve(settings.key, f"sources.{name}.key", world.folder)
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=ALLOWED,
        auth=QueryKey(settings.account_id, key),
        world=world,
        deadline_s=settings.deadline_s,
        budget=Budget(requests=300, window=timedelta(minutes=10)),
        judge=_judge,
    )


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """Wallets and account first: they name the currencies to ask for and the decimals to round at; balances last.

    Where these could not be read, no trade is: it would be posted rounded wrongly, and for good.
    """
    wallets = yield Stream(name="wallets", read=_call("getwalletsstatus"), seen=_count_wallets)
    account = yield Stream(name="account", read=_call("info"), seen=_count_balances)
    decimals = _decimals(wallets, account)
    if decimals or (wallets and account):
        rows = partial(_trades, settings=settings, decimals=decimals)
        yield Stream(name="trades", read=_call("history"), rows=rows)
    for currency in _currencies(settings, decimals, known):
        for action, movements in (("deposits", _deposits), ("withdrawals", _withdrawals)):
            yield Stream(
                name=f"{action}/{currency}",
                read=_call(action, currency=currency.lower()),
                rows=partial(movements, currency=currency),
            )
    yield Stream(name="volumes", read=_call("volumes"), seen=_count_volumes)
    yield Stream(name="balances", read=_call("info"), holdings=_holdings)


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "fee currency of a trade": settings.fee_currency,
        "unit of fee_maker and fee_taker": settings.fee_unit,
        "rounding of a trade's quote and fee": settings.rounding,
        "fee of an 'open' row": "fee_maker, of a 'close' row fee_taker",
        "state 1 of a deposit or withdrawal": "done; any other state is pending",
    }


def _call(action: str, **params: str) -> Any:
    return partial(
        once, Request(method="GET", path="/", params={"method": "account", "action": action, **params})
    )


def _judge(value: Any) -> Verdict | None:
    """Business errors come with HTTP 200 and success false; code is an integer or a string."""
    if isinstance(value, dict) and value.get("success") is True:
        return None
    found = value if isinstance(value, dict) else {}
    return Verdict(text=f"code {found.get('code', 'none')}: {found.get('message', 'success is not true')}")


def _currencies(settings: Settings, decimals: Mapping[str, int], known: Known) -> Sequence[str]:
    """Those configured; else every one that the venue names now or that an earlier pull asked for."""
    if settings.currencies is not None:
        return sorted(set(settings.currencies))
    earlier = {stream.partition("/")[2] for stream in known.streams if stream.startswith("deposits/")}
    usable = {asset_code(code)[0] for code in decimals if asset_code(code)[1]}
    return sorted(usable | earlier)


def _decimals(wallets: Pass | None, account: Pass | None) -> dict[str, int]:
    """Every currency named, with its decimals: as getwalletsstatus states them, else as info prints the balance."""
    found: dict[str, int] = {}
    if account:
        with suppress(SourceError):  # the account's own stream reports it
            for code, _, row in _balance_rows(account.answers[0]):
                found[code.upper()] = _printed_decimals(row.get("active"))
    if wallets:
        for code, row in _wallet_rows(wallets.answers[0]):
            stated = field(row, "decimal_point")
            found.setdefault(code.upper(), DECIMALS_UNSTATED)
            if stated.isdecimal() and int(stated) <= FRACTION_DIGITS:
                found[code.upper()] = int(stated)
    return found


def _printed_decimals(printed: Any) -> int:
    """As many as a text shows behind its point; a JSON number or a whole number shows none."""
    shown = printed.partition(".")[2] if type(printed) is str else ""
    return len(shown) if 0 < len(shown) <= FRACTION_DIGITS else DECIMALS_UNSTATED


def _wallet_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    value = read_answer(answer)
    for code, row in value.items():
        if code not in _NOT_CURRENCIES and isinstance(row, dict):
            yield code, row


def _balance_rows(answer: Answer) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Currency, pointer and row. The documentation also nests other keys among the balances: they are no currency."""
    for code, row in member(answer, read_answer(answer), "balances", dict).items():
        if code in _NOT_CURRENCIES:
            continue
        if not isinstance(row, dict):
            refuse(answer, f"the balance of {code!r} is no object")
        yield code, f"/balances/{step(code)}", row


def _count_wallets(answers: Sequence[Answer]) -> int:
    return sum(1 for _ in _wallet_rows(answers[0]))


def _count_balances(answers: Sequence[Answer]) -> int:
    return sum(1 for _ in _balance_rows(answers[0]))


def _count_volumes(answers: Sequence[Answer]) -> int:
    return len(member(answers[0], read_answer(answers[0]), "volumes", list))


def _holdings(answers: Sequence[Answer]) -> Iterator[Holding]:
    """Free (active) and locked (inactive) units, as stated: inactive was seen below zero after a race."""
    answer = answers[0]
    for code, pointer, row in _balance_rows(answer):
        with exact():
            locked = _or_false(row.get("inactive"))
            total = _or_false(row.get("active")) + locked
        yield Holding(PLACE, asset_code(code)[0], total, locked, answer.at, answer.seq, pointer)


def _or_false(value: Any) -> Decimal:
    """A balance or a rate: the venue says 0 or false where there is none."""
    return ZERO if value is False else parse(value)


def _trades(answers: Sequence[Answer], *, settings: Settings, decimals: Mapping[str, int]) -> Iterator[Row]:
    answer = answers[0]
    for pointer, row in objects(answer, member(answer, read_answer(answer), "history", list), "/history"):
        identity = tuple(field(row, name) for name in _TRADE_FIELDS)
        try:
            yield _trade(answer, pointer, row, identity, settings, decimals)
        except (RowFault, NumberRefused, DecimalException) as fault:
            why = "amount times price is too long" if isinstance(fault, DecimalException) else str(fault)
            yield odd_row(answer, pointer, row, identity, PLACE, row.get("currency1"), why)


def _trade(
    answer: Answer,
    pointer: str,
    row: Mapping[str, Any],
    identity: tuple[str, ...],
    settings: Settings,
    decimals: Mapping[str, int],
) -> Row:
    """Base and quote against trading, the fee against fees. The rate is the maker's when our offer was resting."""
    side, action = row.get("type"), row.get("action")
    if side not in ("bid", "ask") or action not in ("open", "close"):
        raise RowFault(f"type {word(side)} with action {word(action)} is unknown")
    at = moment(row.get("time_close"))
    base, base_usable = asset_code(row.get("currency1"))
    quote, quote_usable = asset_code(row.get("currency2"))
    amount = parse(row.get("amount"))
    rate = _or_false(row.get("fee_maker" if action == "open" else "fee_taker"))

    def rounded(number: Decimal, asset: str) -> Decimal:
        return round_to(number, decimals.get(asset, DECIMALS_UNSTATED), settings.rounding)

    with exact():
        paid = rounded(amount * parse(row.get("price")), quote)
        share = rate.scaleb(-_FEE_UNITS[settings.fee_unit])
        in_base = settings.fee_currency == "received" and side == "bid"
        fee_asset, fee = (
            (base, rounded(amount * share, base)) if in_base else (quote, rounded(paid * share, quote))
        )
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


def _deposits(answers: Sequence[Answer], *, currency: str) -> Iterator[Row]:
    """The member ``type`` of a deposit holds the transaction's hash."""
    return _movements(answers[0], currency, "deposit", ("time", "amount", "type"))


def _withdrawals(answers: Sequence[Answer], *, currency: str) -> Iterator[Row]:
    """``tx`` is empty until the withdrawal is sent, so it is no part of the identity."""
    return _movements(answers[0], currency, "withdrawal", ("time", "amount", "address"))


def _movements(answer: Answer, currency: str, kind: str, fields: Sequence[str]) -> Iterator[Row]:
    for pointer, row in objects(answer, member(answer, read_answer(answer), "history", list), "/history"):
        identity = (currency, *(field(row, name) for name in fields))
        try:
            at = moment(row.get("time"))
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
        )


ALLOWED = tuple(
    Allowed(method="GET", path="/", action=f"account/{action}", why=why)
    for action, why in (
        ("getwalletsstatus", "decimals of each currency"),
        ("info", "balances, fee tier"),
        ("history", "own trades"),
        ("deposits", "deposits of one currency"),
        ("withdrawals", "withdrawals of one currency"),
        ("volumes", "traded volumes as the venue counts them"),
    )
)

SOURCE = Source(
    kind="egera",
    title="Egera",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    assumptions=assumptions,
)
