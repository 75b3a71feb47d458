"""Egera (formerly BitClude): every call is a GET of the root path with the action and the key in the query.

Nothing has an id, nothing is paged: each history comes whole every time, so rows are told apart by all their fields
and their occurrence. The same key can withdraw, therefore only the listed actions can leave the program.
Prices are public files, read without the key. Not used, since nothing in the books needs them: the order book,
``convertercheck`` (a quote of the moment for one amount), and ``getsockettoken`` (it hands out a credential).
Source of the field meanings: docs.egera.com and the published clients of the venue's earlier name.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from recon.core.contracts import Allowed, Ask, Known, Pass, Request, Source, Stream, Streams, Trading, World
from recon.core.records import asset_code
from recon.core.times import short_text
from recon.sources import _egera_account as accounts
from recon.sources import _egera_facts as stated
from recon.sources import _egera_quotes as quotes
from recon.sources import _egera_rows as histories
from recon.sources import _rates
from recon.sources._egera_account import PLACE
from recon.sources._http import Budget, QueryKey, Verdict, http
from recon.sources._rows import RowFault, never, once
from recon.sources._settings import HttpSettings, SecretRef, resolve

_TEN_MINUTES = timedelta(minutes=10)
BUDGETS = (
    Budget(requests=300, window=_TEN_MINUTES, path="/"),
    Budget(requests=600, window=_TEN_MINUTES, path="/stats/.*"),
)
"""Private calls and public files, per address; docs.egera.com."""
_FEE_UNITS = {"bps": 4, "percent": 2}


def _currency(text: str) -> str:
    code, usable = asset_code(text)
    if not usable:
        raise ValueError("expected currencies of 1 to 32 characters A-Z a-z 0-9 . _ : -")
    return code


class Settings(HttpSettings):
    """``fee_currency`` received: the fee of a bid is taken from what it brings, not from what it costs.

    ``login_history``: also ask who logged in from where. It is personal data, and sealed evidence keeps it for good.
    """

    ACCESS = HttpSettings.ACCESS | {"account_id", "key"}

    account_id: str
    key: SecretRef
    currencies: tuple[Annotated[str, AfterValidator(_currency)], ...] | None = None
    fee_currency: Literal["quote", "received"] = "quote"
    fee_unit: Literal["bps", "percent"] = "bps"
    rounding: Literal["half_up", "half_even", "down", "up"] = "half_up"
    login_history: bool = Field(default=False, strict=True)


def connect(name: str, settings: Settings, world: World) -> AbstractContextManager[Ask]:
    """What the venue allows in 10 minutes is a budget, not a pace."""
    key = resolve(settings.key, f"sources.{name}.key", world.folder)
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=ALLOWED,
        auth=QueryKey(settings.account_id, key),
        world=world,
        deadline_s=settings.deadline_s,
        budgets=BUDGETS,
        judge=judge,
    )


def streams(name: str, settings: Settings, known: Known) -> Streams:
    """Wallets and account first: they name the currencies to ask for and the decimals to round at.

    Where these could not be read, no trade is: it would be posted rounded wrongly, and for good. What the books rest
    on ends with the balances; what the venue may not serve comes after, so that it can hold up nothing.
    """
    wallets = yield _private(
        "wallets", "getwalletsstatus", facts=accounts.wallet_facts, seen=accounts.count_wallets
    )
    account = yield _private("account", "info", facts=accounts.account_facts, seen=accounts.count_balances)
    decimals = accounts.decimals(wallets, account)
    habits = histories.Habits(
        settings.fee_currency == "received", _FEE_UNITS[settings.fee_unit], settings.rounding, decimals
    )
    trades = yield _private(
        "trades",
        "history",
        rows=partial(histories.trades, habits=habits),
        blocked="" if wallets and account else "not asked, since wallets and account tell what to round at",
    )
    yield from _movements(settings, decimals, known)
    yield _private("balances", "info", holdings=accounts.holdings)
    offers = partial(stated.offer_facts, habits=habits)
    for action, name_, facts, seen in (
        ("activeoffers", "offers", offers, stated.count_offers),
        ("volumes", "volumes", stated.volume_facts, stated.count_volumes),
        ("affiliate", "affiliate", stated.affiliate_facts, len),
        ("limits", "limits", stated.limit_facts, len),
    ):
        yield _private(name_, action, facts=facts, seen=seen, optional=True)
    yield _logins(settings)
    ticker = yield Stream(
        name="ticker",
        read=partial(once, Request(method="GET", path="/stats/ticker.json")),
        facts=quotes.ticker_facts,
        seen=quotes.count_markets,
        optional=True,
    )
    yield from _markets(ticker, accounts.held(account) | histories.traded(trades), known)


def assumptions(settings: Settings) -> Mapping[str, str]:
    """What the venue's documentation leaves open."""
    return {
        "fee currency of a trade": settings.fee_currency,
        "unit of fee_maker and fee_taker": settings.fee_unit,
        "rounding of a trade's quote and fee": settings.rounding,
        "fee of an 'open' row": "fee_maker, of a 'close' row fee_taker",
        "side of a trade": "ours: bid is a purchase and ask a sale, in 'close' rows too",
        "state 1 of a deposit or withdrawal": "done; any other state is pending",
        "amount of a withdrawal": "what leaves the account, any network fee included",
        "unit of a time": "seconds, milliseconds or microseconds by magnitude, in UTC",
        "total of a currency": "active + inactive",
        "locked by an open offer": "a sale its amount, a purchase amount times price, without a fee",
        "earnings of the affiliate programme": "not posted: the venue states no time of payment",
    }


