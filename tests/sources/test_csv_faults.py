"""CSV: every kind of bad row stops its file, and the message names the line, the column and what was expected."""

from typing import Any

import pytest

from recon.core.errors import SourceError
from tests.sources.test_csv import AT, HEADER, rows, table

GOOD: dict[str, str] = {}
TRADE = {"kind": "buy", "quote_asset": "PLN", "quote_quantity": "5"}


def refused(body: str | bytes, **changes: Any) -> str:
    with pytest.raises(SourceError) as caught:
        rows(body, **changes)
    error = caught.value
    assert (error.kind, error.exit_code, error.where) == ("bad_row", 4, "f.csv")
    assert "nothing of this file was posted" in str(error)
    return error.what


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"timestamp": "2025-01-03T08:30:00"}, "column timestamp: expected ISO 8601 with a zone"),
        ({"timestamp": "2025-01-03"}, "column timestamp: "),
        ({"timestamp": ""}, "column timestamp: "),
        ({"timestamp": "3.1.2025 08:30"}, "column timestamp: "),
        ({"timestamp": "12"}, "column timestamp: "),
        ({"timestamp": "²"}, "column timestamp: "),
        ({"timestamp": "99999999999999999"}, "column timestamp: "),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "column timestamp: "),
        ({"kind": "swap"}, "column kind: 'swap' is none of buy, sell, "),
        ({"kind": "Buy"}, "column kind: 'Buy' is none of "),
        ({"kind": ""}, "column kind: '' is none of "),
        ({"quantity": "-1"}, "column quantity: expected a positive quantity, got -1"),
        ({"quantity": "0"}, "column quantity: expected a positive quantity, got 0"),
        ({"quantity": "0.000"}, "column quantity: expected a positive quantity, got 0.000"),
        ({"quantity": ""}, "column quantity: '' is not a number"),
        ({"quantity": "1,5"}, "column quantity: '1,5' is not a number"),
        ({"quantity": "1e5"}, "a string may not carry an exponent"),
        ({"quantity": "NaN"}, "column quantity: 'NaN' is not a number"),
        ({"quantity": "1_000"}, "column quantity: '1_000' is not a number"),
        ({"quantity": "\u0661"}, "column quantity: "),
        ({"quantity": "0.1234567890123456789"}, "more than 18 digits behind the point"),
        ({"quantity": "1" * 19}, "more than 18 digits before the point"),
        ({"balance_after": "x"}, "column balance_after: 'x' is not a number"),
        ({"asset": "B T C"}, "column asset: 'B T C' is not 1 to 32 of A-Z a-z 0-9"),
        ({"asset": ""}, "column asset: '' is not"),
        ({"asset": "x" * 33}, "column asset: "),
        ({"account": "a" * 65}, "column account: expected at most 64 printable characters"),
        ({"account": "a\x07b"}, "column account: "),
        (TRADE | {"quote_asset": ""}, "column quote_asset: '' is not"),
        (TRADE | {"quote_quantity": ""}, "column quote_quantity: '' is not a number"),
        (TRADE | {"quote_quantity": "-5"}, "column quote_quantity: expected a positive quantity, got -5"),
        (
            {"kind": "income", "quote_asset": "PLN", "quote_quantity": "x"},
            "column quote_quantity: 'x' is not",
        ),
        ({"kind": "income", "quote_quantity": "5"}, "column quote_asset: '' is not"),
        ({"fee_quantity": "-1", "fee_asset": "BTC"}, "column fee_quantity: expected 0 or more, got -1"),
        ({"fee_quantity": "x", "fee_asset": "BTC"}, "column fee_quantity: 'x' is not a number"),
        ({"fee_quantity": "1"}, "column fee_asset: '' is not"),
        ({"note": "a\0b"}, "column note: it holds a NUL character"),
    ],
    ids=repr,
)
def test_a_bad_row_stops_the_file_with_its_line_and_column(bad: dict[str, str], told: str) -> None:
    what = refused(table(GOOD, GOOD, bad, GOOD))
    assert what.startswith("line 4: ")
    assert told in what
    assert "column " in what


