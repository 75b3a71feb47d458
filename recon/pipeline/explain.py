"""What stands behind a check or a break: the question, the SQL as it is asked, the rows, the evidence, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.core.books import RegisteredBreak
from recon.core.breaks import CheckResult
from recon.core.errors import ConfigError
from recon.core.times import Period, short_text
from recon.ledger.reads import break_events
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.reconcile import examine, registered
from recon.pipeline.register import lives


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A check with its breaks of all time, or with the one that was asked for."""

    check: CheckResult
    breaks: Sequence[RegisteredBreak]

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {
            "check": self.check.check,
            "title": self.check.title,
            "why": self.check.why,
            "fix": self.check.fix,
            "sql": self.check.sql,
            "tested": self.check.tested,
            "breaks": [
                {
                    **one.found.facts(),
                    "status": one.status,
                    "opened": short_text(one.opened),
                    "age_days": one.age_days,
                }
                for one in self.breaks
            ],
        }


def explain(config: Config, ledger: Ledger, name: str, now: datetime) -> Explained:
    """The check or the break of this name, asked of everything there is. Raises ConfigError where there is neither."""
    everything = Period(name="all", start=None, end=None)
    results = examine(config, ledger, everything)
    with ledger.transaction() as tx:
        found = registered(tx, everything, results, now).breaks
        known = lives(break_events(tx))
    checks = {one.check: one for one in results}
    if name in checks:
        return Explained(check=checks[name], breaks=[one for one in found if one.found.check == name])
    for one in found:
        if one.found.id == name:
            return Explained(check=checks[one.found.check], breaks=[one])
    cleared = "; it was found before, and what was pulled since has cleared it" if name in known else ""
    raise ConfigError(
        f"no check is called {name}, and no open break has this id{cleared}",
        where="recon explain",
        next_step=f"Checks are: {', '.join(checks)}. Open breaks are listed by: recon reconcile all",
    )
