"""What is altered after the fact is found, named, and ends in exit code 5."""

import gzip
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.house import House
from tests.contract.outside import Ran, recon


def alter_answers(folder: Path) -> None:
    """A byte flipped inside, a file cut short, a file gone."""
    flipped, cut, gone, *_ = sorted((folder / "evidence").glob("*/*.gz"))
    flip_a_byte(flipped)
    cut.write_bytes(cut.read_bytes()[:-9])
    gone.unlink()


def flip_a_byte(path: Path) -> None:
    body = bytearray(gzip.decompress(path.read_bytes()))
    body[len(body) // 2] ^= 1
    path.write_bytes(gzip.compress(bytes(body)))


def drop_a_chain_line(folder: Path) -> None:
    chain = folder / "evidence" / "chain.jsonl"
    lines = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(b"".join(lines[:4] + lines[5:]))


def rewrite_a_chain_line(folder: Path) -> None:
    chain = folder / "evidence" / "chain.jsonl"
    text = chain.read_text(encoding="utf-8")
    chain.write_text(text.replace('"status":200', '"status":201', 1), encoding="utf-8")


def alter_entries(folder: Path) -> None:
    """A posting, with the triggers dropped, as somebody who means it would; a moment; an entry gone."""
    connection = sqlite3.connect(folder / "recon.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    for statement in (
        "UPDATE postings SET quantity = '0.6' WHERE quantity = '0.5' AND account = 'assets:egera:main'",
        "UPDATE entries SET at = replace(at, '2025-02-10', '2025-04-10') WHERE source = 'fuse'",
        "DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE source = 'gas' AND seq = 3)",
        "DELETE FROM entries WHERE source = 'gas' AND seq = 3",
    ):
        assert connection.execute(statement).rowcount > 0
    connection.close()


DAMAGES: dict[Callable[[Path], None], list[str]] = {
    alter_answers: [
        r"the answer [0-9a-f]{64} was altered",
        r"the answer [0-9a-f]{64} cannot be read",
        r"the answer [0-9a-f]{64} is missing",
    ],
    drop_a_chain_line: [r"a line is missing, added or moved", r"the chain is cut here"],
    rewrite_a_chain_line: [r"the line was changed"],
    alter_entries: [
        r"egera entry \d+: its hash is [0-9a-f]{64}, but its line gives",
        r"fuse entry \d+: its hash is",
        r"gas entry 4: .*missing entries",
    ],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_an_alteration_is_found_and_named(
    company: House, pulled: Ran, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(company.folder, folder)
    damage(folder)
    found = recon(folder, "verify", "--json", code=5).json
    assert found["ok"] is False
    for words in DAMAGES[damage]:
        assert any(re.search(words, one["text"]) for one in found["problems"]), (words, found["problems"])


def test_people_read_what_is_wrong_and_where(company: House, pulled: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(company.folder, folder)
    assert "Everything is as it was sealed." in recon(folder, "verify").stdout
    flip_a_byte(min((folder / "evidence").glob("*/*.gz")))
    ran = recon(folder, "verify", code=5)
    assert all(words in ran.stdout for words in ("VERIFICATION FAILED", "chain.jsonl:", "was altered"))
    (found, *_) = recon(folder, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    assert (found["check"], found["severity"]) == ("evidence", "error")
