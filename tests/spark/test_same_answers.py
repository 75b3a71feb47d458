"""The same SQL text gives the same rows on DuckDB and on Spark, to the last decimal, for the same random ledgers."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recon.checks import catalogue
from recon.checks._ask import _TYPES, Engine
from recon.checks._spark import _settle, on_spark
from recon.core.errors import ConfigError
from tests.checks._ledger import Ledger
from tests.spark._ledgers import TABLES, fill

pytestmark = pytest.mark.spark
CHECKS = catalogue()


def answer(engine: Engine, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and the rows; what is no column of a question is a count."""
    asked = engine.execute(query)
    columns = [(name, str(kind)) for name, kind, *_ in asked.description or ()]
    assert all(kind in _TYPES.get(name, {"BIGINT", "HUGEINT"}) for name, kind in columns), columns
    return [name for name, _ in columns], sorted(asked.fetchall(), key=repr)


@settings(
    max_examples=max(2, settings().max_examples // 100),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
@given(seed=st.integers(0, 2**32))
def test_both_engines_give_the_same_rows_and_count_the_same(seed: int) -> None:
    """Each is a ledger of four venues."""
    connection = fill(seed)
    with on_spark(connection, TABLES) as spark:
        for name, check in CHECKS.items():
            for query in (check.question, check.examined):
                assert answer(spark, query) == answer(connection, query), (name, seed)


def test_the_random_ledgers_give_every_check_something_to_find() -> None:
    found = dict.fromkeys(CHECKS, 0)
    for seed in range(15):
        connection = fill(seed)
        for name, check in CHECKS.items():
            found[name] += len(connection.execute(check.question).fetchall())
    assert all(found.values()), found


def test_a_reconciliation_on_spark_is_the_one_on_duckdb() -> None:
    ledger = Ledger()
    ledger.chain(["1.5", "-0.000000000000000001", "3"])
    ledger.row("5", "9")
    ledger.row("5", asset="ETH")
    ledger.unread()
    ledger.look({("main", "BTC"): "9", ("main", "ETH"): "5.1"})
    ledger.read(status="failed", error="timeout")
    here = ledger.results()
    there = ledger.results(engine="spark")
    assert there == here
    assert [one.check for one in here.values() if one.breaks]


class Deaf:
    """A session whose settings are its owner's alone."""

    @property
    def conf(self) -> "Deaf":
        return self

    def set(self, name: str, value: str) -> None:
        pass

    def get(self, name: str) -> str:
        return f"{name} of the owner"


def test_a_session_that_does_not_take_the_settings_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowPrecisionLoss"):
        _settle(Deaf())


def test_the_session_of_others_keeps_its_settings(session: Any) -> None:
    with on_spark(fill(0), {"legs"}):
        pass
    assert session.conf.get("spark.sql.session.timeZone") == "Asia/Kathmandu"
    assert session.catalog.listTables() == []