def _private(name: str, action: str, *, asset: str = "", **what: Any) -> Stream:
    params = {"method": "account", "action": action} | ({"currency": asset.lower()} if asset else {})
    read = partial(once, Request(method="GET", path="/", params=params))
    return Stream(name=name, account=PLACE, asset=asset, read=read, **what)


def _movements(settings: Settings, decimals: Mapping[str, int], known: Known) -> Streams:
    """Deposits and withdrawals of each currency, which the venue gives one currency at a time."""
    earlier = {stream.partition("/")[2] for stream in known.streams if stream.startswith("deposits/")}
    named = dict(map(asset_code, decimals)) | dict.fromkeys(earlier, True)
    asked = set(settings.currencies) if settings.currencies is not None else set(named)
    for currency in sorted(asked | named.keys()):
        unasked = "" if currency in asked else "not in currencies"
        if not named.get(currency, True):
            unasked = "its code is none that can be asked for"
        for action, rows in (("deposits", histories.deposits), ("withdrawals", histories.withdrawals)):
            stream = f"{action}/{currency}"
            if unasked:
                yield Stream(name=stream, account=PLACE, asset=currency, read=never, unasked=unasked)
            else:
                yield _private(stream, action, asset=currency, rows=partial(rows, currency=currency))


def _logins(settings: Settings) -> Stream:
    if not settings.login_history:
        why = "login_history is off: it is personal data"
        return Stream(name="logins", account=PLACE, beside=True, read=never, unasked=why)
    request = Request(method="GET", path="/", params={"method": "account", "action": "history"})
    return Stream(
        name="logins",
        account=PLACE,
        read=partial(histories.ask_logins, request),
        rows=histories.logins,
        beside=True,
        optional=True,
    )


def _markets(ticker: Pass | None, touched: set[str], known: Known) -> Streams:
    """The latest trades of every market between two currencies that the account holds or ever traded."""
    currencies = {code.lower() for code in touched}
    listed = quotes.listed(ticker)
    earlier = {stream.partition("/")[2] for stream in known.streams if stream.startswith("market/")}
    wanted = {market for market in listed if set(market.split("_")) <= currencies} | earlier
    for market in sorted(wanted):
        if ticker and market not in listed:
            yield Stream(name=f"market/{market}", read=never, unasked="the ticker names it no more")
            continue
        path = f"/stats/history_{market.replace('_', '')}.json"
        yield Stream(
            name=f"market/{market}",
            read=partial(once, Request(method="GET", path=path)),
            facts=partial(quotes.market_facts, market=market),
            seen=quotes.count_trades,
            optional=True,
        )


def judge(value: Any) -> Verdict | None:
    """Business errors come with HTTP 200 and success false; code is an integer or a string.

    Every private answer states success. Public files do not, and are known by their shape.
    """
    found = value if isinstance(value, dict) else {"": value}
    if found.get("success") is True or ("success" not in found and quotes.is_public(found)):
        return None
    text = f"code {found.get('code', 'none')}: {found.get('message', 'success is not true')}"
    try:
        return Verdict(text=f"{text} (its time {short_text(histories.when(found.get('timestamp')))})")
    except RowFault:
        return Verdict(text=text)


ALLOWED = (
    *(
        Allowed(method="GET", path="/", action=f"account/{action}", why=why)
        for action, why in (
            ("getwalletsstatus", "decimals and withdrawal fee of each currency"),
            ("info", "balances, fee tier, own deposit addresses"),
            ("history", "own trades, and the login history if asked for"),
            ("deposits", "deposits of one currency"),
            ("withdrawals", "withdrawals of one currency"),
            ("activeoffers", "open offers, which lock balances"),
            ("volumes", "traded volumes as the venue counts them"),
            ("affiliate", "earnings of the affiliate programme"),
            ("limits", "limits of the account"),
        )
    ),
    Allowed(method="GET", path=r"/stats/ticker\.json", why="prices of all markets, without the key"),
    Allowed(method="GET", path=r"/stats/history_[a-z0-9]+\.json", why="trades of a market, without the key"),
)

SOURCE = Source(
    kind="egera",
    title="Egera",
    settings=Settings,
    connect=connect,
    streams=streams,
    allowed=ALLOWED,
    judge=judge,
    assumptions=assumptions,
    rates=_rates.egera,
    personal=stated.PERSONAL,
    known_as=lambda settings: settings.account_id,
    trading=Trading(volumes="volumes", tier=("account", "fee"), trades="trades", charged=histories.charged),
    quoting=quotes.QUOTING,
)
