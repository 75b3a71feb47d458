"""What the venues share: the quarter, the prices, the company's addresses and its moves between venues."""

import hashlib
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, NamedTuple

Books = dict[str, Any]

IBAN = "PL61109010140000071219812874"


def dice() -> Random:
    """A fresh source of chance. Each venue takes its own, so that a change to one leaves the others alone."""
    return Random(20250101)  # noqa: S311 - the same data each time, and nothing secret


def moment(text: str) -> int:
    """Seconds since 1970 of a moment in 2025, written as month, day and time in UTC: `03-31 14:05:09`."""
    return int(datetime.fromisoformat(f"2025-{text}+00:00").timestamp())


def iso(seconds: int) -> str:
    """The moment as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Half up, as the venues round."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def plain(value: Decimal, decimals_min: int = 0) -> str:
    """Without an exponent and trailing zeros, but with at least some decimals."""
    text = format(value, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(decimals_min, "0")
    return f"{whole}.{fraction}" if fraction else whole


def digest(label: str) -> str:
    """64 hex digits that look like a transaction hash, the same for the same label."""
    return hashlib.sha256(f"Example Sp. z o.o. {label}".encode()).hexdigest()


def txid(asset: str, label: str) -> str:
    """A transaction hash as the asset's chain writes it."""
    return digest(label) if asset == "BTC" else "0x" + digest(label)


def address(asset: str, label: str) -> str:
    """An address as the asset's chain writes it."""
    if asset == "BTC":
        bech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
        return "bc1q" + "".join(bech32[int(digit, 16)] for digit in digest("address " + label)[:38])
    return "0x" + digest("address " + label)[:40]


OWN_ADDRESSES = {
    "egera": {asset: address(asset, f"egera {asset}") for asset in ("BTC", "ETH", "USDT")},
    "cryptofuse": {
        asset: address(asset, f"fuse {asset}") for asset in ("BTC", "ETH", "USDTERC20", "USDCERC20")
    },
    "ethgas": {"ETH": address("ETH", "gas ETH")},
}


class Transfer(NamedTuple):
    """A move between two venues: it leaves one and arrives whole at the other some minutes later."""

    leaves: int
    arrives: int
    sender: str
    receiver: str
    asset: str
    amount: Decimal

    @property
    def txid(self) -> str:
        """The hash that both venues state, where they state one."""
        return txid(self.asset, f"transfer {self.leaves}")


def _transfer(leaves: str, arrives: str, route: str, amount: str) -> Transfer:
    sender, receiver, asset = route.split()
    return Transfer(
        moment(leaves), moment(f"{leaves[:5]} {arrives}"), sender, receiver, asset, Decimal(amount)
    )


TRANSFERS = (
    _transfer("01-15 10:02:41", "10:19:07", "egera cryptofuse USDT", "9500.25"),
    _transfer("01-22 13:40:05", "14:03:52", "cryptofuse egera USDT", "14250.5"),
    _transfer("02-04 09:11:33", "09:26:48", "egera ethgas ETH", "6.25"),
    _transfer("02-12 15:30:12", "16:21:37", "egera cryptofuse BTC", "0.35"),
    _transfer("02-20 08:47:59", "09:05:20", "cryptofuse egera ETH", "2.4"),
    _transfer("03-05 11:15:26", "11:58:03", "cryptofuse egera BTC", "0.1875"),
    _transfer("03-11 12:20:44", "12:37:15", "egera ethgas ETH", "5.5"),
    _transfer("03-19 14:05:18", "14:29:40", "cryptofuse egera USDT", "21800.75"),
    _transfer("03-24 10:33:21", "10:51:06", "ethgas egera ETH", "3.2"),
)

# About what was paid, on some days of the quarter: day, BTC and ETH in USD, the dollar and the euro in PLN.
_RATES = (
    ("01-01", "94400", "3350", "4.13", "4.27"),
    ("01-06", "102100", "3680", "4.10", "4.26"),
    ("01-13", "94500", "3140", "4.17", "4.26"),
    ("01-20", "105200", "3280", "4.11", "4.25"),
    ("01-31", "102400", "3300", "4.06", "4.22"),
    ("02-03", "99200", "2790", "4.12", "4.23"),
    ("02-14", "97500", "2720", "3.98", "4.17"),
    ("02-24", "91600", "2510", "3.96", "4.15"),
    ("03-01", "86000", "2220", "4.01", "4.17"),
    ("03-10", "79300", "1890", "3.86", "4.18"),
    ("03-24", "87500", "2080", "3.87", "4.18"),
    ("04-01", "84000", "1850", "3.87", "4.18"),
)


def rates(at: int) -> dict[str, Decimal]:
    """What one of each asset costs in PLN at a moment, on the straight line between known days."""
    days = [moment(f"{row[0]} 00:00:00") for row in _RATES]
    after = next(place for place, day in enumerate(days) if day > at)
    share = Decimal(at - days[after - 1]) / (days[after] - days[after - 1])
    btc, eth, dollar, euro = (
        Decimal(low) + (Decimal(high) - Decimal(low)) * share
        for low, high in zip(_RATES[after - 1][1:], _RATES[after][1:], strict=True)
    )
    return {
        "btc": btc * dollar,
        "eth": eth * dollar,
        "usdt": dollar,
        "usdc": dollar,
        "eur": euro,
        "pln": Decimal(1),
    }


def wander(rng: Random, value: Decimal, per_mille: int) -> Decimal:
    """The value, off by at most so many thousandths."""
    return value * (10000 + rng.randint(-10 * per_mille, 10 * per_mille)) / 10000
