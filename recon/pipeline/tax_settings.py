"""What ``[tax]`` and ``[rules]`` of recon.toml say."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from recon.core.activity import ACTIVITIES
from recon.pipeline.price_settings import Strict, quantity
from recon.pipeline.price_settings import asset as upper


def _activity(word: str) -> str:
    if word not in ACTIVITIES:
        raise ValueError(f"expected one of {', '.join(ACTIVITIES)}")
    return word


class Tax(Strict):
    """``choices``: a file that says which lots a disposal takes, for the method specific."""

    choices: str | None = None


class Rule(Strict):
    """What a movement is to be taken for: the first rule that fits it in every key that it states.

    ``type`` is the kind of its row, ``note`` a part of the row's note; ``amount`` its units without a sign.
    """

    activity: Annotated[str, AfterValidator(_activity)]
    source: str | None = None
    account: str | None = None
    asset: Annotated[str, AfterValidator(upper)] | None = None
    type: str | None = None
    direction: Literal["in", "out"] | None = None
    address: str | None = None
    txid: str | None = None
    amount: Annotated[Decimal, BeforeValidator(quantity)] | None = None
    note: str | None = None
