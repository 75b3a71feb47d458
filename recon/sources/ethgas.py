"""ETHGas: accounts with their tokens, each account's transactions, and whatever else the venue tells beside them.

``quantity`` is signed and rules over ``type``; ``balance`` is the balance after the row. The token called ETH is WETH
collateral. Whether ``startId`` includes its row, and which way it walks, is not documented: both are found out.
Source of the field meanings: developers.ethgas.com and the lookup tables of the venue's documentation repository.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple, TypeVar

from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import SourceError
from recon.sources import _ethgas_rows as rows
from recon.sources import _ethgas_tokens as tokens
from recon.sources import _rates
from recon.sources._ethgas_login import LOGINS, Settings, session
from recon.sources._ethgas_pages import LARGEST_PAGE, SMALLEST_PAGE, read_pages
from recon.sources._ethgas_seconds import seconds
from recon.sources._http import Verdict, http
from recon.sources._rows import once

_T = TypeVar("_T")
_NONE: frozenset[str] = frozenset()
_BUSY = {"20", "22", "26"}
"""Error codes that say busy, timed out or unavailable: worth another try."""
_NO_ACCOUNTS = "the accounts could not be read, and without their ids and token codes the rest has no meaning"
_NO_TOKENS = "the token table could not be read, and without its decimals raw units have no size"
_AT_ODDS = "accounts and token table disagree on what a token is called"


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """A bearer token in the header."""
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=ALLOWED,
        auth=session(name, settings, world),
        world=world,
        deadline_s=settings.deadline_s,
        judge=_judge,
    )


class _Names(NamedTuple):
    """What the accounts and the token table tell; ``why`` is why nothing else can be asked for."""

    accounts: frozenset[str]
    codes: Mapping[str, str]
    table: Mapping[str, tokens.Token] | None
    why: str = ""


_TERMS = (
    ("/v1/user/info", "user", tokens.user_facts, len),
    ("/v1/p/user/fees", "fees", tokens.fee_facts, len),
    ("/v1/p/funding/withdraw/dailyWithdrawLimits", "limits", tokens.limit_facts, tokens.count_limits),
)
"""What the venue states of fees, limits and the user."""


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """Accounts and tokens first, for ids and codes; then the histories, first those that post; then what is held.

    The rest is named but not asked for where the accounts cannot be read, or where what a token is called is disputed:
    rows without token codes would stand in suspense for good.
    """
    size = max(SMALLEST_PAGE, min(settings.page_size or LARGEST_PAGE, LARGEST_PAGE))
    names = yield from _names()
    ask = partial(Stream, blocked=names.why)
    accounts = _in_order(names.accounts | _earlier(known, "txs/"))
    for account in accounts:
        yield _txs(account, names, size)
    listed = yield ask(
        name="txs",
        read=partial(read_pages, rows.ALL_TXS, size),
        rows=partial(rows.all_txs, codes=names.codes),
        beside=True,
        optional=True,
    )
    only_there = _in_order(_read(listed, lambda one: rows.accounts_in(one.answers), _NONE) - {*accounts})
    for account in only_there:
        yield _txs(account, names, size)
    for account in accounts + only_there:
        yield ask(
            name=f"account/{account}",
            read=_get(f"/v1/user/account/{account}"),
            facts=partial(tokens.account_facts, account=account, codes=names.codes),
            account=account,
            optional=True,
        )
    yield ask(
        name="balances", read=_get("/v1/user/accounts"), holdings=partial(tokens.holdings, codes=names.codes)
    )
    yield from _funding(names, size)
    yield from _validators(names, size, known)
    for path, told, facts, seen in _TERMS:
        yield ask(name=told, read=_get(path), facts=facts, seen=seen, optional=True)


def _names() -> Generator[Stream, Pass | None, _Names]:
    """The first two streams, and what they tell together."""
    listed = yield Stream(name="accounts", read=_get("/v1/user/accounts"), seen=tokens.count_accounts)
    found = _read(listed, lambda one: tokens.directory(one.answers[0]), None)
    ids, codes = found or (set(), {})
    tabled = yield Stream(
        name="tokens",
        read=_get("/v1/p/tokens"),
        facts=partial(tokens.token_facts, codes=codes),
        seen=tokens.count_tokens,
        optional=True,
        blocked="" if found else _NO_ACCOUNTS,
    )
    if not found:
        return _Names(frozenset(), {}, None, _NO_ACCOUNTS)
    table = _read(tabled, lambda one: tokens.table(one.answers[0]), None)
    if table is None:
        return _Names(frozenset(ids), codes, None)
    together = _read(tabled, lambda one: tokens.agreed(one.answers[0], table, codes), None)
    return _Names(frozenset(ids), together or {}, table, "" if together is not None else _AT_ODDS)


def _txs(account: str, names: _Names, size: int) -> Stream:
    return Stream(
        name=f"txs/{account}",
        read=partial(read_pages, rows.txs_of(account), size),
        rows=partial(rows.txs, account=account, codes=names.codes),
        account=account,
        blocked=names.why,
    )


def _funding(names: _Names, size: int) -> Streams:
    """What arrived and left on-chain, beside the transactions that book it."""
    yield Stream(
        name="funding/deposits",
        read=partial(read_pages, rows.DEPOSITS, size),
        rows=partial(rows.deposits, contracts=tokens.by_contract(names.table or {})),
        beside=True,
        optional=True,
        blocked=names.why,
        unasked="" if names.why or names.table is not None else _NO_TOKENS,
    )
    yield Stream(
        name="funding/withdraws",
        read=partial(read_pages, rows.WITHDRAWS, size),
        rows=partial(rows.withdraws, codes=names.codes),
        beside=True,
        optional=True,
        blocked=names.why,
    )


def _validators(names: _Names, size: int, known: Known) -> Streams:
    """The user's validators, if any, and what each was paid."""
    listed = yield Stream(
        name="validators",
        read=_get("/v1/user/validators"),
        seen=tokens.count_validators,
        optional=True,
        blocked=names.why,
    )
    keys = _read(listed, lambda one: tokens.public_keys(one.answers[0]), _NONE)
    for key in sorted(keys | _earlier(known, "payouts/")):
        yield Stream(
            name=f"payouts/{key}",
            read=partial(read_pages, rows.payouts_to(key), size),
            rows=partial(rows.payouts, public_key=key),
            asset=rows.PAID_IN,
            beside=True,
            optional=True,
            blocked=names.why,
        )


