"""PostgreSQL for the tests of this folder that ask for it."""

from tests.fixtures_pg import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
