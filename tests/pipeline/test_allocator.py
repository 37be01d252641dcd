"""What calls leave behind goes back to the system."""

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from monitor.pipeline import allocator
from monitor.pipeline.allocator import GivingBack

HOLD = """
import ctypes, sys, threading
from pathlib import Path
from monitor.pipeline.allocator import give_back, keep_few_arenas

if sys.argv[1] == "few":
    keep_few_arenas()
go = threading.Barrier(16)

def call():
    go.wait()
    kept = [bytearray(2_000) for _ in range(500)]
    go.wait()

threads = [threading.Thread(target=call) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
give_back()
ctypes.CDLL(None).malloc_stats()
"""


def _arenas(*arguments: str) -> int:
    done = subprocess.run([sys.executable, "-c", HOLD, *arguments], capture_output=True, text=True, check=True)
    return done.stderr.count("Arena ")


def test_threads_of_calls_share_two_arenas() -> None:
    assert _arenas("few") <= 2 < _arenas("as it is")


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was given back so far."""
    passes: list[str] = []
    monkeypatch.setattr(allocator, "give_back", lambda: passes.append("given back"))
    return passes


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """The timers so far: each goes off when a test has it `act`."""
    timers: list[SimpleNamespace] = []

    def timer(pause: float, act: Callable[[], None]) -> SimpleNamespace:
        timers.append(SimpleNamespace(start=lambda: None, act=act))
        return timers[-1]

    monkeypatch.setattr(allocator.threading, "Timer", timer)
    return timers


def test_calls_that_end_while_a_pass_is_due_cost_one_more(passes: list[str], timers: list[SimpleNamespace]) -> None:
    giving = GivingBack()
    for _ in range(50):
        giving.soon()
    assert (len(timers), passes) == (1, [])
    timers[0].act()
    assert (len(timers), len(passes)) == (2, 1)
    timers[1].act()
    assert (len(timers), len(passes)) == (2, 2)


def test_a_call_that_ends_later_has_a_pass_of_its_own(passes: list[str], timers: list[SimpleNamespace]) -> None:
    giving = GivingBack()
    for number in range(2):
        giving.soon()
        timers[number].act()
    assert (len(timers), len(passes)) == (2, 2)
