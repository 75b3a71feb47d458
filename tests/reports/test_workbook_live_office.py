"""Live figures, groups and totals as LibreOffice reckons them: as the cells held them, and every check is zero."""

from typing import Any

import pytest
from openpyxl import load_workbook

from reports._render.xlsx import render
from tests.reports.everything import everything
from tests.reports.office import reckoned

pytestmark = pytest.mark.office
LAYOUTS: dict[str, dict[str, int]] = {"whole": {}, "split": {"streamed_above": 50, "sheet_rows": 120}}


@pytest.fixture(scope="module", params=LAYOUTS)
def both(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """The workbook's formulas, its results as we wrote them and as LibreOffice reckons them."""
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "book.xlsx"
    render(everything(), path, **LAYOUTS[request.param])
    again = reckoned(path, folder)
    return load_workbook(path), load_workbook(path, data_only=True), load_workbook(again, data_only=True)


def test_every_formula_comes_out_as_it_was_written(both: tuple[Any, Any, Any]) -> None:
    formulas, written, again = both
    counted = 0
    for page in formulas:
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    place = page.title, cell.coordinate
                    before, after = (
                        written[page.title][cell.coordinate].value,
                        again[page.title][cell.coordinate].value,
                    )
                    assert after == pytest.approx(before, rel=1e-14, abs=0), (*place, cell.value)
                    counted += 1
    assert counted > 100


def test_every_check_is_exactly_zero(both: tuple[Any, Any, Any]) -> None:
    _, _, again = both
    rows = list(again["Roll-forward"].iter_rows(values_only=True))
    head = next(number for number, row in enumerate(rows) if "Check" in row)
    place = rows[head].index("Check")
    checks = [row[place] for row in rows[head + 1 :] if row[0]]
    assert checks == [0] * 14
