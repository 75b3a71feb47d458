"""recon verify told of seals: since one, by a file kept elsewhere, and what is wrong with one."""

import json
import shutil
from pathlib import Path

import pytest

from recon.core.canonical import sha256, write_json
from tests.contract.outside import recon
from tests.laws.test_tampering import files, make


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company that closed January and February; the files of both seals lie beside recon.toml."""
    folder = tmp_path_factory.mktemp("closed")
    make(folder)
    return folder


def seal(folder: Path) -> str:
    """That of January."""
    return str(json.loads(files(folder)[0].read_bytes())["seal"])


def test_what_was_proved_is_a_table_and_what_was_left_out_is_told(closed: Path) -> None:
    told = recon(closed, "verify").stdout
    for words in (
        "Everything is as it was sealed.",
        "running hash of entries",
        "records against answers",
        "Seconds",
    ):
        assert words in told
    assert "Left out" not in told
    since = recon(closed, "verify", "--since", seal(closed)[:10]).stdout
    assert "with --since nothing is posted again" in since
    assert "entries that lie before the seal were not hashed again" in since


def test_the_parts_are_told_in_json(closed: Path) -> None:
    parts = {one["what"]: one for one in recon(closed, "verify", "--json").json["proved"]}
    assert parts["seals"]["count"] == 2
    assert not any(one["left_out"] for one in parts.values())


@pytest.mark.parametrize("asked", ["abc", "0" * 12, "2025-01"])
def test_a_seal_that_there_is_none_of_is_refused(closed: Path, asked: str) -> None:
    assert "is not the seal of a period" in recon(closed, "verify", "--since", asked, code=2).stderr


def test_a_file_kept_elsewhere_is_held_against_the_ledger(closed: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    shutil.copy(files(closed)[0], kept)
    assert recon(closed, "verify", "--seal", str(kept), "--json").json["ok"]
    document = json.loads(kept.read_bytes()) | {"tool": "9"}
    kept.write_text(write_json(document))
    assert "the file was altered" in recon(closed, "verify", "--seal", str(kept), code=5).stdout.replace(
        "\n", " "
    )
    del document["seal"]
    kept.write_text(write_json(document | {"seal": sha256(write_json(document).encode())}))
    assert "no such seal" in recon(closed, "verify", "--seal", str(kept), code=5).stdout
    kept.write_text("[]")
    assert "not the document of a seal" in recon(closed, "verify", "--seal", str(kept), code=5).stdout
    kept.unlink()
    assert "cannot be read" in recon(closed, "verify", "--seal", str(kept), code=2).stderr
