"""What all tests share."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.not_to_be_installed import NOT_TO_BE_INSTALLED

# One thread each: the tests of many workers share few cores, and results must not depend on the thread count.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A busy machine must not decide a test; fifty examples a run find what is there to find, run by run.
settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that ran in this process with a log level of its own must not hush the tests that come after it."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="fail where a test was skipped for want of a part that can be installed"
    )


SLOW = 1_500.0
"""Seconds after which a slow test has hung: those that take a minute or two by themselves may take ten on a busy machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(SLOW))


def _lacking(reporter: pytest.TerminalReporter) -> int:
    """How many tests were skipped for want of something that can be installed."""
    reasons = [str(report.longrepr) for report in reporter.stats.get("skipped", ())]
    return sum(not any(lack in reason for lack in NOT_TO_BE_INSTALLED) for reason in reasons)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and _lacking(reporter) and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _lacking(terminalreporter)
    if config.getoption("--no-skips") and skipped:
        terminalreporter.write_line(f"{skipped} tests were skipped, and --no-skips allows none", red=True)
