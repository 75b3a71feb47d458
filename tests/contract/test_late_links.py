"""A movement that two sources hold, found so only after its period was sealed: the next opens where that closed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.contract.house import House, house
from tests.contract.outside import recon
from tests.contract.test_close import closed, document, rebuilt
from tests.contract.test_late import bridged

HEADER = "timestamp,kind,account,asset,quantity,txid\n"
OURS = "2025-01-05T10:00:00Z,deposit,main,BTC,2,0xaa\n2025-02-05T10:00:00Z,deposit,main,BTC,1,0xbb\n"
THEIRS = "2025-01-05T10:00:00Z,deposit,main,BTC,2,0xaa\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    """Two brokers that hold one deposit; of the first, which counts, nothing is there before January is sealed."""
    with house(tmp_path, "broker") as one:
        settings = one.settings("broker")
        sources = {
            name: settings["sources"]["broker"] | {"path": f"{name}.csv"} for name in ("another", "broker")
        }
        one.write(settings | {"sources": sources})
        (tmp_path / "another.csv").write_text(HEADER)
        (tmp_path / "broker.csv").write_text(HEADER + OURS)
        recon(tmp_path, "pull", "--quiet")
        yield one


def rolled(made: House, period: str) -> dict[str, tuple[Any, ...]]:
    """Opening, prior-period items and closing in BTC by source, from the workbook of a period."""
    recon(made.folder, "report", "accountant", period, "--out", period)
    book = load_workbook(made.folder / period / f"accountant-{period}.xlsx", data_only=True)
    rows = list(book["Roll-forward (units)"].iter_rows(values_only=True))
    titles = next(row for row in rows if "Opening" in row)
    places = [titles.index(one) for one in ("Opening", "Prior-period items", "Closing")]
    return {row[0]: tuple(row[one] or 0 for one in places) for row in rows if "main" in row and "BTC" in row}


def test_the_next_period_opens_where_the_sealed_one_closed_and_the_late_link_is_a_prior_item(
    made: House,
) -> None:
    told = document(closed(made, "2025-01"))
    assert [(one["source"], one["closing"]) for one in told["roll_forward"]] == [("broker", "2")]
    (made.folder / "another.csv").write_text(HEADER + THEIRS)
    recon(made.folder, "pull", "--quiet")
    balances = {(one["source"], one["quantity"]) for one in recon(made.folder, "balances", "--json").json}
    assert balances == {("another", "2"), ("broker", "1")}
    assert rolled(made, "2025-02") == {"another": (0, 2, 2), "broker": (2, -2, 1)}
    assert "2 items posted in it came late" in recon(made.folder, "reconcile", "2025-02").stdout
    bridged(made)
    assert [one["closing"] for one in document(closed(made, "2025-02"))["roll_forward"]] == ["2", "1"]
    assert rolled(made, "2025-03") == {"another": (2, 0, 2), "broker": (1, 0, 1)}
    rebuilt(made)
