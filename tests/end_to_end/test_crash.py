"""A service that dies, or is stopped, in the middle of a call: what was committed is there, and clients are told."""

import signal
import subprocess
from collections.abc import Callable

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore
from tests.end_to_end.conftest import ServeProcess

Sender = Callable[..., "subprocess.Popen[bytes]"]


def test_after_kill_9_the_frames_are_there_and_the_call_is_said_to_be_interrupted(
    serve: Callable[..., ServeProcess], ffmpeg_sender: Sender
) -> None:
    first = serve()
    call, ports = first.start_call()
    ffmpeg_sender(ports["customer"], ports["agent"], 30)
    first.wait_for_frames(call, 200)
    committed = first.frames(call)
    first.stop(signal.SIGKILL)
    second = serve()
    ended = second.wait_for(call, "call_ended")
    stored = ZarrStore(StoreSection(path=second.store)).open(call)
    assert (ended["reason"], stored.status) == ("interrupted", "interrupted")
    assert min(stored.committed("customer"), stored.committed("agent")) >= committed
    assert [event["seq"] for event in second.events(call)] == sorted(event["seq"] for event in second.events(call))


def test_sigterm_stores_the_call_in_progress_and_exits_with_0(
    serve: Callable[..., ServeProcess], ffmpeg_sender: Sender
) -> None:
    service = serve()
    call, ports = service.start_call()
    ffmpeg_sender(ports["customer"], ports["agent"], 30)
    service.wait_for_frames(call, 100)
    assert service.stop(signal.SIGTERM) == 0
    stored = ZarrStore(StoreSection(path=service.store)).open(call)
    assert (stored.status, stored.reason, stored.committed("agent") >= 100) == ("complete", "shutdown", True)
