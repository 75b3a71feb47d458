"""Jobs run by themselves: kept in one process or printed for others, each run found again in the ledger's run table."""

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from threading import Event
from typing import Any

import pytest
import yaml

from recon.cli._clock import SYSTEM
from recon.demo.venues import Request
from recon.ledger.reads import runs
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.session import reading, writing
from tests.contract.house import House, always, house
from tests.contract.outside import ROOT, ended, recon, started

NIGHTLY = {"steps": ["pull"], "cron": "0 3 * * *", "period": "2025-Q1"}
MONTHLY = {"steps": ["run"], "cron": "30 6 2 * *", "period": "2025-Q1"}


@contextmanager
def jobs(folder: Path, **tables: dict[str, Any]) -> Iterator[House]:
    """A company with one venue and these jobs."""
    with house(folder, "gas") as made:
        made.write(made.settings("gas") | {"jobs": tables})
        yield made


def ran_before(folder: Path, name: str, days: int = 40) -> None:
    """Writes a run of the job into the ledger, this many days ago."""
    past = Clock(
        now=lambda: datetime.now(UTC) - timedelta(days=days), monotonic=SYSTEM.monotonic, sleep=SYSTEM.sleep
    )
    with writing(load(folder / "recon.toml"), past, f"job {name}"):
        pass


def listed(folder: Path) -> dict[str, Any]:
    return {one["job"]: one for one in recon(folder, "schedule", "list", "--json").json}


def newest(folder: Path) -> tuple[int, str | None]:
    """The newest run and how it ended, looked up in the ledger: a command each time would keep others waiting."""
    with reading(load(folder / "recon.toml")) as ledger, ledger.transaction() as tx:
        last = runs(tx)[-1]
        return last.id, last.status


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_job_run_by_name_is_one_run_that_the_list_shows_with_its_result(tmp_path: Path) -> None:
    with jobs(tmp_path, nightly=NIGHTLY, monthly=MONTHLY) as made:
        before = listed(tmp_path)
        assert [one["last"] for one in before.values()] == [None, None]
        assert not (tmp_path / "recon.db").exists()
        ran = recon(tmp_path, "schedule", "run", "monthly", "--json").json
        assert list(ran) == ["job", "run", "pull", "reconcile", "files"] and ran["run"] == 1
        made.gas.instead = always(503, b"{}")
        made.write(
            made.settings("gas", gas={"deadline_s": 1}) | {"jobs": {"nightly": NIGHTLY, "monthly": MONTHLY}}
        )
        recon(tmp_path, "schedule", "run", "nightly", code=4)
        after = listed(tmp_path)
        assert [(one["last"]["run"], one["last"]["result"]) for one in after.values()] == [
            (2, "finished: incomplete"),
            (1, "finished"),
        ]
        assert all(one["next"] > one["last"]["ended"] >= one["last"]["started"] for one in after.values())
        shown = recon(tmp_path, "schedule", "list").stdout
        assert "finished: incomplete (run 2)" in shown and "Europe/Warsaw" in shown


def test_a_job_pulls_the_sources_that_it_names_and_does_its_steps_only(tmp_path: Path) -> None:
    with house(tmp_path, "gas", "fuse") as made:
        made.write(made.settings("gas", "fuse") | {"jobs": {"one": NIGHTLY | {"sources": ["gas"]}}})
        recon(tmp_path, "schedule", "run", "one")
        assert made.gas.venue.requests and not made.fuse.venue.requests
        assert not (tmp_path / "reports-out").exists()


