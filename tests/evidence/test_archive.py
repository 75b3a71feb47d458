"""The archive: sealed as received, chained, private, and whole again after a crash."""

import gzip
import hashlib
import io
import json
import os
import stat
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.answers import Answer
from recon.core.errors import EvidenceError
from recon.evidence.archive import CHAIN, TORN, Archive, answers, body_path, recent
from recon.evidence.verify import verify

START = datetime(2026, 1, 1, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    moments = (START + timedelta(seconds=number) for number in range(10_000))
    return lambda: next(moments)


def seal(archive: Archive, body: bytes | None, stream: str = "history") -> Answer:
    return archive.seal(
        source="fuse",
        stream=stream,
        method="GET",
        url="https://api.example/zażółć",
        params={"offset": "0"},
        status=200,
        body=None if body is None else io.BytesIO(body),
    )


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=6))
def test_a_body_is_read_back_as_it_was_received(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("sealed") / "evidence"
    archive = Archive(folder, ticking())
    for body in bodies:
        seal(archive, body)
    assert [one.body().read() for one in answers(folder)] == bodies
    proof = verify(folder)
    assert (proof.problems, proof.answers, proof.bytes) == ([], len(bodies), sum(map(len, bodies)))
    assert proof.head == archive.head


def test_the_chain_can_be_checked_with_a_shell_and_ten_lines(tmp_path: Path) -> None:
    archive = Archive(tmp_path, ticking())
    for body in (b'{"a":1}', b"<html>\xff", None, b'{"a":1}'):
        seal(archive, body)
    prev = "0" * 64
    for number, raw in enumerate((tmp_path / CHAIN).read_text(encoding="utf-8").splitlines(), start=1):
        line = json.loads(raw)
        assert set(line) == {
            "seq",
            "at",
            "source",
            "stream",
            "request",
            "status",
            "sha256",
            "bytes",
            "prev",
            "link",
        }
        assert (line["seq"], line["prev"]) == (number, prev)
        link = line.pop("link")
        text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == link
        prev = link
        if line["sha256"]:
            packed = tmp_path / line["sha256"][:2] / f"{line['sha256']}.gz"
            piped = subprocess.run(
                f"gzip -dc {packed} | sha256sum", shell=True, capture_output=True, check=True, text=True
            )
            assert piped.stdout.split()[0] == line["sha256"]
        else:
            assert line["bytes"] == 0


def test_the_same_body_is_kept_once_and_its_file_has_one_form(tmp_path: Path) -> None:
    first, second = Archive(tmp_path / "a", ticking()), Archive(tmp_path / "b", ticking())
    seal(first, b"same")
    one = seal(first, b"same")
    seal(second, b"same")
    assert one.sha256 is not None
    files = list((tmp_path / "a").rglob("*.gz"))
    assert len(files) == 1
    assert files[0].read_bytes() == body_path(tmp_path / "b", one.sha256).read_bytes()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_files_are_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        seal(Archive(tmp_path / "evidence", ticking()), b"x")
    finally:
        os.umask(before)
    for path in [tmp_path / "evidence", *(tmp_path / "evidence").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_torn_last_line_is_moved_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    archive = Archive(tmp_path, ticking())
    seal(archive, b"one")
    head = archive.head
    with (tmp_path / CHAIN).open("ab") as chain:
        chain.write(b'{"seq":2,"at":"20')
    assert [text for _, text in verify(tmp_path).problems] == [
        "the last line is torn; the next pull moves it to chain.torn"
    ]
    again = Archive(tmp_path, ticking())
    assert (again.head, again.next_seq) == (head, 2)
    assert (tmp_path / TORN).read_text() == '{"seq":2,"at":"20\n'
    seal(again, b"two")
    assert verify(tmp_path).problems == []


def test_what_a_killed_run_was_writing_is_put_away(tmp_path: Path) -> None:
    Archive(tmp_path, ticking())
    (tmp_path / ".sealing-x1").write_bytes(b"half")
    Archive(tmp_path, ticking())
    assert not list(tmp_path.glob(".sealing-*"))


def test_threads_may_seal_side_by_side(tmp_path: Path) -> None:
    archive = Archive(tmp_path, ticking())
    workers = [
        threading.Thread(target=lambda name=name: [seal(archive, f"{name}{n}".encode()) for n in range(25)])
        for name in "abcd"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    proof = verify(tmp_path)
    assert (proof.problems, proof.answers) == ([], 100)


def test_recent_lines_are_read_from_the_chains_end(tmp_path: Path) -> None:
    archive = Archive(tmp_path, ticking())
    for number in range(2_000):
        archive.seal(
            source="s", stream="x" * (number % 300), method="GET", url="u", params={}, status=None, body=None
        )
    found = recent(tmp_path, START + timedelta(seconds=1_500))
    assert [one.seq for one in found] == list(range(1_501, 2_001))
    assert recent(tmp_path / "none", START) == []


Tamper = Callable[[Path, list[bytes]], list[bytes]]


def _swap(folder: Path, lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _rewrite(folder: Path, lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"status":200', b'"status":201'), *lines[2:]]


def _reformat(folder: Path, lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'":', b'": ', 1), *lines[2:]]


def _drop_body(folder: Path, lines: list[bytes]) -> list[bytes]:
    body_path(folder, json.loads(lines[1])["sha256"]).unlink()
    return lines


def _alter_body(folder: Path, lines: list[bytes]) -> list[bytes]:
    body_path(folder, json.loads(lines[1])["sha256"]).write_bytes(gzip.compress(b"other"))
    return lines


def _cut_body(folder: Path, lines: list[bytes]) -> list[bytes]:
    path = body_path(folder, json.loads(lines[1])["sha256"])
    path.write_bytes(path.read_bytes()[:-5])
    return lines


TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "a line dropped": (lambda folder, lines: lines[:1] + lines[2:], "missing, added or moved"),
    "a line doubled": (lambda folder, lines: lines[:2] + lines[1:], "missing, added or moved"),
    "two lines swapped": (_swap, "missing, added or moved"),
    "a line changed": (_rewrite, "the line was changed"),
    "a line reformatted": (_reformat, "not in canonical form"),
    "a line that is no JSON": (lambda folder, lines: [lines[0], b"hello\n", *lines[1:]], "not JSON"),
    "a line of other fields": (lambda folder, lines: [*lines, b'{"seq":5}\n'], "fields of a chain line"),
    "a field of another type": (
        lambda folder, lines: [lines[0].replace(b'"seq":1', b'"seq":"1"')],
        "wrong type",
    ),
    "a body dropped": (_drop_body, "missing from the archive"),
    "a body altered": (_alter_body, "was altered"),
    "a body cut": (_cut_body, "cannot be read"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_placed(tmp_path: Path, name: str) -> None:
    tamper, said = TAMPERINGS[name]
    archive = Archive(tmp_path, ticking())
    for body in (b"one", b"two", b"three", b"four"):
        seal(archive, body)
    path = tmp_path / CHAIN
    path.write_bytes(b"".join(tamper(tmp_path, path.read_bytes().splitlines(keepends=True))))
    problems = verify(tmp_path).problems
    assert any(said in text for _, text in problems), problems
    assert all(place.startswith("chain.jsonl:") for place, _ in problems)


def test_an_unwritable_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(EvidenceError, match="cannot be written") as caught:
        seal(Archive(tmp_path / "evidence", ticking()), b"x")
    assert caught.value.exit_code == 1
    assert "nothing is lost" in str(caught.value)
