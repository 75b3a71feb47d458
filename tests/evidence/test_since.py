"""Verified since an earlier time: only new bodies are hashed, unless something shows that an old one may differ."""

import gzip
import io
import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recon.evidence import verify as verifying
from recon.evidence.archive import CHAIN, Archive, body_path
from recon.evidence.verify import Before, Proof, verify

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    seconds = itertools.count()
    made = Archive(tmp_path / "evidence", lambda: START + timedelta(seconds=next(seconds)))
    for number in range(4):
        seal(made, number)
    return made


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bodies that were hashed, by place."""
    found: list[str] = []
    measure = verifying._measure

    def watched(folder: Path, digest: str, place: str, proof: Proof) -> int:
        found.append(place)
        return measure(folder, digest, place, proof)

    monkeypatch.setattr(verifying, "_measure", watched)
    return found


def seal(archive: Archive, number: int) -> Path:
    found = archive.seal(
        source="fuse", stream="history", method="GET", url="/", params={}, status=200,
        body=io.BytesIO(b'{"page":%d}' % number),
    )  # fmt: skip
    return body_path(archive.folder, str(found.sha256))


def mark(folder: Path) -> Before:
    proof = verify(folder)
    return Before(len(proof.links), proof.head, proof.files)


def test_only_what_came_since_is_hashed(archive: Archive, hashed: list[str]) -> None:
    before = mark(archive.folder)
    hashed.clear()
    assert verify(archive.folder, before) == verify(archive.folder, before)
    assert hashed == []
    seal(archive, 4)
    found = verify(archive.folder, before)
    assert hashed == [f"{CHAIN}:5"]
    assert found == verify(archive.folder)
    assert (found.answers, found.problems) == (5, [])


def test_a_new_line_that_names_an_old_body_is_hashed(archive: Archive, hashed: list[str]) -> None:
    before = mark(archive.folder)
    hashed.clear()
    seal(archive, 0)
    verify(archive.folder, before)
    assert hashed == [f"{CHAIN}:5"]


def same_size(path: Path) -> None:
    """Another body in a file of the same size, its time of change put back, as one who means it would."""
    seen = path.stat()
    body = bytearray(path.read_bytes())
    body[-9] ^= 1
    path.write_bytes(body)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def other_size(path: Path) -> None:
    path.write_bytes(gzip.compress(b'{"page":"and more"}'))


def replaced(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(gzip.compress(b'{"page":9}', mtime=0))
    new.replace(path)


@pytest.mark.parametrize(
    "change", [same_size, other_size, replaced, Path.unlink], ids=lambda one: one.__name__
)
def test_an_old_body_that_was_changed_is_found(archive: Archive, change: Callable[[Path], None]) -> None:
    path = seal(archive, 4)
    before = mark(archive.folder)
    change(path)
    found = verify(archive.folder, before)
    assert found == verify(archive.folder)
    assert [place for place, _ in found.problems] == [f"{CHAIN}:5"]


def test_a_chain_that_was_changed_is_found(archive: Archive) -> None:
    before = mark(archive.folder)
    chain = archive.folder / CHAIN
    chain.write_text(chain.read_text().replace('"status":200', '"status":201', 1))
    assert verify(archive.folder, before).problems == verify(archive.folder).problems != []


@pytest.mark.parametrize(
    "changed",
    [{"seq": 3}, {"seq": 9}, {"link": "0" * 64}, {"files": "0" * 64}],
    ids=str,
)
def test_a_mark_that_does_not_fit_means_that_all_is_hashed(
    archive: Archive, hashed: list[str], changed: dict[str, object]
) -> None:
    before = mark(archive.folder)._replace(**changed)  # type: ignore[arg-type]
    hashed.clear()
    verify(archive.folder, before)
    assert len(hashed) == 4


def test_what_only_a_full_verification_finds(archive: Archive) -> None:
    """A disk that decays changes a byte and nothing that the file system tells."""
    path = seal(archive, 4)
    before = mark(archive.folder)
    same_size(path)
    decayed = before._replace(files=verify(archive.folder).files)
    assert verify(archive.folder, decayed).problems == []
    assert verify(archive.folder).problems != []
