"""Form 8949 as files that tax software imports: one file a page of the form.

The columns are named as TaxAct names them, which documents its import: Description, Date Acquired, Date Sold, Sales
Proceeds, Cost or Other Basis, Adjustment Code, Adjustment Amount, Reporting Category (the box), and Long/Short where
units were acquired VARIOUS (https://www.taxact.com/support/882). Other software asks which column is which. The page
speaks of the boxes A to F; those of 2025 for digital assets are taken to be written the same way. Gain or Loss is
there to be checked against.

Days are MM/DD/YYYY, amounts dollars and cents without a currency sign or thousands; each is rounded by itself, so that
a file's sums are those of Schedule D. A row that lacks an amount is in no file: imported, it would cost nothing.
"""

from collections.abc import Mapping, Sequence

from recon.core.document import Cell, Column, Table
from recon.core.tax import Row
from recon.core.tax_books import TaxBooks
from reports._rows import Rows
from reports._tax_cells import picks

COLUMNS = (
    "Description", "Date Acquired", "Date Sold", "Sales Proceeds", "Cost or Other Basis", "Adjustment Code",
    "Adjustment Amount", "Gain or Loss", "Reporting Category", "Long/Short",
)  # fmt: skip


def files(books: TaxBooks) -> Mapping[str, Table]:
    """The tables by the names of their files; none where no form lists disposals."""
    listing = books.rules.listing
    if listing is None:
        return {}

    def cells(row: Row) -> Sequence[Cell]:
        line = listing(row)
        return (
            line.description, line.acquired, line.sold, line.proceeds, line.cost, line.code, line.adjustment,
            line.gain, line.box, "Long" if row.term == "long" else "Short",
        )  # fmt: skip

    return {
        f"form-8949-{books.year.number}-{box}.csv": Table(
            key=f"form_8949_{box.lower()}",
            columns=[Column(title=title) for title in COLUMNS],
            rows=Rows(books.rows.pick(places), cells),
        )
        for box, places in sorted(picks(books).pages.items())
    }
