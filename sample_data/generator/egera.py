"""Egera's books: bank and crypto movements, about 1,200 trades, and the balances that follow from them."""

from decimal import Decimal
from random import Random
from typing import NamedTuple

from generator.world import (
    IBAN,
    OWN_ADDRESSES,
    TRANSFERS,
    Books,
    address,
    dice,
    moment,
    rates,
    rounded,
    txid,
    wander,
)

FIAT = ("pln", "eur", "usd")
CURRENCIES = (*FIAT, "btc", "eth", "ltc", "usdt")
MAKER_BPS, TAKER_BPS = "30", "50"
# Pair, how often of 100, decimals of the price.
PAIRS = (
    ("btc", "pln", 38, 2),
    ("eth", "pln", 27, 2),
    ("usdt", "pln", 15, 4),
    ("eth", "btc", 10, 6),
    ("btc", "eur", 10, 2),
)
# What the desk likes to hold: below it mostly buys, above it mostly sells.
TARGETS = {"btc": Decimal("1.3"), "eth": Decimal(14), "usdt": Decimal(48000)}

DEPOSITS = (
    ("pln", "01-02 08:41:12", "400000"),
    ("pln", "01-13 09:02:55", "150000"),
    ("pln", "02-03 08:37:40", "180000"),
    ("pln", "02-17 10:15:08", "95000.5"),
    ("pln", "03-03 08:52:31", "160000"),
    ("pln", "03-17 09:20:17", "120000"),
    ("eur", "01-02 09:05:33", "60000"),
    ("eur", "02-10 08:48:26", "15000"),
    ("eur", "03-10 09:11:49", "12500"),
    ("usdt", "01-02 10:15:04", "50000"),
    ("usdt", "02-07 13:26:58", "8250.125"),
    ("btc", "01-20 17:44:10", "0.15408233"),
    ("btc", "03-06 12:08:45", "0.08461957"),
    ("btc", "03-13 18:31:22", "0.21734508"),
    ("btc", "03-21 07:55:39", "0.11932046"),
    ("eth", "02-25 16:02:14", "3.20417755"),
    ("eth", "03-18 11:39:03", "1.87340912"),
)
WITHDRAWALS = (
    ("pln", "01-31 12:04:19", "45210.37"),
    ("pln", "02-28 12:10:02", "46890.14"),
    ("pln", "03-28 11:57:46", "47315.82"),
    ("eur", "02-14 10:22:37", "8000"),
    ("btc", "02-18 14:49:51", "0.12"),
    ("usdt", "03-14 15:03:28", "6400"),
)
PENDING = ("eur", "03-30 14:21:09", "2500")
# Number, pair, side, amount, price, opened at. A sale locks its amount, a purchase what it would cost.
OFFERS = (
    ("884213", "btc", "pln", "ask", "0.25", "361500", "03-27 19:12:44"),
    ("884902", "eth", "pln", "bid", "3", "6480", "03-30 08:05:10"),
)


def decimals(currency: str) -> int:
    """How many decimals the venue keeps."""
    return 2 if currency in FIAT else 8


def money(value: Decimal, currency: str) -> str:
    """As the venue prints it."""
    return format(rounded(value, decimals(currency)), "f")


class Movement(NamedTuple):
    """A deposit (positive) or a withdrawal (negative)."""

    at: int
    currency: str
    amount: Decimal
    row: dict[str, str]


def movements() -> list[Movement]:
    """All deposits and withdrawals that are done, by time."""
    done = []
    for currency, at, amount in DEPOSITS:
        reference = (
            f"FT25{at[:5].replace('-', '')}{at[-2:]}K" if currency in FIAT else txid(currency.upper(), at)
        )
        done.append(_deposit(currency, moment(at), Decimal(amount), reference))
    for currency, at, amount in WITHDRAWALS:
        reference = (
            f"ZL25{at[:5].replace('-', '')}{at[-2:]}W" if currency in FIAT else txid(currency.upper(), at)
        )
        place = IBAN if currency in FIAT else address(currency.upper(), f"supplier {at}")
        done.append(_withdrawal(currency, moment(at), Decimal(amount), reference, place))
    for transfer in TRANSFERS:
        currency = transfer.asset.lower()
        if transfer.receiver == "egera":
            done.append(_deposit(currency, transfer.arrives, transfer.amount, transfer.txid))
        if transfer.sender == "egera":
            addresses = OWN_ADDRESSES[transfer.receiver]
            place = addresses.get(transfer.asset) or addresses[transfer.asset + "ERC20"]
            done.append(_withdrawal(currency, transfer.leaves, transfer.amount, transfer.txid, place))
    return sorted(done, key=lambda movement: movement.at)


