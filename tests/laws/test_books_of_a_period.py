"""Laws of a period's books over histories that nobody thought of: every control is zero, and periods meet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon.core.holdings import Stock
from recon.core.times import period
from recon.pipeline.books import books
from tests.contract.test_accountant import laws
from tests.tax._ledgers import Line, ledger_of

FEW = settings(max_examples=max(2, settings().max_examples // 40), deadline=None)
START = datetime(2025, 1, 3, 22, 30, tzinfo=UTC)
MONTHS = ("2025-01", "2025-02", "2025-03")
KINDS = (
    "buy",
    "buy",
    "sell",
    "deposit",
    "withdrawal",
    "income",
    "fee",
    "gift",
    "transfer_out",
    "transfer_in",
)
TRADES = ("buy", "sell")
AMOUNTS = st.integers(1, 10**9).map(lambda number: f"{number // 10**7}.{number % 10**7:07}")


@st.composite
def rows(draw: st.DrawFn) -> list[Line]:
    """A quarter of a broker's rows, some of them at the very end of a month."""
    found = []
    at = START
    for number in range(draw(st.integers(1, 12))):
        at += timedelta(hours=draw(st.sampled_from([0, 1, 50, 300])))
        kind = draw(st.sampled_from(KINDS))
        row = {
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "kind": kind,
            "account": draw(st.sampled_from(["main", "cold"])), "asset": draw(st.sampled_from(["BTC", "ETH"])),
            "quantity": draw(AMOUNTS), "id": str(number),
        }  # fmt: skip
        if kind in TRADES or (kind == "income" and draw(st.booleans())):
            row |= {
                "quote_asset": draw(st.sampled_from(["PLN", "PLN", "EUR"])),
                "quote_quantity": draw(AMOUNTS),
            }
        if kind in TRADES and draw(st.booleans()):
            row |= {
                "fee_asset": draw(st.sampled_from([row["quote_asset"], row["asset"]])),
                "fee_quantity": "0.0000003",
            }
        found.append(row)
    return found


def sold_of_nothing() -> list[Line]:
    """A sale that no lot has the units for, and then a purchase."""
    row = {"account": "main", "asset": "BTC", "quote_asset": "PLN", "quote_quantity": "7"}
    return [
        row | {"timestamp": "2025-01-05T10:00:00Z", "kind": "sell", "quantity": "0.3", "id": "1"},
        row | {"timestamp": "2025-02-05T10:00:00Z", "kind": "buy", "quantity": "1", "id": "2"},
    ]


@FEW
@given(lines=rows())
@example(lines=sold_of_nothing())
def test_every_control_is_zero_and_a_month_opens_with_what_the_one_before_closed_with(
    lines: list[Line],
) -> None:
    prices = {"sources": ["trades"], "max_age_days": 20}
    with (
        TemporaryDirectory() as folder,
        ledger_of(Path(folder), lines, "PLN", "Europe/Warsaw", prices=prices) as (config, ledger),
    ):
        before: dict[str, Stock] = {}
        for name in MONTHS:
            asked = period(name, config.zone, datetime(2026, 1, 1, tzinfo=UTC))
            with books(config, ledger, asked, []) as content:
                laws(content)
                assert {one.asset: one.opening for one in content.positions if any(one.opening)} == before
                before = {one.asset: one.closing for one in content.positions if any(one.closing)}
