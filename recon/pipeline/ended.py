"""What runs left in the ledger, held against what the evidence noted when they ended."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recon.core.times import moment_text
from recon.evidence.archive import ended_runs
from recon.ledger.reads import Run, runs
from recon.ledger.runbook import acts_then, digest, head_then, left
from recon.ledger.transaction import Transaction

REBUILD = "rebuild"
"""The command of the runs of a ledger that was rebuilt."""


def notes_of(tx: Transaction, evidence: Path) -> Sequence[dict[str, Any]]:
    """The notes that are about this ledger: where numbers of runs begin anew, another ledger took the place of one."""
    found: list[dict[str, Any]] = []
    for note in ended_runs(evidence):
        if found and note["run"] <= found[-1]["run"]:
            found.clear()
        found.append(note)
    own = [run for run in runs(tx) if run.command != REBUILD]
    mine = [note for note in found if own and note["run"] >= own[0].id]
    # Where none of its runs came to an end, the notes may be those of the ledger whose place it took.
    others = (
        mine and mine[0]["ended"] < moment_text(own[0].started_at) and not any(run.ended_at for run in own)
    )
    return [] if others else mine


def problems(tx: Transaction, notes: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each place with what is wrong. A run without an end died, which is no problem."""
    known = {run.id: run for run in runs(tx)}
    lines = left(tx, 0)
    for note in notes:
        run = known.get(note["run"])
        place = f"run {note['run']}"
        if run is None:
            yield place, "it ended by the evidence, and the ledger does not have it"
        elif note["rows"] != digest(lines, note["after"], run.id):
            yield place, "it, or what it left of readings, certificates and links, was altered since it ended"
    if not notes:
        return
    last = notes[-1]
    yield from _ends(known, notes)
    if last["entries"] != head_then(tx, last["run"]):
        yield f"run {last['run']}", "the entries by its end are not those that the evidence notes"
    if last["acts"] != acts_then(tx, last["run"]):
        yield f"run {last['run']}", "the acts by its end are not those that the evidence notes"


def _ends(known: dict[int, Run], notes: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for note in notes:
        run = known.get(note["run"])
        if (
            run
            and run.ended_at
            and (moment_text(run.ended_at), run.status) != (note["ended"], note["status"])
        ):
            yield f"run {run.id}", "how it ended is not what the evidence notes"
    for run in known.values():
        if run.id > notes[-1]["run"] and run.ended_at is not None:
            yield f"run {run.id}", "it ended by the ledger, and the evidence does not note it"
