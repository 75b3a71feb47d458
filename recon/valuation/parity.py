"""One unit of an asset is one of a currency because the user declared it in [prices.parity]."""

from recon.valuation._rule import Rule, Series


def _always(series: Series, at: int, age: int) -> int | None:
    return 0


def _never_lacks(series: Series, at: int, age: int) -> str:
    return "it is declared"


RULE = Rule(
    name="parity",
    title="declared parity",
    pick=_always,
    lack=_never_lacks,
    cure="Declare it in [prices.parity]",
    timeless=True,
)
