"""CSV: what each kind posts, how files may be written, which order rows come in, and how little of a file is held."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from recon.core.canonical import read_json
from recon.core.errors import SourceError
from recon.core.records import Row
from recon.demo.venues import sample_path
from recon.sources._csv_columns import COLUMNS, KINDS
from recon.sources.csv import SOURCE, Settings
from tests.sources.drive import NAME, balanced, chained, drive, sums

HEADER = ",".join(COLUMNS)
AT = "2025-01-03T08:30:00Z"


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"kind": "csv", "path": "*.csv"} | changes)


def rows(body: str | bytes, **changes: Any) -> list[Row]:
    content = body if isinstance(body, bytes) else body.encode()
    return drive(SOURCE, settings(**changes), lambda request: content, files=["f.csv"])["f.csv"].rows()


def table(*lines: dict[str, str], delimiter: str = ",") -> str:
    """A file of lines that name only the cells they fill."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(
        {"timestamp": AT, "kind": "deposit", "asset": "BTC", "quantity": "1", **line} for line in lines
    )
    return text.getvalue()


def moves(row: Row) -> dict[tuple[str, str], Fraction]:
    places = {f"assets:{NAME}:main": "own"}
    return {
        (places.get(account, account.removesuffix(f":{NAME}")), asset): value
        for (account, asset), value in sums(row.postings).items()
    }


def test_the_sample_file_chains() -> None:
    found = rows((sample_path() / "broker.csv").read_bytes())
    assert len(found) == 40
    assert balanced(found)
    assert chained(found)
    assert {row.account for row in found} >= {"depot-1"}


@pytest.mark.parametrize(
    ("kind", "sign", "contra"),
    [
        ("deposit", 1, "external"),
        ("withdrawal", -1, "external"),
        ("transfer_in", 1, "transit"),
        ("transfer_out", -1, "transit"),
        ("income", 1, "income:other"),
        ("fee", -1, "fees"),
        ("gift", -1, "external"),
        ("adjustment", 1, "adjustments"),
    ],
)
def test_each_kind_moves_its_quantity_against_its_account(kind: str, sign: int, contra: str) -> None:
    (row,) = rows(table({"kind": kind, "quantity": "1.5", "balance_after": "7"}))
    assert moves(row) == {("own", "BTC"): sign * Fraction("1.5"), (contra, "BTC"): -sign * Fraction("1.5")}
    assert [posting.balance_after for posting in row.postings] == [7, None]
    assert (row.kind, row.quantity) == (kind, sign * Decimal("1.5"))


@pytest.mark.parametrize(("kind", "sign"), [("buy", 1), ("sell", -1)])
@pytest.mark.parametrize("fee_asset", ["", "BTC", "PLN", "BNB"])
def test_a_trade_moves_both_assets_and_the_fee_whichever_it_is_paid_in(
    kind: str, sign: int, fee_asset: str
) -> None:
    line = {
        "kind": kind,
        "quantity": "0.5",
        "quote_asset": "PLN",
        "quote_quantity": "100",
        "balance_after": "9",
    }
    (row,) = rows(table(line | ({"fee_asset": fee_asset, "fee_quantity": "0.25"} if fee_asset else {})))
    expected = {
        ("own", "BTC"): sign * Fraction("0.5"),
        ("own", "PLN"): -sign * Fraction(100),
        ("trading", "BTC"): -sign * Fraction("0.5"),
        ("trading", "PLN"): sign * Fraction(100),
    }
    if fee_asset:
        expected["fees", fee_asset] = Fraction("0.25")
        expected["own", fee_asset] = expected.get(("own", fee_asset), Fraction(0)) - Fraction("0.25")
    assert moves(row) == expected
    assert [(one.asset, one.balance_after) for one in row.postings if one.balance_after is not None] == [
        ("BTC", 9)
    ]


def test_a_fee_of_nothing_needs_no_asset() -> None:
    (row,) = rows(table({"fee_quantity": "0"}))
    assert len(row.postings) == 2


def test_a_balance_is_stated_also_when_the_fee_takes_all_that_came() -> None:
    (row,) = rows(table({"quantity": "2", "fee_asset": "BTC", "fee_quantity": "2", "balance_after": "5"}))
    assert [
        (one.quantity, one.balance_after) for one in row.postings if one.account.startswith("assets")
    ] == [(0, 5)]
    assert balanced([row])


QUANTITY = st.integers(1, 10**35).map(lambda units: f"{units // 10**18}.{units % 10**18:018}")


LONGEST = "12345678901234567.123456789012345678"


@example(lines=[{"kind": "sell", "quantity": LONGEST, "quote_quantity": LONGEST, "fee_quantity": LONGEST}])
@given(
    lines=st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(KINDS), "quantity": QUANTITY, "quote_quantity": QUANTITY},
            optional={"fee_quantity": QUANTITY, "balance_after": QUANTITY, "fee_asset": st.just("BTC")},
        ),
        max_size=5,
    )
)
def test_rows_cancel_to_the_last_digit(lines: list[dict[str, str]]) -> None:
    usual = {"quote_asset": "PLN", "fee_asset": "BNB"}
    found = rows(table(*(usual | line for line in lines)))
    assert [row.quantity.copy_abs() for row in found] == [Decimal(line["quantity"]) for line in lines]
    assert balanced(found)


TWO = [
    {"quantity": "1.5", "note": "a, b; c"},
    {"quantity": "2", "note": 'two\r\n"lines"', "timestamp": "1735893000"},
]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "bom"])
def test_a_file_may_be_written_in_many_ways(delimiter: str, end: str, start: str) -> None:
    found = rows(start + table(*TWO, delimiter=delimiter).replace("\r\n", end))
    assert [row.quantity for row in found] == [Decimal("1.5"), 2]
    assert [read_json(row.data.encode())["note"] for row in found] == ["a, b; c", f'two{end}"lines"']


