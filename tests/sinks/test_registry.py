"""Sinks by name: those that ship, and one that another package brings."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config import load_settings
from monitor.config.sinks import SINKS
from monitor.errors import ConfigError
from monitor.sinks.base import Delivery, DeliveryError
from monitor.sinks.registry import open_sink

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "sinks.md"
DOCUMENTED = re.findall(r"^```python\n(.*?)^```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of docs/sinks.md as `pip` installs it, with further entry points that are wrong."""
    (tmp_path / "their_sinks.py").write_text(DOCUMENTED[1])
    info = tmp_path / "their_sinks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-sinks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[emotion_monitor.sinks]\n"
        "spool = their_sinks:SpoolSink\n"
        "absent = their_sinks:NoSuchSink\n"
        "webhook = their_sinks:SpoolSink\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("their_sinks", None)


def configured(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text)
    return path


def test_a_sink_of_another_package_is_opened_with_options_of_its_own(installed: Path) -> None:
    path = configured(installed, "sinks: {mine: {kind: spool, options: {folder: .}}}")
    sink = open_sink("mine", load_settings(path, environment={}).sinks["mine"])
    sink.deliver(Delivery("evt_7", {"seq": 7}))
    assert (installed / "evt_7.json").read_text() == '{"seq": 7}'


def test_its_failures_are_those_of_any_sink(installed: Path) -> None:
    path = configured(installed, "sinks: {mine: {kind: spool, options: {folder: none}}}")
    sink = open_sink("mine", load_settings(path, environment={}).sinks["mine"])
    with pytest.raises(DeliveryError, match="No such file"):
        sink.deliver(Delivery("evt_7", {"seq": 7}))


def test_its_wrong_options_are_named_with_their_line(installed: Path) -> None:
    path = configured(installed, "sinks:\n  mine:\n    kind: spool\n    options:\n      folder: .\n      loud: yes\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:6: unknown key sinks\.mine\.options\.loud"):
        load_settings(path, environment={})


def test_a_sink_that_its_package_does_not_have_is_said(installed: Path) -> None:
    with pytest.raises(ConfigError, match=r"c\.yaml:1: sinks\.mine\.kind: the sink 'absent' .* cannot be loaded: .*NoSuchSink"):
        load_settings(configured(installed, "sinks: {mine: {kind: absent}}"), environment={})


def test_a_name_is_not_taken_over_in_silence(installed: Path) -> None:
    with pytest.raises(ConfigError, match="there are sinks called 'webhook' of emotion-monitor and of their-sinks"):
        SINKS.load("webhook", "sinks.desk.kind")


def test_an_unknown_sink_is_told_which_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^sinks\.desk\.kind: no sink is called 'fax'; there are: jsonl, webhook$"):
        SINKS.load("fax", "sinks.desk.kind")
