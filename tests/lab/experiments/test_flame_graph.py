"""Sampled stacks as a picture."""

from lab.experiments.flame_graph import picture, read

STACKS = [
    "thread (7): call-c1;run (threading.py:9);LiveCall._run (monitor/pipeline/call.py:1);decode (monitor/audio/g711.py:3) 3",
    "thread (8): call-c2;run (threading.py:9);LiveCall._run (monitor/pipeline/call.py:1) 1",
    "thread (9): inference;Condition.wait (threading.py:320) 90",
]


def test_threads_of_calls_are_one_and_what_waits_is_no_work():
    root = read(STACKS)
    assert (root.samples, list(root.above)) == (4, ["calls"])
    assert root.above["calls"].above["LiveCall._run (monitor/pipeline/call.py:1)"].samples == 4


def test_a_millisecond_is_as_wide_in_each_version():
    drawn = picture([("before", read(STACKS), 8.0), ("after", read(STACKS), 2.0)])
    assert 'width="1000.0"' in drawn
    assert 'width="250.0"' in drawn
    assert "before: 8 ms of a core a leg-second" in drawn
