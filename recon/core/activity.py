"""What happened, in one word: the code that a movement of units carries from the posting rules to the rulebooks."""

from typing import Final

PURCHASE: Final = "purchase"
SALE: Final = "sale"
SWAP_IN: Final = "swap in"
SWAP_OUT: Final = "swap out"
DEPOSIT: Final = "deposit from outside"
WITHDRAWAL: Final = "withdrawal to outside"
PAYMENT: Final = "payment"
TRANSFER: Final = "internal transfer"
INCOME: Final = "income"
FEE: Final = "fee"
TRANSFER_FEE: Final = "transfer fee"
GIFT_IN: Final = "gift received"
GIFT_OUT: Final = "gift given"
LOAN_IN: Final = "loan in"
LOAN_OUT: Final = "loan out"
LOST: Final = "lost"
ADJUSTMENT: Final = "adjustment"
OPENING: Final = "opening"
UNKNOWN: Final = "unknown"

INCOMES: Final = ("interest", "staking", "mining", "airdrop", "hardfork", "wages", "rebate", "other")
"""Kinds of income; the activity of one is written ``income: staking``."""

ARRIVING: Final = (
    PURCHASE, SWAP_IN, DEPOSIT, *(f"{INCOME}: {kind}" for kind in INCOMES), GIFT_IN, LOAN_IN, ADJUSTMENT, OPENING,
    UNKNOWN,
)  # fmt: skip
LEAVING: Final = (
    SALE, SWAP_OUT, WITHDRAWAL, PAYMENT, FEE, TRANSFER_FEE, GIFT_OUT, LOAN_OUT, LOST, ADJUSTMENT, UNKNOWN,
)  # fmt: skip
ACTIVITIES: Final = (TRANSFER, *dict.fromkeys((*ARRIVING, *LEAVING)))
"""All of them."""
