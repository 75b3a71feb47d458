"""The project's own Python files, parsed, and the names they use."""

import ast
import builtins
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Module(NamedTuple):
    path: str  # from the project's root, with slashes
    tree: ast.Module


class Use(NamedTuple):
    line: int
    name: str  # dotted, as it would be without any "as" or "from": datetime.datetime.now


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    assert files, f"no Python file under {folders}: a rule that looks at nothing holds nothing"
    return tuple(Module(file.relative_to(ROOT).as_posix(), ast.parse(file.read_bytes())) for file in files)


def product() -> tuple[Module, ...]:
    return modules("recon", "reports")


def imports(module: Module) -> Iterator[Use]:
    """What the module imports, at its top or anywhere else."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (Use(node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.path.removesuffix(".py").split("/")[: -node.level] if node.level else []
            origin = ".".join([*package, *([node.module] if node.module else [])])
            yield from (Use(node.lineno, f"{origin}.{name.name}") for name in node.names)


def uses(module: Module) -> Iterator[Use]:
    """What the module imports, and every imported or built-in name in it, led back to where it comes from."""
    known = {name: name for name in dir(builtins)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                known[name.asname or name.name.split(".")[0]] = (
                    name.name if name.asname else name.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    yield from imports(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, *rest = _dotted(node)
            if first in known:
                yield Use(node.lineno, ".".join([known[first], *rest]))


def is_within(name: str, outer: str) -> bool:
    """Whether the dotted ``name`` is ``outer`` or something inside it."""
    return name == outer or name.startswith(outer + ".")


def _dotted(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]
