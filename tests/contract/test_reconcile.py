"""A clean quarter is clean; each fault of the demo alone is one break, which stays itself until the venue mends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recon.demo.faults import FAULTS
from recon.demo.venues import load_all
from tests.contract.house import House, house
from tests.contract.outside import Ran, recon

NAMES = {"egera": "egera", "fuse": "cryptofuse", "gas": "ethgas"}


class Expected(NamedTuple):
    """The one break that a fault brings."""

    source: str
    check: str
    account: str
    asset: str
    difference: str


BREAKS = {
    "cryptofuse-row-dropped": Expected("fuse", "running_balance", "main", "USDTERC20", "979.0209"),
    "ethgas-fee-missing": Expected("gas", "running_balance", "129", "ETH", "-0.0037136244225"),
    "egera-deposit-forgotten": Expected("egera", "closing_balance", "main", "BTC", "0.21734508"),
}


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    books = load_all()
    folder = tmp_path_factory.mktemp("quarter")
    with house(folder, *NAMES, books={name: books[kind] for name, kind in NAMES.items()}) as made:
        yield made


def test_a_quarter_without_faults_is_clean(quarter: House) -> None:
    ran = recon(quarter.folder, "run", "2025-Q1", "--json").json
    assert ran["reconcile"]["clean"] is True and ran["reconcile"]["breaks"] == []
    checks = {one["check"]: one["tested"] for one in ran["reconcile"]["checks"]}
    assert set(checks) >= {"running_balance", "closing_balance", "coverage", "unclassified", "unsettled"}
    assert checks["running_balance"] > 1000 and checks["double_entry"] > 3000
    assert {one["breaks"] for one in ran["reconcile"]["checks"]} == {0}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_each_fault_alone_is_one_break_that_keeps_its_id_and_clears_when_the_venue_mends(
    tmp_path: Path, fault: str
) -> None:
    expected = BREAKS[fault]
    kind = NAMES[expected.source]
    sound, broken = load_all(), FAULTS[fault](load_all())
    with house(tmp_path, expected.source, books={expected.source: broken[kind]}) as made:
        recon(tmp_path, "pull")
        answers = [
            recon(tmp_path, "reconcile", each, "--json", code=3).json
            for each in ("2025-Q1", "2025-Q1", "2025-03")
        ]
        found = [only(answer) for answer in answers]
        assert len({one["id"] for one in found}) == 1
        for one in found:
            assert (one["source"], one["check"], one["account"], one["asset"], one["difference"]) == expected
            assert (one["severity"], one["status"]) == ("error", "open")
            assert one["diagnosis"]["kind"] == ("fee_not_posted" if "fee" in fault else "missing_record")
            assert one["opened"] == found[0]["opened"]
        getattr(made, expected.source).venue.books = sound[kind]
        recon(tmp_path, "pull")
        assert recon(tmp_path, "reconcile", "2025-Q1", "--json").json["breaks"] == []


def only(reconciled: dict[str, Any]) -> dict[str, Any]:
    assert reconciled["clean"] is False
    (found,) = reconciled["breaks"]
    assert sum(one["breaks"] for one in reconciled["checks"]) == 1
    return dict(found)


@pytest.mark.parametrize(("period", "tested"), [("2025-02", 2), ("2025", 9), ("all", 9), ("last-month", 0)])
def test_a_period_is_a_month_a_quarter_a_year_all_or_the_last_month(
    company: House, pulled: Ran, period: str, tested: int
) -> None:
    """A deposit that has waited since the end of March is overdue in what ends later than the quarter."""
    code = 0 if period == "2025-02" else 3
    found = recon(company.folder, "reconcile", period, "--json", code=code).json
    assert found["period"] == period or (period == "last-month" and len(found["period"]) == 7)
    checks = {one["check"]: one["tested"] for one in found["checks"]}
    assert checks["running_balance"] == tested


@pytest.mark.parametrize("period", ["2025-13", "../2025-01"])
def test_a_period_that_is_none_is_a_usage_error_that_says_what_is(
    company: House, pulled: Ran, period: str
) -> None:
    ran = recon(company.folder, "reconcile", period, code=2)
    assert repr(period) in ran.stderr and "2025-Q1" in ran.stderr
