"""What the tests of sources share."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sources.bench import Bench
from tests.sources.wallet import ACCESS, REFRESH


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(stack, tmp_path / "evidence")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration's folder, with the secrets of an ETHGas session."""
    for name, secret in (("access", ACCESS), ("refresh", REFRESH), ("key", "0x" + "11" * 32)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(secret)
    return tmp_path
