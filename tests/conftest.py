"""What holds for every test: how many examples a law is tried on, and that nothing is skipped unseen."""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes examples slow; that says nothing about the code, and --timeout catches what hangs.
for name, examples in {"default": 200, "soak": 20_000, "mutants": 25}.items():
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        derandomize=name == "mutants",  # a change is noticed or not, whenever it is tried
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("RECON_HYPOTHESIS", "default"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skipped test fails, for it proves nothing. An expected failure is no skip."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that skips all its tests at once."""
    report = yield
    if os.environ.get("CI") == "true" and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report


def pytest_collection_finish() -> None:
    """What was imported and collected is no garbage: it is not looked through again and again."""
    gc.freeze()
