"""ETHGas: accounts with their tokens, and each account's transactions behind a cursor.

``quantity`` is signed and rules over ``type``; ``balance`` is the balance after the row. The token called ETH is WETH
collateral. Whether ``startId`` includes its row, and which way it walks, is not documented: both are found out.
Source of the field meanings: developers.ethgas.com and the lookup tables of the venue's documentation repository.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import parse
from recon.core.records import Holding, Row, asset_code, assets, merged, moved
from recon.sources._http import Bearer, Verdict, http
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
    word,
)
from recon.sources._settings import HttpSettings, SecretRef, resolve

LARGEST_PAGE = 100
SMALLEST_PAGE = 2
"""A page of one row that includes the cursor's own never goes on."""
_ID = re.compile(r"[0-9]{1,18}\Z")
_BUSY = {"20", "22", "26"}
"""Error codes that say busy, timed out or unavailable: worth another try."""
_KINDS = {
    "1": "buy", "2": "sell", "3": "borrow", "4": "lend", "5": "interest", "6": "transfer_in", "7": "transfer_out",
    "8": "deposit", "9": "withdrawal", "10": "trade", "14": "withdrawal_fee", "15": "transaction_fee",
}  # fmt: skip


class Settings(HttpSettings):
    """The access token lives an hour; the refresh token is for a later login."""

    access_token: SecretRef
    refresh_token: SecretRef | None = None


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """A bearer token in the header."""
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=ALLOWED,
        auth=Bearer(resolve(settings.access_token, f"sources.{name}.access_token", world.folder)),
        world=world,
        deadline_s=settings.deadline_s,
        judge=_judge,
    )


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """Accounts first, for their ids and token codes; then each account's transactions; then what is held.

    Where the accounts cannot be read nothing else is: rows without token codes would stand in suspense for good.
    """
    accounts = yield Stream(name="accounts", read=_accounts_call(), seen=_count_accounts)
    if accounts is None:
        return
    try:
        ids, codes = _directory(accounts.answers[0])
    except SourceError:  # the stream itself reports it
        return
    ids |= {stream.partition("/")[2] for stream in known.streams if stream.startswith("txs/")}
    size = max(SMALLEST_PAGE, min(settings.page_size or LARGEST_PAGE, LARGEST_PAGE))
    for account in sorted(ids, key=lambda one: (len(one), one)):
        yield Stream(
            name=f"txs/{account}",
            read=partial(_read_txs, account, size),
            rows=partial(_txs, account=account, codes=codes),
        )
    yield Stream(name="balances", read=_accounts_call(), holdings=_holdings)


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "unit of quantity": "token units (one page calls them USD)",
        "token ETH": "WETH collateral",
        "balance of a row": "after the row, of its account and token, locked units included",
    }


def _accounts_call() -> Any:
    return partial(once, Request(method="GET", path="/v1/user/accounts"))


def _judge(value: Any) -> Verdict | None:
    """The error's code and key stand at the top, or inside data."""
    found = value if isinstance(value, dict) else {}
    if found.get("success") is True:
        return None
    data = found["data"] if isinstance(found.get("data"), dict) else {}
    code = str(found.get("errorCode", data.get("errorCode")))
    key = found.get("errorMsgKey", data.get("errorMsgKey", data.get("errorMsg")))
    return Verdict(text=f"code {code}: {key}", retry=code in _BUSY)


