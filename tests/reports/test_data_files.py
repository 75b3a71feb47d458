"""CSV and Parquet: every digit of every number, moments in UTC, and no text that a spreadsheet would run."""

import csv as reader
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as arrow

from recon.core.document import Cell, Column, Live, Table
from recon.core.money import parse, text
from reports._render import csv, parquet
from tests.reports.hostile import CORPUS

COLUMNS = [
    Column(title="Text"), Column(title="Amount", kind="amount"), Column(title="Count", kind="count"),
    Column(title="At", kind="moment"), Column(title="Day", kind="day"),
]  # fmt: skip
AT = datetime(2025, 1, 14, 15, 20, 1, 250_000, timezone(timedelta(hours=1)))
NUMBERS = st.decimals(
    min_value=Decimal(-(10**18) + 1), max_value=Decimal(10**18 - 1), places=18, allow_nan=False
).filter(lambda one: abs(one) < 10**18)


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(reader.reader(file))


def test_a_row_is_written_as_iso_moments_and_exact_texts(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["a", Decimal("-0.000000000000000001"), -3, AT, date(2025, 1, 14)],
        [None, Live(Decimal("1.50"), ()), Live(7, ()), None, None],
    ]
    csv.render(Table(key="t", columns=COLUMNS, rows=rows), tmp_path / "t.csv")
    assert lines(tmp_path / "t.csv") == [
        ["Text", "Amount", "Count", "At", "Day"],
        ["a", "-0.000000000000000001", "-3", "2025-01-14T14:20:01.250000Z", "2025-01-14"],
        ["", "1.5", "7", "", ""],
    ]
    parquet.render(Table(key="t", columns=COLUMNS, rows=rows), tmp_path / "t.parquet")
    first, second = arrow.read_table(tmp_path / "t.parquet").to_pylist()
    assert first == {
        "Text": "a", "Amount": Decimal("-0.000000000000000001"), "Count": -3, "At": AT, "Day": date(2025, 1, 14),
    }  # fmt: skip
    assert (second["Amount"], second["Count"], second["At"]) == (Decimal("1.5"), 7, None)
    assert first["At"].utcoffset() == timedelta(0) and AT.astimezone(UTC) == first["At"]


def test_no_text_is_a_formula_and_each_can_be_had_back(tmp_path: Path) -> None:
    texts = [*CORPUS, "=1+1", "+1", "-1", "@x", "'quoted", "\tx", "\nx", 'a "b", c', "", "plain"]
    table = Table(key="t", columns=COLUMNS[:1], rows=[[one] for one in texts])
    csv.render(table, tmp_path / "t.csv")
    found = [row[0] if row else "" for row in lines(tmp_path / "t.csv")[1:]]
    assert not [one for one in found if one[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and one]
    whole = [one.encode(errors="backslashreplace").decode() for one in texts]
    assert [one[1:] if one[:1] == "'" else one for one in found] == whole
    parquet.render(table, tmp_path / "t.parquet")
    assert arrow.read_table(tmp_path / "t.parquet").column(0).to_pylist() == whole


@given(numbers=st.lists(NUMBERS, max_size=40))
def test_a_number_is_the_same_in_both_files(numbers: list[Decimal]) -> None:
    table = Table(key="t", columns=COLUMNS[1:2], rows=[[one] for one in numbers])
    with TemporaryDirectory(dir="/dev/shm") as place:
        path = Path(place) / "numbers"
        csv.render(table, path)
        assert [row[0] for row in lines(path)[1:]] == [text(one) for one in numbers]
        parquet.render(table, path)
        values = arrow.read_table(path).column(0).to_pylist()
    assert values == numbers == [parse(text(one)) for one in numbers]


def test_more_rows_than_are_held_at_once_are_all_there(tmp_path: Path) -> None:
    table = Table(key="t", columns=COLUMNS[2:3], rows=[[number] for number in range(parquet.ROWS * 2 + 1)])
    parquet.render(table, tmp_path / "t.parquet")
    found = arrow.ParquetFile(tmp_path / "t.parquet")
    assert found.num_row_groups == 3
    assert found.read().column(0).to_pylist() == list(range(parquet.ROWS * 2 + 1))
    empty = Table(key="t", columns=COLUMNS, rows=[])
    parquet.render(empty, tmp_path / "t.parquet")
    assert arrow.read_table(tmp_path / "t.parquet").num_rows == 0
