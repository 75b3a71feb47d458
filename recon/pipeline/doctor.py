"""Says what is wrong before a month-end does. Looks at everything, changes nothing, and goes on after each fault."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

from recon.core.errors import ReconError
from recon.core.masking import masked
from recon.core.times import short_text
from recon.evidence.archive import CHAIN, recent
from recon.evidence.verify import Proof
from recon.evidence.verify import verify as prove
from recon.ledger.health import damages, files, revision_at
from recon.ledger.reads import Run, answer_links, counts, ledger_head, runs
from recon.ledger.schema import revisions
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config
from recon.pipeline.probe import Finding, ask_all
from recon.pipeline.session import FINISHED, reading
from recon.sources._settings import SecretRef, resolve

LONGEST_SILENCE = timedelta(days=35)
_LEAST_SPACE = 1 << 30
_GROWTHS = 10
"""So many pulls like the last must find room."""
_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that was looked at."""

    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """No finding is an error."""
        return all(one.status != "error" for one in self.findings)

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        return {"ok": self.ok, "findings": [one._asdict() for one in self.findings]}


def examine(config: Config, clock: Clock, notify: Callable[[str], None] = lambda text: None) -> Diagnosis:
    """Every finding. The sources are asked for 10 s at most; proving a large archive takes its time."""
    found = [Finding("configuration", "ok", f"{config.path} reads; {len(config.sources)} sources")]
    found += _secrets(config)
    found += _modes(config)
    notify("asking the sources")
    found += ask_all(config, clock)
    notify("proving the evidence")
    proof = prove(config.evidence) if config.evidence.is_dir() else None
    found += _evidence(config, proof)
    notify("looking at the ledger")
    found += _ledger(config, clock, proof)
    return Diagnosis(findings=[Finding(*masked(list(one))) for one in found])


def _secrets(config: Config) -> Iterator[Finding]:
    """Each reference is followed; of what it leads to nothing is told."""
    for key, reference in _references(config):
        try:
            resolve(reference, key, config.folder)
        except ReconError as error:
            yield Finding(key, "error", error.what, error.next_step or f"See that {reference} can be read")
        else:
            yield Finding(key, "ok", f"the secret {reference} is there")


def _references(config: Config) -> Iterator[tuple[str, str]]:
    for one in config.sources:
        for name, hint in get_type_hints(type(one.settings), include_extras=True).items():
            given = getattr(one.settings, name, None)
            if given and (hint == SecretRef or SecretRef in get_args(hint)):
                yield f"sources.{one.name}.{name}", given
    for reference in config.notify.url if config.notify else ():
        yield "notify.url", reference


def _modes(config: Config) -> Iterator[Finding]:
    """Others may neither read nor change figures; a secret file is looked at with the secrets."""
    paths = [config.path, *files(config.ledger_url), config.evidence, config.evidence / CHAIN]
    open_ones = [(path, stat.S_IMODE(path.stat().st_mode)) for path in paths if path.exists()]
    for path, mode in open_ones:
        remedy = f"Run: chmod {'-R ' if path.is_dir() else ''}go= {path}"
        if mode & 0o022:
            yield Finding("file modes", "error", f"others can change {path} ({mode:o})", remedy)
        elif mode & 0o044:
            yield Finding("file modes", "warning", f"others can read {path} ({mode:o})", remedy)
    if not any(mode & 0o066 for _, mode in open_ones):
        yield Finding("file modes", "ok", "only you can read configuration, ledger and evidence")


def _evidence(config: Config, proof: Proof | None) -> Iterator[Finding]:
    if proof is None:
        yield Finding("evidence", "ok", f"there is none at {config.evidence} yet; the first pull makes it")
        return
    for place, text in proof.problems[:5]:
        yield Finding("evidence", "error", f"{place}: {text}", "See all with recon verify; restore a backup")
    if not proof.problems:
        yield Finding(
            "evidence", "ok", f"{proof.answers} answers, {proof.bytes} bytes, whole, head {proof.head}"
        )
    if not os.access(config.evidence, os.W_OK):
        yield Finding("evidence", "error", f"{config.evidence} cannot be written", "Mend the folder's rights")


def _ledger(config: Config, clock: Clock, proof: Proof | None) -> Iterator[Finding]:
    """What is in the ledger, and what follows from its last run."""
    last = None
    try:
        made = revision_at(config.ledger_url)
        if made is None:
            yield Finding("ledger", "ok", "there is none yet; the first pull makes it")
        elif made != revisions()[-1]:
            text = f"its tables are of the older revision {made}"
            next_step = "The next pull keeps a copy and brings them up to date"
            yield Finding("ledger", "warning", text, next_step)
        else:
            with reading(config) as ledger, ledger.transaction() as tx:
                faults = damages(tx)
                links = proof.links if proof else {}
                strange = sum(links.get(seq) != link for seq, _, link in answer_links(tx))
                entries, head = counts(tx)["entries"], ledger_head(tx)
                last = _last(runs(tx))
            if strange:
                faults.append(f"{strange} of its answers are not those of the evidence")
            for fault in faults:
                yield Finding("ledger", "error", fault, "Restore a backup, or run recon rebuild")
            if not faults:
                text = f"{entries} entries, tables of revision {made}, head {head}"
                yield Finding("ledger", "ok", text)
            yield _silence(clock, last)
    except ReconError as error:
        yield Finding("ledger", "error", f"{error.where}: {error.what}", error.next_step)
    yield from _space(config, last)


def _last(every: list[Run]) -> Run | None:
    finished = (run for run in reversed(every) if (run.status or "").startswith(FINISHED))
    return next(finished, None)


def _silence(clock: Clock, last: Run | None) -> Finding:
    next_step = "Run recon run, and see why no scheduler did"
    if last is None or last.ended_at is None:
        return Finding("last run", "warning", "no run has finished yet", next_step)
    text = f"{last.command} finished at {short_text(last.ended_at)}"
    if clock.now() - last.ended_at > LONGEST_SILENCE:
        return Finding("last run", "warning", f"{text}, more than {LONGEST_SILENCE.days} days ago", next_step)
    return Finding("last run", "ok", text)


def _space(config: Config, last: Run | None) -> Iterator[Finding]:
    """Room for pulls like the last, wherever ledger and evidence are kept."""
    grown = sum(line.size for line in recent(config.evidence, last.started_at)) if last else 0
    needed = max(_LEAST_SPACE, _GROWTHS * grown)
    seen: set[int] = set()
    for path in (config.evidence, *files(config.ledger_url)[:1]):
        folder = _nearest(path)
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free
        text = f"{free // _MIB:,} MiB are free at {folder}"
        if free < needed:
            yield Finding(
                "disk space", "warning", f"{text}, less than {needed // _MIB:,}", "Free space there"
            )
        else:
            yield Finding("disk space", "ok", text)


def _nearest(path: Path) -> Path:
    """The folder itself, or the first above it that is there."""
    return next(one for one in (path, *path.parents) if one.is_dir())
