"""Rows and years for rulebooks, made by hand, and the figures that a rulebook's lines show."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from recon.core.activity import SALE
from recon.core.lots import UNIT
from recon.core.tax import Line, Row, Rulebook, Sums, Term, Year, half_up

CASES = Path(__file__).resolve().parents[1] / "cases" / "tax" / "other"


def table(name: str) -> list[dict[str, str]]:
    with (CASES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(case: str) -> list[dict[str, str]]:
    return [row for row in table("expected") if row["case"] == case]


def yearly(case: str) -> dict[str, str]:
    return {row["key"]: row["value"] for row in table("yearly") if row["case"] == case}


def units(text: str) -> int:
    return int(Decimal(text) * UNIT)


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def row(**told: Any) -> Row:
    """A row of a sale, as told; ``disposed`` and ``acquired`` set its moments."""
    disposed = told.pop("disposed", date(2025, 6, 1))
    values = {
        "id": "d",
        "asset": "BTC",
        "place": "venue/main",
        "activity": SALE,
        "rule": "fifo",
        "acquired": None,
        "acquired_at": None,
        "disposed": disposed,
        "disposed_at": _at(disposed),
        "quantity": UNIT,
        "proceeds": 0,
        "cost": 0,
        "term": None,
        "taxed": True,
    } | told
    return Row(**values)


def year(rules: Rulebook, number: int, rows: Iterable[Row] = (), **told: Any) -> Year:
    """The year as the pipeline sums it up: each row here is a disposal of its own."""
    taxed: dict[tuple[str, Term | None], Sums] = {}
    listed: dict[Term | None, tuple[int, int]] = {}
    for one in rows:
        sums = taxed.setdefault((one.activity, one.term), Sums())
        sums.disposals += 1
        sums.rows += 1
        sums.quantity += one.quantity
        if one.proceeds is None or one.cost is None or one.gain is None:
            sums.unknown += 1
            continue
        sums.proceeds += one.proceeds
        sums.cost += one.cost
        sums.gains += max(0, one.gain)
        sums.losses += max(0, -one.gain)
        proceeds, cost = listed.get(one.term, (0, 0))
        listed[one.term] = (
            proceeds + half_up(one.proceeds, rules.grain),
            cost + half_up(one.cost, rules.grain),
        )
    return Year(number=number, taxed=taxed, listed=listed, **told)


def values(lines: Iterable[Line]) -> Mapping[str, str]:
    """The figures by title, of which no two may be alike, and by box, where the first of two forms stands."""
    found: dict[str, str] = {}
    for line in lines:
        assert line.title not in found, f"{line.title} is there twice"
        found[line.title] = line.value
        if line.box:
            found.setdefault(line.box, line.value)
    return found


def _at(of: date) -> int:
    return int(datetime.combine(of, time(12), UTC).timestamp()) * 1_000_000
