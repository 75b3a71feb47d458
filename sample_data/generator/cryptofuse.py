"""CryptoFuse's books: what customers paid, what was paid out, and the balance after each row."""

from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from generator.world import (
    OWN_ADDRESSES,
    TRANSFERS,
    Books,
    address,
    dice,
    digest,
    iso,
    moment,
    plain,
    rates,
    rounded,
    txid,
    wander,
)

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
CHAINS = {
    "USDTERC20": ("ETH", "USDT"),
    "USDCERC20": ("ETH", "USDC"),
    "ETH": ("ETH", "ETH"),
    "BTC": ("BTC", "BTC"),
}
NAMES = {"USDTERC20": "Tether USD", "USDCERC20": "USD Coin", "ETH": "Ethereum", "BTC": "Bitcoin"}
EXPIRED = (("02-09 17:20:31", "USDTERC20", "249"), ("03-21 08:02:55", "USDCERC20", "99"))
"""Invoices that nobody paid."""
WALLET_ID = "w_" + digest("wallet 1")[:12]
MOVES = (
    ("03-13T16:40:09.871Z", "to_master", "completed"),
    ("03-13T10:02:27.040Z", "to_master", "failed"),
    ("03-13T09:12:44.318Z", "to_sub", "completed"),
)
"""What was lent to the wallet and came back, newest first; no customer paid in between."""


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


def uuid(label: str) -> str:
    """An identifier, the same for the same label."""
    return str(UUID(digest(label)[:32], version=4))


def dollars(at: int, code: str) -> Decimal:
    """What one unit costs in dollars."""
    return rounded(rates(at)[code[:4].lower()] / rates(at)["usdt"], 2)


def hashed(event: Event, number: int) -> str:
    """The transaction's hash; of a move between venues the one that the other venue states too."""
    asset = "BTC" if event.code == "BTC" else "ETH"
    for move in TRANSFERS:
        at = move.arrives if event.amount > 0 else move.leaves
        if (at, move.amount) == (event.at, abs(event.amount)):
            return move.txid
    return txid(asset, f"fuse {number}")


def payment_rows(events: list[Event]) -> list[dict[str, Any]]:
    """A payment for each deposit but the opening ones, and the invoices that nobody paid; newest first."""
    rows = []
    for number, event in enumerate(events):
        amount = plain(event.amount, DIGITS[event.code][1])
        mined = hashed(event, number)
        deposit = {
            "deposit_id": f"dep_{number + 1}",
            "amount": amount,
            "transaction_hash": mined,
            "confirmations": 12,
            "timestamp": iso(event.at),
        }
        invoiced = plain(rounded(event.amount * dollars(event.at, event.code), 2), 2)
        rows.append(payment(event, number, "completed", invoiced, amount, [deposit]))
    for number, (at, code, price) in enumerate(EXPIRED, len(events)):
        rows.append(payment(Event(moment(at), code, Decimal(price)), number, "expired", price, price, []))
    return sorted(rows, key=lambda row: row["created_at"], reverse=True)


def payment(
    event: Event, number: int, status: str, invoiced: str, amount: str, deposits: list[dict[str, Any]]
) -> dict[str, Any]:
    """A payment that was invoiced ten minutes before it came."""
    return {
        "transaction_id": uuid(f"payment {number}"),
        "status": status,
        "payment_type": "full",
        "price_amount": invoiced,
        "price_currency": "USD",
        "pay_amount": amount,
        "pay_currency": event.code,
        "blockchain_address": OWN_ADDRESSES["cryptofuse"][event.code],
        "transaction_hash": deposits[0]["transaction_hash"] if deposits else None,
        "order_id": f"EX-{number + 1:04}",
        "merchant_received_usd": invoiced if deposits else "0.00",
        "payment_history": deposits,
        "created_at": iso(event.at - 600),
    }


