"""What is about a person is sealed in the evidence, and stays out of answers and reports unless asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recon.demo.venues import Request, Response, as_json
from tests.contract.house import House, house
from tests.contract.outside import recon
from tests.contract.packs import pages

ADDRESS = "203.0.113.77"
LOGINS = {
    "success": True,
    "0": {"timestamp": "some day", "ip": ADDRESS, "city": "Gdynia", "country": "PL", "device": "a phone"},
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "egera") as found:
        asked = {"history": 0}

        def answer(request: Request) -> Response | None:
            asked["history"] += request.query.get("action") == "history"
            # the second question of this name in a pull is for the logins
            login = request.query.get("action") == "history" and asked["history"] == 3
            return as_json(LOGINS) if login else None

        found.egera.instead = answer
        yield found


def everything_told(made: House) -> str:
    recon(made.folder, "pull")
    reconciled = recon(made.folder, "reconcile", "all", "--json", code=3)
    assert "unclassified" in [one["check"] for one in reconciled.json["breaks"]]
    recon(made.folder, "report", "all", "all", "--out", "out")
    page = pages(made.folder / "out" / "audit-all")
    from openpyxl import load_workbook

    book = load_workbook(made.folder / "out" / "accountant-all.xlsx")
    cells = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    return f"{reconciled.stdout} {page} {cells}"


def test_what_is_about_a_person_stays_out_of_answers_and_reports(made: House) -> None:
    made.write(made.settings("egera", egera={"login_history": True}))
    told = everything_told(made)
    assert "some day" in told and "(withheld)" in told
    assert not any(word in told for word in (ADDRESS, "Gdynia", "a phone"))


def test_it_is_shown_where_the_configuration_asks_for_it(made: House) -> None:
    settings = made.settings("egera", egera={"login_history": True})
    made.write(settings | {"reports": {"personal_data": True}})
    assert ADDRESS in everything_told(made)
