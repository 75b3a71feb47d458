"""What stands behind a check or a break: the question, the SQL as it is asked, the rows, the evidence, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from recon.checks import Reckoned
from recon.core.books import ChainRow, RegisteredBreak
from recon.core.breaks import CheckResult
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.times import Period, short_text
from recon.ledger.acts import acts
from recon.ledger.store import Ledger
from recon.pipeline.around import around
from recon.pipeline.config import Config
from recon.pipeline.reconcile import examine, registered
from recon.pipeline.register import lives
from recon.pipeline.volumes import told as volumes_told

_CHAINS = 20
"""A check with more breaks is told without the rows around each; they are told with the break."""


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A check with its breaks of all time, or with the one that was asked for.

    ``notes`` say what was examined where the count does not tell. ``around``: by a break's id the rows of its chains
    that it rests on, with those before and after them.
    """

    check: CheckResult
    breaks: Sequence[RegisteredBreak]
    notes: Sequence[str]
    around: Mapping[str, Sequence[ChainRow]]

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "check": self.check.check,
            "title": self.check.title,
            "why": self.check.why,
            "fix": self.check.fix,
            "sql": self.check.sql,
            "tested": self.check.tested,
            "notes": list(self.notes),
            "breaks": [
                {
                    **one.found.facts(),
                    "status": one.status,
                    "opened": short_text(one.opened),
                    "age_days": one.age_days,
                    "around": list(map(_facts_of, self.around.get(one.found.id, ()))),
                }
                for one in self.breaks
            ],
        }


def explain(config: Config, ledger: Ledger, name: str, now: datetime) -> Explained:
    """The check or the break of this name, asked of everything there is. Raises ConfigError where there is neither."""
    everything = Period(name="all", start=None, end=None)
    rows: dict[str, Sequence[ChainRow]] = {}
    notes: list[str] = []

    def look(copy: DuckDBPyConnection, results: Sequence[CheckResult], reckoned: Reckoned) -> None:
        for one in results:
            asked = [each for each in one.breaks if name in (one.check, each.id)]
            if asked or one.check == name:
                notes.extend(_notes(one.check, reckoned))
            rows.update(zip([each.id for each in asked], around(copy, asked[:_CHAINS]), strict=False))

    results = examine(config, ledger, everything, look)
    with ledger.transaction() as tx:
        found = registered(tx, everything, results, now).breaks
        known = lives(acts(tx, "break"))
    checks = {one.check: one for one in results}
    if name in checks:
        breaks = [one for one in found if one.found.check == name]
        return Explained(check=checks[name], breaks=breaks, notes=notes, around=rows)
    for one in found:
        if one.found.id == name:
            return Explained(check=checks[one.found.check], breaks=[one], notes=notes, around=rows)
    cleared = "; it was found before, and what was pulled since has cleared it" if name in known else ""
    raise ConfigError(
        f"no check is called {name}, and no open break has this id{cleared}",
        where="recon explain",
        next_step=f"Checks are: {', '.join(checks)}. Open breaks are listed by: recon reconcile all",
    )


def _notes(name: str, reckoned: Reckoned) -> list[str]:
    if name == "volumes":
        return volumes_told(reckoned.volumes, reckoned.charges)
    if name == "prices" and reckoned.pricing is None:
        return ["Nobody asked for prices: [prices] in recon.toml names no source."]
    return []


def _facts_of(row: ChainRow) -> dict[str, Any]:
    return {
        "entry": row.entry,
        "account": row.account,
        "asset": row.asset,
        "at": short_text(row.at),
        "kind": row.kind,
        "quantity": text(row.quantity),
        "balance_after": None if row.balance_after is None else text(row.balance_after),
        "in_force": row.in_force,
        "cited": row.cited,
    }
