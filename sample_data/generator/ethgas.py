"""ETHGas's books: a current and a trading account in wrapped ETH, and one ledger over both."""

from decimal import Decimal
from random import Random
from typing import Any

from generator.world import (
    OWN_ADDRESSES,
    TRANSFERS,
    Books,
    address,
    dice,
    digest,
    moment,
    plain,
    rounded,
    txid,
)

USER, CURRENT, TRADING = 78, 128, 129
ETH = 1
BUY, SELL, INTEREST, IN, OUT, DEPOSIT, WITHDRAWAL, TRADE, WITHDRAWAL_FEE, FEE = (
    1,
    2,
    5,
    6,
    7,
    8,
    9,
    10,
    14,
    15,
)
FEE_RATES = {BUY: Decimal("0.01"), SELL: Decimal("0.05"), TRADE: Decimal("0.01")}
WITHDRAW_FEE = Decimal("0.0005")
LOCKED = Decimal("0.75")
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
VALIDATOR = "0x" + (digest("validator") + digest("validator key"))[:96]
PAYOUT = address("ETH", "payout")
PAYOUTS = (("01-19 04:11:35", "0.00023"), ("02-11 17:40:11", "0.041872205"), ("03-23 22:06:47", "0.0071"))

# What is planned in the current account. OUT goes to the trading account, IN comes from it.
PLANNED = (
    (DEPOSIT, "01-02 13:05:12", "9.75"),
    (OUT, "01-02 13:20:45", "6.5"),
    (OUT, "01-27 08:14:09", "1.25"),
    (OUT, "02-04 10:02:30", "5"),
    (IN, "02-19 16:45:22", "2.125"),
    (DEPOSIT, "03-04 09:50:17", "1.234567890123456789"),
    (OUT, "03-11 13:01:58", "4"),
    (WITHDRAWAL, "03-07 11:27:36", "0.9"),
    (IN, "03-20 17:30:41", "1.75"),
    (OUT, "03-26 08:08:08", "0.55"),
)
INTEREST_DAYS = (
    "01-06",
    "01-13",
    "01-20",
    "01-27",
    "02-03",
    "02-10",
    "02-17",
    "02-24",
    "03-03",
    "03-10",
    "03-17",
)