def test_a_quantity_and_its_fee_that_together_are_too_large_stop_the_file() -> None:
    big = {"kind": "sell", "quantity": "9" * 18, "quote_asset": "PLN", "quote_quantity": "1"}
    assert refused(table(GOOD, big | {"fee_asset": "BTC", "fee_quantity": "1"})).startswith("line 3: ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{AT},deposit,,BTC,1", "5 cells, but the header names 13 columns"),
        (f"{AT},deposit,,BTC,1,,,,,,,,,", "14 cells, but the header names 13 columns"),
        ("   ", "1 cells, but the header names 13 columns"),
        (f'{AT},deposit,,BTC,1,,,,,,,,"a"b', "the line cannot be read: ',' expected after '\"'"),
        (f'{AT},deposit,,BTC,1,,,,,,,,"never closed', "the line cannot be read: unexpected end of data"),
        (f"{AT},deposit,,BTC,1,,,,,,,,{'x' * 200_000}", "field larger than field limit"),
    ],
    ids=["few", "many", "blank", "quote", "open", "long"],
)
def test_a_line_that_is_no_row_stops_the_file(line: str, told: str) -> None:
    good = f"{AT},deposit,,BTC,1,,,,,,,,"
    what = refused(f"{HEADER}\n{good}\n{good}\n{line}\n{good}\n")
    assert what.startswith("line 4: ")
    assert told in what


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_is_counted_right_after_quoted_line_ends_and_blank_lines(end: str) -> None:
    noted = f'{AT},deposit,,BTC,1,,,,,,,,"three{end}lines{end}long"'
    lines = [HEADER, noted, "", noted, f"{AT},deposit,,BTC,x,,,,,,,,"]
    assert refused(end.join(lines) + end).startswith("line 9: column quantity: ")
    lines[-1] = f'{AT},deposit,,BTC,x,,,,,,,,"{end}{end}"'
    assert refused(end.join(lines) + end).startswith("line 9: column quantity: ")


@pytest.mark.parametrize("before", [0, 1, 5_000])
def test_bytes_that_are_not_utf8_are_found_on_their_line(before: int) -> None:
    good = f"{AT},deposit,,BTC,1,,,,,,,,żółw\n"
    body = f"{HEADER}\n{good * before}".encode() + good.encode("iso8859-2") + good.encode()
    assert refused(body).startswith(f"line {before + 2}: the file is not UTF-8: ")


def test_a_file_in_another_encoding_is_refused_at_its_first_line() -> None:
    assert refused(table(GOOD).encode("utf-16")).startswith("line 1: the file is not UTF-8: ")
    assert refused(f"{HEADER}\n{AT}".encode() + b"\xc5").startswith("line 2: the file is not UTF-8: ")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "the header has no column 'timestamp'"),
        ("\n", "the header has no column 'timestamp'"),
        (HEADER.replace("quantity,quote", "amount,quote"), "the header has no column 'quantity'"),
        (HEADER.replace("kind", "Kind"), "the header has no column 'kind'"),
        (HEADER.replace("note", "asset"), "the header names column 'asset' twice"),
        (HEADER.replace("note", "id"), "the header names column 'id' twice"),
        (HEADER.replace(",", "|"), "the header has no column 'timestamp'"),
    ],
    ids=repr,
)
def test_a_header_that_does_not_say_what_is_needed_stops_the_file(header: str, told: str) -> None:
    assert refused(f"{header}\n{AT},deposit,,BTC,1,,,,,,,,\n" if header else "") == f"line 1: {told}"


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_first_bad_row_of_the_file_is_the_one_that_is_told(newest_first: bool) -> None:
    days = [f"2025-01-0{day}T00:00:00Z" for day in range(1, 7)][:: -1 if newest_first else 1]
    lines = [{"timestamp": day} for day in days]
    lines[1] |= {"quantity": "x"}
    lines[2] |= {"kind": "x"}
    assert refused(table(*lines)).startswith("line 3: column quantity")
    lines[0] |= {"timestamp": "2025-01-01"}
    assert refused(table(*lines)).startswith("line 2: column timestamp")


def test_a_message_shows_no_more_than_the_beginning_of_a_cell() -> None:
    for column in ("timestamp", "kind", "asset", "quantity"):
        assert len(refused(table({column: "x" * 10_000}))) < 400
