"""The checks keep to SQL that engines agree on, so that the same text may run on another one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from recon.checks import catalogue
from recon.checks._catalogue import Check

FUNCTIONS = (
    exp.Sum, exp.Abs, exp.Min, exp.Max, exp.Count, exp.Lag, exp.RowNumber, exp.Case, exp.If, exp.Coalesce, exp.Cast,
    exp.Exists, exp.And, exp.Or,
)  # fmt: skip
FORBIDDEN = (exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Avg, exp.Qualify, exp.Star, exp.Pow)
NUMBERS_AND_TIMES = {"ordinal", "turn", "entry", "at", "reading", "record", "look"}
CASTS = {"DECIMAL(36, 18)", "DECIMAL(37, 18)", "DECIMAL(38, 18)", "TEXT", "TIMESTAMPNTZ", "BIGINT"}
CHECKS = [pytest.param(check, id=name) for name, check in catalogue().items()]


def _trees(check: Check, dialect: str = "duckdb") -> list[exp.Expr]:
    parsed = [sqlglot.parse_one(text, read=dialect) for text in (check.question, check.examined)]
    assert all(isinstance(tree, exp.Query) for tree in parsed)
    return parsed


def _words(check: Check) -> str:
    """The SQL in lower case, without comments and without what stands in quotes."""
    text = re.sub(r"--.*", "", f"{check.question}\n{check.examined}".lower())
    return re.sub(r"'[^']*'", "''", text)


def _all(check: Check, *kinds: type[Any]) -> Iterator[Any]:
    for tree in _trees(check):
        yield from tree.find_all(*kinds)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_a_check_parses(check: Check, dialect: str) -> None:
    assert len(_trees(check, dialect)) == 2


@pytest.mark.parametrize("check", CHECKS)
def test_both_dialects_read_the_same(check: Check) -> None:
    """But for what settings of Spark decide: that a cast may fail, and in which zone a timestamp stands."""
    for ours, theirs in zip(_trees(check), _trees(check, "spark"), strict=True):
        read = theirs.sql("duckdb").replace("TRY_CAST", "CAST").replace("TIMESTAMPTZ", "TIMESTAMP")
        assert ours.sql("duckdb") == read


@pytest.mark.parametrize("check", CHECKS)
def test_only_operations_are_used_on_which_engines_agree(check: Check) -> None:
    stars = [node for node in _all(check, exp.Star) if not isinstance(node.parent, exp.Count)]
    found = [node for node in _all(check, *FORBIDDEN) if not isinstance(node, exp.Star)]
    assert not stars
    assert not found
    strangers = [node.sql() for node in _all(check, exp.Func) if not isinstance(node, FUNCTIONS)]
    assert not strangers
    assert "::" not in _words(check)


@pytest.mark.parametrize("check", CHECKS)
def test_there_is_no_number_with_a_point(check: Check) -> None:
    assert not [node.sql() for node in _all(check, exp.Literal) if not node.is_string and "." in node.this]


@pytest.mark.parametrize("check", CHECKS)
def test_casts_name_types_that_engines_share(check: Check) -> None:
    assert {node.args["to"].sql() for node in _all(check, exp.Cast)} <= CASTS
    assert "varchar" not in _words(check), "Spark wants a length for it; string is the same to DuckDB"


@pytest.mark.parametrize("check", CHECKS)
def test_every_output_has_its_name(check: Check) -> None:
    for select in _all(check, exp.Select):
        assert isinstance(select, exp.Select)
        assert all(isinstance(one, exp.Alias) for one in select.selects), select.sql()


@pytest.mark.parametrize("check", CHECKS)
def test_every_column_says_which_table_it_is_of(check: Check) -> None:
    assert not [node.sql() for node in _all(check, exp.Column) if not node.table]


@pytest.mark.parametrize("check", CHECKS)
def test_windows_have_a_total_order_and_a_frame_of_rows(check: Check) -> None:
    for window in _all(check, exp.Window):
        order, frame = window.args.get("order"), window.args.get("spec")
        assert order, window.sql()
        if isinstance(window.this, exp.Lag | exp.RowNumber):
            assert frame is None
        else:
            assert frame is not None, window.sql()
            assert frame.args["kind"].lower() == "rows"
    assert "order by" not in re.sub(r"over \([^()]*\)", "", _words(check)), "the runner sorts"


@pytest.mark.parametrize("check", CHECKS)
def test_orders_are_of_numbers_and_times_and_say_where_nulls_go(check: Check) -> None:
    terms = [
        term
        for order in re.findall(r"order by ([^()]*?)(?:rows|\))", _words(check))
        for term in order.split(",")
    ]
    assert len(terms) >= len(list(_all(check, exp.Ordered)))
    for term in terms:
        found = re.fullmatch(r"\s*\w+\.(\w+) (?:asc|desc) nulls (?:first|last)\s*", term)
        assert found is not None, term
        assert found[1] in NUMBERS_AND_TIMES


@pytest.mark.parametrize("check", CHECKS)
def test_an_empty_sum_is_zero(check: Check) -> None:
    assert not [node.sql() for node in _all(check, exp.Sum) if not node.find_ancestor(exp.Coalesce)]


@pytest.mark.parametrize("check", CHECKS)
def test_a_condition_on_nothing_cannot_pass_as_good(check: Check) -> None:
    """``not x`` is unknown where x is; ``x is not true`` is not."""
    for node in _all(check, exp.Not):
        assert isinstance(node.this, exp.Is | exp.Exists), node.sql()
    if check.name != "evidence":
        assert "is not true" in _words(check)


@pytest.mark.parametrize("check", CHECKS)
def test_the_tables_are_those_of_the_header(check: Check) -> None:
    """The header may name more: what the diagnosis looks at."""
    for tree in _trees(check):
        named = {common.alias for common in tree.find_all(exp.CTE)}
        assert {table.name for table in tree.find_all(exp.Table)} - named <= set(check.reads)
    asked = {table.name for table in _all(check, exp.Table)}
    assert set(check.reads) - asked <= {"readings", "pending"}
