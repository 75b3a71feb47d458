"""CryptoFuse's books: what customers paid, what was paid out, and the balance after each row."""

from decimal import Decimal
from random import Random
from typing import NamedTuple

from generator.world import OWN_ADDRESSES, TRANSFERS, Books, dice, iso, moment, plain, rates, rounded, wander

# Decimals that the coin has, and that the venue always prints.
DIGITS = {"USDTERC20": (6, 6), "USDCERC20": (6, 6), "ETH": (18, 6), "BTC": (8, 6)}
CODES = {"USDT": "USDTERC20", "ETH": "ETH", "BTC": "BTC"}
OPENING = (
    ("USDTERC20", "01-02 09:30:00", "25000"),
    ("USDCERC20", "01-02 09:31:10", "12000"),
    ("ETH", "01-03 11:02:27", "3.150000000000000001"),
    ("BTC", "01-03 12:45:50", "0.24"),
)
PRICES = ("19.99", "49.99", "99", "149.9", "249", "499", "1290")


class Event(NamedTuple):
    """A row before its balance is known."""

    at: int
    code: str
    amount: Decimal
    """Positive for a deposit, negative for a withdrawal."""


def fixed_events() -> list[Event]:
    """The opening deposits and the moves between venues."""
    events = [Event(moment(at), code, Decimal(amount)) for code, at, amount in OPENING]
    for transfer in TRANSFERS:
        if transfer.receiver == "cryptofuse":
            events.append(Event(transfer.arrives, CODES[transfer.asset], transfer.amount))
        if transfer.sender == "cryptofuse":
            events.append(Event(transfer.leaves, CODES[transfer.asset], -transfer.amount))
    return events


def payments(rng: Random) -> list[Event]:
    """What customers paid: list prices and odd invoices; some pay the same price in the same second."""
    events = []
    for _ in range(148):
        at = rng.randrange(moment("01-03 14:00:00"), moment("03-31 21:00:00"))
        code = rng.choice(("USDTERC20",) * 7 + ("USDCERC20",) * 4 + ("ETH",) * 2 + ("BTC",) * 2)
        coin_digits, _ = DIGITS[code]
        price = rounded(Decimal(rng.choice(PRICES)), 6)
        if code in {"ETH", "BTC"}:
            in_dollars = rates(at)[code.lower()] / rates(at)["usdt"]
            amount = rounded(wander(rng, price / in_dollars, 8), coin_digits)
        elif rng.randint(1, 100) <= 45:
            amount = Decimal(rng.randrange(20_000_000, 3_900_000_000)).scaleb(-6)
        else:
            amount = price
        copies = 2 if amount == price and rng.randint(1, 100) <= 15 else 1
        events += [Event(at, code, amount)] * copies
    return events


def payouts(rng: Random) -> list[Event]:
    """What was paid to suppliers: batches of several rows in one second."""
    events = []
    for _ in range(24):
        at = rng.randrange(moment("01-14 06:00:00"), moment("03-31 20:00:00"))
        for _ in range(rng.randint(2, 4)):
            code = rng.choice(("USDTERC20",) * 5 + ("USDCERC20",) * 3 + ("ETH", "BTC"))
            worth = Decimal(rng.randrange(30_000_000, 700_000_000)).scaleb(-6)
            if code in {"ETH", "BTC"}:
                worth = worth / 3 * rates(at)["usdt"] / rates(at)[code.lower()]
            events.append(Event(at, code, -rounded(worth, DIGITS[code][0])))
    return events


def books() -> Books:
    """Everything that the venue would state at the end of the quarter; the history newest first."""
    rng = dice()
    events = sorted([*fixed_events(), *payments(rng), *payouts(rng)], key=lambda event: event.at)
    balances = dict.fromkeys(DIGITS, Decimal(0))
    history = []
    for event in events:
        balances[event.code] += event.amount
        shown = DIGITS[event.code][1]
        history.append(
            {
                "timestamp": iso(event.at),
                "currency": event.code,
                "type": "deposit" if event.amount > 0 else "withdrawal",
                "amount": plain(abs(event.amount), shown),
                "balance_after": plain(balances[event.code], shown),
            }
        )
    deposits = sum(event.amount > 0 for event in events)
    return {
        "balances": {
            "account": {code: plain(balance, DIGITS[code][1]) for code, balance in balances.items()},
            "sub_accounts": {},
            "statistics": {"total_deposits": deposits, "total_withdrawals": len(events) - deposits},
        },
        "addresses": OWN_ADDRESSES["cryptofuse"],
        "history": history[::-1],
    }
