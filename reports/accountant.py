"""The accountant's workbook: what the period's books say, sheet by sheet, with live formulas."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.document import Chart, Document, Section
from reports import _ages, _controls, _cover, _curves, _ledger, _lots, _rolled, _schedules, _tables

TITLE = "Reconciliation workbook"
MOST_CHARTS = 12
_BY_POLICY = (
    "What follows from the method and the order of prices on the cover: other choices give other figures."
)


def build(books: Books) -> Document:
    """The cover and the controls first, then what they are about, sheet by sheet; ``judged`` is what people decided."""
    sheets = [*_sheets(books)]
    proofs = _controls.proofs(books, [table for one in sheets for table in one.tables])
    return Document(
        title=TITLE,
        subtitle=_tables.subtitle(books),
        status=_tables.status(books),
        as_of=books.as_of,
        properties=_tables.identity(books),
        sections=[
            _cover.cover(books, proofs.result),
            Section(
                key="controls",
                title="Checks",
                facts=[proofs.result],
                tables=[proofs.controls, _tables.checks(books), _ages.ages(books)],
                charts=[_ages.CHART],
            ),
            *sheets,
            Section(
                key="control_totals",
                title="Control totals and hashes",
                facts=[*_tables.identity(books), *_cover.seal_facts(books)],
                tables=[proofs.totals],
            ),
        ],
    )


def _sheets(books: Books) -> Iterator[Section]:
    """All that the controls are about."""
    yield Section(key="sources", title="Sources", tables=[_tables.sources(books)])
    yield Section(key="coverage", title="Coverage", tables=[_tables.coverage(books)])
    yield Section(key="second_readings", title="Second readings", tables=[_tables.second_readings(books)])
    yield Section(key="roll_forward", title="Roll-forward (units)", tables=[_rolled.roll_forward(books)])
    yield Section(
        key="entity_roll_forward",
        title="Roll-forward (units, entity)",
        tables=[_rolled.entity_roll_forward(books)],
    )
    yield Section(
        key="values",
        title="Roll-forward (cost, fair value)",
        lead=_BY_POLICY,
        tables=[_lots.cost_roll_forward(books), _lots.fair_value_roll_forward(books)],
        charts=[_lots.gains_by_asset(books)],
        judged=True,
    )
    yield Section(
        key="balances", title="Balance proof", tables=[_tables.balances(books)], charts=_over_time(books)
    )
    yield Section(key="transfers", title="Transfers and in-transit", tables=[_tables.transfers(books)])
    yield Section(key="trial_balance", title="Trial balance", tables=[_ledger.trial_balance(books)])
    yield Section(key="general_ledger", title="General ledger", tables=[_ledger.general_ledger(books)])
    yield Section(
        key="gains", title="Lots and gains", lead=_BY_POLICY, tables=[_lots.gains(books)], judged=True
    )
    yield Section(
        key="positions", title="Open positions", lead=_BY_POLICY, tables=[_lots.positions(books)], judged=True
    )
    yield Section(
        key="open_lots", title="Open lots", lead=_BY_POLICY, tables=[_lots.open_lots(books)], judged=True
    )
    yield Section(
        key="fees_income", title="Fees and income", tables=[_schedules.fees(books), _schedules.income(books)]
    )
    yield Section(key="prices", title="Prices", tables=[_schedules.prices(books)])
    yield Section(
        key="stated_prices", title="Stated prices", tables=[_schedules.stated_prices(books)], judged=True
    )
    yield Section(key="breaks", title="Breaks", tables=[_tables.breaks(books)], judged=True)
    yield Section(key="adjustments", title="Adjustments", tables=[_tables.adjustments(books)], judged=True)
    yield Section(key="prior_items", title="Prior-period items", tables=[_tables.prior_items(books)])


def _over_time(books: Books) -> Sequence[Chart]:
    """Balances over time, those with a break first."""
    drawn = [
        replace(chart, title=f"{part.title}, {chart.title}")
        for part in _curves.accounts(books)
        for chart in part.charts
        if isinstance(chart, Chart)
    ]
    return [*islice(sorted(drawn, key=lambda one: not any(line.marks for line in one.lines)), MOST_CHARTS)]


REPORT = Report(name="accountant", title=TITLE, formats=("xlsx",), build=build)