class Ledger:
    """Rows with ids that rise and have gaps, and the balance of each account."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.next_id = 507_800_003
        self.balances = {CURRENT: Decimal(0), TRADING: Decimal(0)}
        self.rows: list[dict[str, Any]] = []

    def post(self, at_ms: int, *legs: tuple[int, int, Decimal]) -> None:
        """One event: legs of account, type and signed quantity, with ids in a row; then a gap."""
        for account, kind, quantity in legs:
            self.balances[account] += quantity
            self.rows.append(
                {
                    "trxId": self.next_id,
                    "accountId": account,
                    "tokenId": ETH,
                    "type": kind,
                    "quantity": plain(quantity),
                    "balance": plain(self.balances[account]),
                    "createDate": at_ms,
                }
            )
            self.next_id += 1
        self.next_id += self.rng.choice((0, 0, 1, 2, 2, 4, 7))


def planned() -> list[tuple[int, int, Decimal]]:
    """Moment in milliseconds, type and amount of all that touches the current account."""
    events = [(moment(at) * 1000, kind, Decimal(amount)) for kind, at, amount in PLANNED]
    for transfer in TRANSFERS:
        if transfer.receiver == "ethgas":
            events.append((transfer.arrives * 1000, DEPOSIT, transfer.amount))
        if transfer.sender == "ethgas":
            events.append((transfer.leaves * 1000, WITHDRAWAL, transfer.amount))
    events += [(moment(f"{day} 00:05:00") * 1000, INTEREST, Decimal(0)) for day in INTEREST_DAYS]
    return events


def post_planned(ledger: Ledger, at_ms: int, kind: int, amount: Decimal) -> None:
    """A deposit, a withdrawal with its fee, interest, or a move between the two accounts."""
    if kind == INTEREST:
        part = Decimal(ledger.rng.randrange(60_000, 90_000)).scaleb(-9)
        ledger.post(at_ms, (CURRENT, kind, rounded(ledger.balances[CURRENT] * part, 18)))
    elif kind == WITHDRAWAL:
        ledger.post(at_ms, (CURRENT, kind, -amount), (CURRENT, WITHDRAWAL_FEE, -WITHDRAW_FEE))
    elif kind == OUT:
        ledger.post(at_ms, (CURRENT, OUT, -amount), (TRADING, IN, amount))
    elif kind == IN:
        ledger.post(at_ms, (TRADING, OUT, -amount), (CURRENT, IN, amount))
    else:
        ledger.post(at_ms, (CURRENT, kind, amount))


def post_trade(ledger: Ledger, at_ms: int) -> None:
    """Gas units at a price: a whole block or some transactions; and the fee in the next row."""
    rng = ledger.rng
    units = rng.choice((21_000, 180_000, 450_000, 1_200_000, 6_000_000, 35_850_000))
    price = Decimal(rng.randrange(600_000, 3_900_000)).scaleb(-15)
    kind = rng.choice((BUY,) * 49 + (SELL,) * 50 + (TRADE,))
    buys = kind == BUY or (kind == TRADE and rng.randint(0, 1) == 1)
    if buys and ledger.balances[TRADING] < 3:
        kind, buys = SELL, False
    quantity = units * price * (-1 if buys else 1)
    fee = rounded(abs(quantity) * FEE_RATES[kind], 18)
    ledger.post(at_ms, (TRADING, kind, quantity), (TRADING, FEE, -fee))


def account(number: int, kind: int, name: str, total: Decimal, locked: Decimal) -> Books:
    """An account as the venue states it."""
    token = {
        "accountId": number,
        "tokenId": ETH,
        "quantity": plain(total),
        "lockedQuantity": plain(locked),
        "code": "ETH",
        "availableQuantity": plain(total - locked),
    }
    updated = moment("03-31 20:00:00") * 1000
    stated = {
        "accountId": number,
        "userId": USER,
        "type": kind,
        "name": name,
        "status": 1,
        "updateDate": updated,
    }
    return {**stated, "tokens": [token]}


def block(at_ms: int) -> int:
    """About the number of the block that Ethereum made at a moment: one every twelve seconds."""
    return 21_525_890 + (at_ms // 1000 - moment("01-01 00:00:00")) // 12


def moved_on_chain(ledger: Ledger, kind: int) -> list[tuple[int, Decimal, str]]:
    """Moment, amount and transaction hash of each deposit or withdrawal. Moves between venues share their hash."""
    ends = {
        moment_ms * 1000: transfer.txid
        for transfer in TRANSFERS
        for moment_ms in (transfer.arrives, transfer.leaves)
        if "ethgas" in {transfer.receiver, transfer.sender}
    }
    rows = [row for row in ledger.rows if row["type"] == kind]
    return [
        (
            row["createDate"],
            abs(Decimal(row["quantity"])),
            ends.get(row["createDate"]) or txid("ETH", str(row["trxId"])),
        )
        for row in rows
    ]


def deposits(ledger: Ledger) -> list[Books]:
    """What arrived, in raw units, newest first."""
    found = []
    for number, (at_ms, amount, chain_hash) in enumerate(moved_on_chain(ledger, DEPOSIT), start=311):
        found.append(
            {
                "eventId": number,
                "chainId": 1,
                "blockIdx": block(at_ms),
                "blockHash": "0x" + digest(f"block {block(at_ms)}"),
                "transactionIdx": number % 97,
                "transactionHash": chain_hash,
                "logIdx": number % 211,
                "senderAddress": address("ETH", "sender"),
                "depositAddress": OWN_ADDRESSES["ethgas"]["ETH"],
                "status": 10,
                "deposits": [{"a": WETH, "q": int(amount.scaleb(18)), "s": 10}],
                "actions": [],
                "createDate": at_ms,
            }
        )
    return found[::-1]


def withdraws(ledger: Ledger) -> list[Books]:
    """What left, newest first, and one request that was rejected."""
    found = [
        {
            "requestId": number,
            "userId": USER,
            "accountId": CURRENT,
            "tokenId": ETH,
            "chainId": 1,
            "quantity": plain(amount),
            "fee": plain(WITHDRAW_FEE),
            "status": 10,
            "txHash": chain_hash,
            "createDate": at_ms,
            "updateDate": at_ms + 214_000,
        }
        for number, (at_ms, amount, chain_hash) in zip(
            (57, 61), moved_on_chain(ledger, WITHDRAWAL), strict=True
        )
    ]
    rejected_ms = moment("03-12 09:14:02") * 1000
    rejected = {"requestId": 60, "status": 101, "chainId": 10, "quantity": "1.5", "txHash": None}
    found.append({**found[0], **rejected, "createDate": rejected_ms, "updateDate": rejected_ms + 3_000})
    return sorted(found, key=lambda row: row["requestId"], reverse=True)


def payouts() -> list[Books]:
    """What a validator was paid on-chain, past the accounts, newest first."""
    found = []
    for day, quantity in (
        ("01-19 04:11:35", "0.00023"),
        ("02-11 17:40:11", "0.041872205"),
        ("03-23 22:06:47", "0.0071"),
    ):
        at = moment(day)
        paid = {"slot": (at - 1_606_824_023) // 12, "accountId": TRADING, "publicKey": VALIDATOR}
        found.append({**paid, "feeRecipient": PAYOUT, "quantity": quantity, "updatedDate": at * 1000})
    return found[::-1]


def books() -> Books:
    """Everything that the venue would state at the end of the quarter; the ledger by rising trxId."""
    rng = dice()
    ledger = Ledger(rng)
    first, last = moment("01-02 14:00:00") * 1000, moment("03-31 21:00:00") * 1000
    moments = {rng.randrange(first, last) for _ in range(800)}
    events = [*planned(), *((at_ms, TRADE, Decimal(0)) for at_ms in moments)]
    for at_ms, kind, amount in sorted(events):
        if kind == TRADE:
            post_trade(ledger, at_ms)
        else:
            post_planned(ledger, at_ms, kind, amount)
    wrapped = {
        "tokenId": ETH,
        "code": "ETH",
        "name": "Wrapped ETH",
        "tokenAddress": WETH,
        "decimals": 18,
        "nativeToken": False,
        "withdrawFee": plain(WITHDRAW_FEE),
        "price": "1852.41",
    }
    user = {
        "userId": USER,
        "address": OWN_ADDRESSES["ethgas"]["ETH"],
        "status": 1,
        "userType": 1,
        "userClass": 1,
    }
    limit = {"tokenId": ETH, "chainId": 1, "tokenAddress": WETH, "withdrawFee": plain(WITHDRAW_FEE)}
    return {
        "accounts": [
            account(CURRENT, 1, "Current", ledger.balances[CURRENT], Decimal(0)),
            account(TRADING, 2, "Trading", ledger.balances[TRADING], LOCKED),
        ],
        "tokens": [wrapped],
        "user": {**user, "payoutAddress": PAYOUT, "collateralPerSlot": "0", "onchainPayout": True},
        "fees": {"buyFeeRate": "0.01", "primarySellFeeRate": "0.09", "secondarySellFeeRate": "0.05"},
        "limits": [{**limit, "dailyWithdrawLimit": "50", "remainingWithdrawLimit": "50"}],
        "addresses": OWN_ADDRESSES["ethgas"],
        "deposits": deposits(ledger),
        "withdraws": withdraws(ledger),
        "validators": [VALIDATOR],
        "payouts": payouts(),
        "txs": ledger.rows,
    }
