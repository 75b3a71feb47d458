"""The calculation of a disposal says what the list of disposals says, and what HMRC's manual says of pools."""

import re
from decimal import Decimal
from pathlib import Path

from recon.core.lots import UNIT
from recon.core.tax import Row
from recon.pipeline.tax import wanted
from recon.pipeline.tax_explain import explain
from tests.tax._cases import rows
from tests.tax._ledgers import ledger_of, of_its_price, taxed


def test_each_disposal_of_a_case_of_rp2_is_explained_as_it_is_listed(tmp_path: Path) -> None:
    lines = of_its_price("test_many_year_data")
    with ledger_of(tmp_path, lines, "USD") as (config, ledger):
        listed: dict[tuple[int, str], list[Row]] = {}
        for year in range(2015, 2022):
            for row in taxed(config, ledger, year, "generic", "hifo")[0]:
                listed.setdefault((year, row.id), []).append(row)
        assert len(listed) > 10
        for (year, name), some in [*listed.items()][::2]:
            found = explain(config, ledger, wanted(year, "generic", "hifo", None), name)
            assert [step.row for step in found.steps] == some
            for step in found.steps:
                (event,) = step.events
                assert event.movement.id == step.row.lot and event.movement.at == step.row.acquired_at
                assert event.movement.quantity >= step.row.quantity
                assert event.evidence is not None
                assert event.evidence.data.count('"id"') == 1


def test_the_pool_after_each_disposal_is_that_of_hmrcs_manual(tmp_path: Path) -> None:
    lines = [
        {
            "timestamp": row["timestamp"], "kind": row["kind"], "account": row["case"], "asset": _code(row["case"]),
            "quantity": row["quantity"], "quote_asset": "GBP", "quote_quantity": row["value_gbp"],
            "id": row["event_id"],
        }
        for row in rows("uk_hmrc/events.csv")
        if row["case"].startswith("CRYPTO2225")
    ]  # fmt: skip
    stated = [row for row in rows("uk_hmrc/hmrc_published.csv") if row["case"].startswith("CRYPTO2225")]
    with ledger_of(tmp_path, lines, "GBP", "Europe/London") as (config, ledger):
        listed = [(year, row) for year in (2018, 2019, 2020) for row in taxed(config, ledger, year, "uk")[0]]
        for row in stated:
            (year, name) = next(
                (year, one.id)
                for year, one in listed
                if one.asset == _code(row["case"]) and f"{one.disposed:%m-%d}" == row["disposal"][5:]
            )
            found = explain(config, ledger, wanted(year, "uk", None, None), name)
            pools = [step.pool for step in found.steps if step.pool]
            assert bool(pools) == (row["case"] in {"CRYPTO22251", "CRYPTO22254"}), (
                "the others drew on no pool"
            )
            if not pools:
                continue
            (pool,) = pools
            assert pool[1].quantity == Decimal(row["pool_qty_after"]) * UNIT
            assert pool[1].cost is not None
            assert abs(Decimal(pool[1].cost) / UNIT - Decimal(row["pool_cost_after"])) <= 1, row
            (step,) = [step for step in found.steps if step.pool]
            assert pool[0].quantity - pool[1].quantity == step.row.quantity


def _code(case: str) -> str:
    return re.sub(r"[^A-Z0-9]", "-", case)