def test_a_job_that_missed_its_time_runs_once_when_the_scheduler_starts_and_others_wait(
    tmp_path: Path,
) -> None:
    with jobs(tmp_path, nightly=NIGHTLY, monthly=NIGHTLY | {"cron": "0 0 29 2 *"}):
        ran_before(tmp_path, "nightly")
        ran_before(tmp_path, "monthly", days=1)
        with started(tmp_path, "schedule", "run") as process:
            wait_for(lambda: newest(tmp_path) == (3, "finished"))
            process.send_signal(signal.SIGTERM)
            said = ended(process, "schedule", "run", code=143)
        assert "Keeping nightly, monthly" in said.stderr and said.stdout == ""
        assert listed(tmp_path)["nightly"]["last"]["run"] == 3
        with started(tmp_path, "schedule", "run") as process:
            assert process.stderr is not None and b"Keeping" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            ended(process, "schedule", "run", code=130)
        assert newest(tmp_path) == (3, "finished")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_job_too_and_frees_the_ledger_and_the_next_start_makes_up_for_it(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with jobs(tmp_path, nightly=NIGHTLY) as made:
        ran_before(tmp_path, "nightly")
        asked, go_on = Event(), Event()

        def wait(request: Request) -> None:
            asked.set()
            go_on.wait(60)

        made.gas.instead = wait
        with started(tmp_path, "schedule", "run") as process:
            assert asked.wait(60)
            process.send_signal(number)
            ended(process, "schedule", "run", code=code)
        go_on.set()
        made.gas.mend()
        assert listed(tmp_path)["nightly"]["last"]["result"] == "interrupted"
        with started(tmp_path, "schedule", "run") as process:
            wait_for(lambda: newest(tmp_path) == (3, "finished"))
            process.send_signal(number)
            ended(process, "schedule", "run", code=code)
        assert listed(tmp_path)["nightly"]["last"]["result"] == "finished"


def test_a_held_ledger_is_told_and_does_not_end_the_scheduler(tmp_path: Path) -> None:
    with jobs(tmp_path, nightly=NIGHTLY):
        ran_before(tmp_path, "nightly")
        with writing(load(tmp_path / "recon.toml"), SYSTEM, "somebody else"):
            recon(tmp_path, "schedule", "run", "nightly", code=6)
            with started(tmp_path, "schedule", "run") as process:
                assert process.stderr is not None
                told = next(line for line in process.stderr if b'"exit_code": 6' in line)
                assert "tried again" in json.loads(told)["outcome"] and process.poll() is None
                process.send_signal(signal.SIGTERM)
                ended(process, "schedule", "run", code=143)


def test_a_job_that_does_not_exist_is_refused_with_the_names_of_those_that_do(tmp_path: Path) -> None:
    with jobs(tmp_path, nightly=NIGHTLY) as made:
        assert "The jobs are: nightly" in recon(tmp_path, "schedule", "run", "weekly", code=2).stderr
        made.write(made.settings("gas"))
        assert "[jobs.month-end]" in recon(tmp_path, "schedule", "list", code=2).stderr


def test_every_fault_of_the_jobs_and_notices_is_named_with_its_key(tmp_path: Path) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "a": {"steps": ["pul"], "cron": "0 3 * *"},
        "b": {"steps": [], "cron": "0 3 * * *", "period": "lately"},
        "c": {"steps": ["run", "pull"], "cron": "0 3 30 2 *"},
        "d": {"cron": 3, "step": "pull"},
        "Bad_Name": NIGHTLY,
    }
    with jobs(tmp_path, **wrong) as made:
        made.write(
            made.settings("gas") | {"jobs": wrong, "notify": {"url": "mailto://u:hunter2@x", "on_break": 1}}
        )
        said = recon(tmp_path, "schedule", "list", code=2).stderr
        for fault in (
            "jobs.a.steps.0: expected 'pull'", "jobs.a.cron: expected five fields", "jobs.b.steps: ",
            "jobs.b.period: expected 2025-01", "jobs.c.steps: expected each step once", "jobs.c.cron: expected a day",
            "jobs.d.steps: missing", "jobs.d.step: unknown key", "jobs.d.cron: expected", "jobs.Bad_Name: ",
            "notify.url.0: expected a reference", "notify.on_break: unknown key",
        ):  # fmt: skip
            assert fault in said, f"{fault!r} is not in {said}"
        assert "hunter2" not in said
        elsewhere = {
            "a": NIGHTLY | {"sources": ["gaz"]},
            "b": NIGHTLY | {"steps": ["report"], "sources": ["gas"]},
        }
        made.write(made.settings("gas") | {"jobs": elsewhere})
        said = recon(tmp_path, "schedule", "list", code=2).stderr
        assert "jobs.a.sources: expected some of the configured sources, 'gaz' is none" in said
        assert "jobs.b.sources: expected only where a step pulls" in said


ODD = "a b'c\"d$e%f&;#"
"""A folder's name with all that shells, units and YAML take for something else."""


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ODD
    folder.mkdir()
    with jobs(folder, nightly=NIGHTLY | {"cron": "*/30 2 * * sun,mon"}, monthly=MONTHLY) as made:
        settings = made.settings("gas", gas={"access_token": "env:GAS"})
        made.write(
            settings | {"jobs": {"nightly": NIGHTLY | {"cron": "*/30 2 * * sun,mon"}, "monthly": MONTHLY}}
        )
        (folder / "secrets.env").write_text("GAS=x")
        yield folder


