"""On a real PostgreSQL everything is as on SQLite: balances, the ledger's head, breaks, what the reports say."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.contract.house import BOOKS, VENUES, House, house, places
from tests.contract.outside import recon
from tests.contract.test_hostile_strings import HOSTILE
from tests.contract.test_hostile_strings import books as hostile_books

pytestmark = pytest.mark.postgres
_OF_THIS_RUN = re.compile(
    r"20(?:2[6-9]|[3-9]\d)-\d\d-\d\d(?:[T ][0-9:.]+)?(?: UTC|Z)?|[0-9a-f]{64}|B-[0-9a-f]{12}|[0-9a-f]{12,16}"
    r"|(?<=127\.0\.0\.1:)\d+"
)
"""Moments of the run itself (the books are of 2025), digests, ids made of them, and ports of the stand-in venues."""


@pytest.fixture
def both(tmp_path: Path, postgres_url: str) -> Iterator[tuple[House, House]]:
    """The same books, with a deposit missing and a type nobody knows, before a ledger of each kind."""
    books = deepcopy(BOOKS)
    books["egera"]["deposits"]["pln"].clear()
    books["gas"]["txs"][3]["type"] = 99
    for name in ("lite", "post"):
        (tmp_path / name).mkdir()
    with (
        house(tmp_path / "lite", *VENUES, books=books) as lite,
        house(tmp_path / "post", *VENUES, books=books) as post,
    ):
        post.write(post.settings(*VENUES) | {"ledger": {"url": postgres_url}})
        yield lite, post


def told(made: House) -> dict[str, Any]:
    """A pull, the whole batch after a change, and what the commands then say."""
    recon(made.folder, "pull", "--quiet")
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    made.fuse.books["history"][0]["amount"] = "0.4"
    batch = recon(made.folder, "run", "2025-Q1", "--json", code=3).json
    streams, reconciled = batch["pull"]["streams"], batch["reconcile"]
    return {
        "pull": [(one["stream"], one["new"], one["changed"], one["vanished"]) for one in streams],
        "checks": reconciled["checks"],
        "breaks": [_timeless(str({**one, "opened": "", "at": ""})) for one in reconciled["breaks"]],
        "balances": places(recon(made.folder, "balances", "--json").json),
        "ledger": recon(made.folder, "verify", "--json").json["ledger"],
        "tables": tables(made.folder / "reports-out" / "accountant-2025-Q1.xlsx"),
    }


def tables(path: Path) -> dict[str, list[list[str]]]:
    """The workbook's sheets as text, without what belongs to the one run."""
    return {
        sheet.title: [[_timeless(str(cell)) for cell in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in load_workbook(path)
    }


def _timeless(text: str) -> str:
    return _OF_THIS_RUN.sub("…", text)


def test_both_ledgers_tell_the_same(both: tuple[House, House]) -> None:
    lite, post = (told(made) for made in both)
    for name, said in lite.items():
        assert post[name] == said, name
    assert added(recon(both[1].folder, "pull", "--json").json) == 0


def test_hostile_strings_are_all_kept_and_known_again(tmp_path: Path, postgres_url: str) -> None:
    with house(tmp_path, *VENUES, books=hostile_books()) as made:
        made.write(made.settings(*VENUES) | {"ledger": {"url": postgres_url}})
        first = recon(tmp_path, "pull", "--json").json
        assert first["status"] == "ok" and added(first) == 6 * len(HOSTILE)
        assert added(recon(tmp_path, "pull", "--json").json) == 0


def added(pull: dict[str, Any]) -> int:
    return sum(one["new"] + one["changed"] + one["vanished"] for one in pull["streams"])
