"""How old the open breaks are."""

from recon.core.books import Books
from recon.core.document import Bars, Column, Table
from reports._tables import OPEN

_STEPS = (7, 30, 90)
"""Days up to which each step reaches; the last one has no end."""


def ages(books: Books) -> Table:
    """Open breaks by their age, one row a step."""
    found = [one.age_days for one in books.breaks if one.status in OPEN]
    bounds = [-1, *_STEPS]
    rows = [
        (f"{low + 1} to {high} days", sum(low < age <= high for age in found))
        for low, high in zip(bounds, _STEPS, strict=False)
    ]
    rows.append((f"over {_STEPS[-1]} days", sum(age > _STEPS[-1] for age in found)))
    return Table(
        key="break_ages",
        title="Age of open breaks",
        columns=[Column(title="Age"), Column(title="Open breaks", kind="count", total=True)],
        rows=rows,
    )


CHART = Bars(title="Age of open breaks", unit="", table="break_ages", label="Age", value="Open breaks")
"""The same as a picture, for the section that holds the table."""
