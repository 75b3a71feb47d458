"""What stands behind a check or a break: the question, the SQL as it is asked, the rows, the evidence, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from recon.checks import Reckoned
from recon.core.books import RegisteredBreak
from recon.core.breaks import Break, CheckResult
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.times import Period, aware, short_text
from recon.ledger.acts import acts
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.reconcile import examine, registered
from recon.pipeline.register import lives
from recon.pipeline.volumes import told as volumes_told

_AROUND = """
with cited as (select unnest($entries) as entry),
chains as (
    select distinct l.source, l.account, l.asset
    from legs as l
    join cited as c on c.entry = l.entry
    where l.class = 'assets' and coalesce(l.account = $account, true) and coalesce(l.asset = $asset, true)
),
numbered as (
    select l.source, l.account, l.asset, l.number, l.at, l.kind, l.quantity, l.balance_after, l.live,
        c.entry is not null as cited,
        row_number() over (partition by l.source, l.account, l.asset order by l.ordinal, l.turn, l.entry) as place
    from legs as l
    join chains as h on h.source = l.source and h.account = l.account and h.asset = l.asset
    left join cited as c on c.entry = l.entry
    where l.class = 'assets' and (l.live or c.entry is not null)
)
select n.source, n.number, n.account, n.asset, n.at, n.kind, n.quantity, n.balance_after, n.live, n.cited
from numbered as n
where exists (
    select 1 from numbered as k
    where k.cited and k.source = n.source and k.account = n.account and k.asset = n.asset
        and n.place between k.place - $reach and k.place + $reach
)
order by n.source, n.account, n.asset, n.place
"""
_REACH = 2
"""How many rows before and after one that a break rests on are shown."""
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
    around: Mapping[str, Sequence[Mapping[str, Any]]]

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
                    "around": list(self.around.get(one.found.id, ())),
                }
                for one in self.breaks
            ],
        }


def explain(config: Config, ledger: Ledger, name: str, now: datetime) -> Explained:
    """The check or the break of this name, asked of everything there is. Raises ConfigError where there is neither."""
    everything = Period(name="all", start=None, end=None)
    around: dict[str, list[dict[str, Any]]] = {}
    notes: list[str] = []

    def look(copy: DuckDBPyConnection, results: Sequence[CheckResult], reckoned: Reckoned) -> None:
        for one in results:
            asked = [each for each in one.breaks if name in (one.check, each.id)]
            if asked or one.check == name:
                notes.extend(_notes(one.check, reckoned))
            around.update((each.id, _around(copy, each)) for each in asked[:_CHAINS])

    results = examine(config, ledger, everything, look)
    with ledger.transaction() as tx:
        found = registered(tx, everything, results, now).breaks
        known = lives(acts(tx, "break"))
    checks = {one.check: one for one in results}
    if name in checks:
        breaks = [one for one in found if one.found.check == name]
        return Explained(check=checks[name], breaks=breaks, notes=notes, around=around)
    for one in found:
        if one.found.id == name:
            return Explained(check=checks[one.found.check], breaks=[one], notes=notes, around=around)
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


def _around(copy: DuckDBPyConnection, found: Break) -> list[dict[str, Any]]:
    """The rows that a break rests on, each with those before and after it in its chain."""
    if not found.entries:
        return []
    asset = None if found.check == "prices" else found.asset  # there it may be a pool
    asked = {"entries": list(found.entries), "account": found.account, "asset": asset, "reach": _REACH}
    rows = copy.execute(_AROUND, asked).fetchall()
    return [
        {
            "entry": f"{source}/{number}",
            "account": account,
            "asset": asset,
            "at": short_text(aware(at)),
            "kind": kind,
            "quantity": text(quantity),
            "balance_after": None if after is None else text(after),
            "in_force": live,
            "cited": cited,
        }
        for source, number, account, asset, at, kind, quantity, after, live, cited in rows
    ]
