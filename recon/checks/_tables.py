"""Fills the tables that a run brings along, beside those of the ledger."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from duckdb import DuckDBPyConnection

from recon.core.times import naive


def insert(connection: DuckDBPyConnection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """By columns: row by row, a million would take minutes."""
    columns = [[_value(value) for value in column] for column in zip(*rows, strict=True)]
    if columns:
        told = ", ".join(f"unnest(${number})" for number in range(1, len(columns) + 1))
        connection.execute(f"insert into {table} select {told}", columns)  # names of ours alone


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return naive(value)
    return str(value) if isinstance(value, Decimal) else value
