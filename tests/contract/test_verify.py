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


def an_answer(folder: Path) -> Path:
    return min((folder / "evidence").glob("*/*.gz"))


def flip_a_byte_of_an_answer(folder: Path) -> None:
    path = an_answer(folder)
    body = bytearray(gzip.decompress(path.read_bytes()))
    body[len(body) // 2] ^= 1
    path.write_bytes(gzip.compress(bytes(body)))


def damage_a_file(folder: Path) -> None:
    path = an_answer(folder)
    path.write_bytes(path.read_bytes()[:-9])


def lose_an_answer(folder: Path) -> None:
    an_answer(folder).unlink()


def drop_a_chain_line(folder: Path) -> None:
    chain = folder / "evidence" / "chain.jsonl"
    lines = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(b"".join(lines[:4] + lines[5:]))


def rewrite_a_chain_line(folder: Path) -> None:
    chain = folder / "evidence" / "chain.jsonl"
    text = chain.read_text(encoding="utf-8")
    chain.write_text(text.replace('"status":200', '"status":201', 1), encoding="utf-8")


def change_a_posting(folder: Path) -> None:
    _sql(folder, "UPDATE postings SET quantity = '0.6' WHERE quantity = '0.5'")


def move_an_entry_in_time(folder: Path) -> None:
    _sql(folder, "UPDATE entries SET at = replace(at, '2025-02', '2025-04')")


def lose_an_entry(folder: Path) -> None:
    _sql(folder, "DELETE FROM postings WHERE entry_id = 3", "DELETE FROM entries WHERE id = 3")


def _sql(folder: Path, *statements: str) -> None:
    """With the triggers dropped, as somebody who means it would."""
    connection = sqlite3.connect(folder / "recon.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    for statement in statements:
        assert connection.execute(statement).rowcount > 0
    connection.close()


DAMAGES: dict[Callable[[Path], None], str] = {
    flip_a_byte_of_an_answer: r"the answer [0-9a-f]{64} was altered",
    damage_a_file: r"the answer [0-9a-f]{64} cannot be read",
    lose_an_answer: r"the answer [0-9a-f]{64} is missing",
    drop_a_chain_line: r"a line is missing, added or moved",
    rewrite_a_chain_line: r"the line was changed",
    change_a_posting: r"entry \d+: its hash is [0-9a-f]{64}, but its line gives",
    move_an_entry_in_time: r"entry \d+: its hash is",
    lose_an_entry: r"missing entries",
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
    assert any(re.search(DAMAGES[damage], one["text"]) for one in found["problems"]), found["problems"]


def test_people_read_what_is_wrong_and_where(company: House, pulled: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(company.folder, folder)
    assert "Everything is as it was sealed." in recon(folder, "verify").stdout
    flip_a_byte_of_an_answer(folder)
    ran = recon(folder, "verify", code=5)
    assert all(words in ran.stdout for words in ("VERIFICATION FAILED", "chain.jsonl:", "was altered"))
    (found, *_) = recon(folder, "reconcile", "2025-Q1", "--json", code=3).json["breaks"]
    assert (found["check"], found["severity"]) == ("evidence", "error")
