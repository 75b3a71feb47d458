"""What the report of a tax year says, before any renderer: it is what recon tax says, and it adds up to the forms."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from recon.core.document import Column, Document, Section, Table
from recon.core.lots import UNIT
from recon.core.tax_books import TaxBooks
from recon.pipeline.tax import wanted
from recon.pipeline.tax_books import tax_books
from recon.pipeline.taxed import row_facts, said, summary
from reports._cut import cut
from reports.tax import REPORT
from tests.tax._cases import rows as case_rows
from tests.tax._ledgers import ledger_of, of_its_price, taxed
from tests.tax._reports import LINES, added, at_par, books_of, column, tables

RULES = ("us", "uk", "de", "pl", "generic")


Both = tuple[TaxBooks, Document]


@pytest.fixture(scope="module", params=RULES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with books_of(tmp_path_factory.mktemp(request.param), 2024, request.param) as books:
        yield books, REPORT.build(books)


def test_every_row_has_a_cell_for_every_column_and_every_key_is_its_own(
    both: Both,
) -> None:
    _, document = both
    shown = [table for section in document.sections for table in section.tables]
    shown += [table for section in document.sections for part in section.parts for table in part.tables]
    for table in shown:
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.key
        assert len({one.title.casefold() for one in table.columns}) == len(table.columns), table.key
        assert len(table.rows) == sum(1 for _ in table.rows), table.key
    for some in (document.sections, [part for one in document.sections for part in one.parts]):
        assert len({one.key for one in some}) == len(some)
    assert len(tables(document)) == sum(len(one.tables) for one in document.sections)


def test_the_tables_say_what_recon_tax_says(tmp_path: Path) -> None:
    with ledger_of(tmp_path, [dict(one) for one in LINES], "USD") as (config, ledger):
        for rules in RULES:
            listed, found = taxed(config, ledger, 2024, rules)
            told = summary(found)
            with tax_books(config, ledger, wanted(2024, rules, None, None)) as books:
                assert [*books.rows] == listed and [*books.rows] == listed, "as often as one likes"
                shown = tables(REPORT.build(books))
                assert [one._asdict() for one in books.lines] == told["forms"]
                assert column(shown["disposals"], "Disposal") == [row_facts(row)["id"] for row in listed]
                assert added(shown["by_asset"], "Proceeds") == Decimal(told["proceeds"])
                assert column(shown["missing"], "What, and what cures it") == [
                    one["diagnosis"]["text"] for one in told["breaks"]
                ]
                assert added(shown["income"], "Amount") == sum(map(Decimal, told["income"].values()))
                assert [one.holds for one in books.ties] == [one["holds"] for one in told["ties"]]
                assert all(one.holds for one in books.ties)
                assert not any(column(shown["ties"], "Check"))
                if books.rules.lots:
                    for title in ("Proceeds", "Cost", "Gain"):
                        assert added(shown["by_asset"], title) == Decimal(told[title.lower()])
                        assert added(shown["by_month"], title) == Decimal(told[title.lower()])


def test_the_lots_of_each_disposal_sum_to_it(both: Both) -> None:
    books, document = both
    listed = [*books.rows]
    ends = [*books.disposals[1:], len(listed)]
    parts = next(one for one in document.sections if one.key == "disposals").parts
    assert [part.key for part in parts] == [listed[first].id for first in books.disposals]
    for one, part, first, after in zip(books.calculations, parts, books.disposals, ends, strict=True):
        assert [*one.rows] == listed[first:after]
        (result,) = part.tables
        assert added(result, "Units") == Decimal(said(sum(row.quantity for row in one.rows)))
        assert [title for title, _ in part.code][:2] == ["What left", "What it brought"]
        assert all(text for _, text in part.code)
        assert "of the sealed answer" in part.code[-1][1]


def test_the_files_for_tax_software_sum_to_schedule_d(tmp_path: Path) -> None:
    with books_of(tmp_path, 2024, "us") as books:
        document, made = REPORT.build(books), REPORT.files(books)
        boxes = {line.box: Decimal(line.value) for line in books.lines if line.box and line.box[0] in "13"}
        assert set(made) == {"form-8949-2024-C.csv", "form-8949-2024-F.csv"}
        for box, line in (("C", "3"), ("F", "10")):
            table = made[f"form-8949-2024-{box}.csv"]
            sheet = tables(document)[f"form_8949_{box.lower()}"]
            for title, letter, shown in (
                ("Sales Proceeds", "d", "Proceeds (d)"),
                ("Cost or Other Basis", "e", "Cost (e)"),
                ("Gain or Loss", "h", "Gain or loss (h)"),
            ):
                cents = [Decimal(str(one)) for one in column(table, title)]
                assert all(one.as_tuple().exponent == -2 for one in cents), "whole cents"
                assert sum(cents) == boxes[f"{line}({letter})"] == added(sheet, shown)
            assert set(column(table, "Reporting Category")) == {box}
        listed = sum(len(table.rows) for table in made.values())
        lacking, gone = (tables(document)[key] for key in ("lacking", "without_gain"))
        assert listed + len(lacking.rows) + sum(int(str(one)) for one in column(gone, "Rows")) == len(
            books.rows
        )
        assert column(lacking, "Disposal") == ["broker-000000012"], "nobody said what the withdrawal brought"


def test_a_row_that_lacks_an_amount_is_shown_with_the_reason_and_in_no_sum(tmp_path: Path) -> None:
    lines = [LINES[0], {**LINES[4], "quantity": "2.5"}]
    with books_of(tmp_path, 2024, "us", lines) as books:
        document = REPORT.build(books)
        shown = tables(document)
        assert column(shown["lacking"], "Units") == [Decimal("0.5")]
        assert column(shown["lacking"], "Not known") == ["cost: no lot had these units when they left"]
        assert added(shown["form_8949_f"], "Proceeds (d)") == Decimal("26391.20")
        assert document.status is not None and document.status.tone == "bad"
        assert document.status.value == "1 row in no figure, 1 break open: see what is missing."


def test_the_sa108_worksheet_has_the_pools_of_hmrcs_manual(tmp_path: Path) -> None:
    stated = [row for row in case_rows("uk_hmrc/hmrc_published.csv") if row["case"] == "CRYPTO22251"]
    lines = [
        {
            "timestamp": row["timestamp"], "kind": row["kind"], "asset": "TOKEN", "quantity": row["quantity"],
            "quote_asset": "GBP", "quote_quantity": row["value_gbp"], "id": row["event_id"],
        }
        for row in case_rows("uk_hmrc/events.csv")
        if row["case"] == "CRYPTO22251"
    ]  # fmt: skip
    (one,) = stated
    (sold,) = [line["timestamp"] for line in lines if line["kind"] == "sell"]
    year = int(sold[:4]) - (sold[5:10] < "04-06")
    with books_of(tmp_path, year, "uk", lines, "GBP", zone="Europe/London") as books:
        sheet = tables(REPORT.build(books))["sa108_matches"]
        assert column(sheet, "Matched with") == ["section 104"]
        assert column(sheet, "Pool after") == [Decimal(one["pool_qty_after"])]
        (after,), (before,) = column(sheet, "Its cost after"), column(sheet, "Its cost before")
        assert isinstance(after, Decimal) and isinstance(before, Decimal)
        assert abs(after - Decimal(one["pool_cost_after"])) <= 1
        assert before - after == added(sheet, "Allowable cost")


def test_the_anlage_so_worksheet_goes_wallet_by_wallet_with_the_first_free_day(tmp_path: Path) -> None:
    with books_of(tmp_path, 2024, "de", LINES, "EUR", prices=at_par("EUR")) as books:
        document = REPORT.build(books)
        sheet = tables(document)["anlage_so"]
        wallets = [str(one) for one in column(sheet, "Wallet")]
        assert wallets == sorted(wallets) and set(wallets) == {"broker:A", "broker:B"}
        for acquired, free, word in zip(
            *(column(sheet, title) for title in ("Acquired", "Free from", "Gain")), strict=True
        ):
            assert str(free)[:4] == str(int(str(acquired)[:4]) + 1)
            assert word in {"free", "counts"}
        figures = {line.title: Decimal(line.value) for line in books.lines if line.value[-1].isdigit()}
        counts = [row for row in sheet.rows if "counts" in row]
        place = [one.title for one in sheet.columns].index("Gewinn / Verlust")
        assert round(sum(Decimal(str(row[place])) for row in counts), 2) == figures["Gewinn / Verlust"]


def test_the_pit_38_worksheet_leads_from_what_was_paid_to_part_e(tmp_path: Path) -> None:
    lines = [line if line["kind"] != "gift" else {**line, "quantity": "0.01"} for line in LINES]
    with books_of(tmp_path, 2024, "pl", lines, "PLN", prices=at_par("PLN")) as books:
        shown = tables(REPORT.build(books))
        part_e = {line.title: Decimal(line.value) for line in books.lines[:5]}
        last = [*shown["pit38_years"].rows][-1]
        assert dict(zip([one.title for one in shown["pit38_years"].columns], last, strict=True)) == {
            "Year": "2024", **part_e,
        }  # fmt: skip
        assert round(added(shown["pit38_revenue"], "Revenue"), 2) == part_e["Przychód"]
        costs = added(shown["pit38_costs"], "Spent") + added(shown["pit38_revenue"], "Fee, a cost")
        assert round(costs, 2) == part_e["Koszty uzyskania przychodów poniesione w roku podatkowym"]
        assert column(shown["pit38_years"], "Year") == ["2022", "2023", "2024"]


def test_prices_are_told_on_the_row_and_in_full(tmp_path: Path) -> None:
    with books_of(tmp_path, 2024, "generic", LINES, "PLN", prices=at_par("PLN")) as books:
        shown = tables(REPORT.build(books))
        first = next(iter(shown["disposals"].rows))
        titles = [one.title for one in shown["disposals"].columns]
        told = dict(zip(titles, first, strict=True))
        assert told["Priced by"] == told["Cost priced by"] == "1 USD = 1 PLN (parity)"
        used = shown["prices"]
        of = dict(zip(column(used, "Movement"), column(used, "How"), strict=True))
        assert of[told["Disposal"]] == "1 USD x 1 PLN/USD (declared parity) = 1 PLN"
        assert told["Lot"] in of


def test_fees_are_those_of_each_movement(tmp_path: Path) -> None:
    with books_of(tmp_path, 2024, "us") as books:
        shown = tables(REPORT.build(books))["fees"]
        of_year = [
            one["fee_quantity"] for one in LINES if one["timestamp"][:4] == "2024" and "fee_quantity" in one
        ]
        assert added(shown, "Amount") == sum(map(Decimal, of_year))
        first = next(iter(books.rows))
        assert first.fees == 11 * UNIT + 15 * UNIT * 3 // 8, "of its own, and of three eighths of its lot"


@pytest.mark.parametrize("case", ["test_data", "crypto_example", "test_many_year_data"])
def test_a_case_of_rp2_is_reported_as_it_is_reckoned(case: str, tmp_path: Path) -> None:
    lines = of_its_price(case)
    with ledger_of(tmp_path, lines, "USD") as (config, ledger):
        for year in sorted({int(one["timestamp"][:4]) for one in lines}):
            listed, found = taxed(config, ledger, year, "us", "hifo")
            with tax_books(config, ledger, wanted(year, "us", "hifo", None)) as books:
                assert [*books.rows] == listed
                boxes = {line.box: line.value for line in found.lines()}
                made = REPORT.files(books)
                for box, line in (("C", "3"), ("F", "10")):
                    table = made.get(f"form-8949-{year}-{box}.csv")
                    gains = (
                        [] if table is None else [Decimal(str(one)) for one in column(table, "Gain or Loss")]
                    )
                    assert sum(gains) == Decimal(boxes[f"{line}(h)"])


def test_a_page_that_is_cut_says_where_the_rest_is_and_sums_no_part() -> None:
    table = Table(
        key="t",
        columns=[Column(title="N", kind="count", total=True)],
        rows=[(one,) for one in range(10)],
        note="Why.",
    )
    document = Document(title="T", subtitle="s", sections=[Section(key="t", title="T", tables=[table])])
    assert cut(document, 10, "whole.xlsx") == document
    ((short,),) = [one.tables for one in cut(document, 3, "whole.xlsx").sections]
    assert [*short.rows] == [(0,), (1,), (2,)] and not short.columns[0].total
    assert short.note == "The first 3 of 10 rows; all of them are in whole.xlsx. Why."
