"""Coverage: every configured source was read, each stream whole and late enough, and counts agree."""

from datetime import UTC, datetime

import pytest

from recon.checks import Configured
from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, Ledger, day


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _coverage(ledger: Ledger, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, ["coverage"])["coverage"].breaks)


def test_a_source_that_was_never_read_is_a_break(ledger: Ledger) -> None:
    (found,) = _coverage(ledger)
    assert (found.source, found.account, found.asset, found.at) == ("fuse", None, None, None)
    assert found.diagnosis.text == "fuse: the source is configured but has never been read."
    assert ledger.results()["coverage"].tested == 1


def test_without_a_source_nothing_is_examined(ledger: Ledger) -> None:
    ledger.sources = []
    assert (_coverage(ledger), ledger.results()["coverage"].tested) == ([], 0)


def test_streams_that_were_read_whole_are_no_break(ledger: Ledger) -> None:
    ledger.read("history", seen=3, stated=3)
    ledger.read("balances")
    ledger.read("history", seen=4, stated=4)
    assert (_coverage(ledger), ledger.results()["coverage"].tested) == ([], 2)


def test_a_stream_that_fails_since_the_last_whole_reading_is_one_break(ledger: Ledger) -> None:
    ledger.read("history", at=day(1))
    ledger.read("history", "failed", at=day(2), error="HTTP 500")
    (first,) = _coverage(ledger)
    ledger.read("history", "failed", at=day(3), error="timed out")
    (later,) = _coverage(ledger)
    assert (later.id, later.at) == (first.id, first.at)
    assert later.diagnosis.text == (
        "fuse, 2025-01-03 00:00:00 UTC: stream history could not be read whole, so its rows may be missing "
        "(timed out); it was last read whole on 2025-01-02 00:00:00 UTC."
    )


def test_a_stream_that_was_never_read_whole_says_so(ledger: Ledger) -> None:
    ledger.read("history", "failed", at=day(2))
    (found,) = _coverage(ledger)
    assert "(no reason known); it was never read whole" in found.diagnosis.text


def test_a_failure_that_was_made_good_is_no_break(ledger: Ledger) -> None:
    ledger.read("history", "failed", at=day(2), error="HTTP 500")
    ledger.read("history", at=day(3))
    assert _coverage(ledger) == []


def test_a_whole_reading_and_a_failed_one_of_one_moment_are_told_apart(ledger: Ledger) -> None:
    ledger.read("history", at=day(2))
    ledger.read("history", "failed", at=day(2), error="HTTP 500")
    assert len(_coverage(ledger)) == 1


def test_a_failure_after_the_period_was_read_to_its_end_is_none_of_the_period(ledger: Ledger) -> None:
    ledger.read("history", at=day(31))
    ledger.read("history", "failed", at=day(40), error="HTTP 500")
    assert _coverage(ledger, JANUARY) == []
    assert len(_coverage(ledger, FEBRUARY)) == 1


def test_each_failing_stream_is_a_break_of_its_own(ledger: Ledger) -> None:
    for stream in ("deposits/BTC", "deposits/ETH"):
        ledger.read(stream, "failed", error="HTTP 500")
    ledger.read("balances")
    assert len({found.id for found in _coverage(ledger)}) == 2


def test_fewer_rows_than_the_venue_counts_lack_a_record(ledger: Ledger) -> None:
    ledger.read("history", at=day(1), seen=9, stated=9)
    ledger.read("history", at=day(2), seen=10, stated=12)
    (first,) = _coverage(ledger)
    ledger.read("history", at=day(3), seen=11, stated=13)
    (later,) = _coverage(ledger)
    assert (later.expected, later.actual, later.difference) == (11, 13, 2)
    assert later.diagnosis.kind == "missing_record"
    assert (later.id, later.at) == (first.id, first.at)


def test_more_rows_than_the_venue_counts_are_not_explained(ledger: Ledger) -> None:
    ledger.read("history", seen=3, stated=2)
    assert [found.diagnosis.kind for found in _coverage(ledger)] == ["unexplained"]


def test_a_count_of_zero_is_a_count_and_none_is_none(ledger: Ledger) -> None:
    ledger.read("history", seen=3, stated=0)
    ledger.read("trades", seen=3)
    assert [found.difference for found in _coverage(ledger)] == [-3]


def test_only_the_latest_whole_reading_is_counted(ledger: Ledger) -> None:
    ledger.read("history", seen=3, stated=4)
    ledger.read("history", seen=4, stated=4)
    ledger.read("history", "failed", error="HTTP 500")
    assert [found.difference for found in _coverage(ledger)] == [None]


