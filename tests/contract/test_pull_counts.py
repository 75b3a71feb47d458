"""What a pull counts as the venue's books move on: new, changed, vanished, and the balances that follow."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.contract.house import House, house, places
from tests.contract.outside import recon

Counts = dict[str, tuple[int, int, int]]


class Step(NamedTuple):
    """What a pull counted (streams that counted something), and the balances after it."""

    counts: Counts
    balances: list[tuple[str, ...]]


class Story:
    """One ledger, pulled again after each change of the books."""

    def __init__(self, made: House) -> None:
        self.made = made

    def pull(self, change: Callable[[House], None] = lambda made: None) -> Step:
        change(self.made)
        streams = recon(self.made.folder, "pull", "--json").json["streams"]
        counts = {
            f"{one['source']}/{one['stream']}": (one["new"], one["changed"], one["vanished"])
            for one in streams
        }
        held = places(recon(self.made.folder, "balances", "--json").json)
        return Step({stream: counted for stream, counted in counts.items() if any(counted)}, held)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Step]]:
    """Every chapter of the story, in order."""
    with house(tmp_path_factory.mktemp("story"), "egera", "fuse") as made:
        story = Story(made)
        chapters = {
            "first": None,
            "again": None,
            "settled": settle,
            "restated": restate,
            "gone": drop,
            "twin": double,
        }
        yield {name: story.pull(change or (lambda made: None)) for name, change in chapters.items()}


def settle(made: House) -> None:
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    made.egera.books["balances"]["BTC"]["active"] = "0.85000000"


def restate(made: House) -> None:
    """A trade's fee tier is corrected; all its fields make its identity, so the old row goes and a new one comes."""
    trade: dict[str, Any] = made.egera.books["trades"][0]
    trade["fee_taker"] = "40"
    row = made.egera.books["withdrawals"]["pln"][0]
    row["tx"] = "ZL1-corrected"


def drop(made: House) -> None:
    del made.fuse.books["history"][0]
    made.fuse.books["balances"]["account"]["BTC"] = "1.25"


def double(made: House) -> None:
    made.egera.books["deposits"]["pln"] *= 2
    made.egera.books["balances"]["PLN"]["active"] = "13480.00"


START = [
    ("egera", "main", "BTC", "0.6"),
    ("egera", "main", "PLN", "3975"),
    ("fuse", "main", "BTC", "1.75"),
    ("fuse", "main", "USDTERC20", "1000.000001"),
]


def test_the_first_pull_brings_every_row_as_new(steps: dict[str, Step]) -> None:
    assert steps["first"] == (
        {
            "egera/trades": (1, 0, 0),
            "egera/deposits/BTC": (2, 0, 0),
            "egera/deposits/PLN": (1, 0, 0),
            "egera/withdrawals/PLN": (1, 0, 0),
            "fuse/history": (4, 0, 0),
        },
        START,
    )


def test_a_second_pull_adds_nothing(steps: dict[str, Step]) -> None:
    assert steps["again"] == ({}, START)


def test_a_pending_deposit_that_settles_is_one_change_and_is_posted(steps: dict[str, Step]) -> None:
    assert steps["settled"].counts == {"egera/deposits/BTC": (0, 1, 0)}
    assert steps["settled"].balances == [("egera", "main", "BTC", "0.85"), *START[1:]]


def test_rows_that_the_venue_rewrites_are_reversed_and_posted_anew(steps: dict[str, Step]) -> None:
    assert steps["restated"].counts == {"egera/trades": (1, 0, 1), "egera/withdrawals/PLN": (0, 1, 0)}
    assert steps["restated"].balances[1] == ("egera", "main", "PLN", "3980")


def test_a_row_that_goes_is_counted_as_vanished_and_taken_back(steps: dict[str, Step]) -> None:
    assert steps["gone"].counts == {"fuse/history": (0, 0, 1)}
    assert steps["gone"].balances[2] == ("fuse", "main", "BTC", "1.25")


def test_a_true_twin_is_one_new_row(steps: dict[str, Step]) -> None:
    assert steps["twin"].counts == {"egera/deposits/PLN": (1, 0, 0)}
    assert steps["twin"].balances[1] == ("egera", "main", "PLN", "13980")


def test_an_ethgas_row_with_another_amount_under_its_id_is_one_change(tmp_path: Path) -> None:
    with house(tmp_path, "gas") as made:
        story = Story(made)
        story.pull()
        row = made.gas.books["txs"][4]
        row |= {"quantity": "-0.006", "balance": "3.494"}
        step = story.pull()
        assert step.counts == {"gas/txs/129": (0, 1, 0)}
        assert step.balances == [("gas", "128", "ETH", "6"), ("gas", "129", "ETH", "3.494")]
        assert recon(made.folder, "verify", "--json").json["ledger"]["entries"] == 7
