"""The audit pack: an outsider proves it with Python alone or a shell alone; whatever is altered is named."""

import ast
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from pyarrow import parquet

from recon.core.failpoints import ENVIRONMENT
from reports._pack import digests, verify
from tests.contract.house import VENUES, House, house
from tests.contract.outside import recon
from tests.contract.packs import edits, named, sealed_pack, table
from tests.contract.test_disk_full import PLAIN, room_for
from tests.contract.test_reports import files

TOOLS = ("sha256sum", "gzip", "cat", "wc", "mktemp", "rm", "tail", "dirname")
AWKS = [name for name in ("mawk", "gawk", "original-awk") if shutil.which(name)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("packs"), *VENUES) as one:
        yield one


@pytest.fixture(scope="module")
def sealed(made: House) -> tuple[Path, Path]:
    return sealed_pack(made)


@pytest.fixture
def pack(sealed: tuple[Path, Path], tmp_path: Path) -> Path:
    """A pack to be altered."""
    return Path(shutil.copytree(sealed[0], tmp_path / sealed[0].name))


def python(pack: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """verify.py of a pack, run with nothing but an interpreter."""
    found = shutil.which("python3", path="/usr/bin") or shutil.which("python3")
    assert found
    command = (found, "-I", "-S", "-B", str(pack / "verify.py"), *more)
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


def shell(pack: Path, tools: Path, awk: str, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    """verify.sh of a pack, or another copy, run with sha256sum, gzip, an awk and what goes with the first."""
    tools.mkdir(exist_ok=True)
    for name, behind in (*((one, one) for one in TOOLS), ("awk", awk)):
        (tools / name).unlink(missing_ok=True)
        (tools / name).symlink_to(str(shutil.which(behind)))
    command = ("/bin/sh", str(program or pack / "verify.sh"), str(pack))
    return subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)


def rewritten(pack: Path) -> list[str]:
    """The places of problems once whoever altered the pack has written its manifest anew."""
    shutil.rmtree(pack / "lines")
    (pack / "manifest.sha256").unlink()
    names = [path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()]
    digests.write_manifest(pack, sorted(names))
    return [place for place, _ in verify.prove(pack).problems]


def altered(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_pack_is_proved_by_python_alone_by_a_shell_alone_and_by_us(
    made: House, sealed: tuple[Path, Path], tmp_path: Path
) -> None:
    pack, seal = sealed
    manifest = sha256((pack / "manifest.sha256").read_bytes()).hexdigest()
    ran = python(pack, "--seal", str(seal))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Everything fits." in ran.stdout and f"manifest {manifest}" in ran.stdout
    assert AWKS
    for awk in AWKS:
        by_shell = shell(pack, tmp_path / "tools", awk)
        assert (by_shell.returncode, by_shell.stderr) == (0, ""), by_shell
        assert "Everything fits." in by_shell.stdout and f"manifest {manifest}" in by_shell.stdout
    told = recon(made.folder, "verify", str(pack), "--seal", str(seal), "--json").json
    assert told["ok"] and told["problems"] == [] and told["pack"]["manifest"] == manifest
    assert told["ledger"]["head"] == json.loads((pack / "pack.json").read_text())["ledger_head"]
    assert "The pack is sound." in recon(made.folder, "verify", str(pack)).stdout
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "manifest.sha256"], cwd=pack, check=True)


def test_the_program_that_travels_is_written_for_python_3_8() -> None:
    ast.parse(Path(verify.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_pack_is_the_same_to_the_byte_and_so_is_its_zip(made: House, sealed: tuple[Path, Path]) -> None:
    for out in ("first", "second"):
        recon(made.folder, "report", "audit", "2025-Q1", "--out", out, "--zip")
    first, second = made.folder / "first", made.folder / "second"
    assert files(first) == files(second)
    recon(made.folder, "report", "audit", "2025-Q1", "--out", "first")
    assert files(first) == files(second)
    zipfile.ZipFile(first / "audit-2025-Q1.zip").extractall(first / "unpacked")
    assert files(first / "unpacked" / "audit-2025-Q1") == files(first / "audit-2025-Q1")


def test_a_sealed_pack_comes_back_as_it_was_and_its_seal_states_its_manifest(
    made: House, sealed: tuple[Path, Path]
) -> None:
    pack, seal = sealed
    stated = json.loads(seal.read_text())["reports"]
    digest = sha256((pack / "manifest.sha256").read_bytes()).hexdigest()
    assert stated["audit-2025-02/manifest.sha256"] == digest
    zipped = pack.with_name("audit-2025-02.zip")
    assert stated["audit-2025-02.zip"] == sha256(zipped.read_bytes()).hexdigest()
    assert seal.read_bytes() == next((made.folder / "seals").glob("2025-02-*")).read_bytes()
    kept = next((made.folder / "seals").glob("2025-01-*"))
    assert (pack / "seals" / kept.name).read_bytes() == kept.read_bytes()
    assert verify.prove(pack, [kept, seal]).problems == []


def test_whatever_one_character_is_altered_is_named_with_file_and_line(
    sealed: tuple[Path, Path], pack: Path
) -> None:
    tried = [(one.kind, named(one, pack, sealed[1])) for one in edits(pack, sealed[1], seed=7, count=60)]
    assert all(found for _, found in tried), table(tried)
    assert verify.prove(pack, [sealed[1]]).problems == []


def test_the_shell_finds_what_was_altered_too(sealed: tuple[Path, Path], pack: Path, tmp_path: Path) -> None:
    ours = Path(verify.__file__).with_name("verify.sh")
    for edit in edits(pack, sealed[1], seed=11, count=20):
        if edit.kind != "the seal":
            edit.path.write_bytes(edit.after)
            ran = shell(pack, tmp_path / "tools", AWKS[0], program=ours)
            edit.path.write_bytes(edit.before)
            assert ran.returncode == 5 and edit.path.name in ran.stdout, (edit.kind, ran)


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("ledger/postings.csv", ",PLN,10000,", ",PLN,10001,", "ledger/entries.csv:"),
        ("ledger/entries.csv", "2025-01-10T", "2025-01-11T", "ledger/entries.csv:"),
        ("data/open_lots.csv", "BTC,", "BTX,", "data/positions.csv:"),
        ("data/positions.csv", "BTC,", "BTX,", "data/cost_roll_forward.csv:"),
        ("data/roll_forward.csv", "10000", "10001", "data/roll_forward.csv:"),
        ("data/roll_forward.csv", "10000", "10001", "totals.csv:"),
        ("totals.csv", "checks.csv,13", "checks.csv,12", "totals.csv:"),
        ("evidence/chain.jsonl", '"status":200', '"status":201', "evidence/chain.jsonl:"),
        ("pack.json", '"entries":13', '"entries":12', "ledger/entries.csv"),
    ],
)
def test_what_is_altered_with_its_digests_still_does_not_fit_the_rest(
    pack: Path, name: str, old: str, new: str, place: str
) -> None:
    altered(pack / name, old, new)
    assert any(one.startswith(place) for one in rewritten(pack))


