"""Changes the code in small ways, one at a time, and counts the changes that no test notices. ``make mutants``.

Each room is tried in a copy of the project with the tests that are about it. Prints the score of each file and every
change that went unnoticed. Fails below 85 in a hundred, and where one of a sign, a rounding or a comparison did,
unless it changes nothing that could be noticed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("recon", "reports", "sample_data", "docs", "tests", "pyproject.toml", "README.md")
WANTED = 85
KILLED = {1, 3, 24, 36, 152, 255, -24}
"""Exit codes of a run that noticed: a test failed, or nothing came to an end any more."""
GRAVE = re.compile(r"[<>]=?|[!=]=|[-+*/%]|copy_\w+|\w*round\w*|quantize|scaleb|\bnot\b|\bis\b|\bin\b")
TEXT = re.compile(r"""[rbf]?("[^"]*"|'[^']*')""")


class Room(NamedTuple):
    """Files and the tests that are about them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "core": Room(("recon/core/money.py", "recon/core/canonical.py", "recon/core/records.py"), ("tests/core",)),
    "post": Room(("recon/pipeline/post.py",), ("tests/laws/test_posting.py",)),
    "egera": Room(
        ("recon/sources/_egera_rows.py",),
        ("tests/sources/test_egera.py", "tests/sources/test_egera_rows.py", "tests/sources/test_egera_logins.py"),
    ),
    "gaps": Room(
        ("recon/checks/_gaps.py", "recon/checks/_figures.py", "recon/checks/_order.py", "recon/checks/_diagnose.py"),
        (
            "tests/checks/test_order.py", "tests/checks/test_gaps.py", "tests/checks/test_gap_laws.py",
            "tests/checks/test_diagnose.py", "tests/checks/test_running_balance.py",
        ),
    ),
    "differences": Room(
        ("recon/checks/_subsets.py", "recon/checks/_differences.py", "recon/checks/_fee_rule.py"),
        (
            "tests/checks/test_subsets.py", "tests/checks/test_differences.py", "tests/checks/test_closing_search.py",
            "tests/checks/test_closing_laws.py", "tests/checks/test_closing_balance.py",
            "tests/checks/test_closing_steps.py",
        ),
    ),
}  # fmt: skip

EQUAL = {
    'written = format(number, "F")': "a number that fits is finite",
    'written = written.rstrip("XX0XX").rstrip(".")': "no number has an X",
    'written = written.rstrip("0").rstrip("XX.XX")': "no number has an X",
    'whole = value.lstrip("XX-XX").partition(".")[0]': "no number has an X",
    "context.traps[decimal.Inexact] = None": "as false as False",
    "return number.quantize(Decimal(2).scaleb(-places), rounding=ROUNDINGS[rounding])": "only its exponent counts",
    "by_asset[one.asset] = by_asset.get(one.asset, ZERO) - one.quantity": "the sum negated is as much zero",
    "if row.at <= cell.first:": "sets what is set",
    "elif row.at >= cell.last:": "sets what is set",
}
"""Changed lines that change nothing that could be noticed, each with the reason."""


def copied(name: str, room: Room) -> Path:
    """A copy of the project in which only the room's files are changed and only its tests run."""
    place = ROOT / "mutants" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for part in NEEDED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, place / part)
    settings = (ROOT / "pyproject.toml").read_text()
    own = f"only_mutate = {list(room.files)}\npytest_add_cli_args_test_selection = {list(room.tests)}\n"
    changed = settings.replace("[tool.mutmut]\n", f"[tool.mutmut]\n{own}")
    assert changed != settings
    (place / "pyproject.toml").write_text(changed)
    return place


def mutmut(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs mutmut in a copy."""
    program = [str(Path(sys.executable).with_name("mutmut")), *words]
    env = os.environ | {"RECON_HYPOTHESIS": "mutants"}
    return subprocess.run(program, cwd=place, env=env, capture_output=True, text=True, check=False)


def unnoticed(place: Path, file: str) -> tuple[Counter[bool], list[str]]:
    """How many changes of a file were noticed and how many not, and the names of those."""
    codes = json.loads((place / "mutants" / f"{file}.meta").read_text())["exit_code_by_key"]
    noticed = {name: code in KILLED for name, code in codes.items()}
    return Counter(noticed.values()), [name for name, seen in noticed.items() if not seen]


def change(place: Path, name: str) -> tuple[str, str]:
    """The lines that were taken out and put in."""
    shown = mutmut(place, "show", name).stdout.splitlines()
    lines = [line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    taken, put = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return taken, put


def grave(taken: str, put: str) -> bool:
    """Whether a sign, a rounding or a comparison was changed, and it is not known to change nothing."""
    before, after = (Counter(GRAVE.findall(TEXT.sub("", line))) for line in (taken, put))
    return before != after and put not in EQUAL


def tried(name: str, room: Room) -> Iterator[bool]:
    """Tries a room, and says of each file whether its tests are good enough."""
    place = copied(name, room)
    done = mutmut(place, "run", "--max-children", str(os.cpu_count() or 2))
    if "mutations/second" not in done.stdout:
        print(done.stdout[-5_000:], done.stderr[-5_000:])
        yield False
        return
    for file in room.files:
        count, left = unnoticed(place, file)
        score = 100 * count[True] // max(count.total(), 1)
        print(f"{file:34} {count[True]:5} of {count.total():5} noticed: {score} in a hundred")
        good = score >= WANTED
        for one in left:
            taken, put = change(place, one)
            bad = grave(taken, put)
            good = good and not bad
            print(f"  {'!' if bad else '-'} {one.rpartition('.')[2]}\n      {taken}\n      {put}")
        yield good


def main(names: Sequence[str]) -> int:
    """Tries all rooms, or those that are named."""
    results = [
        good for name, room in ROOMS.items() if not names or name in names for good in tried(name, room)
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
