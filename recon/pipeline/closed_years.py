"""A tax year that is closed: under which seal, how much of the ledger it knew, and which settings are others today."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from recon.core.canonical import read_json, sha256, write_json
from recon.core.errors import LedgerError
from recon.core.money import text
from recon.core.seals import CLOSED, MALFORMED, Seal, document_of
from recon.ledger.acts import acts
from recon.ledger.cuts import Cuts, as_of
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.sealed import covered
from recon.pipeline.seals import seals

_OF_TAX = re.compile(
    r"entity\.(timezone|base_currency)|assets\..+|prices\.(sources|max_age_days|parity\..+|assets\..+)|rules|choices|"
    r"sources\.[^.]+\.columns(\..+)?"
)
"""What figures depend on. How rows are posted and tied together was settled when they were."""


class Closing(NamedTuple):
    """The seal that a year was closed with, how far the ledger went then, and the settings that differ today."""

    seal: Seal
    cuts: Cuts
    settings: list[str]

    def facts(self) -> dict[str, str]:
        """As the JSON answer states it."""
        return {"period": self.seal.period.name, "seal": self.seal.hash}


def closing(tx: Transaction, config: Config, end: datetime) -> Closing | None:
    """The first seal that reaches a moment; None where none in force does. Raises LedgerError."""
    return next(
        (of_seal(tx, config, one) for one in seals(tx) if one.period.end and one.period.end >= end), None
    )


def of_seal(tx: Transaction, config: Config, seal: Seal) -> Closing:
    """The ledger as it stood when a seal was put. Raises LedgerError where the seal does not say so any more.

    A close that died is entered by the run after it, whose links count; what that run read is behind the seal.
    """
    try:
        on = covered(seal)
        entries = {source: number for source, (number, _) in on.entries.items()}
        run = max(
            act.run_id
            for act in acts(tx, "period")
            if act.act == CLOSED and document_of(act.facts)["seal"] == seal.hash
        )
        differs = changed(config, seal.document["settings"])
    except MALFORMED:
        raise LedgerError(
            f"what it tells of the seal of {seal.period.name} was altered",
            where="acts",
            next_step="See recon verify; restore the ledger from a backup, or make it again with recon rebuild",
        ) from None
    return Closing(seal, as_of(tx, entries, on.evidence[0], run), differs)


def settings_of(config: Config) -> dict[str, Any]:
    """The settings that a seal states: all that figures follow from. Rules are in their order."""
    file = config.choices_file
    return {
        "entity": config.entity.model_dump(mode="json"),
        "assets": dict(config.pools),
        "transfers": {**config.transfers.model_dump(mode="json"), "fee_max": text(config.transfers.fee_max)},
        "prices": config.prices.model_dump(mode="json"),
        "sources": {one.name: one.settings.shaping() for one in config.sources},
        "rules": [
            [name, rule.model_dump(mode="json", exclude_none=True)] for name, rule in config.rules.items()
        ],
        "choices": sha256(file.read_bytes()) if file and file.is_file() else "",
    }


def in_force(config: Config) -> list[tuple[str, str]]:
    """The keys of recon.toml that figures depend on, with what they say."""
    told = {name: value for name, value in _leaves(settings_of(config)) if _OF_TAX.fullmatch(name)}
    plain = {name: read_json(value.encode()) for name, value in told.items()}
    return [(name, one if isinstance(one, str) else told[name]) for name, one in sorted(plain.items())]


def changed(config: Config, sealed: Mapping[str, Any]) -> list[str]:
    """The keys of recon.toml that figures depend on and that are others than a seal states; those it does state."""
    today = settings_of(config)
    today["sources"] = {name: one for name, one in today["sources"].items() if name in sealed["sources"]}
    then, now = dict(_leaves(sealed)), dict(_leaves({name: today[name] for name in sealed if name in today}))
    return sorted(
        name
        for name in then.keys() | now.keys()
        if then.get(name) != now.get(name) and _OF_TAX.fullmatch(name)
    )


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, f"{name}.{key}" if name else key)
    else:
        yield name, write_json(value)
