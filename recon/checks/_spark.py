"""Asks the checks' questions on Spark: the same SQL text, on the same tables, which travel there as Parquet.

Spark's own defaults lose the 18th decimal in silence, let a cast fail into NULL and read moments in the machine's zone.
The settings below mend that; a session that does not have them is refused.
"""

import tempfile
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from recon.core.errors import ConfigError

SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""Without these the answers would not be those of DuckDB."""

_RULE = (
    "spark.sql.optimizer.excludedRules",
    "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
)
"""Tidies plans, and in Spark 4.3 breaks some of ours, which Spark notices and then refuses to run."""

_OURS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Of a Spark that we start: on this machine, for this run, silent, with no port open to others."""

_TYPES = {"VARCHAR": "string", "TIMESTAMP": "timestamp_ntz"}
"""What Spark calls a type where DuckDB has another word for it."""

_PLACE = "[checks] engine"


class Spark:
    """A session that holds the tables of a copy. Answers come back as DuckDB hands them over."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def execute(self, query: str) -> DuckDBPyConnection:
        """Asks, and takes the whole answer over in its own types."""
        answer = duckdb.connect()
        answer.register("answer", self._session.sql(query).toArrow())
        return answer.execute("select * from answer")


@contextmanager
def on_spark(connection: DuckDBPyConnection, tables: Collection[str]) -> Iterator[Spark]:
    """A Spark that holds these tables of ``connection`` as they are now; one that runs already is used and left.

    Raises ConfigError where Spark or Java is missing, or does not take the settings.
    """
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="recon-spark-") as folder:
        # It says that pandas is newer than it knows; nothing of pandas is used here.
        warnings.filterwarnings("ignore", category=FutureWarning)
        opened, began = _open()
        try:
            session = opened.newSession()
            _settle(session)
            for table in sorted(tables):
                _carry(connection, session, table, Path(folder, f"{table}.parquet"))
            yield Spark(session)
        finally:
            if began:
                opened.stop()


def _open() -> tuple[Any, bool]:
    """A session, and whether it was begun here."""
    try:
        # Here because it is an optional extra, and takes seconds.
        from pyspark import errors, sql  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigError(
            "Spark is an extra that is not installed",
            where=_PLACE,
            next_step="Install it with: pip install 'recon-ledger[spark]', or leave the key out",
        ) from None
    if (running := sql.SparkSession.getActiveSession()) is not None:
        return running, False
    builder = sql.SparkSession.builder.appName("recon").master("local[*]")
    for name, value in (_OURS | SETTINGS).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate(), True
    except errors.PySparkException as error:
        raise ConfigError(
            f"Spark does not start: {str(error).partition(chr(10))[0]}",
            where=_PLACE,
            next_step="It needs Java 17 or newer: install it, or leave the key out",
        ) from None


def _settle(session: Any) -> None:
    for name, value in (*SETTINGS.items(), _RULE):
        session.conf.set(name, value)
    wrong = [name for name, value in SETTINGS.items() if session.conf.get(name) != value]
    if wrong:
        raise ConfigError(
            f"this Spark does not take the settings {', '.join(wrong)}, without which it reckons otherwise",
            where=_PLACE,
            next_step="Leave the key out, or let recon start a Spark of its own",
        )


def _carry(connection: DuckDBPyConnection, session: Any, table: str, path: Path) -> None:
    """One table, as it is. Parquet knows no interval that both understand: it goes as microseconds."""
    zero = "timestamp '1970-01-01'"
    told, given, read = [], [], []
    for name, kind, *_ in connection.execute(f"describe {table}").fetchall():
        if kind == "INTERVAL":
            told.append(f"""datediff('microsecond', {zero}, {zero} + "{name}") as "{name}\"""")
            given.append(f"`{name}` bigint")
            read.append(f"timestamp_micros(`{name}`) - timestamp_micros(0) as `{name}`")
        else:
            told.append(f'"{name}"')
            given.append(f"`{name}` {_TYPES.get(kind, kind)}")
            read.append(f"`{name}`")
    connection.execute(f"copy (select {', '.join(told)} from {table}) to '{path}' (format parquet)")  # noqa: S608
    session.sql(
        f"create or replace temporary view {table}_file ({', '.join(given)}) using parquet options (path '{path}')"
    )
    session.sql(f"create or replace temporary view {table} as select {', '.join(read)} from {table}_file")  # noqa: S608
