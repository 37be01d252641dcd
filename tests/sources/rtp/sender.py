"""A sender of synthetic RTP: tone or counted samples in packets, as bytes, with the arrival times that a fair network gives."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.audio.codecs import STATIC_PAYLOAD_TYPES
from monitor.audio.codecs.base import Encoding
from monitor.sources.rtp.session import LegSpec, Session
from monitor.sources.rtp.stream import PayloadTypes

L16_8K = 96
TYPES = PayloadTypes({**STATIC_PAYLOAD_TYPES, L16_8K: Encoding("l16", 8_000)})
CUSTOMER, AGENT, STRANGER = ("192.0.2.1", 4_000), ("192.0.2.2", 4_002), ("198.51.100.9", 6_666)
PACKET = 160
"""Samples of 8 kHz."""


@dataclass(frozen=True)
class Sent:
    """A datagram and when it arrives."""

    at: float
    data: bytes
    address: tuple[str, int] = CUSTOMER
    port: int = 0

    def delayed(self, seconds: float) -> "Sent":
        return replace(self, at=self.at + seconds)


def rtp(
    sequence: int, timestamp: int, payload: bytes, *, payload_type: int = 0, ssrc: int = 0xC0FFEE, marker: bool = False
) -> bytes:
    return struct.pack(">BBHII", 0x80, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def tone(seconds: float, rate: int = 8_000, hertz: float = 200.0) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def l16(samples: np.ndarray) -> bytes:
    return (samples * 32767).round().astype(">i2").tobytes()


def stream(
    seconds: float,
    *,
    start: float = 0.0,
    sequence: int = 1,
    timestamp: int = 0,
    ssrc: int = 0xC0FFEE,
    address: tuple[str, int] = CUSTOMER,
    port: int = 0,
    hertz: float = 200.0,
) -> list[Sent]:
    """A tone in packets of 20 ms, linear, each arriving as its audio begins."""
    samples = tone(seconds, hertz=hertz)
    return [
        Sent(
            start + index * 0.02,
            rtp(
                sequence + index,
                timestamp + index * PACKET,
                l16(samples[index * PACKET : (index + 1) * PACKET]),
                payload_type=L16_8K,
                ssrc=ssrc,
            ),
            address,
            port,
        )
        for index in range(round(seconds * 50))
    ]


def telephone_event(sequence: int, timestamp: int, at: float, ssrc: int = 0xC0FFEE) -> Sent:
    return Sent(at, rtp(sequence, timestamp, bytes([1, 10, 0, 160]), payload_type=101, ssrc=ssrc))


def comfort_noise(sequence: int, timestamp: int, at: float, ssrc: int = 0xC0FFEE) -> Sent:
    return Sent(at, rtp(sequence, timestamp, b"\x40", payload_type=13, ssrc=ssrc))


def one_leg(**settings: object) -> Session:
    return Session([LegSpec("mixed", 0, TYPES)], jitter_buffer=0.06, **settings)  # type: ignore[arg-type]


def two_legs(**settings: object) -> Session:
    return Session([LegSpec("customer", 0, TYPES), LegSpec("agent", 1, TYPES)], jitter_buffer=0.06, **settings)  # type: ignore[arg-type]


def play(session: Session, sent: Iterable[Sent], until: float | None = None, tick: float = 0.04) -> list[AudioChunk]:
    """What comes out when the datagrams arrive in the order of their times; `until`: when the call is ended."""
    return list(_play(session, sorted(sent, key=lambda each: each.at), until, tick))


def _play(session: Session, sent: list[Sent], until: float | None, tick: float) -> Iterator[AudioChunk]:
    now = sent[0].at if sent else 0.0
    for each in sent:
        while now + tick <= each.at:
            now += tick
            yield from session.advance(now)
        session.receive(each.port, each.data, each.address, each.at)
    while until is not None and now + tick <= until:
        now += tick
        yield from session.advance(now)
    yield from session.finish()


def audio(chunks: Iterable[AudioChunk], leg: str = "mixed") -> np.ndarray:
    """A leg's samples end to end; fails where they are not gapless."""
    own = [chunk for chunk in chunks if chunk.leg == leg]
    assert [chunk.start for chunk in own[1:]] == [chunk.stop for chunk in own[:-1]]
    assert not own or own[0].start == 0
    return np.concatenate([chunk.samples for chunk in own]) if own else np.zeros(0, np.float32)


def gaps(chunks: Iterable[AudioChunk], leg: str = "mixed") -> list[tuple[int, int, str]]:
    """A leg's gaps as (start, stop, cause), joined where a chunk's end cut them."""
    joined: list[tuple[int, int, str]] = []
    for gap in (gap for chunk in chunks if chunk.leg == leg for gap in chunk.gaps):
        if joined and joined[-1][1:] == (gap.start, gap.cause):
            joined[-1] = (joined[-1][0], gap.start + gap.length, gap.cause)
        else:
            joined.append((gap.start, gap.start + gap.length, gap.cause))
    return joined