def _account_rows(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Each account's id, and its tokens with their pointers."""
    rows = member(answer, member(answer, read_answer(answer), "data", dict), "accounts", list)
    for pointer, row in objects(answer, rows, "/data/accounts"):
        tokens = row.get("tokens") or []
        if "accountId" not in row or not isinstance(tokens, list):
            refuse(answer, f"{pointer} is no account with a list of tokens")
        yield field(row, "accountId"), list(objects(answer, tokens, f"{pointer}/tokens"))


def _count_accounts(answers: Sequence[Answer]) -> int:
    return sum(1 for _ in _account_rows(answers[0]))


def _directory(answer: Answer) -> tuple[set[str], dict[str, str]]:
    """The account ids that can be asked for, and each token id's code."""
    ids: set[str] = set()
    codes: dict[str, str] = {}
    for account, tokens in _account_rows(answer):
        if _ID.match(account):
            ids.add(account)
        for _, token in tokens:
            if isinstance(token.get("code"), str):
                codes[field(token, "tokenId")] = token["code"]
    return ids, codes


def _asset(token: Mapping[str, Any], codes: Mapping[str, str]) -> tuple[str, bool]:
    """The ledger's code for a token id, and whether it is usable: an id that no account names is not."""
    stated = field(token, "tokenId")
    return asset_code(codes.get(stated) or {"tokenId": stated})


def _page(answer: Answer) -> list[Any]:
    found: list[Any] = member(answer, member(answer, read_answer(answer), "data", dict), "txs", list)
    return found


def _read_txs(account: str, size: int) -> Generator[Request, Answer, Pass]:
    """Goes on from the id at the far end of each page until a page brings nothing new.

    Where the second page brings nothing new and yet shows rows beyond its cursor, ``startId`` walks the other way: then
    from zero upwards. The first page of that walk is asked one row short of all that is seen: should it lack the
    smallest id seen, and the first page have been full, older rows are out of reach.
    """
    answers: list[Answer] = []
    seen: set[int] = set()
    start: int | None = None
    turned = False
    while True:
        first_upwards = turned and start == 0
        limit = len(seen) - 1 if first_upwards else size
        params = {"limit": str(limit)} | ({} if start is None else {"startId": str(start)})
        answer = yield Request(method="GET", path=f"/v1/user/account/{account}/txs", params=params)
        answers.append(answer)
        ids = _ids(answer)
        fresh = set(ids) - seen
        if first_upwards and not fresh and min(seen) not in ids and len(seen) >= size:
            refuse(answer, "older rows are out of reach, whichever way its cursor walks")
        seen |= fresh
        if fresh:
            start = max(fresh) if turned else ids[-1]
        elif len(answers) == 2 and set(ids) - {start}:
            turned, start = True, 0
        else:
            return Pass(answers=tuple(answers))


def _ids(answer: Answer) -> list[int]:
    """The ids of a page in its order. Rows without one are kept too, but nothing can go on from them."""
    page = _page(answer)
    ids = [_number(row) for _, row in objects(answer, page, "")]
    found = [one for one in ids if one >= 0]
    if page and not found:
        refuse(answer, "no row of the page has a trxId to go on from")
    return found


def _number(row: Mapping[str, Any]) -> int:
    """A row's trxId; -1 where it has none."""
    stated = field(row, "trxId")
    return int(stated) if _ID.match(stated) else -1


def _txs(answers: Sequence[Answer], *, account: str, codes: Mapping[str, str]) -> Iterator[Row]:
    """Oldest first, however the pages came. A row met on two pages counts once; an id with two contents is two rows."""
    seen: set[str] = set()
    for answer in sorted(answers, key=lambda one: min(_ids(one), default=0)):
        rows = objects(answer, _page(answer), "/data/txs")
        for pointer, row in sorted(rows, key=lambda one: _number(one[1])):
            data = write_json(row)
            if data in seen:
                continue
            seen.add(data)
            identity = (account, field(row, "trxId"))
            try:
                yield _tx(answer, pointer, row, identity, data, codes)
            except (RowFault, NumberRefused) as fault:
                asset, _ = _asset(row, codes)
                yield odd_row(answer, pointer, row, identity, account, asset, str(fault))


def _tx(
    answer: Answer,
    pointer: str,
    row: Mapping[str, Any],
    identity: tuple[str, str],
    data: str,
    codes: Mapping[str, str],
) -> Row:
    account, trx_id = identity
    if not _ID.match(trx_id):
        raise RowFault(f"trxId {trx_id[:30]!a} is not a number")
    if field(row, "accountId") not in ("", account):
        raise RowFault("its accountId is not the one that was asked for")
    at = moment(row.get("createDate"))
    asset, usable = _asset(row, codes)
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


def _holdings(answers: Sequence[Answer]) -> Iterator[Holding]:
    """``quantity`` includes ``lockedQuantity``, and is what the running balance reconciles to."""
    answer = answers[0]
    _, codes = _directory(answer)
    for account, tokens in _account_rows(answer):
        for pointer, token in tokens:
            asset, _ = _asset(token, codes)
            quantity, locked = parse(token.get("quantity")), parse(token.get("lockedQuantity", "0"))
            yield Holding(account, asset, quantity, locked, answer.at, answer.seq, pointer)


ALLOWED = (
    Allowed(method="GET", path="/v1/user/accounts", why="accounts and what they hold"),
    Allowed(method="GET", path=r"/v1/user/account/[0-9]+/txs", why="every movement with its balance"),
)

SOURCE = Source(
    kind="ethgas",
    title="ETHGas",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    assumptions=assumptions,
)