def test_a_source_that_is_no_longer_configured_is_not_asked_for(ledger: Ledger) -> None:
    ledger.read("history", "failed", source="old", error="gone")
    ledger.read("history")
    assert _coverage(ledger) == []


def test_an_error_message_is_told_as_it_is(ledger: Ledger) -> None:
    ledger.sources.append(Configured("gas", "ethgas", 3))
    ledger.read("history", "failed", error="{0} 'quoted' {found.text}")
    ledger.read("txs/1", source="gas")
    (found,) = _coverage(ledger)
    assert "({0} 'quoted' {found.text})" in found.diagnosis.text


def _pulled(ledger: Ledger, run: int, number: float, *streams: str) -> None:
    for stream in streams:
        ledger.read(stream, at=day(number))
        ledger.certify(stream, run=run, until=day(number))


def test_a_period_that_ended_after_the_last_pull_is_one_break_for_all_streams(ledger: Ledger) -> None:
    _pulled(ledger, 1, 20, "history", "balances")
    ledger.known_at = datetime(2025, 2, 3, tzinfo=UTC)
    (found,) = _coverage(ledger, JANUARY)
    assert found.diagnosis.text == (
        "fuse, 2025-01-21 00:00:00 UTC: 2 of its streams, such as balances, were not read whole since the period "
        "ended (last whole on 2025-01-21 00:00:00 UTC)."
    )
    _pulled(ledger, 2, 33, "history", "balances")
    assert _coverage(ledger, JANUARY) == []


def test_a_period_still_under_way_is_covered_up_to_the_last_pull(ledger: Ledger) -> None:
    _pulled(ledger, 1, 20, "history")
    ledger.known_at = datetime(2025, 1, 30, tzinfo=UTC)
    assert _coverage(ledger, JANUARY) == []


def test_streams_not_reached_are_one_break_beside_the_stream_that_failed(ledger: Ledger) -> None:
    _pulled(ledger, 1, 20, "history", "balances", "fees")
    ledger.read("history", "failed", at=day(33), error="HTTP 401")
    ledger.certify("history", "incomplete", run=2, until=day(33))
    ledger.certify("balances", "incomplete", run=2, until=day(33), reason="not asked")
    ledger.certify("fees", "not_queried", run=2, until=day(33), reason="not in the settings")
    texts = [found.diagnosis.text for found in _coverage(ledger, JANUARY)]
    assert len(texts) == 2
    assert "stream history could not be read whole" in "".join(texts)
    assert "1 of its streams, such as balances" in "".join(texts)


@pytest.mark.parametrize("outcome", ["not_queried", "not_served", "empty", "whole"])
def test_a_stream_that_is_not_asked_for_by_choice_or_not_served_leaves_no_gap(
    ledger: Ledger, outcome: str
) -> None:
    ledger.read("logins", at=day(40))
    ledger.certify("logins", outcome, run=1, until=day(40))
    ledger.known_at = datetime(2025, 6, 1, tzinfo=UTC)
    assert _coverage(ledger, JANUARY) == []
    assert len(
        _coverage(ledger, Period(name="2025-04", start=None, end=datetime(2025, 5, 1, tzinfo=UTC)))
    ) == (outcome != "not_queried")


def test_a_stream_that_the_source_names_no_more_leaves_no_gap(ledger: Ledger) -> None:
    _pulled(ledger, 1, 20, "market/btc_pln", "history")
    _pulled(ledger, 2, 40, "history")
    ledger.known_at = datetime(2025, 6, 1, tzinfo=UTC)
    assert len(_coverage(ledger, JANUARY)) == 1, "nobody said that the second pull came to its end"
    ledger.certify("", run=2, until=day(40))
    assert _coverage(ledger, JANUARY) == []


def test_a_pull_that_was_broken_off_does_not_hide_what_it_never_came_to(ledger: Ledger) -> None:
    _pulled(ledger, 1, 20, "history", "balances")
    ledger.certify("", run=1, until=day(20))
    _pulled(ledger, 2, 40, "history")
    ledger.known_at = datetime(2025, 6, 1, tzinfo=UTC)
    (found,) = _coverage(ledger, JANUARY)
    assert "1 of its streams, such as balances" in found.diagnosis.text


def test_a_list_shorter_than_the_venue_counts_is_one_break(ledger: Ledger) -> None:
    ledger.read("history", at=day(40), seen=2, stated=3)
    ledger.certify("history", "incomplete", run=1, until=day(40))
    (found,) = _coverage(ledger, JANUARY)
    assert "the venue counts 3 rows" in found.diagnosis.text
