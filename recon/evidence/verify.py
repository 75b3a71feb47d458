"""Proves the chain and every sealed answer, without the ledger."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from recon.core.canonical import write_json
from recon.core.records import GENESIS
from recon.evidence.archive import CHAIN, PULLS, RUNS, TORN, body_path, ended_runs, link_of, pulls

_FIELDS = {"seq", "at", "source", "stream", "request", "status", "sha256", "bytes", "prev", "link"}
_ENDED = {"acts", "after", "chain", "ended", "entries", "link", "prev", "pulls", "rows", "run", "status"}


class Before(NamedTuple):
    """What an earlier verification proved: the chain up to a line, and the bodies it names.

    ``files`` is a digest of what the file system said of their files: sizes and moments of the last change. Where it is
    empty nothing is known of them, and they are only looked for.
    """

    seq: int
    link: str
    files: str


@dataclass
class Proof:
    """What was proved: sealed answers, their bytes, the last link, and every problem as (place, text).

    ``files`` is that of Before, for all bodies.
    """

    answers: int = 0
    bytes: int = 0
    head: str = GENESIS
    problems: list[tuple[str, str]] = field(default_factory=list)
    links: dict[int, str] = field(default_factory=dict)
    files: str = ""


def verify(folder: Path, before: Before | None = None) -> Proof:
    """Walks the chain line by line and hashes every body once.

    With ``before`` a body that was proved then is not hashed again, as long as the chain has that line and every file
    of then looks as it did. An edit that leaves a file's size and all its times as they were, which takes the rights
    of the system itself, or a disk that decays, is found only without.
    """
    proof = Proof()
    bodies = _walk(folder, proof)
    seen: dict[str, str] = {}
    proved = 0
    if before is not None and proof.links.get(before.seq) == before.link:
        old = [line for _, line in bodies if line["seq"] <= before.seq]
        proved = before.seq if not before.files or _files(folder, old, seen) == before.files else 0
    proof.files = _files(folder, [line for _, line in bodies], seen)
    sizes: dict[str, int] = {}
    for place, line in bodies:
        if line["seq"] > proved or seen[str(line["sha256"])].endswith(" missing\n"):
            _check_body(folder, line, place, sizes, proof)
    _check_notes(folder, proof)
    return proof


def _walk(folder: Path, proof: Proof) -> list[tuple[str, dict[str, Any]]]:
    """Proves the links; the lines that name a body, each with its place."""
    bodies = []
    for number, raw in enumerate(_lines(folder), start=1):
        place = f"{CHAIN}:{number}"
        line = _read(raw, place, proof)
        if line is None:
            continue
        if line["seq"] != number:
            proof.problems.append(
                (place, f"the line says seq {line['seq']}: a line is missing, added or moved")
            )
        if line["prev"] != proof.head:
            proof.problems.append((place, "prev is not the link of the line before: the chain is cut here"))
        if line["link"] != link_of(line):
            proof.problems.append((place, "link is not the digest of the line: the line was changed"))
        proof.head = line["link"]
        proof.links[line["seq"]] = line["link"]
        if line["sha256"] is not None:
            proof.answers += 1
            proof.bytes += line["bytes"]
            bodies.append((place, line))
    return bodies


def _files(folder: Path, lines: Iterable[Mapping[str, Any]], seen: dict[str, str]) -> str:
    """How the bodies' files look, each once, in the order of the chain. ``seen`` saves looking twice."""
    digest = hashlib.sha256()
    for body in dict.fromkeys(str(line["sha256"]) for line in lines):
        if body not in seen:
            try:
                found = body_path(folder, body).stat()
                seen[body] = f"{body} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}\n"
            except OSError:
                seen[body] = f"{body} missing\n"
        digest.update(seen[body].encode())
    return digest.hexdigest()


