"""recon as a user, a script and a scheduler see it: a process with arguments, files, and what it prints.

Every run is held to what holds for all: no traceback, no colour and no progress where there is no terminal, and with
``--json`` exactly one document on standard output, which fits its command's schema.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from jsonschema import Draft202012Validator

from tests.contract import _ready

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests" / "cases" / "schemas"
PROGRAM = (sys.executable, "-c", "from recon.cli import main; main()")
_PARTS = {"run": ("pull", "reconcile"), "demo": ("pull", "reconcile")}
"""Answers that are made of other commands' answers."""
_ALONE = ("pull", "balances", "reconcile", "verify", "close", "sign", "reopen", "bridge", "tax")
_GROUPS = {
    "breaks": {
        **dict.fromkeys(("list", "show", "export", "import"), "breaks-{}"),
        **dict.fromkeys(("assign", "note", "resolve", "reopen"), "breaks-written"),
    },
    "adjust": {**dict.fromkeys(("draft", "approve", "reverse"), "adjustment"), "list": "adjust-list"},
    "prices": {
        "list": "prices-list",
        "import": "prices-import",
        **dict.fromkeys(("set", "approve"), "prices-set"),
    },
}
"""The schema of each command of a group."""
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2580-\u259f\u2800-\u28ff]")
"""What only a terminal understands: escapes, carriage returns, bars and spinners."""


class Ran(NamedTuple):
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one document on standard output. A number with a point in it would be money as a float."""
        return json.loads(self.stdout, parse_float=_no_float)


def recon(folder: Path, *args: str, code: int = 0, env: Mapping[str, str] | None = None) -> Ran:
    """Runs ``recon ARGS`` in a folder and expects it to end with ``code``.

    With an environment of its own it is started afresh; else in a process that has been made ready.
    """
    if env is None:
        return _looked_at(args, *_ready.run(args, folder, _environment(None)), code)
    done = subprocess.run(
        (*PROGRAM, *args), cwd=folder, env=_environment(env), capture_output=True, check=False, timeout=100
    )
    return _looked_at(args, done.returncode, done.stdout, done.stderr, code)


@contextmanager
def started(
    folder: Path, *args: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``recon ARGS``, under way; killed at the end if it is still there."""
    process = subprocess.Popen(
        (*PROGRAM, *args),
        cwd=folder,
        env=_environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_listen_to_ctrl_c,  # noqa: PLW1509 - nothing else runs between fork and exec
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes], *args: str, code: int) -> Ran:
    """Waits for a started command, and looks at it as at any other."""
    stdout, stderr = process.communicate(timeout=60)
    return _looked_at(args, process.returncode, stdout, stderr, code)


def fitting(name: str, document: Any) -> Any:
    """``document``, which fits the schema of this name."""
    faults = [f"{one.json_path}: {one.message}" for one in _schema(name).iter_errors(document)]
    assert not faults, "\n".join(faults)
    return document


def _looked_at(args: tuple[str, ...], found: int, stdout: bytes, stderr: bytes, code: int) -> Ran:
    ran = Ran(found, stdout.decode(), stderr.decode())
    whole = f"recon {' '.join(args)} gave {found}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr + ran.stdout, whole
    assert not _ODD.search(ran.stdout + ran.stderr), whole
    assert found == code, whole
    if "--json" in args:
        _hold_to_schema(args, ran, whole)
    return ran


def _hold_to_schema(args: tuple[str, ...], ran: Ran, whole: str) -> None:
    try:
        document = ran.json
    except ValueError as error:
        raise AssertionError(f"standard output is not one JSON document: {error}\n{whole}") from None
    if isinstance(document, dict) and "error" in document:
        assert set(document) == {"error"} and set(document["error"]) == {"kind", "message"}, whole
        assert document["error"]["kind"] and document["error"]["message"], whole
        assert ran.code not in (0, 3), whole
        return
    command = next((one for one in args if one in (*_ALONE, *_PARTS, *_GROUPS, "report")), "")
    for word in args[args.index(command) + 1 :] if command in _GROUPS else ():
        if word in _GROUPS[command]:
            fitting(_GROUPS[command][word].format(word), document)
            return
    if command == "tax":
        command = next((f"tax-{word}" for word in ("explain", "compare") if f"--{word}" in args), command)
    for part in _PARTS.get(command, ()):
        fitting(part, document[part])
    if command.partition("-")[0] in _ALONE:
        fitting(command, document)


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """The tests' environment without what steers recon or makes it start slowly, and with what a case adds."""
    unwanted = ("RECON_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "PYTHONPATH": str(ROOT), **(env or {})}


def _listen_to_ctrl_c() -> None:
    """A test run in the background of a shell ignores Ctrl-C, and would hand that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _no_float(lexeme: str) -> NoReturn:
    raise AssertionError(f"{lexeme} is a JSON number with a point; quantities are strings")


@cache
def _schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(_whole({"$ref": f"{name}.schema.json"}))


def _whole(schema: Any) -> Any:
    """A schema with what it refers to in other files put in its place."""
    if isinstance(schema, dict) and "$ref" in schema:
        file, _, place = schema["$ref"].partition("#/")
        found = json.loads((SCHEMAS / file).read_text(encoding="utf-8"))
        for step in filter(None, place.split("/")):
            found = found[step]
        return _whole(found)
    if isinstance(schema, dict):
        return {name: _whole(one) for name, one in schema.items()}
    return [_whole(one) for one in schema] if isinstance(schema, list) else schema
