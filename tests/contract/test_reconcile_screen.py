"""What ``recon reconcile`` shows people, on a terminal and where there is none."""

import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.contract.house import VENUES, House, house
from tests.contract.outside import PROGRAM, ROOT, recon

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A row of fuse is gone, a deposit at egera waits, and egera holds 0.01 BTC and 1,000.50 PLN more than it tells."""
    folder = tmp_path_factory.mktemp("screen")
    with house(folder, *VENUES) as found:
        del found.fuse.books["history"][2]
        found.egera.books["balances"]["BTC"]["active"] = "0.61000000"
        found.egera.books["balances"]["PLN"]["active"] = "4475.50"
        recon(folder, "pull")
        yield found


def _terminal(folder: Path, *args: str, width: int = 100) -> str:
    """What a terminal of that width is sent on standard output and error."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        (*PROGRAM, *args), cwd=folder, stdin=follower, stdout=follower, stderr=subprocess.DEVNULL,
        env={**env, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}, close_fds=True,
    )  # fmt: skip
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 65536):
            said += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(leader)
        process.wait(timeout=60)
    return said.decode().replace("\r\n", "\n")


def test_a_clean_period_says_so_first(tmp_path: Path) -> None:
    with house(tmp_path, *VENUES):
        recon(tmp_path, "pull")
        said = recon(tmp_path, "reconcile", "2025-02").stdout
        document = recon(tmp_path, "reconcile", "2025-02", "--json").json
    examined = sum(one["tested"] for one in document["checks"])
    count = len(document["checks"])
    assert said.splitlines()[0] == f"2025-02: clean. Nothing open; {count} checks examined {examined} rows."
    assert all(one["check"] in said for one in document["checks"])


def test_what_is_worth_most_comes_first_with_its_cause_and_the_next_step(made: House) -> None:
    """A bitcoin is worth 50,000 by the only trade, so 0.01 of it less than 1,000.50 złoty; a USDT has no price."""
    said = recon(made.folder, "reconcile", "2025", code=3).stdout
    lines = said.splitlines()
    found = recon(made.folder, "reconcile", "2025", "--json", code=3).json
    by_asset = {one["asset"]: one for one in found["breaks"] if one["severity"] == "error"}
    errors = sum(one["severity"] == "error" for one in found["breaks"])
    assert lines[0].startswith(f"2025: not clean. {errors} errors, 1 warning open; ")
    shown = [line.split()[0] for line in lines if line.startswith("B-")]
    assert sorted(shown) == sorted(one["id"] for one in found["breaks"])
    pln, btc, usdt = (by_asset[asset] for asset in ("PLN", "BTC", "USDTERC20"))
    order = [shown.index(one["id"]) for one in (pln, btc, usdt)]
    assert order == [0, 1, 2]
    rows = [line for line in lines if line.startswith("B-")]
    assert rows[0].split()[1:] == ["closing_balance", "egera/main/PLN", "1000.5", "1,000.50"]
    assert rows[1].split()[1:] == ["closing_balance", "egera/main/BTC", "0.01", "500.00"]
    after = lines[lines.index(rows[1]) + 1]
    assert after == f"  error, {btc['diagnosis']['kind']}: Pull again, in case a row was late."
    assert "recon explain BREAK" in said


def test_decimal_points_stand_in_one_line_and_no_line_is_wider_than_100(made: House) -> None:
    lines = recon(made.folder, "reconcile", "2025", code=3).stdout.splitlines()
    head = next(line for line in lines if line.startswith("Break"))
    rows = [line for line in lines if line.startswith("B-")]
    end = head.index("Difference") + len("Difference")
    assert len({line.index(".", 40) for line in rows if "." in line[40:end]}) == 1
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("width", [80, 100, 140])
def test_a_terminal_gets_the_same_in_colour_within_its_width(made: House, width: int) -> None:
    said = _terminal(made.folder, "reconcile", "2025", width=width)
    assert "\x1b[31m" in said and "\x1b[33m" in said
    bare = ESCAPE.sub("", said).splitlines()
    assert bare[0].startswith("2025: not clean.")
    assert max(map(len, bare[1:])) <= width
    piped = recon(made.folder, "reconcile", "2025", code=3).stdout.splitlines()
    assert bare[0] == piped[0]
    assert [line[:14] for line in bare if line.startswith("B-")] == [
        line[:14] for line in piped if line.startswith("B-")
    ]


def test_quiet_says_nothing(made: House) -> None:
    assert recon(made.folder, "reconcile", "2025", "--quiet", code=3).stdout == ""
