"""What the reports say, before any renderer: exact, the same in both, and with every break in sight."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.document import Cell, Chart, Document, Section, Table
from recon.core.registry import catalogue
from reports import accountant, audit, confirmation
from reports._curves import accounts
from reports._tables import local_text, status
from tests.reports.books import BOOKS, END, START, ZONE, at, many

EMPTY = replace(
    BOOKS,
    as_of=None,
    assumptions={},
    sources=[],
    roll_forward=[],
    balances=[],
    transactions=[],
    coverage=[],
    seconds=[],
    checks=[],
    breaks=[],
    curves=[],
    answers={},
    clean=True,
    postings=[],
    trial_balance=[],
    positions=[],
    gains=[],
    open_lots=[],
    prices=[],
    policies={},
    run="",
)


def tables(document: Document) -> dict[str, Table]:
    return {table.key: table for section in document.sections for table in section.tables}


def column(table: Table, title: str) -> Sequence[Cell]:
    place = [one.title for one in table.columns].index(title)
    return [row[place] for row in table.rows]


def chapter(document: Document, key: str) -> Section:
    return next(section for section in document.sections if section.key == key)


WORKBOOK, PAGE = accountant.build(BOOKS), audit.build(BOOKS)


def test_the_room_holds_the_reports_by_their_names() -> None:
    found = catalogue("reports", "REPORT", Report)
    assert {name: one.formats for name, one in found.items()} == {
        "accountant": ("xlsx",),
        "audit": ("pack",),
        "confirmation": ("xlsx", "html"),
        "tax": ("xlsx", "html"),
    }
    assert all(name == one.name for name, one in found.items())


@pytest.mark.parametrize("books", [BOOKS, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize(
    "report", [accountant.REPORT, audit.REPORT, confirmation.REPORT], ids=lambda one: one.name
)
def test_every_row_has_a_cell_for_every_column(report: Report, books: Books) -> None:
    for section in report.build(books).sections:
        for table in [*section.tables, *(table for part in section.parts for table in part.tables)]:
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table.key
            assert len({one.title.casefold() for one in table.columns}) == len(table.columns), table.key


def test_an_entity_whose_own_zone_is_utc_has_no_two_columns_of_one_name() -> None:
    for table in tables(accountant.build(replace(BOOKS, zone="UTC"))).values():
        assert len({one.title.casefold() for one in table.columns}) == len(table.columns), table.key


def test_keys_of_sections_tables_and_parts_are_unique() -> None:
    for document in (WORKBOOK, PAGE):
        parts = [part.key for section in document.sections for part in section.parts]
        for keys in ([one.key for one in document.sections], parts):
            assert len(set(keys)) == len(keys)
        assert len(tables(document)) == sum(len(section.tables) for section in document.sections)


def test_opening_and_what_moved_give_the_closing_to_the_last_digit() -> None:
    table = tables(WORKBOOK)["roll_forward"]
    place = list(zip(column(table, "Account"), column(table, "Asset"), strict=True)).index(("main", "ETH"))
    assert column(table, "Closing")[place] == Decimal("3.358859707090140726")
    assert column(table, "Closing") == [one.closing for one in BOOKS.roll_forward]
    assert set(column(table, "Check")) == {Decimal(0)}


def test_a_closing_that_the_ledger_does_not_hold_shows_in_the_check_column_however_small() -> None:
    first, *rest = BOOKS.roll_forward
    wrong = first._replace(closing=first.closing - Decimal("0.000000000000000001"))
    checks = column(
        tables(accountant.build(replace(BOOKS, roll_forward=[wrong, *rest])))["roll_forward"], "Check"
    )
    assert checks[0] == Decimal("0.000000000000000001")
    assert not any(checks[1:])


def test_both_reports_state_the_same_rows() -> None:
    ours, theirs = tables(WORKBOOK), tables(PAGE)
    both = ours.keys() & theirs.keys()
    assert {"breaks", "balances", "roll_forward", "transfers", "adjustments", "coverage"} <= both
    for key in both:
        table = ours[key]
        assert {one.title for one in table.columns} == {one.title for one in theirs[key].columns}
        for one in table.columns:
            assert column(table, one.title) == column(theirs[key], one.title), (key, one.title)


def test_every_break_is_shown_in_both_reports_with_its_text() -> None:
    for document in (WORKBOOK, PAGE):
        table = tables(document)["breaks"]
        assert column(table, "Break") == [one.found.id for one in BOOKS.breaks]
        assert column(table, "What happened") == [one.found.diagnosis.text for one in BOOKS.breaks]


def test_behind_every_break_stand_its_records_as_received() -> None:
    parts = chapter(PAGE, "breaks").parts
    assert [part.key for part in parts] == [one.found.id for one in BOOKS.breaks]
    for part, one in zip(parts, BOOKS.breaks, strict=True):
        assert [block for _, block in part.code] == [record.data for record in one.evidence]


def test_a_record_is_traced_to_its_request_and_a_lost_answer_is_named() -> None:
    records = {part.key: part.tables for part in chapter(PAGE, "breaks").parts}
    first, lost = records[BOOKS.breaks[0].found.id][0], records[BOOKS.breaks[3].found.id][0]
    assert column(first, "Request") == ["GET https://api.example.com/v1/history?page=1&page_size=100"]
    assert column(first, "Chain line") == [61]
    assert column(lost, "Request") == ["this answer is not in the evidence"]


def test_what_a_break_explains_too_is_told_with_its_difference() -> None:
    tables_ = {part.key: part.tables for part in chapter(PAGE, "breaks").parts}[BOOKS.breaks[0].found.id]
    assert column(tables_[1], "Check") == ["closing_balance"]
    assert column(tables_[1], "Difference") == [Decimal("0.124999999999999998")]


def test_every_check_is_told_with_its_question_and_its_sql() -> None:
    parts = chapter(PAGE, "checks").parts
    assert [part.key for part in parts] == [one.check for one in BOOKS.checks]
    assert [part.code[0][1] for part in parts] == [one.sql for one in BOOKS.checks]


def test_a_check_that_examined_nothing_has_not_passed() -> None:
    table = tables(WORKBOOK)["checks"]
    results = dict(zip(column(table, "Check"), column(table, "Result"), strict=True))
    assert results["prices"] == "nothing examined"
    assert results["double_entry"] == "passed"
    assert results["closing_balance"] == "2 breaks"


def test_the_status_counts_what_is_open_by_severity() -> None:
    told = status(BOOKS)
    assert (told.label, told.value, told.tone) == ("6 breaks open", "4 errors, 1 warning and 1 note.", "bad")


def test_what_is_resolved_is_not_open() -> None:
    done = [one._replace(status="resolved") for one in BOOKS.breaks[:-1]]
    told = status(replace(BOOKS, breaks=[*done, BOOKS.breaks[-1]]))
    assert (told.label, told.value) == ("1 break open", "1 warning.")


def test_a_clean_period_says_so_and_still_names_its_notes() -> None:
    told = status(replace(BOOKS, breaks=[BOOKS.breaks[4]], clean=True))
    assert (told.label, told.tone) == ("Clean", "good")
    assert told.value == "No error or warning is open. 1 note for information."


def test_books_in_which_nothing_was_examined_are_never_called_clean() -> None:
    assert status(EMPTY).tone == "bad"
    assert status(EMPTY).label == "Nothing examined"


def test_no_row_is_left_out_of_the_pack() -> None:
    assert len(tables(audit.build(many(10_003)))["transactions"].rows) == 10_003


def test_the_local_clock_is_told_with_its_distance_from_utc_on_both_sides_of_its_change() -> None:
    before, after = datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert local_text(before, ZONE) == "2025-10-26 02:30:00+02:00"
    assert local_text(after, ZONE) == "2025-10-26 02:30:00+01:00"


def test_the_period_is_told_with_its_zone_and_its_cut_off() -> None:
    facts = {fact.label: fact.value for fact in chapter(WORKBOOK, "cover").facts}
    assert facts["Cut-off, before"] == "2025-04-01 00:00:00+02:00 (Europe/Warsaw), 2025-03-31T22:00:00Z"
    assert facts["Ledger head"] == BOOKS.head
    assert facts["Evidence head"] == BOOKS.evidence_head


def test_an_assumption_is_told_with_the_source_it_is_for() -> None:
    rows = [tuple(row) for row in tables(WORKBOOK)["assumptions"].rows]
    assert ("egera", "unit of fee_maker and fee_taker", "bps") in rows


def charts_of(books: Books) -> dict[tuple[str, str], Chart]:
    return {
        (part.title, chart.title): chart
        for part in accounts(books)
        for chart in part.charts
        if isinstance(chart, Chart)
    }


def test_a_running_balance_spans_the_period_and_what_never_moved_is_not_drawn() -> None:
    leads = {part.title: part.lead for part in accounts(BOOKS)}
    assert [title for place, title in charts_of(BOOKS) if place == "fuse, main"] == [
        "BTC",
        "ETH",
        "USDTERC20",
    ]
    assert not [title for place, title in charts_of(BOOKS) if place == "fuse, sub"]
    assert leads["fuse, sub"] == "Unchanged throughout: USDTERC20."
    ledger = charts_of(BOOKS)["fuse, main", "ETH"].lines[0]
    assert ledger.points[0] == (START, Decimal("2.914350021874930417"))
    assert ledger.points[-1][0] == END


def test_a_break_is_marked_on_the_balance_of_its_day() -> None:
    charts = charts_of(BOOKS)
    ledger = charts["fuse, main", "ETH"].lines[0]
    assert [(mark.at, mark.value, mark.key) for mark in ledger.marks] == [
        (at(18), Decimal("3.44627790"), BOOKS.breaks[0].found.id)
    ]
    assert [mark.at for mark in charts["fuse, main", "BTC"].lines[0].marks] == [at(21, "03:00:00")]