def withdrawal_rows(events: list[Event]) -> list[dict[str, Any]]:
    """A withdrawal for each row that left, without a fee, and one that was cancelled; newest first."""
    rows = []
    for number, event in enumerate(events):
        rows.append(withdrawal(event, number, "completed", hashed(event, 1000 + number)))
    called_off = Event(moment("02-26 11:30:18"), "USDTERC20", Decimal(-1800))
    rows.append(withdrawal(called_off, len(events), "cancelled", None))
    return sorted(rows, key=lambda row: row["created_at"], reverse=True)


def withdrawal(event: Event, number: int, status: str, mined: str | None) -> dict[str, Any]:
    """A withdrawal to a supplier, or to the company's own place at Egera."""
    chain, token = CHAINS[event.code]
    own = mined in {move.txid for move in TRANSFERS}
    place = OWN_ADDRESSES["egera"][token] if own else address(event.code, f"supplier {number}")
    return {
        "withdrawal_id": uuid(f"withdrawal {number}"),
        "custom_id": f"PAYOUT-{number + 1:03}",
        "amount": plain(-event.amount, DIGITS[event.code][1]),
        "fee": "0.00",
        "platform_fee": "0.00",
        "network_fee": "0.00",
        "blockchain": chain,
        "token": token,
        "currency": event.code,
        "address": place,
        "status": status,
        "transaction_hash": mined,
        "created_at": iso(event.at),
        "updated_at": iso(event.at + 480),
    }


def wallet() -> dict[str, Any]:
    """The one wallet, empty at the end of the quarter."""
    return {
        "id": uuid("wallet 1"),
        "name": "Shop Gdynia",
        "external_id": "shop-2",
        "wallet_id": WALLET_ID,
        "created": "2025-03-10T08:15:30.123Z",
        "updated": "2025-03-13T16:40:09.871Z",
        "balances": [
            {
                "currency": "USDTERC20",
                "amount": "0.000000",
                "pending_amount": "0.000000",
                "available_balance": "0.000000",
            }
        ],
    }


def transfer(at: str, kind: str, status: str) -> dict[str, Any]:
    """A move between the main account and the wallet."""
    return {
        "id": uuid(f"transfer {at}"),
        "transfer_type": kind,
        "currency": "USDTERC20",
        "amount": "750.00",
        "status": status,
        "created_at": f"2025-{at}",
    }


def currencies() -> list[dict[str, Any]]:
    """What can be paid with."""
    return [
        {"currency": code, "name": NAMES[code], "token": token.lower(), "blockchain": chain.lower()}
        for code, (chain, token) in CHAINS.items()
    ]


def fees() -> dict[str, Any]:
    """The fee table of an account that pays by invoice."""
    nothing = dict.fromkeys(CHAINS, "0.00")
    return {
        "transaction_fees": {"percentage": "0.0", "is_paid_by_user": False, "minimum_fees": nothing},
        "withdrawal_fees": {"percentage": "0.0", "minimum_fees": nothing, "network_fees": {}},
        "volume_discounts": [],
        "current_volume": {},
    }


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
    opened = [Event(moment(at), code, Decimal(amount)) for code, at, amount in OPENING]
    return {
        "balances": {
            "account": {code: plain(balance, DIGITS[code][1]) for code, balance in balances.items()},
            "sub_accounts": {},
            "statistics": {"total_deposits": deposits, "total_withdrawals": len(events) - deposits},
        },
        "addresses": OWN_ADDRESSES["cryptofuse"],
        "history": history[::-1],
        "payments": payment_rows([event for event in events if event.amount > 0 and event not in opened]),
        "withdrawals": withdrawal_rows([event for event in events if event.amount < 0]),
        "wallets": [wallet()],
        "transfers": {WALLET_ID: [transfer(*move) for move in MOVES]},
        "currencies": currencies(),
        "rates": {code: plain(dollars(moment("03-31 21:00:00"), code), 2) for code in DIGITS},
        "fees": fees(),
        "me": {
            "name": "Example Sp. z o.o.",
            "transaction_fee": "0.0",
            "is_fee_paid_by_user": False,
            "webhook_callback_url": None,
            "webhook_secret_masked": None,
        },
    }
