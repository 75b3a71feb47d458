"""CryptoFuse: OAuth client credentials or an API key; a balance history, wallets, and what else the venue tells.

The balance history is the books of ``main``, each wallet's transfers are the books of ``sub``. Payments, withdrawals
and transactions stand beside them as second opinions. The documentation exists in several generations under one
address; the newest is preferred and the older ones are read too.
Source of the field meanings: docs.cryptofuse.io, its newest edition first.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any, Literal, Self

from pydantic import model_validator

from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, World
from recon.core.errors import SourceError
from recon.sources import _cryptofuse_facts as facts
from recon.sources import _cryptofuse_opinions as opinions
from recon.sources import _cryptofuse_wallets as wallets
from recon.sources import _rates
from recon.sources._cryptofuse_balances import MAIN, SUB, Codes, held_codes, holdings, totals
from recon.sources._cryptofuse_history import TRANSFERS, history
from recon.sources._cryptofuse_paging import LARGEST_PAGE, numbers, offsets
from recon.sources._cryptofuse_seconds import seconds
from recon.sources._http import ApiKeyHeader, ClientCredentials, Verdict, http
from recon.sources._rows import never, once
from recon.sources._settings import HttpSettings, SecretRef, Url, resolve

MOST_RATES = 50
"""Currencies whose rate is asked for, one question each."""
_TRANSFERS = "transfers/"


class Settings(HttpSettings):
    """Either token_url, client_id and client_secret, or api_key alone.

    ``client_auth``: whether id and secret go to token_url in a header or in the form; the pages show both.
    """

    ACCESS = HttpSettings.ACCESS | {"token_url", "client_id", "client_secret", "client_auth", "api_key"}

    token_url: Url | None = None
    client_id: str | None = None
    client_secret: SecretRef | None = None
    client_auth: Literal["basic", "form"] = "basic"
    api_key: SecretRef | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        oauth = [self.token_url, self.client_id, self.client_secret]
        if (self.api_key is None) == (None in oauth) or (
            self.api_key and (any(oauth) or self.client_auth == "form")
        ):
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
        form = settings.client_auth == "form"
        auth = ClientCredentials(settings.token_url, settings.client_id, secret, form=form)
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
    """The books of the main account and of the wallets, what is held, then second opinions, which hold up nothing.

    The list of currencies gives the code of what an older edition names by blockchain and token.
    """
    size = settings.page_size or LARGEST_PAGE
    yield Stream(
        name="history",
        read=partial(offsets, "/user/balances/history/", size, "history"),
        rows=history,
        account=MAIN,
    )
    listed = yield Stream(
        name="currencies",
        read=_get("/currencies/", full="true"),
        facts=facts.currencies,
        seen=facts.count_currencies,
        optional=True,
    )
    codes: Codes = {}
    if listed:
        with suppress(SourceError):  # the list's own stream reports it
            codes = facts.codes(listed)
    yield from _wallets(size, known)
    stated = yield Stream(name="totals", read=_get("/user/balances/"), facts=partial(totals, codes=codes))
    yield Stream(name="balances", read=_get("/user/balances/"), holdings=partial(holdings, codes=codes))
    yield from _second_opinions(min(size, LARGEST_PAGE), codes)
    yield Stream(name="fees", read=_get("/user/fees/"), facts=facts.fees, optional=True)
    yield Stream(name="me", read=_get("/user/me/"), facts=facts.terms, optional=True)
    for code in _priced(stated, listed, codes):
        yield Stream(
            name=f"rates/{code}",
            read=_get("/rates/", currency_from=code, currency_to=facts.QUOTE),
            facts=partial(facts.rate, code=code),
            asset=code,
            optional=True,
        )


def _second_opinions(size: int, codes: Codes) -> Streams:
    yield Stream(
        name="payments",
        read=partial(numbers, "/payments/", size),
        rows=opinions.payments,
        account=MAIN,
        beside=True,
        optional=True,
    )
    yield Stream(
        name="withdrawals",
        read=partial(offsets, "/withdrawal/", size, "withdrawals"),
        rows=partial(opinions.withdrawals, codes=codes),
        account=MAIN,
        beside=True,
        optional=True,
    )
    yield Stream(
        name="transactions",
        read=partial(numbers, "/transactions/transactions/", size),
        rows=opinions.transactions,
        account=MAIN,
        beside=True,
        optional=True,
    )


def _wallets(size: int, known: Known) -> Streams:
    """Each wallet that is listed now, or that was ever read, with its transfers."""
    listed = yield Stream(
        name="wallets",
        read=wallets.read_wallets,
        facts=wallets.wallets,
        seen=wallets.count_wallets,
        account=SUB,
        optional=True,
    )
    earlier = (one.removeprefix(_TRANSFERS) for one in known.streams if one.startswith(_TRANSFERS))
    ids = {one for one in earlier if wallets.is_wallet_id(one)}
    nameless = []
    if listed:
        with suppress(SourceError):  # the list's own stream reports it
            for pointer, wallet in wallets.wallet_ids(listed.answers):
                if wallet is None:
                    nameless.append(pointer)
                else:
                    ids.add(wallet)
    for wallet in sorted(ids):
        yield Stream(
            name=f"{_TRANSFERS}{wallet}",
            read=partial(wallets.read_transfers, wallet, size),
            rows=wallets.transfers,
            account=SUB,
            optional=True,
        )
    for pointer in nameless:
        why = f"the wallet at {pointer} states no wallet_id and no id that can be sent"
        yield Stream(name=f"{_TRANSFERS}{pointer}", read=never, account=SUB, unasked=why)


def _priced(stated: Pass | None, listed: Pass | None, codes: Codes) -> list[str]:
    """The currencies held of which the venue may know a rate: those it lists, where it lists any."""
    if stated is None:
        return []
    with suppress(SourceError):  # the streams of balances and currencies report it
        held = held_codes(stated.answers[0], codes)
        return sorted(held & facts.listed_codes(listed) if listed else held)[:MOST_RATES]
    return []


def _get(path: str, **params: str) -> Any:
    return partial(once, Request(method="GET", path=path, params=params))


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "account of the balance history": "main; sub_accounts are held beside it, in sub",
        "order of the balance history": "newest first, as in the documentation's example",
        "sign of a history row": "deposit adds, withdrawal takes; another type moves what balance_after says",
        "first history row of a currency, of another type": "moves its amount where its word or its balance tells the"
        " sign, else nothing; a balance from before the history is never taken for a movement",
        "history types between main and sub": ", ".join(TRANSFERS),
        "pending part of a balance": "inside the total, and shown as locked",
        "balances in the older edition's list, and in the admin summary": "held in main, wallets and all",
        "books of sub": "transfers to and from main; nothing is documented that lists what a wallet was paid directly",
        "identifier of a wallet in its transfer history": "wallet_id; id where a wallet has no wallet_id",
        "total_deposits and total_withdrawals": "counts of rows",
        "amount of a payment": "the sum of its payment_history",
        "fee of a withdrawal": "kept as stated; the balance history alone says what left",
        "rate of a currency": "asked as USD for one unit; the documentation shows only the way from USD",
    }


def _judge(value: Any) -> Verdict | None:
    """Errors are an object with code and message in the newest edition, a plain text in older ones."""
    error = value.get("error") if isinstance(value, dict) else "the answer is no JSON object"
    if error is None and value.get("success") is False:
        error = value.get("message", "success is false")
    if error is None:
        return None
    if isinstance(error, dict):
        error = f"{error.get('code')}: {error.get('message')}"
    return Verdict(text=str(error))


ALLOWED = (
    *(
        Allowed(method="GET", path=path, why=why)
        for path, why in (
            ("/user/balances/", "what is held, and the venue's own counts"),
            ("/user/balances/history/", "every movement with its balance"),
            ("/payments/", "payments: a second opinion on deposits"),
            ("/withdrawal/", "withdrawals: a second opinion on what left"),
            ("/transactions/transactions/", "payments and withdrawals in one list"),
            ("/wallets/", "which wallets there are"),
            ("/user/fees/", "the fee table"),
            ("/user/me/", "the fee tier"),
            ("/currencies/", "codes, blockchains and tokens"),
            ("/rates/", "the rate of a currency"),
        )
    ),
    Allowed(
        method="POST",
        path=wallets.HISTORY_PATH,
        body=frozenset({"wallet_id", "limit", "offset"}),
        why="a wallet's transfers; a read, though it is a POST",
    ),
)

LOGINS = (
    Allowed(
        method="POST",
        path="(token_url)",
        body=frozenset({"grant_type", "scope", "client_id", "client_secret"}),
        why="a token for the client's id and secret",
    ),
)

SOURCE = Source(
    kind="cryptofuse",
    title="CryptoFuse",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    logins=LOGINS,
    judge=_judge,
    seconds=seconds,
    assumptions=assumptions,
    rates=_rates.cryptofuse,
    quoting=facts.QUOTING,
)
