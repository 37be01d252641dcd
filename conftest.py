"""Which tests need which extra: what is not installed is left out, by name and never in silence.

`--core` leaves out all that an extra brings, whether it is installed or not; `--no-skips` without it insists on every extra.
"""

from pathlib import Path

import pytest

from monitor.extras import ANALYSIS, EMOTION2VEC, EXTRAS, LAB, lacking

NEEDS = {
    "monitor/engines/emotion2vec": EMOTION2VEC,
    "monitor/engines/processor.py": EMOTION2VEC,
    "tests/engines/emotion2vec": EMOTION2VEC,
    "tests/engines/emotion2vec_dir.py": EMOTION2VEC,
    "tests/datasets": ANALYSIS,
    "lab": LAB,
    "lab/capacity": None,
    "tests/lab": LAB,
    "tests/lab/capacity": None,
}
"""Folder or file -> the extra that its tests need; the longest that fits counts. Elsewhere a test bears `needs(EXTRA)`."""

MEASURED = tuple(
    f"tests/{room}"
    for room in ("affect", "alerts", "changes", "config", "conformance", "pipeline", "sinks", "sources", "store")
)
"""Where `--cov` measures; elsewhere it stands still, for a tracer is dear."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--core`."""
    parser.addoption("--core", action="store_true", help="run what needs no extra, as if none were installed")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse `--no-skips` where an extra is not installed."""
    absent = [f"{extra} ({', '.join(lacking(extra))})" for extra in EXTRAS if lacking(extra)]
    if absent and config.getoption("--no-skips", default=False) and not config.getoption("--core"):
        raise pytest.UsageError(f"--no-skips: not installed: {'; '.join(absent)}; install '.[all]', or add --core")


def _left_out(config: pytest.Config) -> list[str]:
    return [extra for extra in EXTRAS if config.getoption("--core") or lacking(extra)]


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is left out."""
    return f"left out for want of an extra: {', '.join(_left_out(config)) or 'nothing'}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files and folders whose extra is not there; a folder that holds what needs less is looked into."""
    if not collection_path.is_relative_to(config.rootpath):
        return None
    place = collection_path.relative_to(config.rootpath)
    needed = next((NEEDS[str(known)] for known in (place, *place.parents) if str(known) in NEEDS), None)
    mixed = any(Path(known).is_relative_to(place) and needs != needed for known, needs in NEEDS.items())
    return True if needed in _left_out(config) and not mixed else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked `needs(EXTRA)` whose extra is not there, and measure coverage where it is wanted."""
    absent = _left_out(config)
    kept, out = [], []
    for item in items:
        (out if any(mark.args[0] in absent for mark in item.iter_markers("needs")) else kept).append(item)
    config.hook.pytest_deselected(items=out)
    items[:] = kept
    if config.getoption("cov_source", default=None):
        for item in kept:
            if not item.nodeid.startswith(MEASURED):
                item.add_marker("no_cover")
