"""Rows in a file: what was put in comes out, however many they are, and as often as it is asked for."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.holdings import Gain
from recon.core.times import EPOCH, MICROSECOND
from recon.pipeline import on_disk
from recon.pipeline.on_disk import OnDisk, asked, writing
from recon.pipeline.units import number

MOST = 10**38 - 1
TEXTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=5)
NUMBERS = st.integers(-MOST, MOST)
MOMENTS = st.integers(-(10**15), 4 * 10**15)
ROWS = st.tuples(
    TEXTS, TEXTS, MOMENTS, TEXTS, TEXTS, NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS,
    st.none() | MOMENTS, TEXTS, TEXTS, st.booleans(), TEXTS,
)  # fmt: skip
PLAIN = ("BTC", "sale", 0, "a/1", "a:b", 1, None, -1, None, None, "", "fifo", True, "")


def of(row: tuple[Any, ...]) -> Gain:
    def moment(micros: int | None) -> Any:
        return None if micros is None else EPOCH + micros * MICROSECOND

    def whole(units: int | None) -> Any:
        return None if units is None else number(units)

    return Gain._make((*row[:2], moment(row[2]), *row[3:5], *map(whole, row[5:9]), moment(row[9]), *row[10:]))


def put(path: Path, rows: list[tuple[Any, ...]]) -> OnDisk[Gain]:
    with writing(path, Gain) as one:
        for row in rows:
            one(row)
    return OnDisk(path, Gain)


@settings(max_examples=60)
@given(rows=st.lists(ROWS, max_size=20))
def test_rows_come_out_as_they_went_in(rows: list[tuple[Any, ...]], tmp_path_factory: Any) -> None:
    found = put(tmp_path_factory.mktemp("rows") / "gains", rows)
    assert len(found) == len(rows)
    assert [*found] == [*found] == [of(row) for row in rows]


def test_more_rows_than_are_held_are_read_again_each_time(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(on_disk, "_CHUNK", 7)
    rows = [(*PLAIN[:5], place, *PLAIN[6:]) for place in range(50)]
    found = put(tmp_path / "gains", rows)
    assert [*found] == [*found] == [of(row) for row in rows]
    assert of(rows[49]) in found and of((*PLAIN[:5], 50, *PLAIN[6:])) not in found
    walk = iter(found)
    assert next(walk) == of(rows[0]), "two walks at once do not meet"
    assert next(iter(found)) == next(iter([*found]))


def test_what_a_query_gives_is_kept_in_its_order(tmp_path: Path) -> None:
    query = (
        "select 'BTC', 'sale', make_timestamp(n * 1000000), '', '', cast(n as decimal(38, 18)), null, null, null, "
        "null, '', '', true, '' from range($most) as r(n) order by n desc"
    )
    with duckdb.connect() as copy:
        found = asked(copy, query, {"most": 30_000}, tmp_path / "gains", Gain)
    assert [int(one.quantity) for one in found] == [*range(29_999, -1, -1)]
    last = [*found][-1]
    assert (last.at, last.quantity, last.cost) == (datetime(1970, 1, 1, tzinfo=UTC), Decimal(0), None)
