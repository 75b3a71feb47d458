"""Finds the plug-ins of a room: one file each, named as its id. A broken or empty room stops the program loudly."""

from importlib import import_module
from importlib.resources import files
from typing import TypeVar

T = TypeVar("T")


def catalogue(package: str, constant: str, kind: type[T]) -> dict[str, T]:
    """Every module of ``package`` that is not private, by its name, as the value of its ``constant``.

    Raises LookupError where a module lacks the constant or has one of another type, and where there is no module.
    """
    names = sorted(
        entry.name.removesuffix(".py")
        for entry in files(package).iterdir()
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    )
    found = {name: one(package, name, constant, kind) for name in names}
    if not found:
        raise LookupError(f"{package} holds no plug-in: the installation is not whole")
    return found


def one(package: str, name: str, constant: str, kind: type[T]) -> T:
    """The plug-in ``name`` of ``package``."""
    value = getattr(import_module(f"{package}.{name}"), constant, None)
    if not isinstance(value, kind):
        raise LookupError(f"{package}/{name}.py must end in {constant} = {kind.__name__}(...)")
    return value
