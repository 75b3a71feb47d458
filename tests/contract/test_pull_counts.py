"""What a pull counts as the venues' books move on: new, changed, vanished, and the balances that follow."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.contract.house import BALANCES, VENUES, House, house, places
from tests.contract.outside import recon

Counts = dict[str, tuple[int, int, int]]


class Step(NamedTuple):
    """What a pull counted (streams that counted something), the balances after it, and the ledger's entries."""

    counts: Counts
    balances: list[tuple[str, ...]]
    entries: int


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Step, Counts, Step]]:
    """A first pull, a second one, and one after the venues' books have moved on."""
    with house(tmp_path_factory.mktemp("story"), *VENUES) as made:
        first = look(made, pull(made))
        second = pull(made)
        move_on(made)
        yield first, second, look(made, pull(made))


def pull(made: House) -> Counts:
    streams = recon(made.folder, "pull", "--json").json["streams"]
    counts = {
        f"{one['source']}/{one['stream']}": (one["new"], one["changed"], one["vanished"]) for one in streams
    }
    return {stream: counted for stream, counted in counts.items() if any(counted)}


def look(made: House, counts: Counts) -> Step:
    held = places(recon(made.folder, "balances", "--json").json)
    return Step(counts, held, recon(made.folder, "verify", "--json").json["ledger"]["entries"])


def move_on(made: House) -> None:
    """One thing for each stream, so that the streams tell them apart."""
    books = made.egera.books
    books["deposits"]["btc"][1]["state"] = "1"  # was pending
    books["deposits"]["pln"] *= 2  # a true twin
    books["withdrawals"]["pln"][0]["tx"] = "ZL1-corrected"
    books["trades"][0]["fee_taker"] = "40"  # all fields are its identity: the old row goes, a new one comes
    books["balances"] = {
        "PLN": {"active": "13480.00", "inactive": "500.00"},
        "BTC": {"active": "0.85", "inactive": "0"},
    }
    del made.fuse.books["history"][0]
    made.fuse.books["balances"]["account"]["BTC"] = "1.25"
    made.gas.books["txs"][4] |= {"quantity": "-0.006", "balance": "3.494"}
    made.gas.books["accounts"][1]["tokens"][0]["quantity"] = "3.494"


def test_the_first_pull_brings_every_row_as_new(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[0] == (
        {
            "egera/trades": (1, 0, 0),
            "egera/deposits/BTC": (2, 0, 0),
            "egera/deposits/PLN": (1, 0, 0),
            "egera/withdrawals/PLN": (1, 0, 0),
            "fuse/history": (4, 0, 0),
            "gas/txs/128": (2, 0, 0),
            "gas/txs/129": (3, 0, 0),
        },
        BALANCES,
        13,
    )


def test_a_second_pull_adds_nothing(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[1] == {}


def test_a_pending_deposit_that_settles_is_one_change_and_is_posted(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[2].counts["egera/deposits/BTC"] == (0, 1, 0)
    assert steps[2].balances[0] == ("egera", "main", "BTC", "0.85")


def test_a_row_that_changes_is_reversed_and_posted_anew(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[2].counts["egera/withdrawals/PLN"] == (0, 1, 0)
    assert steps[2].counts["gas/txs/129"] == (0, 1, 0)
    assert steps[2].balances[-1] == ("gas", "129", "ETH", "3.494")


def test_a_row_without_an_id_that_is_rewritten_is_one_gone_and_one_new(
    steps: tuple[Step, Counts, Step],
) -> None:
    assert steps[2].counts["egera/trades"] == (1, 0, 1)


def test_a_row_that_goes_is_counted_as_vanished_and_taken_back(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[2].counts["fuse/history"] == (0, 0, 1)
    assert steps[2].balances[2] == ("fuse", "main", "BTC", "1.25")


def test_a_true_twin_is_one_new_row(steps: tuple[Step, Counts, Step]) -> None:
    assert steps[2].counts["egera/deposits/PLN"] == (1, 0, 0)
    assert steps[2].balances[1] == ("egera", "main", "PLN", "13980")


def test_every_correction_is_a_reversal_and_stays_visible(steps: tuple[Step, Counts, Step]) -> None:
    """One settled, one twin; two changed and one rewritten, each taken back and posted anew; one taken back."""
    assert steps[2].entries - steps[0].entries == 1 + 1 + 3 * 2 + 1