def _deposit(currency: str, at: int, amount: Decimal, reference: str) -> Movement:
    row = {"time": str(at), "amount": money(amount, currency), "type": reference, "state": "1"}
    return Movement(at, currency, amount, row)


def _withdrawal(currency: str, at: int, amount: Decimal, reference: str, place: str) -> Movement:
    row = {
        "time": str(at),
        "amount": money(amount, currency),
        "tx": reference,
        "address": place,
        "state": "1",
    }
    return Movement(at, currency, -amount, row)


def trades(rng: Random, done: list[Movement]) -> tuple[list[Books], dict[str, Decimal]]:
    """The trades, and the balances after them and all movements."""
    balances = {currency: Decimal(0) for currency in CURRENCIES}
    first, last = moment("01-02 12:00:00"), moment("03-31 21:30:00")
    times = sorted({rng.randrange(first, last) for _ in range(745)} - {movement.at for movement in done})
    waiting = list(done)
    rows: list[Books] = []
    for at in times:
        while waiting and waiting[0].at < at:
            movement = waiting.pop(0)
            balances[movement.currency] += movement.amount
        for row in _fills(rng, at, balances):
            apply(row, balances)
            rows.append(row)
    for movement in waiting:
        balances[movement.currency] += movement.amount
    return rows, balances


def apply(row: Books, balances: dict[str, Decimal]) -> None:
    """Move base, quote and fee as the venue does."""
    base, quote, amount = row["currency1"], row["currency2"], Decimal(row["amount"])
    value = rounded(amount * Decimal(row["price"]), decimals(quote))
    rate = Decimal(row["fee_maker"] if row["action"] == "open" else row["fee_taker"])
    sign = 1 if row["type"] == "bid" else -1
    balances[base] += sign * amount
    balances[quote] -= sign * value + rounded(value * rate / 10000, decimals(quote))


def _fills(rng: Random, at: int, balances: dict[str, Decimal]) -> list[Books]:
    """One order, filled in one to three rows of the same second; nothing where it can't be paid for."""
    base, quote, _, digits = rng.choice([pair for pair in PAIRS for _ in range(pair[2])])
    price_pln = rates(at)
    price = rounded(wander(rng, price_pln[base] / price_pln[quote], 6), digits)
    bids = rng.randint(1, 100) <= (72 if balances[base] < TARGETS[base] else 28)
    budget = rng.choice((400, 900, 2500, 6000, 14000)) / price_pln[base]
    parts = _parts(rng, wander(rng, budget, 350))
    cost = sum(parts) * price * Decimal("1.01")
    if bids and cost > balances[quote] / 2:
        bids = False
    if not bids and sum(parts) > balances[base] / 2:
        return []
    maker = rng.randint(1, 100) <= 55
    theirs = rng.choice(("50", "50", "40", "280") if maker else ("30", "20", "0"))
    return [
        {
            "currency1": base,
            "currency2": quote,
            "amount": money(part, base),
            "time_close": at,
            "price": format(price, "f"),
            "fee_taker": theirs if maker else TAKER_BPS,
            "fee_maker": MAKER_BPS if maker else theirs,
            "type": "bid" if bids else "ask",
            "action": "open" if maker else "close",
        }
        for part in parts
    ]


def _parts(rng: Random, whole: Decimal) -> list[Decimal]:
    """An order's fills. People type short numbers, programs long ones; now and then fills are the same."""
    count = rng.choice((1, 1, 1, 2, 2, 3))
    part = rounded(whole / count, rng.choice((1, 2, 3, 8, 8, 8))) or rounded(whole / count, 8)
    if count == 1 or rng.randint(1, 100) <= 3:
        return [part] * count
    return [rounded(wander(rng, part, 400), 8) for _ in range(count)]


