"""The room of checks is found whole, or not at all."""

from pathlib import Path

import pytest

from recon.checks import Check, catalogue
from recon.checks._ask import ask
from recon.core.breaks import CHECK_ORDER
from tests.checks._ledger import Ledger

HEADER = """-- title: Something
-- severity: error
-- why: Because
--   it matters.
-- fix: Mend it.
-- reads: legs, period
"""
STATEMENTS = "select 1 as one;\nselect 2 as examined;\n"
COLUMNS = {
    "source": "'s'", "account": "'a'", "asset": "'x'", "at": "timestamp '2025-01-01'",
    "expected": "cast(1 as decimal(36, 18))", "actual": "cast(2 as decimal(38, 18))", "anchor": "'n'",
    "kind": "'unexplained'", "text": "'it is wrong'",
}  # fmt: skip


def _room(folder: Path, text: str, name: str = "volumes") -> Path:
    (folder / f"{name}.sql").write_text(text)
    return folder


def _question(**changes: str) -> Check:
    columns = ", ".join(f"{value} as {name}" for name, value in (COLUMNS | changes).items() if value)
    return Check("volumes", "t", "error", "w", "f", (), f"select {columns}", "select 1")


def test_all_checks_of_the_contract_are_there_in_the_order_in_which_causes_are_shown() -> None:
    assert tuple(catalogue()) == CHECK_ORDER


def test_every_check_says_why_and_what_to_do() -> None:
    for check in catalogue().values():
        assert all(part.endswith(".") and len(part) > 40 for part in (check.why, check.fix)), check.name
        assert check.reads


def test_severities_are_those_of_the_contract() -> None:
    assert {name for name, check in catalogue().items() if check.severity != "error"} == {
        "prices", "transfers", "unsettled", "volumes",
    }  # fmt: skip


def test_a_file_becomes_a_check(tmp_path: Path) -> None:
    found = catalogue(_room(tmp_path, HEADER + "\n-- a remark; with a semicolon\n" + STATEMENTS))
    assert found["volumes"]._replace(question="") == Check(
        name="volumes",
        title="Something",
        severity="error",
        why="Because it matters.",
        fix="Mend it.",
        reads=("legs", "period"),
        question="",
        examined="select 2 as examined",
    )
    assert found["volumes"].question.endswith("select 1 as one")


def test_an_empty_room_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="holds no check"):
        catalogue(tmp_path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "exactly the keys"),
        (STATEMENTS, "exactly the keys"),
        (HEADER.replace("-- fix: Mend it.\n", "") + STATEMENTS, "exactly the keys"),
        (HEADER + "-- colour: red\n" + STATEMENTS, "exactly the keys"),
        (HEADER + "-- title: Again\n" + STATEMENTS, "header line"),
        (HEADER + "--no space\n" + STATEMENTS, "header line"),
        (HEADER.replace("Mend it.", "") + STATEMENTS, "header line"),
        ("--   goes on from nothing\n" + HEADER + STATEMENTS, "header line"),
        (HEADER.replace("error", "fatal") + STATEMENTS, "severity"),
        (HEADER, "two statements"),
        (HEADER + "select 1 as one;\n", "two statements"),
        (HEADER + STATEMENTS + "select 3 as three;\n", "two statements"),
        (HEADER + "select 1 as one;\nselect 2 as examined\n", "two statements"),
    ],
)
def test_a_broken_file_stops_the_program(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(LookupError, match=fault):
        catalogue(_room(tmp_path, text))


def test_a_file_whose_name_is_no_name_of_a_check_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="a check's name is"):
        catalogue(_room(tmp_path, HEADER + STATEMENTS, "Guesses 2"))


def test_a_check_that_the_contract_does_not_name_comes_after_those_it_does(tmp_path: Path) -> None:
    _room(tmp_path, HEADER + STATEMENTS, "guesses")
    assert list(catalogue(_room(tmp_path, HEADER + STATEMENTS, "prices"))) == ["prices", "guesses"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(LookupError, match="no check is called guesses"):
        Ledger().results(names=["guesses"])


def test_only_the_checks_asked_for_are_run() -> None:
    assert list(Ledger().results(names=["unsettled", "unclassified"])) == ["unclassified", "unsettled"]


def test_a_check_needs_only_the_tables_that_it_names() -> None:
    for name, check in catalogue().items():
        ledger = Ledger()
        ledger.row("1", "2")
        ledger.look({("main", "BTC"): "3"})
        for table in {"legs", "pending", "readings", "snapshots", "looks"} - set(check.reads):
            ledger.connection.execute(f"drop table {table}")
        assert list(ledger.results(names=[name])) == [name]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_question_that_lacks_a_column_is_refused(column: str) -> None:
    with pytest.raises(LookupError, match=f"returns no column {column}"):
        ask(Ledger().connection, _question(**{column: ""}))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"expected": "cast(1 as double)"}, "expected DOUBLE"),
        ({"expected": "cast(1 as decimal(38, 10))"}, r"expected DECIMAL\(38,10\)"),
        ({"at": "timestamptz '2025-01-01'"}, "at TIMESTAMP WITH TIME ZONE"),
        ({"colour": "'red'"}, "colour VARCHAR"),
        ({"entry": "'7'"}, "entry VARCHAR"),
        ({"anchor": "cast(null as string)"}, "without an anchor"),
        ({"text": "''"}, "without an anchor, a text"),
        ({"kind": "'guess'"}, "known kind"),
        ({"severity": "'fatal'"}, "severity"),
    ],
)
def test_a_question_with_a_wrong_answer_is_refused(changes: dict[str, str], fault: str) -> None:
    with pytest.raises(LookupError, match=fault):
        ask(Ledger().connection, _question(**changes))


def test_two_rows_of_one_anchor_are_refused_since_they_would_share_an_id() -> None:
    check = _question()
    with pytest.raises(LookupError, match="same anchor"):
        ask(Ledger().connection, check._replace(question=f"{check.question} union all {check.question}"))


def test_a_row_may_override_the_severity_of_its_check() -> None:
    (found,) = ask(
        Ledger().connection, _question(severity="'info'", record="7", quantity="null::decimal(36, 18)")
    )
    assert (found.severity, found.record, found.quantity, found.entry) == ("info", 7, None, None)
