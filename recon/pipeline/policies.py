"""What was chosen for the company's own books, in sentences for the cover of a report."""

from recon.core.registry import one as plug_in
from recon.core.tax import Rulebook
from recon.pipeline.config import Config


def policies(config: Config, method: str, linked: int) -> dict[str, str]:
    """Each policy by its name: what recon.toml says, and what holds where it is silent."""
    prices, transfers = config.prices, config.transfers
    law = plug_in("recon.tax.rules", "generic", "RULES", Rulebook)
    told = {
        "Base currency": config.entity.base_currency,
        "Cost of what leaves": method,
        "Scope of lots": "all places together",
        "Order of prices": ", ".join(prices.sources)
        or "none named: only what was paid or stated tells a value",
    }
    told |= {
        f"Order of prices, {asset}": ", ".join(one.sources) for asset, one in sorted(prices.assets.items())
    }
    told |= {f"Worth of one {asset}": f"1 {currency}" for asset, currency in sorted(prices.parity.items())}
    told |= {
        "Age of a price": f"{prices.max_age_days} days at most",
        "Fair value": "units at the price of the last moment of the period",
        "Assets counted as one": ", ".join(f"{one} as {pool}" for one, pool in sorted(config.pools.items()))
        or "none",
        "Own transfers": f"arrive within {transfers.window_hours} hours, less {transfers.fee_max} at most",
    }
    told |= {f"Lots, {word}": text for word, text in law.assumptions.items() if word != "year"}
    if linked:
        told["Transfers not linked yet"] = f"{linked}; recon reconcile links them"
    return told
