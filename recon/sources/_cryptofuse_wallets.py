"""CryptoFuse's wallets, and each one's transfers to and from the main account: the books of the sub account.

A transfer history is read by POST, with the question in a JSON body. The list of wallets is asked for by GET alone: the
same address creates a wallet when it is posted to.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.contracts import Pass, Request
from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.core.records import Fact, Posting, Row, asset_code, assets, merged, moved
from recon.core.times import micros
from recon.sources._cryptofuse_balances import SUB, as_stated
from recon.sources._cryptofuse_paging import LARGEST_PAGE, Leaf, by_offset, count, steady
from recon.sources._rows import (
    RowFault,
    member,
    moment,
    objects,
    odd_row,
    read_answer,
    shown,
    stated,
    step,
    word,
)

HISTORY_PATH = "/wallets/transfer-history/"
_WALLET_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TEXTS = ("id", "wallet_id", "external_id", "name", "created", "created_at", "updated", "updated_at")
_WAYS = {"to_sub": 1, "to_master": -1}
_STATUSES = ("completed", "pending", "failed")


class _Page(NamedTuple):
    """A page of the list. Only the older shape has pages."""

    rows: Sequence[Any]
    total: int
    pointer: str
    paged: bool


def read_wallets() -> Generator[Request, Answer, Pass]:
    """The list of wallets. The newest edition gives it whole; an older one in pages."""

    def turn(answer: Answer, before: int) -> Leaf:
        page = _page(answer)
        after = before + len(page.rows)
        more = page.paged and page.rows and after < page.total
        params = {"limit": str(LARGEST_PAGE), "offset": str(after)}
        request = Request(method="GET", path="/wallets/", params=params)
        return Leaf(len(page.rows), page.total, request if more else None)

    return steady(Request(method="GET", path="/wallets/"), turn)


def wallets(answers: Sequence[Answer]) -> Iterator[Fact]:
    """What each wallet is called by whom, and the balances it states; a wallet is named by the identifier we ask by."""
    for answer, pointer, row in _wallet_rows(answers):
        subject = f"wallet {wallet_id(row) or pointer}"
        for name in _TEXTS:
            if row.get(name) is not None:
                kept, place = as_stated(row[name]), f"{pointer}/{name}"
                yield Fact(subject, name, kept, answer.at, answer.seq, place)
        balances = row.get("balances")
        for place, one in objects(
            answer, balances if isinstance(balances, list) else [], f"{pointer}/balances"
        ):
            asset, _ = asset_code(one.get("currency"))
            for name, number in one.items():
                if name != "currency" and number is not None:
                    yield Fact(
                        f"{subject} {asset}", shown(name), stated(number), answer.at, answer.seq,
                        f"{place}/{step(name)}",
                    )  # fmt: skip


def count_wallets(answers: Sequence[Answer]) -> int:
    """Wallets, whatever each states."""
    return sum(1 for _ in _wallet_rows(answers))


def wallet_ids(answers: Sequence[Answer]) -> Iterator[tuple[str, str | None]]:
    """Each wallet's pointer, and the identifier to ask by; None where it has none that can be sent."""
    for _, pointer, row in _wallet_rows(answers):
        yield pointer, wallet_id(row)


def wallet_id(row: Mapping[str, Any]) -> str | None:
    """``wallet_id``, which the transfer history's page asks for by the words of the wallets' page; else ``id``."""
    for name in ("wallet_id", "id"):
        value = row.get(name)
        if isinstance(value, str) and _WALLET_ID.fullmatch(value):
            return str(value)
    return None


def is_wallet_id(text: str) -> bool:
    """Whether this can be asked for."""
    return _WALLET_ID.fullmatch(text) is not None


def read_transfers(wallet: str, size: int) -> Generator[Request, Answer, Pass]:
    """One wallet's transfers, newest first."""

    def counted(answer: Answer) -> tuple[int, int]:
        value = read_answer(answer)
        rows = member(answer, value, "transfers", list)
        return len(rows), count(answer, member(answer, value, "pagination", dict), "total")

    return by_offset(partial(_asked, wallet, size), counted)


def transfers(answers: Sequence[Answer]) -> Iterator[Row]:
    """Oldest first. Completed ones move against transit, pending ones wait, failed ones moved nothing."""
    for answer in reversed(answers):
        rows = list(objects(answer, member(answer, read_answer(answer), "transfers", list), "/transfers"))
        for pointer, row in reversed(rows):
            named = row.get("id")
            identity = (str(named),) if isinstance(named, str) else ("", write_json(row))
            try:
                yield _transfer(answer, pointer, row, identity)
            except (RowFault, NumberRefused) as fault:
                yield odd_row(answer, pointer, row, identity, SUB, row.get("currency"), str(fault))


def _transfer(answer: Answer, pointer: str, row: Mapping[str, Any], identity: tuple[str, ...]) -> Row:
    kind, status = word(row.get("transfer_type")), word(row.get("status"))
    if identity[0] == "":
        raise RowFault("it has no id")
    if kind not in _WAYS:
        raise RowFault(f"transfer_type {kind} is unknown")
    if status not in _STATUSES:
        raise RowFault(f"status {status} is unknown")
    at = moment(row.get("created_at"))
    asset, usable = asset_code(row.get("currency"))
    amount = parse(row.get("amount"))
    quantity = amount if _WAYS[kind] > 0 else amount.copy_negate()
    postings: tuple[Posting, ...] = ()
    if status == "completed":
        contra = "transit" if usable else f"suspense:{answer.source}"
        postings = merged(moved(assets(answer.source, SUB), contra, asset, quantity))
    return Row(
        identity=identity,
        at=at,
        ordinal=micros(at),
        kind=f"{kind} {status}" if status == "failed" else kind,
        status="pending" if status == "pending" else "settled",
        account=SUB,
        asset=asset,
        quantity=quantity,
        data=write_json(row),
        seq=answer.seq,
        pointer=pointer,
        postings=postings,
    )


def _asked(wallet: str, size: int, offset: int) -> Request:
    return Request(
        method="POST", path=HISTORY_PATH, params={"wallet_id": wallet, "limit": size, "offset": offset}
    )


def _page(answer: Answer) -> _Page:
    """Newest: ``{accounts, total}``. Older: ``{result: {wallets, total, limit, offset}}``."""
    value = read_answer(answer)
    if isinstance(value, dict) and "result" in value:
        inner = member(answer, value, "result", dict)
        rows = member(answer, inner, "wallets", list)
        return _Page(rows, count(answer, inner, "total"), "/result/wallets", paged=True)
    rows = member(answer, value, "accounts", list)
    return _Page(rows, count(answer, value, "total"), "/accounts", paged=False)


def _wallet_rows(answers: Sequence[Answer]) -> Iterator[tuple[Answer, str, dict[str, Any]]]:
    for answer in answers:
        page = _page(answer)
        for pointer, row in objects(answer, page.rows, page.pointer):
            yield answer, pointer, row
