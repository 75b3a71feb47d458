"""The accountant's workbook: what the period's books say, sheet by sheet, with live formulas."""

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.document import Document, Section
from reports import _rolled, _tables

TITLE = "Reconciliation workbook"


def build(books: Books) -> Document:
    """Summary, coverage, roll-forward, balances, transfers, adjustments, breaks and transactions."""
    summary = Section(
        key="summary",
        title="Summary",
        facts=_tables.period_facts(books),
        tables=[_tables.checks(books), _tables.assumptions(books), _tables.sources(books)],
    )
    sheets = {
        "Coverage": _tables.coverage(books),
        "Second readings": _tables.second_readings(books),
        "Roll-forward": _rolled.roll_forward(books),
        "Entity roll-forward": _rolled.entity_roll_forward(books),
        "Prior-period items": _tables.prior_items(books),
        "Balances": _tables.balances(books),
        "Transfers": _tables.transfers(books),
        "Adjustments": _tables.adjustments(books),
        "Breaks": _tables.breaks(books),
        "Transactions": _tables.transactions(books),
    }
    return Document(
        title=TITLE,
        subtitle=_tables.subtitle(books),
        status=_tables.status(books),
        as_of=books.as_of,
        properties=_tables.identity(books),
        sections=[
            summary,
            *(Section(key=table.key, title=title, tables=[table]) for title, table in sheets.items()),
        ],
    )


REPORT = Report(name="accountant", title=TITLE, formats=("xlsx",), build=build)
