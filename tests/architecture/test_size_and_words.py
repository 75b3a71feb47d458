"""Functions and files stay small enough to read in one go, and say what they are for."""

import ast
from collections.abc import Iterator

from tests.architecture._code import ROOT, Module, modules

FUNCTION_LINES = 70
FILE_LINES = 400
WHOLE = {"reports/_pack/verify.py": 600}  # whoever proves a pack takes one file along, and reads it
TEXTS = {".py", ".sql", ".j2", ".css"}


def test_no_function_is_longer_than_seventy_lines() -> None:
    found = [
        f"{module.path}:{node.lineno} {node.name} has {length} lines"
        for module in modules("recon", "reports", "tests")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not found, "\n".join(found)


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    found = [
        f"{path.relative_to(ROOT)} has {length} lines"
        for folder in ("recon", "reports", "tests")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in TEXTS
        and (length := len(path.read_bytes().splitlines()))
        > WHOLE.get(path.relative_to(ROOT).as_posix(), FILE_LINES)
    ]
    assert not found, "\n".join(found)


def test_every_module_and_every_public_function_and_class_has_a_docstring() -> None:
    found = [name for module in modules("recon") for name in _unexplained(module)]
    assert not found, "\n".join(found)


def _unexplained(module: Module) -> Iterator[str]:
    if ast.get_docstring(module.tree) is None:
        yield module.path
    for node in module.tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ):
            yield f"{module.path}:{node.lineno} {node.name}"
