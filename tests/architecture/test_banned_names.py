"""Names that the product may not use, except where it says why."""

from typing import NamedTuple

import pytest

from tests.architecture._code import is_within, product, uses


class Ban(NamedTuple):
    names: tuple[str, ...]
    instead: str
    allowed: dict[str, str]  # the beginning of a path, and why


BANS = {
    "clock": Ban(
        names=(
            "datetime.datetime.now",
            "datetime.datetime.today",
            "datetime.datetime.utcnow",
            "datetime.date.today",
            "time",
        ),
        instead="take the time as an argument; the same evidence must give the same ledger at any hour",
        allowed={
            "recon/cli/": "the command line is where the clock enters",
            "recon/demo/": "a stand-in venue has a clock as a venue does",
            "recon/notebook.py": "it is the command line of a notebook",
        },
    ),
    "randomness": Ban(
        names=("random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom"),
        instead="name things by their content",
        allowed={},
    ),
    "locale": Ban(
        names=("locale",),
        instead="write numbers with recon.core.money and times with recon.core.times",
        allowed={},
    ),
    "printing": Ban(
        names=("print", "sys.stdout", "sys.stderr"),
        instead="answer with a value; only the command line speaks",
        allowed={
            "recon/cli/": "it is the command line",
            "reports/_pack/verify.py": "it is a program of its own",
        },
    ),
    "network": Ban(
        names=(
            "aiohttp",
            "http.client",
            "httpcore2",
            "httpx",
            "httpx2",
            "requests",
            "socket",
            "ssl",
            "urllib.request",
            "urllib3",
        ),
        instead="ask through recon/sources/_http.py, which knows what may be asked",
        allowed={
            "recon/demo/": "a stand-in venue answers on a loopback address",
            "recon/sources/_guard.py": "it is the one guarded way out",
            "recon/sources/_http.py": "it judges what comes back through the guard",
        },
    ),
    "hidden imports": Ban(
        names=("typing.TYPE_CHECKING", "TYPE_CHECKING", "importlib.import_module", "__import__"),
        instead="import it at the top; a type that needs hiding belongs in recon.core",
        allowed={
            "recon/cli/__init__.py": "a command is imported when it is asked for, by its file name",
            "recon/core/registry.py": "it imports the one-file rooms by their file names",
        },
    ),
}


@pytest.mark.parametrize("ban", BANS)
def test_no_banned_name_is_used(ban: str) -> None:
    names, instead, allowed = BANS[ban]
    found = {
        f"{module.path}:{use.line} uses {use.name}: {instead}"
        for module in product()
        if not module.path.startswith(tuple(allowed))
        for use in uses(module)
        if any(is_within(use.name, name) for name in names)
    }
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("ban", BANS)
def test_every_exception_from_a_ban_is_still_needed(ban: str) -> None:
    for place in BANS[ban].allowed:
        there = [module for module in product() if module.path.startswith(place)]
        needed = any(
            is_within(use.name, name) for module in there for use in uses(module) for name in BANS[ban].names
        )
        assert needed or not there, f"nothing in {place} needs its exception from the ban on {ban} any more"
