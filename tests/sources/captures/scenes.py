"""Calls on their way through a network, as frames: who speaks to whom, with which codec."""

from collections.abc import Iterable

from tests.sources.rtp.recording import ethernet, udp
from tests.sources.rtp.sender import AGENT, CUSTOMER, PACKET, Sent, rtp

Frames = list[tuple[float, bytes]]
Address = tuple[str, int]
RELAY, RELAY_OUT = ("203.0.113.7", 7_000), ("203.0.113.7", 7_002)
SECOND, SECOND_AGENT = ("192.0.2.3", 4_010), ("192.0.2.4", 4_012)


def packets(
    seconds: float,
    *,
    payload_type: int = 0,
    ssrc: int = 0xC0FFEE,
    start: float = 0.0,
    sequence: int = 1,
    size: int = PACKET,
    step: int = PACKET,
) -> list[Sent]:
    """Packets every 20 ms, each with a payload of its own."""
    return [
        Sent(
            start + index * 0.02,
            rtp(sequence + index, index * step, bytes([index % 251]) * size, payload_type=payload_type, ssrc=ssrc),
        )
        for index in range(round(seconds * 50))
    ]


def between(source: Address, destination: Address, sent: Iterable[Sent]) -> Frames:
    return [(each.at, ethernet(udp(source, destination, each.data))) for each in sent]


def talk(
    customer: Address = CUSTOMER,
    agent: Address = AGENT,
    seconds: float = 2.0,
    start: float = 0.0,
    ssrcs: tuple[int, int] = (0x11, 0x22),
) -> Frames:
    """Both sides of a call of PCMU; the customer begins."""
    return between(customer, agent, packets(seconds, ssrc=ssrcs[0], start=start)) + between(
        agent, customer, packets(seconds - 0.1, ssrc=ssrcs[1], start=start + 0.1)
    )


def signal(at: float, source: Address, destination: Address, text: bytes) -> tuple[float, bytes]:
    """A SIP message over UDP."""
    return at, ethernet(udp((source[0], 5_060), (destination[0], 5_060), text))


def delayed(frames: Frames, seconds: float) -> Frames:
    return [(at + seconds, frame) for at, frame in frames]


def with_other_hops(frame: bytes) -> bytes:
    """The same frame a router later, in another VLAN."""
    return frame[:12] + b"\x81\x00\x00\x63" + frame[12:22] + bytes([frame[22] - 1]) + frame[23:]


def carrying(payloads: Iterable[bytes], payload_type: int = 0, ssrc: int = 0xC0FFEE) -> list[Sent]:
    """These payloads, 20 ms each."""
    return [
        Sent(index * 0.02, rtp(index, index * PACKET, payload, payload_type=payload_type, ssrc=ssrc))
        for index, payload in enumerate(payloads)
    ]
