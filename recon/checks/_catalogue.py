"""Finds the checks of this room: each is a .sql file whose header says what it asks, why, and what to do about it.

The header is a block of comments of the form ``-- key: words``, further lines of a value indented. Below it stand two
statements: the question, which returns the bad rows, and a count of what was examined.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple, get_args

from recon.core.breaks import Severity, rank

_KEYS = ("title", "severity", "why", "fix", "reads")
_LINE = re.compile(r"-- (?:([a-z]+): +| {2})(\S.*)\Z")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*\Z")
_END = re.compile(r";[ \t]*$", re.MULTILINE)


class Check(NamedTuple):
    """One check. ``reads`` are the tables that its question and its diagnosis need."""

    name: str
    title: str
    severity: Severity
    why: str
    fix: str
    reads: tuple[str, ...]
    question: str
    examined: str


def catalogue(folder: Traversable | None = None) -> dict[str, Check]:
    """Every check by its name, in the order in which causes are shown.

    Raises LookupError where there is none, and where a name, a header or a file's shape is broken: a check that is left
    out in silence would pass.
    """
    room = files("recon.checks") if folder is None else folder
    texts = {
        entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
        for entry in room.iterdir()
        if entry.name.endswith(".sql")
    }
    if not texts:
        raise LookupError(f"{room} holds no check: the installation is not whole")
    if odd := [name for name in sorted(texts) if not _NAME.match(name)]:
        raise LookupError(f"{odd[0]}.sql: a check's name is lower-case words joined by _")
    return {name: _read(name, texts[name]) for name in sorted(texts, key=rank)}


def _read(name: str, text: str) -> Check:
    lines = text.splitlines()
    length = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = _header(name, lines[:length])
    statements = [part.strip() for part in _END.split("\n".join(lines[length:]))]
    if len(statements) != 3 or not all(statements[:2]) or statements[2]:
        raise LookupError(f"{name}.sql must hold two statements, each ending in a semicolon")
    if header["severity"] not in get_args(Severity):
        raise LookupError(f"{name}.sql: severity is one of {', '.join(get_args(Severity))}")
    return Check(
        name=name,
        title=header["title"],
        severity=header["severity"],  # type: ignore[arg-type] # proved just above
        why=header["why"],
        fix=header["fix"],
        reads=tuple(re.split(r", *", header["reads"])),
        question=statements[0],
        examined=statements[1],
    )


def _header(name: str, lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    key = ""
    for line in lines:
        match = _LINE.match(line)
        if match is None or not (match[1] or key) or match[1] in found:
            raise LookupError(
                f"{name}.sql: the header line {line!r} is not '-- key: words' or its continuation"
            )
        key = match[1] or key
        found[key] = f"{found[key]} {match[2]}" if key in found else match[2]
    if set(found) != set(_KEYS):
        raise LookupError(f"{name}.sql: the header must have exactly the keys {', '.join(_KEYS)}")
    return found
