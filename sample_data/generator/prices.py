"""The prices file of the sample: what coins, the euro and the dollar cost in PLN as each day of the quarter begins."""

from generator.world import iso, moment, plain, rates, rounded

DAY = 24 * 60 * 60
CODES = {"BTC": "btc", "ETH": "eth", "USDT": "usdt", "USDC": "usdc", "EUR": "eur", "USD": "usdt"}


def table() -> str:
    """The file as text."""
    rows = ["asset,quote,price,time"]
    for at in range(moment("01-01 00:00:00"), moment("04-01 00:00:00"), DAY):
        price_pln = rates(at)
        rows += [f"{code},PLN,{plain(rounded(price_pln[name], 4))},{iso(at)}" for code, name in CODES.items()]
    return "\n".join(rows) + "\n"
