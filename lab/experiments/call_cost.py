"""What a live call costs outside the engine, by step, in processor time: real packets of a call, real store, no clock.

    python -m lab.experiments.call_cost --seconds 60
    python -m lab.experiments.call_cost --seconds 60 --profile tottime

The demonstration's call as G.711, in packets of 20 ms, is put into an RTP source's inbox a tenth of a second at a time; then
the call takes the steps that it takes in rounds with others (`monitor/pipeline/rounds.py`): `take` (order, decode, resample,
cut windows), `go_on` (stitch, analyse), `write` (store, journal). Printed: ms of a core a leg-second of each. Not in it:
reading sockets, the engine, other threads. `--profile`: the functions of all three, by total or by cumulative time.
"""

import argparse
import cProfile
import pstats
import struct
import tempfile
import time
from collections.abc import Callable, Sequence
from unittest.mock import patch

import structlog

from monitor.config.sections import Settings
from monitor.demo import CALL
from monitor.demo.sender import PACKET_SAMPLES, payloads
from monitor.engines.registry import load_engine
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.pipeline.rounds import Heard, Rounds
from monitor.sources.rtp import source as rtp
from monitor.sources.rtp.receiver import Received, Receiver
from monitor.sources.rtp.source import RtpSource
from monitor.store.registry import open_store

HEADER = struct.Struct("!BBHII")
PACKETS = 5
"""A leg and round."""
PACKET_SECONDS = 0.02
STEPS = ("take", "go_on", "write")


class StillReceiver(Receiver):
    """Reads no socket; its time is told."""

    def _run(self) -> None:
        while True:
            self._selector.select()
            self._apply_changes()


class NoRounds(Rounds):
    """Leaves the steps to whoever measures them."""

    def begin(self) -> None:
        """No thread."""

    def add(self, call: Heard) -> None:
        """Nor a round."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the call (default: %(default)s)")
    parser.add_argument("--profile", choices=("tottime", "cumulative"), help="also print the functions, by this")
    parser.add_argument("--rows", type=int, default=40, help="of the profile (default: %(default)s)")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    receiver = StillReceiver()
    with patch.object(rtp, "shared_receiver", lambda: receiver), tempfile.TemporaryDirectory(prefix="call-cost-") as folder:
        settings = Settings.model_validate({"store": {"path": f"{folder}/store"}})
        worker = InferenceWorker.of(load_engine(settings.engine), settings.engine)
        monitor = Monitor(settings, worker, open_store(settings.store))
        monitor._rounds = NoRounds()
        source = RtpSource(legs={leg: {"codec": "PCMU"} for leg in ("customer", "agent")}, settings=settings.rtp)
        call = monitor.start_call(source, call_id="call")
        profile = cProfile.Profile(time.thread_time)
        spent = measure(call, source, receiver, arguments.seconds, profile if arguments.profile else None)
        source.stop()
        call.conclude()
        monitor.close()
    legs = len(source.legs) * arguments.seconds
    each = "  ".join(f"{step} {1000 * seconds / legs:.2f}" for step, seconds in zip(STEPS, spent, strict=True))
    print(f"ms of a core a leg-second: {each}  together {1000 * sum(spent) / legs:.2f}")
    if arguments.profile:
        pstats.Stats(profile).sort_stats(arguments.profile).print_stats(arguments.rows)


def measure(
    call: Heard, source: RtpSource, receiver: Receiver, seconds: float, profile: cProfile.Profile | None
) -> Sequence[float]:
    """Processor seconds of this thread in each step."""
    sound = payloads(CALL)
    steps: Sequence[Callable[[], object]] = (call.take, call.go_on, call.write)
    spent = [0.0] * len(steps)
    begun = receiver.read_until
    for first in range(0, round(seconds / PACKET_SECONDS), PACKETS):
        for number in range(first, first + PACKETS):
            for leg, port in enumerate(source._ports.values()):
                place = number * PACKET_SAMPLES % (len(sound[leg]) - PACKET_SAMPLES)
                header = HEADER.pack(0x80, 0, number & 0xFFFF, number * PACKET_SAMPLES, 77 + leg)
                packet = header + sound[leg][place : place + PACKET_SAMPLES]
                port.inbox.put(Received(begun + number * PACKET_SECONDS, packet, ("127.0.0.1", 5_000 + leg)))
        receiver.read_until = begun + (first + PACKETS) * PACKET_SECONDS
        receiver.listened = receiver.read_until - begun
        if profile:
            profile.enable()
        for index, step in enumerate(steps):
            before = time.thread_time()
            step()
            spent[index] += time.thread_time() - before
        if profile:
            profile.disable()
    return spent


if __name__ == "__main__":
    main()
