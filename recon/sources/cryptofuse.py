"""CryptoFuse: OAuth client credentials or an API key; balances, and a balance history paged by offset, newest first.

History rows have no id and a resolution of one second, but carry the balance after each, which chains per currency.
While pages are read new rows push old ones on, so a pass counts only if ``total`` was the same on every page.
Source of the field meanings: docs.cryptofuse.io, newest edition.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import partial
from typing import Any, Self

from pydantic import model_validator

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import ZERO, exact, parse
from recon.core.records import Holding, Row, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._http import ApiKeyHeader, ClientCredentials, Verdict, http
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
from recon.sources._settings import HttpSettings, SecretRef, Url, resolve

PLACE = "main"
PASSES = 5
_FIELDS = ("currency", "timestamp", "type", "amount", "balance_after")


class Settings(HttpSettings):
    """Either token_url, client_id and client_secret, or api_key alone."""

    token_url: Url | None = None
    client_id: str | None = None
    client_secret: SecretRef | None = None
    api_key: SecretRef | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        oauth = [self.token_url, self.client_id, self.client_secret]
        if (self.api_key is None) == (None in oauth) or (self.api_key and any(oauth)):
            raise ValueError("expected token_url, client_id and client_secret, or api_key alone")
        return self


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """The token's endpoint lies at the host's root, outside base_url."""
    auth: ApiKeyHeader | ClientCredentials
    if settings.api_key:
        auth = ApiKeyHeader(resolve(settings.api_key, f"sources.{name}.api_key", world.folder))
    else:
        assert settings.token_url and settings.client_id and settings.client_secret
        secret = resolve(settings.client_secret, f"sources.{name}.client_secret", world.folder)
        auth = ClientCredentials(settings.token_url, settings.client_id, secret)
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=ALLOWED,
        auth=auth,
        world=world,
        deadline_s=settings.deadline_s,
        judge=_judge,
    )


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """The history of all currencies at once, then what is held."""
    yield Stream(name="history", read=partial(_read_history, settings.page_size or 100), rows=_history)
    yield Stream(
        name="balances", read=partial(once, Request(method="GET", path="/user/balances/")), holdings=_holdings
    )


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "account of the balance history": "main; sub_accounts are held beside it",
        "order of the balance history": "newest first, as in the documentation's example",
        "sign of a history row": "deposit adds, withdrawal takes; another type moves what balance_after says",
    }


def _judge(value: Any) -> Verdict | None:
    """Errors are an object with code and message in the newest edition, a plain text in older ones."""
    error = value.get("error") if isinstance(value, dict) else "the answer is no JSON object"
    if error is None:
        return None
    if isinstance(error, dict):
        error = f"{error.get('code')}: {error.get('message')}"
    return Verdict(text=str(error))


def _read_history(page_size: int) -> Generator[Request, Answer, Pass]:
    for _ in range(PASSES):
        pages, rows, total = [], 0, None
        while True:
            params = {"limit": str(page_size), "offset": str(rows)}
            answer = yield Request(method="GET", path="/user/balances/history/", params=params)
            value = read_answer(answer)
            stated = field(value, "total") if isinstance(value, dict) else ""
            if not stated.isdecimal():
                refuse(answer, "the answer has no count 'total'")
            count = len(member(answer, value, "history", list))
            if total not in (None, int(stated)):
                break
            total = int(stated)
            pages.append(answer)
            rows += count
            if count == 0 or rows >= total:
                return Pass(answers=tuple(pages), stated=total)
    raise SourceError(
        "moving",
        f"the history's total changed during each of {PASSES} passes",
        where=f"{answer.source}/history",
        next_step="Pull again at a quieter time",
    )


def _history(answers: Sequence[Answer]) -> Iterator[Row]:
    """Oldest first: pages and rows backwards. ``last`` is each currency's balance so far, for types we do not know."""
    last: dict[str, Decimal] = {}
    for answer in reversed(answers):
        rows = list(objects(answer, member(answer, read_answer(answer), "history", list), "/history"))
        for pointer, row in reversed(rows):
            identity = tuple(field(row, name) for name in _FIELDS)
            try:
                yield _history_row(answer, pointer, row, identity, last)
            except (RowFault, NumberRefused) as fault:
                yield odd_row(answer, pointer, row, identity, PLACE, row.get("currency"), str(fault))


def _history_row(
    answer: Answer, pointer: str, row: Mapping[str, Any], identity: tuple[str, ...], last: dict[str, Decimal]
) -> Row:
    at = moment(row.get("timestamp"))
    asset, usable = asset_code(row.get("currency"))
    amount, after = parse(row.get("amount")), parse(row.get("balance_after"))
    kind = word(row.get("type"))
    contra = f"external:{answer.source}" if usable else f"suspense:{answer.source}"
    if kind == "deposit":
        quantity = amount
    elif kind == "withdrawal":
        quantity = amount.copy_negate()
    else:
        with exact():
            quantity = after - last.get(asset, ZERO)
        contra = f"suspense:{answer.source}"
    last[asset] = after
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind=kind,
        status="settled",
        account=PLACE,
        asset=asset,
        quantity=quantity,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=merged(moved(assets(answer.source, PLACE), contra, asset, quantity, after)),
    )


def _holdings(answers: Sequence[Answer]) -> Iterator[Holding]:
    """``account`` is the main account, ``sub_accounts`` lie beside it; the venue shows nothing as locked."""
    answer = answers[0]
    value = read_answer(answer)
    for name, place in (("account", PLACE), ("sub_accounts", "sub")):
        for code, quantity in member(answer, value, name, dict).items():
            pointer = f"/{name}/{step(code)}"
            asset, _ = asset_code(code)
            yield Holding(place, asset, parse(quantity), ZERO, answer.at, answer.seq, pointer)


ALLOWED = (
    Allowed(method="GET", path="/user/balances/", why="what is held"),
    Allowed(method="GET", path="/user/balances/history/", why="every movement with its balance"),
)

SOURCE = Source(
    kind="cryptofuse",
    title="CryptoFuse",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    assumptions=assumptions,
)