def test_what_fits_in_itself_is_found_by_the_seal_that_was_kept_elsewhere(
    sealed: tuple[Path, Path], pack: Path
) -> None:
    altered(pack / "index.html", "2025-02", "2025-12")
    assert rewritten(pack) == []
    assert [place for place, _ in verify.prove(pack, [sealed[1]]).problems] == ["manifest.sha256"]
    ran = python(pack, "--seal", str(sealed[1]))
    assert ran.returncode == 5 and "and the seal states" in ran.stdout


def test_files_that_are_missing_added_or_links_are_named(made: House, pack: Path) -> None:
    (pack / "data" / "checks.csv").unlink()
    (pack / "evidence" / "new.txt").write_text("more")
    (pack / "pages.html").symlink_to("/etc/hostname")
    told = recon(made.folder, "verify", str(pack), "--json", code=5).json
    places = {one["place"] for one in told["problems"]}
    assert {"data/checks.csv", "evidence/new.txt", "pages.html"} <= places
    assert "data/checks.csv" in recon(made.folder, "verify", str(pack), code=5).stdout
    assert "it is no audit pack" in recon(made.folder, "verify", str(made.folder), code=2).stderr


def test_parquet_has_the_numbers_of_the_csv_with_their_types(sealed: tuple[Path, Path]) -> None:
    rows = parquet.read_table(sealed[0] / "data" / "transactions.parquet")
    types = {str(field.type) for field in rows.schema}
    assert {"decimal128(38, 18)", "timestamp[us, tz=UTC]", "string"} <= types
    (_, titles), *lines = verify.Pack(sealed[0]).rows("data/transactions.csv")
    for name, kind in zip(rows.schema.names, rows.schema.types, strict=True):
        if "decimal" in str(kind):
            texts = [row[titles.index(name)] for _, row in lines]
            values = [None if text == "" else Decimal(text) for text in texts]
            assert rows.column(name).to_pylist() == values


@pytest.mark.parametrize("point", ["pack.tables-written", "pack.filled", "pack.old-moved", "pack.placed"])
def test_a_pack_whose_making_was_killed_is_none_or_whole(
    made: House, sealed: tuple[Path, Path], point: str
) -> None:
    asked = ("report", "audit", "2025-03", "--out", "killed")
    recon(made.folder, *asked)
    pack = made.folder / "killed" / "audit-2025-03"
    whole = files(pack)
    recon(made.folder, *asked, code=-9, env={ENVIRONMENT: f"{point}:1"})
    assert not pack.exists() or files(pack) == whole
    recon(made.folder, *asked)
    assert files(pack) == whole
    names = sorted(path.name for path in pack.parent.iterdir())
    assert names == ["audit-2025-03", "manifest.sha256"]


def test_a_disk_that_is_full_ends_in_words_and_leaves_nothing_half(
    made: House, sealed: tuple[Path, Path]
) -> None:
    with room_for(40_000):
        ran = recon(made.folder, "report", "audit", "2025-03", "--out", "full", code=1, env=PLAIN)
    assert "cannot be written" in ran.stderr and "too large" in ran.stderr
    assert list((made.folder / "full").iterdir()) == []


def test_what_is_not_of_a_pack_is_never_thrown_away(made: House, sealed: tuple[Path, Path]) -> None:
    asked = ("report", "audit", "2025-03", "--out", "notes")
    recon(made.folder, *asked)
    notes = made.folder / "notes" / "audit-2025-03" / "notes.txt"
    notes.write_text("mine")
    assert "notes.txt" in recon(made.folder, *asked, code=1).stderr
    assert notes.read_text() == "mine"
