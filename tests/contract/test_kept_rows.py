"""Rows in a file: what was put in comes out, however many they are, and as often as it is asked for."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.pipeline import on_disk, spool
from recon.pipeline.on_disk import OnDisk, asked
from recon.pipeline.spool import Spool

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
NUMBERS = st.decimals(-(10**19), 10**19, places=18, allow_nan=False)
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


class Kept(NamedTuple):
    place: int
    text: str
    at: datetime | None
    number: Decimal | None
    counts: bool


ROWS = st.builds(Kept, st.integers(0, 9), TEXTS, st.none() | MOMENTS, st.none() | NUMBERS, st.booleans())
QUERY = """
select unnest($1), unnest($2::varchar[]), unnest($3::timestamp[]), unnest($4::decimal(38, 18)[]), unnest($5::boolean[])
"""


def asked_for(rows: list[Kept], path: Path) -> OnDisk[Kept]:
    columns: list[list[Any]] = [[row[at] for row in rows] for at in range(5)]
    columns[2] = [at and at.replace(tzinfo=None) for at in columns[2]]
    columns[3] = [number if number is None else str(number) for number in columns[3]]
    with duckdb.connect() as copy:
        return asked(copy, QUERY, {str(at + 1): column for at, column in enumerate(columns)}, path, Kept)


@settings(max_examples=60)
@given(rows=st.lists(ROWS, min_size=1, max_size=20))
def test_what_a_query_gives_is_kept_as_it_is(rows: list[Kept], tmp_path_factory: Any) -> None:
    found = asked_for(rows, tmp_path_factory.mktemp("rows") / "kept")
    assert len(found) == len(rows)
    assert [*found] == [*found] == rows


def test_more_rows_than_are_held_are_read_again_each_time(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(spool, "FEW", 7)
    monkeypatch.setattr(on_disk, "FEW", 7)
    rows = [Kept(place, "", None, Decimal(place), counts=True) for place in range(50)]
    found = asked_for(rows, tmp_path / "kept")
    assert [*found] == [*found] == rows
    assert rows[49] in found and rows[49]._replace(place=50) not in found
    walk = iter(found)
    assert next(walk) == rows[0], "two walks at once do not meet"
    assert next(iter(found)) == rows[0]


@pytest.mark.parametrize("held", [0, 5_000])
def test_what_is_put_into_a_spool_is_read_as_often_as_one_likes_and_in_any_order(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "FEW", held)
    with Spool(tuple) as rows:
        for number in range(5_000):
            rows.add((number, "a\nb\ud800\u2028", None, 10**30 + number))
        whole = rows.whole()
        assert len(whole) == 5_000
        assert [one[0] for one in whole] == [one[0] for one in whole] == [*range(5_000)]
        assert next(iter(whole))[1:] == ("a\nb\ud800\u2028", None, 10**30)
        some = whole.pick([4_999, 0, 2_000])
        assert [one[0] for one in some] == [one[0] for one in some] == [4_999, 0, 2_000]
        backwards = [*range(4_999, -1, -1)]
        assert [one[0] for one in whole.pick(backwards)] == backwards
        assert [one[0] for one in whole.pick(backwards[::3])] == backwards[::3]
        assert len(some) == 3 and (7, "a\nb\ud800\u2028", None, 10**30 + 7) in whole
