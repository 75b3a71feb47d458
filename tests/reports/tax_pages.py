"""Tax reports for renderers: a year with some of everything, and one that is full of hostile text."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from recon.core.document import Document
from recon.core.tax import Line
from recon.core.tax_books import Calculation, Fees, Receipt, TaxBooks, Use
from reports.tax import REPORT
from tests.reports.hostile import CORPUS
from tests.tax._reports import at_par, books_of

T = TypeVar("T")


class Some(list[T]):
    """Values that are held."""

    def pick(self, places: Sequence[int]) -> Collection[T]:
        return [self[place] for place in places]


@contextmanager
def report_of(folder: Path, rules: str) -> Iterator[tuple[TaxBooks, Document]]:
    """The books of 2024, and the report of them: a dollar is one of the rulebook's currency."""
    currency = {"uk": "GBP", "de": "EUR", "pl": "PLN"}.get(rules, "USD")
    prices: dict[str, Any] = {} if currency == "USD" else {"prices": at_par(currency)}
    with books_of(folder, 2024, rules, currency=currency, **prices) as books:
        yield books, REPORT.build(books)


def hostile_report(folder: Path, rules: str) -> Document:
    """Every text of the corpus, in every place that holds what a venue or a user wrote."""
    with books_of(folder, 2024, rules) as books:
        row, one = next(iter(books.rows)), books.breaks[0]
        told = replace(one, anchor="x", diagnosis=replace(one.diagnosis, text="", kind="unexplained"))
        hostile = [
            row._replace(asset=text, place=text, lot=text, lacks=text, activity=text) for text in CORPUS
        ]
        return REPORT.build(
            replace(
                books,
                entity=" ".join(CORPUS[:-2]),
                identity=[(text, text) for text in CORPUS[:3]],
                settings=[(text, text) for text in CORPUS],
                changed=CORPUS[:3],
                rules_of_user=[(text, text, 1) for text in CORPUS],
                rows=Some(hostile),
                disposals=range(len(CORPUS)),
                calculations=[
                    Calculation(f"part-{number}", [of], [("What left", text)])
                    for number, (of, text) in enumerate(zip(hostile, CORPUS, strict=True))
                ],
                priced=lambda row: (row.asset, row.asset),
                prices=[Use(text, True, text, 1, "1", 1, 1, text) for text in CORPUS],
                receipts=[Receipt(text, 0, 738_000, text, text, text, 1, 1, 1, True, text, text) for text in CORPUS],
                fees=[Fees(text, text, text, 1, 1, 1, 1) for text in CORPUS],
                lines=[*books.lines, *(Line(text, text, text, text) for text in CORPUS)],
                breaks=[replace(told, diagnosis=replace(told.diagnosis, text=text)) for text in CORPUS],
                unmet=[(text, text, 1) for text in CORPUS],
            )
        )  # fmt: skip
