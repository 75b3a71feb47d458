"""A tax year's sums by several methods, side by side."""

from collections.abc import Sequence
from typing import Any

from recon.core.errors import ConfigError
from recon.core.tax import Sums
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.tax import Taxed, Want, books, taxed, wanted
from recon.pipeline.tax_explained import known, total
from recon.pipeline.taxed import breaks, said, sums_facts


def wanted_methods(year: int, rules: str, methods: str, scope: str | None) -> list[Want]:
    """What is asked of each method of a list such as fifo,hifo. Raises ConfigError where the law does not allow one."""
    names = list(dict.fromkeys(name.strip() for name in methods.split(",")))
    law = wanted(year, rules, None, scope).rules
    for name in names:
        if name not in law.methods:
            raise ConfigError(
                f"{name!r} is no method that {law.name} allows",
                where="--compare",
                next_step=f"It allows {', '.join(law.methods) or 'none: this law knows no lots'}",
            )
    return [wanted(year, rules, name, scope, listed=False) for name in names]


def compare(config: Config, ledger: Ledger, wants: Sequence[Want]) -> list[Taxed]:
    """What came of the year by each method, whole; the ledger is read once."""
    compared = []
    with books(config, ledger, wants[0]) as opened:
        for want in wants:
            found = taxed(opened, want)
            for _ in found.rows:
                pass
            compared.append(found)
    return compared


def facts(compared: Sequence[Taxed]) -> dict[str, Any]:
    """The document of a comparison."""
    head = compared[0].head()
    return {
        **{name: value for name, value in head.items() if name != "method"},
        "compared": [_method(one) for one in compared],
    }


def _method(found: Taxed) -> dict[str, Any]:
    counted = found.tally.by(lambda key: key[3]).get(True, Sums())
    terms = found.tally.by(lambda key: (key[2], key[3]))
    pools = sorted({pool for pool, _ in found.held})
    held = {pool: [one for name, one in found.held if name == pool] for pool in pools}
    return {
        "method": found.head()["method"],
        **sums_facts(counted),
        "terms": [
            {"term": term, **sums_facts(sums)}
            for (term, counts), sums in sorted(terms.items(), key=str)
            if counts and term is not None
        ],
        "held": [
            {
                "asset": pool,
                "quantity": said(sum(one.quantity for one in some)),
                "cost": known(total(one.cost for one in some)),
            }
            for pool, some in held.items()
        ],
        "held_cost": known(total(one.cost for _, one in found.held)),
        "holds": all(tie.holds for tie in found.ties),
        "breaks": [one.facts() for one in breaks(found)],
    }
