"""A process that has imported recon, and forks for each command that is to be run: importing takes longer than most.

What runs is the program's own ``main`` in a process of its own, with its own arguments, folder and output; but only
what a command does, not what it imports, is as it is for a user.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import NamedTuple

_ALSO = ("alembic.command", "pyarrow.compute", "rich.console", "rich.table", "yaml")
"""What commands import only when they need it, besides all of recon and its reports."""
_NEVER = ("recon.cli.__main__", "recon.notebook")
"""What runs as it is imported, or imports pandas, which no command does."""
_OTHERS = "recon.ledger.migrations."
"""What Alembic imports, and nobody else can."""
_LONGEST = 100
_PROCESS: list[subprocess.Popen[bytes]] = []


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    stdout: bytes
    stderr: bytes


def run(args: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> Ended:
    """Runs ``recon ARGS`` in a folder."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        asked = json.dumps({"args": args, "folder": str(folder), "env": dict(env)}).encode()
        door = _started()
        socket.send_fds(door, [len(asked).to_bytes(4, "big")], [out.fileno(), errors.fileno()])
        door.sendall(asked)
        code = int(_exactly(door, 8))
        out.seek(0)
        errors.seek(0)
        return Ended(code, out.read(), errors.read())


@cache
def _started() -> socket.socket:
    """The way to the process, which ends with this one."""
    ours, theirs = socket.socketpair()
    program = "import sys; from tests.contract._ready import serve; serve(int(sys.argv[1]))"
    _PROCESS.append(
        subprocess.Popen(
            (sys.executable, "-c", program, str(theirs.fileno())),
            cwd=Path(__file__).resolve().parents[2],
            # numpy's arithmetic starts threads as it is imported, unless it is told that there is one core.
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
                "OPENBLAS_NUM_THREADS": "1",
            },
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    )
    theirs.close()
    atexit.register(_end, ours)
    return ours


def _end(door: socket.socket) -> None:
    """The process ends when nobody holds the other end of its socket."""
    door.close()
    _PROCESS.pop().wait()


def serve(number: int) -> None:
    """Forks for each command that comes through a socket, until nobody is there any more."""
    for name in (*_rooms(), *_ALSO):
        import_module(name)
    for template in (pages := import_module("reports._render._page").environment()).list_templates(["j2"]):
        pages.get_template(template)
    gc.freeze()  # what was imported is no garbage: a child that looked through it would copy all of it
    threads = [(one / "comm").read_text().strip() for one in Path("/proc/self/task").iterdir()]
    # A fork takes only the thread that forks with it. pyarrow's allocator knows that, and starts its own again.
    assert len([one for one in threads if not one.startswith("jemalloc")]) == 1, threads
    door = socket.socket(fileno=number)
    while True:
        size, fds, _, _ = socket.recv_fds(door, 4, 2)
        if not size:
            return
        asked = json.loads(_exactly(door, int.from_bytes(size, "big")))
        child = os.fork()
        if child == 0:
            door.close()
            _become(asked, fds)
        for each in fds:
            os.close(each)
        door.sendall(f"{_waited(child):8d}".encode())


def _rooms() -> Iterator[str]:
    import recon
    import reports

    for room in (recon, reports):
        for one in walk_packages(room.__path__, f"{room.__name__}."):
            if one.name not in _NEVER and not one.name.startswith(_OTHERS):
                yield one.name


def _become(asked: dict[str, object], fds: list[int]) -> None:
    """The command, in the process that was forked for it."""
    for target, each in zip((1, 2), fds, strict=True):
        os.dup2(each, target)
        os.close(each)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    time.tzset()
    os.chdir(str(asked["folder"]))
    sys.argv = ["-c", *asked["args"]]  # type: ignore[misc]
    code = 1
    try:
        import recon.cli

        recon.cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _waited(child: int) -> int:
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 999


def _exactly(door: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = door.recv(size - len(found))
        if not more:
            raise EOFError("the process that was ready is gone")
        found += more
    return found