def exported(folder: Path, kind: str) -> dict[str, str]:
    document = recon(folder, "schedule", "export", "--format", kind, "--json").json
    assert document["format"] == kind
    return {one["name"]: one["text"] for one in document["files"]}


def test_a_line_of_the_crontab_runs_the_job_as_cron_would_run_it(odd: Path) -> None:
    text = exported(odd, "cron")["crontab"]
    assert "CRON_TZ=Europe/Warsaw" in text.splitlines()
    line = next(line for line in text.splitlines() if line.endswith("run nightly"))
    assert line.startswith("0,30 2 * * 0,1 ")
    command = line.split(" ", 5)[5]
    assert "%" not in command.replace("\\%", "")
    words = shlex.split(command.replace("\\%", "%"))
    assert words[words.index("--config") + 1] == f"{odd}/recon.toml"
    listing = [*words[: words.index("--quiet")], "schedule", "list", "--json"]
    done = subprocess.run(listing, cwd="/", capture_output=True, check=True, env={"PYTHONPATH": str(ROOT)})
    assert len(json.loads(done.stdout)) == 2


def test_units_are_such_as_systemd_takes(odd: Path, tmp_path: Path) -> None:
    files = exported(odd, "systemd")
    assert sorted(files) == [
        f"recon-{name}.{kind}" for name in ("monthly", "nightly") for kind in ("service", "timer")
    ]
    when = next(line for line in files["recon-nightly.timer"].splitlines() if line.startswith("OnCalendar="))
    assert when == "OnCalendar=Sun,Mon *-*-* 2:0,30:00 Europe/Warsaw"
    assert "Persistent=yes" in files["recon-monthly.timer"]
    service = files["recon-nightly.service"]
    start = next(line for line in service.splitlines() if line.startswith("ExecStart=")).removeprefix(
        "ExecStart="
    )
    assert not {"%", "$"} & set(start.replace("%%", "").replace("$$", ""))
    words = shlex.split(start.replace("%%", "%").replace("$$", "$"))
    assert words[words.index("--config") + 1] == f"{odd}/recon.toml" and words[-1] == "nightly"
    assert f"WorkingDirectory={str(odd).replace('%', '%%')}" in service.splitlines()
    assert "ProtectSystem=strict" in service and "NoNewPrivileges=yes" in service
    if which("systemd-analyze") is None:
        return
    units = tmp_path / "units"
    units.mkdir()
    for name, text in files.items():
        (units / name).write_text(text)
    verify = ["systemd-analyze", "verify", *map(str, sorted(units.iterdir()))]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_cronjobs_are_such_as_kubernetes_reads_them(odd: Path) -> None:
    found = [yaml.safe_load(text) for text in exported(odd, "k8s").values()]
    printed = recon(odd, "schedule", "export", "--format", "k8s").stdout
    assert list(yaml.safe_load_all(printed)) == found
    nightly = next(one for one in found if one["metadata"]["name"] == "recon-nightly")
    assert (nightly["apiVersion"], nightly["kind"]) == ("batch/v1", "CronJob")
    spec = nightly["spec"]
    assert spec["schedule"] == "0,30 2 * * 0,1" and spec["timeZone"] == "Europe/Warsaw"
    assert spec["concurrencyPolicy"] == "Forbid"
    container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"][:3] == ["recon", "--config", f"{odd}/recon.toml"]
    assert container["command"][-3:] == ["schedule", "run", "nightly"]
    assert container["envFrom"] == [{"secretRef": {"name": "recon-secrets"}}]


def test_what_an_export_cannot_carry_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a\nb"
    folder.mkdir()
    with jobs(folder, nightly=NIGHTLY):
        for kind in ("cron", "systemd", "k8s"):
            said = recon(folder, "schedule", "export", "--format", kind, code=2).stderr
            assert "control character" in said
    with jobs(tmp_path, nightly=NIGHTLY) as made:
        settings = made.settings("gas", gas={"access_token": "keyring:recon/gas"})
        made.write(settings | {"jobs": {"nightly": NIGHTLY}})
        said = recon(tmp_path, "schedule", "export", "--format", "k8s", code=2).stderr
        assert "sources.gas.access_token" in said and "recon-secrets" in said
