"""The report of a tax year by one rulebook: the official forms, and everything that their figures follow from."""

from collections.abc import Sequence

from recon.core.contracts import Report
from recon.core.document import Bars, Document, Fact, Section, Table
from recon.core.tax_books import TaxBooks
from reports import _tax_cover, _tax_tables
from reports._tax_8949 import files
from reports._tax_cells import Picks, picks
from reports._tax_sheets import worksheets

TITLE = "Tax report"


def build(books: TaxBooks) -> Document:
    """Cover, forms, worksheets, what is missing, each disposal, sums, income, fees, prices, tie-out, assumptions."""
    of = picks(books)
    return Document(
        title=f"{TITLE}: {books.rules.title}",
        subtitle=f"{books.entity}, tax year {books.year.number} ({books.zone})",
        status=_tax_cover.status(books, of),
        as_of=books.as_of,
        properties=[Fact(label=label, value=value) for label, value in books.identity],
        sections=[
            Section(
                key="cover",
                title="Cover",
                facts=_tax_cover.facts(books, of),
                tables=[_tax_cover.settings(books)],
            ),
            _alone(_tax_cover.forms(books)),
            *worksheets(books, of),
            _missing(books, of),
            _disposals(books),
            _gains(books),
            Section(
                key="income",
                title="Income",
                tables=[_tax_tables.income(books), _tax_tables.receipts(books)],
            ),
            _alone(_tax_tables.fees(books)),
            _alone(_tax_tables.prices(books)),
            _alone(_tax_tables.ties(books)),
            *([_alone(_tax_tables.allocated(books))] if books.allocated else []),
            Section(
                key="assumed",
                title="What was assumed",
                tables=[
                    _tax_cover.assumptions(books),
                    _tax_cover.rules_of_user(books),
                    _tax_cover.sources(books),
                ],
                judged=True,
            ),
        ],
    )


def _alone(table: Table) -> Section:
    return Section(key=table.key, title=table.title, tables=[table])


def _missing(books: TaxBooks, of: Picks) -> Section:
    tables = [_tax_cover.missing(books), _tax_cover.lacking(books, of)]
    if books.unmet:
        tables.append(_tax_cover.unmet(books))
    return Section(key="missing", title="What is missing", tables=tables)


def _disposals(books: TaxBooks) -> Section:
    """All of them as a table; the first of them told in full, where a page shows that."""
    told, whole = len(books.calculations), len(books.disposals)
    rest = "" if told == whole else f" Of {whole:,} disposals the first {told:,} are told in full; recon tax "
    rest += "--explain tells any other." if rest else ""
    return Section(
        key="disposals",
        title="Disposals",
        lead=f"Each disposal with what it was matched with.{rest}",
        tables=[_tax_tables.disposals(books)],
        parts=[
            Section(
                key=one.key,
                title=one.key,
                tables=[_tax_tables.of_calculation(books, one)],
                code=one.told,
            )
            for one in books.calculations
        ],
    )


def _gains(books: TaxBooks) -> Section:
    tables = [_tax_tables.by_asset(books)]
    charts: Sequence[Bars] = ()
    if books.rules.lots:
        tables += [_tax_tables.by_month(books), _tax_tables.by_term(books), _tax_tables.without_gain(books)]
        charts = [
            Bars(title="Gains by asset", unit=books.currency, table="by_asset", label="Asset", value="Gain"),
            Bars(title="Gains by month", unit=books.currency, table="by_month", label="Month", value="Gain"),
        ]
    return Section(key="gains", title="Gains" if books.rules.lots else "Sums", tables=tables, charts=charts)


REPORT = Report(name="tax", title=TITLE, formats=("xlsx", "html"), of=TaxBooks, build=build, files=files)