def _check_notes(folder: Path, proof: Proof) -> None:
    """The notes of pulls, and of runs that ended, are chains of their own; each tells the other's head of then."""
    links = {
        name: _check_chain(name, notes, proof)
        for name, notes in ((PULLS, pulls(folder)), (RUNS, ended_runs(folder)))
    }
    for name, other, member in ((PULLS, RUNS, "runs"), (RUNS, PULLS, "pulls")):
        for number, note in enumerate(links[name].values(), start=1):
            if note.get(member, GENESIS) not in links[other] and note.get(member, GENESIS) != GENESIS:
                proof.problems.append((f"{name}:{number}", f"a note that it tells of is missing in {other}"))
                break
    chain = {GENESIS, *proof.links.values()}
    before = 0
    for number, note in enumerate(links[RUNS].values(), start=1):
        place = f"{RUNS}:{number}"
        if note.get("chain") not in chain:
            proof.problems.append((place, f"a line that it tells of is missing in {CHAIN}"))
            break
        if set(note) != _ENDED or type(note["run"]) is not int:
            proof.problems.append((place, "the note does not have the fields of one"))
            break
        if note["after"] != (before if before < note["run"] else 0):
            proof.problems.append((place, "the run that it follows is not the one noted before it"))
            break
        before = note["run"]


def _check_chain(name: str, notes: Iterator[dict[str, Any]], proof: Proof) -> dict[str, dict[str, Any]]:
    """Notes by their links, as far as they can be read."""
    head, found = GENESIS, {}
    try:
        for number, note in enumerate(notes, start=1):
            if note["prev"] != head or note["link"] != link_of(note):
                proof.problems.append((f"{name}:{number}", "a note is missing, added, moved or changed"))
            head = note["link"]
            found[head] = note
    except (ValueError, TypeError, KeyError):
        proof.problems.append((name, "a note is not JSON with the fields of a note"))
    return found


def _lines(folder: Path) -> Iterator[bytes]:
    path = folder / CHAIN
    if path.exists():
        with path.open("rb") as chain:
            yield from chain


def _read(raw: bytes, place: str, proof: Proof) -> dict[str, Any] | None:
    if not raw.endswith(b"\n"):
        proof.problems.append((place, f"the last line is torn; the next pull moves it to {TORN}"))
        return None
    try:
        line = json.loads(raw)
        canonical = write_json(line).encode() + b"\n"
    except (ValueError, TypeError):
        proof.problems.append((place, "the line is not JSON"))
        return None
    if not isinstance(line, dict) or set(line) != _FIELDS:
        proof.problems.append((place, "the line does not have the fields of a chain line"))
        return None
    types = (
        (line["seq"], int),
        (line["bytes"], int),
        (line["prev"], str),
        (line["link"], str),
        (line["request"], dict),
    )
    if not all(type(value) is kind for value, kind in types):
        proof.problems.append((place, "a field of the line has the wrong type"))
        return None
    if canonical != raw:
        proof.problems.append((place, "the line is not in canonical form"))
    return line


def _check_body(folder: Path, line: dict[str, Any], place: str, sizes: dict[str, int], proof: Proof) -> None:
    digest = str(line["sha256"])
    if digest not in sizes:
        sizes[digest] = _measure(folder, digest, place, proof)
    if sizes[digest] not in (-1, line["bytes"]):
        proof.problems.append((place, f"the line says {line['bytes']} bytes, the body has {sizes[digest]}"))


def _measure(folder: Path, digest: str, place: str, proof: Proof) -> int:
    """The size of a body whose digest is right, else -1 and a problem."""
    path = body_path(folder, digest)
    found, size = hashlib.sha256(), 0
    try:
        with gzip.open(path, "rb") as body:
            while chunk := body.read(1 << 20):
                found.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        proof.problems.append((place, f"the answer {digest} is missing from the archive"))
        return -1
    except (OSError, EOFError, zlib.error) as error:
        proof.problems.append((place, f"the answer {digest} cannot be read: {error}"))
        return -1
    if found.hexdigest() != digest:
        proof.problems.append(
            (place, f"the answer {digest} was altered: its bytes hash to {found.hexdigest()}")
        )
        return -1
    return size
