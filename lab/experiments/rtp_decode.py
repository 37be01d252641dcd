"""What RTP costs: processor milliseconds a second of a leg, from datagram to 16 kHz chunks, and on real sockets.

    python -m lab.experiments.rtp_decode [--json FILE] [--seconds N] [--calls N] [--together N]

The first is without sockets, packets of a hop at a look, as a live call takes them. The second has a thread a call, which
looks ten times a second.
"""

import argparse
import json
import platform
import socket
import struct
import threading
import time
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import cast

import av
import numpy as np
import soundfile
import soxr

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, parse_encoding
from monitor.config.sections import RtpSection
from monitor.demo import CALL
from monitor.sources.rtp.session import LegSpec, Session
from monitor.sources.rtp.source import RtpSource
from monitor.sources.rtp.stream import PayloadTypes

TYPES = PayloadTypes({**STATIC_PAYLOAD_TYPES, 97: parse_encoding("l16/16000"), 111: parse_encoding("opus")})
CODECS = {"pcmu": (0, 160), "pcma": (8, 160), "g722": (9, 160), "opus": (111, 960), "l16/16000": (97, 320)}
"""Payload type, and timestamp units of 20 ms."""
ENCODERS = {"pcmu": ("pcm_mulaw", 8_000), "pcma": ("pcm_alaw", 8_000), "g722": ("g722", 16_000), "opus": ("libopus", 48_000)}


def payloads(codec: str, count: int) -> list[bytes]:
    """The customer of the demonstration's call, 20 ms each, round and round."""
    sound, rate = soundfile.read(str(CALL), dtype="float32")
    encoder, wanted = ENCODERS.get(codec, ("", 16_000))
    samples = (np.clip(soxr.resample(sound[:, 0], rate, wanted), -1, 1) * 32767).astype(np.int16)
    length = wanted // 50
    pieces = [samples[start : start + length] for start in range(0, len(samples) - length + 1, length)]
    packets = _encoded(encoder, wanted, pieces) if encoder else [piece.astype(">i2").tobytes() for piece in pieces]
    return list(islice(cycle(packets), count))


def _encoded(encoder: str, rate: int, pieces: list[np.ndarray[tuple[int], np.dtype[np.int16]]]) -> list[bytes]:
    context = cast("av.AudioCodecContext", av.CodecContext.create(encoder, "w"))
    context.sample_rate, context.layout, context.time_base = rate, "mono", Fraction(1, rate)
    context.format = av.AudioFormat("s16")
    context.bit_rate = 24_000
    packets = []
    for number, piece in enumerate(pieces):
        frame = av.AudioFrame.from_ndarray(piece[None], "s16", "mono")
        frame.sample_rate, frame.pts = rate, number * len(piece)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets


def datagrams(codec: str, seconds: int, ssrc: int) -> list[bytes]:
    number, step = CODECS[codec]
    return [
        struct.pack(">BBHII", 0x80, number, index & 0xFFFF, index * step & 0xFFFFFFFF, ssrc) + payload
        for index, payload in enumerate(payloads(codec, 50 * seconds))
    ]


def decode_cost(codec: str, seconds: int, together: int) -> float:
    """Milliseconds a leg-second: parser, ownership, jitter buffer, decoder, resampler, chunks; so many packets at a look."""
    legs = [datagrams(codec, seconds, ssrc) for ssrc in (1, 2)]
    session = Session([LegSpec("customer", 0, TYPES), LegSpec("agent", 1, TYPES)], jitter_buffer=0.06)
    arrived = [
        [(index * 0.02, data, ("192.0.2.1", 4_000 + port)) for index, data in enumerate(leg)] for port, leg in enumerate(legs)
    ]
    began = time.process_time()
    for first in range(0, len(arrived[0]), together):
        for port, packets in enumerate(arrived):
            session.receive_all(port, packets[first : first + together])
        list(session.advance((first + together) * 0.02))
    list(session.finish())
    return (time.process_time() - began) * 1_000 / (2 * seconds)


def socket_cost(calls: int, seconds: int) -> dict[str, float]:
    """Milliseconds a leg-second of live calls of two PCMU legs each, the sender's own cost taken off; and what was lost."""
    settings = RtpSection(port_low=32_000, port_high=32_000 + 8 * calls)
    sources = [RtpSource(settings=settings) for _ in range(calls)]
    threads = [threading.Thread(target=lambda source=source: [None for _ in source.chunks()]) for source in sources]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent = datagrams("pcmu", seconds, 1)
    targets = [("127.0.0.1", port) for source in sources for port in source.ports.values()]
    for thread in threads:
        thread.start()
    sending = 0.0
    began_cpu, began = time.process_time(), time.monotonic()
    for index, data in enumerate(sent):
        own = time.thread_time()
        for target in targets:
            sender.sendto(data, target)
        sending += time.thread_time() - own
        time.sleep(max(0.0, began + (index + 1) * 0.02 - time.monotonic()))
    for source in sources:
        source.stop()
    for thread in threads:
        thread.join()
    spent = time.process_time() - began_cpu - sending
    reports = [report for source in sources for report in source.report().values()]
    return {
        "legs": len(reports),
        "ms_per_leg_second": spent * 1_000 / (len(reports) * seconds),
        "packets": sum(report.packets for report in reports),
        "expected": len(reports) * len(sent),
        "lost": sum(report.lost for report in reports),
        "late": sum(report.late for report in reports),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=int, default=60, help="of each codec")
    parser.add_argument("--calls", type=int, default=25, help="live at a time, for 10 s")
    parser.add_argument("--together", type=int, default=25, help="packets that are taken at a look (default: %(default)s)")
    options = parser.parse_args()
    costs = {codec: decode_cost(codec, options.seconds, options.together) for codec in CODECS}
    for codec, cost in costs.items():
        print(f"{codec:12} {cost:6.2f} ms a leg-second")
    live = socket_cost(options.calls, 10)
    print(
        f"sockets, pcmu {live['ms_per_leg_second']:5.2f} ms a leg-second with {live['legs']:.0f} legs; "
        f"{live['packets']:.0f} of {live['expected']:.0f} packets, {live['lost']:.0f} lost, {live['late']:.0f} late"
    )
    if options.json:
        options.json.write_text(json.dumps({"machine": platform.processor(), "decode_ms": costs, "live": live}, indent=2))


if __name__ == "__main__":
    main()
