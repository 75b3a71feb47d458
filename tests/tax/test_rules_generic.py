"""Companies: sums as they are, any method, any scope."""

from recon.tax.rules.generic import RULES
from tests.tax._years import row, units, values, year


def test_sums_are_exact_and_income_is_by_kind() -> None:
    rows = [
        row(proceeds=units("10.000000000000000001"), cost=units("4")),
        row(cost=units("2.5"), activity="fee"),
    ]
    shown = values(
        RULES.lines(year(RULES, 2025, rows, income={"income: staking": 1, "income: wages": units("2")}))
    )
    assert shown == {
        "Disposals": "2",
        "Proceeds": "10.000000000000000001",
        "Cost": "6.5",
        "Gains": "6.000000000000000001",
        "Losses": "2.5",
        "Gains less losses": "3.500000000000000001",
        "Income: staking": "0.000000000000000001",
        "Income: wages": "2",
        "Income in all": "2.000000000000000001",
    }


def test_any_method_and_scope_may_be_chosen_and_currency_and_zone_are_the_entitys() -> None:
    assert RULES.methods == ("fifo", "lifo", "hifo", "lofo", "average", "specific")
    assert RULES.free_scope and RULES.scopes == ((None, "universal"),)
    assert (RULES.currency, RULES.zone) == ("", "")
