"""The audit report: one page with everything an outsider needs to judge the period, and to check it without us."""

from dataclasses import replace
from itertools import islice

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.document import Document, Section, Table
from reports import _curves, _evidence, _rolled, _tables

TITLE = "Audit report"
MOST_ROWS = 10_000


def build(books: Books) -> Document:
    """The same tables as the workbook's, with the questions asked, the running balances and the evidence."""
    return Document(
        title=TITLE,
        subtitle=_tables.subtitle(books),
        status=_tables.status(books),
        as_of=books.as_of,
        properties=_tables.identity(books),
        sections=[
            _summary(books),
            Section(key="breaks", title="Breaks", tables=[_cut(_story_first(_tables.breaks(books)), books)]),
            Section(key="balances", title="Balances", tables=[_cut(_tables.balances(books), books)]),
            Section(
                key="roll_forward",
                title="Roll-forward",
                tables=[_cut(_rolled.roll_forward(books), books)],
            ),
            Section(
                key="entity_roll_forward",
                title="Roll-forward of the entity",
                tables=[_rolled.entity_roll_forward(books)],
            ),
            Section(
                key="prior_items",
                title="Prior-period items",
                tables=[_cut(_tables.prior_items(books), books)],
            ),
            Section(
                key="transfers",
                title="Transfers and in-transit",
                tables=[_cut(_tables.transfers(books), books)],
            ),
            Section(key="adjustments", title="Adjustments", tables=[_cut(_tables.adjustments(books), books)]),
            Section(
                key="curves",
                title="Running balances",
                lead="The balance after each day's last row, by the ledger and as the venue states it (UTC). "
                "A ring marks a break.",
                parts=_curves.accounts(books),
            ),
            Section(
                key="coverage",
                title="Coverage",
                tables=[_tables.coverage(books), _tables.second_readings(books)],
            ),
            Section(
                key="checks",
                title="How each check asked",
                lead="A check returns the rows that are not as they should be, and counts what it examined.",
                parts=_evidence.check_parts(books),
            ),
            _behind_breaks(books),
            Section(
                key="transactions", title="Transactions", tables=[_cut(_tables.transactions(books), books)]
            ),
        ],
    )


def _summary(books: Books) -> Section:
    return Section(
        key="summary",
        title="Summary",
        facts=_tables.period_facts(books),
        tables=[_tables.checks(books), _tables.assumptions(books), _tables.sources(books)],
    )


def _behind_breaks(books: Books) -> Section:
    more = len(books.breaks) - MOST_ROWS
    beyond = f" The other {more:,} are told by: recon explain BREAK." if more > 0 else ""
    return Section(
        key="evidence",
        title="Evidence behind each break",
        lead="The rows as the venue sent them. A sealed answer is the file evidence/ab/abcd….gz, named by its own "
        "SHA-256: gzip -dc FILE | sha256sum must print that name, and the pointer leads to the row in it (RFC 6901)."
        + beyond,
        parts=_evidence.break_parts(books, MOST_ROWS),
    )


def _story_first(table: Table) -> Table:
    """The same columns with what happened before the figures, since a page is read from the left."""
    early = ("Break", "Severity", "Source", "Account", "Asset", "Difference", "Cause", "What happened")
    places = {column.title: place for place, column in enumerate(table.columns)}
    order = [places.pop(title) for title in early] + list(places.values())
    return replace(
        table,
        columns=[table.columns[place] for place in order],
        rows=[[row[place] for place in order] for row in table.rows],
    )


def _cut(table: Table, books: Books) -> Table:
    """A page stays readable: what is beyond its limit stands in the workbook."""
    more = len(table.rows) - MOST_ROWS
    if more <= 0:
        return table
    note = (
        f"The first {MOST_ROWS:,} of {len(table.rows):,} rows. The other {more:,} are in the accountant's workbook, "
        f"accountant-{books.period.name}.xlsx. {table.note}"
    )
    return replace(table, rows=[*islice(table.rows, MOST_ROWS)], note=note)


REPORT = Report(name="audit", title=TITLE, formats=("html",), build=build)
