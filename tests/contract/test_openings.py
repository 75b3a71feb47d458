"""A statement that does not begin at zero: shown, with the figure proposed, and cured by stating it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.house import House, house, places
from tests.contract.outside import recon

ROWS = """timestamp,kind,account,asset,quantity,balance_after,id
2025-01-05T10:00:00Z,deposit,main,BTC,0.25,2.75,a
2025-02-05T10:00:00Z,withdrawal,main,BTC,0.75,2,b
2025-03-05T10:00:00Z,deposit,main,BTC,1,3,c
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "broker") as one:
        (tmp_path / "broker").mkdir()
        (tmp_path / "broker" / "btc.csv").write_text(ROWS)
        yield one


def open_with(made: House, **opening: str) -> None:
    made.write(made.settings("broker") | {"opening": [{"source": "broker", "asset": "BTC", **opening}]})


def reconciled(made: House, code: int) -> list[dict[str, Any]]:
    found = recon(made.folder, "run", "2025-Q1", "--json", code=code).json
    breaks: list[dict[str, Any]] = found["reconcile"]["breaks"]
    return breaks


def test_the_figure_is_proposed_never_posted_and_cures_the_break_once_stated(made: House) -> None:
    (found,) = reconciled(made, 3)
    assert (found["check"], found["source"], found["account"], found["asset"]) == (
        "running_balance",
        "broker",
        "main",
        "BTC",
    )
    assert found["at"] == "2025-01-05T10:00:00Z"
    assert (found["expected"], found["actual"], found["difference"]) == ("0.25", "2.75", "2.5")
    assert '[[opening]] in recon.toml with source = "broker", account = "main"' in found["diagnosis"]["text"]
    assert 'quantity = "2.5"' in found["diagnosis"]["text"]
    open_with(made, quantity="2.5", at="2024-12-31T23:00:00Z", note="as the statement of 2024 says")
    assert reconciled(made, 0) == []
    assert places(recon(made.folder, "balances", "--json").json) == [("broker", "main", "BTC", "3")]
    early = recon(made.folder, "balances", "--at", "2025-01-01T00:00:00Z", "--json").json
    assert places(early) == [("broker", "main", "BTC", "2.5")]


def test_a_wrong_opening_is_proposed_anew_and_a_corrected_one_replaces_it(made: House) -> None:
    open_with(made, quantity="2")
    (found,) = reconciled(made, 3)
    assert found["difference"] == "0.5" and 'quantity = "2.5"' in found["diagnosis"]["text"]
    open_with(made, quantity="2.5")
    streams = recon(made.folder, "pull", "--json").json["streams"]
    assert [(one["stream"], one["new"], one["changed"]) for one in streams if one["stream"] == "opening"] == [
        ("opening", 0, 1)
    ]
    assert reconciled(made, 0) == []