def _get(path: str) -> Any:
    return partial(once, Request(method="GET", path=path))


def _read(passed: Pass | None, take: Callable[[Pass], _T], otherwise: _T) -> _T:
    """What a stream's answers tell; ``otherwise`` where there are none or they cannot be read: it says so itself."""
    try:
        return otherwise if passed is None else take(passed)
    except SourceError:
        return otherwise


def _in_order(accounts: frozenset[str]) -> list[str]:
    return sorted(accounts, key=lambda one: (len(one), one))


def _earlier(known: Known, prefix: str) -> frozenset[str]:
    """What earlier pulls asked for one by one."""
    return frozenset(one.removeprefix(prefix) for one in known.streams if one.startswith(prefix))


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "unit of quantity": "token units (one page calls them USD)",
        "token ETH": "WETH collateral",
        "balance of a row": "after the row, of its account and token, locked units included",
        "amount of a deposit": "raw units of the token whose contract it names",
        "state of a deposit": "10 is done, anything else pending",
        "state of a withdrawal": "10 is done, 101 rejected, anything else pending",
        "quantity of a withdrawal": "without its fee, which is a transaction of its own (type 14)",
        "trading fees": "transactions of their own (type 15); the stated rates are fractions, 0.01 for one percent",
        "withdrawal fee": "what type 14 took; the token table and the limits state one each, which are only kept",
        "price of a token": "US dollars at the moment of the pull",
        "payouts to validators": "in ETH; those made on-chain never touch an account and are not posted",
    }


def _judge(value: Any) -> Verdict | None:
    """The error's code and key stand at the top, or inside data."""
    found = value if isinstance(value, dict) else {}
    if found.get("success") is True:
        return None
    data = found["data"] if isinstance(found.get("data"), dict) else {}
    code = str(found.get("errorCode", data.get("errorCode")))
    key = found.get("errorMsgKey", data.get("errorMsgKey", data.get("errorMsg")))
    return Verdict(text=f"code {code}: {key}", retry=code in _BUSY)


ALLOWED = tuple(
    Allowed(method="GET", path=path, why=why)
    for path, why in (
        ("/v1/user/accounts", "accounts and what they hold"),
        ("/v1/user/account/[0-9]+", "one account, beside the list"),
        ("/v1/user/account/[0-9]+/txs", "every movement with its balance"),
        ("/v1/user/account/txs", "the movements of all accounts as one list"),
        ("/v1/user/info", "whether validators are paid on-chain"),
        ("/v1/user/funding/deposits", "what arrived on-chain"),
        ("/v1/user/funding/withdraws", "what left on-chain, and its state"),
        ("/v1/user/validators", "the user's validators"),
        ("/v1/validator/fees", "what a validator was paid"),
        ("/v1/p/tokens", "the tokens' codes and decimals"),
        ("/v1/p/user/fees", "the rates of the trading fees"),
        ("/v1/p/funding/withdraw/dailyWithdrawLimits", "what a withdrawal costs, and its limits"),
    )
)

SOURCE = Source(
    kind="ethgas",
    title="ETHGas",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    logins=LOGINS,
    judge=_judge,
    seconds=seconds,
    assumptions=assumptions,
    rates=_rates.ethgas,
    quoting=tokens.QUOTING,
)
