"""What is done to a period: sealed in the evidence first, then entered as an act, so that a rebuild does it again.

A close writes its document to a small file beside recon.toml too. Where a run dies between the two, the next one
that writes finishes it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from recon.core.answers import Answer
from recon.core.canonical import write_json
from recon.core.errors import LedgerError, ReconError
from recon.core.failpoints import failpoint
from recon.core.seals import (
    CLOSED,
    MALFORMED,
    PERIODS,
    RECON,
    Seal,
    document_of,
    file_name,
    follows,
    place,
    standing,
    told,
)
from recon.core.times import Period
from recon.evidence.archive import Archive, after
from recon.ledger.acts import acts, record
from recon.ledger.reads import newest_answer
from recon.ledger.rows import AnswerRow
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.enter import answer_row

FOLDER = "seals"
"""Beside recon.toml: one file a seal, to be kept elsewhere."""


def seals(tx: Transaction) -> list[Seal]:
    """The seals in force, oldest first. Raises LedgerError where what the ledger tells of them was altered."""
    return _standing(one.facts for one in acts(tx, "period"))


def ever_sealed(tx: Transaction) -> list[Period]:
    """Every period that was closed, in that order, also if it was opened again. Raises LedgerError as ``seals``."""
    closed = [one.facts for one in acts(tx, "period") if one.act == CLOSED]
    return [one.period for facts in closed for one in _standing([facts])]


def _standing(steps: Iterable[str]) -> list[Seal]:
    try:
        return standing(steps)
    except MALFORMED:
        raise LedgerError(
            "what it tells of sealed periods was altered",
            where="acts",
            next_step="See recon verify; restore the ledger from a backup, or make it again with recon rebuild",
        ) from None


def seal(archive: Archive, stream: str, url: str, body: BinaryIO) -> Answer:
    """Seals bytes of the program's own in the evidence."""
    return archive.seal(
        source=RECON, stream=stream, method="FILE", url=url, params={}, status=None, body=body
    )


def keep(
    ledger: Ledger,
    archive: Archive,
    folder: Path,
    run: int,
    document: Mapping[str, Any],
    before: Iterable[Answer] = (),
) -> Path | None:
    """Seals a step and enters it, with what was sealed ``before`` it; the file of one that closes a period."""
    with _file(folder, document) as path:
        line = seal(archive, PERIODS, place(document), BytesIO(write_json(dict(document)).encode()))
        failpoint("seals.line-sealed")
    failpoint("seals.file-written")
    with ledger.transaction() as tx:
        enter(tx, run, [*before, line])
    return path


def enter(tx: Transaction, run: int, lines: Iterable[Answer]) -> None:
    """Enters lines of the program's own: what they tell of periods becomes acts."""
    every = list(lines)
    tx.append(AnswerRow, map(answer_row, every))
    for line in every:
        if line.stream == PERIODS:
            at, who, deed = told(read(line))
            record(tx, run, at, who, [deed])


def read(line: Answer) -> dict[str, Any]:
    """The document that a line of the evidence seals."""
    with line.body() as body:
        return document_of(body.read())


def finish(ledger: Ledger, archive: Archive, folder: Path, run: int) -> None:
    """Enters the step that a run sealed which died before it could; not one of another ledger."""
    with ledger.transaction() as tx:
        newest = newest_answer(tx)
        if not newest or newest == archive.next_seq - 1:
            return
        left = [line for line in after(archive.folder, newest) if line.source == RECON]
        steps = [read(line) for line in left if line.stream == PERIODS]
        if len(steps) != 1 or not follows(steps[0], seals(tx)):
            return
        with _file(folder, steps[0]):
            enter(tx, run, left)


@contextmanager
def _file(folder: Path, document: Mapping[str, Any]) -> Iterator[Path | None]:
    """The file of a document that closes a period, for its owner alone: there once the block has ended well."""
    if document["act"] != CLOSED:
        yield None
        return
    target = folder / FOLDER / file_name(document)
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(write_json(dict(document)).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ReconError(
            f"the seal cannot be written: {error.strerror}",
            where=str(error.filename or target),
            next_step="Free space or mend the rights of the folder, then run the command again",
        ) from None
    try:
        yield target
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
