"""Foreign headers: exports of banks and exchanges as they come, and every setting that says how one is read."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recon.core.canonical import read_json
from recon.core.errors import SourceError
from recon.core.records import Row
from recon.sources._csv_columns import COLUMNS
from recon.sources.csv import SOURCE, Settings
from tests.sources.drive import NAME, balanced, chained, drive, sums


def settings(columns: dict[str, Any], **more: Any) -> Settings:
    return Settings.model_validate({"kind": "csv", "path": "*", "columns": columns} | more)


def rows(body: str | bytes, columns: dict[str, Any], *, file: str = "f.csv", **more: Any) -> list[Row]:
    content = body if isinstance(body, bytes) else body.encode()
    return drive(SOURCE, settings(columns, **more), lambda request: content, files=[file])[file].rows()


def refused(body: str, columns: dict[str, Any]) -> str:
    with pytest.raises(SourceError) as caught:
        rows(body, columns)
    assert caught.value.kind == "bad_row"
    return caught.value.what


def wrong(columns: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(columns)
    assert all(fault["loc"][0] == "columns" for fault in caught.value.errors())
    return str(caught.value)


KRAKEN = {
    "timestamp": "time",
    "kind": "type",
    "quantity": "amount",
    "fee_quantity": "fee",
    "fee_asset": "asset",
    "balance_after": "balance",
    "id": "txid",
    "txid": "refid",
    "timezone": "UTC",
    "sign": "signed",
    "kinds": {"trade": "buy", "staking": "income", "rollover": "fee", "transfer": "transfer_in"},
    "skip": {"txid": [""]},
}
KRAKEN_FILE = """"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"
"","R1","2025-01-02 10:00:00","deposit","","currency","ZEUR",1000.0000,0,""
"L1","R1","2025-01-02 10:05:00","deposit","","currency","ZEUR",1000.0000,0,1000.0000
"L2","R2","2025-01-02 11:00:00","trade","","currency","ZEUR",-500.0000,1.3000,498.7000
"L3","R2","2025-01-02 11:00:00","trade","","currency","XXBT",0.0500000000,0,0.0500000000
"L4","R3","2025-01-03 09:00:00","staking","","currency","XXBT",0.0000100000,0,0.0500100000
"L5","R4","2025-01-04 09:00:00","rollover","","currency","ZEUR",0,0.2000,498.5000
"L6","R5","2025-01-05 09:00:00","transfer","","currency","ZEUR",-98.5000,0,400.0000
"L7","R6","2025-01-06 09:00:00","withdrawal","","currency","XXBT",-0.0100000000,0.0001000000,0.0399100000
"""


def test_the_ledger_of_kraken_is_read_as_exported_and_chains() -> None:
    found = rows(KRAKEN_FILE, KRAKEN)
    assert [row.kind for row in found] == [
        "deposit", "sell", "buy", "income", "fee", "transfer_out", "withdrawal",
    ]  # fmt: skip
    assert balanced(found)
    assert chained(found)
    held = sums((one for row in found for one in row.postings), of=f"assets:{NAME}:")
    assert held == {("main", "ZEUR"): 400, ("main", "XXBT"): Fraction("0.03991")}
    assert sums(found[1].postings)["trading", "ZEUR"] == 500
    assert [row.pointer for row in found] == [f"/{number}" for number in range(1, 8)]


BINANCE = {
    "timestamp": "UTC_Time",
    "account": "Account",
    "kind": "Operation",
    "asset": "Coin",
    "quantity": "Change",
    "note": "Remark",
    "timezone": "UTC",
    "sign": "signed",
    "kinds": {
        "Deposit": "deposit",
        "Withdraw": "withdrawal",
        "Buy": "buy",
        "Transaction Related": "buy",
        "Fee": "fee",
    },
}
BINANCE_FILE = """User_ID,UTC_Time,Account,Operation,Coin,Change,Remark
1,2025-01-02 10:00:00,Spot,Deposit,USDT,100.00000000,
1,2025-01-02 11:00:00,Spot,Buy,BTC,0.00100000,
1,2025-01-02 11:00:00,Spot,Transaction Related,USDT,-95.50000000,
1,2025-01-02 11:00:00,Spot,Fee,BTC,-0.00000100,
1,2025-01-03 11:00:00,Spot,Withdraw,BTC,-0.00050000,Withdraw fee is included
"""


def test_the_transaction_history_of_binance_is_read_as_exported() -> None:
    found = rows(BINANCE_FILE, BINANCE)
    assert [row.kind for row in found] == ["deposit", "buy", "sell", "fee", "withdrawal"]
    held = sums((one for row in found for one in row.postings), of=f"assets:{NAME}:")
    assert held == {("Spot", "USDT"): Fraction("4.5"), ("Spot", "BTC"): Fraction("0.000499")}
    assert balanced(found)


BANK = {
    "timestamp": "Data operacji",
    "asset": {"value": "PLN"},
    "quantity": "Kwota",
    "balance_after": "Saldo po operacji",
    "note": "Opis",
    "encoding": "windows-1250",
    "date_format": "%d.%m.%Y",
    "timezone": "Europe/Warsaw",
    "decimal": ",",
    "sign": "signed",
}
BANK_FILE = """Data operacji;Data księgowania;Opis;Kwota;Saldo po operacji\r
03.02.2025;03.02.2025;"Opłata; kartą";-12,50;+1 987,50\r
02.02.2025;02.02.2025;Przelew własny \u2013 „zasilenie”;+2 000,00;2\u00a0000,00\r
"""


def test_a_polish_bank_statement_is_read_as_exported() -> None:
    found = rows(BANK_FILE.encode("windows-1250"), BANK, account="konto")
    assert [(row.kind, row.account, row.asset, row.quantity) for row in found] == [
        ("deposit", "konto", "PLN", 2000),
        ("withdrawal", "konto", "PLN", Decimal("-12.50")),
    ]
    assert [row.at for row in found] == [
        datetime(2025, 2, 1, 23, tzinfo=UTC),
        datetime(2025, 2, 2, 23, tzinfo=UTC),
    ]
    assert chained(found)
    assert read_json(found[1].data.encode()) == {
        "timestamp": "03.02.2025", "quantity": "-12,50", "balance_after": "+1 987,50", "note": "Opłata; kartą",
    }  # fmt: skip


def test_what_a_row_is_known_by_does_not_change_with_the_settings() -> None:
    body = "timestamp,kind,asset,quantity\n2025-01-03 08:30:00,in,BTC,1\n"
    read = [
        rows(body, {"timezone": zone, "kinds": {"in": kind}})[0]
        for zone, kind in [("UTC", "deposit"), ("Europe/Warsaw", "income")]
    ]
    assert read[0].at != read[1].at
    assert read[0].kind != read[1].kind
    assert (read[0].identity, read[0].data) == (read[1].identity, read[1].data)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"amount": "Menge"}, "unknown key amount; expected one of timestamp, kind, "),
        ({"b": "x", "a": "y"}, "unknown key a, b; expected one of "),
        ({"asset": 5}, "expected the file's header, or { value = "),
        ({"asset": ""}, "expected the file's header, or { value = "),
        ({"asset": {"value": ""}}, "expected the file's header, or { value = "),
        ({"asset": {"value": "BTC", "else": "x"}}, "expected the file's header, or { value = "),
        ({"asset": {"header": "x"}}, "expected the file's header, or { value = "),
        ({"kinds": {"Kauf": "purchase"}}, "expected one of buy, sell, deposit"),
        ({"kinds": "deposit"}, "should be a valid"),
        ({"skip": {"State": "PENDING"}}, "should be a valid tuple"),
        ({"date_format": "%d.%m.%Y"}, "expected timezone beside a date_format that has no %z"),
        ({"date_format": "%H:%M", "timezone": "UTC"}, "expected a pattern that holds year, month and day"),
        ({"date_format": "%d.%m.%Y %Z", "timezone": "UTC"}, "expected a pattern that holds year, month"),
        ({"date_format": "%Q", "timezone": "UTC"}, "expected a pattern that holds year, month and day"),
        ({"date_format": "DD.MM.YYYY", "timezone": "UTC"}, "expected a pattern that holds year, month"),
        ({"timezone": "Warsaw"}, "expected the name of a time zone, like Europe/Warsaw"),
        ({"timezone": "../etc/passwd"}, "expected the name of a time zone, like Europe/Warsaw"),
        ({"timezone": ""}, "expected the name of a time zone, like Europe/Warsaw"),
        ({"decimal": ";"}, "should be ',' or '.'"),
        ({"sign": "negative"}, "should be 'positive' or 'signed'"),
        ({"encoding": "cp-none"}, "expected the name of an encoding, like utf-8 or windows-1250"),
        ({"encoding": "rot13"}, "expected the name of an encoding, like utf-8 or windows-1250"),
        ({"encoding": "a\0b"}, "expected the name of an encoding, like utf-8 or windows-1250"),
        ("Menge", 'expected a table of our_column = "their header"'),
    ],
    ids=repr,
)
def test_a_setting_that_cannot_be_used_is_refused_with_what_was_expected(columns: Any, told: str) -> None:
    assert told in wrong(columns)


def test_every_column_may_be_mapped_or_held_by_a_constant() -> None:
    for column in COLUMNS:
        assert settings({column: "Their header"}).columns.header(column) == "Their header"
        assert settings({column: {"value": "x"}}).columns.constants() == {column: "x"}


ONE = "timestamp,kind,asset,quantity\n{},deposit,BTC,{}\n"


@pytest.mark.parametrize(
    ("columns", "written", "moment"),
    [
        ({"timezone": "Europe/Warsaw"}, "2025-01-03 08:30:00", "2025-01-03T07:30:00"),
        ({"timezone": "Europe/Warsaw"}, "2025-07-03 08:30", "2025-07-03T06:30:00"),
        ({"timezone": "Europe/Warsaw"}, "2025-01-03", "2025-01-02T23:00:00"),
        ({"timezone": "Europe/Warsaw"}, "2025-01-03T08:30:00Z", "2025-01-03T08:30:00"),
        ({"timezone": "Europe/Warsaw"}, "1735893000", "2025-01-03T08:30:00"),
        (
            {"timezone": "UTC", "date_format": "%m/%d/%Y %I:%M %p"},
            "01/03/2025 8:30 PM",
            "2025-01-03T20:30:00",
        ),
        ({"timezone": "UTC", "date_format": "%d %b %Y"}, "3 Jan 2025", "2025-01-03T00:00:00"),
        ({"timezone": "UTC", "date_format": "%y%m%d%H%M%S"}, "250103083000", "2025-01-03T08:30:00"),
        ({"date_format": "%d.%m.%Y %H:%M:%S %z"}, "03.01.2025 09:30:00 +0100", "2025-01-03T08:30:00"),
        ({"timezone": "UTC", "date_format": "%Y年%m月%d日"}, "2025年01月03日", "2025-01-03T00:00:00"),
    ],
    ids=repr,
)
def test_a_time_is_read_in_its_form_and_its_zone(columns: dict[str, Any], written: str, moment: str) -> None:
    (row,) = rows(ONE.format(written, 1), columns)
    assert row.at.isoformat() == moment + "+00:00"


@pytest.mark.parametrize(
    ("columns", "written", "told"),
    [
        ({"timezone": "Europe/Warsaw"}, "2025-10-26 02:30:00", "2025-10-26 02:30:00 comes twice in Europe/Warsaw"),
        ({"timezone": "Europe/Warsaw"}, "2025-03-30 02:30:00", "2025-03-30 02:30:00 does not exist in Europe/Warsaw"),
        ({"timezone": "Asia/Beirut"}, "2025-03-30", "2025-03-30 00:00:00 does not exist in Asia/Beirut"),
        ({"timezone": "Europe/Warsaw"}, "03.01.2025", "expected ISO 8601, or epoch s or ms, got '03.01.2025'"),
        ({"timezone": "UTC", "date_format": "%d.%m.%Y"}, "2025-01-03", "expected a time of the form %d.%m.%Y, got "),
        ({"timezone": "UTC", "date_format": "%d.%m.%Y"}, "31.02.2025", "expected a time of the form %d.%m.%Y, got "),
        ({"timezone": "UTC", "date_format": "%d.%m.%Y"}, "03.01.1925", "expected a time of the form %d.%m.%Y, got "),
        ({"timezone": "UTC", "date_format": "%d.%m.%Y"}, "\u0660\u0663.01.2025", "expected a time of the form"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_time_that_is_no_moment_stops_the_file(columns: dict[str, Any], written: str, told: str) -> None:
    what = refused(ONE.format(written, 1), columns)
    assert what.startswith("line 2: column timestamp: ")
    assert told in what


@pytest.mark.parametrize(
    ("mark", "written", "number"),
    [
        (",", "1,5", "1.5"),
        (",", "1234,5", "1234.5"),
        (",", "1.234,5", "1234.5"),
        (",", "1.234", "1234"),
        (",", "1 234 567,89", "1234567.89"),
        (",", "1\u00a0234\u00a0567", "1234567"),
        (",", "12\u202f345,00", "12345"),
        (".", "1,234.5", "1234.5"),
        (".", "1234.5", "1234.5"),
        (".", "1 234.5", "1234.5"),
    ],
)
def test_a_number_is_read_with_its_decimal_mark_and_whole_groups(
    mark: str, written: str, number: str
) -> None:
    (row,) = rows(ONE.replace(",", ";").format("1735893000", written), {"decimal": mark})
    assert row.quantity == Decimal(number)


@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize(
    "written",
    ["1,", ",5", "1,5,5", "12,34,5", "1.23,5", "1.234.56,7", "1.234 567,8", ".234,5", "1..234", "1 2345", "1 23 456",
     "1'234,5", "1,5 PLN", "1,5e3", "1,-5", "", "-", "1 234,", " 1,2 3", "0,1234567890123456789"],
)  # fmt: skip
def test_a_number_of_another_form_stops_the_file(mark: str, written: str) -> None:
    other = str.maketrans(",.", ".,") if mark == "." else {}
    what = refused(ONE.replace(",", ";").format("1735893000", written.translate(other)), {"decimal": mark})
    assert what.startswith("line 2: column quantity: ")


@given(
    units=st.integers(1, 10**35),
    mark=st.sampled_from([",", "."]),
    gap=st.sampled_from(["", " ", "\u00a0", "\u202f", "other"]),
)
def test_a_number_means_the_same_however_its_groups_are_parted(units: int, mark: str, gap: str) -> None:
    whole, fraction = f"{units // 10**18:,}", f"{units % 10**18:018}"
    gap = {",": ".", ".": ","}[mark] if gap == "other" else gap
    (row,) = rows(
        ONE.replace(",", ";").format("1735893000", whole.replace(",", gap) + mark + fraction),
        {"decimal": mark},
    )
    assert row.quantity == Decimal(f"{units // 10**18}.{fraction}")


SIGNED = {"sign": "signed", "kinds": {"in/out": "transfer_out", "reward": "income"}}


@pytest.mark.parametrize(
    ("kind", "quantity", "becomes", "contra"),
    [
        ("deposit", "1", "deposit", f"external:{NAME}"),
        ("deposit", "-1", "withdrawal", f"external:{NAME}"),
        ("withdrawal", "1", "deposit", f"external:{NAME}"),
        ("in/out", "1", "transfer_in", "transit"),
        ("in/out", "-1", "transfer_out", "transit"),
        ("buy", "-1", "sell", "trading"),
        ("sell", "+1", "buy", "trading"),
        ("reward", "1", "income", "income:other"),
        ("reward", "-1", "income", "income:other"),
        ("fee", "-1", "fee", f"fees:{NAME}"),
        ("fee", "1", "fee", f"fees:{NAME}"),
        ("adjustment", "-1", "adjustment", "adjustments"),
    ],
)
def test_in_a_signed_file_the_sign_moves_and_the_kind_names_the_other_side(
    kind: str, quantity: str, becomes: str, contra: str
) -> None:
    (row,) = rows(f"timestamp,kind,asset,quantity\n1735893000,{kind},BTC,{quantity}\n", SIGNED)
    moved = Fraction(quantity)
    assert (row.kind, row.quantity) == (becomes, moved)
    assert sums(row.postings) == {(f"assets:{NAME}:main", "BTC"): moved, (contra, "BTC"): -moved}


def test_a_signed_trade_with_its_quote_moves_both() -> None:
    body = "timestamp,kind,asset,quantity,quote_asset,quote_quantity\n1735893000,sell,BTC,-2,EUR,50\n"
    (row,) = rows(body, SIGNED)
    assert sums(row.postings, of=f"assets:{NAME}:") == {("main", "BTC"): -2, ("main", "EUR"): 50}


def test_a_signed_file_without_kinds_holds_deposits_and_withdrawals() -> None:
    found = rows("timestamp,asset,quantity\n1735893000,BTC,2\n1735893001,BTC,-1\n", {"sign": "signed"})
    assert [(row.kind, row.quantity) for row in found] == [("deposit", 2), ("withdrawal", -1)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1735893000,,BTC,1", "column kind: '' is none of buy, sell, "),
        ("1735893000,swap,BTC,1", "column kind: 'swap' is none of buy, sell, "),
        (
            "1735893000,deposit,BTC,0",
            "column quantity: expected a quantity other than 0 in a row without a fee",
        ),
        ("1735893000,deposit,BTC,+-1", "column quantity: '+-1' is not a number"),
        ("1735893000,deposit,BTC,+", "column quantity: '+' is not a number"),
        ("1735893000,deposit,BTC,--1", "column quantity: '--1' is not a number"),
    ],
)
def test_a_signed_row_that_says_too_little_stops_the_file(line: str, told: str) -> None:
    assert told in refused(f"timestamp,kind,asset,quantity\n{line}\n", SIGNED)


def test_rows_that_are_no_movement_are_left_out_by_what_a_column_says() -> None:
    body = "timestamp,kind,asset,quantity,State\n" + "".join(
        f"1735893000,deposit,BTC,{number},{state}\n"
        for number, state in enumerate(["COMPLETED", "PENDING", "REVERTED", "COMPLETED", "Pending"], 1)
    )
    found = rows(body, {"skip": {"State": ["PENDING", "REVERTED"]}})
    assert [(row.quantity, row.pointer) for row in found] == [(1, "/0"), (4, "/3"), (5, "/4")]
    assert "the header has no column 'Status'" in refused(body, {"skip": {"Status": ["PENDING"]}})


def test_bytes_outside_the_stated_encoding_are_found_on_their_line() -> None:
    body = (
        b"timestamp,kind,asset,quantity,note\n1735893000,deposit,BTC,1,\xb3\n1735893000,deposit,BTC,1,\x81\n"
    )
    with pytest.raises(SourceError, match="line 3: the file is not WINDOWS-1250: "):
        rows(body, {"encoding": "windows-1250"})


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-16", "windows-1250", "iso8859-2"])
def test_a_file_is_read_in_its_encoding(encoding: str) -> None:
    body = "timestamp,kind,asset,quantity,note\n1735893000,deposit,BTC,1,żółw\n".encode(encoding)
    (row,) = rows(body, {"encoding": encoding})
    assert read_json(row.data.encode())["note"] == "żółw"


def test_every_choice_is_stated_for_the_reports_and_none_for_a_plain_file() -> None:
    assert SOURCE.assumptions(Settings(kind="csv", path="*")) == {}
    assert SOURCE.assumptions(settings(BANK)) == {
        "column timestamp": "the file's Data operacji",
        "column asset": "always PLN",
        "column quantity": "the file's Kwota",
        "column balance_after": "the file's Saldo po operacji",
        "column note": "the file's Opis",
        "sign of a quantity": "negative leaves the account",
        "form of a time": "%d.%m.%Y",
        "zone of a time that states none": "Europe/Warsaw",
        "decimal mark": ",",
        "encoding": "windows-1250",
    }
    said = SOURCE.assumptions(settings(KRAKEN | {"sheet": "Data"}))
    assert said["kind 'trade'"] == "is buy"
    assert said["rows left out by txid"] == "''"
    assert said["sheet of a workbook"] == "Data"
