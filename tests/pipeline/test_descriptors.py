"""File descriptors: taken as far as the system allows, counted before a call is let in."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from monitor.errors import BusyError
from monitor.pipeline.descriptors import RESERVE, SOCKETS, Descriptors, raise_limit
from monitor.store.memory import MemoryStore
from tests.sources.rtp.listening import wait_for

STORE = MemoryStore()
PER_CALL = SOCKETS + 1


@pytest.fixture
def soft_limit() -> Iterator[int]:
    """This process's soft limit is lowered to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (700, hard))
    yield 700
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit_is_raised_to_the_hard_one(soft_limit: int) -> None:
    before = Descriptors.now(STORE).limit
    raised = raise_limit()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert (before, Descriptors.now(STORE).limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]) == (soft_limit, raised, hard)
    assert raised > soft_limit


def test_what_is_open_is_counted() -> None:
    def one_more() -> bool:
        before = Descriptors.now(STORE).open
        with open(__file__):  # noqa: PTH123 - a descriptor is what is wanted
            return Descriptors.now(STORE).open == before + 1

    wait_for(one_more)  # threads of earlier tests may still be closing theirs


@pytest.mark.parametrize(("used", "calls"), [(0, 184), (919, 1), (920, 0), (1_024, 0)])
def test_room_is_what_is_left_beyond_the_reserve(used: int, calls: int) -> None:
    assert Descriptors(used, 1_024, PER_CALL).calls == calls


def test_a_call_for_which_there_is_no_room_is_refused_with_the_remedy() -> None:
    Descriptors(1_024 - RESERVE - PER_CALL, 1_024, PER_CALL).require()
    Descriptors(1_024 - RESERVE - 1, 1_024, PER_CALL).require(there=4)
    with pytest.raises(BusyError, match=r"920 of 1024 file descriptors are in use, 100 are kept back; raise .*LimitNOFILE="):
        Descriptors(920, 1_024, PER_CALL).require()


def test_a_service_says_at_its_start_that_its_limit_is_too_low_for_its_calls() -> None:
    imports = "from monitor.pipeline.descriptors import prepare_descriptors; from monitor.store.memory import MemoryStore"
    script = f"{imports}; prepare_descriptors(MemoryStore(), 200)"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); {script}"
    said = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, check=True).stdout
    assert ("descriptors_limit_calls" in said, "max_calls=200" in said) == (True, True)
