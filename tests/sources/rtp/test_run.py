"""Packets taken together: what comes of them is what came of them one by one, to the sample."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, Encoding
from monitor.sources.rtp.session import LegSpec, Session
from monitor.sources.rtp.stream import PayloadTypes
from tests.sources.rtp.payloads import SOUNDS, by_libav, encrypted, g711, l16
from tests.sources.rtp.sender import AGENT, CUSTOMER, STRANGER, Sent, rtp

OPUS, L16 = 111, 96
TYPES = PayloadTypes(
    {**STATIC_PAYLOAD_TYPES, L16: Encoding("l16", 8_000), OPUS: Encoding("opus", 48_000, 2)}, Encoding("pcma", 8_000)
)
CODECS = {"pcmu": 0, "pcma": 8, "g722": 9, "gsm": 3, "l16": L16, "opus": OPUS, "told by nobody": 97}
COMFORT_NOISE, KEY = 13, 101
FIRST = {0: (CUSTOMER, 0xC0FFEE), 1: (AGENT, 0xBEEF)}


@cache
def packets_of(codec: str, sound: str) -> list[bytes]:
    """Two seconds of it, in packets of 20 ms."""
    samples = SOUNDS[sound][:16_000]
    if codec in ("pcmu", "pcma"):
        return g711(samples, codec)
    if codec == "told by nobody":
        return g711(samples, "pcma")
    if codec == "l16":
        return l16(samples)
    if codec == "opus":
        return by_libav(samples, "libopus", 48_000, frame_duration="20")
    if codec == "gsm":
        return [bytes([0xD0 | index % 16]) + bytes(32) for index in range(100)]
    return by_libav(samples, "g722", 16_000)


@dataclass(frozen=True)
class Stretch:
    """What a sender does for a while: something of note, then packets as the ones before."""

    packets: int
    codec: str
    sound: str
    note: str
    amount: int


NOTES = [
    *("nothing", "lost", "paused", "held back", "swapped", "doubled", "marked", "jumped", "stood still", "began anew", "cut"),
    *(
        "another SSRC",
        "another port",
        "comfort noise",
        "a key",
        "empty",
        "encrypted",
        "another law",
        "jitter",
        "report",
        "late",
    ),
    *("stranger", "extended", "short", "burst", "drifted", "keep-alive", "goodbye", "unknown type", "late for a second"),
]
stretches = st.builds(
    Stretch,
    packets=st.sampled_from([1, 2, 5, 13, 40, 90]),
    codec=st.sampled_from(["pcmu", "pcmu", "pcmu", *CODECS]),
    sound=st.sampled_from(["a voice", "another voice", "a voice in noise", "loud noise", "digital silence", "a clipped voice"]),
    note=st.sampled_from(NOTES),
    amount=st.integers(1, 12),
)


def sent(stretches: list[Stretch], leg: int, port: int, seed: int) -> list[Sent]:
    """The datagrams of a sender, in the order in which they arrive."""
    return sorted(_sent(stretches, leg, port, random.Random(seed)), key=lambda each: each.at)


def _sent(stretches: list[Stretch], leg: int, port: int, draw: random.Random) -> Iterator[Sent]:
    address, ssrc = FIRST[leg]
    sequence, timestamp, now, place = draw.choice([7, 65_500]), draw.choice([0, 2**32 - 9_000]), 0.1 * leg, 0
    for number, stretch in enumerate(stretches):
        note, amount = stretch.note, stretch.amount
        payloads = packets_of(stretch.codec, stretch.sound)
        kind, clock = CODECS[stretch.codec], 48_000 if stretch.codec == "opus" else 8_000
        step, delay, jitter, drift = clock // 50, 0.0, 0.002, 0.0
        match note:
            case "lost":
                sequence, timestamp, now = sequence + amount, timestamp + amount * step, now + amount * 0.02
            case "paused":
                timestamp, now = timestamp + amount * 10 * step, now + amount * 0.2
            case "stood still":
                now += amount * 0.5
            case "jumped":
                timestamp += draw.choice([-1, 1]) * amount * amount * amount * 100
            case "began anew":
                sequence, timestamp = draw.randrange(65_536), draw.randrange(2**32)
            case "another SSRC":
                ssrc, sequence, now = ssrc + 1, draw.randrange(65_536), now + draw.choice([0.0, 0.1])
            case "another port":
                address = address[0], address[1] + amount
            case "held back":
                delay = amount * 0.1
            case "late for a second":
                delay = 1.5
            case "jitter":
                jitter = 0.01 * amount
            case "drifted":
                drift = 2e-5 * (amount - 6)
            case "comfort noise":
                yield Sent(now, rtp(sequence, timestamp, b"\x40", payload_type=COMFORT_NOISE, ssrc=ssrc), address, port)
                sequence += 1
            case "a key":
                yield Sent(now, rtp(sequence, timestamp, bytes(4), payload_type=KEY, ssrc=ssrc), address, port)
                sequence += 1
            case "empty":
                yield Sent(now, rtp(sequence, timestamp, b"", payload_type=kind, ssrc=ssrc), address, port)
                sequence += 1
            case "unknown type":
                for _ in range(amount):
                    yield Sent(now, rtp(sequence, timestamp, bytes(20), payload_type=77, ssrc=ssrc), address, port)
                    sequence += 1
            case "encrypted":
                payloads = encrypted(100, tag=10, seed=amount)
            case "another law":
                payloads = packets_of("pcma" if stretch.codec == "pcmu" else "pcmu", stretch.sound)
            case "stranger":
                for index in range(amount):
                    data = rtp(500 + index, index * step, payloads[index], payload_type=kind, ssrc=99 - number % 2)
                    yield Sent(now + index * 0.02, data, draw.choice([STRANGER, address]), port)
            case "keep-alive":
                yield Sent(now, draw.choice([b"\0", bytes.fromhex("000100002112a442") + bytes(12), bytes(30)]), address, port)
            case "report":
                report = bytes.fromhex("80c80006") + ssrc.to_bytes(4, "big") + draw.randbytes(20)
                yield Sent(now, report, (address[0], address[1] + draw.randrange(2)), port)
            case "goodbye":
                yield Sent(now, bytes.fromhex("81cb0001") + ssrc.to_bytes(4, "big"), address, port)
        burst_at = now + 0.2 * amount
        for index in range(stretch.packets):
            payload = payloads[place % len(payloads)]
            payload = payload[:-amount] if note == "short" and index == 2 else payload
            data = rtp(
                sequence, timestamp, payload, payload_type=kind, ssrc=ssrc, marker=note == "marked" and index % amount == 0
            )
            if note == "extended" and index % 3 == 1:
                data = bytes([0x90]) + data[1:12] + bytes.fromhex("bede00010000ffff") + data[12:]
            at = now + delay + draw.random() * jitter
            if note == "burst":
                at = max(at, burst_at)
            if note == "late" and index == 1:
                at += 0.02 * amount
            if note == "swapped" and index % (amount + 1) == 1:
                at += 0.03
            if not (note == "cut" and index % (amount + 3) == 2):
                yield Sent(at, data, address, port)
            if note == "doubled" and index % amount == 0:
                yield Sent(at + 0.001, data, address, port)
            sequence, timestamp, now, place = sequence + 1, timestamp + step, now + 0.02 + drift, place + 1


def outcome(session: Session, datagrams: list[Sent], tick: float, together: bool) -> Iterator[object]:
    """All that can be seen of a session, look by look."""
    now, waiting = 0.0, list(datagrams)
    while waiting or now < 0.5:
        now += tick
        came = [each for each in waiting if each.at < now]
        waiting = waiting[len(came) :]
        for port in (0, 1):
            batch = [(each.at, each.data, each.address) for each in came if each.port == port]
            if together:
                session.receive_all(port, batch)
            for at, data, address in () if together else batch:
                session.receive(port, data, address, at)
            yield session.last_heard, session.ended
        yield [(chunk.leg, chunk.start, chunk.samples.tobytes(), chunk.gaps, chunk.late) for chunk in session.advance(now)]
        yield session.report(), [repr(event) for event in session.moves()]
    yield [(chunk.leg, chunk.start, chunk.samples.tobytes(), chunk.gaps, chunk.late) for chunk in session.finish()]
    yield session.report()


def session(ports: tuple[int, int]) -> Session:
    specs = [LegSpec("customer", ports[0], TYPES), LegSpec("agent", ports[1], TYPES)]
    return Session(specs, jitter_buffer=0.06, max_stall=4.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(stretches, min_size=1, max_size=8),
    st.lists(stretches, max_size=4),
    st.sampled_from([0.02, 0.06, 0.1, 0.25, 1.0]),
    st.sampled_from([(0, 1), (0, 0)]),
    st.integers(0, 1_000),
)
@example([Stretch(1_500, "pcmu", "a voice", "drifted", 9)], [Stretch(1_500, "l16", "a voice", "drifted", 2)], 0.1, (0, 1), 1)
@example([Stretch(3, "pcmu", "a voice", "nothing", 1)], [Stretch(500, "pcmu", "loud noise", "burst", 60)], 1.0, (0, 0), 1)
def test_taken_together_packets_become_what_they_become_one_by_one(first, second, tick, ports, seed):
    datagrams = sorted(sent(first, 0, ports[0], seed) + sent(second, 1, ports[1], seed + 1), key=lambda each: each.at)
    one_by_one = outcome(session(ports), datagrams, tick, together=False)
    together = outcome(session(ports), datagrams, tick, together=True)
    for alone, in_runs in zip(one_by_one, together, strict=True):
        assert in_runs == alone
