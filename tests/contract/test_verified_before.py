"""A reconciliation verifies what is new since the last one; what was altered meanwhile is found all the same."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.house import House
from tests.contract.outside import Ran, recon
from tests.contract.test_verify import alter_answers, alter_entries, drop_a_chain_line, flip_a_byte

MARK = Path(".recon/verified.json")


@pytest.fixture
def reconciled(company: House, pulled: Ran, tmp_path: Path) -> Path:
    """A folder of its own in which a reconciliation found everything as it was sealed."""
    folder = tmp_path / "copy"
    shutil.copytree(company.folder, folder)
    shutil.rmtree(folder / ".recon", ignore_errors=True)
    assert not evidence_breaks(folder)
    return folder


def evidence_breaks(folder: Path, code: int = 0) -> list[str]:
    """What the check ``evidence`` found. The small books reconcile, so that without it there is no break."""
    ran = recon(folder, "reconcile", "2025-Q1", "--json", code=code)
    return [one["diagnosis"]["text"] for one in ran.json["breaks"] if one["check"] == "evidence"]


def alter_one_posting(folder: Path) -> None:
    """Both legs, so that the entry still sums to zero; its hash alone tells."""
    connection = sqlite3.connect(folder / "recon.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    for old, new in (("0.5", "0.6"), ("-0.5", "-0.6")):
        changed = f"UPDATE postings SET quantity = '{new}' WHERE quantity = '{old}' AND asset = 'BTC'"
        assert connection.execute(changed).rowcount > 0
    connection.close()


def test_a_mark_is_kept_for_its_owner_alone_and_names_no_secret(reconciled: Path) -> None:
    mark = reconciled / MARK
    assert mark.stat().st_mode & 0o777 == 0o600
    assert mark.parent.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(mark.read_bytes())) == {
        "digest",
        "entry",
        "evidence",
        "form",
        "heads",
        "legs",
        "program",
    }


@pytest.mark.parametrize(
    "damage",
    [alter_answers, drop_a_chain_line, alter_entries, alter_one_posting],
    ids=lambda one: one.__name__,
)
def test_what_was_altered_after_a_reconciliation_is_found_by_the_next(
    reconciled: Path, damage: Callable[[Path], None]
) -> None:
    damage(reconciled)
    found = evidence_breaks(reconciled, 3)
    assert found
    told = recon(reconciled, "verify", "--json", code=5).json["problems"]
    assert all(any(one["text"] in text for text in found) for one in told if one["place"] == "ledger")
    assert not (reconciled / MARK).exists(), "where something is wrong nothing counts as verified"
    assert evidence_breaks(reconciled, 3) == found


def test_a_mark_that_is_odd_is_no_mark(reconciled: Path) -> None:
    mark = reconciled / MARK
    kept = mark.read_bytes()
    for odd in (b"", b"{", b"[]", b'{"digest": 3}', kept.replace(b'"form":1', b'"form":2'), kept[:-1]):
        mark.write_bytes(odd)
        assert not evidence_breaks(reconciled)
        assert mark.read_bytes() == kept


def test_a_failed_verification_takes_the_mark_away(reconciled: Path) -> None:
    recon(reconciled, "verify")
    assert (reconciled / MARK).exists()
    flip_a_byte(min((reconciled / "evidence").glob("*/*.gz")))
    recon(reconciled, "verify", code=5)
    assert not (reconciled / MARK).exists()


def test_nothing_is_lost_with_the_folder(reconciled: Path) -> None:
    shutil.rmtree(reconciled / ".recon")
    assert not evidence_breaks(reconciled)
    assert (reconciled / MARK).exists()