def test_the_last_line_may_lack_its_end_and_blank_lines_are_no_rows() -> None:
    assert len(rows(f"{HEADER}\n\n{AT},deposit,,BTC,1,,,,,,,,\n\n{AT},deposit,,BTC,2,,,,,,,,")) == 2
    assert rows(HEADER) == rows(HEADER + "\n") == []


def test_columns_may_stand_in_any_order_and_further_ones_are_ignored() -> None:
    body = f"note,quantity,,asset,extra,kind,timestamp,\nhi, 1 ,x,btc,y,deposit,{AT},\n"
    (row,) = rows(body)
    assert (row.asset, row.quantity, row.account) == ("BTC", 1, "main")
    assert read_json(row.data.encode()) == {
        "asset": "btc", "kind": "deposit", "note": "hi", "quantity": "1", "timestamp": AT,
    }  # fmt: skip


def test_a_foreign_header_is_mapped_and_a_missing_account_filled() -> None:
    columns = {
        "timestamp": "Datum",
        "kind": "Art",
        "asset": "Asset",
        "quantity": "Menge",
        "balance_after": "Saldo",
    }
    body = f"Datum;Art;Asset;Menge;Saldo;quantity\n{AT};deposit;BTC;1;2;99\n"
    (row,) = rows(body, columns=columns, account="depot")
    assert (row.account, row.quantity) == ("depot", 1)
    assert row.postings[0].balance_after == 2
    with pytest.raises(SourceError, match="line 1: the header has no column 'Saldo'"):
        rows(body.replace("Saldo", "Stand"), columns=columns)


def test_the_files_own_account_comes_first() -> None:
    found = rows(table({"account": "depot-1"}, {"account": ""}), account="depot")
    assert [row.account for row in found] == ["depot-1", "depot"]


def test_a_column_that_is_none_of_ours_is_refused_in_the_settings() -> None:
    with pytest.raises(ValidationError, match="expected one of timestamp, kind"):
        settings(columns={"amount": "Menge"})


@pytest.mark.parametrize(
    "written", ["2025-01-03T08:30:00Z", "2025-01-03T09:30:00+01:00", "2025-01-03 08:30:00.000+00:00", "1735893000",
                "1735893000000"],
)  # fmt: skip
def test_times_are_iso_with_a_zone_or_counts_of_seconds_or_milliseconds(written: str) -> None:
    assert rows(table({"timestamp": written}))[0].at.isoformat() == "2025-01-03T08:30:00+00:00"


def test_a_file_written_newest_first_is_read_oldest_first() -> None:
    days = [
        "2025-01-03T01:00:00+01:00",
        "2025-01-03T00:00:00Z",
        "2025-01-02T00:00:00Z",
        "2025-01-01T00:00:00Z",
    ]
    lines = [{"timestamp": day, "quantity": str(number)} for number, day in enumerate(days, 1)]
    assert [row.quantity for row in rows(table(*lines))] == [4, 3, 2, 1]
    assert [row.quantity for row in rows(table(*lines[::-1]))] == [4, 3, 2, 1]
    assert [row.pointer for row in rows(table(*lines))] == ["/3", "/2", "/1", "/0"]


def test_an_id_is_the_whole_identity_and_without_one_the_whole_row_is() -> None:
    found = rows(table({"id": "7"}, {"id": "7", "note": "late"}, {}, {}, {"note": "other"}))
    assert [row.identity == found[0].identity for row in found] == [True, True, False, False, False]
    assert found[2].identity == found[3].identity != found[4].identity


def test_every_file_is_a_stream_and_all_are_one_family() -> None:
    reads = drive(SOURCE, settings(), lambda request: table({}).encode(), files=["a.csv", "b/c.csv"])
    assert list(reads) == ["a.csv", "b/c.csv"]
    assert [(one.asked[0].method, one.asked[0].path) for one in reads.values()] == [
        ("FILE", "a.csv"),
        ("FILE", "b/c.csv"),
    ]
    assert {one.stream.family for one in reads.values()} == {"rows"}


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"no file matches \*.csv"):
        drive(SOURCE, settings(), lambda request: b"")


class Endless(io.RawIOBase):
    """A file of so many rows that is never whole in memory, and counts what was read of it."""

    def __init__(self, count: int) -> None:
        self.lines = self._lines(count)
        self.rest = b""
        self.read_bytes = 0

    def _lines(self, count: int) -> Iterator[bytes]:
        yield HEADER.encode() + b"\n"
        for number in range(count):
            yield f"{1735893000 + number},deposit,depot,BTC,0.5,,,,,{number}.5,,EX-{number},\n".encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self.rest) < len(buffer) and (line := next(self.lines, None)):
            self.rest += line
        piece, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(piece)] = piece
        self.read_bytes += len(piece)
        return len(piece)


def endless(count: int) -> tuple[Iterator[Row], list[Endless]]:
    opened: list[Endless] = []

    def body() -> Any:
        opened.append(Endless(count))
        return io.BufferedReader(opened[-1])

    (read,) = drive(SOURCE, settings(), lambda request: b"", files=["f.csv"]).values()
    assert read.stream.rows and read.passed
    source_answer = read.passed.answers[0]
    fields = {name: getattr(source_answer, name) for name in source_answer.__dataclass_fields__}
    return read.stream.rows([type(source_answer)(**fields | {"body": body})]), opened


def test_rows_are_read_as_they_are_taken() -> None:
    found, opened = endless(100_000)
    next(found)
    assert sum(one.read_bytes for one in opened) < 100_000


def test_a_long_file_takes_no_more_memory_than_a_short_one() -> None:
    found, _ = endless(20_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in found) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 300_000
