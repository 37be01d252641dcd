"""The file that events are appended to."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.sinks.base import Delivery, DeliveryError
from monitor.sinks.jsonl import JsonlOptions, JsonlSink


def append(path: Path, number: int) -> None:
    JsonlSink(JsonlOptions(path=path)).deliver(Delivery(str(number), {"seq": number, "call": "ü"}))


def numbers(path: Path) -> list[Any]:
    return [json.loads(line)["seq"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = JsonlSink(JsonlOptions(path=path))
    sink.deliver(Delivery("1", {"seq": 1}))
    path.rename(tmp_path / "alerts.jsonl.1")
    sink.deliver(Delivery("2", {"seq": 2}))
    assert (numbers(tmp_path / "alerts.jsonl.1"), numbers(path)) == ([1], [2])


def test_a_line_that_a_kill_cut_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"seq": 1}\n{"seq": 2, "ca')
    append(path, 2)
    assert path.read_text().splitlines() == ['{"seq": 1}', '{"seq": 2, "ca', '{"seq": 2, "call": "ü"}']


def test_others_may_not_read_it(tmp_path: Path) -> None:
    append(tmp_path / "alerts.jsonl", 1)
    assert (tmp_path / "alerts.jsonl").stat().st_mode & 0o007 == 0


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"none/alerts\.jsonl: no such file or directory"):
        append(tmp_path / "none" / "alerts.jsonl", 1)


def test_a_fifo_that_nobody_reads_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(DeliveryError, match="it is no file"):
        append(tmp_path / "fifo", 1)
