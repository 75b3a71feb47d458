"""What most rulebooks make of what happened. A rulebook states only where it differs, and why.

What left without a word on why (to outside, by adjustment, unknown) counts as a disposal, so that its row is shown;
what it brought nobody knows until a rule of the user says. What arrived so has no known cost. A loan changes no owner:
what was lent keeps its lots, and what was borrowed makes none.
"""

from collections.abc import Mapping
from typing import Final

from recon.core import activity
from recon.core.tax import Arrives, Leaves

INCOMES: Final = tuple(f"{activity.INCOME}: {kind}" for kind in activity.INCOMES)
WAGES: Final = f"{activity.INCOME}: wages"
AIRDROP: Final = f"{activity.INCOME}: airdrop"
HARDFORK: Final = f"{activity.INCOME}: hardfork"

LEAVES: Final[Mapping[str, Leaves]] = {
    activity.SALE: "gain",
    activity.SWAP_OUT: "gain",
    activity.PAYMENT: "gain",
    activity.FEE: "gain",
    activity.TRANSFER_FEE: "gain",
    activity.WITHDRAWAL: "gain",
    activity.ADJUSTMENT: "gain",
    activity.UNKNOWN: "gain",
    activity.GIFT_OUT: "no gain",
    activity.LOST: "no gain",
    activity.LOAN_OUT: "nothing",
}

ARRIVES: Final[Mapping[str, Arrives]] = {
    activity.PURCHASE: "cost",
    activity.SWAP_IN: "cost",
    activity.OPENING: "cost",
    **dict.fromkeys(INCOMES, "income"),
    activity.DEPOSIT: "unknown",
    activity.GIFT_IN: "unknown",
    activity.ADJUSTMENT: "unknown",
    activity.UNKNOWN: "unknown",
    activity.LOAN_IN: "nothing",
}

ASSUMPTIONS: Final[Mapping[str, str]] = {
    "loans": "A loan is no disposal: what was lent keeps its lots, and what was borrowed makes none.",
    "losses": "What was lost or stolen leaves at its cost, and nothing counts.",
    "to outside": "What went outside is a disposal without known proceeds, until a rule says what it was.",
    "from outside": "What came from outside has no known cost, until a rule says what it was.",
}
