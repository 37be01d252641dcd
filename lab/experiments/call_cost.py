"""What a live call costs outside the engine, by step, in processor time: real packets of a call, real store, no clock.

    python -m lab.experiments.call_cost --seconds 60
    python -m lab.experiments.call_cost --seconds 20 --calls 100 --round 0.3
    python -m lab.experiments.call_cost --seconds 60 --profile tottime

The demonstration's call as G.711, in packets of 20 ms, is put into the inboxes of RTP sources, `--round` seconds at a time;
then each call takes the steps that it takes in rounds with others (`monitor/pipeline/rounds.py`): `take` (order, decode,
resample, cut windows; then the engine is waited for), `heard` (stitch; the numbers of the analysis, of all calls at once),
`go_on` (what follows for each call), `write` (store), `confirm` (journal); many calls take turns as they do there, so caches
are as cold. Printed: ms of a core a leg-second of each. Not in it: reading sockets, the engine, other threads. `--profile`: the
functions of all, by total or by cumulative time.
"""

import argparse
import cProfile
import pstats
import struct
import tempfile
import time
from collections.abc import Sequence
from unittest.mock import patch

import structlog

from monitor.config.sections import Settings
from monitor.demo import CALL
from monitor.demo.sender import PACKET_SAMPLES, payloads
from monitor.engines.registry import load_engine
from monitor.pipeline.call import LiveCall
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.leg import InferredLeg
from monitor.pipeline.monitor import Monitor
from monitor.pipeline.rounds import Heard, Rounds
from monitor.pipeline.speaker import sound_together
from monitor.sources.rtp import source as rtp
from monitor.sources.rtp.datagrams import Received
from monitor.sources.rtp.receiver import Receiver
from monitor.sources.rtp.source import RtpSource
from monitor.store.registry import open_store

HEADER = struct.Struct("!BBHII")
PACKET_SECONDS = 0.02
STEPS = ("take", "heard", "go_on", "write", "confirm")


class StillReceiver(Receiver):
    """Reads no socket; its time is told."""

    def read(self, within: float = 0.0) -> None:
        """Nothing."""


class NoRounds(Rounds):
    """Leaves the steps to whoever measures them."""

    def begin(self) -> None:
        """No thread."""

    def add(self, call: Heard) -> None:
        """Nor a round."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each call (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=1, help="at a time (default: %(default)s)")
    parser.add_argument("--round", type=float, default=0.1, help="seconds of packets at a time (default: %(default)s)")
    parser.add_argument("--profile", choices=("tottime", "cumulative"), help="also print the functions, by this")
    parser.add_argument("--rows", type=int, default=40, help="of the profile (default: %(default)s)")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    receiver = StillReceiver()
    with patch.object(rtp, "shared_receiver", lambda: receiver), tempfile.TemporaryDirectory(prefix="call-cost-") as folder:
        server = {"max_calls": arguments.calls + 10}
        settings = Settings.model_validate({"store": {"path": f"{folder}/store"}, "server": server})
        worker = InferenceWorker.of(load_engine(settings.engine), settings.engine)
        monitor = Monitor(settings, worker, open_store(settings.store))
        monitor._rounds = NoRounds()
        calls = [begin(monitor, settings, number) for number in range(arguments.calls)]
        profile = cProfile.Profile(time.thread_time)
        packets = round(arguments.round / PACKET_SECONDS)
        spent = measure(calls, receiver, arguments.seconds, packets, profile if arguments.profile else None)
        for call in calls:
            call.source.stop()
            call.conclude()
        monitor.close()
    legs = 2 * arguments.calls * arguments.seconds
    each = "  ".join(f"{step} {1000 * seconds / legs:.2f}" for step, seconds in zip(STEPS, spent, strict=True))
    print(f"ms of a core a leg-second: {each}  together {1000 * sum(spent) / legs:.2f}")
    if arguments.profile:
        pstats.Stats(profile).sort_stats(arguments.profile).print_stats(arguments.rows)


def begin(monitor: Monitor, settings: Settings, number: int) -> LiveCall:
    """A call that nobody hears yet."""
    source = RtpSource(legs={leg: {"codec": "PCMU"} for leg in ("customer", "agent")}, settings=settings.rtp)
    return monitor.start_call(source, call_id=f"call-{number}")


def waits(call: LiveCall) -> bool:
    """Whether the engine has windows of a call to hear."""
    tracks = (track for track in call._listening.tracks.values() if isinstance(track, InferredLeg))
    return any(track._asked and track._asked[-1].outcome is None for track in tracks)


def measure(
    calls: Sequence[LiveCall], receiver: Receiver, seconds: float, packets: int, profile: cProfile.Profile | None
) -> Sequence[float]:
    """Processor seconds of this thread in each step, of all calls together; `packets` a leg and round."""
    sound = payloads(CALL)
    ports = [
        (5_000 + 2 * number + leg, sound[leg], round(0.618034 * number % 1 * len(sound[leg])), port)
        for number, call in enumerate(calls)
        for leg, port in enumerate(call.source._ports.values())  # type: ignore[attr-defined]
    ]
    spent = [0.0] * len(STEPS)
    began = receiver.read_until
    for first in range(0, round(seconds / PACKET_SECONDS), packets):
        for number in range(first, first + packets):
            for name, leg, begin_at, port in ports:
                place = (begin_at + number * PACKET_SAMPLES) % (len(leg) - PACKET_SAMPLES)
                header = HEADER.pack(0x80, 0, number & 0xFFFF, number * PACKET_SAMPLES, name)
                packet = header + leg[place : place + PACKET_SAMPLES]
                port.inbox.put([Received(began + number * PACKET_SECONDS, packet, ("127.0.0.1", name))])
        receiver.read_until = began + (first + packets) * PACKET_SECONDS
        receiver.listened = receiver.read_until - began
        if profile:
            profile.enable()
        for index, step in enumerate(STEPS):
            before = time.thread_time()
            told = [getattr(call, step)() for call in calls]
            if step == "heard":
                sound_together([run for runs in told for run in runs])
            spent[index] += time.thread_time() - before
            while step == "take" and any(map(waits, calls)):
                time.sleep(0.001)
        if profile:
            profile.disable()
    return spent


if __name__ == "__main__":
    main()
