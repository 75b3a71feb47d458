"""The workbook proves itself: what is reckoned anew is what it names, and one wrong digit anywhere shows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from recon.core.books import Books
from recon.core.document import Bars, Cell, Document, Live, Table
from recon.core.money import ZERO, exact, text, total
from reports import accountant
from tests.reports.books import BOOKS, many
from tests.reports.hostile import hostile_books
from tests.reports.test_builders import EMPTY, chapter, column, tables
from tests.reports.valued import UNPRICED, UNTOLD

SHEETS = [
    "Cover and sign-off", "Checks", "Sources", "Coverage", "Second readings", "Roll-forward (units)",
    "Roll-forward (units, entity)", "Roll-forward (cost, fair value)",
    "Balance proof", "Transfers and in-transit", "Trial balance", "General ledger", "Lots and gains", "Open positions",
    "Open lots", "Fees and income", "Prices", "Stated prices", "Breaks", "Adjustments", "Prior-period items",
    "Control totals and hashes",
]  # fmt: skip
JUDGED = {
    "values", "gains", "positions", "open_lots", "stated_prices", "breaks", "adjustments",
}  # fmt: skip
DUST = Decimal("0.000000000000000001")


def lives(document: Document) -> Iterator[Live]:
    for table in tables(document).values():
        yield from (cell for row in table.rows for cell in row if isinstance(cell, Live))


def value(cell: Cell) -> Any:
    return cell.value if isinstance(cell, Live) else cell


def reckon(live: Live, document: Document) -> Decimal:
    """A live figure as its tables give it, row by row."""
    every = tables(document)
    found = ZERO
    for one in live.sums:
        titles = [title.title for title in every[one.table].columns]
        for row in every[one.table].rows:
            if all((row[titles.index(title)] or "") == words for title, words in one.where):
                found += one.sign * (value(row[titles.index(one.column)]) or 0)
    return found


def failed(books: Books) -> set[str]:
    """The controls that are not zero."""
    table = tables(accountant.build(books))["controls"]
    return {str(row[0]) for row in table.rows if value(row[2])}


@pytest.mark.parametrize("books", [BOOKS, EMPTY, hostile_books()], ids=["full", "empty", "hostile"])
def test_every_figure_that_is_reckoned_anew_is_the_sum_that_it_names(books: Books) -> None:
    document = accountant.build(books)
    with exact():
        for live in lives(document):
            assert live.value == reckon(live, document)


def test_the_sheets_stand_in_their_order_and_what_people_decided_is_marked() -> None:
    for books in (BOOKS, EMPTY):
        sections = accountant.build(books).sections
        assert [one.title for one in sections] == SHEETS
        assert {one.key for one in sections if one.judged} == JUDGED


def test_of_sound_books_all_controls_are_zero_but_that_of_open_breaks() -> None:
    assert failed(BOOKS) == {"Breaks: open errors and warnings"}
    assert failed(replace(BOOKS, breaks=[one._replace(status="resolved") for one in BOOKS.breaks])) == set()
    assert failed(EMPTY) == set()


def first(books: Books, name: str, **changes: Callable[[Any], Any]) -> Books:
    """The books with the first row of a field changed."""
    one, *rest = getattr(books, name)
    changed = {field: change(getattr(one, field)) for field, change in changes.items()}
    found: Any = {name: [one._replace(**changed), *rest]}
    return replace(books, **found)


def more(number: Decimal) -> Decimal:
    with exact():
        return number + DUST


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("postings", "quantity", "General ledger: debits less credits"),
        ("postings", "asset", "General ledger less trial balance: debits"),
        ("trial_balance", "opening", "Trial balance: opening and postings give the closing"),
        ("trial_balance", "closing", "Trial balance: all accounts together"),
        ("trial_balance", "debit", "General ledger less trial balance: debits"),
        ("trial_balance", "credit", "General ledger less trial balance: credits"),
        ("roll_forward", "closing", "Roll-forward less trial balance"),
        ("roll_forward", "deposits", "Roll-forward of every place"),
        ("balances", "difference", "Balance proof: differences that no break explains"),
        ("positions", "ledger", "Lots less ledger"),
        ("positions", "outside", "Lots less ledger"),
        ("positions", "late", "Lots less ledger"),
        ("positions", "realised", "Disposals less roll-forward: gain"),
        ("positions", "proceeds", "Roll-forward at fair value"),
        ("gains", "cost", "Disposals less roll-forward: cost"),
        ("gains", "gain", "Disposals less roll-forward: gain"),
        ("open_lots", "quantity", "Open lots less positions: units"),
        ("open_lots", "cost", "Open lots less positions: cost"),
    ],
)
def test_one_digit_too_much_shows_in_a_control(name: str, field: str, expected: str) -> None:
    def other(asset: str) -> str:
        return "ETH"

    wrong = first(BOOKS, name, **{field: other if field == "asset" else more})
    assert expected in failed(wrong)


@pytest.mark.parametrize("stock", ["opening", "added", "disposed", "closing"])
def test_a_cost_too_much_shows_in_the_roll_forward_at_cost(stock: str) -> None:
    wrong = first(BOOKS, "positions", **{stock: lambda one: one._replace(cost=more(one.cost))})
    assert "Roll-forward at cost" in failed(wrong)


def test_a_fee_that_the_trial_balance_does_not_have_shows() -> None:
    [one] = [found for found in hostile_books().earned if found.source == "+1"]
    earned = [one._replace(asset="BTC", account=account) for account in ("fees:egera", "income:interest")]
    assert failed(replace(BOOKS, earned=earned)) >= {"Fees less trial balance", "Income less trial balance"}


def test_control_totals_tell_the_rows_and_the_exact_sum_of_every_amount() -> None:
    document = accountant.build(BOOKS)
    every = tables(document)
    told = {(str(row[0])): row for row in every["control_totals"].rows}
    assert set(told) == {
        f"{table.key}: {one.title}"
        for section in document.sections[2:-1]
        for table in section.tables
        for one in table.columns
        if one.kind == "amount" and not one.formula
    }
    for name, row in told.items():
        key, _, title = name.partition(": ")
        expected = total(one for one in column(every[key], title) if isinstance(one, Decimal))
        assert (row[3], row[4], row[5]) == (len(every[key].rows), expected, text(expected))


def test_figures_of_36_digits_stay_whole_from_the_posting_to_the_control_total() -> None:
    huge = Decimal("123456789012345678.123456789012345678")
    one = next(iter(BOOKS.postings))
    pair = [one._replace(quantity=huge), one._replace(account="zzz", quantity=huge.copy_negate())]
    every = tables(accountant.build(replace(BOOKS, postings=pair)))
    assert column(every["general_ledger"], "Debit") == [huge, None]
    assert column(every["general_ledger"], "Credit") == [None, huge]
    told = {str(row[0]): row for row in every["control_totals"].rows}
    for title in ("Debit", "Credit"):
        assert told[f"general_ledger: {title}"][4:6] == (huge, str(huge))


def test_a_total_leads_to_its_rows_and_they_lead_back() -> None:
    every = tables(accountant.build(BOOKS))
    for table in every.values():
        titles = [one.title for one in table.columns]
        assert not table.by or table.by in titles
        assert all(every[one.to].by for one in table.columns if one.to)
    trial, ledger = every["trial_balance"], every["general_ledger"]
    assert set(column(ledger, ledger.by)) <= set(column(trial, trial.by))
    found = {one for cell in column(every["balances"], "Explained by") for one in str(cell).split()}
    assert found & {*column(every["breaks"], "Break")}
    keys = {section.key for section in accountant.build(BOOKS).sections}
    assert {*column(every["controls"], "Sheet")} <= keys


@pytest.mark.parametrize("books", [BOOKS, hostile_books(), many(200)], ids=["full", "hostile", "many"])
def test_rows_of_a_group_stand_together(books: Books) -> None:
    for table in tables(accountant.build(books)).values():
        if table.group:
            groups = [name for name, _ in groupby(column(table, table.group))]
            assert len(groups) == len(set(groups)), table.key


def test_a_bar_chart_is_of_a_table_beside_it() -> None:
    for section in accountant.build(BOOKS).sections:
        for chart in section.charts:
            if isinstance(chart, Bars):
                [table] = [one for one in section.tables if one.key == chart.table]
                assert {chart.label, chart.value} <= {one.title for one in table.columns}


def lacking(table: Table, asset: str) -> dict[str, Cell]:
    titles = [one.title for one in table.columns]
    [row] = [dict(zip(titles, row, strict=True)) for row in table.rows if row[0] == asset]
    return row


def test_what_has_no_price_says_so_is_never_zero_and_makes_a_total_incomplete() -> None:
    every = tables(accountant.build(BOOKS))
    for key in ("positions", "fair_value_roll_forward"):
        row = lacking(every[key], "USDT")
        assert str(row["What lacks"]).startswith(UNPRICED)
        assert "Incomplete: 1 asset without a value, in no total." in every[key].note
    assert lacking(every["positions"], "USDT")["Unrealised gain"] is None
    row = lacking(every["fair_value_roll_forward"], "USDT")
    assert [row[one] for one in ("Opening", "Change of unrealised gain", "Closing", "Check", "Gains")] == [
        None
    ] * 5
    trial = every["trial_balance"]
    rows = [row for row in trial.rows if row[2] == "USDT" and row[7]]
    assert rows and all(row[9] is None and row[10] is None and row[11] == UNPRICED for row in rows)
    assert "lines without a value, in no total." in trial.note
    row = lacking(every["gains"], "USDT")
    assert (row["Proceeds"], row["Gain"], row["What lacks"]) == (None, None, f"proceeds: {UNTOLD}")


def test_an_asset_s_gain_and_loss_are_netted_within_it_and_fair_value_rolls_forward() -> None:
    row = lacking(tables(accountant.build(BOOKS))["fair_value_roll_forward"], "BTC")
    change = Decimal("534933.04359384") - Decimal("530000.25") - (Decimal("525656.328") - 500_000)
    assert row["Change of unrealised gain"] == change
    assert (row["Gains"], row["Losses"]) == (0, -(change + Decimal("19999.75")))
    assert (row["Closing"], row["Check"]) == (Decimal("534933.04359384"), 0)


def test_the_cover_names_period_policies_ledger_and_who_answers() -> None:
    cover = chapter(accountant.build(BOOKS), "cover")
    facts = {fact.name: fact.value for fact in cover.facts}
    assert facts["entity"] == BOOKS.entity and facts["seal"] == "open: not sealed yet"
    assert facts["run"] == BOOKS.run and facts["ledger_head"] == BOOKS.head
    assert str(facts["controls"]).endswith(" 1 not zero")
    every = {table.key: [*table.rows] for table in cover.tables}
    assert [row[:2] for row in every["sign_off"]] == [
        ("Prepared by", ""),
        ("Reviewed by", ""),
        ("Approved by", ""),
    ]
    assert ("Order of prices", "trades") in every["policies"] and every["assumptions"]


def test_the_same_books_are_the_same_document() -> None:
    assert repr(document_rows(BOOKS)) == repr(document_rows(BOOKS))


def document_rows(books: Books) -> list[Any]:
    return [[table.key, [*map(tuple, table.rows)]] for table in tables(accountant.build(books)).values()]