def wallet(currency: str, at: int) -> Books:
    """The state of a currency's wallet; a bank account has no chain."""
    fees = {
        "btc": "0.0002",
        "eth": "0.0012",
        "ltc": "0.002",
        "usdt": "4.5",
        "pln": "3",
        "eur": "1",
        "usd": "5",
    }
    return {
        "last_block_time": str(at),
        "node_status": "1",
        "is_online": True,
        "connections": "0" if currency in FIAT else "24",
        "current_optimal_fee": fees[currency],
        "current_minimum_amount": "10" if currency in FIAT else "0.001",
        "decimal_point": str(decimals(currency)),
        "id": str(CURRENCIES.index(currency) + 1),
        "confirmations": "0" if currency in FIAT else "2",
    }


def ticker(at: int) -> Books:
    """The last prices of the quarter."""
    price_pln = rates(at)
    markets = {}
    for base, quote, _, digits in PAIRS:
        last = price_pln[base] / price_pln[quote]
        parts = {"last": 1000, "ask": 1001, "bid": 999, "max24H": 1012, "min24H": 991}
        prices = {
            key: format(rounded(last * per_mille / 1000, digits), "f") for key, per_mille in parts.items()
        }
        kind = "crypto_fiat" if quote in FIAT else "crypto_crypto"
        markets[f"{base}_{quote}"] = {"bind": kind, **prices, "volumen": "12.40518823", "change": "0.41 %"}
    return markets


def markets(rows: list[Books]) -> Books:
    """The last ten own trades of each market as the public lists them (a: sale, b: purchase), newest first."""
    numbered = list(enumerate(rows, start=412001))
    return {
        f"{base}_{quote}": [
            {
                "time": row["time_close"],
                "nr": str(number),
                "amount": row["amount"],
                "price": row["price"],
                "type": row["type"][0],
            }
            for number, row in reversed(numbered)
            if (row["currency1"], row["currency2"]) == (base, quote)
        ][:10]
        for base, quote, _, _ in PAIRS
    }


def books() -> Books:
    """Everything that the venue would state at the end of the quarter."""
    done = movements()
    rows, totals = trades(dice(), done)
    currency, at, amount = PENDING
    pending = _withdrawal(currency, moment(at), Decimal(amount), "", IBAN)
    pending.row["state"] = "0"
    leaving = [movement for movement in [*done, pending] if "address" in movement.row]
    locked = {"btc": Decimal(OFFERS[0][4]), "pln": Decimal(OFFERS[1][4]) * Decimal(OFFERS[1][5])}
    end = moment("03-31 21:45:00")
    return {
        "account": {
            "nick": "example",
            "email": "biuro@example.com",
            "phone": "+48000000000",
            "key_default": "1",
            "last_ip": "192.0.2.10",
            "state": "2",
            "data": {"name": "Example", "surname": "Sp. z o.o."},
            "fee": {"maker": MAKER_BPS, "taker": TAKER_BPS},
        },
        "balances": {
            name.upper(): {
                "active": money(totals[name] - locked.get(name, Decimal(0)), name),
                "inactive": money(locked.get(name, Decimal(0)), name),
            }
            for name in CURRENCIES
        },
        "deposit": {
            name.upper(): {"deposit": OWN_ADDRESSES["egera"][name.upper()]} if name in TARGETS else False
            for name in CURRENCIES
        },
        "has_address": True,
        "debit_fee": "0.03",
        "deposits": {
            name: [item.row for item in done if item.currency == name and "address" not in item.row]
            for name in CURRENCIES
        },
        "withdrawals": {name: [item.row for item in leaving if item.currency == name] for name in CURRENCIES},
        "offers": [
            {
                "nr": number,
                "currency1": base,
                "currency2": quote,
                "amount": money(Decimal(offered), base),
                "price": money(Decimal(price), quote),
                "id_user_open": "918872936",
                "time_open": f"{moment(opened)}000",
                "offertype": side,
            }
            for number, base, quote, side, offered, price, opened in OFFERS
        ],
        "wallets": {name: wallet(name, end) for name in CURRENCIES},
        "affiliate": {"earned": 0, "verified": "0", "registered": "0", "earnTabele": {}, "list": []},
        "limits": {"limitMonthly": 5000000, "limitYearly": 30000000},
        "ticker": ticker(end),
        "markets": markets(rows),
        "trades": rows,
    }
