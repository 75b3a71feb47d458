"""Standard output is the answer and nothing else, whatever happens; people's text goes elsewhere."""

import json
from pathlib import Path

import pytest

from tests.contract.house import BALANCES, House, places
from tests.contract.outside import Ran, fitting, recon


def test_json_may_stand_before_and_after_the_command(company: House, pulled: Ran) -> None:
    before = recon(company.folder, "--json", "balances")
    after = recon(company.folder, "balances", "--json", "--quiet")
    assert before == after
    assert places(before.json) == BALANCES
    assert before.stderr == ""


def test_the_answers_of_all_commands_fit_their_schemas(company: House, pulled: Ran) -> None:
    assert pulled.json["status"] == "ok"
    verified = recon(company.folder, "verify", "--json").json
    assert verified["ok"] is True and verified["problems"] == []
    again = recon(company.folder, "run", "2025-Q1", "--json").json
    assert set(again) == {"run", "pull", "reconcile", "files"}
    assert again["reconcile"]["clean"] is True
    reported = recon(company.folder, "report", "audit", "2025-02", "--out", "february", "--json").json
    assert reported == {
        "period": "2025-02",
        "files": ["february/audit-2025-02", "february/manifest.sha256"],
    }


def test_a_break_names_its_place_and_what_does_not_apply_is_null(company: House, pulled: Ran) -> None:
    (found,) = recon(company.folder, "reconcile", "2025-Q2", "--json", code=3).json["breaks"]
    assert (found["check"], found["severity"], found["status"]) == ("unsettled", "warning", "open")
    assert (found["source"], found["account"], found["asset"]) == ("egera", "main", "BTC")
    assert found["at"] == "2025-03-30T02:00:00Z"
    assert (found["expected"], found["actual"], found["difference"]) == (None, None, None)
    assert found["age_days"] == 0


@pytest.mark.parametrize(
    "args",
    [
        ("pull", "--source", "nobody", "--json"),
        ("report", "all", "--json"),
        ("--json", "no-such-command"),
        ("--json", "--log-level", "loud", "pull"),
        ("--json", "balances", "--at", "yesterday"),
        ("--json", "--config", "elsewhere.toml", "verify"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_is_not_usable_ends_in_two_and_still_in_one_document(
    company: House, args: tuple[str, ...]
) -> None:
    ran = recon(company.folder, *args, code=2)
    assert ran.json["error"]["message"] in ran.stderr


def test_quiet_says_nothing_where_all_is_well(company: House, pulled: Ran) -> None:
    assert recon(company.folder, "--quiet", "balances") == (0, "", "")
    assert recon(company.folder, "pull", "--quiet") == (0, "", "")


def test_people_get_a_table_without_colour_and_the_same_figures(company: House, pulled: Ran) -> None:
    ran = recon(company.folder, "balances")
    assert ran.stderr == ""
    for place in BALANCES:
        assert all(part in ran.stdout for part in place)


def test_the_configuration_is_found_by_option_then_environment_then_place(
    company: House, pulled: Ran, tmp_path: Path
) -> None:
    path = str(company.folder / "recon.toml")
    assert places(recon(tmp_path, "--config", path, "--json", "balances").json) == BALANCES
    env = {"RECON_CONFIG": path, "RECON_LOG_LEVEL": "debug"}
    assert places(recon(tmp_path, "--json", "balances", env=env).json) == BALANCES
    missing = recon(company.folder, "--json", "balances", env={"RECON_CONFIG": "no.toml"}, code=2)
    assert "no.toml" in missing.json["error"]["message"]


@pytest.mark.parametrize(
    ("name", "document", "fault"),
    [
        ("breaks-list", {"currency": "PLN", "breaks": [{}], "ageing": [], "causes": []}, "'owner' is a required"),
        ("breaks-list", {"currency": "PLN", "breaks": [{}], "ageing": [], "causes": []}, "'check' is a required"),
        ("breaks-written", {"breaks": ["C-1"]}, "does not match"),
        ("adjust-list", [{"id": "A-0123456789ab"}], "'postings' is a required"),
        ("close", {"closed": True, "obstacles": [{}]}, "expected to be empty"),
        ("reopen", {"act": "signed"}, "'reopened' was expected"),
        ("bridge", {"whole": "yes"}, "is not of type 'boolean'"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_noticed_also_where_one_schema_refers_to_another(
    name: str, document: object, fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        fitting(name, document)


def test_a_float_in_an_answer_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="quantities are strings"):
        _ = Ran(0, '[{"quantity": 1.5}]', "").json
    with pytest.raises(AssertionError, match="quantity"):
        fitting("balances", json.loads('[{"source": "a", "account": "b", "asset": "C", "quantity": 1}]'))
